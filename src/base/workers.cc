#include "base/workers.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"

namespace errata {

void serial_for(size_t n, size_t grain, const RangeFn& fn) {
  for (size_t begin = 0; begin < n; begin += grain) fn(begin, std::min(n, begin + grain));
}

size_t hardware_threads() {
  return std::max(1u, std::thread::hardware_concurrency());
}

struct WorkerGroup::State {
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable idle;
  std::deque<std::function<void()>> tasks;
  std::vector<std::thread> threads;
  size_t running = 0;
  bool stopping = false;

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      work.wait(lock, [&] { return stopping || !tasks.empty(); });
      if (tasks.empty()) return;
      auto task = std::move(tasks.front());
      tasks.pop_front();
      ++running;
      lock.unlock();
      try {
        task();
      } catch (const std::exception& e) {
        log_error("a background task failed: {}", e.what());
      }
      task = nullptr;
      lock.lock();
      if (--running == 0 && tasks.empty()) idle.notify_all();
    }
  }
};

WorkerGroup::WorkerGroup(size_t threads, const char* name) : state_(std::make_shared<State>()) {
  state_->threads.reserve(threads);
  for (size_t i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->run(); });
    const std::string short_name = std::string(name).substr(0, 15);
    pthread_setname_np(state_->threads.back().native_handle(), short_name.c_str());
  }
}

WorkerGroup::~WorkerGroup() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

size_t WorkerGroup::size() const {
  return state_->threads.size();
}

void WorkerGroup::submit(std::function<void()> task) {
  {
    std::lock_guard lock(state_->mutex);
    state_->tasks.push_back(std::move(task));
  }
  state_->work.notify_one();
}

void WorkerGroup::wait_idle() {
  std::unique_lock lock(state_->mutex);
  state_->idle.wait(lock, [&] { return state_->running == 0 && state_->tasks.empty(); });
}

namespace {

// One parallel_for call. Helpers that start late find nothing left and return; the caller waits
// only for ranges that were really handed out, so nesting cannot deadlock.
struct Loop {
  size_t n;
  size_t grain;
  const RangeFn* fn;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::condition_variable finished;
  size_t active = 0;
  std::exception_ptr error;

  void work() {
    {
      std::lock_guard lock(mutex);
      if (next.load() >= n) return;
      ++active;
    }
    while (true) {
      const size_t begin = next.fetch_add(grain);
      if (begin >= n) break;
      try {
        (*fn)(begin, std::min(n, begin + grain));
      } catch (...) {
        next.store(n);
        std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    }
    std::lock_guard lock(mutex);
    if (--active == 0) finished.notify_all();
  }
};

}  // namespace

void WorkerGroup::parallel_for(size_t n, size_t grain, const RangeFn& fn) {
  if (n == 0) return;
  grain = std::max<size_t>(1, grain);
  const size_t ranges = (n + grain - 1) / grain;
  if (ranges == 1 || size() == 0) return serial_for(n, grain, fn);
  auto loop = std::make_shared<Loop>();
  loop->n = n;
  loop->grain = grain;
  loop->fn = &fn;
  for (size_t i = 0; i < std::min(size(), ranges - 1); ++i) submit([loop] { loop->work(); });
  loop->work();
  std::unique_lock lock(loop->mutex);
  loop->finished.wait(lock, [&] { return loop->active == 0; });
  // Moved out, so that the exception dies with its catcher and not with the last helper.
  if (loop->error) std::rethrow_exception(std::exchange(loop->error, nullptr));
}

ParallelFor WorkerGroup::as_parallel_for() {
  return [this](size_t n, size_t grain, const RangeFn& fn) { parallel_for(n, grain, fn); };
}

}  // namespace errata

// Work made by many threads and taken by one, in order, with bounded memory in between.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/workers.h"

namespace errata {

// Calls produce(i) for every i in [0, count), on any thread of `parallel_for`, and consume(product)
// on the calling thread only, in rising i. Producers run at most `window` pieces ahead of the
// consumer; the calling thread produces too while nothing is ready. The first exception of either
// stops all and is rethrown.
//
// ParallelFor promises that the calling thread works too but not that it gets a range before the
// others took them all; hence producers that find no room wait only a moment for a consumer that
// has not arrived, and the calling thread does what is left after the loop.
template <typename Product, typename Produce, typename Consume>
class OrderedPipeline {
 public:
  OrderedPipeline(size_t count, size_t window, const Produce& produce, const Consume& consume)
      : count_(count),
        window_(std::max<size_t>(1, window)),
        produce_(produce),
        consume_(consume),
        consumer_(std::this_thread::get_id()) {}

  void run(const ParallelFor& parallel_for) {
    // One range per thread that may come; those that come late find nothing left.
    constexpr size_t kMostThreads = 256;
    parallel_for(std::min(count_, kMostThreads), 1, [this](size_t, size_t) { work(); });
    consume_and_help();
  }

 private:
  static constexpr std::chrono::milliseconds kPatience{5};

  void work() {
    try {
      if (std::this_thread::get_id() == consumer_) {
        consume_and_help();
      } else {
        produce_all();
      }
    } catch (...) {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      changed_.notify_all();
      throw;
    }
  }

  void produce_all() {
    std::unique_lock lock(mutex_);
    while (true) {
      const auto can_go_on = [&] {
        return stopped_ || taken_ == count_ || taken_ < consumed_ + window_;
      };
      if (consumer_here_) {
        changed_.wait(lock, can_go_on);
      } else if (!changed_.wait_for(lock, kPatience, can_go_on)) {
        if (!consumer_here_) return;
        continue;
      }
      if (stopped_ || taken_ == count_) return;
      produce_next(lock);
    }
  }

  void consume_and_help() {
    std::unique_lock lock(mutex_);
    consumer_here_ = true;
    while (consumed_ < count_) {
      if (stopped_) return;
      if (!ready_.empty() && ready_.begin()->first == consumed_) {
        consume_next(lock);
      } else if (taken_ < count_ && taken_ < consumed_ + window_) {
        produce_next(lock);
      } else {
        changed_.wait(lock);
      }
    }
  }

  void produce_next(std::unique_lock<std::mutex>& lock) {
    const size_t number = taken_++;
    lock.unlock();
    Product product = produce_(number);
    lock.lock();
    ready_.emplace(number, std::move(product));
    changed_.notify_all();
  }

  void consume_next(std::unique_lock<std::mutex>& lock) {
    Product product = std::move(ready_.begin()->second);
    ready_.erase(ready_.begin());
    lock.unlock();
    consume_(std::move(product));
    lock.lock();
    ++consumed_;
    changed_.notify_all();
  }

  const size_t count_;
  const size_t window_;
  const Produce& produce_;
  const Consume& consume_;
  const std::thread::id consumer_;

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t taken_ = 0;     // pieces given to a producer
  size_t consumed_ = 0;  // pieces the consumer is done with
  bool consumer_here_ = false;
  bool stopped_ = false;
  std::map<size_t, Product> ready_;
};

template <typename Product, typename Produce, typename Consume>
void run_ordered(const ParallelFor& parallel_for, size_t count, size_t window,
                 const Produce& produce, const Consume& consume) {
  OrderedPipeline<Product, Produce, Consume>(count, window, produce, consume).run(parallel_for);
}

}  // namespace errata

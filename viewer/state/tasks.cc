#include "viewer/state/tasks.h"

#include <chrono>
#include <exception>
#include <utility>

#include "base/priority.h"

namespace errata::viewer {

Tasks::Tasks(size_t image_threads, std::function<void()> wake)
    : wake_(std::move(wake)), image_threads_(image_threads) {
  groups_[static_cast<size_t>(Lane::kStore)] = std::make_unique<WorkerGroup>(1, "errata-store");
  groups_[static_cast<size_t>(Lane::kQuery)] = std::make_unique<WorkerGroup>(1, "errata-query");
  groups_[static_cast<size_t>(Lane::kPanels)] = std::make_unique<WorkerGroup>(1, "errata-panels");
  groups_[static_cast<size_t>(Lane::kImages)] =
      std::make_unique<WorkerGroup>(image_threads, "errata-image");
}

Tasks::~Tasks() {
  stopping_ = true;
  for (auto& group : groups_) group.reset();
}

void Tasks::run(Lane lane, Work work) {
  ++pending_[static_cast<size_t>(lane)];
  groups_[static_cast<size_t>(lane)]->submit([this, lane, work = std::move(work)] {
    if (stopping_ && lane != Lane::kStore) return;
    give_way();
    Apply apply;
    try {
      apply = work();
    } catch (const Error& error) {
      apply = [this, error] {
        if (on_error) on_error(error);
      };
    } catch (const std::exception& error) {
      apply = [this, wrapped = Error(ErrorCategory::kInternal, error.what())] {
        if (on_error) on_error(wrapped);
      };
    }
    done(lane, std::move(apply));
  });
}

void Tasks::done(Lane lane, Apply apply) {
  {
    std::lock_guard lock(mutex_);
    results_.emplace_back(lane, std::move(apply));
  }
  if (wake_ && !stopping_) wake_();
}

void Tasks::post(Lane lane, Apply apply) {
  ++pending_[static_cast<size_t>(lane)];
  done(lane, std::move(apply));
}

size_t Tasks::drain(double budget_secs) {
  const auto began = std::chrono::steady_clock::now();
  size_t ran = 0;
  for (;;) {
    std::pair<Lane, Apply> result;
    {
      const std::lock_guard lock(mutex_);
      if (results_.empty()) return ran;
      result = std::move(results_.front());
      results_.pop_front();
    }
    --pending_[static_cast<size_t>(result.first)];
    if (result.second) result.second();
    ++ran;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    if (spent.count() > budget_secs) return ran;
  }
}

size_t Tasks::pending(Lane lane) const {
  return pending_[static_cast<size_t>(lane)];
}

size_t Tasks::pending() const {
  size_t all = 0;
  for (const auto& of_lane : pending_) all += of_lane;
  return all;
}

void Tasks::finish_all() {
  while (pending() > 0) {
    for (auto& group : groups_) group->wait_idle();
    drain();
  }
}

}  // namespace errata::viewer

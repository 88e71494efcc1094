// What a job tells the outside while it works, and how it is told to stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/error.h"

namespace errata {

// Set by Ctrl-C or a Cancel button, from any thread or a signal handler; asked for by workers
// between items.
class CancelToken {
 public:
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  // Throws Error(kInterrupted) once cancelled.
  void check() const {
    if (cancelled()) throw Error(ErrorCategory::kInterrupted, "stopped by request");
  }

 private:
  std::atomic<bool> cancelled_{false};
};

// Counters written by workers, read by whoever draws. A stage is a short text, "reading images".
// total 0 means not known yet.
class Progress {
 public:
  void start_stage(std::string stage, uint64_t total) {
    std::lock_guard lock(mutex_);
    stage_ = std::move(stage);
    total_ = total;
    done_ = 0;
    ++stage_number_;
  }
  void set_total(uint64_t total) { total_ = total; }
  void add(uint64_t n = 1) { done_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t done() const { return done_; }
  uint64_t total() const { return total_; }
  uint64_t stage_number() const { return stage_number_; }
  std::string stage() const {
    std::lock_guard lock(mutex_);
    return stage_;
  }

 private:
  mutable std::mutex mutex_;
  std::string stage_;
  std::atomic<uint64_t> total_{0};
  std::atomic<uint64_t> done_{0};
  std::atomic<uint64_t> stage_number_{0};
};

}  // namespace errata

// Background work of the viewer: nothing that may wait runs on the window's thread. Work goes to
// one of four lanes; what it found comes back as a function that the window's thread runs at the
// start of its next frame. The lanes give way to the window's thread where cores are few.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/workers.h"

namespace errata::viewer {

enum class Lane : uint8_t {
  kStore,   // one thread: loads, edits, undo; in the order they were asked for
  kQuery,   // one thread: filter, order, facets
  kPanels,  // one thread: what the panels show, lists of the store, state files
  kImages   // several threads: decoding
};

class Tasks {
 public:
  using Apply = std::function<void()>;  // runs on the window's thread; may be empty
  using Work = std::function<Apply()>;  // runs on the lane's thread

  // `wake` is called from any thread when a result waits; it must only nudge the event loop.
  Tasks(size_t image_threads, std::function<void()> wake);
  // Finishes what the store lane was asked for (edits are never dropped); work of the other lanes
  // that has not begun is skipped. Results are dropped.
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // An exception out of `work` comes back through on_error.
  void run(Lane lane, Work work);
  // Any thread: `apply` runs on the window's thread like the result of a lane's work.
  void post(Lane lane, Apply apply);
  // Window's thread, once a frame: runs results that are there, in order, until the time is spent;
  // the rest waits for the next frame. Returns how many it ran.
  size_t drain(double budget_secs = std::numeric_limits<double>::infinity());
  // Work submitted and not yet drained, of one lane or of all.
  size_t pending(Lane lane) const;
  size_t pending() const;
  // Waits until nothing is left to do, draining: for tests, closing and pictures.
  void finish_all();

  size_t image_threads() const { return image_threads_; }

  std::function<void(const Error&)> on_error;  // window's thread

 private:
  static constexpr size_t kLanes = 4;

  void done(Lane lane, Apply apply);

  std::function<void()> wake_;
  size_t image_threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> pending_[kLanes] = {};
  std::mutex mutex_;
  std::deque<std::pair<Lane, Apply>> results_;
  std::unique_ptr<WorkerGroup> groups_[kLanes];  // last: their threads use the members above
};

}  // namespace errata::viewer

// The only place that makes threads. Jobs and the viewer own worker groups; everything else is
// handed a ParallelFor.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace errata {

// fn(begin, end) over disjoint ranges that cover [0, n), each at most `grain` long (grain >= 1).
// Ranges are handed out in rising order. Returns when all are done; the first exception thrown by
// `fn` is rethrown here after the others have stopped.
using RangeFn = std::function<void(size_t begin, size_t end)>;
using ParallelFor = std::function<void(size_t n, size_t grain, const RangeFn& fn)>;

// Runs the whole range on the calling thread, grain by grain.
void serial_for(size_t n, size_t grain, const RangeFn& fn);

size_t hardware_threads();

// A fixed set of threads that run submitted tasks in order of submission. The destructor finishes
// what was submitted. The calling thread of parallel_for works too, so a group of n threads gives
// n + 1 workers there; calls may nest and may come from several threads.
class WorkerGroup {
 public:
  explicit WorkerGroup(size_t threads, const char* name = "errata-worker");
  ~WorkerGroup();
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  size_t size() const;
  // A task that throws ends the program in a debug build and is logged otherwise: tasks carry their
  // own errors.
  void submit(std::function<void()> task);
  // Waits until nothing is queued or running.
  void wait_idle();

  void parallel_for(size_t n, size_t grain, const RangeFn& fn);
  ParallelFor as_parallel_for();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace errata

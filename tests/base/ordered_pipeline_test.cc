#include "base/ordered_pipeline.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace errata {
namespace {

std::vector<size_t> squares(const ParallelFor& parallel_for, size_t count, size_t window) {
  std::vector<size_t> taken;
  const auto produce = [](size_t i) { return i * i; };
  const auto consume = [&](size_t value) { taken.push_back(value); };
  run_ordered<size_t>(parallel_for, count, window, produce, consume);
  return taken;
}

TEST_CASE("everything arrives once and in order, with any number of threads and any window") {
  for (const size_t threads : {0u, 1u, 3u}) {
    WorkerGroup workers(threads);
    for (const size_t count : {0u, 1u, 7u, 1000u}) {
      for (const size_t window : {1u, 2u, 64u}) {
        const auto taken = squares(workers.as_parallel_for(), count, window);
        REQUIRE(taken.size() == count);
        for (size_t i = 0; i < count; ++i) REQUIRE(taken[i] == i * i);
      }
    }
  }
  CHECK(squares(serial_for, 100, 4).size() == 100);
}

TEST_CASE("producers stay within the window and consumption within one thread") {
  WorkerGroup workers(3);
  std::atomic<size_t> produced{0};
  std::atomic<size_t> consumed{0};
  std::atomic<size_t> most_ahead{0};
  const auto caller = std::this_thread::get_id();
  bool one_thread = true;
  const auto produce = [&](size_t i) {
    const size_t ahead = ++produced - consumed.load();
    size_t most = most_ahead.load();
    while (ahead > most && !most_ahead.compare_exchange_weak(most, ahead)) {
    }
    return i;
  };
  const auto consume = [&](size_t) {
    one_thread = one_thread && std::this_thread::get_id() == caller;
    if (consumed % 16 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ++consumed;
  };
  // The helpers have done all they may before the caller comes.
  const ParallelFor caller_last = [&](size_t, size_t, const RangeFn& fn) {
    std::atomic<size_t> next{0};
    for (int helper = 0; helper < 3; ++helper) {
      workers.submit([&] {
        while (next < 100) {
          const size_t range = next++;
          fn(range, range + 1);
        }
      });
    }
    while (produced < 8) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    fn(100, 101);
    workers.wait_idle();
  };
  constexpr size_t kWindow = 8;
  run_ordered<size_t>(caller_last, 500, kWindow, produce, consume);
  CHECK(one_thread);
  CHECK(consumed == 500);
  CHECK(most_ahead <= kWindow + 1);
}

TEST_CASE("an exception of either side stops all and comes out") {
  for (const size_t threads : {0u, 3u}) {
    WorkerGroup workers(threads);
    const auto parallel_for = workers.as_parallel_for();
    const auto good = [](size_t i) { return i; };
    const auto bad = [](size_t i) -> size_t {
      if (i == 50) throw std::runtime_error("made");
      return i;
    };
    const auto take = [](size_t) {};
    const auto refuse = [](size_t i) {
      if (i == 50) throw std::runtime_error("taken");
    };
    CHECK_THROWS_WITH(run_ordered<size_t>(parallel_for, 1000, 4, bad, take), "made");
    CHECK_THROWS_WITH(run_ordered<size_t>(parallel_for, 1000, 4, good, refuse), "taken");
  }
}

TEST_CASE("helpers that take all ranges before the caller comes do not hang it") {
  // A ParallelFor in which the caller never gets a range.
  const ParallelFor elsewhere = [](size_t n, size_t, const RangeFn& fn) {
    WorkerGroup other(1);
    other.submit([&] {
      for (size_t i = 0; i < n; ++i) fn(i, i + 1);
    });
    other.wait_idle();
  };
  CHECK(squares(elsewhere, 100, 2).size() == 100);
}

}  // namespace
}  // namespace errata

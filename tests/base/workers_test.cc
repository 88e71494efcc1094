#include "base/workers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "base/bounded_queue.h"

using namespace errata;

TEST_CASE("parallel_for covers every index once, nested too") {
  WorkerGroup group(3);
  std::vector<std::atomic<int>> hits(1000);
  group.parallel_for(10, 1, [&](size_t begin, size_t) {
    group.parallel_for(100, 7, [&](size_t b, size_t e) {
      for (size_t i = b; i < e; ++i) ++hits[begin * 100 + i];
    });
  });
  for (const auto& hit : hits) CHECK(hit == 1);
}

TEST_CASE("the first exception of a range reaches the caller") {
  WorkerGroup group(2);
  CHECK_THROWS_AS(group.parallel_for(100, 1,
                                     [](size_t begin, size_t) {
                                       if (begin == 50) throw std::runtime_error("no");
                                     }),
                  std::runtime_error);
}

TEST_CASE("a queue hands over everything and then ends") {
  WorkerGroup group(2);
  BoundedQueue<int> queue(4);
  std::atomic<int> sum{0};
  for (int i = 0; i < 2; ++i) {
    group.submit([&] {
      while (auto item = queue.pop()) sum += *item;
    });
  }
  for (int i = 1; i <= 100; ++i) CHECK(queue.push(i));
  queue.close();
  group.wait_idle();
  CHECK(sum == 5050);
  CHECK_FALSE(queue.push(1));
}

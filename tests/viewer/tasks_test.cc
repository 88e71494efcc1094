#include "viewer/state/tasks.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>

namespace errata::viewer {

TEST_CASE("work happens elsewhere, results here and in order") {
  std::atomic<int> wakes{0};
  Tasks tasks(2, [&] { ++wakes; });
  std::vector<int> applied;
  for (int i = 0; i < 20; ++i) {
    tasks.run(Lane::kStore,
              [&applied, i]() -> Tasks::Apply { return [&applied, i] { applied.push_back(i); }; });
  }
  CHECK(tasks.pending() == 20);
  CHECK(applied.empty());  // nothing before drain
  tasks.finish_all();
  REQUIRE(applied.size() == 20);
  for (int i = 0; i < 20; ++i) CHECK(applied[static_cast<size_t>(i)] == i);
  CHECK(wakes == 20);
  CHECK(tasks.pending() == 0);
}

TEST_CASE("what a job throws comes back as an error") {
  Tasks tasks(1, nullptr);
  std::vector<std::string> errors;
  tasks.on_error = [&](const Error& error) { errors.emplace_back(error.what()); };
  tasks.run(Lane::kQuery,
            []() -> Tasks::Apply { throw Error(ErrorCategory::kIo, "no such disk"); });
  tasks.run(Lane::kQuery, []() -> Tasks::Apply { throw std::runtime_error("odd"); });
  tasks.finish_all();
  CHECK(errors == std::vector<std::string>{"no such disk", "odd"});
}

TEST_CASE("closing finishes what is to be stored and skips the rest") {
  std::atomic<int> stored{0};
  std::atomic<int> drawn{0};
  {
    std::latch started(1);
    std::latch go_on(1);
    Tasks tasks(1, nullptr);
    tasks.run(Lane::kImages, [&]() -> Tasks::Apply {
      started.count_down();
      go_on.wait();
      return nullptr;
    });
    started.wait();
    for (int i = 0; i < 10; ++i) {
      tasks.run(Lane::kStore, [&]() -> Tasks::Apply {
        ++stored;
        return nullptr;
      });
      tasks.run(Lane::kImages, [&]() -> Tasks::Apply {
        ++drawn;
        return nullptr;
      });
    }
    // The image lane is still busy when the destructor begins: what waits there is skipped.
    tasks.run(Lane::kStore, [&]() -> Tasks::Apply {
      go_on.count_down();
      return nullptr;
    });
  }
  CHECK(stored == 10);
  CHECK(drawn <= 10);
}

}  // namespace errata::viewer

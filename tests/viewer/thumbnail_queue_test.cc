#include "viewer/state/thumbnail_queue.h"

#include <doctest/doctest.h>

#include <map>
#include <numeric>

#include "tests/viewer/synthetic_backend.h"

namespace errata::viewer {

TEST_CASE("what is wished for arrives once, the broken one with its reason") {
  test::SyntheticBackend backend(100);
  Tasks tasks(3, nullptr);
  std::map<SampleId, Picture> arrived;
  ThumbnailQueue queue(tasks, backend, 64, [&](SampleId sample, Picture picture) {
    CHECK(arrived.emplace(sample, std::move(picture)).second);
  });
  std::vector<SampleId> wishes(20);
  std::iota(wishes.begin(), wishes.end(), 1);
  queue.want(wishes);
  tasks.finish_all();
  CHECK(arrived.size() == 20);
  CHECK(queue.idle());
  CHECK_FALSE(arrived.at(test::SyntheticBackend::kBrokenSample).problem.empty());
  CHECK(arrived.at(1).image.width_px == 64);
}

TEST_CASE("what was scrolled past is not decoded") {
  test::SyntheticBackend backend(10'000);
  Tasks tasks(1, nullptr);
  size_t arrived = 0;
  ThumbnailQueue queue(tasks, backend, 32, [&](SampleId, Picture) { ++arrived; });
  // A fast scroll: each frame wishes for other samples; the jobs only start when they are drained.
  std::vector<SampleId> wishes(50);
  for (SampleId from = 1; from < 5000; from += 50) {
    std::iota(wishes.begin(), wishes.end(), from);
    queue.want(wishes);
  }
  tasks.finish_all();
  CHECK(backend.thumbnails_made_ < 1000);
  CHECK(arrived == backend.thumbnails_made_);
}

}  // namespace errata::viewer

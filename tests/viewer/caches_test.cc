#include <doctest/doctest.h>

#include <set>

#include "viewer/state/row_set.h"
#include "viewer/state/slot_cache.h"

namespace errata::viewer {

TEST_CASE("slots are given out, kept while used, and taken from the one unused for longest") {
  SlotCache cache(3);
  CHECK(cache.take(10, 1) == 0);
  CHECK(cache.take(11, 1) == 1);
  CHECK(cache.take(12, 1) == 2);
  CHECK_FALSE(cache.take(13, 1).has_value());  // all in use in this frame
  CHECK(cache.use(10, 2) == 0);
  CHECK(cache.take(13, 2) == 1);  // 11 was unused for longest
  CHECK_FALSE(cache.holds(11));
  CHECK(cache.use(13, 3) == 1);
  CHECK_FALSE(cache.use(11, 3).has_value());
  CHECK(cache.take(12, 3) == 2);  // has one already
}

TEST_CASE("a forgotten sample gives its slot back") {
  SlotCache cache(1);
  CHECK(cache.take(1, 1) == 0);
  cache.forget(1);
  CHECK(cache.size() == 0);
  CHECK(cache.take(2, 1) == 0);
  cache.clear();
  CHECK(cache.take(3, 1) == 0);
}

TEST_CASE("no two samples share a slot in a long scroll") {
  SlotCache cache(64);
  for (uint64_t frame = 1; frame < 500; ++frame) {
    std::set<size_t> slots;
    for (SampleId sample = 1; sample <= 40; ++sample) {
      const auto slot = cache.take(static_cast<SampleId>(frame) * 7 + sample, frame);
      REQUIRE(slot.has_value());
      CHECK(slots.insert(*slot).second);
    }
  }
}

TEST_CASE("a set of rows counts and lists what is in it") {
  RowSet set;
  set.reset(200);
  set.set(3, true);
  set.set(199, true);
  set.set(3, true);
  set.set(1000, true);  // beyond the end: nothing
  CHECK(set.count() == 2);
  CHECK(set.rows() == std::vector<RowIndex>{3, 199});
  set.set(3, false);
  CHECK(set.count() == 1);
  set.clear();
  CHECK(set.count() == 0);
  CHECK_FALSE(set.has(199));
}

}  // namespace errata::viewer

#include "analysis/duplicate_groups.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <mutex>
#include <numeric>
#include <random>
#include <set>

#include "analysis/perceptual_hash.h"

using namespace errata;
using namespace errata::analysis;

namespace {

// Random hashes, some of them a few bits away from an earlier one; distinct.
std::vector<uint64_t> some_hashes(size_t count, uint64_t seed, int bits_in_use) {
  std::mt19937_64 random(seed);
  const uint64_t mask = bits_in_use == 64 ? ~uint64_t{0} : (uint64_t{1} << bits_in_use) - 1;
  std::set<uint64_t> seen;
  std::vector<uint64_t> hashes;
  while (hashes.size() < count) {
    uint64_t hash = random() & mask;
    if (!hashes.empty() && random() % 3 == 0) {
      hash = hashes[random() % hashes.size()];
      for (uint64_t flips = random() % 20; flips > 0; --flips) hash ^= uint64_t{1} << random() % 64;
    }
    if (seen.insert(hash).second) hashes.push_back(hash);
  }
  return hashes;
}

std::vector<HashPair> all_pairs(const std::vector<uint64_t>& hashes, int radius) {
  std::vector<HashPair> pairs;
  for (uint32_t i = 0; i < hashes.size(); ++i) {
    for (uint32_t j = i + 1; j < hashes.size(); ++j) {
      if (std::popcount(hashes[i] ^ hashes[j]) <= radius) pairs.emplace_back(i, j);
    }
  }
  return pairs;
}

// A slope with a spot that is `step` times 12 levels brighter: those of one step are copies, those
// of two are not.
const SmallPicture* slope(int step = 0) {
  static std::vector<SmallPicture> made;
  if (made.empty()) {
    for (int each = 0; each < 10; ++each) {
      std::vector<uint8_t> grey;
      for (int i = 0; i < kHashSidePx * kHashSidePx; ++i) {
        const int x = i % kHashSidePx, y = i / kHashSidePx;
        const bool spot = x > 12 && x < 18 && y > 12 && y < 18;
        grey.push_back(static_cast<uint8_t>(20 + 3 * x + y + (spot ? 12 * each : 0)));
      }
      made.push_back(small_picture(grey, std::vector<uint8_t>(3, 100), 1, 1));
      made.back().width_px = made.back().height_px = kHashSidePx;
    }
  }
  return &made[static_cast<size_t>(step)];
}

PictureIdentity picture(int32_t file, int32_t pixels, std::optional<uint64_t> hash, uint64_t area,
                        int32_t label = 0, int32_t split = 0) {
  return {file, pixels, hash, slope(), area, label, split};
}

PictureIdentity stepped(int step, uint64_t area, int32_t label = 0, int32_t split = 0) {
  return {-1, -1, 0xF0, slope(step), area, label, split};
}

using Members = std::vector<uint32_t>;

std::vector<uint8_t> ramp(int step) {
  std::vector<uint8_t> grey;
  for (int i = 0; i < kHashSidePx * kHashSidePx; ++i) {
    grey.push_back(static_cast<uint8_t>(100 + i % kHashSidePx * step));
  }
  return grey;
}

}  // namespace

TEST_CASE("near pairs are those of comparing all pairs, each once, at every radius") {
  WorkerGroup workers(2);
  for (const int bits_in_use : {64, 20}) {  // few bits in use: crowded bands and empty ones
    const std::vector<uint64_t> hashes = some_hashes(3000, 7, bits_in_use);
    for (int radius = 0; radius <= kMaxHashRadius; ++radius) {
      CAPTURE(radius);
      std::vector<HashPair> found;
      std::mutex mutex;
      for_each_near_pair(hashes, radius, workers.as_parallel_for(),
                         [&](std::span<const HashPair> pairs) {
                           const std::lock_guard lock(mutex);
                           found.insert(found.end(), pairs.begin(), pairs.end());
                         });
      std::sort(found.begin(), found.end());
      const std::vector<HashPair> expected = all_pairs(hashes, radius);
      CHECK(found == expected);
      if (radius >= 4) CHECK(expected.size() > 100);
    }
  }
}

TEST_CASE("few hashes, and none") {
  size_t found = 0;
  const auto count = [&](std::span<const HashPair> pairs) { found += pairs.size(); };
  for_each_near_pair({}, 4, serial_for, count);
  for_each_near_pair(std::vector<uint64_t>{5}, 4, serial_for, count);
  CHECK(found == 0);
  for_each_near_pair(std::vector<uint64_t>{0, 15, ~uint64_t{0}}, 4, serial_for, count);
  CHECK(found == 1);
}

TEST_CASE("a copy of a copy need not be a copy: a group is one picture and its copies") {
  // Each is a copy of the next. Connected components make one group of it, of which one would stay
  // and four go, the last of them four steps away from it.
  std::vector<PictureIdentity> chain;
  for (const int step : {0, 1, 2, 3, 4}) chain.push_back(stepped(step, step == 0 ? 900 : 100));
  const Duplicates found = group_duplicates(chain, 4, serial_for);
  REQUIRE(found.groups.size() == 2);
  CHECK(found.groups[0].members == Members{3, 2, 4});  // 3 has two copies, so it goes before them
  CHECK(found.groups[1].members == Members{0, 1});     // the largest takes its copies first
  CHECK(found.groups[0].kind == DuplicateKind::kNear);
  CHECK(found.chains == std::vector<int32_t>(5, 0));
  CHECK(found.between.empty());  // 1 and 2 are copies, of one label and one split
}

TEST_CASE("what a group takes, and what it leaves, does not depend on the order of the pictures") {
  std::vector<PictureIdentity> pictures;
  for (int step = 0; step < 10; ++step) pictures.push_back(stepped(step, 100));
  const auto steps_of_groups = [&](const std::vector<uint32_t>& order) {
    std::vector<PictureIdentity> shuffled;
    for (const uint32_t each : order) shuffled.push_back(pictures[each]);
    std::set<std::set<uint32_t>> groups;
    for (const DuplicateGroup& group : group_duplicates(shuffled, 4, serial_for).groups) {
      std::set<uint32_t> members;
      for (const uint32_t member : group.members) members.insert(order[member]);
      groups.insert(members);
    }
    return groups;
  };
  std::vector<uint32_t> order(pictures.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto expected = steps_of_groups(order);
  CHECK(expected.size() >= 3);
  std::mt19937 random(4);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    CHECK(steps_of_groups(order) == expected);
  }
}

TEST_CASE(
    "a long chain, of which not all pairs are compared, is cut as well; on many threads too") {
  // 400 contents of 10 steps.
  std::vector<SmallPicture> small;
  for (int i = 0; i < 400; ++i) {
    small.push_back(*slope(i % 10));
    small.back().grey[0] = static_cast<uint8_t>(20 + i / 10 % 20);
    small.back().grey[1] = static_cast<uint8_t>(23 + i / 200);
  }
  std::vector<PictureIdentity> pictures;
  for (int i = 0; i < 400; ++i) {
    pictures.push_back(stepped(0, 100));
    pictures.back().small = &small[static_cast<size_t>(i)];
    pictures.back().split = i % 2;
  }
  const Duplicates found = group_duplicates(pictures, 4, serial_for);
  CHECK(found.groups.size() > 3);
  for (const DuplicateGroup& group : found.groups) {
    for (const uint32_t member : group.members) {
      CHECK(is_copied(*pictures[member].small, *pictures[group.kept()].small));
    }
  }
  CHECK(std::set<int32_t>(found.chains.begin(), found.chains.end()) == std::set<int32_t>{0});
  WorkerGroup workers(3);
  const Duplicates again = group_duplicates(pictures, 4, workers.as_parallel_for());
  REQUIRE(again.groups.size() == found.groups.size());
  for (size_t g = 0; g < found.groups.size(); ++g) {
    CHECK(again.groups[g].members == found.groups[g].members);
  }
  CHECK(again.between == found.between);
}

TEST_CASE(
    "copies across splits that no group has together are told, and are gone with the copies") {
  // 1 is a copy of 0, which is larger, and of 2, which is in another split: no group says so.
  const std::vector<PictureIdentity> pictures{stepped(0, 900, 0, 0), stepped(1, 100, 0, 0),
                                              stepped(2, 800, 0, 1), stepped(9, 100, 0, 1)};
  const Duplicates found = group_duplicates(pictures, 4, serial_for);
  REQUIRE(found.groups.size() == 1);
  CHECK(found.groups[0].members == Members{0, 1});
  CHECK_FALSE(found.groups[0].leak);
  CHECK(found.between == std::vector<PicturePair>{{1, 2}});
  CHECK(found.chains == std::vector<int32_t>{0, 0, 0, -1});
  const std::vector<PictureIdentity> cleaned{pictures[0], pictures[2], pictures[3]};
  const Duplicates left = group_duplicates(cleaned, 4, serial_for);
  CHECK(left.groups.empty());
  CHECK(left.between.empty());
}

TEST_CASE("of equally large ones the first that all others are copies of stays") {
  const std::vector<PictureIdentity> alike{stepped(1, 100), stepped(0, 100)};
  CHECK(group_duplicates(alike, 4, serial_for).groups[0].members == Members{0, 1});
  // Only the middle one is a copy of both.
  const std::vector<PictureIdentity> ends{stepped(0, 100), stepped(2, 100), stepped(1, 100)};
  CHECK(group_duplicates(ends, 4, serial_for).groups[0].members == Members{2, 0, 1});
}

TEST_CASE("pairs that are near by other means join equal pictures as one content") {
  std::vector<PictureIdentity> pictures{stepped(0, 100), stepped(5, 200), stepped(0, 100)};
  pictures[0].pixels = pictures[2].pixels = 3;
  const std::vector<PicturePair> more{{1, 2}};
  const Duplicates found = group_duplicates(pictures, 4, serial_for, more);
  REQUIRE(found.groups.size() == 1);
  CHECK(found.groups[0].members == Members{1, 0, 2});
}

TEST_CASE("black is no copy of white, and is still a copy of black") {
  // Both have only a first coefficient, and so the same hash by the formula.
  CHECK_FALSE(perceptual_hash(std::vector<uint8_t>(1024, 0)));
  CHECK_FALSE(perceptual_hash(std::vector<uint8_t>(1024, 255)));
  CHECK(perceptual_hash(ramp(3)));
  CHECK(perceptual_hash(ramp(3)) != perceptual_hash(ramp(-3)));
  const std::vector<PictureIdentity> flat{picture(-1, 0, {}, 10), picture(-1, 1, {}, 10),
                                          picture(-1, 0, {}, 10)};
  const std::vector<DuplicateGroup> groups = group_duplicates(flat, 4, serial_for).groups;
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].members == Members{0, 2});
  CHECK(groups[0].kind == DuplicateKind::kSamePixels);
}

TEST_CASE("groups: kinds, the one to keep, conflicts and leaks, and their order") {
  const std::vector<PictureIdentity> pictures{
      picture(0, 0, 0x1, 50),                  // 0 and 1: equal files
      picture(0, 0, 0x1, 50),                  //
      picture(-1, 1, 0xFF00, 80, 0),           // 2 and 3: equal pixels, other label
      picture(-1, 1, 0xFF00, 80, 1),           //
      picture(-1, 2, 0xFF0000, 10, 0, 0),      // 4 and 5: near, other split, 5 is larger
      picture(-1, 3, 0xFE0000, 90, -1, 1),     // no label: no conflict
      picture(-1, 4, 0xAAAA000000000000, 70),  // alone
      picture(7, -1, {}, 0),                   // 7 and 8: equal bytes that cannot be decoded
      picture(7, -1, {}, 0)};
  const std::vector<DuplicateGroup> groups = group_duplicates(pictures, 4, serial_for).groups;
  REQUIRE(groups.size() == 4);
  CHECK(groups[0].members == Members{2, 3});
  CHECK(groups[0].conflict);
  CHECK(groups[0].kind == DuplicateKind::kSamePixels);
  CHECK(groups[1].members == Members{5, 4});
  CHECK(groups[1].leak);
  CHECK_FALSE(groups[1].conflict);
  CHECK(groups[1].kind == DuplicateKind::kNear);
  CHECK(groups[2].members == Members{0, 1});
  CHECK(groups[2].kind == DuplicateKind::kExact);
  CHECK(groups[3].members == Members{7, 8});
  CHECK(groups[3].kind == DuplicateKind::kExact);
  CHECK(group_duplicates(pictures, std::nullopt, serial_for).groups.size() == 3);
}

TEST_CASE(
    "a chain of tens of thousands that only embeddings join is cut at once, each to the first") {
  constexpr uint32_t kPictures = 40'000;
  std::vector<PictureIdentity> pictures(kPictures);
  std::vector<PicturePair> pairs;
  for (uint32_t i = 0; i < kPictures; ++i) {
    pictures[i].area_px = i % 4 == 1 ? 200 : 100;  // leads, and takes the one on either side
    if (i > 0) pairs.emplace_back(i - 1, i);
  }
  size_t ticks = 0;
  const Duplicates found =
      group_duplicates(pictures, std::nullopt, serial_for, pairs, [&] { ++ticks; });
  CHECK(found.groups.size() == kPictures / 4);
  for (const DuplicateGroup& group : found.groups) {
    REQUIRE(group.members.size() == 3);
    CHECK(group.kept() % 4 == 1);
    CHECK(group.members[1] == group.kept() - 1);
    CHECK(group.members[2] == group.kept() + 1);
  }
  CHECK(ticks > kPictures / 4);  // so that it can be given up
}

TEST_CASE("grouping can be given up between chains") {
  std::vector<PictureIdentity> pictures;
  for (int32_t i = 0; i < 6; ++i) {
    PictureIdentity each;
    each.file = i / 2;
    pictures.push_back(each);
  }
  size_t ticks = 0;
  group_duplicates(pictures, std::nullopt, serial_for, {}, [&] { ++ticks; });
  CHECK(ticks == 3);
}

TEST_CASE("hashes that agree are not enough") {
  const std::vector<PictureIdentity> pictures{stepped(0, 100), stepped(2, 100)};
  const Duplicates found = group_duplicates(pictures, 4, serial_for);
  CHECK(found.groups.empty());
  CHECK(found.chains == std::vector<int32_t>{-1, -1});
}

TEST_CASE("of copies by the thousand on either side of a pair not every pair is told") {
  // The largest takes one content; the other is a copy of that one only.
  constexpr uint32_t kEach = 3000;
  std::vector<PictureIdentity> pictures{picture(0, -1, {}, 100)};
  for (int32_t content : {1, 2}) {
    for (uint32_t i = 0; i < kEach; ++i) {
      const auto label = static_cast<int32_t>(i % 2);
      pictures.push_back(picture(content, -1, {}, 50, content == 1 ? label : 2 + label));
    }
  }
  // And two pairs of a chain that comes later.
  const auto last = static_cast<uint32_t>(pictures.size());
  pictures.push_back(picture(3, -1, {}, 100));
  pictures.push_back(picture(4, -1, {}, 50));
  pictures.push_back(picture(5, -1, {}, 50, 0, 1));
  pictures.push_back(picture(5, -1, {}, 50, 1, 0));
  const std::vector<PicturePair> more{
      {0, 1}, {1, kEach + 1}, {last, last + 1}, {last + 1, last + 2}};
  const Duplicates found = group_duplicates(pictures, std::nullopt, serial_for, more);
  CHECK(found.between.size() <= Duplicates::kMostBetween);
  CHECK(found.between.size() > Duplicates::kMostBetween - 10);
  CHECK(std::adjacent_find(found.between.begin(), found.between.end()) == found.between.end());
  std::set<uint32_t> told;
  for (const auto& [a, b] : found.between) {
    told.insert(a);
    told.insert(b);
    CHECK((pictures[a].label != pictures[b].label || pictures[a].split != pictures[b].split));
    CHECK(pictures[a].file != pictures[b].file);
  }
  CHECK(told.size() == 2 * kEach + 3);
  CHECK(std::ranges::binary_search(found.between, PicturePair(last + 1, last + 2)));
  CHECK(std::ranges::binary_search(found.between, PicturePair(last + 1, last + 3)));
}

TEST_CASE("contents that are no copies of each other are not paired, however many they have") {
  // Two contents by the thousand that hang together by a third alone.
  std::vector<PictureIdentity> pictures{picture(0, -1, {}, 100), picture(1, -1, {}, 50)};
  for (const int32_t content : {2, 3}) {
    for (int i = 0; i < 4000; ++i) pictures.push_back(picture(content, -1, {}, 50, content));
  }
  const std::vector<PicturePair> more{{0, 1}, {0, 2}, {1, 4002}};
  const Duplicates found = group_duplicates(pictures, std::nullopt, serial_for, more);
  REQUIRE(found.between.size() == 4000);  // of 1 with those of its copy
  for (const auto& [a, b] : found.between) CHECK((a == 1 && b >= 4002));
}

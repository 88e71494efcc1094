#include "analysis/duplicate_groups.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
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

PictureIdentity picture(int32_t file, int32_t pixels, std::optional<uint64_t> hash, uint64_t area,
                        int32_t label = 0, int32_t split = 0) {
  PictureIdentity made{file, pixels, hash, {}, area, label, split};
  for (size_t i = 0; i < made.coarse.size(); ++i) made.coarse[i] = static_cast<uint8_t>(i);
  return made;
}

std::vector<uint32_t> members_of(const DuplicateGroup& group) {
  std::vector<uint32_t> members;
  for (const DuplicateMember& member : group.members) members.push_back(member.picture);
  return members;
}

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
      for_each_near_pair(hashes, radius, workers.as_parallel_for(),
                         [&](std::span<const HashPair> pairs) {
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

TEST_CASE("a copy of a copy need not be a copy: each is alike to the one that stands for it") {
  // 0b0, 0b1111, 0b11111111: neighbours differ in 4 bits, the ends in 8. One group, and naively the
  // largest alone would be kept, with a picture thrown away that is like no picture kept.
  const std::vector<PictureIdentity> chain{picture(-1, 0, 0x00, 900), picture(-1, 1, 0x0F, 100),
                                           picture(-1, 2, 0xFF, 500)};
  const std::vector<DuplicateGroup> groups = group_duplicates(chain, 4, serial_for);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].kind == DuplicateKind::kNear);
  CHECK(members_of(groups[0]) == std::vector<uint32_t>{0, 2, 1});
  CHECK(groups[0].members[0].kept());
  CHECK(groups[0].members[1].kept());
  CHECK(groups[0].members[2].copy_of == 0);
}

TEST_CASE("black is no copy of white, and is still a copy of black") {
  // Both have only a first coefficient, and so the same hash by the formula.
  CHECK_FALSE(perceptual_hash(std::vector<uint8_t>(1024, 0)));
  CHECK_FALSE(perceptual_hash(std::vector<uint8_t>(1024, 255)));
  CHECK(perceptual_hash(ramp(3)));
  CHECK(perceptual_hash(ramp(3)) != perceptual_hash(ramp(-3)));
  const std::vector<PictureIdentity> flat{picture(-1, 0, {}, 10), picture(-1, 1, {}, 10),
                                          picture(-1, 0, {}, 10)};
  const std::vector<DuplicateGroup> groups = group_duplicates(flat, 4, serial_for);
  REQUIRE(groups.size() == 1);
  CHECK(members_of(groups[0]) == std::vector<uint32_t>{0, 2});
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
  const std::vector<DuplicateGroup> groups = group_duplicates(pictures, 4, serial_for);
  REQUIRE(groups.size() == 4);
  CHECK(members_of(groups[0]) == std::vector<uint32_t>{2, 3});
  CHECK(groups[0].conflict);
  CHECK(groups[0].kind == DuplicateKind::kSamePixels);
  CHECK(members_of(groups[1]) == std::vector<uint32_t>{5, 4});
  CHECK(groups[1].leak);
  CHECK_FALSE(groups[1].conflict);
  CHECK(groups[1].kind == DuplicateKind::kNear);
  CHECK(members_of(groups[2]) == std::vector<uint32_t>{0, 1});
  CHECK(groups[2].kind == DuplicateKind::kExact);
  CHECK(members_of(groups[3]) == std::vector<uint32_t>{7, 8});
  CHECK(groups[3].kind == DuplicateKind::kExact);
  CHECK(group_duplicates(pictures, std::nullopt, serial_for).size() == 3);
}

TEST_CASE(
    "hashes that agree are not enough: the pixels must correlate, whatever their brightness") {
  PictureIdentity shirt = picture(-1, 0, 0xF0, 10);
  PictureIdentity other = picture(-1, 1, 0xF0, 10);
  PictureIdentity brighter = picture(-1, 2, 0xF1, 10);
  for (size_t i = 0; i < other.coarse.size(); ++i) {
    other.coarse[i] = static_cast<uint8_t>(i % 8 < 4 ? i : 200);
    brighter.coarse[i] = static_cast<uint8_t>(40 + 2 * i);
  }
  const std::vector<DuplicateGroup> groups =
      group_duplicates(std::vector{shirt, other, brighter}, 4, serial_for);
  REQUIRE(groups.size() == 1);
  CHECK(members_of(groups[0]) == std::vector<uint32_t>{0, 2});
  // A pattern too fine for 8 x 8 leaves nothing to compare.
  CHECK(look_alike(CoarsePixels{}, CoarsePixels{}));
  CHECK_FALSE(look_alike(CoarsePixels{}, shirt.coarse));
}

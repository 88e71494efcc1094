// Which pictures are copies of which, and the one of them to keep.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analysis/copied_picture.h"
#include "base/workers.h"

namespace errata::analysis {

// How alike the least alike member of a group is.
enum class DuplicateKind : uint8_t {
  kExact,       // equal bytes
  kSamePixels,  // equal pixels and shape
  kNear         // perceptual hashes within the radius and confirmed by is_copied, or embeddings
};

// What identifies a picture. Equal ids say equal content; -1 is "not known".
struct PictureIdentity {
  int32_t file = -1;
  int32_t pixels = -1;
  std::optional<uint64_t> hash;
  const SmallPicture* small = nullptr;  // with a hash; not owned
  uint64_t area_px = 0;
  int32_t label = -1;  // -1: none
  int32_t split = -1;
};

using PicturePair = std::pair<uint32_t, uint32_t>;  // first < second

struct DuplicateGroup {
  DuplicateKind kind = DuplicateKind::kNear;
  // The suggested one to keep first, of which every other is a copy: the largest, of equally large
  // ones the first in the caller's order that all the others are copies of. Then as they come.
  std::vector<uint32_t> members;
  bool conflict = false;  // members have different labels
  bool leak = false;      // members are in different splits

  uint32_t kept() const { return members.front(); }
};

struct Duplicates {
  // Of two and more; a picture is in one at most. Conflicts first, then leaks, then the larger,
  // then the earlier.
  std::vector<DuplicateGroup> groups;
  // Of each picture: the chain of copies of copies that it is in, from 0 by their first picture; -1
  // for a picture without a copy. A copy is always in the same chain, in the same group not always.
  std::vector<int32_t> chains;
  // Copies whose labels or splits differ and that no group has together: rising. Where pictures by
  // the thousand are all alike not all: kMostBetween at most, found in comparing kMostLooks pairs,
  // and spread over the pictures.
  std::vector<PicturePair> between;

  static constexpr size_t kMostBetween = 100'000;
  static constexpr size_t kMostLooks = 2'000'000;
};

// Near copies are not transitive: through enough pictures of one kind of thing a shoe becomes
// another. So a group is one picture and its copies, not all that hang together: the largest
// picture takes its copies, then the largest of the rest takes those of the rest, and so on; of
// equally large ones that with the most copies, of those the lowest content, so that the order of
// the pictures does not matter. (FiftyOne's near duplicates are such groups, but in the order of
// rows; connected components are cleanlab's and fastdup's.) Once all but the kept are gone no two
// copies are left, and nothing is gone that is no copy of a picture that stays. `radius` in bits;
// nullopt: perceptual hashes are not looked at. `more` are pairs that are near by other means:
// rising. Memory: some 100 bytes a picture, and 30 a pair of kMostBetween at most.
Duplicates group_duplicates(std::span<const PictureIdentity> pictures, std::optional<int> radius,
                            const ParallelFor& parallel_for, std::span<const PicturePair> more = {},
                            const std::function<void()>& tick = {});

}  // namespace errata::analysis

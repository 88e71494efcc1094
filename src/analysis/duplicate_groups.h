// Which pictures are copies of which, and the one of them to keep.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analysis/perceptual_hash.h"
#include "base/workers.h"

namespace errata::analysis {

// How alike the least alike member of a group is.
enum class DuplicateKind : uint8_t {
  kExact,       // equal bytes
  kSamePixels,  // equal pixels and shape
  kNear         // perceptual hashes within the radius and confirmed by look_alike, or embeddings
};

// What identifies a picture. Equal ids say equal content; -1 is "not known".
struct PictureIdentity {
  int32_t file = -1;
  int32_t pixels = -1;
  std::optional<uint64_t> hash;
  CoarsePixels coarse{};  // with a hash
  uint64_t area_px = 0;
  int32_t label = -1;  // -1: none
  int32_t split = -1;
};

struct DuplicateMember {
  uint32_t picture = 0;
  // The kept one it is a copy of; itself when it is kept. Copies of copies need not be alike, so a
  // group can keep more than one: every picture is alike to the one that stands for it.
  uint32_t copy_of = 0;

  bool kept() const { return picture == copy_of; }
};

struct DuplicateGroup {
  DuplicateKind kind = DuplicateKind::kNear;
  std::vector<DuplicateMember> members;  // the suggested one to keep first: the largest, then the
                                         // one that comes first
  bool conflict = false;                 // members have different labels
  bool leak = false;                     // members are in different splits
};

// Groups of two and more. Conflicts first, then leaks, then the larger, then the earlier. `radius`
// in bits; nullopt: perceptual hashes are not looked at. `more` are pairs that are near by other
// means: first < second, rising.
std::vector<DuplicateGroup> group_duplicates(
    std::span<const PictureIdentity> pictures, std::optional<int> radius,
    const ParallelFor& parallel_for, std::span<const std::pair<uint32_t, uint32_t>> more = {});

}  // namespace errata::analysis

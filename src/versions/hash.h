// The hash of a dataset's content, byte for byte, so that anybody can compute it again.
//
// hash = "errata1:" + lower-case hex of
//        SHA-256( "errata1\n"  u64(number of entries)  entry digests in rising byte order )
// entry digest = SHA-256( content[32]  set(class names)  u32(number of boxes) boxes  text(split) )
//   content      SHA-256 of the file's bytes; for a member of a container, of its canonical PNG
//                (versions/canonical_png.h)
//   set(names)   u32(count), then text(name) for each distinct name in rising byte order; an
//                unlabelled sample has count 0
//   boxes        of each object text(class name), f64 x, y, width, height (pixels, -0 as 0), u8
//                marks (1 crowd, 2 difficult, 4 truncated), text(outline as model/shape.h encodes
//                it); in rising byte order. The count is 0 without objects
//   text(s)      u32(length in bytes), then the bytes as they are (UTF-8, not normalised); no split
//                is the empty text
//   u32, u64     unsigned, little endian
// Excluded samples are not entries. Two equal samples are two entries. No path, index, order, class
// without a sample or time enters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/workers.h"

namespace errata::versions {

struct HashEntry {
  Sha256Digest content{};
  std::vector<std::string_view> class_names;  // any order, duplicates count once
  std::string_view split;                     // empty: in no split
  std::string_view boxes = {};                // the count and all of them; empty: none
};

Sha256Digest hash_entry(const HashEntry& entry);

// `digests` is sorted in place.
std::string hash_of_entries(std::vector<Sha256Digest>& digests);

std::string canonical_hash(std::span<const HashEntry> entries, const ParallelFor& parallel_for);

}  // namespace errata::versions

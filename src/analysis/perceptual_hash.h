// Perceptual hashes, and finding those that are near one another without comparing all pairs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "base/workers.h"

namespace errata::analysis {

inline constexpr int32_t kHashSidePx = 32;
inline constexpr int kMaxHashRadius = 16;

// The 64-bit DCT hash of imagehash 4.3 (phash, hash_size 8): of the picture's grey pixels shrunk to
// 32 x 32 (Pillow's Lanczos), row by row, the lowest 8 x 8 coefficients of the DCT-II, a bit set
// where one is above their median; the first bit is the highest. nullopt for a picture with next to
// no contrast: there the coefficients are noise, and black would be a copy of white.
std::optional<uint64_t> perceptual_hash(std::span<const uint8_t> grey);

using HashPair = std::pair<uint32_t, uint32_t>;

// Calls `found` with every pair i < j of hashes that differ in at most `radius` bits (0 to
// kMaxHashRadius), each pair once, in pieces, from several threads at once. Multi-index hashing
// (Norouzi et al. 2012): of m bands of bits, one differs in at most radius / m, so that only hashes
// which agree there are compared; nothing is missed. Memory: some 20 bytes a hash. `hashes` should
// be distinct: n equal ones are n^2 / 2 pairs.
void for_each_near_pair(std::span<const uint64_t> hashes, int radius,
                        const ParallelFor& parallel_for,
                        const std::function<void(std::span<const HashPair>)>& found);

}  // namespace errata::analysis

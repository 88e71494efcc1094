// Perceptual hashes, and finding those that are near one another without comparing all pairs.
#pragma once

#include <array>
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

// The same grey pixels averaged to 8 x 8: what a near pair is confirmed with. A hash says only in
// which coefficients a picture is above its own median, and pictures of one kind of thing in one
// pose, such as centred shirts, agree in that without being copies.
using CoarsePixels = std::array<uint8_t, 64>;
CoarsePixels coarse_pixels(std::span<const uint8_t> grey);

// Correlation of the two is at least 0.985: neither brightness nor contrast count. Of pairs of
// Fashion-MNIST within 4 bits 9 in 10 are below it; of copies made by JPEG at quality 40, halving,
// or a gain of 1.2, one in 50 at most.
bool look_alike(const CoarsePixels& a, const CoarsePixels& b);

using HashPair = std::pair<uint32_t, uint32_t>;

// Calls `found` with every pair i < j of hashes that differ in at most `radius` bits (0 to
// kMaxHashRadius), each pair once, in pieces, from one thread at a time. Multi-index hashing
// (Norouzi et al. 2012): of m bands of bits, one differs in at most radius / m, so that only hashes
// which agree there are compared; nothing is missed. Memory: some 20 bytes a hash. `hashes` should
// be distinct: n equal ones are n^2 / 2 pairs.
void for_each_near_pair(std::span<const uint64_t> hashes, int radius,
                        const ParallelFor& parallel_for,
                        const std::function<void(std::span<const HashPair>)>& found);

}  // namespace errata::analysis

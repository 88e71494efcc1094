// What pictures look like, without a model: responses of patches drawn from the pictures
// themselves, beside which a backbone's embeddings miss colour, texture and where things are.
//
// Single-layer features of Coates, Lee and Ng (2011) with random patches as the filters and a
// threshold as the encoder (Coates and Ng 2011): patches of 6 x 6 pixels, two apart, are normalised
// for brightness and contrast (10 / 255 added to the deviation) and whitened (ZCA, 0.01 added to
// the eigenvalues); a filter's response counts beyond half the deviation of all responses, to
// either side apart, and its mean over each quarter of the picture is a feature; of it the root.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "analysis/probe.h"
#include "base/workers.h"

namespace errata::analysis {

inline constexpr size_t kPictureSide = 32;
inline constexpr size_t kPictureBytes = kPictureSide * kPictureSide * 3;

// The principal coordinates of the features, each feature scaled to a variance of 1: 256, at most
// one for every four pictures. The axes are those of at most 16,384 pictures. `pictures`:
// kPictureSide x kPictureSide x 3 of each, 0..255. `known` is 0 for rows without a picture: these
// stand in the middle of all. The result does not depend on the number of threads. Calls `tick`
// while it works; it may throw. Memory: 200 MB, and the coordinates.
EmbeddingSpace make_picture_space(std::span<const uint8_t> pictures, std::span<const uint8_t> known,
                                  uint64_t seed, const ParallelFor& parallel_for,
                                  const std::function<void()>& tick);

}  // namespace errata::analysis

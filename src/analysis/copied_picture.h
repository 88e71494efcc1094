// Whether two pictures are one picture: what re-encoding leaves is told from what is another shot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "analysis/perceptual_hash.h"

namespace errata::analysis {

// What a near pair is confirmed with: 1.2 KB.
struct SmallPicture {
  std::array<uint8_t, kHashSidePx * kHashSidePx> grey{};  // row by row
  std::array<uint8_t, 64> coarse{};                       // the same averaged to 8 x 8
  std::array<std::array<uint8_t, 64>, 2> chroma{};        // Cb and Cr averaged to 8 x 8
  uint64_t clipped = 0;   // a bit for each of 8 x 8 cells in which single colours are clipped
  uint16_t extremes = 0;  // pixels of `grey` that may be clipped at black or white
  uint8_t width_px = kHashSidePx;  // of the picture, at most kHashSidePx
  uint8_t height_px = kHashSidePx;
};

// `grey`: the pixels that perceptual_hash takes; `rgb`: the picture itself, width x height x 3,
// which is sampled for its colours.
SmallPicture small_picture(std::span<const uint8_t> grey, std::span<const uint8_t> rgb,
                           int32_t width_px, int32_t height_px);

// Two pictures differ by no more than re-encoding explains. A hash says only in which coefficients
// a picture is above its own median, and the correlation of plain pictures of one kind of thing in
// one pose, such as centred shoes, is high whatever is in them; what tells those apart is that they
// differ much somewhere. So both are brought to their common resolution (a picture of 14 x 14
// pixels says nothing finer), the brightness of one is fitted to the other's (gain and offset; what
// is clipped at black or white aside, and where single colours are clipped half of the difference
// counts), and what is left must be little, in grey levels and beside the deviation of the picture:
//                                            at most   and times the deviation
//   the largest mean over 3 x 3                   22   0.6
//   the root of the mean square of those           5   0.2
//   the same of single pixels                     18   0.45
// and the less the fewer pixels a side has below 16. The means are what matters: the error of a
// JPEG lies in single pixels, another shot's does not. JPEG at quality 30 of small pictures of high
// contrast, half the size, and a gain of 1.2 leave no more in 95 of 100. A pair that fails is
// aligned first (Lucas and Kanade 1981, with a shift and a scale on each axis, by at most 1.4 of 32
// pixels at the border: a row of a small picture cropped), and then held to 14, 6 and 15. The gain
// may be 1.35 at most, the mean differ by 64 levels, and Cb and Cr by 24 in any cell, unless one of
// the two has no colours. Symmetric.
bool is_copied(const SmallPicture& a, const SmallPicture& b);

}  // namespace errata::analysis

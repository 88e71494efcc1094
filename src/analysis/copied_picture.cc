#include "analysis/copied_picture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace errata::analysis {

namespace {

constexpr size_t kSide = kHashSidePx;
constexpr size_t kCells = 8;
constexpr double kLeastCoarse = 0.95;  // correlation of 8 x 8; of copies few are below 0.97
constexpr int kMostChroma = 24;        // levels
constexpr int kColourless = 6;         // levels of Cb and Cr from the middle
constexpr float kMostGain = 1.35F;
constexpr float kMostBrighter = 64;  // levels, in the mean
constexpr float kMostShift = 1.4F;   // pixels of 32, at the border
constexpr int kBlack = 3;            // levels: darker ones may be clipped
constexpr int kWhite = 252;          // brighter ones may be
constexpr float kClippedWeight = 0.5F;
constexpr int kAlignments = 3;
constexpr double kHopeless = 18;  // levels expected to be left after a second alignment
constexpr size_t kFine = 24;      // pixels from which on there is little to lose by looking at 32

// In grey levels, of what is left between two pictures.
struct Limits {
  float rms;     // root of the mean square
  float smooth;  // the same of means over 3 x 3
  float local;   // the largest of those means
};
constexpr Limits kInPlace{18, 5, 22};
constexpr Limits kAligned{15, 6, 14};
constexpr Limits kOfDeviation{0.45F, 0.2F, 0.6F};
constexpr float kEnough = 16;  // pixels of a side; of fewer, 3 x 3 are too much of the picture

// A picture of `width` x `height` values in rows of kSide.
struct Grid {
  size_t width = kSide;
  size_t height = kSide;
  std::array<float, kSide * kSide> values{};

  float* row(size_t y) { return values.data() + y * kSide; }
  const float* row(size_t y) const { return values.data() + y * kSide; }
};

// Means over `count` equal parts of kSide values that are `step` apart.
void shrink(const float* from, size_t step, size_t count, float* to) {
  const float part = static_cast<float>(kSide) / static_cast<float>(count);
  for (size_t i = 0; i < count; ++i) {
    const float begin = static_cast<float>(i) * part;
    const float end = begin + part;
    float sum = 0;
    for (auto at = static_cast<size_t>(begin); at < kSide && static_cast<float>(at) < end; ++at) {
      const float covered =
          std::min(end, static_cast<float>(at + 1)) - std::max(begin, static_cast<float>(at));
      sum += std::max(0.0F, covered) * from[at * step];
    }
    to[i * step] = sum / part;
  }
}

Grid grid_of(const SmallPicture& picture, size_t width, size_t height) {
  Grid grid{width, height, {}};
  std::copy(picture.grey.begin(), picture.grey.end(), grid.values.begin());
  std::array<float, kSide * kSide> source{};
  if (width < kSide) {
    source = grid.values;
    for (size_t y = 0; y < kSide; ++y) shrink(source.data() + y * kSide, 1, width, grid.row(y));
  }
  if (height < kSide) {
    source = grid.values;
    for (size_t x = 0; x < width; ++x) {
      shrink(source.data() + x, kSide, height, grid.values.data() + x);
    }
  }
  return grid;
}

struct Moments {
  float mean = 0;
  float deviation = 0;
};

Moments moments_of(const Grid& grid) {
  double sum = 0;
  double squares = 0;
  for (size_t y = 0; y < grid.height; ++y) {
    for (size_t x = 0; x < grid.width; ++x) {
      sum += grid.row(y)[x];
      squares += double{grid.row(y)[x]} * grid.row(y)[x];
    }
  }
  const auto count = static_cast<double>(grid.width * grid.height);
  const double variance = squares / count - (sum / count) * (sum / count);
  return {static_cast<float>(sum / count), static_cast<float>(std::sqrt(std::max(0.0, variance)))};
}

// Solves the symmetric `matrix` x = `right`; what is undetermined stays near 0.
template <size_t N>
std::array<float, N> solve(std::array<std::array<double, N>, N> matrix,
                           std::array<double, N> right) {
  constexpr double kRidge = 1e-3;
  for (size_t i = 0; i < N; ++i) matrix[i][i] += kRidge;
  for (size_t i = 0; i < N; ++i) {
    for (size_t j = i + 1; j < N; ++j) {
      const double factor = matrix[j][i] / matrix[i][i];
      for (size_t k = i; k < N; ++k) matrix[j][k] -= factor * matrix[i][k];
      right[j] -= factor * right[i];
    }
  }
  std::array<float, N> solution{};
  for (size_t i = N; i-- > 0;) {
    double value = right[i];
    for (size_t k = i + 1; k < N; ++k) value -= matrix[i][k] * double{solution[k]};
    solution[i] = static_cast<float>(value / matrix[i][i]);
  }
  return solution;
}

// Weighted least squares of `target` on N columns: rows of values are added, then solved.
template <size_t N>
class Regression {
 public:
  void add(const std::array<std::array<float, kSide>, N>& columns, const float* target,
           const float* weights) {
    for (size_t i = 0; i < N; ++i) {
      std::array<float, kSide> weighted;
      for (size_t x = 0; x < kSide; ++x) weighted[x] = columns[i][x] * weights[x];
      for (size_t j = i; j < N; ++j) products_[i][j] += dot(weighted.data(), columns[j].data());
      right_[i] += dot(weighted.data(), target);
    }
  }
  std::array<float, N> solved() {
    for (size_t i = 0; i < N; ++i) {
      for (size_t j = 0; j < i; ++j) products_[i][j] = products_[j][i];
    }
    return solve(products_, right_);
  }
  // Of the sum of the target's squares, what the columns explain.
  double explained(const std::array<float, N>& solution) const {
    double sum = 0;
    for (size_t i = 0; i < N; ++i) sum += double{solution[i]} * right_[i];
    return sum;
  }

 private:
  static double dot(const float* a, const float* b) {
    constexpr size_t kLanes = 8;
    std::array<float, kLanes> lanes{};
    for (size_t x = 0; x < kSide; x += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[x + lane] * b[x + lane];
    }
    double sum = 0;
    for (const float lane : lanes) sum += double{lane};
    return sum;
  }

  std::array<std::array<double, N>, N> products_{};
  std::array<double, N> right_{};
};

// Where along an axis the values of a stretched and shifted picture come from.
struct Axis {
  std::array<uint8_t, kSide> at{};
  std::array<float, kSide> beyond{};  // of the step to the next
  std::array<float, kSide> inside{};  // 1, or 0 where the picture does not reach

  Axis(size_t count, float shift, float stretch) {
    constexpr float kSlack = 0.3F;
    const auto last = static_cast<float>(count - 1);
    for (size_t i = 0; i < count; ++i) {
      const float place = static_cast<float>(i) + shift + stretch * centred(i, count);
      inside[i] = place >= -kSlack && place <= last + kSlack ? 1.0F : 0.0F;
      const float within = std::clamp(place, 0.0F, last);
      at[i] = static_cast<uint8_t>(std::min(static_cast<size_t>(within), count - 2));
      beyond[i] = within - static_cast<float>(at[i]);
    }
  }
  // -1 to 1
  static constexpr float centred(size_t i, size_t count) {
    return 2 * static_cast<float>(i) / static_cast<float>(count - 1) - 1;
  }
};

class Comparison {
 public:
  Comparison(const SmallPicture& from, const SmallPicture& to, size_t width, size_t height)
      : clipped_(from.clipped | to.clipped),
        from_(grid_of(from, width, height)),
        to_(grid_of(to, width, height)),
        moments_(moments_of(to_)),
        moved_(from_) {
    for (size_t y = 0; y < height; ++y) std::fill_n(inside_.row(y), width, 1.0F);
  }

  bool same_in_place() {
    return std::abs(moments_.mean - moments_of(from_).mean) <= kMostBrighter && fits(kInPlace);
  }

  bool same_aligned() {
    if (from_.width < kCells || from_.height < kCells) return false;
    for (int round = 0; round < kAlignments; ++round) {
      const double left = align_once();
      if (std::isinf(left) || (round > 0 && left > kHopeless)) return false;
    }
    return fits(kAligned);
  }

 private:
  // One step of Gauss and Newton in gain, offset, and shift and stretch on both axes. Returns what
  // it expects to be left, as the root of the mean square; infinity where brightness alone is too
  // far.
  double align_once() {
    const size_t width = from_.width;
    const size_t height = from_.height;
    Regression<6> regression;
    double squares = 0;
    double count = 0;
    for (size_t y = 0; y < height; ++y) {
      std::array<std::array<float, kSide>, 6> columns{};
      const float* row = moved_.row(y);
      const float* above = moved_.row(y == 0 ? 0 : y - 1);
      const float* below = moved_.row(y + 1 == height ? y : y + 1);
      const float across = y == 0 || y + 1 == height ? 1.0F : 0.5F;
      const float down = Axis::centred(y, height);
      for (size_t x = 0; x < width; ++x) {
        const size_t left = x == 0 ? 0 : x - 1;
        const size_t right = x + 1 == width ? x : x + 1;
        columns[0][x] = row[x];
        columns[1][x] = 1;
        columns[2][x] = (row[right] - row[left]) / static_cast<float>(right - left);
        columns[3][x] = columns[2][x] * Axis::centred(x, width);
        columns[4][x] = (below[x] - above[x]) * across;
        columns[5][x] = columns[4][x] * down;
        const double value = to_.row(y)[x];
        squares += value * value * inside_.row(y)[x];
        count += inside_.row(y)[x];
      }
      regression.add(columns, to_.row(y), inside_.row(y));
    }
    const std::array<float, 6> found = regression.solved();
    if (found[0] < 1 / kMostGain) return std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < 4; ++i) moves_[i] += found[2 + i] / found[0];
    bound(moves_[0], moves_[1], static_cast<float>(width));
    bound(moves_[2], moves_[3], static_cast<float>(height));
    move();
    return std::sqrt(std::max(0.0, squares - regression.explained(found)) / std::max(1.0, count));
  }

  static void bound(float& shift, float& stretch, float count) {
    const float most = kMostShift * count / static_cast<float>(kSide);
    const float sum = std::abs(shift) + std::abs(stretch);
    if (sum <= most) return;
    shift *= most / sum;
    stretch *= most / sum;
  }

  void move() {
    const Axis across(from_.width, moves_[0], moves_[1]);
    const Axis down(from_.height, moves_[2], moves_[3]);
    for (size_t y = 0; y < from_.height; ++y) {
      const float* upper = from_.row(down.at[y]);
      std::array<float, kSide> line;
      for (size_t x = 0; x < from_.width; ++x) {
        line[x] = upper[x] + (upper[x + kSide] - upper[x]) * down.beyond[y];
      }
      for (size_t x = 0; x < from_.width; ++x) {
        const size_t at = across.at[x];
        moved_.row(y)[x] = line[at] + (line[at + 1] - line[at]) * across.beyond[x];
        inside_.row(y)[x] = across.inside[x] * down.inside[y];
      }
    }
  }

  bool fits(const Limits& limits) {
    Grid weights = inside_;
    std::array<float, 2> fitted{};
    // The second time without what the first would clip.
    for (int round = 0; round < 2; ++round) {
      Regression<2> regression;
      for (size_t y = 0; y < moved_.height; ++y) {
        std::array<std::array<float, kSide>, 2> columns{};
        std::copy_n(moved_.row(y), moved_.width, columns[0].begin());
        std::fill_n(columns[1].begin(), moved_.width, 1.0F);
        regression.add(columns, to_.row(y), weights.row(y));
      }
      fitted = regression.solved();
      if (fitted[0] < 1 / kMostGain || fitted[0] > kMostGain) return false;
      leave_out_clipped(fitted, weights);
    }
    return is_little(left_over(fitted), limits);
  }

  void leave_out_clipped(const std::array<float, 2>& fitted, Grid& weights) const {
    for (size_t y = 0; y < moved_.height; ++y) {
      for (size_t x = 0; x < moved_.width; ++x) {
        const float expected = fitted[0] * moved_.row(y)[x] + fitted[1];
        const float value = to_.row(y)[x];
        const bool clipped = (expected < 0 && value < kBlack) || (expected > 255 && value > kWhite);
        weights.row(y)[x] = clipped ? 0 : inside_.row(y)[x];
      }
    }
  }

  Grid left_over(const std::array<float, 2>& fitted) const {
    Grid left{moved_.width, moved_.height, {}};
    for (size_t y = 0; y < moved_.height; ++y) {
      for (size_t x = 0; x < moved_.width; ++x) {
        const float expected = std::clamp(fitted[0] * moved_.row(y)[x] + fitted[1], 0.0F, 255.0F);
        left.row(y)[x] = (to_.row(y)[x] - expected) * inside_.row(y)[x];
        // Where one channel is clipped the grey of the other does not foretell it.
        const size_t cell = y * kCells / left.height * kCells + x * kCells / left.width;
        if ((clipped_ >> cell & 1) != 0) left.row(y)[x] *= kClippedWeight;
      }
    }
    return left;
  }

  bool is_little(const Grid& left, const Limits& limits) const {
    const float evidence =
        std::min(1.0F, static_cast<float>(std::min(left.width, left.height)) / kEnough);
    const auto most = [&](float Limits::*limit) {
      return double{evidence * std::min(limits.*limit, kOfDeviation.*limit * moments_.deviation)};
    };
    const double local = most(&Limits::local);
    double squares = 0;
    double smooth_squares = 0;
    for (size_t y = 0; y < left.height; ++y) {
      std::array<float, kSide> sums{};
      const float* here = left.row(y);
      const float* above = left.row(y == 0 ? 0 : y - 1);
      const float* below = left.row(y + 1 == left.height ? y : y + 1);
      for (size_t x = 0; x < left.width; ++x) sums[x] = above[x] + here[x] + below[x];
      for (size_t x = 0; x < left.width; ++x) {
        const float sum =
            sums[x == 0 ? 0 : x - 1] + sums[x] + sums[std::min(x + 1, left.width - 1)];
        const double mean = double{sum} / 9;
        if (std::abs(mean) > local) return false;
        smooth_squares += mean * mean;
        squares += double{here[x]} * here[x];
      }
    }
    const auto count = static_cast<double>(left.width * left.height);
    return std::sqrt(squares / count) <= most(&Limits::rms) &&
           std::sqrt(smooth_squares / count) <= most(&Limits::smooth);
  }

  uint64_t clipped_;  // cells
  Grid from_;
  Grid to_;
  Moments moments_;               // of the one that is compared with
  Grid moved_;                    // the other, aligned
  Grid inside_;                   // 1 where it reaches
  std::array<float, 4> moves_{};  // shift and stretch across, and down
};

// 64 times the covariance of a and b, exact.
int64_t covariance(const std::array<uint8_t, 64>& a, const std::array<uint8_t, 64>& b) {
  int64_t sum_a = 0, sum_b = 0, products = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum_a += a[i];
    sum_b += b[i];
    products += a[i] * b[i];
  }
  return 64 * products - sum_a * sum_b;
}

bool correlates(const std::array<uint8_t, 64>& a, const std::array<uint8_t, 64>& b) {
  const auto variance_a = static_cast<double>(covariance(a, a));
  const auto variance_b = static_cast<double>(covariance(b, b));
  // A fine pattern may be even at this size: then there is nothing here to tell them apart by.
  if (variance_a == 0 || variance_b == 0) return variance_a == variance_b;
  return static_cast<double>(covariance(a, b)) >=
         kLeastCoarse * std::sqrt(variance_a) * std::sqrt(variance_b);
}

// Before all pixels are looked at: what one step of aligning would leave at 16 x 16, two rows of
// which fill one row of a regression.
class QuickLook {
 public:
  QuickLook(const SmallPicture& from, const SmallPicture& to)
      : from_(halved(from)), to_(halved(to)) {}

  bool may_be_copied() const {
    Regression<6> regression;
    double squares = 0;
    std::array<float, kSide> ones;
    ones.fill(1);
    for (size_t y = 0; y < kHalf; y += 2) {
      std::array<std::array<float, kSide>, 6> columns;
      take_columns(y, 0, columns);
      take_columns(y + 1, kHalf, columns);
      const float* target = to_.data() + y * kHalf;
      for (size_t at = 0; at < kSide; ++at) squares += double{target[at]} * target[at];
      regression.add(columns, target, ones.data());
    }
    const double left = squares - regression.explained(regression.solved());
    return left <= kMostLeft * kMostLeft * kHalf * kHalf;
  }

 private:
  static constexpr size_t kHalf = kSide / 2;
  static constexpr double kMostLeft = 18;  // levels, root of the mean square
  using Halved = std::array<float, kHalf * kHalf>;

  static Halved halved(const SmallPicture& picture) {
    Halved made;
    for (size_t y = 0; y < kHalf; ++y) {
      const uint8_t* upper = picture.grey.data() + 2 * y * kSide;
      for (size_t x = 0; x < kHalf; ++x) {
        const int sum =
            upper[2 * x] + upper[2 * x + 1] + upper[2 * x + kSide] + upper[2 * x + 1 + kSide];
        made[y * kHalf + x] = static_cast<float>(sum) / 4;
      }
    }
    return made;
  }

  // One row of the regression's columns, from `at` on.
  void take_columns(size_t y, size_t at, std::array<std::array<float, kSide>, 6>& columns) const {
    static constexpr auto kCentred = [] {
      std::array<float, kHalf> made{};
      for (size_t i = 0; i < kHalf; ++i) made[i] = Axis::centred(i, kHalf);
      return made;
    }();
    const float* here = from_.data() + y * kHalf;
    const float* above = y == 0 ? here : here - kHalf;
    const float* below = y + 1 == kHalf ? here : here + kHalf;
    float* across = columns[2].data() + at;
    across[0] = here[1] - here[0];
    for (size_t x = 1; x + 1 < kHalf; ++x) across[x] = here[x + 1] - here[x - 1];
    across[kHalf - 1] = here[kHalf - 1] - here[kHalf - 2];
    for (size_t x = 0; x < kHalf; ++x) {
      const float down = below[x] - above[x];
      columns[0][at + x] = here[x];
      columns[1][at + x] = 1;
      columns[3][at + x] = across[x] * kCentred[x];
      columns[4][at + x] = down;
      columns[5][at + x] = down * kCentred[y];
    }
  }

  Halved from_;
  Halved to_;
};

bool is_colourless(const SmallPicture& picture) {
  return std::all_of(picture.chroma.begin(), picture.chroma.end(), [](const auto& plane) {
    return std::all_of(plane.begin(), plane.end(),
                       [](uint8_t value) { return std::abs(value - 128) <= kColourless; });
  });
}

bool same_colours(const SmallPicture& a, const SmallPicture& b) {
  bool same = true;
  for (size_t plane = 0; plane < a.chroma.size(); ++plane) {
    for (size_t i = 0; i < a.chroma[plane].size(); ++i) {
      same = same && std::abs(a.chroma[plane][i] - b.chroma[plane][i]) <= kMostChroma;
    }
  }
  return same || is_colourless(a) || is_colourless(b);
}

// Cb and Cr of JFIF, of the mean colour of each cell.
void take_chroma(std::span<const uint8_t> rgb, int32_t width_px, int32_t height_px,
                 SmallPicture& picture) {
  constexpr int64_t kSamples = 8;  // of a cell, on each axis
  constexpr int kColoured = 12;    // levels between the channels
  constexpr int64_t kTellingShare = 32;
  constexpr auto kCount = static_cast<double>(kSamples * kSamples);
  for (size_t cell = 0; cell < kCells * kCells; ++cell) {
    std::array<int64_t, 3> sums{};
    int64_t clipped = 0;
    for (int64_t y = 0; y < kSamples; ++y) {
      const int64_t down = static_cast<int64_t>(cell / kCells) * kSamples + y;
      const int64_t row = (2 * down + 1) * height_px / (2 * kSamples * int64_t{kCells});
      for (int64_t x = 0; x < kSamples; ++x) {
        const int64_t across = static_cast<int64_t>(cell % kCells) * kSamples + x;
        const int64_t column = (2 * across + 1) * width_px / (2 * kSamples * int64_t{kCells});
        const uint8_t* pixel = rgb.data() + 3 * (row * width_px + column);
        for (size_t c = 0; c < 3; ++c) sums[c] += pixel[c];
        const auto [least, most] = std::minmax({pixel[0], pixel[1], pixel[2]});
        clipped += most - least > kColoured && (least < kBlack || most > kWhite);
      }
    }
    const double red = static_cast<double>(sums[0]) / kCount;
    const double green = static_cast<double>(sums[1]) / kCount;
    const double blue = static_cast<double>(sums[2]) / kCount;
    const double cb = 128 - 0.168736 * red - 0.331264 * green + 0.5 * blue;
    const double cr = 128 + 0.5 * red - 0.418688 * green - 0.081312 * blue;
    if (clipped * kTellingShare > kSamples * kSamples) picture.clipped |= uint64_t{1} << cell;
    picture.chroma[0][cell] = static_cast<uint8_t>(std::clamp(std::lround(cb), 0L, 255L));
    picture.chroma[1][cell] = static_cast<uint8_t>(std::clamp(std::lround(cr), 0L, 255L));
  }
}

}  // namespace

SmallPicture small_picture(std::span<const uint8_t> grey, std::span<const uint8_t> rgb,
                           int32_t width_px, int32_t height_px) {
  constexpr size_t kCell = kSide / kCells;
  SmallPicture picture;
  if (grey.size() != picture.grey.size()) return picture;
  std::copy(grey.begin(), grey.end(), picture.grey.begin());
  for (size_t i = 0; i < picture.coarse.size(); ++i) {
    const uint8_t* cell = grey.data() + i / kCells * kCell * kSide + i % kCells * kCell;
    unsigned sum = kCell * kCell / 2;
    for (size_t y = 0; y < kCell; ++y) {
      for (size_t x = 0; x < kCell; ++x) sum += cell[y * kSide + x];
    }
    picture.coarse[i] = static_cast<uint8_t>(sum / (kCell * kCell));
  }
  picture.extremes = static_cast<uint16_t>(std::count_if(
      grey.begin(), grey.end(), [](uint8_t value) { return value < kBlack || value > kWhite; }));
  take_chroma(rgb, width_px, height_px, picture);
  picture.width_px = static_cast<uint8_t>(std::min(width_px, kHashSidePx));
  picture.height_px = static_cast<uint8_t>(std::min(height_px, kHashSidePx));
  return picture;
}

bool is_copied(const SmallPicture& a, const SmallPicture& b) {
  if (!correlates(a.coarse, b.coarse) || !same_colours(a, b)) return false;
  size_t width = std::min(a.width_px, b.width_px);
  size_t height = std::min(a.height_px, b.height_px);
  const bool fine = width >= kFine && height >= kFine;
  if (fine) width = height = kSide;
  // What is clipped at black or white can be foretold of the other, not the other way round.
  const auto rank = [](const SmallPicture& picture) {
    return std::pair(picture.extremes, covariance(picture.coarse, picture.coarse));
  };
  const auto rank_a = rank(a);
  const auto rank_b = rank(b);
  const bool in_order = rank_a == rank_b ? a.grey <= b.grey : rank_a < rank_b;
  const SmallPicture& from = in_order ? a : b;
  const SmallPicture& to = in_order ? b : a;
  if (fine && !QuickLook(from, to).may_be_copied()) return false;
  Comparison comparison(from, to, width, height);
  return comparison.same_in_place() || comparison.same_aligned();
}

}  // namespace errata::analysis

#include "analysis/image_quality.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace errata::analysis {

namespace {

constexpr std::array kIssues{
    QualityIssueInfo{QualityIssue::kDark, "dark", 0.32, "even the brightest parts are dark"},
    QualityIssueInfo{QualityIssue::kLight, "light", 0.05, "even the darkest parts are bright"},
    QualityIssueInfo{QualityIssue::kBlurry, "blurry", 0.29, "hardly any edges"},
    QualityIssueInfo{QualityIssue::kLowInformation, "low_information", 0.3,
                     "nearly all pixels have the same few values"},
    QualityIssueInfo{QualityIssue::kOddAspectRatio, "odd_aspect_ratio", 0.35,
                     "very long and narrow"},
    QualityIssueInfo{QualityIssue::kOddSize, "odd_size", 0.5, "far larger or smaller than most"},
    QualityIssueInfo{QualityIssue::kGrayscale, "grayscale", 0.5, "no colour"}};
static_assert(kIssues.size() == kQualityIssues);

// Squared brightness as a whole number: 241 R^2 + 691 G^2 + 68 B^2 <= 1000 * 255^2 < 2^26.
constexpr uint32_t kRed = 241;
constexpr uint32_t kGreen = 691;
constexpr uint32_t kBlue = 68;
constexpr int kCoarseShift = 14;
constexpr size_t kCoarseBins = (size_t{1000} * 255 * 255 >> kCoarseShift) + 1;

double brightness_of(uint32_t squared) {
  return std::sqrt(squared / 1000.0) / 255;
}

// numpy.percentile's place between two ranks.
struct Rank {
  size_t below;
  double fraction;
};

Rank rank_of(size_t count, double percent) {
  const double at = static_cast<double>(count - 1) * percent / 100;
  const double below = std::floor(at);
  return {static_cast<size_t>(below), at - below};
}

double between(double a, double b, double fraction) {
  return fraction >= 0.5 ? b - (b - a) * (1 - fraction) : a + (b - a) * fraction;
}

// The loops over all pixels, compiled twice: reading every third byte is three times as fast with
// AVX2's shuffles.
[[gnu::always_inline]] inline void square_brightness(const uint8_t* rgb, size_t pixels,
                                                     uint32_t* out) {
  for (size_t i = 0; i < pixels; ++i) {
    const uint32_t red = rgb[3 * i];
    const uint32_t green = rgb[3 * i + 1];
    const uint32_t blue = rgb[3 * i + 2];
    out[i] = kRed * red * red + kGreen * green * green + kBlue * blue * blue;
  }
}

// Appends the values in [least, least + width).
[[gnu::always_inline]] inline void gather(std::span<const uint32_t> values, uint32_t least,
                                          uint32_t width, std::vector<uint32_t>& near) {
  constexpr size_t kBlock = 32;  // few hold a value of the range: those are looked at again
  size_t begin = 0;
  for (; begin + kBlock <= values.size(); begin += kBlock) {
    uint32_t any = 0;
    for (size_t i = begin; i < begin + kBlock; ++i) any |= values[i] - least < width;
    if (any == 0) continue;
    for (size_t i = begin; i < begin + kBlock; ++i) {
      if (values[i] - least < width) near.push_back(values[i]);
    }
  }
  for (; begin < values.size(); ++begin) {
    if (values[begin] - least < width) near.push_back(values[begin]);
  }
}

void square_plain(const uint8_t* rgb, size_t pixels, uint32_t* out) {
  square_brightness(rgb, pixels, out);
}
void gather_plain(std::span<const uint32_t> values, uint32_t least, uint32_t width,
                  std::vector<uint32_t>& near) {
  gather(values, least, width, near);
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] void square_avx2(const uint8_t* rgb, size_t pixels, uint32_t* out) {
  square_brightness(rgb, pixels, out);
}
[[gnu::target("avx2")]] void gather_avx2(std::span<const uint32_t> values, uint32_t least,
                                         uint32_t width, std::vector<uint32_t>& near) {
  gather(values, least, width, near);
}
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#else
constexpr auto* square_avx2 = square_plain;
constexpr auto* gather_avx2 = gather_plain;
constexpr bool has_avx2() {
  return false;
}
#endif

// Exact order statistics of many whole numbers: a coarse histogram says which few of them to sort.
class OrderStatistics {
 public:
  explicit OrderStatistics(std::span<const uint32_t> values) : values_(values) {
    for (const uint32_t value : values) ++bins_[value >> kCoarseShift];
  }

  double brightness(double percent) const {
    const Rank rank = rank_of(values_.size(), percent);
    const size_t above = std::min(rank.below + 1, values_.size() - 1);
    size_t before = 0;
    size_t low = 0;
    while (before + bins_[low] <= rank.below) before += bins_[low++];
    size_t high = low;
    for (size_t seen = before + bins_[low]; seen <= above;) seen += bins_[++high];
    const auto least = static_cast<uint32_t>(low << kCoarseShift);
    const auto width = static_cast<uint32_t>((high - low + 1) << kCoarseShift);
    std::vector<uint32_t> near;
    (has_avx2() ? gather_avx2 : gather_plain)(values_, least, width, near);
    const auto at = near.begin() + static_cast<std::ptrdiff_t>(rank.below - before);
    std::nth_element(near.begin(), at, near.end());
    const uint32_t first = *at;
    const uint32_t second = above == rank.below ? first : *std::min_element(at + 1, near.end());
    return between(brightness_of(first), brightness_of(second), rank.fraction);
  }

 private:
  std::span<const uint32_t> values_;
  std::array<uint32_t, kCoarseBins> bins_{};
};

using Histogram = std::array<uint32_t, 256>;

// Neighbouring pixels are often equal; counting them in turn in two tables spares the wait for the
// count just written.
struct ChannelHistograms {
  std::array<Histogram, 6> tables{};

  void count(const uint8_t* rgb, size_t pixels) {
    size_t i = 0;
    for (; i + 1 < pixels; i += 2, rgb += 6) {
      for (size_t c = 0; c < 6; ++c) ++tables[c][rgb[c]];
    }
    if (i < pixels) {
      for (size_t c = 0; c < 3; ++c) ++tables[c][rgb[c]];
    }
  }
  uint32_t of(size_t channel, size_t value) const {
    return tables[channel][value] + tables[channel + 3][value];
  }
};

double entropy_of(const ChannelHistograms& histograms, size_t channels, size_t pixels) {
  const auto total = static_cast<double>(pixels * channels);
  double entropy = 0;
  for (size_t c = 0; c < channels; ++c) {
    for (size_t value = 0; value < 256; ++value) {
      const uint32_t count = histograms.of(c, value);
      if (count == 0) continue;
      const double share = count / total;
      entropy -= share * std::log2(share);
    }
  }
  return entropy;
}

double saturating(double value) {
  return 1 - std::exp(-0.01 * value);
}

// Standard deviation of Pillow's FIND_EDGES: 8 times a pixel less its neighbours, cut to a byte;
// the border is copied.
double edge_deviation(std::span<const uint8_t> grey, int32_t width_px, int32_t height_px) {
  uint64_t sum = 0;
  uint64_t squares = 0;
  for (int32_t y = 0; y < height_px; ++y) {
    const uint8_t* row = grey.data() + static_cast<ptrdiff_t>(y) * width_px;
    for (int32_t x = 0; x < width_px; ++x) {
      int edge = row[x];
      if (x > 0 && y > 0 && x + 1 < width_px && y + 1 < height_px) {
        edge *= 9;
        for (int dy = -1; dy <= 1; ++dy) {
          const uint8_t* near = row + static_cast<ptrdiff_t>(dy) * width_px + x;
          edge -= near[-1] + near[0] + near[1];
        }
        edge = std::clamp(edge, 0, 255);
      }
      sum += static_cast<uint64_t>(edge);
      squares += static_cast<uint64_t>(edge * edge);
    }
  }
  const auto count = static_cast<double>(grey.size());
  const auto total = static_cast<double>(sum);
  const double variance = (static_cast<double>(squares) - total * total / count) / count;
  return std::sqrt(std::max(0.0, variance));
}

// Standard deviation of the 256 counts of the histogram.
double histogram_deviation(std::span<const uint8_t> grey) {
  Histogram histogram{};
  for (const uint8_t value : grey) ++histogram[value];
  const double mean = static_cast<double>(grey.size()) / 256;
  double squares = 0;
  for (const uint32_t count : histogram) squares += (count - mean) * (count - mean);
  return std::sqrt(squares / 256);
}

double percentile(const std::vector<double>& sorted, double percent) {
  const Rank rank = rank_of(sorted.size(), percent);
  return between(sorted[rank.below], sorted[std::min(rank.below + 1, sorted.size() - 1)],
                 rank.fraction);
}

}  // namespace

std::span<const QualityIssueInfo> quality_issues() {
  return kIssues;
}

const QualityIssueInfo* find_quality_issue(std::string_view name) {
  const auto found = std::find_if(kIssues.begin(), kIssues.end(),
                                  [&](const QualityIssueInfo& each) { return each.name == name; });
  return found == kIssues.end() ? nullptr : &*found;
}

std::vector<uint8_t> to_grey(RgbPixels image) {
  std::vector<uint8_t> grey(image.count());
  const uint8_t* rgb = image.bytes.data();
  for (size_t i = 0; i < grey.size(); ++i, rgb += 3) {
    const uint32_t luma = rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U;
    grey[i] = static_cast<uint8_t>(luma >> 16);
  }
  return grey;
}

bool is_grey(RgbPixels image) {
  constexpr size_t kBlock = 1024;  // looked at whole, so that the loop has no branch
  const size_t pixels = image.count();
  for (size_t begin = 0; begin < pixels; begin += kBlock) {
    const size_t end = std::min(begin + kBlock, pixels);
    unsigned differs = 0;
    for (size_t i = begin; i < end; ++i) {
      const uint8_t* rgb = image.bytes.data() + 3 * i;
      differs |= static_cast<unsigned>(rgb[0] ^ rgb[1]) | static_cast<unsigned>(rgb[1] ^ rgb[2]);
    }
    if (differs != 0) return false;
  }
  return true;
}

PixelStatistics pixel_statistics(RgbPixels image, bool one_channel) {
  PixelStatistics statistics;
  const size_t pixels = image.count();
  if (pixels == 0) return statistics;
  ChannelHistograms histograms;
  histograms.count(image.bytes.data(), pixels);
  statistics.entropy_bits = entropy_of(histograms, one_channel ? 1 : 3, pixels);
  const auto squared = std::make_unique_for_overwrite<uint32_t[]>(pixels);
  (has_avx2() ? square_avx2 : square_plain)(image.bytes.data(), pixels, squared.get());
  const OrderStatistics order({squared.get(), pixels});
  statistics.brightness_p05 = order.brightness(5);
  statistics.brightness_p99 = order.brightness(99);
  return statistics;
}

BlurSize blur_size(int32_t width_px, int32_t height_px) {
  constexpr int64_t kLongest = 64;
  const int64_t longer = std::max(width_px, height_px);
  if (longer <= kLongest) return {width_px, height_px};
  const auto side = [&](int64_t px) {
    return static_cast<int32_t>(std::max<int64_t>(px * kLongest / longer, 1));
  };
  return {side(width_px), side(height_px)};
}

double sharpness(std::span<const uint8_t> grey, int32_t width_px, int32_t height_px) {
  if (grey.empty()) return 0;
  constexpr double kLeastSpread = 0.18;
  const double edges = saturating(edge_deviation(grey, width_px, height_px));
  const double spread = saturating(histogram_deviation(grey));
  return std::min(1.0, edges + (spread <= kLeastSpread ? 0 : spread));
}

double aspect_score(int32_t width_px, int32_t height_px) {
  const double ratio = static_cast<double>(width_px) / height_px;
  return std::min(ratio, 1 / ratio);
}

double low_information_score(double entropy_bits) {
  return std::min(1.0, 0.1 * entropy_bits);
}

SizeScores size_scores(std::span<const double> sizes_px) {
  constexpr double kReach = 3;  // interquartile ranges
  SizeScores result;
  if (sizes_px.empty()) return result;
  std::vector<double> sorted(sizes_px.begin(), sizes_px.end());
  std::sort(sorted.begin(), sorted.end());
  const double q1 = percentile(sorted, 25);
  const double q3 = percentile(sorted, 75);
  const double least = q1 - kReach * (q3 - q1);
  const double most = q3 + kReach * (q3 - q1);
  const double middle = (least + most) / 2;
  // With equal quartiles every other size is odd, and its distance is measured in sizes.
  const bool all_alike = !(most > least);
  result.threshold = all_alike ? 1 : 0.5;
  const double unit = all_alike ? middle : most - least;
  for (const double size : sizes_px) {
    result.scores.push_back(1 - std::clamp(std::abs(size - middle) / unit, 0.0, 1.0));
  }
  return result;
}

}  // namespace errata::analysis

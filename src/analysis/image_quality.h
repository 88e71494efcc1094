// What is wrong with a picture as a picture, measured as CleanVision 0.3 measures it
// (cleanvision/issue_managers/image_property.py): pure functions of decoded pixels.
//
// Scores lie in [0, 1] and low is bad. They equal CleanVision's but where its definition does not
// hold: a palette is read as its colours (there: as the numbers of its entries), alpha is dropped,
// and a picture whose three channels are equal counts as grey however it is stored.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace errata::analysis {

enum class QualityIssue : uint8_t {
  kDark,
  kLight,
  kBlurry,
  kLowInformation,
  kOddAspectRatio,
  kOddSize,
  kGrayscale
};
inline constexpr size_t kQualityIssues = 7;

struct QualityIssueInfo {
  QualityIssue issue;
  std::string_view name;  // CleanVision's, and that of the score column
  double threshold;       // an issue below it
  std::string_view meaning;
};
std::span<const QualityIssueInfo> quality_issues();  // in the order of the enumeration
// What most pictures are is how the data set is, and no fault of any.
constexpr bool is_common_quality(size_t found, size_t measured) {
  return found * 2 > measured;
}
const QualityIssueInfo* find_quality_issue(std::string_view name);  // nullptr: there is none

// Interleaved R, G, B without padding.
struct RgbPixels {
  std::span<const uint8_t> bytes;
  int32_t width_px = 0;
  int32_t height_px = 0;

  size_t count() const { return bytes.size() / 3; }
};

// ITU-R 601 luma in fixed point, as Pillow's convert("L").
std::vector<uint8_t> to_grey(RgbPixels image);

// Every pixel has R = G = B.
bool is_grey(RgbPixels image);

struct PixelStatistics {
  double brightness_p05 = 0;  // percentiles of sqrt(.241 R^2 + .691 G^2 + .068 B^2) / 255
  double brightness_p99 = 0;
  double entropy_bits = 0;  // Shannon, over the histograms of all stored channels together
};
// `one_channel`: the picture is stored as one grey channel, whose histogram then counts once; its
// pixels are grey. Percentiles are between the two nearest ranks, as numpy.percentile's.
PixelStatistics pixel_statistics(RgbPixels image, bool one_channel);

// The size a picture is looked at for blur: its longer side at most 64.
struct BlurSize {
  int32_t width_px = 0;
  int32_t height_px = 0;
};
BlurSize blur_size(int32_t width_px, int32_t height_px);
// Of the grey picture already shrunk (Pillow's bicubic) to blur_size. The strength of its edges and
// the spread of its histogram's counts, each mapped to [0, 1) and added.
double sharpness(std::span<const uint8_t> grey, int32_t width_px, int32_t height_px);

double aspect_score(int32_t width_px, int32_t height_px);  // shorter side over longer
double low_information_score(double entropy_bits);

// How far each size sqrt(width * height) lies from the middle of the usual ones, which are within
// three times the interquartile range of the quartiles.
struct SizeScores {
  std::vector<double> scores;  // 1 in the middle
  double threshold = 0.5;      // an issue below it; 1 when more than half of all sizes are equal
};
SizeScores size_scores(std::span<const double> sizes_px);

}  // namespace errata::analysis

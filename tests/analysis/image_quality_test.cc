#include "analysis/image_quality.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace errata::analysis;

namespace {

double naive_percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const double at = static_cast<double>(values.size() - 1) * percent / 100;
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (at - std::floor(at));
}

double brightness(const uint8_t* rgb) {
  return std::sqrt(0.241 * rgb[0] * rgb[0] + 0.691 * rgb[1] * rgb[1] + 0.068 * rgb[2] * rgb[2]) /
         255;
}

}  // namespace

TEST_CASE("percentiles of brightness are those of all pixels sorted") {
  std::mt19937 random(3);
  for (const size_t pixels : {1, 2, 3, 20, 31, 33, 101, 5000}) {
    for (const unsigned levels : {1U, 2U, 256U}) {
      CAPTURE(pixels);
      CAPTURE(levels);
      std::vector<uint8_t> rgb(pixels * 3);
      for (uint8_t& value : rgb) value = static_cast<uint8_t>(random() % levels * 255 / levels);
      std::vector<double> all;
      for (size_t i = 0; i < pixels; ++i) all.push_back(brightness(&rgb[3 * i]));
      const PixelStatistics found = pixel_statistics({rgb, static_cast<int32_t>(pixels), 1}, false);
      CHECK(found.brightness_p05 == doctest::Approx(naive_percentile(all, 5)).epsilon(1e-12));
      CHECK(found.brightness_p99 == doctest::Approx(naive_percentile(all, 99)).epsilon(1e-12));
    }
  }
}

TEST_CASE("entropy counts a grey channel once, and three equal ones as three") {
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 256; ++i) rgb.insert(rgb.end(), 3, static_cast<uint8_t>(i));
  CHECK(pixel_statistics({rgb, 16, 16}, true).entropy_bits == doctest::Approx(8));
  CHECK(pixel_statistics({rgb, 16, 16}, false).entropy_bits == doctest::Approx(8 + std::log2(3.0)));
  // One histogram for each channel: the same value in another channel is another symbol.
  const std::vector<uint8_t> flat{9, 9, 9, 9, 9, 9};
  CHECK(pixel_statistics({flat, 2, 1}, true).entropy_bits == doctest::Approx(0));
  CHECK(pixel_statistics({std::vector<uint8_t>{1, 2, 3, 1, 2, 3}, 2, 1}, false).entropy_bits ==
        doctest::Approx(std::log2(3.0)));
}

TEST_CASE("a picture is grey only when every pixel is") {
  std::vector<uint8_t> rgb(3 * 5000, 77);
  CHECK(is_grey({rgb, 100, 50}));
  rgb[3 * 4999 + 2] = 78;
  CHECK_FALSE(is_grey({rgb, 100, 50}));
}

TEST_CASE("odd sizes: alike, one odd among alike, and a usual spread") {
  CHECK(size_scores(std::vector<double>{5, 5, 5}).scores == std::vector<double>{1, 1, 1});
  // Equal quartiles: by the usual rule the distance would be divided by zero.
  std::vector<double> sizes(20, 100.0);
  sizes.push_back(101);
  const SizeScores alike = size_scores(sizes);
  CHECK(alike.threshold == 1);
  CHECK(alike.scores.back() == doctest::Approx(0.99));
  CHECK(alike.scores.front() == 1);
  const SizeScores spread = size_scores(std::vector<double>{10, 11, 12, 13, 14, 100});
  CHECK(spread.threshold == 0.5);
  CHECK(spread.scores.back() == 0);
  CHECK(spread.scores[2] > 0.9);
}

TEST_CASE("a sharp picture scores above its blurred self") {
  // Many values, so that the spread of the histogram does not count and the edges decide.
  std::mt19937 random(5);
  std::vector<uint8_t> sharp;
  for (int i = 0; i < 64 * 64; ++i) sharp.push_back(static_cast<uint8_t>(random() % 32 + i / 32));
  std::vector<uint8_t> soft = sharp;
  for (size_t i = 5; i + 5 < sharp.size(); ++i) {
    int sum = 0;
    for (size_t k = i - 5; k <= i + 5; ++k) sum += sharp[k];
    soft[i] = static_cast<uint8_t>(sum / 11);
  }
  const double sharp_score = sharpness(sharp, 64, 64);
  CHECK(sharp_score > sharpness(soft, 64, 64));
  CHECK(blur_size(500, 375).width_px == 64);
  CHECK(blur_size(500, 375).height_px == 48);
  CHECK(blur_size(1000, 3).height_px == 1);
  CHECK(blur_size(64, 20).height_px == 20);
}

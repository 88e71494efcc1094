#include "analysis/copied_picture.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr int kSide = kHashSidePx;

using Shade = std::function<double(double x, double y)>;  // of 0 to 32: grey levels

std::vector<uint8_t> draw(const Shade& shade) {
  constexpr int kFine = 4;
  std::vector<uint8_t> grey;
  for (int i = 0; i < kSide * kSide; ++i) {
    double sum = 0;
    for (int k = 0; k < kFine * kFine; ++k) {
      sum += shade(i % kSide + (k % kFine + 0.5) / kFine, i / kSide + (k / kFine + 0.5) / kFine);
    }
    grey.push_back(static_cast<uint8_t>(std::clamp(sum / (kFine * kFine), 0.0, 255.0)));
  }
  return grey;
}

SmallPicture picture(const std::vector<uint8_t>& grey, int32_t width_px = 100,
                     std::vector<uint8_t> colour = {120, 120, 120}) {
  std::vector<uint8_t> rgb;
  for (int32_t i = 0; i < width_px * width_px; ++i) {
    rgb.insert(rgb.end(), colour.begin(), colour.end());
  }
  return small_picture(grey, rgb, width_px, width_px);
}

// A light shirt on black, as thousands of others.
double shirt(double x, double y) {
  const bool body = x > 8 && x < 24 && y > 3;
  const bool sleeve = std::abs(x - 16) < 14 && y > 3 && y < 12;
  return body || sleeve ? 190 + 10 * std::sin(x) : 0;
}

SmallPicture shirt_with(double level) {
  return picture(draw([&](double x, double y) {
    const bool print = x > 13 && x < 19 && y > 14 && y < 18;
    return shirt(x, y) + (print ? level : 0);
  }));
}

double correlation(const SmallPicture& a, const SmallPicture& b) {
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  const auto n = static_cast<double>(a.grey.size());
  for (size_t i = 0; i < a.grey.size(); ++i) {
    const double one = a.grey[i], other = b.grey[i];
    sum_a += one, sum_b += other, aa += one * one, bb += other * other, ab += one * other;
  }
  return (ab - sum_a * sum_b / n) / std::sqrt((aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n));
}

bool copied_both_ways(const SmallPicture& a, const SmallPicture& b) {
  CHECK(is_copied(a, b) == is_copied(b, a));
  return is_copied(a, b);
}

}  // namespace

TEST_CASE("plain pictures that correlate are no copies when they differ much in one place") {
  const SmallPicture plain = shirt_with(0);
  const SmallPicture printed = shirt_with(-45);
  CHECK(correlation(plain, printed) > 0.985);  // that is all that the naive look asks for
  CHECK_FALSE(copied_both_ways(plain, printed));
  CHECK(copied_both_ways(plain, shirt_with(-8)));
}

TEST_CASE("as much difference spread as noise, as a JPEG leaves it, is a copy") {
  std::vector<uint8_t> grey = draw(shirt);
  const SmallPicture clean = picture(grey);
  std::mt19937 random(3);
  for (uint8_t& value : grey) {
    value = static_cast<uint8_t>(std::clamp(static_cast<int>(value + random() % 37) - 18, 0, 255));
  }
  // Its correlation is no better than that of another print.
  CHECK(correlation(clean, picture(grey)) < correlation(clean, shirt_with(-45)));
  CHECK(copied_both_ways(clean, picture(grey)));
}

TEST_CASE("brighter and clipped is a copy; far brighter is another thing of that shape") {
  const auto shade = [](double gain) {
    return picture(draw([&](double x, double y) { return gain * shirt(x, y); }));
  };
  CHECK(copied_both_ways(shade(1), shade(1.2)));
  CHECK(copied_both_ways(shade(1), shade(1.33)));  // most of it is at 255
  CHECK(copied_both_ways(shade(1), shade(0.8)));
  CHECK_FALSE(copied_both_ways(shade(1), shade(0.4)));
}

TEST_CASE("what one picture has lost to white can be foretold from the other, whichever has less") {
  // Most of it is white when brighter: then the brighter one has less contrast.
  const auto bright = [](double gain) {
    return picture(
        draw([&](double x, double y) { return gain * (200 + 2 * x + 0.1 * x * y / 4); }));
  };
  CHECK(copied_both_ways(bright(0.85), bright(1.02)));
}

TEST_CASE("where one colour is clipped its grey cannot be foretold, and counts less") {
  // Brighter by a fifth, of which red has lost 25 levels of grey in one place.
  const auto lit = [](double gain, double lost, const std::vector<uint8_t>& colour) {
    return picture(draw([&](double x, double y) {
                     return gain * (100 + 60 * std::sin(x / 3) * std::cos(y / 4)) -
                            (x > 8 && x < 16 && y > 8 && y < 16 ? lost : 0);
                   }),
                   100, colour);
  };
  CHECK(copied_both_ways(lit(1, 0, {240, 200, 190}), lit(1.2, 25, {255, 215, 205})));
  CHECK_FALSE(copied_both_ways(lit(1, 0, {200, 160, 150}), lit(1.2, 25, {240, 190, 180})));
}

TEST_CASE("of pictures of 8 x 8 pixels one is much: a digit is not another one's copy") {
  const auto digit = [](int end, int noise) {
    std::mt19937 random(7);
    std::array<int, 64> pixels{};
    for (int i = 0; i < 64; ++i) {
      const int x = i % 8, y = i / 8;
      pixels[i] = x == 3 || (y == 6 && x > 1 && x < 6) || (y == 1 && x == 2) ? 230 : 12;
      if (x == 4 && y == 2) pixels[i] += end;
      if (noise > 0) pixels[i] += static_cast<int>(random() % (2 * noise + 1)) - noise;
    }
    std::vector<uint8_t> grey;
    for (int i = 0; i < kSide * kSide; ++i) {
      grey.push_back(static_cast<uint8_t>(pixels[i / kSide / 4 * 8 + i % kSide / 4]));
    }
    return grey;
  };
  CHECK_FALSE(copied_both_ways(picture(digit(0, 0), 8), picture(digit(110, 0), 8)));
  CHECK(copied_both_ways(picture(digit(0, 0), 8), picture(digit(0, 9), 8)));
}

TEST_CASE("a row less is a copy, which the pixels in place do not say") {
  const auto cropped = [](double rows, double of) {
    return picture(draw([&](double x, double y) { return shirt(x, rows + y * (of - rows) / of); }),
                   28);
  };
  const SmallPicture whole = picture(draw(shirt), 28);
  const SmallPicture row_less = cropped(32.0 / 28, 32);
  int largest = 0;
  for (size_t i = 0; i < whole.grey.size(); ++i) {
    largest = std::max(largest, std::abs(whole.grey[i] - row_less.grey[i]));
  }
  CHECK(largest > 100);
  CHECK(copied_both_ways(whole, row_less));
  CHECK_FALSE(copied_both_ways(whole, cropped(5, 32)));
}

TEST_CASE("a picture of few pixels is compared by what it has") {
  // Stripes of one pixel of 32, which half the size turns into plain grey.
  const std::vector<uint8_t> striped = draw([](double x, double y) {
    return shirt(x, y) - (shirt(x, y) > 0 ? 90.0 * (static_cast<int>(x) % 2) : 0);
  });
  const std::vector<uint8_t> grey =
      draw([](double x, double y) { return shirt(x, y) - (shirt(x, y) > 0 ? 45.0 : 0); });
  CHECK(copied_both_ways(picture(striped, 32), picture(grey, 16)));
  CHECK_FALSE(copied_both_ways(picture(striped, 32), picture(grey, 32)));
}

TEST_CASE("one shape in other colours is another thing, without colours it is not") {
  const std::vector<uint8_t> grey = draw(shirt);
  const SmallPicture red = picture(grey, 100, {200, 60, 60});
  const SmallPicture blue = picture(grey, 100, {60, 70, 230});
  CHECK_FALSE(copied_both_ways(red, blue));
  CHECK(copied_both_ways(red, picture(grey, 100, {190, 70, 65})));
  CHECK(copied_both_ways(red, picture(grey)));
}

TEST_CASE("faint pictures are held to their own contrast") {
  const auto faint = [](double level) {
    return picture(draw([&](double x, double y) {
      return 100 + shirt(x, y) / 30 + (x > 13 && x < 19 && y > 14 && y < 20 ? level : 0);
    }));
  };
  // Six levels are little, and all that there is.
  CHECK_FALSE(copied_both_ways(faint(0), faint(6)));
  CHECK(copied_both_ways(faint(0), faint(1)));
}

TEST_CASE("pictures of two pixels are compared without falling over") {
  const std::vector<uint8_t> grey = draw(shirt);
  for (const int32_t width : {2, 3, 9}) {
    CHECK(copied_both_ways(picture(grey, width), picture(grey, 100)));
  }
}

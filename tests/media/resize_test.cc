#include "media/resize.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "media/decode.h"
#include "media/resample.h"
#include "tests/media/golden.h"

using namespace errata;
using namespace errata::media;

namespace {

// The golden sources are RGB; Pillow's "L" of them.
Image to_grey(const Image& image) {
  Image grey(image.width_px, image.height_px, 1);
  for (size_t i = 0; i < grey.pixels.size(); ++i) {
    const uint8_t* p = image.pixels.data() + 3 * i;
    grey.pixels[i] =
        static_cast<uint8_t>((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16);
  }
  return grey;
}

Image noise(int32_t width, int32_t height, int32_t channels, unsigned seed) {
  std::mt19937 random(seed);
  Image image(width, height, channels);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random());
  return image;
}

void check_table(const char* table, PillowOrder order) {
  std::map<std::string, Image> sources;
  for (const auto& row : test::read_golden_table(table)) {
    CAPTURE(table);
    CAPTURE(row[0] + " " + row[1] + " " + row[2] + " " + row[3] + "x" + row[4]);
    Image& source = sources[row[0]];
    if (source.empty()) {
      source = decode_rgb(read_file(test::golden_path("resize/" + row[0]))).image;
    }
    Filter filter{};
    REQUIRE(parse_filter_name(row[2], filter));
    const Image result = resize(row[1] == "L" ? to_grey(source) : source, std::stoi(row[3]),
                                std::stoi(row[4]), filter, order);
    CHECK(test::pixel_hash(result) == row[5]);
  }
}

}  // namespace

TEST_CASE("resize equals Pillow up to 12.1, every filter") {
  check_table("resize_12_1.tsv", PillowOrder::kUpTo12_1);
}

TEST_CASE("resize equals Pillow 12.2 and 12.3, tall images included") {
  check_table("resize_12_2.tsv", PillowOrder::k12_2);
}

TEST_CASE("resize equals Pillow 13.0, tall images included") {
  check_table("resize_13_0.tsv", PillowOrder::k13_0);
}

TEST_CASE("the plain loops give the golden bytes too") {
  internal::set_resample_simd(false);
  check_table("resize_12_1.tsv", PillowOrder::kUpTo12_1);
  check_table("resize_13_0.tsv", PillowOrder::k13_0);
  internal::set_resample_simd(true);
}

TEST_CASE("the documented example: 0 10 20 30 becomes 7 23") {
  Image row(4, 1, 1);
  row.pixels = {0, 10, 20, 30};
  CHECK(resize(row, 2, 1, Filter::kBilinear).pixels == std::vector<uint8_t>{7, 23});
}

TEST_CASE("vector and plain kernels agree on random images and sizes") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const auto side = [&](int limit) { return static_cast<int32_t>(1 + random() % limit); };
    const Image image = noise(side(90), side(90), 3, random());
    const Size to{side(120), side(120)};
    const auto filter = static_cast<Filter>(random() % 6);
    const auto order = static_cast<PillowOrder>(random() % 3);
    const Image fast = resize(image, to.width_px, to.height_px, filter, order);
    internal::set_resample_simd(false);
    const Image plain = resize(image, to.width_px, to.height_px, filter, order);
    internal::set_resample_simd(true);
    REQUIRE(fast == plain);
  }
}

TEST_CASE("a cropped resize is the crop of the resize") {
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    const auto side = [&](int limit) { return static_cast<int32_t>(1 + random() % limit); };
    const Image image = noise(side(60), side(60), round % 2 == 0 ? 3 : 1, random());
    const Size to{side(80), side(80)};
    const Size part{side(to.width_px), side(to.height_px)};
    const auto left = static_cast<int32_t>(random() % (to.width_px - part.width_px + 1));
    const auto top = static_cast<int32_t>(random() % (to.height_px - part.height_px + 1));
    const auto filter = static_cast<Filter>(random() % 6);
    const auto order = static_cast<PillowOrder>(random() % 3);
    REQUIRE(resize_crop(image, to, left, top, part, filter, order) ==
            crop(resize(image, to.width_px, to.height_px, filter, order), left, top, part));
    const Size any{side(90), side(90)};
    REQUIRE(resize_center_crop(image, to, any, filter, order, {1, 2, 3}) ==
            center_crop(resize(image, to.width_px, to.height_px, filter, order), any, {1, 2, 3}));
  }
}

TEST_CASE("rounding, sizes and offsets follow Python") {
  CHECK(python_round(0.5) == 0);
  CHECK(python_round(1.5) == 2);
  CHECK(python_round(2.5) == 2);
  CHECK(python_round(58.5) == 58);
  CHECK(python_round(-0.5) == 0);
  CHECK(python_round(-1.5) == -2);
  CHECK(size_for_shorter_side({500, 375}, 256) == Size{341, 256});
  CHECK(size_for_shorter_side({375, 500}, 256) == Size{256, 341});
  CHECK(size_for_shorter_side({100, 100}, 224) == Size{224, 224});
  CHECK(size_for_shorter_side({1000, 10}, 256, 512) == Size{512, 5});
  CHECK(timm_scale_size(224, 0.875) == 256);
  CHECK(timm_scale_size(224, 0.9) == 248);
  CHECK(timm_scale_size(224, 0.95) == 235);
  CHECK(size_keeping_ratio({500, 375}, {248, 248}, true) == Size{248, 186});
  CHECK(size_keeping_ratio({500, 375}, {320, 256}, false) == Size{341, 256});
  // 3 and 4 columns are 2.5 apart from the middle: to the even one.
  Image wide(9, 1, 1);
  wide.pixels = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(center_crop(wide, {4, 1}).pixels == std::vector<uint8_t>{2, 3, 4, 5});
  CHECK(center_crop(wide, {2, 1}).pixels == std::vector<uint8_t>{4, 5});
}

TEST_CASE("a crop larger than the image pads floor before and ceil behind") {
  Image image(2, 1, 1);
  image.pixels = {8, 9};
  CHECK(center_crop(image, {5, 2}, {7, 7, 7}).pixels ==
        std::vector<uint8_t>{7, 8, 9, 7, 7, 7, 7, 7, 7, 7});
}

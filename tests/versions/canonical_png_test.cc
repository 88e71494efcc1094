#include "versions/canonical_png.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/hash.h"

using namespace errata;
using namespace errata::versions;

namespace {

RawImage pattern(int32_t width, int32_t height, int channels) {
  RawImage image{width, height, channels, {}};
  const size_t n = size_t(width) * size_t(height) * size_t(channels);
  for (size_t i = 0; i < n; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 7 + i / 251));
  return image;
}

std::string png_sha(const RawImage& image) {
  std::vector<uint8_t> png;
  write_canonical_png(image, png);
  return to_hex(sha256(std::string_view(reinterpret_cast<const char*>(png.data()), png.size())));
}

}  // namespace

TEST_CASE("the bytes are those the header documents") {
  // From canonical_png_reference.py, which writes the layout with Python's zlib.crc32 and adler32
  // and reads it back with Pillow where that is installed.
  CHECK(png_sha(pattern(1, 1, 1)) ==
        "686593006ba0db476865efa25ff90ccde940772284aa95d79ebef425e65394c7");
  CHECK(png_sha(pattern(28, 28, 1)) ==
        "f7d4231b62dd1eb06131e131ae9e98ebd5af0eb6eec06d0e3f2b2af7122514c6");
  CHECK(png_sha(pattern(32, 32, 3)) ==
        "0fb1c364d1d03c968ff28b0c3654b004da9b7bc028571a8464ae6122ab290f1f");
  CHECK(
      png_sha(pattern(300, 257, 3)) ==
      "cfe905538f6fadca27da5172f8d2239d70d3fdccd3412c891115d4088fa532d3");  // several stored blocks
  CHECK(png_sha(pattern(65534, 1, 1)) ==
        "262e96aa1050409e7b965fc2610a22962f126fe2d332ab34c5b7ca29973cf96e");  // exactly one full
                                                                              // block
}

TEST_CASE("shape is part of the content") {
  RawImage wide = pattern(4, 2, 1);
  RawImage tall = wide;
  std::swap(tall.width_px, tall.height_px);
  CHECK(png_sha(wide) != png_sha(tall));
}

TEST_CASE("sizes that do not fit the pixels are refused") {
  std::vector<uint8_t> png;
  RawImage image = pattern(4, 4, 1);
  image.pixels.pop_back();
  CHECK_THROWS_AS(write_canonical_png(image, png), Error);
  CHECK_THROWS_AS(write_canonical_png({0, 4, 1, {}}, png), Error);
  CHECK_THROWS_AS(write_canonical_png({1, 1, 2, {1, 2}}, png), Error);
}

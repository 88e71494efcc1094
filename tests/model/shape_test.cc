#include "model/shape.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"

namespace errata {

TEST_CASE("a shape comes out of its bytes as it went in, to the last bit") {
  Shape shape;
  shape.polygons = {{510.66, 423.01, 511.72, 420.03, 510.45, 416.0, -0.25, 1e6}, {}};
  shape.mask = {4, 5, {5, 2, 2, 2, 2, 2, 5}};
  shape.corners = {0.1, 0.2, 1.0 / 3, 2, 3, 4, 5, 1e300};
  shape.keypoints = {229, 256, 2, 0, 0, 0};
  CHECK(decode_shape(encode_shape(shape)) == shape);
  CHECK(encode_shape({}).empty());
  CHECK(decode_shape("") == Shape());
  // -0.0 is not 0.0 where a file is given back.
  const Shape zero{.polygons = {{-0.0, 1}}};
  CHECK(std::signbit(decode_shape(encode_shape(zero)).polygons[0][0]));
}

TEST_CASE("coordinates with two decimals take about two bytes each") {
  Shape shape;
  shape.polygons.emplace_back();
  for (int i = 0; i < 100; ++i) {
    shape.polygons[0].push_back((51'066 + i * 37 % 90) / 100.0);
    shape.polygons[0].push_back((42'301 + i * 53 % 80) / 100.0);
  }
  CHECK(encode_shape(shape).size() < 420);
  CHECK(decode_shape(encode_shape(shape)) == shape);
}

TEST_CASE("the size of a mask is read off its bytes, also behind polygons") {
  const Shape mask{.mask = {4, 5, {5, 2, 13}}};
  CHECK(mask_size_of(encode_shape(mask)) == std::array<int32_t, 2>{5, 4});
  Shape both = mask;
  both.polygons = {{2, 4, 5, 2, 9, 9}};
  CHECK(mask_size_of(encode_shape(both)) == std::array<int32_t, 2>{5, 4});
  both.mask = {};
  CHECK_FALSE(mask_size_of(encode_shape(both)).has_value());
  CHECK_FALSE(mask_size_of("").has_value());
}

TEST_CASE("bytes that are no shape are refused") {
  for (const std::string& bytes :
       {std::string("\x09"), std::string("\x01\x7f"), std::string("\x01\x01\x02\x09"),
        std::string("\x02\x04\x05\x03\x01"), std::string("\x03\x08\x07zz")}) {
    CHECK_THROWS_AS(decode_shape(bytes), Error);
  }
}

TEST_CASE("run lengths as strings are pycocotools'") {
  MaskRuns mask{4, 5, {5, 2, 2, 2, 2, 2, 5}};
  CHECK(rle_to_string(mask) == "5220003");
  CHECK(mask_area(mask) == 6);
  CHECK(rle_to_string({2, 2, {0, 4}}) == "04");
  MaskRuns read{4, 5, {}};
  REQUIRE(rle_from_string("5220003", read));
  CHECK(read == mask);
  const ShapeBounds bounds = bounds_of({.mask = mask});
  CHECK(bounds.x == 1);
  CHECK(bounds.y == 1);
  CHECK(bounds.width == 3);
  CHECK(bounds.height == 2);
  CHECK_FALSE(rle_from_string("5220002", read));  // 19 pixels
  CHECK_FALSE(rle_from_string("5220003P", read));
  CHECK_FALSE(rle_from_string("52 0003", read));
}

TEST_CASE("random run lengths survive their string") {
  uint64_t state = 7;
  const auto next = [&] { return state = state * 6364136223846793005u + 1442695040888963407u; };
  for (int round = 0; round < 200; ++round) {
    MaskRuns mask;
    const size_t runs = 1 + (next() >> 60);
    for (size_t i = 0; i < runs; ++i) {
      mask.counts.push_back(static_cast<uint32_t>((next() >> 33) >> (next() >> 59)));
    }
    uint64_t total = 0;
    for (const uint32_t count : mask.counts) total += count;
    if (total > INT32_MAX) continue;
    mask.height_px = 1;
    mask.width_px = static_cast<int32_t>(total);
    MaskRuns read{mask.height_px, mask.width_px, {}};
    CHECK(rle_from_string(rle_to_string(mask), read));
    CHECK(read == mask);
    CHECK(decode_shape(encode_shape({.mask = mask})).mask == mask);
  }
}

TEST_CASE("the bounds of a run that goes over columns are the whole height") {
  const ShapeBounds bounds = bounds_of({.mask = {3, 4, {4, 4, 4}}});
  CHECK(bounds.x == 1);
  CHECK(bounds.y == 0);
  CHECK(bounds.width == 2);
  CHECK(bounds.height == 3);
}

}  // namespace errata

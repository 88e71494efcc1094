#include "media/decode.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "tests/media/golden.h"

using namespace errata;
using namespace errata::media;
using test::golden_path;
using test::pixel_hash;
using test::read_golden_table;

namespace {

// What Pillow shows although a part of it is made up, and what it decodes and this does not.
const std::map<std::string, DecodeStatus> kStricterThanPillow = {
    {"jpeg/cut_with_eoi.jpg", DecodeStatus::kCorrupt},
    {"jpeg/damaged.jpg", DecodeStatus::kCorrupt},
    {"other/animated.webp", DecodeStatus::kUnsupported},
    {"other/palette.gif", DecodeStatus::kUnsupported},
};

const std::map<std::string, DecodeStatus> kBadFiles = {
    {"jpeg/no_eoi.jpg", DecodeStatus::kTruncated},
    {"jpeg/truncated.jpg", DecodeStatus::kTruncated},
    {"jpeg/truncated_header.jpg", DecodeStatus::kTruncated},
    {"jpeg/truncated_progressive.jpg", DecodeStatus::kTruncated},
    {"other/empty.png", DecodeStatus::kUnreadable},
    {"other/text_named.jpg", DecodeStatus::kNotAnImage},
    {"other/truncated_lossy.webp", DecodeStatus::kTruncated},
    {"other/truncated_plain.pgm", DecodeStatus::kTruncated},
    {"other/truncated_rgb.bmp", DecodeStatus::kTruncated},
    {"other/truncated_rgb.ppm", DecodeStatus::kTruncated},
    {"other/truncated_rgb.tif", DecodeStatus::kTruncated},
    {"other/truncated_rgb_lzw.tif", DecodeStatus::kTruncated},
    {"other/truncated_rgba_lzw.tif", DecodeStatus::kTruncated},
    {"png/bad_crc.png", DecodeStatus::kCorrupt},
    {"png/header_only.png", DecodeStatus::kTruncated},
    {"png/huge_header.png", DecodeStatus::kTooLarge},
    {"png/missing_rows.png", DecodeStatus::kCorrupt},
    {"png/truncated.png", DecodeStatus::kTruncated},
};

}  // namespace

// Pillow's mode "L": a palette is none, but a BMP's of each level in turn is.
TEST_CASE("one channel of grey is told from a palette whatever the container") {
  const auto stored_grey = [](const char* name) {
    const std::vector<uint8_t> bytes = read_file(golden_path(name));
    const Decoded decoded = decode_rgb(bytes);
    CHECK(decoded.ok());
    return decoded.stored_grey;
  };
  CHECK(stored_grey("other/grey.tif"));
  CHECK_FALSE(stored_grey("other/palette.tif"));
  CHECK(stored_grey("other/grey.bmp"));
  CHECK_FALSE(stored_grey("other/palette.bmp"));
}

TEST_CASE("decoding equals Pillow's convert(\"RGB\") byte for byte") {
  DecodeOptions upright;
  upright.apply_orientation = true;
  int compared = 0;
  for (const auto& row : read_golden_table("decode.tsv")) {
    CAPTURE(row[0]);
    if (row[1] != "ok" || kStricterThanPillow.contains(row[0])) continue;
    const std::vector<uint8_t> bytes = read_file(golden_path(row[0]));
    const Decoded decoded = decode_rgb(bytes);
    REQUIRE_MESSAGE(decoded.ok(), decoded.message);
    CHECK(std::to_string(decoded.image.width_px) == row[2]);
    CHECK(std::to_string(decoded.image.height_px) == row[3]);
    CHECK(pixel_hash(decoded.image) == row[4]);
    CHECK(pixel_hash(decode_rgb(bytes, upright).image) == row[5]);
    ++compared;
  }
  CHECK(compared > 90);
}

TEST_CASE("bad files get a status and a sentence, never half an image") {
  for (const auto& row : read_golden_table("decode.tsv")) {
    CAPTURE(row[0]);
    const auto stricter = kStricterThanPillow.find(row[0]);
    const bool raises = row[1] == "raises";
    if (!raises && stricter == kStricterThanPillow.end()) continue;
    const Decoded decoded = decode_rgb(read_file(golden_path(row[0])));
    CHECK(!decoded.ok());
    CHECK(decoded.image.empty());
    CHECK(!decoded.message.empty());
    REQUIRE((raises ? kBadFiles.contains(row[0]) : true));
    CHECK(decoded.status == (raises ? kBadFiles.at(row[0]) : stricter->second));
  }
}

TEST_CASE("a 30,000 x 30,000 PNG is refused by the stated limit, without its memory") {
  const Decoded decoded = decode_rgb(read_file(golden_path("png/huge_header.png")));
  CHECK(decoded.status == DecodeStatus::kTooLarge);
  CHECK(decoded.message == "30,000 x 30,000 pixels are more than the limit of 178,956,970 pixels");
  CHECK(issue_kind(decoded.status) == "too-large-image");
}

TEST_CASE("the limit can be set") {
  DecodeOptions options;
  options.max_pixels = 100;
  CHECK(decode_rgb(read_file(golden_path("jpeg/grey.jpg")), options).status ==
        DecodeStatus::kTooLarge);
  options.max_pixels = 37 * 29;
  CHECK(decode_rgb(read_file(golden_path("jpeg/grey.jpg")), options).ok());
}

TEST_CASE("a mislabelled file is decoded by its signature") {
  CHECK(decode_rgb(read_file(golden_path("other/png_named.jpg"))).format == ImageFormat::kPng);
  CHECK(decode_rgb(read_file(golden_path("other/jpeg_named.png"))).format == ImageFormat::kJpeg);
}

TEST_CASE("every prefix of a file is refused or is the whole image") {
  for (const char* name : {"jpeg/rgb420_16x16.jpg", "jpeg/progressive444.jpg", "png/rgb8.png",
                           "png/palette8_adam7.png", "other/plain.ppm", "other/bits1.pbm"}) {
    CAPTURE(name);
    const std::vector<uint8_t> whole = read_file(golden_path(name));
    const Image image = decode_rgb(whole).image;
    for (size_t n = 0; n < whole.size(); ++n) {
      const std::vector<uint8_t> prefix(whole.begin(),
                                        whole.begin() + static_cast<std::ptrdiff_t>(n));
      const Decoded decoded = decode_rgb(prefix);
      if (decoded.ok() && std::string_view(name) != "other/plain.ppm") {
        CHECK(decoded.image == image);
      }
    }
  }
}

TEST_CASE("random damage never breaks a decoder") {
  std::mt19937 random(3);
  for (const auto& row : read_golden_table("decode.tsv")) {
    const std::vector<uint8_t> whole = read_file(golden_path(row[0]));
    if (whole.empty() || row[0] == "png/huge_header.png") continue;
    for (int round = 0; round < 30; ++round) {
      std::vector<uint8_t> damaged = whole;
      for (size_t e = 0; e < 1 + random() % 8; ++e) {
        damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
      }
      DecodeOptions options;
      options.max_pixels = 1 << 20;
      const Decoded decoded = decode_rgb(damaged, options);
      CHECK(decoded.ok() == !decoded.image.empty());
    }
  }
}

// Run by the test below, in a copy of this program that stands alone.
TEST_CASE("child of the test without the module") {
  if (std::getenv("ERRATA_TEST_ALONE") == nullptr) return;
  const Decoded bmp = decode_rgb(read_file(golden_path("other/rgb.bmp")));
  CHECK(bmp.status == DecodeStatus::kUnsupported);
  CHECK(bmp.message.find("liberrata_imgcodecs.so") != std::string::npos);
  CHECK(decode_rgb(read_file(golden_path("jpeg/grey.jpg"))).ok());
}

TEST_CASE("without the imgcodecs module, BMP says what is missing and JPEG still works") {
  const test::TempDir dir;
  const std::string copy = dir / "alone";
  std::filesystem::copy_file("/proc/self/exe", copy);
  const std::string command = "ERRATA_TEST_ALONE=1 '" + copy +
                              "' --test-case='child of the test without the module' > '" + copy +
                              ".log' 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(read_text_file(copy + ".log").find("assertions: 3") != std::string::npos);
}

TEST_CASE("scaled JPEG decoding keeps the shorter side at or above what was asked") {
  DecodeOptions options;
  options.jpeg_min_side_px = 7;
  const Decoded decoded = decode_rgb(read_file(golden_path("jpeg/rgb420_37x29.jpg")), options);
  REQUIRE(decoded.ok());
  CHECK(decoded.image.height_px == 8);
  CHECK(decoded.image.width_px == 10);
  CHECK(decoded.stored_width_px == 37);
}

TEST_CASE("orientation 6 turns the picture a quarter clockwise") {
  Image image(2, 1, 1);
  image.pixels = {1, 2};
  const Image turned = apply_orientation(image, 6);
  CHECK(turned.width_px == 1);
  CHECK(turned.height_px == 2);
  CHECK(turned.pixels == std::vector<uint8_t>{1, 2});
  CHECK(apply_orientation(image, 2).pixels == std::vector<uint8_t>{2, 1});
  CHECK(apply_orientation(image, 0) == image);
}

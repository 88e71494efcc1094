#include "media/probe.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace errata;
using namespace errata::media;

namespace {

std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

void be16(std::string& out, unsigned v) {
  out += static_cast<char>(v >> 8);
  out += static_cast<char>(v & 255);
}
void be32(std::string& out, unsigned v) {
  be16(out, v >> 16);
  be16(out, v & 0xFFFF);
}
std::string le(unsigned v, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += static_cast<char>(i < 4 ? (v >> (8 * i)) & 255 : 0);
  return out;
}

std::string exif(unsigned orientation, bool big_endian) {
  const std::string little = std::string("II*\0", 4) + le(8, 4) + le(1, 2) + le(274, 2) + le(3, 2) +
                             le(1, 4) + le(orientation, 4) + le(0, 4);
  if (!big_endian) return little;
  std::string big("MM\0*", 4);
  be32(big, 8);
  be16(big, 1);
  be16(big, 274);
  be16(big, 3);
  be32(big, 1);
  be16(big, orientation);
  be16(big, 0);
  be32(big, 0);
  return big;
}

std::string jpeg_segment(uint8_t marker, const std::string& payload) {
  std::string out = {'\xFF', static_cast<char>(marker)};
  be16(out, static_cast<unsigned>(payload.size() + 2));
  return out + payload;
}

std::string jpeg(unsigned w, unsigned h, const std::string& before_frame, uint8_t frame = 0xC0) {
  std::string sof(1, '\x08');
  be16(sof, h);
  be16(sof, w);
  sof += '\x03';
  return "\xFF\xD8" + before_frame + jpeg_segment(frame, sof + std::string(9, '\0'));
}

std::string png_chunk(const std::string& kind, const std::string& payload) {
  std::string out;
  be32(out, static_cast<unsigned>(payload.size()));
  return out + kind + payload + std::string(4, '\0');
}

std::string png(unsigned w, unsigned h, char bits, char color, const std::string& rest = {}) {
  std::string header;
  be32(header, w);
  be32(header, h);
  header += {bits, color, 0, 0, 0};
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", header) + rest;
}

std::string webp(const std::string& chunks) {
  return "RIFF" + le(static_cast<unsigned>(chunks.size() + 4), 4) + "WEBP" + chunks;
}

struct Case {
  const char* name;
  std::string bytes;
  ImageFormat format;
  int32_t width, height;
  int orientation;
};

std::vector<Case> good_cases() {
  const std::string exif6 = jpeg_segment(0xE1, std::string("Exif\0\0", 6) + exif(6, true));
  const std::string xmp = jpeg_segment(
      0xE1, std::string("http://ns.adobe.com/xap/1.0/\0", 29) + "<x tiff:Orientation=\"8\"/>");
  const std::string vp8 = le(0, 3) + "\x9D\x01\x2A" + le(300, 2) + le(0x4000 | 200, 2);
  const std::string vp8x = "VP8X" + le(10, 4) + le(0x08, 4) + le(99, 3) + le(49, 3);
  return {
      {"jpeg", jpeg(500, 375, ""), ImageFormat::kJpeg, 500, 375, 1},
      {"progressive", jpeg(500, 375, "", 0xC2), ImageFormat::kJpeg, 500, 375, 1},
      {"jpeg exif 6", jpeg(4, 3, exif6), ImageFormat::kJpeg, 4, 3, 6},
      {"jpeg xmp 8", jpeg(4, 3, xmp), ImageFormat::kJpeg, 4, 3, 8},
      {"exif wins over xmp", jpeg(4, 3, xmp + exif6), ImageFormat::kJpeg, 4, 3, 6},
      {"fill bytes", "\xFF\xD8\xFF\xFF" + jpeg(4, 3, "").substr(2), ImageFormat::kJpeg, 4, 3, 1},
      {"png", png(32, 16, 8, 2), ImageFormat::kPng, 32, 16, 1},
      {"png exif", png(32, 16, 8, 2, png_chunk("IDAT", "xx") + png_chunk("eXIf", exif(3, false))),
       ImageFormat::kPng, 32, 16, 3},
      {"bmp", "BM" + le(0, 12) + le(40, 4) + le(7, 4) + le(5, 4) + le(1, 2) + le(24, 2),
       ImageFormat::kBmp, 7, 5, 1},
      {"bmp top-down",
       "BM" + le(0, 12) + le(40, 4) + le(7, 4) + le(static_cast<unsigned>(-5), 4) + le(1, 2) +
           le(24, 2),
       ImageFormat::kBmp, 7, 5, 1},
      {"bmp os/2", "BM" + le(0, 12) + le(12, 4) + le(7, 2) + le(5, 2) + le(1, 2) + le(24, 2),
       ImageFormat::kBmp, 7, 5, 1},
      {"webp lossy", webp("VP8 " + le(10, 4) + vp8), ImageFormat::kWebp, 300, 200, 1},
      {"webp lossless",
       webp("VP8L" + le(6, 4) + "\x2F" + le((200 - 1) << 14 | (300 - 1), 4) + le(0, 1)),
       ImageFormat::kWebp, 300, 200, 1},
      {"webp extended", webp(vp8x + "EXIF" + le(26, 4) + exif(5, false)), ImageFormat::kWebp, 100,
       50, 5},
      {"ppm", "P6\n# a comment\n10 20\n255\n", ImageFormat::kPnm, 10, 20, 1},
      {"pbm", "P4 9 3\n", ImageFormat::kPnm, 9, 3, 1},
      {"gif", "GIF89a" + le(12, 2) + le(13, 2) + le(0, 3), ImageFormat::kGif, 12, 13, 1},
      {"tiff",
       std::string("II*\0", 4) + le(8, 4) + le(3, 2) + le(256, 2) + le(4, 2) + le(1, 4) +
           le(640, 4) + le(257, 2) + le(3, 2) + le(1, 4) + le(480, 4) + le(274, 2) + le(3, 2) +
           le(1, 4) + le(7, 4),
       ImageFormat::kTiff, 640, 480, 7},
  };
}

}  // namespace

TEST_CASE("sizes, formats and orientations come from the header") {
  for (const Case& c : good_cases()) {
    CAPTURE(c.name);
    Probe probe;
    CHECK(probe_image(bytes_of(c.bytes), probe) == ProbeStatus::kOk);
    CHECK(probe.format == c.format);
    CHECK(probe.width_px == c.width);
    CHECK(probe.height_px == c.height);
    CHECK(int{probe.orientation} == c.orientation);
  }
}

TEST_CASE("orientation tags of 0 and above 8 are read as 1") {
  for (unsigned tag : {0u, 9u, 65535u}) {
    const std::string segment = jpeg_segment(0xE1, std::string("Exif\0\0", 6) + exif(tag, true));
    Probe probe;
    CHECK(probe_image(bytes_of(jpeg(4, 3, segment)), probe) == ProbeStatus::kOk);
    CHECK(int{probe.orientation} == 1);
  }
}

TEST_CASE("each kind of bad file has its own answer") {
  Probe probe;
  CHECK(probe_image({}, probe) == ProbeStatus::kEmpty);
  CHECK(probe_image(bytes_of("hello, I am text"), probe) == ProbeStatus::kUnknownFormat);
  CHECK(probe_image(bytes_of(std::string(500, '\0')), probe) == ProbeStatus::kUnknownFormat);
  CHECK(probe_image(bytes_of("\xFF\xD8\xFF"), probe) == ProbeStatus::kTruncated);
  CHECK(probe.format == ImageFormat::kJpeg);
  CHECK(probe_image(bytes_of("\x89PNG\r\n\x1A\n"), probe) == ProbeStatus::kTruncated);
  CHECK(probe_image(bytes_of(png(0, 10, 8, 2)), probe) == ProbeStatus::kCorrupt);
  CHECK(probe_image(bytes_of(jpeg(0, 0, "")), probe) == ProbeStatus::kCorrupt);
  CHECK(probe_image(bytes_of("\xFF\xD8\xFF\xD9"), probe) == ProbeStatus::kCorrupt);
  CHECK(probe_image(bytes_of("P6 x"), probe) == ProbeStatus::kCorrupt);
  CHECK(probe_image(bytes_of(std::string("II*\0", 4) + le(4, 4)), probe) == ProbeStatus::kCorrupt);
}

TEST_CASE("a 30,000 x 30,000 PNG header is too large, and its size is told") {
  Probe probe;
  CHECK(probe_image(bytes_of(png(30'000, 30'000, 8, 2)), probe) == ProbeStatus::kTooLarge);
  CHECK(probe.width_px == 30'000);
  CHECK(probe.height_px == 30'000);
  CHECK(describe(ProbeStatus::kTooLarge).find("178,956,970") != std::string_view::npos);
}

TEST_CASE("every prefix of a good header is answered without reading beyond it") {
  for (const Case& c : good_cases()) {
    CAPTURE(c.name);
    for (size_t n = 0; n <= c.bytes.size(); ++n) {
      // A vector of exactly n bytes, so that a sanitizer sees any step beyond.
      const std::vector<uint8_t> prefix(c.bytes.begin(),
                                        c.bytes.begin() + static_cast<std::ptrdiff_t>(n));
      Probe probe;
      const ProbeStatus status = probe_image(prefix, probe);
      if (status == ProbeStatus::kOk) {
        CHECK(probe.width_px == c.width);
        CHECK(probe.height_px == c.height);
      }
    }
  }
}

TEST_CASE("random damage to headers never breaks the probe") {
  std::mt19937 random(7);
  for (const Case& c : good_cases()) {
    for (int round = 0; round < 2000; ++round) {
      std::vector<uint8_t> damaged = bytes_of(c.bytes);
      const size_t edits = 1 + random() % 6;
      for (size_t e = 0; e < edits; ++e) {
        damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
      }
      Probe probe;
      const ProbeStatus status = probe_image(damaged, probe);
      CHECK(probe.orientation >= 1);
      CHECK(probe.orientation <= 8);
      if (status == ProbeStatus::kOk) {
        CHECK(probe.width_px > 0);
        CHECK(probe.height_px > 0);
      }
    }
  }
}

TEST_CASE("formats have names and extensions") {
  CHECK(format_name(ImageFormat::kWebp) == "WebP");
  CHECK(format_of_extension(".jpeg") == ImageFormat::kJpeg);
  CHECK(format_of_extension(".txt") == ImageFormat::kUnknown);
}

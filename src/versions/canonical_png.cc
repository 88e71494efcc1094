#include "versions/canonical_png.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace errata::versions {

namespace {

constexpr size_t kMaxStoredBlock = 65'535;
constexpr size_t kMaxImageBytes = size_t{1} << 30;

// CRC-32 of PNG (polynomial 0xEDB88320), eight bytes at a time.
constexpr auto make_crc_tables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
    tables[0][i] = crc;
  }
  for (size_t t = 1; t < 8; ++t) {
    for (size_t i = 0; i < 256; ++i) {
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 255];
    }
  }
  return tables;
}
constexpr auto kCrc = make_crc_tables();

uint32_t crc32(std::span<const uint8_t> bytes) {
  uint32_t crc = ~0u;
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const uint8_t* b = bytes.data() + i;
    const uint32_t low = crc ^ (b[0] | b[1] << 8 | b[2] << 16 | static_cast<uint32_t>(b[3]) << 24);
    crc = kCrc[7][low & 255] ^ kCrc[6][low >> 8 & 255] ^ kCrc[5][low >> 16 & 255] ^
          kCrc[4][low >> 24] ^ kCrc[3][b[4]] ^ kCrc[2][b[5]] ^ kCrc[1][b[6]] ^ kCrc[0][b[7]];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ kCrc[0][(crc ^ bytes[i]) & 255];
  return ~crc;
}

// Adler-32 (RFC 1950) of the rows, each behind its filter byte 0.
class Adler {
 public:
  void update(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
      // 5,552 bytes: as many as fit before b_ can leave 32 bits.
      const auto part = bytes.first(std::min<size_t>(bytes.size(), 5552));
      for (const uint8_t byte : part) {
        a_ += byte;
        b_ += a_;
      }
      a_ %= 65'521;
      b_ %= 65'521;
      bytes = bytes.subspan(part.size());
    }
  }
  uint32_t value() const { return b_ << 16 | a_; }

 private:
  uint32_t a_ = 1;
  uint32_t b_ = 0;
};

void put_u32_big(std::vector<uint8_t>& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

// Length, type and content are in `out` from `start` on: the length is filled in, the CRC appended.
void finish_chunk(std::vector<uint8_t>& out, size_t start) {
  const auto length = static_cast<uint32_t>(out.size() - start - 8);
  for (int i = 0; i < 4; ++i) out[start + i] = static_cast<uint8_t>(length >> (24 - 8 * i));
  put_u32_big(out, crc32(std::span(out).subspan(start + 4)));
}

void begin_chunk(std::vector<uint8_t>& out, const char* type) {
  out.insert(out.end(), 4, 0);
  out.insert(out.end(), type, type + 4);
}

// The filtered rows cut into stored deflate blocks.
class StoredBlocks {
 public:
  StoredBlocks(std::vector<uint8_t>& out, size_t total) : out_(out), left_(total) {}

  void put(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
      if (room_ == 0) open_block();
      const size_t n = std::min(room_, bytes.size());
      out_.insert(out_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(n));
      room_ -= n;
      bytes = bytes.subspan(n);
    }
  }

 private:
  void open_block() {
    room_ = std::min(left_, kMaxStoredBlock);
    left_ -= room_;
    out_.push_back(left_ == 0 ? 1 : 0);
    const auto length = static_cast<uint16_t>(room_);
    const auto inverse = static_cast<uint16_t>(~length);
    for (const uint16_t value : {length, inverse}) {
      out_.push_back(static_cast<uint8_t>(value & 255));
      out_.push_back(static_cast<uint8_t>(value >> 8));
    }
  }

  std::vector<uint8_t>& out_;
  size_t left_;
  size_t room_ = 0;
};

}  // namespace

void write_canonical_png(const RawImage& image, std::vector<uint8_t>& png) {
  const bool sane =
      image.width_px > 0 && image.height_px > 0 && (image.channels == 1 || image.channels == 3);
  const size_t row_bytes = sane ? size_t(image.width_px) * size_t(image.channels) : 0;
  const size_t pixel_bytes = row_bytes * size_t(sane ? image.height_px : 0);
  if (!sane || pixel_bytes != image.pixels.size() || pixel_bytes > kMaxImageBytes) {
    throw Error(ErrorCategory::kInternal, "an image whose size does not fit its pixels");
  }
  constexpr std::array<uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  png.assign(kSignature.begin(), kSignature.end());

  size_t start = png.size();
  begin_chunk(png, "IHDR");
  put_u32_big(png, static_cast<uint32_t>(image.width_px));
  put_u32_big(png, static_cast<uint32_t>(image.height_px));
  for (const int value : {8, image.channels == 1 ? 0 : 2, 0, 0, 0}) {
    png.push_back(static_cast<uint8_t>(value));
  }
  finish_chunk(png, start);

  start = png.size();
  begin_chunk(png, "IDAT");
  png.push_back(0x78);
  png.push_back(0x01);
  Adler adler;
  StoredBlocks blocks(png, pixel_bytes + size_t(image.height_px));
  constexpr uint8_t kNoFilter = 0;
  for (size_t y = 0; y < size_t(image.height_px); ++y) {
    const auto row = std::span(image.pixels).subspan(y * row_bytes, row_bytes);
    blocks.put({&kNoFilter, 1});
    blocks.put(row);
    adler.update({&kNoFilter, 1});
    adler.update(row);
  }
  put_u32_big(png, adler.value());
  finish_chunk(png, start);

  start = png.size();
  begin_chunk(png, "IEND");
  finish_chunk(png, start);
}

}  // namespace errata::versions

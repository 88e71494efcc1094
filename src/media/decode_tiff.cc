// TIFF 6.0, the variants named in decoders.h.
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "media/decoders.h"
#include "media/probe_internal.h"

namespace errata::media::internal {
namespace {

constexpr uint32_t kUncompressed = 1;
constexpr uint32_t kLzw = 5;
constexpr uint32_t kAdobeDeflate = 8;
constexpr uint32_t kDeflate = 32946;
constexpr uint32_t kPackBits = 32773;
constexpr uint32_t kFloat = 3;

bool is_rgba8(const TiffTags& tags) {
  return tags.photometric == 2 && tags.samples == 4 && tags.bits == 8 && tags.has_extra &&
         (tags.alpha == 1 || tags.alpha == 2);
}

bool is_grey32(const TiffTags& tags) {
  return tags.photometric == 1 && tags.samples == 1 && tags.bits == 32;
}

// All unpackers fill as much of `out` as the data gives and return how much that was.
size_t unpack_bits(Bytes in, std::span<uint8_t> out) {
  size_t at = 0;
  size_t filled = 0;
  while (at < in.size() && filled < out.size()) {
    const auto code = static_cast<int8_t>(in[at++]);
    if (code == -128) continue;
    const bool repeat = code < 0;
    const size_t want = static_cast<size_t>(repeat ? 1 - code : code + 1);
    const size_t n = std::min(want, out.size() - filled);
    if (repeat) {
      if (at >= in.size()) break;
      std::memset(out.data() + filled, in[at++], n);
    } else {
      const size_t have = std::min(n, in.size() - at);
      std::memcpy(out.data() + filled, in.data() + at, have);
      at += have;
      if (have < n) return filled + have;
    }
    filled += n;
  }
  return filled;
}

// Codes of 9 to 12 bits, most significant bit first, widened one code early (TIFF 6.0 section 13).
class LzwReader {
 public:
  explicit LzwReader(Bytes in) : in_(in) {}

  size_t unpack(std::span<uint8_t> out) {
    size_t filled = 0;
    int previous = -1;
    for (int code = next(); code >= 0 && code != kEnd && filled < out.size(); code = next()) {
      if (code == kClear) {
        entries_ = kFirst;
        bits_ = 9;
        previous = -1;
        continue;
      }
      if (code > entries_ || (code == entries_ && previous < 0)) break;
      if (previous >= 0 && entries_ < kMaxEntries) {
        const int tail = code == entries_ ? previous : code;
        prefix_[entries_] = static_cast<uint16_t>(previous);
        last_[entries_] = first_byte(tail);
        length_[entries_] = length_of(previous) + 1;
        ++entries_;
        if (entries_ + 1 >= 1 << bits_ && bits_ < 12) ++bits_;
      } else if (code >= entries_) {
        break;
      }
      filled += put(code, out.subspan(filled));
      previous = code;
    }
    return filled;
  }

 private:
  static constexpr int kClear = 256;
  static constexpr int kEnd = 257;
  static constexpr int kFirst = 258;
  static constexpr int kMaxEntries = 4096;

  int next() {
    while (held_ < bits_) {
      if (at_ >= in_.size()) return -1;
      buffer_ = (buffer_ << 8) | in_[at_++];
      held_ += 8;
    }
    held_ -= bits_;
    return static_cast<int>((buffer_ >> held_) & ((1u << bits_) - 1));
  }
  uint32_t length_of(int code) const { return code < kClear ? 1 : length_[code]; }
  uint8_t first_byte(int code) const {
    while (code >= kFirst) code = prefix_[code];
    return static_cast<uint8_t>(code);
  }
  size_t put(int code, std::span<uint8_t> out) const {
    const size_t n = length_of(code);
    for (size_t i = n; i-- > 0; code = prefix_[code]) {
      const uint8_t value = code < kClear ? static_cast<uint8_t>(code) : last_[code];
      if (i < out.size()) out[i] = value;
      if (code < kClear) break;
    }
    return std::min(n, out.size());
  }

  Bytes in_;
  size_t at_ = 0;
  uint32_t buffer_ = 0;
  int held_ = 0;
  int bits_ = 9;
  int entries_ = kFirst;
  uint16_t prefix_[kMaxEntries] = {};
  uint8_t last_[kMaxEntries] = {};
  uint32_t length_[kMaxEntries] = {};
};

size_t unpack(uint32_t compression, Bytes in, std::span<uint8_t> out) {
  switch (compression) {
    case kUncompressed: {
      const size_t n = std::min(in.size(), out.size());
      std::memcpy(out.data(), in.data(), n);
      return n;
    }
    case kLzw: return LzwReader(in).unpack(out);
    case kPackBits: return unpack_bits(in, out);
    default: {
      uLongf n = out.size();
      const int result = uncompress(out.data(), &n, in.data(), in.size());
      return result == Z_OK || result == Z_BUF_ERROR ? n : 0;
    }
  }
}

// Horizontal differencing of 8-bit samples (TIFF 6.0 section 14).
void undo_predictor(std::span<uint8_t> rows, size_t row_bytes, size_t samples) {
  for (size_t row = 0; row < rows.size(); row += row_bytes) {
    for (size_t x = samples; x < row_bytes; ++x) {
      rows[row + x] = static_cast<uint8_t>(rows[row + x] + rows[row + x - samples]);
    }
  }
}

// Straight alpha is dropped; premultiplied colours are divided by it, as Pillow's RGBa does.
void rgba_to_rgb(const uint8_t* in, size_t pixels, bool premultiplied, uint8_t* out) {
  for (size_t i = 0; i < pixels; ++i, in += 4, out += 3) {
    for (int c = 0; c < 3; ++c) {
      int value = in[c];
      if (premultiplied && in[3] != 255) value = in[3] == 0 ? 0 : value * 255 / in[3];
      out[c] = static_cast<uint8_t>(std::min(value, 255));
    }
  }
}

// Pillow's I and F saturate; fractions are cut.
uint8_t grey32_to_8(uint32_t word, bool is_float) {
  if (!is_float) return static_cast<uint8_t>(std::clamp(static_cast<int32_t>(word), 0, 255));
  float value;
  std::memcpy(&value, &word, sizeof value);
  if (!(value > 0.0f)) return 0;
  return value >= 255.0f ? uint8_t{255} : static_cast<uint8_t>(value);
}

DecodeStatus read_strips(const TiffReader& reader, const TiffTags& tags,
                         std::vector<uint8_t>& raw) {
  const uint64_t row_bytes = tags.width * tags.samples * (tags.bits / 8);
  const uint64_t strip_rows = std::min<uint64_t>(tags.rows_per_strip, tags.height);
  if (strip_rows == 0) return DecodeStatus::kCorrupt;
  raw.resize(row_bytes * tags.height);
  for (uint64_t row = 0, strip = 0; row < tags.height; row += strip_rows, ++strip) {
    const std::optional<uint64_t> offset = tiff_value(reader, tags.offsets, strip);
    const std::optional<uint64_t> length = tiff_value(reader, tags.lengths, strip);
    if (!offset || !length) return DecodeStatus::kCorrupt;
    if (!reader.has(*offset, *length)) return DecodeStatus::kTruncated;
    const std::span<uint8_t> rows = std::span(raw).subspan(
        row * row_bytes, std::min(strip_rows, tags.height - row) * row_bytes);
    if (unpack(tags.compression, reader.bytes.subspan(*offset, *length), rows) < rows.size()) {
      return DecodeStatus::kCorrupt;
    }
    if (tags.predictor == 2) undo_predictor(rows, row_bytes, tags.samples);
  }
  return DecodeStatus::kOk;
}

bool is_readable(const TiffTags& tags) {
  constexpr uint32_t kKnown[] = {kUncompressed, kLzw, kAdobeDeflate, kDeflate, kPackBits};
  const bool known =
      std::find(std::begin(kKnown), std::end(kKnown), tags.compression) != std::end(kKnown);
  const bool predictor = tags.predictor == 1 || (tags.predictor == 2 && tags.bits == 8);
  return known && predictor && !tags.tiled && tags.planar == 1;
}

}  // namespace

bool is_own_tiff(Bytes bytes) {
  TiffTags tags;
  return read_tiff_tags(bytes, tags) == TiffStatus::kOk && (is_rgba8(tags) || is_grey32(tags));
}

DecodeStatus decode_own_tiff(Bytes bytes, Decoded& decoded) {
  TiffTags tags;
  read_tiff_tags(bytes, tags);
  if (!is_readable(tags)) {
    decoded.message =
        "TIFF: this mix of tiles, planes or compression with alpha or 32 bits is "
        "not read; convert it to PNG";
    return DecodeStatus::kUnsupported;
  }
  const TiffReader reader{bytes, bytes[0] == 'M'};
  std::vector<uint8_t> raw;
  const DecodeStatus status = read_strips(reader, tags, raw);
  if (status != DecodeStatus::kOk) {
    decoded.message = status == DecodeStatus::kTruncated
                          ? "TIFF: the file ends before its image does"
                          : "TIFF: a strip is broken";
    return status;
  }
  Image image(static_cast<int32_t>(tags.width), static_cast<int32_t>(tags.height), 3);
  const size_t pixels = image.pixels.size() / 3;
  if (is_rgba8(tags)) {
    rgba_to_rgb(raw.data(), pixels, tags.alpha == 1, image.pixels.data());
  } else {
    const TiffReader words{raw, reader.big_endian};
    for (size_t i = 0; i < pixels; ++i) {
      const uint8_t grey = grey32_to_8(words.u32(4 * i), tags.sample_format == kFloat);
      std::memset(image.pixels.data() + 3 * i, grey, 3);
    }
  }
  decoded.image = apply_orientation(std::move(image), valid_orientation(tags.orientation));
  return DecodeStatus::kOk;
}

}  // namespace errata::media::internal

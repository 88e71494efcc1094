// Netpbm, P1 to P6, as Pillow's PpmImagePlugin reads it.
#include <cmath>
#include <cstring>

#include "media/decoders.h"

namespace errata::media::internal {
namespace {

bool is_space(uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Reads the header's and plain files' tokens.
class Tokens {
 public:
  explicit Tokens(Bytes bytes) : bytes_(bytes) {}

  // The next number; false at the end or at something that is no number.
  bool number(int64_t& value) {
    skip();
    const size_t first = at_;
    value = 0;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; ++at_) {
      if (value < (int64_t{1} << 40)) value = value * 10 + (bytes_[at_] - '0');
    }
    return at_ > first;
  }
  // Plain bitmaps need no space between their digits.
  bool digit(int64_t& value) {
    skip();
    if (at_ >= bytes_.size() || (bytes_[at_] != '0' && bytes_[at_] != '1')) return false;
    value = bytes_[at_++] - '0';
    return true;
  }
  bool at_end() {
    skip();
    return at_ >= bytes_.size();
  }
  // The pixels of a raw file: behind exactly one white space after the header.
  Bytes raw() const { return at_ < bytes_.size() ? bytes_.subspan(at_ + 1) : Bytes(); }
  void start_at(size_t at) { at_ = at; }

 private:
  void skip() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r') ++at_;
      } else if (is_space(bytes_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Bytes bytes_;
  size_t at_ = 0;
};

struct Pnm {
  int kind = 0;  // 1..6
  int64_t max_value = 1;
  size_t samples = 0;  // width * height * channels
  int channels() const { return kind == 3 || kind == 6 ? 3 : 1; }
};

// One sample as Pillow scales it to 8 bits. Grey above 8 bits keeps 16 bits there and saturates
// when it becomes RGB.
uint8_t scale_sample(const Pnm& pnm, int64_t value) {
  const bool wide_grey = pnm.channels() == 1 && pnm.max_value > 255;
  const double out_max = wide_grey ? 65535.0 : 255.0;
  const double scaled =
      std::nearbyint(static_cast<double>(value) / static_cast<double>(pnm.max_value) * out_max);
  return static_cast<uint8_t>(std::min(scaled, 255.0));
}

void put(Image& image, int channels, size_t i, uint8_t value) {
  if (channels == 3) {
    image.pixels[i] = value;
  } else {
    std::memset(image.pixels.data() + 3 * i, value, 3);
  }
}

DecodeStatus read_plain(const Pnm& pnm, Tokens& tokens, Image& image) {
  for (size_t i = 0; i < pnm.samples; ++i) {
    int64_t value = 0;
    if (!(pnm.kind == 1 ? tokens.digit(value) : tokens.number(value))) {
      return tokens.at_end() ? DecodeStatus::kTruncated : DecodeStatus::kCorrupt;
    }
    if (value > pnm.max_value) return DecodeStatus::kCorrupt;
    const uint8_t sample =
        pnm.kind == 1 ? (value != 0 ? uint8_t{0} : uint8_t{255}) : scale_sample(pnm, value);
    put(image, pnm.channels(), i, sample);
  }
  return DecodeStatus::kOk;
}

DecodeStatus read_bitmap(Bytes raw, Image& image) {
  const size_t row_bytes = (static_cast<size_t>(image.width_px) + 7) / 8;
  if (raw.size() / row_bytes < static_cast<size_t>(image.height_px)) {
    return DecodeStatus::kTruncated;
  }
  for (int32_t y = 0; y < image.height_px; ++y) {
    const uint8_t* row = raw.data() + row_bytes * static_cast<size_t>(y);
    for (int32_t x = 0; x < image.width_px; ++x) {
      const bool black = (row[x / 8] >> (7 - x % 8)) & 1;
      std::memset(image.row(y) + 3 * x, black ? 0 : 255, 3);
    }
  }
  return DecodeStatus::kOk;
}

DecodeStatus read_raw(const Pnm& pnm, Bytes raw, Image& image) {
  const size_t sample_bytes = pnm.max_value > 255 ? 2 : 1;
  if (raw.size() / sample_bytes < pnm.samples) return DecodeStatus::kTruncated;
  uint8_t scaled[256];
  for (int64_t v = 0; v < 256; ++v) {
    scaled[v] = pnm.max_value == 255 ? static_cast<uint8_t>(v) : scale_sample(pnm, v);
  }
  for (size_t i = 0; i < pnm.samples; ++i) {
    const uint8_t value = sample_bytes == 1
                              ? scaled[raw[i]]
                              : scale_sample(pnm, (int64_t{raw[2 * i]} << 8) | raw[2 * i + 1]);
    put(image, pnm.channels(), i, value);
  }
  return DecodeStatus::kOk;
}

}  // namespace

DecodeStatus decode_pnm(Bytes bytes, const Probe& probe, Decoded& decoded) {
  Pnm pnm;
  pnm.kind = bytes[1] - '0';
  Tokens tokens(bytes);
  tokens.start_at(2);
  int64_t ignored = 0;
  tokens.number(ignored);
  tokens.number(ignored);
  if (pnm.kind != 1 && pnm.kind != 4) tokens.number(pnm.max_value);
  pnm.samples = static_cast<size_t>(probe.width_px) * static_cast<size_t>(probe.height_px) *
                static_cast<size_t>(pnm.channels());
  // A plain sample takes at least one byte, a raw bitmap an eighth: refuse sizes the file cannot
  // hold before allocating for them.
  if (bytes.size() < pnm.samples / 8) {
    decoded.message = "PNM: the file ends before its image does";
    return DecodeStatus::kTruncated;
  }
  decoded.image = Image(probe.width_px, probe.height_px, 3);
  DecodeStatus status = DecodeStatus::kOk;
  if (pnm.kind <= 3) {
    status = read_plain(pnm, tokens, decoded.image);
  } else if (pnm.kind == 4) {
    status = read_bitmap(tokens.raw(), decoded.image);
  } else {
    status = read_raw(pnm, tokens.raw(), decoded.image);
  }
  if (status == DecodeStatus::kTruncated)
    decoded.message = "PNM: the file ends before its image does";
  if (status == DecodeStatus::kCorrupt)
    decoded.message = "PNM: a sample is no number or above the maximum";
  return status;
}

}  // namespace errata::media::internal

#include "media/decode.h"

#include <fmt/format.h>

#include <new>

#include "base/text.h"
#include "media/decoders.h"
#include "media/probe_internal.h"

namespace errata::media {
namespace {

DecodeStatus decode_format(std::span<const uint8_t> bytes, const Probe& probe,
                           const DecodeOptions& options, Decoded& decoded) {
  switch (probe.format) {
    case ImageFormat::kJpeg: return internal::decode_jpeg(bytes, options, decoded);
    case ImageFormat::kPng: return internal::decode_png(bytes, decoded);
    case ImageFormat::kPnm: return internal::decode_pnm(bytes, probe, decoded);
    case ImageFormat::kTiff:
      if (internal::is_own_tiff(bytes)) return internal::decode_own_tiff(bytes, decoded);
      return internal::decode_with_imgcodecs(bytes, probe, decoded);
    case ImageFormat::kBmp:
    case ImageFormat::kWebp: return internal::decode_with_imgcodecs(bytes, probe, decoded);
    case ImageFormat::kGif:
      decoded.message = "GIF images are not decoded; convert it to PNG";
      return DecodeStatus::kUnsupported;
    case ImageFormat::kUnknown: break;
  }
  return DecodeStatus::kNotAnImage;
}

// The palette of a BMP of 8 bits is each level of grey in turn.
bool has_grey_ramp(std::span<const uint8_t> bytes) {
  constexpr size_t kHeader = 14;
  constexpr size_t kColoursAt = kHeader + 32;
  if (bytes.size() < kColoursAt + 4) return false;
  const uint64_t header = internal::le32(bytes.data() + kHeader);
  const size_t entry = header == 12 ? 3 : 4;
  const uint64_t told = header == 12 ? 0 : internal::le32(bytes.data() + kColoursAt);
  const uint64_t colours = told == 0 ? 256 : told;
  if (colours <= 2 || colours > 256) return false;
  if (bytes.size() < kHeader + header + colours * entry) return false;
  const uint8_t* palette = bytes.data() + kHeader + header;
  for (size_t i = 0; i < colours; ++i, palette += entry) {
    if (palette[0] != i || palette[1] != i || palette[2] != i) return false;
  }
  return true;
}

// Pillow's mode "L", which it makes of 2 and 4 bits too.
bool is_stored_grey(std::span<const uint8_t> bytes, const Probe& probe) {
  if (probe.channels != 1 || probe.bits < 2 || probe.bits > 8) return false;
  if (probe.format == ImageFormat::kJpeg || probe.format == ImageFormat::kPnm) return true;
  if (probe.format == ImageFormat::kBmp) return probe.bits == 8 && has_grey_ramp(bytes);
  if (probe.format == ImageFormat::kTiff) {
    internal::TiffTags tags;
    return internal::read_tiff_tags(bytes, tags) == internal::TiffStatus::kOk &&
           tags.photometric <= 1;
  }
  constexpr size_t kPngColourType = 25;
  return probe.format == ImageFormat::kPng && bytes.size() > kPngColourType &&
         bytes[kPngColourType] == 0;
}

// What the header alone already rules out. kOk: go on.
DecodeStatus check_header(ProbeStatus status, const Probe& probe, const DecodeOptions& options,
                          Decoded& decoded) {
  switch (status) {
    case ProbeStatus::kEmpty: decoded.message = describe(status); return DecodeStatus::kUnreadable;
    case ProbeStatus::kUnknownFormat:
      decoded.message = describe(status);
      return DecodeStatus::kNotAnImage;
    case ProbeStatus::kTruncated:
    case ProbeStatus::kCorrupt:
      decoded.message = fmt::format("{}: {}", format_name(probe.format), describe(status));
      return status == ProbeStatus::kCorrupt ? DecodeStatus::kCorrupt : DecodeStatus::kTruncated;
    case ProbeStatus::kOk:
    case ProbeStatus::kTooLarge: break;
  }
  const uint64_t pixels =
      static_cast<uint64_t>(probe.width_px) * static_cast<uint64_t>(probe.height_px);
  if (pixels > options.max_pixels) {
    decoded.message = fmt::format("{} x {} pixels are more than the limit of {} pixels",
                                  with_thousands(static_cast<uint64_t>(probe.width_px)),
                                  with_thousands(static_cast<uint64_t>(probe.height_px)),
                                  with_thousands(options.max_pixels));
    return DecodeStatus::kTooLarge;
  }
  return DecodeStatus::kOk;
}

}  // namespace

Decoded decode_rgb(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  Decoded decoded;
  Probe probe;
  const ProbeStatus header = probe_image(bytes, probe);
  decoded.format = probe.format;
  decoded.stored_width_px = probe.width_px;
  decoded.stored_height_px = probe.height_px;
  decoded.stored_grey = is_stored_grey(bytes, probe);
  decoded.status = check_header(header, probe, options, decoded);
  if (decoded.status != DecodeStatus::kOk) return decoded;
  try {
    decoded.status = decode_format(bytes, probe, options, decoded);
  } catch (const std::bad_alloc&) {
    decoded.status = DecodeStatus::kTooLarge;
    decoded.message = fmt::format("there is not enough memory for {} x {} pixels", probe.width_px,
                                  probe.height_px);
  }
  if (decoded.status != DecodeStatus::kOk) {
    decoded.image = Image();
    if (decoded.message.empty()) decoded.message = "the image could not be decoded";
  } else if (options.apply_orientation && probe.format != ImageFormat::kTiff) {
    decoded.image = apply_orientation(std::move(decoded.image), probe.orientation);
    decoded.orientation = probe.orientation;
  }
  return decoded;
}

std::string_view issue_kind(DecodeStatus status) {
  switch (status) {
    case DecodeStatus::kOk: return "ok";
    case DecodeStatus::kTruncated: return "truncated-image";
    case DecodeStatus::kCorrupt: return "corrupt-image";
    case DecodeStatus::kUnsupported: return "unsupported-image";
    case DecodeStatus::kTooLarge: return "too-large-image";
    case DecodeStatus::kNotAnImage: return "not-an-image";
    case DecodeStatus::kUnreadable: return "unreadable-file";
  }
  return "unreadable-file";
}

// EXIF 2.32, tag 0x0112: which corner of the scene the stored row 0 and column 0 are.
Image apply_orientation(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8 || image.empty()) return image;
  const bool swap = orientation_swaps_sides(orientation);
  Image upright(swap ? image.height_px : image.width_px, swap ? image.width_px : image.height_px,
                image.channels);
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const auto channels = static_cast<size_t>(image.channels);
  uint8_t* out = upright.pixels.data();
  for (int32_t y = 0; y < upright.height_px; ++y) {
    for (int32_t x = 0; x < upright.width_px; ++x, out += channels) {
      int32_t sx = swap ? y : x;
      int32_t sy = swap ? x : y;
      if (from_right) sx = image.width_px - 1 - sx;
      if (from_bottom) sy = image.height_px - 1 - sy;
      const uint8_t* in = image.row(sy) + static_cast<size_t>(sx) * channels;
      for (size_t c = 0; c < channels; ++c) out[c] = in[c];
    }
  }
  return upright;
}

namespace internal {

void cmyk_to_rgb(const uint8_t* inverted_cmyk, size_t pixels, uint8_t* rgb) {
  for (size_t i = 0; i < pixels; ++i, inverted_cmyk += 4, rgb += 3) {
    const int white = inverted_cmyk[3];  // 255 - K
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - inverted_cmyk[c]) * white + 128;
      rgb[c] = static_cast<uint8_t>(white - (((product >> 8) + product) >> 8));
    }
  }
}

}  // namespace internal
}  // namespace errata::media

#include "media/probe.h"

#include <cstring>

#include "media/probe_internal.h"

namespace errata::media {
namespace {

using internal::be16;
using internal::be32;
using internal::Bytes;
using internal::le16;
using internal::le24;
using internal::le32;

bool starts_with(Bytes bytes, std::string_view signature) {
  return bytes.size() >= signature.size() &&
         std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

ProbeStatus set_size(Probe& probe, uint64_t width, uint64_t height) {
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX) {
    return ProbeStatus::kCorrupt;
  }
  probe.width_px = static_cast<int32_t>(width);
  probe.height_px = static_cast<int32_t>(height);
  return width * height > kMaxPixels ? ProbeStatus::kTooLarge : ProbeStatus::kOk;
}

// The orientation as Pillow's getexif() finds it: the EXIF tag, else XMP's.
struct Orientation {
  std::optional<uint32_t> exif;
  std::optional<uint32_t> xmp;
  uint8_t value() const { return internal::valid_orientation(exif ? exif : xmp); }
};

constexpr bool is_start_of_frame(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

void take_app1(Bytes payload, Orientation& orientation) {
  constexpr std::string_view kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
  if (starts_with(payload, std::string_view("Exif\0\0", 6))) {
    if (!orientation.exif) orientation.exif = internal::exif_orientation(payload);
  } else if (starts_with(payload, kXmp)) {
    if (!orientation.xmp) orientation.xmp = internal::xmp_orientation(payload.subspan(kXmp.size()));
  }
}

// ITU T.81 Annex B: segments up to the start of frame.
ProbeStatus probe_jpeg(Bytes bytes, Probe& probe) {
  Orientation orientation;
  size_t at = 2;
  while (true) {
    // Fill bytes before a marker are legal; other bytes between segments are skipped as libjpeg
    // does.
    while (at < bytes.size() && bytes[at] != 0xFF) ++at;
    while (at < bytes.size() && bytes[at] == 0xFF) ++at;
    if (at >= bytes.size()) return ProbeStatus::kTruncated;
    const uint8_t marker = bytes[at++];
    if (marker == 0x00 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) continue;
    if (marker == 0xD9 || marker == 0xDA) return ProbeStatus::kCorrupt;  // no frame before the end
    if (bytes.size() - at < 2) return ProbeStatus::kTruncated;
    const size_t length = be16(bytes.data() + at);
    if (length < 2) return ProbeStatus::kCorrupt;
    const Bytes payload = bytes.subspan(at + 2, std::min(length - 2, bytes.size() - at - 2));
    if (is_start_of_frame(marker)) {
      if (payload.size() < 6) {
        return length - 2 < 6 ? ProbeStatus::kCorrupt : ProbeStatus::kTruncated;
      }
      probe.bits = payload[0];
      probe.channels = payload[5];
      probe.orientation = orientation.value();
      return set_size(probe, be16(payload.data() + 3), be16(payload.data() + 1));
    }
    if (payload.size() < length - 2) return ProbeStatus::kTruncated;
    if (marker == 0xE1) take_app1(payload, orientation);
    at += length;
  }
}

// PNG 3rd edition: IHDR first; eXIf anywhere before IEND; XMP as iTXt "XML:com.adobe.xmp".
ProbeStatus probe_png(Bytes bytes, Probe& probe) {
  if (bytes.size() < 8 + 8 + 13) return ProbeStatus::kTruncated;
  const uint8_t* header = bytes.data() + 8;
  if (be32(header) != 13 || std::memcmp(header + 4, "IHDR", 4) != 0) return ProbeStatus::kCorrupt;
  probe.bits = header[16];
  switch (header[17]) {
    case 0:
    case 3: probe.channels = 1; break;
    case 2: probe.channels = 3; break;
    case 4: probe.channels = 2; break;
    case 6: probe.channels = 4; break;
    default: return ProbeStatus::kCorrupt;
  }
  const ProbeStatus status = set_size(probe, be32(header + 8), be32(header + 12));
  if (status != ProbeStatus::kOk) return status;
  Orientation orientation;
  size_t at = 8 + 12 + 13;
  while (bytes.size() > at && bytes.size() - at >= 8) {
    const size_t length = be32(bytes.data() + at);
    const uint8_t* kind = bytes.data() + at + 4;
    if (length > bytes.size() - at - 8) break;
    const Bytes payload = bytes.subspan(at + 8, length);
    if (std::memcmp(kind, "IEND", 4) == 0) break;
    if (std::memcmp(kind, "eXIf", 4) == 0) {
      orientation.exif = internal::exif_orientation(payload);
    } else if (std::memcmp(kind, "iTXt", 4) == 0 && starts_with(payload, "XML:com.adobe.xmp")) {
      orientation.xmp = internal::xmp_orientation(payload);
    }
    at += 12 + length;
  }
  probe.orientation = orientation.value();
  return ProbeStatus::kOk;
}

ProbeStatus probe_bmp(Bytes bytes, Probe& probe) {
  if (bytes.size() < 18) return ProbeStatus::kTruncated;
  const uint32_t header_bytes = le32(bytes.data() + 14);
  uint32_t bits = 0;
  int64_t width = 0;
  int64_t height = 0;
  if (header_bytes == 12) {
    if (bytes.size() < 26) return ProbeStatus::kTruncated;
    width = le16(bytes.data() + 18);
    height = le16(bytes.data() + 20);
    bits = le16(bytes.data() + 24);
  } else if (header_bytes >= 16 && header_bytes <= 256) {
    if (bytes.size() < 30) return ProbeStatus::kTruncated;
    width = static_cast<int32_t>(le32(bytes.data() + 18));
    height = static_cast<int32_t>(le32(bytes.data() + 22));  // below 0: top row first
    bits = le16(bytes.data() + 28);
  } else {
    return ProbeStatus::kCorrupt;
  }
  probe.bits = bits >= 24 ? uint8_t{8} : bits == 16 ? uint8_t{5} : static_cast<uint8_t>(bits);
  probe.channels = bits == 32 ? uint8_t{4} : bits >= 16 ? uint8_t{3} : uint8_t{1};
  if (width < 0) return ProbeStatus::kCorrupt;
  return set_size(probe, static_cast<uint64_t>(width),
                  static_cast<uint64_t>(height < 0 ? -height : height));
}

ProbeStatus probe_tiff(Bytes bytes, Probe& probe) {
  internal::TiffTags tags;
  const internal::TiffStatus status = internal::read_tiff_tags(bytes, tags);
  probe.bits = static_cast<uint8_t>(std::min<uint32_t>(tags.bits, 255));
  probe.channels = static_cast<uint8_t>(std::min<uint32_t>(tags.samples, 255));
  probe.orientation = internal::valid_orientation(tags.orientation);
  if (status == internal::TiffStatus::kCorrupt) return ProbeStatus::kCorrupt;
  if (status == internal::TiffStatus::kTruncated) return ProbeStatus::kTruncated;
  return set_size(probe, tags.width, tags.height);
}

// The size of a VP8 (RFC 6386) or VP8L bitstream.
ProbeStatus probe_webp_frame(Bytes payload, bool lossless, Probe& probe) {
  probe.bits = 8;
  if (lossless) {
    if (payload.size() < 5) return ProbeStatus::kTruncated;
    if (payload[0] != 0x2F) return ProbeStatus::kCorrupt;
    const uint32_t packed = le32(payload.data() + 1);
    probe.channels = (packed >> 28) & 1 ? 4 : 3;
    return set_size(probe, (packed & 0x3FFF) + 1, ((packed >> 14) & 0x3FFF) + 1);
  }
  if (payload.size() < 10) return ProbeStatus::kTruncated;
  if (payload[3] != 0x9D || payload[4] != 0x01 || payload[5] != 0x2A) return ProbeStatus::kCorrupt;
  probe.channels = 3;
  return set_size(probe, le16(payload.data() + 6) & 0x3FFF, le16(payload.data() + 8) & 0x3FFF);
}

ProbeStatus probe_webp(Bytes bytes, Probe& probe) {
  Orientation orientation;
  ProbeStatus status = ProbeStatus::kTruncated;
  size_t at = 12;
  while (bytes.size() > at && bytes.size() - at >= 8) {
    const std::string_view kind(reinterpret_cast<const char*>(bytes.data()) + at, 4);
    const size_t length = le32(bytes.data() + at + 4);
    const Bytes payload = bytes.subspan(at + 8, std::min(length, bytes.size() - at - 8));
    const bool sized = probe.width_px > 0;
    if (kind == "VP8X") {
      if (payload.size() < 10) return ProbeStatus::kTruncated;
      probe.bits = 8;
      probe.channels = payload[0] & 0x10 ? 4 : 3;
      status = set_size(probe, le24(payload.data() + 4) + 1, le24(payload.data() + 7) + 1);
    } else if (!sized && (kind == "VP8 " || kind == "VP8L")) {
      status = probe_webp_frame(payload, kind == "VP8L", probe);
    } else if (kind == "EXIF") {
      orientation.exif = internal::exif_orientation(payload);
    } else if (kind == "XMP ") {
      orientation.xmp = internal::xmp_orientation(payload);
    }
    if (status == ProbeStatus::kCorrupt || status == ProbeStatus::kTooLarge) return status;
    at += 8 + length + (length & 1);
  }
  probe.orientation = orientation.value();
  return status;
}

// The next decimal number of a PNM header, after white space and comments. nullopt at the end of
// the bytes, or -1 for something that is no number.
std::optional<int64_t> next_pnm_number(Bytes bytes, size_t& at) {
  while (at < bytes.size()) {
    const uint8_t c = bytes[at];
    if (c == '#') {
      while (at < bytes.size() && bytes[at] != '\n' && bytes[at] != '\r') ++at;
    } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
      ++at;
    } else {
      break;
    }
  }
  int64_t value = 0;
  const size_t first = at;
  while (at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9') {
    if (value <= INT32_MAX) value = value * 10 + (bytes[at] - '0');
    ++at;
  }
  if (at >= bytes.size()) return std::nullopt;
  if (at == first) return -1;
  return value;
}

ProbeStatus probe_pnm(Bytes bytes, Probe& probe) {
  if (bytes.size() < 3) return ProbeStatus::kTruncated;
  const uint8_t kind = bytes[1];
  size_t at = 2;
  int64_t numbers[3] = {0, 0, 1};
  const bool bitmap = kind == '1' || kind == '4';
  for (int i = 0; i < (bitmap ? 2 : 3); ++i) {
    const std::optional<int64_t> number = next_pnm_number(bytes, at);
    if (!number) return ProbeStatus::kTruncated;
    if (*number < 0) return ProbeStatus::kCorrupt;
    numbers[i] = *number;
  }
  if (numbers[2] < 1 || numbers[2] > 65535) return ProbeStatus::kCorrupt;
  probe.channels = kind == '3' || kind == '6' ? 3 : 1;
  probe.bits = bitmap ? 1 : numbers[2] > 255 ? 16 : 8;
  return set_size(probe, static_cast<uint64_t>(numbers[0]), static_cast<uint64_t>(numbers[1]));
}

ProbeStatus probe_gif(Bytes bytes, Probe& probe) {
  if (bytes.size() < 10) return ProbeStatus::kTruncated;
  probe.channels = 1;
  probe.bits = 8;
  return set_size(probe, le16(bytes.data() + 6), le16(bytes.data() + 8));
}

bool is_pnm(Bytes bytes) {
  if (bytes.size() < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '6') return false;
  const uint8_t c = bytes[2];
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '#';
}

}  // namespace

ImageFormat sniff_format(Bytes bytes) {
  if (starts_with(bytes, "\xFF\xD8\xFF")) return ImageFormat::kJpeg;
  if (starts_with(bytes, "\x89PNG\r\n\x1A\n")) return ImageFormat::kPng;
  if (starts_with(bytes, "GIF87a") || starts_with(bytes, "GIF89a")) return ImageFormat::kGif;
  if (bytes.size() >= 12 && starts_with(bytes, "RIFF") &&
      std::memcmp(bytes.data() + 8, "WEBP", 4) == 0) {
    return ImageFormat::kWebp;
  }
  constexpr std::string_view kTiffs[] = {{"II*\0", 4}, {"MM\0*", 4}, {"II+\0", 4}, {"MM\0+", 4}};
  for (std::string_view signature : kTiffs) {
    if (starts_with(bytes, signature)) return ImageFormat::kTiff;
  }
  if (starts_with(bytes, "BM")) return ImageFormat::kBmp;
  if (is_pnm(bytes)) return ImageFormat::kPnm;
  return ImageFormat::kUnknown;
}

ProbeStatus probe_image(Bytes bytes, Probe& probe) {
  probe = Probe{};
  if (bytes.empty()) return ProbeStatus::kEmpty;
  probe.format = sniff_format(bytes);
  switch (probe.format) {
    case ImageFormat::kJpeg: return probe_jpeg(bytes, probe);
    case ImageFormat::kPng: return probe_png(bytes, probe);
    case ImageFormat::kBmp: return probe_bmp(bytes, probe);
    case ImageFormat::kTiff: return probe_tiff(bytes, probe);
    case ImageFormat::kWebp: return probe_webp(bytes, probe);
    case ImageFormat::kPnm: return probe_pnm(bytes, probe);
    case ImageFormat::kGif: return probe_gif(bytes, probe);
    case ImageFormat::kUnknown: break;
  }
  return ProbeStatus::kUnknownFormat;
}

std::string_view format_name(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg: return "JPEG";
    case ImageFormat::kPng: return "PNG";
    case ImageFormat::kBmp: return "BMP";
    case ImageFormat::kTiff: return "TIFF";
    case ImageFormat::kWebp: return "WebP";
    case ImageFormat::kPnm: return "PNM";
    case ImageFormat::kGif: return "GIF";
    case ImageFormat::kUnknown: break;
  }
  return "unknown";
}

ImageFormat format_of_extension(std::string_view extension) {
  constexpr struct {
    std::string_view extension;
    ImageFormat format;
  } kKnown[] = {
      {".jpg", ImageFormat::kJpeg},  {".jpeg", ImageFormat::kJpeg}, {".jpe", ImageFormat::kJpeg},
      {".jfif", ImageFormat::kJpeg}, {".png", ImageFormat::kPng},   {".bmp", ImageFormat::kBmp},
      {".tif", ImageFormat::kTiff},  {".tiff", ImageFormat::kTiff}, {".webp", ImageFormat::kWebp},
      {".ppm", ImageFormat::kPnm},   {".pgm", ImageFormat::kPnm},   {".pbm", ImageFormat::kPnm},
      {".pnm", ImageFormat::kPnm},   {".gif", ImageFormat::kGif},
  };
  for (const auto& known : kKnown) {
    if (known.extension == extension) return known.format;
  }
  return ImageFormat::kUnknown;
}

std::string_view describe(ProbeStatus status) {
  switch (status) {
    case ProbeStatus::kOk: return "ok";
    case ProbeStatus::kEmpty: return "the file is empty";
    case ProbeStatus::kUnknownFormat: return "the file is not an image of a known format";
    case ProbeStatus::kTruncated: return "the file ends inside its header";
    case ProbeStatus::kCorrupt: return "the image header is broken";
    case ProbeStatus::kTooLarge: return "the image has more than 178,956,970 pixels";
  }
  return "unknown";
}

}  // namespace errata::media

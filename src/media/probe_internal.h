// Shared by the probe's files: bytes in either order, and the orientation tag.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace errata::media::internal {

using Bytes = std::span<const uint8_t>;

inline uint32_t be16(const uint8_t* p) {
  return (uint32_t{p[0]} << 8) | p[1];
}
inline uint32_t be32(const uint8_t* p) {
  return (be16(p) << 16) | be16(p + 2);
}
inline uint32_t le16(const uint8_t* p) {
  return (uint32_t{p[1]} << 8) | p[0];
}
inline uint32_t le24(const uint8_t* p) {
  return (uint32_t{p[2]} << 16) | le16(p);
}
inline uint32_t le32(const uint8_t* p) {
  return (le16(p + 2) << 16) | le16(p);
}

// Integers of a TIFF structure, in the byte order its header names.
struct TiffReader {
  Bytes bytes;  // from the TIFF header on
  bool big_endian = false;

  bool has(uint64_t offset, uint64_t n) const {
    return offset <= bytes.size() && bytes.size() - offset >= n;
  }
  uint32_t u16(uint64_t offset) const {
    return big_endian ? be16(bytes.data() + offset) : le16(bytes.data() + offset);
  }
  uint32_t u32(uint64_t offset) const {
    return big_endian ? be32(bytes.data() + offset) : le32(bytes.data() + offset);
  }
  uint64_t u64(uint64_t offset) const {
    return big_endian ? (uint64_t{u32(offset)} << 32) | u32(offset + 4)
                      : (uint64_t{u32(offset + 4)} << 32) | u32(offset);
  }
};

// The values of one tag: `count` of a TIFF type, the first at `value_at`.
struct TiffEntry {
  uint32_t tag = 0;
  uint32_t type = 0;
  uint64_t count = 0;
  uint64_t value_at = 0;
};

// Value `i` of an entry of integers; nullopt for other types and outside the bytes.
std::optional<uint64_t> tiff_value(const TiffReader& reader, const TiffEntry& entry, uint64_t i);

// Tags of a TIFF's first image file directory that matter here; 0 when absent.
struct TiffTags {
  uint64_t width = 0;
  uint64_t height = 0;
  uint32_t bits = 1;
  uint32_t compression = 1;
  uint32_t photometric = 0;
  uint32_t samples = 1;
  uint32_t sample_format = 1;
  uint32_t planar = 1;
  uint32_t predictor = 1;
  uint64_t rows_per_strip = UINT64_MAX;
  bool tiled = false;
  std::optional<uint32_t> orientation;
  uint32_t alpha = 0;  // ExtraSamples: 1 premultiplied, 2 not
  bool has_extra = false;
  TiffEntry offsets;  // of strips or tiles
  TiffEntry lengths;
  uint64_t pixels_end = 0;  // one behind the last byte of any of them
};

enum class TiffStatus : uint8_t { kOk, kTruncated, kCorrupt };

// `bytes` from "II" or "MM" on; classic TIFF and BigTIFF. Tags are filled as far as the bytes go.
TiffStatus read_tiff_tags(Bytes bytes, TiffTags& tags);

// The orientation (0 to 65535, as written) in an EXIF block with or without its "Exif\0\0" prefix.
std::optional<uint32_t> exif_orientation(Bytes exif);
// The digit after `tiff:Orientation="` or `tiff:Orientation>` in an XMP packet.
std::optional<uint32_t> xmp_orientation(Bytes xmp);

// What a person would call upright when the tag is nonsense.
inline uint8_t valid_orientation(std::optional<uint32_t> tag) {
  return tag && *tag >= 1 && *tag <= 8 ? static_cast<uint8_t>(*tag) : uint8_t{1};
}

}  // namespace errata::media::internal

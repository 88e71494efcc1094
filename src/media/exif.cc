#include <algorithm>
#include <cstring>
#include <string_view>

#include "media/probe_internal.h"

namespace errata::media::internal {
namespace {

constexpr uint32_t kTypeByte = 1;
constexpr uint32_t kTypeShort = 3;
constexpr uint32_t kTypeLong = 4;
constexpr uint32_t kTypeLong8 = 16;

uint64_t type_bytes(uint32_t type) {
  switch (type) {
    case kTypeShort: return 2;
    case kTypeLong: return 4;
    case kTypeLong8: return 8;
    default: return 1;
  }
}

void take_tag(const TiffReader& reader, const TiffEntry& entry, TiffTags& tags) {
  const std::optional<uint64_t> value = tiff_value(reader, entry, 0);
  if (!value) return;
  const auto small = static_cast<uint32_t>(*value);
  switch (entry.tag) {
    case 256: tags.width = *value; break;
    case 257: tags.height = *value; break;
    case 258: tags.bits = small; break;
    case 259: tags.compression = small; break;
    case 262: tags.photometric = small; break;
    case 274: tags.orientation = small; break;
    case 278: tags.rows_per_strip = *value; break;
    case 317: tags.predictor = small; break;
    case 277: tags.samples = small; break;
    case 284: tags.planar = small; break;
    case 339: tags.sample_format = small; break;
    case 338:
      tags.has_extra = true;
      tags.alpha = small;
      break;
    default: break;
  }
}

// One behind the last byte that strips or tiles claim.
uint64_t data_end(const TiffReader& reader, const TiffTags& tags) {
  const uint64_t pieces = std::min(tags.offsets.count, tags.lengths.count);
  if (pieces > reader.bytes.size()) return 0;
  uint64_t end = 0;
  for (uint64_t i = 0; i < pieces; ++i) {
    const std::optional<uint64_t> offset = tiff_value(reader, tags.offsets, i);
    const std::optional<uint64_t> length = tiff_value(reader, tags.lengths, i);
    if (!offset || !length) return 0;
    end = std::max(end, *offset + *length);
  }
  return end;
}

}  // namespace

std::optional<uint64_t> tiff_value(const TiffReader& reader, const TiffEntry& entry, uint64_t i) {
  if (i >= entry.count) return std::nullopt;
  const uint64_t at = entry.value_at + i * type_bytes(entry.type);
  if (!reader.has(at, type_bytes(entry.type))) return std::nullopt;
  switch (entry.type) {
    case kTypeByte: return reader.bytes[at];
    case kTypeShort: return reader.u16(at);
    case kTypeLong: return reader.u32(at);
    case kTypeLong8: return reader.u64(at);
    default: return std::nullopt;
  }
}

TiffStatus read_tiff_tags(Bytes bytes, TiffTags& tags) {
  if (bytes.size() < 8) return TiffStatus::kTruncated;
  TiffReader reader{bytes, bytes[0] == 'M'};
  if (std::memcmp(bytes.data(), "II", 2) != 0 && std::memcmp(bytes.data(), "MM", 2) != 0) {
    return TiffStatus::kCorrupt;
  }
  const uint32_t version = reader.u16(2);
  const bool big = version == 43;
  if (!big && version != 42) return TiffStatus::kCorrupt;
  if (big && !reader.has(8, 8)) return TiffStatus::kTruncated;
  const uint64_t directory = big ? reader.u64(8) : reader.u32(4);
  if (directory < 8) return TiffStatus::kCorrupt;
  if (!reader.has(directory, big ? 8 : 2)) return TiffStatus::kTruncated;
  const uint64_t count = big ? reader.u64(directory) : reader.u16(directory);
  // More tags than the standard has by far: not a directory.
  if (count == 0 || count > 4096) return TiffStatus::kCorrupt;
  const uint64_t entry_bytes = big ? 20 : 12;
  const uint64_t first = directory + (big ? 8 : 2);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t at = first + i * entry_bytes;
    if (!reader.has(at, entry_bytes)) return TiffStatus::kTruncated;
    TiffEntry entry{reader.u16(at), reader.u16(at + 2), 0, 0};
    entry.count = big ? reader.u64(at + 4) : reader.u32(at + 4);
    const uint64_t inline_at = at + (big ? 12 : 8);
    const uint64_t inline_bytes = big ? 8 : 4;
    const bool fits = entry.count <= inline_bytes / type_bytes(entry.type);
    entry.value_at = fits ? inline_at : (big ? reader.u64(inline_at) : reader.u32(inline_at));
    take_tag(reader, entry, tags);
    if (entry.tag == 273 || entry.tag == 324) tags.offsets = entry;
    if (entry.tag == 279 || entry.tag == 325) tags.lengths = entry;
    tags.tiled |= entry.tag == 324;
  }
  tags.pixels_end = data_end(reader, tags);
  return TiffStatus::kOk;
}

std::optional<uint32_t> exif_orientation(Bytes exif) {
  static constexpr uint8_t kPrefix[6] = {'E', 'x', 'i', 'f', 0, 0};
  if (exif.size() >= 6 && std::memcmp(exif.data(), kPrefix, 6) == 0) exif = exif.subspan(6);
  TiffTags tags;
  // What stood before a break counts: cameras write the tag early, and EXIF blocks are often cut.
  read_tiff_tags(exif, tags);
  return tags.orientation;
}

std::optional<uint32_t> xmp_orientation(Bytes xmp) {
  const std::string_view text(reinterpret_cast<const char*>(xmp.data()), xmp.size());
  constexpr std::string_view kTag = "tiff:Orientation";
  for (size_t at = text.find(kTag); at != std::string_view::npos; at = text.find(kTag, at + 1)) {
    std::string_view rest = text.substr(at + kTag.size());
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with(">")) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
      return static_cast<uint32_t>(rest[0] - '0');
    }
  }
  return std::nullopt;
}

}  // namespace errata::media::internal

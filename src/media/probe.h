// What an image file's header says, without decoding: format, size, EXIF orientation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace errata::media {

// Decided by signature only; extensions lie.
enum class ImageFormat : uint8_t {
  kUnknown,
  kJpeg,
  kPng,
  kBmp,
  kTiff,
  kWebp,
  kPnm,
  kGif  // recognised and measured, not decoded
};

// More pixels than this are refused: Pillow's own limit (its "decompression bomb" error).
inline constexpr uint64_t kMaxPixels = 178'956'970;

// The first bytes that decide nearly every real file. A reader that does not want whole files reads
// this many, and the rest only on kTruncated.
inline constexpr size_t kProbePrefixBytes = 64 * 1024;

struct Probe {
  ImageFormat format = ImageFormat::kUnknown;
  uint8_t orientation = 1;  // EXIF 1..8; a tag of 0 or above 8 is read as 1
  uint8_t channels = 0;     // as stored; 1 for a palette
  uint8_t bits = 0;         // of each channel, as stored
  int32_t width_px = 0;     // as stored, before orientation
  int32_t height_px = 0;
};

enum class ProbeStatus : uint8_t {
  kOk,
  kEmpty,          // no bytes at all
  kUnknownFormat,  // no signature we know
  kTruncated,      // the bytes end before the size is known: give more, if there are more
  kCorrupt,        // the header contradicts its own format: a size of 0, a broken marker, ...
  kTooLarge        // above kMaxPixels; `probe` is filled
};

// Fills `probe` as far as the bytes go; format is set whenever the signature is known. Never
// throws, allocates nothing, reads only header bytes. Orientation comes from EXIF, else from XMP
// (tiff:Orientation), as in Pillow's getexif(). A prefix of the file is enough unless the result is
// kTruncated; in PNG and WebP metadata that stands behind the pixels is only seen in whole files.
ProbeStatus probe_image(std::span<const uint8_t> bytes, Probe& probe);

// By signature: at least 12 bytes of a file are needed to be sure.
ImageFormat sniff_format(std::span<const uint8_t> bytes);
// "JPEG", "PNG", ...; "unknown".
std::string_view format_name(ImageFormat format);
// Format that an extension with its dot, lower-cased (".jpg") promises; kUnknown for others.
ImageFormat format_of_extension(std::string_view extension);
// One sentence for a person, such as "the file is empty"; "ok" for kOk.
std::string_view describe(ProbeStatus status);

}  // namespace errata::media

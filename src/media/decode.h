// Decoding, equal to Pillow's Image.open(...).convert("RGB") byte for byte.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "media/image.h"
#include "media/probe.h"

namespace errata::media {

struct DecodeOptions {
  // Turn the pixels upright by the EXIF orientation, as PIL.ImageOps.exif_transpose does. Off,
  // pixels are as stored: what torchvision, timm and plain Pillow see. TIFF is always turned,
  // because Pillow does so while loading.
  bool apply_orientation = false;
  // More than this is kTooLarge, decided from the header before anything is allocated.
  uint64_t max_pixels = kMaxPixels;
  // For thumbnails only: above 0, a JPEG may be decoded smaller (1/2, 1/4, 1/8) as long as its
  // shorter side stays at or above this. The pixels then differ from Pillow's.
  int32_t jpeg_min_side_px = 0;
};

enum class DecodeStatus : uint8_t {
  kOk,
  kTruncated,    // the file ends before its image does
  kCorrupt,      // the decoder found broken data; never half an image as if it were whole
  kUnsupported,  // a format or variant this build does not decode
  kTooLarge,     // above max_pixels, or more than there is memory for
  kNotAnImage,   // no known signature
  kUnreadable    // empty, or the file could not be read at all
};

struct Decoded {
  DecodeStatus status = DecodeStatus::kUnreadable;
  ImageFormat format = ImageFormat::kUnknown;
  std::string message;  // one sentence when status is not kOk
  Image image;          // 3 channels; empty unless kOk
  // Size as stored, before orientation and JPEG scaling; 0 when the header could not be read.
  int32_t stored_width_px = 0;
  int32_t stored_height_px = 0;
  // The EXIF orientation by which pixels were turned upright; 1 when they are as stored. TIFF,
  // which is always turned, counts as stored so.
  uint8_t orientation = 1;
  // The file holds one 8-bit grey channel (Pillow's mode "L") and no palette or alpha.
  bool stored_grey = false;

  bool ok() const { return status == DecodeStatus::kOk; }
};

// Decodes one image file's bytes. Never throws for bad bytes, never prints.
// Callable from any thread. JPEG, PNG and PNM are decoded here; BMP, WebP and most of TIFF by a
// module that is opened on first use (see imgcodecs_module.h), kUnsupported when it is absent.
Decoded decode_rgb(std::span<const uint8_t> bytes, const DecodeOptions& options = {});

// Stable kebab-case name for issue kinds: "truncated-image", "corrupt-image", ...
std::string_view issue_kind(DecodeStatus status);

// Turns pixels upright: orientation 1..8 as EXIF defines it; others are read as 1.
Image apply_orientation(Image image, int orientation);
// True for 5..8: width and height change places.
inline bool orientation_swaps_sides(int orientation) {
  return orientation >= 5 && orientation <= 8;
}

}  // namespace errata::media

// One decoder per format, behind decode_rgb. All take whole files, never throw for bad bytes, and
// fill `decoded.image` only when they return kOk.
#pragma once

#include <cstdint>
#include <span>

#include "media/decode.h"

namespace errata::media::internal {

using Bytes = std::span<const uint8_t>;

DecodeStatus decode_jpeg(Bytes bytes, const DecodeOptions& options, Decoded& decoded);
DecodeStatus decode_png(Bytes bytes, Decoded& decoded);
DecodeStatus decode_pnm(Bytes bytes, const Probe& probe, Decoded& decoded);
// The TIFF variants that OpenCV reads otherwise than Pillow: 8-bit RGB with alpha (libtiff
// multiplies straight alpha in) and 32-bit grey. Strips of interleaved samples, uncompressed, LZW,
// deflate or PackBits; kUnsupported for others of their kind.
bool is_own_tiff(Bytes bytes);
DecodeStatus decode_own_tiff(Bytes bytes, Decoded& decoded);
// BMP, other TIFF and WebP, in the module that holds OpenCV.
DecodeStatus decode_with_imgcodecs(Bytes bytes, const Probe& probe, Decoded& decoded);

// Adobe's inverted CMYK as Pillow turns it into RGB, one row.
void cmyk_to_rgb(const uint8_t* inverted_cmyk, size_t pixels, uint8_t* rgb);

}  // namespace errata::media::internal

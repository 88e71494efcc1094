// The C interface of liberrata_imgcodecs.so: the only code that links OpenCV. It is opened when the
// first BMP, TIFF or WebP is decoded, because loading it costs 0.1 s to 0.5 s and 139 libraries.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// Raised whenever the struct or a meaning changes.
#define ERRATA_IMGCODECS_ABI 1

struct ErrataImgcodecsResult {
  int32_t width_px;
  int32_t height_px;
  uint8_t* pixels;    // RGB, row-major, without padding; errata_imgcodecs_free it
  char message[160];  // when it failed
};

int errata_imgcodecs_abi(void);

// 1 when decoded, 0 when not. `grey16_saturates`: 16-bit grey above 255 becomes 255 (Pillow's rule)
// instead of its high byte. Orientation tags are ignored, alpha is dropped. Never throws.
int errata_imgcodecs_decode(const uint8_t* bytes, size_t size_bytes, int grey16_saturates,
                            ErrataImgcodecsResult* result);
void errata_imgcodecs_free(ErrataImgcodecsResult* result);

}  // extern "C"

// Pixels in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace errata::media {

// Row-major, interleaved, without padding between rows: pixels[(y * width_px + x) * channels + c].
// 3 channels are R, G, B in this order; 1 is grey.
struct Image {
  int32_t width_px = 0;
  int32_t height_px = 0;
  int32_t channels = 3;
  std::vector<uint8_t> pixels;

  Image() = default;
  Image(int32_t width, int32_t height, int32_t channel_count)
      : width_px(width),
        height_px(height),
        channels(channel_count),
        pixels(static_cast<size_t>(width) * static_cast<size_t>(height) *
               static_cast<size_t>(channel_count)) {}

  bool empty() const { return pixels.empty(); }
  size_t row_bytes() const { return static_cast<size_t>(width_px) * static_cast<size_t>(channels); }
  const uint8_t* row(int32_t y) const {
    return pixels.data() + static_cast<size_t>(y) * row_bytes();
  }
  uint8_t* row(int32_t y) { return pixels.data() + static_cast<size_t>(y) * row_bytes(); }
  bool operator==(const Image&) const = default;
};

// Tells the allocator to keep freed blocks of an image's size instead of returning them to the
// system: touching fresh pages for every image costs a fifth of decoding it. For the main function
// of a program that decodes many; a no-op where the C library cannot.
void reuse_image_memory();

}  // namespace errata::media

// Pictures on the graphics card: an atlas of thumbnails in cells of one size, and single textures.
// Main thread, with the window's context current.
#pragma once

#include <imgui.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "media/image.h"
#include "model/ids.h"
#include "viewer/state/slot_cache.h"

namespace errata::viewer {

// A part of a texture.
struct TextureRegion {
  ImTextureID texture = ImTextureID_Invalid;
  ImVec2 uv_min;
  ImVec2 uv_max;
  int width_px = 0;
  int height_px = 0;
};

class ThumbnailAtlas {
 public:
  // `cell_px`: longest side of a thumbnail. Pages of whole cells, at most 512x512, are
  // made when they are needed, at most as many as fit `byte_budget` (one at least).
  ThumbnailAtlas(int cell_px, uint64_t byte_budget);
  ~ThumbnailAtlas();
  ThumbnailAtlas(const ThumbnailAtlas&) = delete;
  ThumbnailAtlas& operator=(const ThumbnailAtlas&) = delete;

  // Marks the thumbnail as used in this frame.
  std::optional<TextureRegion> find(SampleId sample, uint64_t frame);
  bool holds(SampleId sample) const { return cache_.holds(sample); }
  // False when all cells are in use in this very frame.
  bool upload(SampleId sample, const media::Image& image, uint64_t frame);
  void forget(SampleId sample) { cache_.forget(sample); }
  void clear();
  int cell_px() const { return cell_px_; }
  size_t cells() const { return cache_.slots(); }

 private:
  struct Size {
    int16_t width_px = 0;
    int16_t height_px = 0;
  };

  int cell_px_;
  int cells_per_side_;
  int page_px_;  // a page's side
  std::vector<unsigned> pages_;
  std::vector<Size> sizes_;  // of each slot's thumbnail
  SlotCache cache_;
};

// A row of dashes, to be laid along the edges of boxes: one texel is one pixel of the screen.
class DashTexture {
 public:
  static constexpr int kLengthPx = 4096;

  DashTexture() = default;
  ~DashTexture();
  DashTexture(const DashTexture&) = delete;
  DashTexture& operator=(const DashTexture&) = delete;

  // Made when it is first asked for. Lengths in pixels.
  ImTextureID get(int dash_px, int gap_px);

 private:
  unsigned name_ = 0;
  int dash_px_ = 0;
};

// One image as a texture of its own.
class ImageTexture {
 public:
  ImageTexture() = default;
  ~ImageTexture();
  ImageTexture(const ImageTexture&) = delete;
  ImageTexture& operator=(const ImageTexture&) = delete;

  // Images beyond the card's largest texture are halved until they fit.
  void upload(SampleId sample, const media::Image& image);
  // With its opacity: R, G, B, A from the lowest byte up. At most as large as a screen.
  void upload(SampleId sample, int width_px, int height_px, const std::vector<uint32_t>& pixels);
  void clear();
  SampleId sample() const { return sample_; }
  // Size is the image's, not the texture's.
  const TextureRegion& region() const { return region_; }

 private:
  SampleId sample_ = 0;
  unsigned name_ = 0;
  TextureRegion region_;
};

}  // namespace errata::viewer

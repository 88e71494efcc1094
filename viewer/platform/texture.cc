#include "viewer/platform/texture.h"

#include <algorithm>

#include "viewer/platform/gl.h"

namespace errata::viewer {

namespace {

// A software renderer takes 8 ms to make a page of twice the side: a frame would be felt.
constexpr int kMostPagePx = 512;

size_t page_count(uint64_t byte_budget, int page_px) {
  const uint64_t page_bytes = static_cast<uint64_t>(page_px) * static_cast<uint64_t>(page_px) * 4;
  return static_cast<size_t>(std::max<uint64_t>(1, byte_budget / page_bytes));
}

unsigned make_texture(int width_px, int height_px) {
  unsigned name = 0;
  glGenTextures(1, &name);
  glBindTexture(GL_TEXTURE_2D, name);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, kGlClampToEdge);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, kGlClampToEdge);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width_px, height_px, 0, GL_RGBA, GL_UNSIGNED_BYTE,
               nullptr);
  return name;
}

std::vector<uint8_t> to_rgba(const media::Image& image) {
  const size_t count = static_cast<size_t>(image.width_px) * static_cast<size_t>(image.height_px);
  std::vector<uint8_t> rgba(count * 4);
  const uint8_t* from = image.pixels.data();
  const bool grey = image.channels == 1;
  for (size_t i = 0; i < count; ++i) {
    rgba[i * 4] = from[0];
    rgba[i * 4 + 1] = from[grey ? 0 : 1];
    rgba[i * 4 + 2] = from[grey ? 0 : 2];
    rgba[i * 4 + 3] = 255;
    from += image.channels;
  }
  return rgba;
}

void write_pixels(unsigned texture, int x, int y, const media::Image& image) {
  const std::vector<uint8_t> rgba = to_rgba(image);
  glBindTexture(GL_TEXTURE_2D, texture);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glTexSubImage2D(GL_TEXTURE_2D, 0, x, y, image.width_px, image.height_px, GL_RGBA,
                  GL_UNSIGNED_BYTE, rgba.data());
}

media::Image halved(const media::Image& image) {
  media::Image half(std::max(1, image.width_px / 2), std::max(1, image.height_px / 2),
                    image.channels);
  for (int32_t y = 0; y < half.height_px; ++y) {
    for (int32_t x = 0; x < half.width_px; ++x) {
      std::copy_n(
          image.row(y * 2) + static_cast<size_t>(x) * 2 * static_cast<size_t>(image.channels),
          image.channels,
          half.row(y) + static_cast<size_t>(x) * static_cast<size_t>(image.channels));
    }
  }
  return half;
}

}  // namespace

ThumbnailAtlas::ThumbnailAtlas(int cell_px, uint64_t byte_budget)
    : cell_px_(cell_px),
      cells_per_side_(std::max(1, kMostPagePx / cell_px)),
      page_px_(cells_per_side_ * cell_px),
      cache_(page_count(byte_budget, page_px_) * static_cast<size_t>(cells_per_side_) *
             static_cast<size_t>(cells_per_side_)) {
  sizes_.resize(cache_.slots());
}

ThumbnailAtlas::~ThumbnailAtlas() {
  clear();
}

void ThumbnailAtlas::clear() {
  if (!pages_.empty()) glDeleteTextures(static_cast<int>(pages_.size()), pages_.data());
  pages_.clear();
  cache_.clear();
}

std::optional<TextureRegion> ThumbnailAtlas::find(SampleId sample, uint64_t frame) {
  const std::optional<size_t> slot = cache_.use(sample, frame);
  if (!slot) return std::nullopt;
  const auto per_side = static_cast<size_t>(cells_per_side_);
  const size_t page = *slot / (per_side * per_side);
  const size_t cell = *slot % (per_side * per_side);
  const auto left = static_cast<float>(cell % per_side * static_cast<size_t>(cell_px_));
  const auto top = static_cast<float>(cell / per_side * static_cast<size_t>(cell_px_));
  const Size size = sizes_[*slot];
  TextureRegion region;
  region.texture = static_cast<ImTextureID>(pages_[page]);
  region.width_px = size.width_px;
  region.height_px = size.height_px;
  // Half a texel inside, so that a neighbour's edge is never mixed in.
  const auto page_side = static_cast<float>(page_px_);
  region.uv_min = ImVec2((left + 0.5F) / page_side, (top + 0.5F) / page_side);
  region.uv_max = ImVec2((left + static_cast<float>(size.width_px) - 0.5F) / page_side,
                         (top + static_cast<float>(size.height_px) - 0.5F) / page_side);
  return region;
}

bool ThumbnailAtlas::upload(SampleId sample, const media::Image& image, uint64_t frame) {
  if (image.empty() || image.width_px > cell_px_ || image.height_px > cell_px_) return false;
  const std::optional<size_t> slot = cache_.take(sample, frame);
  if (!slot) return false;
  const auto per_side = static_cast<size_t>(cells_per_side_);
  const size_t page = *slot / (per_side * per_side);
  while (pages_.size() <= page) pages_.push_back(make_texture(page_px_, page_px_));
  const size_t cell = *slot % (per_side * per_side);
  sizes_[*slot] = {static_cast<int16_t>(image.width_px), static_cast<int16_t>(image.height_px)};
  write_pixels(pages_[page], static_cast<int>(cell % per_side) * cell_px_,
               static_cast<int>(cell / per_side) * cell_px_, image);
  return true;
}

DashTexture::~DashTexture() {
  if (name_ != 0) glDeleteTextures(1, &name_);
}

ImTextureID DashTexture::get(int dash_px, int gap_px) {
  if (name_ == 0) name_ = make_texture(kLengthPx, 1);
  if (dash_px != dash_px_) {
    dash_px_ = dash_px;
    std::vector<uint8_t> rgba(static_cast<size_t>(kLengthPx) * 4, 255);
    for (int x = 0; x < kLengthPx; ++x) {
      rgba[static_cast<size_t>(x) * 4 + 3] = x % (dash_px + gap_px) < dash_px ? 255 : 0;
    }
    glBindTexture(GL_TEXTURE_2D, name_);
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, kLengthPx, 1, GL_RGBA, GL_UNSIGNED_BYTE, rgba.data());
  }
  return static_cast<ImTextureID>(name_);
}

ImageTexture::~ImageTexture() {
  clear();
}

void ImageTexture::clear() {
  if (name_ != 0) glDeleteTextures(1, &name_);
  name_ = 0;
  sample_ = 0;
  region_ = {};
}

void ImageTexture::upload(SampleId sample, const media::Image& image) {
  clear();
  sample_ = sample;
  if (image.empty()) return;
  int largest = 2048;
  glGetIntegerv(GL_MAX_TEXTURE_SIZE, &largest);
  media::Image smaller;
  const media::Image* shown = &image;
  while (shown->width_px > largest || shown->height_px > largest) {
    smaller = halved(*shown);
    shown = &smaller;
  }
  name_ = make_texture(shown->width_px, shown->height_px);
  write_pixels(name_, 0, 0, *shown);
  region_.texture = static_cast<ImTextureID>(name_);
  region_.uv_min = ImVec2(0, 0);
  region_.uv_max = ImVec2(1, 1);
  region_.width_px = image.width_px;
  region_.height_px = image.height_px;
}

void ImageTexture::upload(SampleId sample, int width_px, int height_px,
                          const std::vector<uint32_t>& pixels) {
  if (name_ == 0 || region_.width_px != width_px || region_.height_px != height_px) {
    clear();
    name_ = make_texture(width_px, height_px);
  }
  sample_ = sample;
  glBindTexture(GL_TEXTURE_2D, name_);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width_px, height_px, GL_RGBA, GL_UNSIGNED_BYTE,
                  pixels.data());
  region_ = {static_cast<ImTextureID>(name_), ImVec2(0, 0), ImVec2(1, 1), width_px, height_px};
}

}  // namespace errata::viewer

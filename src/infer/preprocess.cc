#include "infer/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "infer/detect.h"

namespace errata::infer {

namespace {

void check(const ModelSpec& spec) {
  const auto channels = static_cast<size_t>(spec.input_channels);
  const bool ok = (spec.input_channels == 1 || spec.input_channels == 3) &&
                  ((spec.input_px.width_px > 0 && spec.input_px.height_px > 0) ||
                   spec.output_kind == OutputKind::kTorchvision) &&
                  spec.mean.size() == channels && spec.std.size() == channels && spec.scale != 0;
  if (!ok) {
    throw Error(ErrorCategory::kBadInput,
                "the model description gives no usable input size, mean or std");
  }
}

// timm fills what "border" leaves with round(255 * mean); its other crops and torchvision's, with
// 0.
std::array<uint8_t, 3> fill_colour(const ModelSpec& spec) {
  std::array<uint8_t, 3> fill{0, 0, 0};
  if (spec.resize != ResizeMode::kFit) return fill;
  for (size_t c = 0; c < spec.mean.size(); ++c) {
    const int64_t value = media::python_round(spec.scale * spec.mean[c]);
    fill[c] = static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255));
  }
  return fill;
}

media::Size resized(const ModelSpec& spec, media::Size size) {
  switch (spec.resize) {
    case ResizeMode::kNone: return size;
    case ResizeMode::kShorterSide:
      return media::size_for_shorter_side(size, spec.resize_px.height_px);
    case ResizeMode::kExact: return spec.resize_px;
    case ResizeMode::kCover: return media::size_keeping_ratio(size, spec.resize_px, false);
    case ResizeMode::kFit: return media::size_keeping_ratio(size, spec.resize_px, true);
    case ResizeMode::kLetterbox: return spec.input_px;
  }
  return size;
}

}  // namespace

media::Image to_grey(const media::Image& rgb) {
  if (rgb.channels == 1) return rgb;
  media::Image grey(rgb.width_px, rgb.height_px, 1);
  const uint8_t* in = rgb.pixels.data();
  for (uint8_t& out : grey.pixels) {
    out = static_cast<uint8_t>((in[0] * 19595u + in[1] * 38470u + in[2] * 7471u + 0x8000u) >> 16);
    in += 3;
  }
  return grey;
}

Preprocessor::Preprocessor(const ModelSpec& spec) : spec_(spec) {
  check(spec_);
  table_.resize(spec_.mean.size());
  for (size_t c = 0; c < table_.size(); ++c) {
    // What torch does: uint8 to float32, div by 255, sub_ and div_ by float32 tensors of the means.
    const auto scale = static_cast<float>(spec_.scale);
    const auto mean = static_cast<float>(spec_.mean[c]);
    const auto std = static_cast<float>(spec_.std[c]);
    for (size_t v = 0; v < 256; ++v) {
      const float scaled = static_cast<float>(v) / scale;
      const float centred = scaled - mean;
      table_[c][v] = centred / std;
    }
  }
}

size_t Preprocessor::value_count() const {
  return table_.size() * static_cast<size_t>(spec_.input_px.width_px) *
         static_cast<size_t>(spec_.input_px.height_px);
}

bool Preprocessor::picture(const media::Image& image, media::Image& out, std::string& why) const {
  if (image.width_px < 1 || image.height_px < 1) {
    why = "the image has no pixels";
    return false;
  }
  media::Image grey;
  if (spec_.input_channels == 1 && image.channels == 3) grey = to_grey(image);
  const media::Image& source = grey.empty() ? image : grey;
  if (source.channels != spec_.input_channels) {
    why = fmt::format("the image has {} channels, the model takes {}", source.channels,
                      spec_.input_channels);
    return false;
  }
  if (spec_.resize == ResizeMode::kLetterbox) {
    out = letterbox(source, spec_.input_px);
    return true;
  }
  const media::Size size = resized(spec_, {source.width_px, source.height_px});
  if (size.width_px < 1 || size.height_px < 1) {
    why = fmt::format("a {}x{} image cannot be resized for this model", source.width_px,
                      source.height_px);
    return false;
  }
  if (spec_.crop == CropMode::kNone) {
    if (size != spec_.input_px) {
      why = fmt::format("the image is {}x{}, the model takes {}x{} and does not resize",
                        size.width_px, size.height_px, spec_.input_px.width_px,
                        spec_.input_px.height_px);
      return false;
    }
    out = media::resize(source, size.width_px, size.height_px, spec_.filter, spec_.pillow_order);
  } else {
    out = media::resize_center_crop(source, size, spec_.input_px, spec_.filter, spec_.pillow_order,
                                    fill_colour(spec_));
  }
  return true;
}

bool Preprocessor::run(const media::Image& image, TensorLayout layout, float* values,
                       std::string& why) const {
  media::Image cut;
  if (!picture(image, cut, why)) return false;
  normalise(cut, layout, values);
  return true;
}

void Preprocessor::normalise(const media::Image& picture, TensorLayout layout,
                             float* values) const {
  const size_t pixels = picture.pixels.size() / static_cast<size_t>(picture.channels);
  const uint8_t* in = picture.pixels.data();
  if (picture.channels == 1) {
    const auto& table = table_[0];
    for (size_t i = 0; i < pixels; ++i) values[i] = table[in[i]];
    return;
  }
  // Where each of the model's channels stands in the picture's R, G, B.
  const size_t from[3] = {spec_.bgr ? size_t{2} : size_t{0}, 1, spec_.bgr ? size_t{0} : size_t{2}};
  const float* t0 = table_[0].data();
  const float* t1 = table_[1].data();
  const float* t2 = table_[2].data();
  const bool last = layout == TensorLayout::kChannelsLast;
  const size_t step = last ? 3 : 1;
  float* out0 = values;
  float* out1 = last ? values + 1 : values + pixels;
  float* out2 = last ? values + 2 : values + 2 * pixels;
  for (size_t i = 0; i < pixels; ++i) {
    out0[i * step] = t0[in[3 * i + from[0]]];
    out1[i * step] = t1[in[3 * i + from[1]]];
    out2[i * step] = t2[in[3 * i + from[2]]];
  }
}

void preprocess(const media::Image& image, const ModelSpec& spec, float* chw) {
  std::string why;
  if (!Preprocessor(spec).run(image, TensorLayout::kChannelsFirst, chw, why)) {
    throw Error(ErrorCategory::kBadInput, why);
  }
}

}  // namespace errata::infer

// From decoded pixels to the values a model takes: Pillow's resize, torchvision's and timm's crop,
// torch's float32 arithmetic, to the last bit.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "infer/model_spec.h"
#include "media/image.h"

namespace errata::infer {

enum class TensorLayout : uint8_t { kChannelsFirst, kChannelsLast };  // CHW, HWC

// Prepares once what every image needs. Const calls may come from several threads.
class Preprocessor {
 public:
  // Throws Error(kBadInput) for a spec without a size or with the wrong number of means.
  explicit Preprocessor(const ModelSpec& spec);

  // Values one image takes: channels * height * width.
  size_t value_count() const;

  // The 8-bit picture the model sees (after resize, crop and channel order), of the input size.
  // False with a sentence in `why` when the image cannot become one: a kNone crop of another size.
  bool picture(const media::Image& image, media::Image& out, std::string& why) const;

  // Writes value_count() floats. False like picture(), `values` is then untouched.
  bool run(const media::Image& image, TensorLayout layout, float* values, std::string& why) const;

  // The second half of run(): value_count() floats of what picture() gave.
  void normalise(const media::Image& picture, TensorLayout layout, float* values) const;

  const ModelSpec& spec() const { return spec_; }

 private:
  ModelSpec spec_;
  // (value / scale - mean) / std for each of the 256 values of each channel.
  std::vector<std::array<float, 256>> table_;
};

// One image, channels first. Throws Error(kBadInput) where Preprocessor::run gives false.
void preprocess(const media::Image& image, const ModelSpec& spec, float* chw);

// Pillow's convert("L") of RGB: (19595 R + 38470 G + 7471 B + 32768) >> 16.
media::Image to_grey(const media::Image& rgb);

}  // namespace errata::infer

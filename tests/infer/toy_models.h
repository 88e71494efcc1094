// Small TorchScript models, made when a test runs. The only test file that sees LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace errata::test {

// A small residual network for 3 x any x any: conv, batch norm, ReLU, a sum, pooling, linear "fc"
// with `classes` outputs; its features (the input of fc) have 16 values. Weights from `seed`.
struct ToyOptions {
  int64_t classes = 5;
  uint64_t seed = 1;
  // What forward does beyond that:
  //   ""            returns logits
  //   "tuple"       returns (logits, features)
  //   "dict"        returns {"scores": logits, "features": features}
  //   "probabilities"  returns softmax(logits)
  //   "view"        flattens with view(), which does not bear channels-last maps
  //   "conv_head"   ends in a convolution instead of fc
  //   "halves"      halves its maps once more before it averages them
  //   "halves_tuple" the same, returns (values, means of the maps before)
  //   "pools"       returns (values, means of the maps before it pools them to half the size)
  //   "attends"     halves its maps, then weighs them by a map as large as before; returns (values,
  //                 means of the maps before)
  //   "nan"         gives NaN for images whose mean is above 1
  //   "mutates"     counts its calls in an attribute
  //   "activations" uses SiLU, Hardswish and GELU
  //   "linear_only" is one linear layer on the pixels (32 x 32)
  //   "layers"      has its features made by a submodule "features.last"
  //   "broadcast"   adds a 1 x 1 map to a map, and reads both sides of a sum later
  //   "blind"       has features that are nearly the same whatever it sees, as it comes
  //   "hungry"      says that memory ran out for more than 2 images
  //   "fails"       throws for more than 2 images
  std::string variant;
  std::map<std::string, std::string> extra_files;  // into the archive
};

void write_toy_model(const std::string& path, const ToyOptions& options = {});

}  // namespace errata::test

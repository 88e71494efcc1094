// Small TorchScript detectors, made when a test runs, and the operators of the shared library by
// themselves. Sees LibTorch, like toy_models.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace errata::test {

// Finds bright squares on a dark picture: the squares' grid has kToyCell pixels.
inline constexpr int kToyCell = 16;

// As Ultralytics exports: n x 3 x side x side in 0..1 in, n x (4 + 2) x anchors out. An anchor is a
// cell; its score is the cell's mean of red (class 0) or blue (class 1). A second set of anchors
// lies 1 px beside with nine tenths of the score. `variant`: "" | "one_image" (does not bear more)
// | "mixes" (two images give other values than each alone) | "nan" (for a white first pixel) |
// "suppressed" (n x anchors x 6 out: corners, score, class). Extra files go into the archive.
void write_toy_yolo(const std::string& path, const std::string& variant,
                    const std::map<std::string, std::string>& extra_files);

// What config.txt says of it.
std::string toy_yolo_config(int side, bool suppressed = false);

// As torchvision scripts: a list of images in, a list of dictionaries out, with torchvision::nms
// and torchvision::roi_align in it. Labels: 1 for red, 2 for blue. Call after the shared library
// was loaded, which brings those operators. `variant`: "" | "masks" | "no_scores" | "tensor" (takes
// no list).
void write_toy_torchvision(const std::string& path, const std::string& variant);

std::vector<int64_t> call_nms(const std::vector<float>& boxes, const std::vector<float>& scores,
                              double iou);

struct RoiAlignCall {
  std::vector<int64_t> sizes;  // of the input
  std::vector<float> input;
  std::vector<float> rois;  // k x 5
  double scale = 1;
  int64_t height = 1;
  int64_t width = 1;
  int64_t sampling_ratio = 2;
  bool aligned = false;
};
std::vector<float> call_roi_align(const RoiAlignCall& call);

}  // namespace errata::test

// From what a detector gives to boxes in pixels of the image: Ultralytics' letterbox, decoding,
// non-maximum suppression and scaling back, in its float32 arithmetic (ultralytics/data/augment.py
// LetterBox, utils/nms.py non_max_suppression, utils/ops.py scale_boxes and clip_boxes).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "infer/runner.h"
#include "media/image.h"
#include "media/resize.h"
#include "model/ids.h"
#include "model/shape.h"

namespace errata::infer {

struct DetectOptions {
  double confidence = 0.05;     // boxes above it are kept
  double iou = 0.7;             // of two boxes that overlap by more, the weaker one goes
  size_t max_detections = 300;  // of an image, the surest
  bool agnostic = false;        // boxes of different classes suppress each other too
};

// One box: pixels, half-open, upper left corner of the image at 0, 0.
struct Detection {
  float x0 = 0;
  float y0 = 0;
  float x1 = 0;
  float y1 = 0;
  float confidence = 0;
  ClassIndex class_index = 0;  // of the model
  MaskRuns mask;               // over the whole image; without size: the box only
};

// How an image lies in the model's input: resized, each side rounded by itself and at least 1, then
// padded.
struct Letterbox {
  media::Size image;
  media::Size resized;
  int32_t left_px = 0;
  int32_t top_px = 0;
};
Letterbox letterbox_of(media::Size image, media::Size input);

// The picture that the model sees: OpenCV's linear resize, the rest filled with 114.
media::Image letterbox(const media::Image& image, media::Size input);

// Ultralytics' raw head for one image: `values` is channels x anchors, row-major, the channels
// being centre x, centre y, width, height, one score for each of `classes`, and others that do not
// matter here (mask coefficients, keypoints). In pixels of the model's input.
std::vector<Detection> detections_of_anchors(std::span<const float> values, size_t channels,
                                             size_t classes, const DetectOptions& options);

// Rows of x0, y0, x1, y1, score, class and others that do not matter, suppressed by the model:
// what Ultralytics exports with nms=True or for an end-to-end head. Throws Error(kBadInput) for a
// class that is not below `classes`.
std::vector<Detection> detections_of_rows(std::span<const float> values, size_t columns,
                                          size_t classes, const DetectOptions& options);

// torchvision's dictionary of boxes, labels and scores for a picture of that size. Label
// `first_label` is class 0. Label 0 when the first is 1 is the background: such boxes are left out
// and counted in `background`. Throws Error(kBadInput) for another label outside the classes.
std::vector<Detection> detections_of_objects(ObjectOutput&& output, media::Size picture,
                                             int32_t first_label, size_t classes,
                                             const DetectOptions& options, size_t& background);

// From the model's input to the image, cut at its edges.
void to_image(std::vector<Detection>& detections, const Letterbox& letterbox);

// From an image that was turned upright by EXIF orientation 1..8 to the image as stored, whose size
// is `stored`. Masks are not turned: call it for boxes only.
void to_stored(std::vector<Detection>& detections, int orientation, media::Size stored);

}  // namespace errata::infer

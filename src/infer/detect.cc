#include "infer/detect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "infer/suppress.h"
#include "media/decode.h"
#include "media/resize_opencv.h"

namespace errata::infer {
namespace {

constexpr uint8_t kPadding = 114;
// utils/nms.py: max_nms, and max_wh, by which boxes of different classes are moved apart.
constexpr size_t kMostCandidates = 30'000;
constexpr float kClassOffset = 7680;

// Keeps `keep` of what there is, in that order.
void keep_only(std::vector<Detection>& detections, const std::vector<uint32_t>& keep) {
  std::vector<Detection> kept;
  kept.reserve(keep.size());
  for (const uint32_t i : keep) kept.push_back(std::move(detections[i]));
  detections = std::move(kept);
}

void keep_surest(std::vector<Detection>& detections, size_t most) {
  if (detections.size() <= most) return;
  std::vector<float> scores;
  for (const Detection& detection : detections) scores.push_back(detection.confidence);
  std::vector<uint32_t> order = by_falling_score(scores.data(), scores.size());
  order.resize(most);
  keep_only(detections, order);
}

[[noreturn]] void unknown_class(const std::string& label, size_t classes) {
  throw Error(
      ErrorCategory::kBadInput,
      fmt::format("the model gave the class {}, and {} class names are listed", label, classes),
      "List all its class names in order in the model description or with --class-map "
      "FILE.");
}

void suppress_classes(std::vector<Detection>& detections, const DetectOptions& options) {
  std::vector<float> boxes;
  std::vector<float> scores;
  boxes.reserve(detections.size() * 4);
  scores.reserve(detections.size());
  for (const Detection& d : detections) {
    const float offset = options.agnostic ? 0 : static_cast<float>(d.class_index) * kClassOffset;
    for (const float side : {d.x0, d.y0, d.x1, d.y1}) boxes.push_back(side + offset);
    scores.push_back(d.confidence);
  }
  keep_only(detections, suppress(boxes.data(), scores.data(), scores.size(), options.iou,
                                 options.max_detections));
}

}  // namespace

Letterbox letterbox_of(media::Size image, media::Size input) {
  const double gain = std::min(static_cast<double>(input.height_px) / image.height_px,
                               static_cast<double>(input.width_px) / image.width_px);
  const auto scaled = [gain](int32_t side_px) {
    return std::max(static_cast<int32_t>(media::python_round(side_px * gain)), 1);
  };
  const auto before = [](int32_t spare_px) {
    return static_cast<int32_t>(media::python_round(spare_px / 2.0 - 0.1));
  };
  Letterbox box;
  box.image = image;
  box.resized = {scaled(image.width_px), scaled(image.height_px)};
  box.left_px = before(input.width_px - box.resized.width_px);
  box.top_px = before(input.height_px - box.resized.height_px);
  return box;
}

media::Image letterbox(const media::Image& image, media::Size input) {
  const Letterbox box = letterbox_of({image.width_px, image.height_px}, input);
  media::Image resized = media::resize_opencv_linear(image, box.resized);
  if (box.resized == input) return resized;
  media::Image out(input.width_px, input.height_px, image.channels);
  std::fill(out.pixels.begin(), out.pixels.end(), kPadding);
  const size_t left = static_cast<size_t>(box.left_px) * static_cast<size_t>(image.channels);
  for (int32_t y = 0; y < resized.height_px; ++y) {
    std::copy_n(resized.row(y), resized.row_bytes(), out.row(y + box.top_px) + left);
  }
  return out;
}

std::vector<Detection> detections_of_anchors(std::span<const float> values, size_t channels,
                                             size_t classes, const DetectOptions& options) {
  const size_t anchors = values.size() / channels;
  const auto threshold = static_cast<float>(options.confidence);
  // Channel by channel, as they lie in memory; of equal scores the first class, as torch's max.
  std::vector<float> best(values.begin() + static_cast<std::ptrdiff_t>(4 * anchors),
                          values.begin() + static_cast<std::ptrdiff_t>(5 * anchors));
  std::vector<ClassIndex> best_class(anchors, 0);
  for (size_t c = 1; c < classes; ++c) {
    const float* scores = &values[(4 + c) * anchors];
    for (size_t a = 0; a < anchors; ++a) {
      if (!(scores[a] > best[a])) continue;
      best[a] = scores[a];
      best_class[a] = static_cast<ClassIndex>(c);
    }
  }
  std::vector<Detection> detections;
  for (size_t a = 0; a < anchors; ++a) {
    if (!(best[a] > threshold)) continue;
    const float x = values[a];
    const float y = values[anchors + a];
    const float half_width = values[2 * anchors + a] / 2;
    const float half_height = values[3 * anchors + a] / 2;
    detections.push_back({x - half_width,
                          y - half_height,
                          x + half_width,
                          y + half_height,
                          best[a],
                          best_class[a],
                          {}});
  }
  keep_surest(detections, kMostCandidates);
  suppress_classes(detections, options);
  return detections;
}

std::vector<Detection> detections_of_rows(std::span<const float> values, size_t columns,
                                          size_t classes, const DetectOptions& options) {
  const auto threshold = static_cast<float>(options.confidence);
  std::vector<Detection> detections;
  for (size_t begin = 0; begin + columns <= values.size(); begin += columns) {
    const std::span<const float> row = values.subspan(begin, columns);
    if (!(row[4] > threshold)) continue;
    if (!(row[5] >= 0) || row[5] >= static_cast<float>(classes) || row[5] != std::floor(row[5])) {
      unknown_class(fmt::format("{}", row[5]), classes);
    }
    detections.push_back(
        {row[0], row[1], row[2], row[3], row[4], static_cast<ClassIndex>(row[5]), {}});
  }
  if (detections.size() > options.max_detections) detections.resize(options.max_detections);
  return detections;
}

std::vector<Detection> detections_of_objects(ObjectOutput&& output, media::Size picture,
                                             int32_t first_label, size_t classes,
                                             const DetectOptions& options, size_t& background) {
  const auto threshold = static_cast<float>(options.confidence);
  std::vector<Detection> detections;
  for (size_t i = 0; i < output.scores.size(); ++i) {
    if (!(output.scores[i] > threshold)) continue;
    if (output.labels[i] == 0 && first_label == 1) {
      ++background;
      continue;
    }
    const int64_t index = output.labels[i] - first_label;
    if (index < 0 || index >= static_cast<int64_t>(classes)) {
      unknown_class(fmt::format("of label {}", output.labels[i]), classes);
    }
    const float* box = &output.boxes[i * 4];
    detections.push_back(
        {box[0], box[1], box[2], box[3], output.scores[i], static_cast<ClassIndex>(index), {}});
    if (!output.mask_runs.empty()) {
      detections.back().mask = {picture.height_px, picture.width_px,
                                std::move(output.mask_runs[i])};
    }
  }
  keep_surest(detections, options.max_detections);
  return detections;
}

void to_image(std::vector<Detection>& detections, const Letterbox& box) {
  const auto gain = [](int32_t resized_px, int32_t image_px) {
    return static_cast<float>(static_cast<double>(resized_px) / image_px);
  };
  const float gain_x = gain(box.resized.width_px, box.image.width_px);
  const float gain_y = gain(box.resized.height_px, box.image.height_px);
  const auto left = static_cast<float>(box.left_px);
  const auto top = static_cast<float>(box.top_px);
  const auto width = static_cast<float>(box.image.width_px);
  const auto height = static_cast<float>(box.image.height_px);
  for (Detection& d : detections) {
    d.x0 = std::clamp((d.x0 - left) / gain_x, 0.0f, width);
    d.y0 = std::clamp((d.y0 - top) / gain_y, 0.0f, height);
    d.x1 = std::clamp((d.x1 - left) / gain_x, 0.0f, width);
    d.y1 = std::clamp((d.y1 - top) / gain_y, 0.0f, height);
  }
}

// The inverse of media::apply_orientation, for edges instead of pixels.
void to_stored(std::vector<Detection>& detections, int orientation, media::Size stored) {
  if (orientation <= 1 || orientation > 8) return;
  const auto width = static_cast<float>(stored.width_px);
  const auto height = static_cast<float>(stored.height_px);
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  for (Detection& d : detections) {
    if (media::orientation_swaps_sides(orientation)) {
      std::swap(d.x0, d.y0);
      std::swap(d.x1, d.y1);
    }
    if (from_right) {
      const float x0 = width - d.x1;
      d.x1 = width - d.x0;
      d.x0 = x0;
    }
    if (from_bottom) {
      const float y0 = height - d.y1;
      d.y1 = height - d.y0;
      d.y0 = y0;
    }
  }
}

}  // namespace errata::infer

#include "analysis/box_checks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/near_boxes.h"

namespace errata::analysis {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kOfDeviation = 1.4826;  // MAD of a normal distribution to its deviation
constexpr double kLeastSpread = 0.01;
constexpr double kSlack = 1;  // px
constexpr size_t kImageGrain = 256;

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// The robust z-score of each row's value among its own.
void score_usual(std::span<const uint32_t> rows, const std::vector<double>& values,
                 std::vector<double>& z) {
  std::vector<double> own;
  for (const uint32_t row : rows) {
    if (!std::isnan(values[row])) own.push_back(values[row]);
  }
  if (own.size() < kLeastForUsual) return;
  const double centre = median(own);
  for (double& value : own) value = std::abs(value - centre);
  const double spread = std::max(kOfDeviation * median(own), kLeastSpread);
  for (const uint32_t row : rows) {
    if (!std::isnan(values[row])) z[row] = (values[row] - centre) / spread;
  }
}

double part_outside(const Box& box, double width, double height) {
  if (!(width > 0) || !(height > 0)) return 0;
  if (box.x >= -kSlack && box.y >= -kSlack && box.x + box.width <= width + kSlack &&
      box.y + box.height <= height + kSlack) {
    return 0;
  }
  const double inside_width = std::min(box.x + box.width, width) - std::max(box.x, 0.0);
  const double inside_height = std::min(box.y + box.height, height) - std::max(box.y, 0.0);
  if (inside_width <= 0 || inside_height <= 0) return 1;
  return std::max(0.0, 1 - inside_width * inside_height / (box.width * box.height));
}

bool has_size(const Box& box) {
  return std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) &&
         std::isfinite(box.height) && box.width > 0 && box.height > 0;
}

// Of equal overlaps the first.
void find_nearest(const ObjectColumns& objects, std::span<const uint32_t> rows, BoxChecks& out) {
  const NearBoxes near(objects.boxes, rows);
  const auto counts = [&](uint32_t row) {
    return !objects.crowd(row) && out.without_size[row] == 0;
  };
  for (const uint32_t row : rows) {
    if (!counts(row)) continue;
    const Box box = box_at(objects.boxes, row);
    double& highest = out.nearest_overlap[row];
    int32_t& nearest = out.nearest[row];
    near.each(box, [&](uint32_t other) {
      if (other == row || !counts(other)) return;
      const double overlap = box_iou(box, box_at(objects.boxes, other), false);
      const auto at = static_cast<int32_t>(other);
      if (overlap <= 0 || overlap < highest || (overlap == highest && nearest < at)) return;
      highest = overlap;
      nearest = at;
    });
  }
}

}  // namespace

BoxChecks check_given_boxes(const ObjectColumns& objects, size_t images, size_t classes,
                            const ImageSizes& sizes, const ParallelFor& parallel_for) {
  DetectionSet set;
  set.images = images;
  set.classes = classes;
  set.objects = objects;
  check_detections(set);
  const size_t count = objects.boxes.size();
  BoxChecks out;
  out.outside.assign(count, 0);
  out.without_size.assign(count, 0);
  out.size_z.assign(count, kNaN);
  out.shape_z.assign(count, kNaN);
  out.nearest.assign(count, kNoMatch);
  out.nearest_overlap.assign(count, 0);
  std::vector<double> size(count, kNaN);
  std::vector<double> shape(count, kNaN);
  for (size_t row = 0; row < count; ++row) {
    const Box box = box_at(objects.boxes, row);
    out.without_size[row] = has_size(box) ? 0 : 1;
    if (out.without_size[row] != 0) continue;
    const auto image = static_cast<size_t>(objects.boxes.image[row]);
    if (image < sizes.width.size() && image < sizes.height.size()) {
      out.outside[row] = part_outside(box, sizes.width[image], sizes.height[image]);
    }
    if (objects.crowd(row)) continue;
    size[row] = std::log(box.width * box.height) / 2;
    shape[row] = std::log(box.width / box.height);
  }
  const KeyedOrder by_class = order_by(objects.boxes.class_index, classes);
  parallel_for(classes, 1, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      score_usual(by_class.of(k), size, out.size_z);
      score_usual(by_class.of(k), shape, out.shape_z);
    }
  });
  const KeyedOrder by_image = order_by(objects.boxes.image, images);
  parallel_for(images, kImageGrain, [&](size_t begin, size_t end) {
    for (size_t image = begin; image < end; ++image) {
      find_nearest(objects, by_image.of(image), out);
    }
  });
  return out;
}

}  // namespace errata::analysis

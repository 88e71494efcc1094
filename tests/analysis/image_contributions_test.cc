#include "analysis/image_contributions.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "analysis/coco_eval.h"
#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;

namespace {

DetectionCase without(const DetectionCase& from, int32_t image) {
  DetectionCase result;
  result.images = from.images;
  result.classes = from.classes;
  for (size_t g = 0; g < from.area.size(); ++g) {
    if (from.objects.image[g] == image) continue;
    result.object(from.objects.image[g], from.objects.class_index[g],
                  box_at(from.objects.columns(), g), from.crowd[g] != 0);
  }
  for (size_t d = 0; d < from.score.size(); ++d) {
    if (from.detections.image[d] == image) continue;
    result.detection(from.detections.image[d], from.detections.class_index[d],
                     box_at(from.detections.columns(), d), from.score[d]);
  }
  return result;
}

double average_precision(const DetectionCase& each) {
  return std::max(summarize_coco(evaluate_coco(each.set(), {}, serial_for))[1], 0.0);
}

}  // namespace

TEST_CASE("an image's part is what leaving it out and measuring again gives") {
  for (const size_t number : {size_t{0}, size_t{1}, size_t{2}, size_t{5}}) {
    const DetectionCase each = test::detection_case(test::detection_references().at(number));
    const std::vector<double> found = image_contributions(each.set(), 0.5, serial_for);
    const double all = average_precision(each);
    for (size_t image = 0; image < each.images; ++image) {
      const double rest = average_precision(without(each, static_cast<int32_t>(image)));
      CHECK(found[image] == doctest::Approx(all - rest).epsilon(1e-6));
    }
    WorkerGroup workers(3);
    CHECK(image_contributions(each.set(), 0.5, workers.as_parallel_for()) == found);
  }
}

TEST_CASE("the image with the surest mistakes is the hardest, not the one with most of them") {
  DetectionCase each;
  each.images = 3;
  each.classes = 1;
  for (int image = 0; image < 3; ++image) {
    for (int i = 0; i < 4; ++i) {
      const Box box{60.0 * i, 10, 40, 40};
      each.object(image, 0, box);
      each.detection(image, 0, box, 0.8 - 0.01 * i);
    }
  }
  each.detection(1, 0, {10, 300, 40, 40}, 0.9);
  for (int i = 0; i < 9; ++i) each.detection(2, 0, {60.0 * i, 300, 40, 40}, 0.1);
  const std::vector<double> found = image_contributions(each.set(), 0.5, serial_for);
  CHECK(std::min_element(found.begin(), found.end()) - found.begin() == 1);
  CHECK(found[1] < 0);
}

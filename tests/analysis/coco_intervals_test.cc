#include "analysis/coco_intervals.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;

namespace {

// The random boxes of the references, every score its own: copies of an image must not tie with
// others of it.
DetectionCase random_case() {
  DetectionCase each = test::detection_case(test::detection_references().at(2));
  for (size_t d = 0; d < each.score.size(); ++d) {
    each.score[d] += 1e-5 * static_cast<double>((d * 7919) % 1000);
  }
  return each;
}

CocoOptions few_thresholds() {
  CocoOptions options;
  options.iou_thresholds = {0.5, 0.75};
  options.max_detections = {1, 2, 100};
  return options;
}

CocoIntervals intervals_of(const DetectionSet& set, const CocoOptions& options,
                           const ParallelFor& parallel_for) {
  return bootstrap_coco(set, evaluate_coco(set, options, serial_for),
                        draw_detection_curves(set, 0.5, 100, serial_for), {}, parallel_for);
}

// Images drawn again as bootstrap_coco() says, copied out whole.
DetectionCase redrawn(const DetectionCase& from, uint64_t resample) {
  std::vector<size_t> times(from.images, 0);
  Rng rng(1, resample);
  for (size_t i = 0; i < from.images; ++i) ++times[rng.below(from.images)];
  DetectionCase result;
  result.images = from.images;
  result.classes = from.classes;
  int32_t image = 0;
  for (size_t source = 0; source < from.images; ++source) {
    for (size_t copy = 0; copy < times[source]; ++copy, ++image) {
      for (size_t g = 0; g < from.area.size(); ++g) {
        if (from.objects.image[g] != static_cast<int32_t>(source)) continue;
        result.object(image, from.objects.class_index[g], box_at(from.objects.columns(), g),
                      from.crowd[g] != 0);
        result.area.back() = from.area[g];
      }
      for (size_t d = 0; d < from.score.size(); ++d) {
        if (from.detections.image[d] != static_cast<int32_t>(source)) continue;
        result.detection(image, from.detections.class_index[d],
                         box_at(from.detections.columns(), d), from.score[d]);
      }
    }
  }
  return result;
}

double nan_of(double value) {
  return value > -1 ? value : std::numeric_limits<double>::quiet_NaN();
}

void check_same(const Interval& found, double value, std::vector<double>& drawn) {
  std::erase_if(drawn, [](double each) { return std::isnan(each); });
  std::sort(drawn.begin(), drawn.end());
  const double bias = mean_of(drawn) - value;
  const auto near = [&](double at) {  // between the neighbours of that quantile
    const size_t place = static_cast<size_t>(at * static_cast<double>(drawn.size() - 1));
    return std::pair(drawn[place] - bias - 1e-4, drawn[place + 1] - bias + 1e-4);
  };
  CHECK(found.value == doctest::Approx(value));
  CHECK(found.low >= near(0.025).first);
  CHECK(found.low <= near(0.025).second);
  CHECK(found.high >= std::min(near(0.975).first, 1.0));
  CHECK(found.high <= near(0.975).second);
}

}  // namespace

TEST_CASE("weighing images again gives what measuring copies of them gives") {
  const DetectionCase each = random_case();
  const CocoOptions options = few_thresholds();
  const DetectionSet set = each.set();
  const CocoResult result = evaluate_coco(set, options, serial_for);
  const DetectionCurves curves = draw_detection_curves(set, 0.5, 100, serial_for);
  BootstrapOptions bootstrap;
  bootstrap.resamples = 1000;
  const CocoIntervals found = bootstrap_coco(set, result, curves, bootstrap, serial_for);

  std::vector<std::vector<double>> summary(12);
  std::vector<double> first_class;
  std::vector<double> f1;
  std::vector<double> score;
  for (uint64_t resample = 0; resample < 1000; ++resample) {
    const DetectionCase copies = redrawn(each, resample);
    const CocoResult measured = evaluate_coco(copies.set(), options, serial_for);
    const auto numbers = summarize_coco(measured);
    for (size_t s = 0; s < 12; ++s) summary[s].push_back(nan_of(numbers[s]));
    first_class.push_back(nan_of(class_average_precision(measured, 0)));
    const DetectionCurve all = draw_detection_curves(copies.set(), 0.5, 100, serial_for).all;
    f1.push_back(all.f1[all.best]);
    score.push_back(all.score[all.best]);
  }
  const auto numbers = summarize_coco(result);
  for (size_t s = 0; s < 12; ++s) {
    CAPTURE(s);
    check_same(found.summary[s], numbers[s], summary[s]);
  }
  check_same(found.class_ap[0], class_average_precision(result, 0), first_class);
  check_same(found.f1, curves.all.f1[curves.all.best], f1);
  check_same(found.score, curves.all.score[curves.all.best], score);
  CHECK(found.summary[0].low < found.summary[0].value);
  CHECK(found.summary[0].high > found.summary[0].value);
}

TEST_CASE("threads change no interval, and what is not defined has none") {
  const DetectionCase each = random_case();
  WorkerGroup workers(3);
  const CocoIntervals one = intervals_of(each.set(), few_thresholds(), serial_for);
  const CocoIntervals many = intervals_of(each.set(), few_thresholds(), workers.as_parallel_for());
  for (size_t s = 0; s < 12; ++s) CHECK(one.summary[s].low == many.summary[s].low);
  CHECK(one.score.high == many.score.high);

  DetectionCase empty;
  empty.images = 3;
  empty.classes = 2;
  const CocoIntervals none = intervals_of(empty.set(), {}, serial_for);
  CHECK(std::isnan(none.summary[0].value));
  CHECK(std::isnan(none.class_f1[1].low));
  empty.images = 0;
  CHECK(std::isnan(intervals_of(empty.set(), {}, serial_for).f1.value));
}

#include "analysis/detection_audit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace errata::analysis {

namespace {

constexpr int64_t kFewChanges = 10;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : kNaN;
}

// Student's quantile by Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5); within 1 %
// from five degrees of freedom on.
double student_quantile(double p, double degrees) {
  const double z = normal_quantile(p);
  const double z3 = z * z * z;
  const double z5 = z3 * z * z;
  return z + (z3 + z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees * degrees) +
         (3 * z5 * z * z + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees * degrees * degrees);
}

// Sums over all images, or over the audited ones.
struct Totals {
  double images = 0;
  double detections = 0;
  double right = 0;
  double objects = 0;
  double right_change = 0;
  double objects_change = 0;
  double wrong = 0;
  double added = 0;
  int64_t changed_images = 0;

  void add(const ImageAudit& image) {
    images += 1;
    detections += static_cast<double>(image.detections);
    right += static_cast<double>(image.right_given);
    objects += static_cast<double>(image.objects_given);
    if (!image.audited) return;
    right_change += static_cast<double>(image.right_now - image.right_given);
    objects_change += static_cast<double>(image.objects_now - image.objects_given);
    wrong += static_cast<double>(image.wrong);
    added += static_cast<double>(image.added);
    changed_images += image.wrong + image.added > 0 ? 1 : 0;
  }
};

class Audit {
 public:
  Audit(std::span<const ImageAudit> images, double level) : images_(images), level_(level) {
    for (const ImageAudit& image : images) {
      all_.add(image);
      if (image.audited) audited_.add(image);
    }
    whole_ = audited_.images >= all_.images;
  }

  DetectionAudit estimate() const;

 private:
  // Half of the interval of (mean of `value`) / `scale`, over the audited images.
  template <typename Value>
  double half_width(double scale, const Value& value) const;
  Estimate around(double value, double half) const { return {value, value - half, value + half}; }
  void widen(Estimate& estimate, double low, double high) const;
  Estimate exact_share(double right_given, double population, double audited, double up,
                       double down) const;
  Estimate share_of_annotations(double count, double (*of)(const ImageAudit&)) const;

  std::span<const ImageAudit> images_;
  double level_;
  Totals all_;
  Totals audited_;
  bool whole_ = false;
};

template <typename Value>
double Audit::half_width(double scale, const Value& value) const {
  const double n = audited_.images;
  double sum = 0;
  double squares = 0;
  for (const ImageAudit& image : images_) {
    if (!image.audited) continue;
    const double x = value(image);
    sum += x;
    squares += x * x;
  }
  const double variance = std::max(0.0, (squares - sum * sum / n) / (n - 1));
  const double deviation = std::sqrt(variance / n * std::max(0.0, 1 - n / all_.images));
  return student_quantile(1 - (1 - level_) / 2, n - 1) * deviation / scale;
}

void Audit::widen(Estimate& estimate, double low, double high) const {
  if (audited_.changed_images >= kFewChanges || whole_) return;
  estimate.low = std::min(estimate.low, low);
  estimate.high = std::max(estimate.high, high);
}

// As if boxes had been drawn: `up` and `down` of the `audited` changed sides.
Estimate Audit::exact_share(double right_given, double population, double audited, double up,
                            double down) const {
  AuditCounts counts;
  counts.population = static_cast<int64_t>(population);
  counts.right_given = static_cast<int64_t>(right_given);
  // Fewer than all, so that the bounds are the exact ones.
  counts.audited = static_cast<int64_t>(std::min(audited, population - 1));
  counts.became_right = std::min(counts.audited, static_cast<int64_t>(std::ceil(up)));
  counts.became_wrong =
      std::min(counts.audited - counts.became_right, static_cast<int64_t>(std::ceil(down)));
  if (counts.audited <= 0) return {kNaN, 0, 1};
  return estimate_from_audit(counts, level_).accuracy;
}

Estimate Audit::share_of_annotations(double count, double (*of)(const ImageAudit&)) const {
  const double share = ratio(count, audited_.objects);
  if (std::isnan(share)) return {kNaN, 0, 1};
  Estimate estimate =
      around(share, half_width(audited_.objects / audited_.images, [&](const ImageAudit& image) {
               return of(image) - share * static_cast<double>(image.objects_given);
             }));
  estimate.low = std::max(0.0, estimate.low);
  if (whole_) return estimate;
  const Estimate exact = clopper_pearson(static_cast<int64_t>(std::min(count, audited_.objects)),
                                         static_cast<int64_t>(audited_.objects), level_);
  estimate.low = std::min(estimate.low, exact.low);
  estimate.high = std::max(estimate.high, exact.high);
  return estimate;
}

DetectionAudit Audit::estimate() const {
  DetectionAudit result;
  result.images = static_cast<int64_t>(all_.images);
  result.audited = static_cast<int64_t>(audited_.images);
  result.given = {ratio(all_.right, all_.detections), ratio(all_.right, all_.objects),
                  ratio(2 * all_.right, all_.detections + all_.objects)};
  const Estimate unknown{kNaN, 0, 1};
  result.precision = result.recall = result.f1 = unknown;
  result.wrong_labels = result.missing_labels = unknown;
  if (audited_.images < 2) return result;
  const double scale = all_.images / audited_.images;
  const double right = all_.right + scale * audited_.right_change;
  const double objects = all_.objects + scale * audited_.objects_change;
  const auto d = [](const ImageAudit& image) {
    return static_cast<double>(image.right_now - image.right_given);
  };
  const auto g = [](const ImageAudit& image) {
    return static_cast<double>(image.objects_now - image.objects_given);
  };
  double up = 0;
  double down = 0;
  double missed = 0;
  const double recall = ratio(right, objects);
  for (const ImageAudit& image : images_) {
    if (!image.audited) continue;
    up += std::max(0.0, d(image));
    down += std::max(0.0, -d(image));
    missed += std::isnan(recall) ? 0 : std::max(0.0, recall * g(image) - d(image));
  }
  if (all_.detections > 0) {
    result.precision =
        around(right / all_.detections, half_width(all_.detections / all_.images, d));
    const Estimate exact = exact_share(all_.right, all_.detections, audited_.detections, up, down);
    widen(result.precision, exact.low, exact.high);
  }
  if (objects > 0) {
    result.recall = around(recall, half_width(objects / all_.images, [&](const ImageAudit& image) {
                             return d(image) - recall * g(image);
                           }));
    const Estimate exact = exact_share(all_.right, all_.objects, audited_.objects, up, missed);
    widen(result.recall, exact.low, exact.high);
  }
  const double f1 = ratio(2 * right, all_.detections + objects);
  if (!std::isnan(f1)) {
    result.f1 = around(
        f1, half_width((all_.detections + objects) / all_.images,
                       [&](const ImageAudit& image) { return 2 * d(image) - f1 * g(image); }));
    const auto mean = [](double a, double b) { return a + b > 0 ? 2 * a * b / (a + b) : 0; };
    widen(result.f1, mean(result.precision.low, result.recall.low),
          mean(result.precision.high, result.recall.high));
  }
  result.wrong_labels = share_of_annotations(
      audited_.wrong, [](const ImageAudit& image) { return static_cast<double>(image.wrong); });
  result.missing_labels = share_of_annotations(
      audited_.added, [](const ImageAudit& image) { return static_cast<double>(image.added); });
  for (Estimate* share : {&result.precision, &result.recall, &result.f1, &result.wrong_labels}) {
    if (std::isnan(share->value)) continue;
    share->value = std::clamp(share->value, 0.0, 1.0);
    share->low = std::clamp(share->low, 0.0, 1.0);
    share->high = std::clamp(share->high, 0.0, 1.0);
  }
  return result;
}

}  // namespace

DetectionAudit estimate_from_image_audit(std::span<const ImageAudit> images, double level) {
  return Audit(images, level).estimate();
}

}  // namespace errata::analysis

#include "analysis/detection_audit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

using namespace errata::analysis;

namespace {

struct Truth {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  double wrong = 0;
  double missing = 0;
};

// Images with a few to many objects. Labels are careless in some images: there each object is left
// out or labelled wrong much more often. The detector finds four of five of what is there, whatever
// the labels say, and sees some things that are not.
// `missing_and_seen`: labels that are missing where the detector sees something.
std::vector<ImageAudit> make_images(size_t count, uint64_t seed, double& missing_and_seen) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<ImageAudit> images(count);
  for (ImageAudit& image : images) {
    const int things = 2 + static_cast<int>(unit(random) * unit(random) * 30);
    const double careless = unit(random) < 0.15 ? 0.35 : 0.02;
    for (int i = 0; i < things; ++i) {
      const bool found = unit(random) < 0.8;
      const bool labelled = unit(random) >= careless;
      const bool mislabelled = labelled && unit(random) < careless;
      image.detections += found;
      image.objects_given += labelled;
      image.objects_now += 1;
      image.right_given += found && labelled && !mislabelled;
      image.right_now += found;
      image.wrong += mislabelled;
      image.added += !labelled;
      missing_and_seen += found && !labelled;
    }
    for (int i = 0; i < 3; ++i) image.detections += unit(random) < 0.3;
  }
  return images;
}

Truth truth_of(std::vector<ImageAudit> images) {
  for (ImageAudit& image : images) image.audited = true;
  const DetectionAudit all = estimate_from_image_audit(images, 0.95);
  CHECK(all.precision.low == doctest::Approx(all.precision.high));  // nothing is left to chance
  return {all.precision.value, all.recall.value, all.f1.value, all.wrong_labels.value,
          all.missing_labels.value};
}

}  // namespace

TEST_CASE("an audit of images is unbiased where corrected disagreements flatter, and covers") {
  double missing_and_seen = 0;
  std::vector<ImageAudit> images = make_images(3'000, 3, missing_and_seen);
  const Truth truth = truth_of(images);
  // Correcting where label and model differ finds the missing labels that the model sees, not
  // those that both left out.
  double detections = 0;
  double right = 0;
  double objects = 0;
  for (const ImageAudit& image : images) {
    detections += static_cast<double>(image.detections);
    right += static_cast<double>(image.right_now);
    objects += static_cast<double>(image.objects_given);
  }
  CHECK(right / (objects + missing_and_seen) > truth.recall + 0.01);
  CHECK(right / detections == doctest::Approx(truth.precision));

  std::vector<size_t> order(images.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937_64 random(11);
  constexpr int kTrials = 600;
  constexpr size_t kDrawn = 120;
  struct Tally {
    double sum = 0;
    int covered = 0;
    void add(const Estimate& estimate, double value) {
      sum += estimate.value;
      covered += estimate.low <= value && value <= estimate.high;
    }
  };
  Tally precision, recall, f1, wrong, missing;
  for (int trial = 0; trial < kTrials; ++trial) {
    for (ImageAudit& image : images) image.audited = false;
    for (size_t i = 0; i < kDrawn; ++i) {
      std::swap(order[i], order[i + random() % (order.size() - i)]);
      images[order[i]].audited = true;
    }
    const DetectionAudit audit = estimate_from_image_audit(images, 0.95);
    CHECK(audit.audited == kDrawn);
    precision.add(audit.precision, truth.precision);
    recall.add(audit.recall, truth.recall);
    f1.add(audit.f1, truth.f1);
    wrong.add(audit.wrong_labels, truth.wrong);
    missing.add(audit.missing_labels, truth.missing);
  }
  const auto check = [&](const Tally& tally, double value, double bias) {
    CAPTURE(value);
    CHECK(std::abs(tally.sum / kTrials - value) < bias);
    CHECK(tally.covered >= kTrials * 90 / 100);
  };
  check(precision, truth.precision, 0.003);
  check(recall, truth.recall, 0.003);
  check(f1, truth.f1, 0.003);
  check(wrong, truth.wrong, 0.003);
  check(missing, truth.missing, 0.004);
  // Boxes of an image go wrong together: intervals of boxes drawn one by one would be too narrow.
  CHECK(estimate_from_image_audit(images, 0.95).missing_labels.high -
            estimate_from_image_audit(images, 0.95).missing_labels.low >
        1.2 * (clopper_pearson(60, 1'000, 0.95).high - clopper_pearson(60, 1'000, 0.95).low));
}

TEST_CASE("an audit that changed nothing, or of one image, is not certain") {
  std::vector<ImageAudit> images(500);
  for (ImageAudit& image : images) {
    image.detections = 10;
    image.right_given = image.right_now = 8;
    image.objects_given = image.objects_now = 9;
  }
  images[0].audited = true;
  CHECK(std::isnan(estimate_from_image_audit(images, 0.95).precision.value));
  CHECK(estimate_from_image_audit(images, 0.95).given.precision == doctest::Approx(0.8));
  for (size_t i = 0; i < 20; ++i) images[i].audited = true;
  const DetectionAudit audit = estimate_from_image_audit(images, 0.95);
  for (const Estimate& estimate : {audit.precision, audit.recall, audit.f1}) {
    CHECK(estimate.low < estimate.value - 0.01);
    CHECK(estimate.high > estimate.value + 0.01);
  }
  CHECK(audit.precision.value == doctest::Approx(0.8));
  CHECK(audit.wrong_labels.value == 0);
  CHECK(audit.wrong_labels.high > 0.01);
  CHECK(audit.missing_labels.low == 0);
  // Without annotations or detections there are no rates of them.
  for (ImageAudit& image : images) image = {};
  images[0].audited = images[1].audited = true;
  const DetectionAudit empty = estimate_from_image_audit(images, 0.95);
  CHECK(std::isnan(empty.precision.value));
  CHECK(std::isnan(empty.recall.value));
  CHECK(std::isnan(empty.wrong_labels.value));
}

#include "analysis/near_boxes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "analysis/box_checks.h"
#include "analysis/detection_confusion.h"
#include "analysis/object_doubts.h"
#include "analysis/object_lab.h"
#include "analysis/object_mistakenness.h"
#include "base/random.h"
#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;

namespace {

constexpr size_t kImages = 5;

// Boxes by the hundred in an image, small, large and without size, on whole pixels so that edges
// touch and overlaps tie; copies, crowds, and equal scores.
DetectionCase crowded_case(uint64_t seed) {
  Rng rng(seed);
  DetectionCase each;
  each.images = kImages;
  each.classes = 3;
  const auto whole = [&](double below) { return std::floor(below * rng.uniform()); };
  const auto box = [&]() -> Box {
    const double side = rng.uniform() < 0.2 ? 400 : 30;
    return {whole(900) - 20, whole(700) - 20, whole(side), whole(side)};
  };
  for (size_t image = 0; image < kImages; ++image) {
    const auto of = static_cast<int32_t>(image);
    const auto any_class = [&] { return static_cast<ClassIndex>(whole(3)); };
    const size_t count = image == 3 ? 4 : 150;  // one with few
    for (size_t i = 0; i < count; ++i) {
      const Box given = box();
      each.object(of, any_class(), given, rng.uniform() < 0.03);
      if (rng.uniform() < 0.1) each.object(of, any_class(), given);
      Box found = box();
      if (rng.uniform() < 0.6) {
        found = {given.x + whole(4), given.y, given.width, given.height + whole(3)};
      }
      each.detection(of, any_class(), found, whole(40) / 40 + 0.02);
      if (rng.uniform() < 0.2) each.detection(of, any_class(), found, 0.99);
    }
  }
  return each;
}

// The same with every pair asked, as where the overlap is not the boxes'.
DetectionSet asking_every_pair(const DetectionCase& each) {
  DetectionSet set = each.set();
  set.overlap = [&each](size_t detection, size_t object) {
    return box_iou(box_at(each.detections.columns(), detection),
                   box_at(each.objects.columns(), object), each.crowd[object] != 0);
  };
  return set;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double plain_overlap(const Box& a, const Box& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width < 0 || height < 0) return 0;
  const double shared = width * height;
  return shared / std::max(a.width * a.height + b.width * b.height - shared, 1e-6);
}

double plain_similarity(const Box& a, const Box& b) {
  const double dx = a.x + a.width / 2 - b.x - b.width / 2;
  const double dy = a.y + a.height / 2 - b.y - b.height / 2;
  const double distance = 1 - std::exp(-std::sqrt(dx * dx + dy * dy) * 0.1);
  return plain_overlap(a, b) * 0.9 + (1 - 0.9) * (1 - distance);
}

// ObjectLab's box scores by the double loop of its definition.
struct PlainLab {
  std::vector<double> overlooked, badly_located, swapped;

  explicit PlainLab(const DetectionCase& each) {
    const BoxColumns given = each.objects.columns();
    const BoxColumns found = each.detections.columns();
    double least = 1;
    for (size_t g = 0; g < given.size(); ++g) {
      for (size_t d = 0; d < found.size(); ++d) {
        if (given.image[g] != found.image[d] || each.crowd[g] != 0) continue;
        const double value = plain_similarity(box_at(given, g), box_at(found, d));
        if (value != 0) least = std::min(least, value);
      }
    }
    for (size_t d = 0; d < found.size(); ++d) {
      double highest = -1;
      bool counts = each.score[d] >= 0.95;
      for (size_t g = 0; g < given.size(); ++g) {
        if (given.image[g] != found.image[d] || each.crowd[g] != 0) continue;
        counts = counts && !(plain_overlap(box_at(given, g), box_at(found, d)) > 0);
        if (given.class_index[g] != found.class_index[d]) continue;
        highest = std::max(highest, plain_similarity(box_at(given, g), box_at(found, d)));
      }
      const double score = highest < 0 ? least * (1 - each.score[d]) : highest;
      overlooked.push_back(counts ? score : kNaN);
    }
    for (size_t g = 0; g < given.size(); ++g) add_object(each, g, least);
  }

 private:
  void add_object(const DetectionCase& each, size_t g, double least) {
    const BoxColumns given = each.objects.columns();
    const BoxColumns found = each.detections.columns();
    const Box box = box_at(given, g);
    double same = -1;
    double other = -1;
    bool twice = false;
    for (size_t d = 0; d < found.size(); ++d) {
      if (given.image[g] != found.image[d]) continue;
      const double value = plain_similarity(box, box_at(found, d));
      if (given.class_index[g] != found.class_index[d]) {
        if (each.score[d] > 0.95) other = std::max(other, value);
      } else if (each.score[d] > 0.5 && plain_overlap(box, box_at(found, d)) > 0) {
        same = std::max(same, value);
      }
    }
    for (size_t b = 0; b < given.size(); ++b) {
      if (given.image[g] != given.image[b] || each.crowd[b] != 0) continue;
      twice = twice || (given.class_index[g] != given.class_index[b] &&
                        plain_overlap(box, box_at(given, b)) >= 0.95);
    }
    const bool crowd = each.crowd[g] != 0;
    badly_located.push_back(crowd ? kNaN : same < 0 ? 1 : same);
    const double swap = twice ? least : other < 0 ? 1 : std::max(least, 1 - other);
    swapped.push_back(crowd ? kNaN : swap);
  }
};

bool same_or_nan(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double left, double right) {
    return left == right || (std::isnan(left) && std::isnan(right));
  });
}

}  // namespace

TEST_CASE("packed boxes meet every box that a loop over all finds to overlap") {
  const DetectionCase each = crowded_case(1);
  const KeyedOrder objects = order_by(each.objects.image, kImages);
  const KeyedOrder detections = order_by(each.detections.image, kImages);
  size_t visited = 0;
  size_t overlapping = 0;
  for (size_t image = 0; image < kImages; ++image) {
    const NearBoxes near(each.objects.columns(), objects.of(image));
    for (const uint32_t d : detections.of(image)) {
      const Box box = box_at(each.detections.columns(), d);
      std::vector<uint32_t> met;
      near.each(box, [&](uint32_t object) { met.push_back(object); });
      std::sort(met.begin(), met.end());
      CHECK(std::adjacent_find(met.begin(), met.end()) == met.end());
      visited += met.size();
      for (const uint32_t g : objects.of(image)) {
        if (box_iou(box, box_at(each.objects.columns(), g), false) == 0) continue;
        ++overlapping;
        CHECK(std::binary_search(met.begin(), met.end(), g));
      }
    }
  }
  CHECK(overlapping > 1000);
  CHECK(visited < overlapping + overlapping / 4);
}

TEST_CASE("a box that is not finite is met by all, and meets all") {
  DetectionCase each = crowded_case(1);
  each.objects.x[7] = std::numeric_limits<double>::infinity();
  const KeyedOrder objects = order_by(each.objects.image, kImages);
  for (const Box& box : {Box{0, 0, 1, 1}, Box{kNaN, 0, 1, 1}}) {
    size_t visited = 0;
    NearBoxes(each.objects.columns(), objects.of(0)).each(box, [&](uint32_t) { ++visited; });
    CHECK(visited == objects.of(0).size());
  }
}

TEST_CASE("measures over packed boxes are those over every pair, to the last bit") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const DetectionCase each = crowded_case(seed);
    const DetectionSet packed = each.set();
    const DetectionSet plain = asking_every_pair(each);

    const ObjectDoubts a = doubt_objects(packed, serial_for);
    const ObjectDoubts b = doubt_objects(plain, serial_for);
    CHECK(same_bits(a.of_class, b.of_class));
    CHECK(same_bits(a.of_place, b.of_place));
    CHECK(same_bits(a.spurious, b.spurious));
    CHECK(same_bits(a.copy, b.copy));
    CHECK(same_bits(a.missing, b.missing));
    CHECK(a.detections == b.detections);
    CHECK(a.copy_of == b.copy_of);
    CHECK(a.objects == b.objects);

    const ObjectMistakenness c = measure_mistakenness(packed, serial_for);
    const ObjectMistakenness d = measure_mistakenness(plain, serial_for);
    CHECK(same_bits(c.of_class, d.of_class));
    CHECK(same_bits(c.of_location, d.of_location));
    CHECK(same_bits(c.image, d.image));
    CHECK(c.matched_detections == d.matched_detections);
    CHECK(c.possibly_missing == d.possibly_missing);

    const DetectionConfusion e = confuse_detections(packed, {0.5, 0.1}, serial_for);
    const DetectionConfusion f = confuse_detections(plain, {0.5, 0.1}, serial_for);
    CHECK(e.counts == f.counts);
    CHECK(e.matched_objects == f.matched_objects);
    CHECK(e.states == f.states);

    std::vector<uint8_t> left_out(each.crowd.size());
    for (size_t i = 0; i < left_out.size(); ++i) left_out[i] = i % 4 == 0 ? 1 : 0;
    DetectionSet packed_without = packed;
    DetectionSet plain_without = plain;
    packed_without.objects.left_out = left_out;
    plain_without.objects.left_out = left_out;
    const DetectionConfusion g = confuse_detections(packed_without, {0.5, 0.1}, serial_for);
    const DetectionConfusion h = confuse_detections(plain_without, {0.5, 0.1}, serial_for);
    CHECK(g.counts == h.counts);
    CHECK(g.states == h.states);
    CHECK(g.matched_detections == h.matched_detections);
  }
}

TEST_CASE("ObjectLab and the nearest box are those of the plain double loop, to the last bit") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const DetectionCase each = crowded_case(seed);
    const PlainLab plain(each);
    const ObjectLabScores lab = score_object_lab(each.set(), serial_for);
    CHECK(same_or_nan(lab.overlooked, plain.overlooked));
    CHECK(same_or_nan(lab.badly_located, plain.badly_located));
    CHECK(same_or_nan(lab.swapped, plain.swapped));

    const BoxColumns boxes = each.objects.columns();
    const BoxChecks checks =
        check_given_boxes(each.set().objects, kImages, each.classes, {}, serial_for);
    for (size_t i = 0; i < boxes.size(); ++i) {
      double highest = 0;
      int32_t nearest = kNoMatch;
      const auto counts = [&](size_t row) {
        return each.crowd[row] == 0 && checks.without_size[row] == 0;
      };
      for (size_t j = 0; counts(i) && j < boxes.size(); ++j) {
        if (j == i || boxes.image[j] != boxes.image[i] || !counts(j)) continue;
        const double overlap = box_iou(box_at(boxes, i), box_at(boxes, j), false);
        if (overlap > highest) nearest = static_cast<int32_t>(j);
        highest = std::max(highest, overlap);
      }
      CHECK(checks.nearest_overlap[i] == highest);
      CHECK(checks.nearest[i] == nearest);
    }
  }
}

#include "analysis/object_doubts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "analysis/near_boxes.h"
#include "analysis/score_worth.h"

namespace errata::analysis {

namespace {

constexpr double kLeastTie = 0.1;   // IoU; TIDE's background
constexpr double kSamePlace = 0.5;  // IoU; what detectors are commonly matched at
constexpr double kOfDeviation = 1.4826;
constexpr double kFaint = 0.01;
constexpr size_t kImageGrain = 32;
constexpr size_t kWindow = 101;  // pairs of about the same score that a spread is read off
constexpr size_t kLike = 64;     // objects of about the same size that support is compared with
constexpr size_t kEdges = 4;
constexpr size_t kMostPairs = size_t{1} << 18;  // of an image, held at once

using Edges = std::array<double, kEdges>;

struct Pair {
  uint32_t detection = 0;
  uint32_t object = 0;
  double sure = 0;  // score x overlap

  // The surest first, then in the order of the rows.
  friend bool operator<(const Pair& a, const Pair& b) {
    if (a.sure != b.sure) return a.sure > b.sure;
    return a.object != b.object ? a.object < b.object : a.detection < b.detection;
  }
};

// The first `most` of what is put in.
class FirstPairs {
 public:
  explicit FirstPairs(size_t most) : most_(most) {}
  void put(const Pair& pair) {
    if (dropped_ && !(pair < last_)) return;
    pairs_.push_back(pair);
    if (pairs_.size() < 2 * most_) return;
    std::nth_element(pairs_.begin(), pairs_.begin() + static_cast<ptrdiff_t>(most_ - 1),
                     pairs_.end());
    last_ = pairs_[most_ - 1];
    pairs_.resize(most_);
    dropped_ = true;
  }
  bool dropped() const { return dropped_; }
  // In order. Those behind the last that was kept are not to be told from dropped ones.
  std::vector<Pair> take() {
    std::sort(pairs_.begin(), pairs_.end());
    if (pairs_.size() > most_ && dropped_) pairs_.resize(most_);
    return std::move(pairs_);
  }

 private:
  size_t most_;
  std::vector<Pair> pairs_;
  Pair last_;
  bool dropped_ = false;
};

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Doubter {
 public:
  Doubter(const DetectionSet& set, const ParallelFor& parallel_for)
      : set_(set),
        parallel_for_(parallel_for),
        objects_of_(order_by(set.objects.boxes.image, set.images)),
        detections_of_(order_by(set.detections.boxes.image, set.images)),
        tied_(set.objects.boxes.size(), kNoMatch),
        tie_overlap_(set.objects.boxes.size(), 0),
        support_(set.objects.boxes.size(), 0),
        other_support_(set.objects.boxes.size(), 0),
        null_support_(set.objects.boxes.size(), 0),
        worth_(set.detections.boxes.size(), 0),
        covered_(set.detections.boxes.size(), 0) {
    out_.of_class.assign(tied_.size(), 0);
    out_.of_place.assign(tied_.size(), 0);
    out_.spurious.assign(tied_.size(), 0);
    out_.copy.assign(tied_.size(), 0);
    out_.detections.assign(tied_.size(), kNoMatch);
    out_.copy_of.assign(tied_.size(), kNoMatch);
    out_.missing.assign(worth_.size(), 0);
    out_.objects.assign(worth_.size(), kNoMatch);
  }

  ObjectDoubts run() {
    each_image([&](size_t image) { tie(image); });
    measure_worth();
    each_image([&](size_t image) {
      compare_with_detections(image);
      measure_support_elsewhere(image);
      find_copies(image);
      find_missing(image);
    });
    doubt_places();
    doubt_existence();
    for (size_t g = 0; g < tied_.size(); ++g) {
      const double alone = 1 - out_.copy[g];
      out_.of_place[g] *= alone;
      out_.spurious[g] *= alone;
      if (out_.detections[g] == kNoMatch) out_.detections[g] = tied_[g];
    }
    return std::move(out_);
  }

 private:
  template <typename Visit>
  void each_image(const Visit& visit) const {
    parallel_for_(set_.images, kImageGrain, [&](size_t begin, size_t end) {
      for (size_t image = begin; image < end; ++image) visit(image);
    });
  }
  NearBoxes near_detections(size_t image) const {
    return {set_.detections.boxes, detections_of_.of(image), !set_.overlap};
  }
  ClassIndex class_of(uint32_t object) const { return set_.objects.boxes.class_index[object]; }
  ClassIndex found_class(uint32_t detection) const {
    return set_.detections.boxes.class_index[detection];
  }
  double score(size_t detection) const { return set_.detections.score[detection]; }
  double overlap(uint32_t detection, uint32_t object) const {
    return set_.overlap_of(detection, object);
  }
  double box_overlap(uint32_t a, uint32_t b) const {
    return box_iou(box_at(set_.objects.boxes, a), box_at(set_.objects.boxes, b), false);
  }
  double detection_overlap(uint32_t a, uint32_t b) const {
    return box_iou(box_at(set_.detections.boxes, a), box_at(set_.detections.boxes, b), false);
  }

  // The surest pairs first, each box and detection once. Of a stack only so many pairs are held at
  // once; what they leave free is paired anew.
  void tie(size_t image) {
    const NearBoxes detections = near_detections(image);
    const auto objects = objects_of_.of(image);
    const size_t most =
        std::max(kMostPairs, 8 * (objects.size() + detections_of_.of(image).size()));
    bool again = true;
    while (again) {
      FirstPairs pairs(most);
      for (const uint32_t g : objects) {
        if (set_.objects.crowd(g) || tied_[g] != kNoMatch) continue;
        detections.each(box_at(set_.objects.boxes, g), [&](uint32_t d) {
          if (out_.objects[d] != kNoMatch) return;
          const double of = overlap(d, g);
          if (of >= kLeastTie) pairs.put({d, g, score(d) * of});
        });
      }
      again = pairs.dropped();
      for (const Pair& pair : pairs.take()) {
        if (tied_[pair.object] != kNoMatch || out_.objects[pair.detection] != kNoMatch) continue;
        tied_[pair.object] = static_cast<int32_t>(pair.detection);
        tie_overlap_[pair.object] = overlap(pair.detection, pair.object);
        out_.objects[pair.detection] = static_cast<int32_t>(pair.object);
      }
    }
  }

  // What a box would be supported by in the next image, where it means nothing.
  void measure_support_elsewhere(size_t image) {
    const size_t next = image + 1 == set_.images ? 0 : image + 1;
    const NearBoxes detections = near_detections(next);
    for (const uint32_t g : objects_of_.of(image)) {
      const Box box = box_at(set_.objects.boxes, g);
      detections.each(box, [&](uint32_t d) {
        if (out_.objects[d] != kNoMatch || found_class(d) != class_of(g)) return;
        const double of = box_iou(box_at(set_.detections.boxes, d), box, false);
        if (of >= kLeastTie) null_support_[g] = std::max(null_support_[g], score(d) * of);
      });
    }
  }

  // The share of detections of a class and score that are tied to an object of their class.
  void measure_worth() {
    std::vector<uint8_t> right(worth_.size(), 0);
    for (size_t g = 0; g < tied_.size(); ++g) {
      if (tied_[g] == kNoMatch || tie_overlap_[g] < kSamePlace) continue;
      const auto d = static_cast<uint32_t>(tied_[g]);
      right[d] = found_class(d) == class_of(static_cast<uint32_t>(g)) ? 1 : 0;
    }
    worth_ = worth_of_scores(set_.detections.score, set_.detections.boxes.class_index, set_.classes,
                             right);
  }

  // How well a detection of its class supports each box, and one of another class (detections that
  // belong to another object do not); how much surer another class is found there; and how far any
  // box covers each detection.
  void compare_with_detections(size_t image) {
    const NearBoxes detections = near_detections(image);
    for (const uint32_t g : objects_of_.of(image)) {
      double own = 0;
      double other = 0;
      int32_t rival = kNoMatch;
      detections.each(box_at(set_.objects.boxes, g), [&](uint32_t d) {
        const double of = overlap(d, g);
        covered_[d] = std::max(covered_[d], of);
        if (of < kLeastTie || set_.objects.crowd(g)) return;
        const int32_t owner = out_.objects[d];
        const bool mine = owner == static_cast<int32_t>(g);
        const bool same = found_class(d) == class_of(g);
        const double worth = worth_[d];
        if (owner == kNoMatch || mine) {
          double& support = same ? support_[g] : other_support_[g];
          support = std::max(support, (same ? score(d) : worth) * of);
        }
        // Another object of its class explains it.
        if (!mine && owner != kNoMatch &&
            class_of(static_cast<uint32_t>(owner)) == found_class(d)) {
          return;
        }
        if (of < kSamePlace) return;
        const auto at = static_cast<int32_t>(d);
        if (same) {
          own = std::max(own, worth);
        } else if (worth > other || (worth == other && rival != kNoMatch && at < rival)) {
          other = worth;
          rival = at;
        }
      });
      if (!set_.objects.crowd(g)) doubt_class(g, own, other, rival);
    }
  }

  void doubt_class(uint32_t g, double own, double other, int32_t rival) {
    out_.detections[g] = other <= own ? kNoMatch : rival;
    // Below kFaint the given class is found better, or as well: in order all the same.
    out_.of_class[g] =
        other <= own ? kFaint * (1 + other - own) : kFaint + (1 - kFaint) * (other - own);
  }

  void find_copies(size_t image) {
    const NearBoxes objects(set_.objects.boxes, objects_of_.of(image), !set_.overlap);
    const auto found = [&](uint32_t g) {
      return tied_[g] == kNoMatch || tie_overlap_[g] < kSamePlace
                 ? 0
                 : worth_[static_cast<size_t>(tied_[g])];
    };
    for (const uint32_t a : objects_of_.of(image)) {
      if (set_.objects.crowd(a)) continue;
      const double found_a = found(a);
      objects.each(box_at(set_.objects.boxes, a), [&](uint32_t b) {
        if (a == b || set_.objects.crowd(b)) return;
        const double value = box_overlap(a, b) * (1 - std::min(found_a, found(b)));
        const auto at = static_cast<int32_t>(b);
        int32_t& copy_of = out_.copy_of[a];
        if (value < out_.copy[a] || value <= 0 || (value == out_.copy[a] && copy_of < at)) return;
        out_.copy[a] = value;
        copy_of = at;
      });
    }
  }

  void find_missing(size_t image) {
    const NearBoxes detections = near_detections(image);
    for (const uint32_t d : detections_of_.of(image)) {
      double repeated = 0;
      detections.each(box_at(set_.detections.boxes, d), [&](uint32_t other) {
        if (other == d || score(other) < score(d) || (score(other) == score(d) && other > d)) {
          return;
        }
        repeated = std::max(repeated, detection_overlap(d, other));
      });
      // Tied to a box that it hardly covers: that one may be another object, or displaced.
      const double covered = covered_[d];
      const double free = out_.objects[d] == kNoMatch ? 1 : 1 - covered;
      out_.missing[d] = worth_[d] * (1 - covered) * free * (1 - repeated * repeated);
    }
  }

  Edges residuals(size_t object) const {
    const Box given = box_at(set_.objects.boxes, object);
    const Box found = box_at(set_.detections.boxes, static_cast<size_t>(tied_[object]));
    const double width = std::max(found.width, 1.0);
    const double height = std::max(found.height, 1.0);
    return {(given.x - found.x) / width, (given.y - found.y) / height,
            (given.x + given.width - found.x - found.width) / width,
            (given.y + given.height - found.y - found.height) / height};
  }

  // Density of a good box's edges (Student's t of 3 degrees, of the median and deviation of pairs
  // like it) against one that lies anywhere within half its size, mixed in the share that fits.
  void doubt_places() {
    const KeyedOrder by_class = order_by(set_.objects.boxes.class_index, set_.classes);
    std::vector<double> odds(tied_.size(), 0);  // of good to displaced
    parallel_for_(set_.classes, 1, [&](size_t begin, size_t end) {
      for (size_t k = begin; k < end; ++k) compare_places(by_class.of(k), odds);
    });
    std::vector<size_t> pairs;
    for (size_t g = 0; g < tied_.size(); ++g) {
      if (tied_[g] != kNoMatch) pairs.push_back(g);
    }
    if (pairs.empty()) return;
    double share = 0.05;
    for (int round = 0; round < 30; ++round) {
      double sum = 0;
      for (const size_t g : pairs) sum += share / (share + (1 - share) * odds[g]);
      share = std::clamp(sum / static_cast<double>(pairs.size()), 1e-4, 0.5);
    }
    for (const size_t g : pairs) {
      // A detection that is none says nothing about the place of a box.
      out_.of_place[g] =
          worth_[static_cast<size_t>(tied_[g])] * share / (share + (1 - share) * odds[g]);
    }
  }

  void compare_places(std::span<const uint32_t> objects, std::vector<double>& odds) const {
    std::vector<uint32_t> pairs;
    for (const uint32_t g : objects) {
      if (tied_[g] != kNoMatch) pairs.push_back(g);
    }
    std::stable_sort(pairs.begin(), pairs.end(), [&](uint32_t a, uint32_t b) {
      return score(static_cast<size_t>(tied_[a])) < score(static_cast<size_t>(tied_[b]));
    });
    std::vector<Edges> all;
    for (const uint32_t g : pairs) all.push_back(residuals(g));
    const size_t window = std::min(kWindow, pairs.size());
    constexpr size_t kStep = 16;
    Edges centre{};
    Edges spread{};
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (i % kStep == 0) {
        const size_t first = std::min(i > window / 2 ? i - window / 2 : 0, pairs.size() - window);
        measure_spread(std::span(all).subspan(first, window), centre, spread);
      }
      double log_odds = 0;
      for (size_t edge = 0; edge < kEdges; ++edge) {
        const double z = (all[i][edge] - centre[edge]) / spread[edge];
        // t of 3 degrees: 2 / (pi sqrt(3) (1 + z^2 / 3)^2); displaced: 1 over half its size.
        log_odds += std::log(0.3676 / spread[edge]) - 2 * std::log1p(z * z / 3);
      }
      odds[pairs[i]] = std::exp(log_odds);
    }
  }

  static void measure_spread(std::span<const Edges> residuals, Edges& centre, Edges& spread) {
    std::vector<double> values(residuals.size());
    for (size_t edge = 0; edge < kEdges; ++edge) {
      for (size_t i = 0; i < residuals.size(); ++i) values[i] = residuals[i][edge];
      centre[edge] = median(values);
      for (double& value : values) value = std::abs(value - centre[edge]);
      spread[edge] = std::max(kOfDeviation * median(values), 0.005);
    }
  }

  // The share of objects like it that are supported better, times the share of boxes thrown at
  // random that are supported as well.
  void doubt_existence() {
    const KeyedOrder by_class = order_by(set_.objects.boxes.class_index, set_.classes);
    parallel_for_(set_.classes, 1, [&](size_t begin, size_t end) {
      for (size_t k = begin; k < end; ++k) compare_support(by_class.of(k));
    });
  }

  void compare_support(std::span<const uint32_t> of_class) {
    std::vector<uint32_t> rows;
    std::vector<double> null;
    for (const uint32_t g : of_class) {
      if (set_.objects.crowd(g)) continue;
      rows.push_back(g);
      null.push_back(null_support_[g]);
    }
    std::sort(null.begin(), null.end());
    const auto area = [&](uint32_t g) {
      return set_.objects.boxes.width[g] * set_.objects.boxes.height[g];
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](uint32_t a, uint32_t b) { return area(a) < area(b); });
    const size_t window = std::min(kLike + 1, rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t first = std::min(i > window / 2 ? i - window / 2 : 0, rows.size() - window);
      const double own = support_[rows[i]];
      size_t better = 0;
      for (size_t j = first; j < first + window; ++j) better += support_[rows[j]] > own ? 1 : 0;
      const auto as_good = null.end() - std::lower_bound(null.begin(), null.end(), own);
      out_.spurious[rows[i]] = (1 - other_support_[rows[i]]) * static_cast<double>(better) /
                               static_cast<double>(window + 1) * static_cast<double>(as_good + 1) /
                               static_cast<double>(null.size() + 1);
    }
  }

  const DetectionSet& set_;
  const ParallelFor& parallel_for_;
  KeyedOrder objects_of_;
  KeyedOrder detections_of_;
  std::vector<int32_t> tied_;  // per object its detection
  std::vector<double> tie_overlap_;
  std::vector<double> support_;        // per object: score x IoU, of its class
  std::vector<double> other_support_;  // worth x IoU, of other classes
  std::vector<double> null_support_;
  std::vector<double> worth_;    // per detection: what its score is worth
  std::vector<double> covered_;  // the highest overlap with any object, crowds too
  ObjectDoubts out_;
};

}  // namespace

ObjectDoubts doubt_objects(const DetectionSet& set, const ParallelFor& parallel_for) {
  check_detections(set);
  return Doubter(set, parallel_for).run();
}

Strongest strongest_doubt(const ObjectDoubts& doubts, size_t object) {
  Strongest strongest;
  const auto offer = [&](ObjectDoubt kind, double value) {
    if (value > strongest.value) strongest = {kind, value};
  };
  offer(ObjectDoubt::kClass, doubts.of_class[object]);
  offer(ObjectDoubt::kPlace, doubts.of_place[object]);
  offer(ObjectDoubt::kSpurious, doubts.spurious[object]);
  const int32_t other = doubts.copy_of[object];
  const bool is_first = other > static_cast<int32_t>(object) &&
                        doubts.copy_of[static_cast<size_t>(other)] == static_cast<int32_t>(object);
  if (!is_first) offer(ObjectDoubt::kCopy, doubts.copy[object]);
  return strongest;
}

}  // namespace errata::analysis

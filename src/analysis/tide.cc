#include "analysis/tide.h"

#include <algorithm>
#include <limits>

namespace errata::analysis {

namespace {

constexpr size_t kRecalls = 101;
constexpr size_t kImageGrain = 64;

// Matches one image after another; what it writes of one image no other touches.
class ImageMatcher {
 public:
  ImageMatcher(const DetectionSet& set, const TideOptions& options, TideResult& result)
      : set_(set), options_(options), result_(result) {}

  // Leaves in `detections` those within the limit, surest first.
  void match(std::span<const uint32_t> objects, std::vector<uint32_t>& detections) {
    const auto score = set_.detections.score;
    std::sort(detections.begin(), detections.end(), [&](uint32_t a, uint32_t b) {
      return score[a] != score[b] ? score[a] > score[b] : a < b;
    });
    detections.resize(std::min(detections.size(), options_.max_detections));
    objects_.clear();
    for (const uint32_t object : objects) {
      if (set_.objects.counts(object)) objects_.push_back(object);
    }
    measure_overlaps(detections);
    find_objects(detections);
    for (size_t d = 0; d < detections.size(); ++d) {
      if (result_.kinds[detections[d]] == DetectionKind::kTrue) continue;
      if (!finds_left_out(detections[d], objects)) name_error(detections[d], d);
    }
  }

 private:
  struct Best {
    size_t object = 0;
    double overlap = 0;
  };

  ClassIndex class_of(uint32_t detection) const {
    return set_.detections.boxes.class_index[detection];
  }

  void measure_overlaps(const std::vector<uint32_t>& detections) {
    overlaps_.resize(detections.size() * objects_.size());
    for (size_t d = 0; d < detections.size(); ++d) {
      for (size_t g = 0; g < objects_.size(); ++g) {
        overlaps_[d * objects_.size() + g] = set_.overlap_of(detections[d], objects_[g]);
      }
    }
  }

  // The first of highest overlap among those that `counts`.
  template <typename Counts>
  Best best(size_t d, const Counts& counts) const {
    Best found;
    for (size_t g = 0; g < objects_.size(); ++g) {
      const double overlap = overlaps_[d * objects_.size() + g];
      if (overlap > found.overlap && counts(g)) found = {g, overlap};
    }
    return found;
  }

  bool same_class(size_t g, ClassIndex of) const {
    return set_.objects.boxes.class_index[objects_[g]] == of;
  }

  void find_objects(const std::vector<uint32_t>& detections) {
    used_.assign(objects_.size(), 0);
    for (size_t d = 0; d < detections.size(); ++d) {
      const uint32_t detection = detections[d];
      result_.kinds[detection] = DetectionKind::kBackground;
      const ClassIndex of = class_of(detection);
      const Best found = best(d, [&](size_t g) { return used_[g] == 0 && same_class(g, of); });
      if (found.overlap < options_.positive_overlap || found.overlap <= 0) continue;
      used_[found.object] = 1;
      result_.kinds[detection] = DetectionKind::kTrue;
      tie(detection, found);
      result_.object_kinds[objects_[found.object]] = ObjectKind::kFound;
      result_.matched_detections[objects_[found.object]] = static_cast<int32_t>(detection);
    }
  }

  void tie(uint32_t detection, const Best& found) {
    if (found.overlap <= 0) return;
    result_.matched_objects[detection] = static_cast<int32_t>(objects_[found.object]);
    result_.overlaps[detection] = found.overlap;
  }

  // Marks a detection on a crowd, whose error has its name all the same (tidecv); on an object that
  // is left out it is right, and makes no error.
  bool finds_left_out(uint32_t detection, std::span<const uint32_t> objects) {
    double highest = options_.positive_overlap;
    int32_t found = kNoMatch;
    for (const uint32_t object : objects) {
      if (set_.objects.counts(object) || result_.matched_detections[object] != kNoMatch ||
          class_of(detection) != set_.objects.boxes.class_index[object]) {
        continue;
      }
      const double overlap = set_.overlap_of(detection, object);
      // A crowd wants more than the threshold, as tidecv has it.
      if (overlap < highest || (overlap == highest && set_.objects.crowd(object))) continue;
      highest = overlap;
      found = static_cast<int32_t>(object);
    }
    if (found == kNoMatch) return false;
    result_.on_crowd[detection] = 1;
    if (set_.objects.crowd(static_cast<size_t>(found))) return false;
    result_.on_left_out[detection] = 1;
    result_.matched_detections[static_cast<size_t>(found)] = static_cast<int32_t>(detection);
    return true;
  }

  void name_error(uint32_t detection, size_t d) {
    const ClassIndex of = class_of(detection);
    const auto same = [&](size_t g) { return same_class(g, of); };
    const auto other = [&](size_t g) { return !same_class(g, of); };
    const auto used = [&](size_t g) { return used_[g] != 0 && same_class(g, of); };
    const auto any = [](size_t) { return true; };
    if (objects_.empty()) return;  // background
    Best found = best(d, same);
    if (options_.background_overlap <= found.overlap &&
        found.overlap <= options_.positive_overlap) {
      return mistake(detection, DetectionKind::kLocalisation, found);
    }
    found = best(d, other);
    if (found.overlap >= options_.positive_overlap) {
      return mistake(detection, DetectionKind::kClass, found);
    }
    found = best(d, used);
    if (found.overlap >= options_.positive_overlap) {
      result_.kinds[detection] = DetectionKind::kDuplicate;
      return tie(detection, found);
    }
    found = best(d, any);
    if (found.overlap > options_.background_overlap) {
      result_.kinds[detection] = DetectionKind::kBoth;
    }
    tie(detection, found);
  }

  void mistake(uint32_t detection, DetectionKind kind, const Best& found) {
    result_.kinds[detection] = kind;
    tie(detection, found);
    const uint32_t object = objects_[found.object];
    if (used_[found.object] != 0) return;
    result_.object_kinds[object] = ObjectKind::kMistaken;
    // Detections come surest first: the first is the one to mend.
    int32_t& matched = result_.matched_detections[object];
    if (matched == kNoMatch) matched = static_cast<int32_t>(detection);
  }

  const DetectionSet& set_;
  const TideOptions& options_;
  TideResult& result_;
  std::vector<uint32_t> objects_;  // those that count
  std::vector<double> overlaps_;
  std::vector<uint8_t> used_;
};

// A detection in a class's list: its own class's, or that of the object it should have named.
struct Entry {
  double score = 0;
  DetectionKind kind = DetectionKind::kTrue;
  bool on_crowd = false;
  bool mendable = false;  // the surest mistake about its object
  bool moved = false;     // a class error, listed at the object's class
};

enum class Fate : uint8_t { kLeftOut, kTrue, kFalse };

Fate fate_of(const Entry& entry, DetectionKind mended) {
  if (entry.moved) {
    return mended == DetectionKind::kClass && entry.mendable ? Fate::kTrue : Fate::kLeftOut;
  }
  if (entry.kind == DetectionKind::kTrue) return Fate::kTrue;
  if (entry.kind != mended) return entry.on_crowd ? Fate::kLeftOut : Fate::kFalse;
  return mended == DetectionKind::kLocalisation && entry.mendable ? Fate::kTrue : Fate::kLeftOut;
}

// The averages of one class with nothing and with each kind mended.
class ClassAverages {
 public:
  static constexpr size_t kMissed = 6;
  static constexpr size_t kFalsePositive = 7;
  static constexpr size_t kFalseNegative = 8;
  static constexpr size_t kCount = 9;

  // NaN: the class does not count in that mean.
  std::array<double, kCount> values{};

  void measure(std::vector<Entry>& entries, size_t objects, size_t missed, size_t not_found,
               bool compat) {
    compat_ = compat;
    points_.resize(kRecalls);
    for (size_t i = 0; i < kRecalls; ++i) points_[i] = static_cast<double>(i) / (kRecalls - 1);
    const auto by_score = [](const Entry& a, const Entry& b) { return a.score > b.score; };
    std::stable_sort(entries.begin(), entries.end(), by_score);
    values[0] = average(entries, DetectionKind::kTrue, objects);
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      if (a.score != b.score) return a.score > b.score;
      return a.kind != DetectionKind::kTrue && b.kind == DetectionKind::kTrue;
    });
    for (size_t kind = 1; kind < 6; ++kind) {
      values[kind] = average(entries, static_cast<DetectionKind>(kind), objects);
    }
    values[kMissed] = average(entries, DetectionKind::kTrue, objects - missed);
    values[kFalseNegative] = average(entries, DetectionKind::kTrue, objects - not_found);
    std::stable_partition(entries.begin(), entries.end(),
                          [](const Entry& each) { return each.kind == DetectionKind::kTrue; });
    values[kFalsePositive] = average(entries, DetectionKind::kTrue, objects);
  }

 private:
  double average(const std::vector<Entry>& entries, DetectionKind mended, size_t objects) {
    precisions_.clear();
    size_t seen = 0;
    for (const Entry& entry : entries) {
      const Fate fate = fate_of(entry, mended);
      if (fate == Fate::kLeftOut) continue;
      ++seen;
      if (fate == Fate::kTrue) {
        precisions_.push_back(static_cast<double>(precisions_.size() + 1) /
                              static_cast<double>(seen));
      }
    }
    if (objects == 0) {
      return compat_ && seen > 0 ? 0 : std::numeric_limits<double>::quiet_NaN();
    }
    double sum = 0;
    precision_at_recalls(precisions_, objects, points_, [&](size_t, double at) { sum += at; });
    return sum / kRecalls * 100;
  }

  bool compat_ = false;
  std::vector<double> points_;
  std::vector<double> precisions_;
};

struct ClassLists {
  std::vector<std::vector<Entry>> entries;
  std::vector<size_t> objects;
  std::vector<size_t> missed;
  std::vector<size_t> not_found;
};

// `order`: detections by image, surest first within one.
ClassLists list_by_class(const DetectionSet& set, const TideResult& result,
                         const std::vector<std::vector<uint32_t>>& by_image) {
  ClassLists lists;
  lists.entries.resize(set.classes);
  lists.objects.assign(set.classes, 0);
  lists.missed.assign(set.classes, 0);
  lists.not_found.assign(set.classes, 0);
  for (size_t object = 0; object < set.objects.boxes.size(); ++object) {
    const ObjectKind kind = result.object_kinds[object];
    if (kind == ObjectKind::kCrowd) continue;
    const auto k = static_cast<size_t>(set.objects.boxes.class_index[object]);
    ++lists.objects[k];
    if (kind != ObjectKind::kFound) ++lists.not_found[k];
    if (kind == ObjectKind::kMissed) ++lists.missed[k];
  }
  for (const std::vector<uint32_t>& detections : by_image) {
    for (const uint32_t detection : detections) {
      Entry entry;
      entry.score = set.detections.score[detection];
      entry.kind = result.kinds[detection];
      entry.on_crowd = result.on_crowd[detection] != 0;
      const int32_t object = result.matched_objects[detection];
      entry.mendable =
          object != kNoMatch &&
          result.matched_detections[static_cast<size_t>(object)] == static_cast<int32_t>(detection);
      lists.entries[static_cast<size_t>(set.detections.boxes.class_index[detection])].push_back(
          entry);
      if (entry.kind == DetectionKind::kClass && entry.mendable) {
        entry.moved = true;
        const ClassIndex k = set.objects.boxes.class_index[static_cast<size_t>(object)];
        lists.entries[static_cast<size_t>(k)].push_back(entry);
      }
    }
  }
  return lists;
}

void measure_gains(ClassLists& lists, bool compat, const ParallelFor& parallel_for,
                   TideResult& result) {
  std::vector<ClassAverages> averages(lists.entries.size());
  parallel_for(averages.size(), 1, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      averages[k].measure(lists.entries[k], lists.objects[k], lists.missed[k], lists.not_found[k],
                          compat);
    }
  });
  std::array<double, ClassAverages::kCount> means{};
  for (size_t i = 0; i < means.size(); ++i) {
    size_t count = 0;
    for (const ClassAverages& each : averages) {
      if (each.values[i] != each.values[i]) continue;  // NaN
      means[i] += each.values[i];
      ++count;
    }
    if (count > 0) means[i] /= static_cast<double>(count);
  }
  result.average_precision = means[0];
  // Below 0 only by how recalls fall into the 101 bins.
  for (size_t kind = 1; kind < result.gains.size(); ++kind) {
    result.gains[kind] = std::max(means[kind] - means[0], 0.0);
  }
  result.missed_gain = std::max(means[ClassAverages::kMissed] - means[0], 0.0);
  result.false_positive_gain = means[ClassAverages::kFalsePositive] - means[0];
  result.false_negative_gain = means[ClassAverages::kFalseNegative] - means[0];
}

}  // namespace

size_t TideResult::count(DetectionKind kind) const {
  size_t found = 0;
  for (size_t d = 0; d < kinds.size(); ++d) {
    if (kinds[d] == kind && on_left_out[d] == 0) ++found;
  }
  return found;
}

TideResult explain_errors(const DetectionSet& set, const TideOptions& options,
                          const ParallelFor& parallel_for) {
  check_detections(set);
  const size_t detections = set.detections.boxes.size();
  const size_t objects = set.objects.boxes.size();
  TideResult result;
  result.kinds.assign(detections, DetectionKind::kBeyondLimit);
  result.matched_objects.assign(detections, kNoMatch);
  result.overlaps.assign(detections, 0);
  result.on_crowd.assign(detections, 0);
  result.on_left_out.assign(detections, 0);
  result.object_kinds.assign(objects, ObjectKind::kMissed);
  result.matched_detections.assign(objects, kNoMatch);
  for (size_t object = 0; object < objects; ++object) {
    if (!set.objects.counts(object)) result.object_kinds[object] = ObjectKind::kCrowd;
  }
  const KeyedOrder objects_of = order_by(set.objects.boxes.image, set.images);
  const KeyedOrder detections_of = order_by(set.detections.boxes.image, set.images);
  std::vector<std::vector<uint32_t>> by_image(set.images);
  parallel_for(set.images, kImageGrain, [&](size_t begin, size_t end) {
    ImageMatcher matcher(set, options, result);
    for (size_t image = begin; image < end; ++image) {
      const auto of = detections_of.of(image);
      by_image[image].assign(of.begin(), of.end());
      matcher.match(objects_of.of(image), by_image[image]);
    }
  });
  ClassLists lists = list_by_class(set, result, by_image);
  measure_gains(lists, options.compat, parallel_for, result);
  return result;
}

}  // namespace errata::analysis

#include "analysis/coco_intervals.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "analysis/quantile.h"
#include "base/error.h"

namespace errata::analysis {

namespace {

constexpr size_t kLanes = 16;  // resamples measured side by side
constexpr size_t kAreas = 4;
constexpr size_t kLimits = 3;
constexpr size_t kSummary = 12;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
using Lanes = std::array<float, kLanes>;

// A detection that counts: its image, whether it is true, and whether it is the last of its score.
struct Event {
  uint32_t image : 30;
  uint32_t found : 1;
  uint32_t last : 1;
};

// At one threshold: a true detection, or one that is ignored there though it counts at another.
struct RankedEvent {
  uint32_t place;  // among those that count at any
  uint32_t image : 31;
  uint32_t found : 1;
};

struct ClassEvents {
  // Per area, surest first: images of the detections that count at any threshold. What is neither
  // true nor ignored at a threshold is false there: thresholds differ in few detections.
  std::array<std::vector<uint32_t>, kAreas> counted;
  // [area, threshold]: surest first, nothing after the last true one.
  std::vector<std::vector<RankedEvent>> ranked;
  // [limit, threshold]: images of the true ones within the limit, over all areas.
  std::vector<std::vector<uint32_t>> within;
  std::array<std::vector<uint32_t>, kAreas> objects;  // their images
};

// The detections of a DetectionCurve, with the score of each group of equal ones.
struct CurveEvents {
  std::vector<Event> events;
  std::vector<double> scores;
  std::vector<uint32_t> objects;
};

void list_events(const DetectionSet& set, const CocoOptions& options, const ClassMatches& matches,
                 ClassEvents& out) {
  const size_t thresholds = options.iou_thresholds.size();
  out.ranked.resize(kAreas * thresholds);
  out.within.resize(kLimits * thresholds);
  for (const uint32_t at : matches.order) {
    const auto image = static_cast<uint32_t>(set.detections.boxes.image[matches.detections[at]]);
    for (size_t area = 0; area < kAreas; ++area) {
      const ThresholdBits found = matches.found[at * kAreas + area];
      const ThresholdBits counts = found | matches.mistaken[at * kAreas + area];
      if (counts == 0) continue;
      const auto place = static_cast<uint32_t>(out.counted[area].size());
      out.counted[area].push_back(image);
      for (size_t t = 0; t < thresholds; ++t) {
        const auto is_found = static_cast<uint32_t>((found >> t) & 1);
        if (is_found != 0 || ((counts >> t) & 1) == 0) {
          out.ranked[area * thresholds + t].push_back({place, image, is_found});
        }
        if (area != 0 || is_found == 0) continue;
        for (size_t limit = 0; limit < kLimits; ++limit) {
          if (matches.ranks[at] < options.max_detections[limit]) {
            out.within[limit * thresholds + t].push_back(image);
          }
        }
      }
    }
  }
  for (auto& list : out.ranked) {
    while (!list.empty() && list.back().found == 0) list.pop_back();
  }
}

void list_objects(const DetectionSet& set, const CocoOptions& options,
                  std::vector<ClassEvents>& classes, std::vector<CurveEvents>& curves) {
  for (size_t g = 0; g < set.objects.boxes.size(); ++g) {
    const auto k = static_cast<size_t>(set.objects.boxes.class_index[g]);
    const auto image = static_cast<uint32_t>(set.objects.boxes.image[g]);
    for (size_t area = 0; area < kAreas; ++area) {
      if (counts_in_area(set, options, g, area)) classes[k].objects[area].push_back(image);
    }
    if (set.objects.crowd(g)) continue;
    curves[k].objects.push_back(image);
    curves.back().objects.push_back(image);
  }
}

// One entry per class, then one of all together.
std::vector<CurveEvents> list_curves(const DetectionSet& set, double overlap, size_t max_detections,
                                     const ParallelFor& parallel_for) {
  struct Scored {
    double score;
    uint32_t image;
    bool found;
  };
  CocoOptions options;
  options.iou_thresholds = {overlap};
  options.max_detections = {max_detections};
  options.area_ranges.resize(1);
  std::vector<std::vector<Scored>> scored(set.classes + 1);
  match_coco(set, options, parallel_for, [&](size_t k, const ClassMatches& matches) {
    for (const uint32_t at : matches.order) {
      if ((matches.found[at] | matches.mistaken[at]) == 0) continue;
      const uint32_t detection = matches.detections[at];
      scored[k].push_back({set.detections.score[detection],
                           static_cast<uint32_t>(set.detections.boxes.image[detection]),
                           matches.found[at] != 0});
    }
  });
  for (size_t k = 0; k < set.classes; ++k) {
    scored.back().insert(scored.back().end(), scored[k].begin(), scored[k].end());
  }
  std::stable_sort(scored.back().begin(), scored.back().end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
  std::vector<CurveEvents> curves(scored.size());
  for (size_t k = 0; k < scored.size(); ++k) {
    for (size_t i = 0; i < scored[k].size(); ++i) {
      const Scored& each = scored[k][i];
      const bool last = i + 1 == scored[k].size() || scored[k][i + 1].score != each.score;
      curves[k].events.push_back({each.image, each.found ? 1u : 0u, last ? 1u : 0u});
      if (last) curves[k].scores.push_back(each.score);
    }
  }
  return curves;
}

// Measures kLanes resamples at once.
class LaneMeasure {
 public:
  LaneMeasure(size_t images, std::span<const double> recalls)
      : weights_(images), recalls_(recalls.begin(), recalls.end()) {}

  void draw(uint64_t seed, size_t first_resample) {
    for (Lanes& each : weights_) each.fill(0);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      Rng rng(seed, first_resample + lane);
      for (size_t i = 0; i < weights_.size(); ++i) weights_[rng.below(weights_.size())][lane] += 1;
    }
  }

  Lanes sum(const std::vector<uint32_t>& images) const {
    Lanes total{};
    for (const uint32_t image : images) add(total, weights_[image]);
    return total;
  }

  // For what average() is asked next: how many objects there are in each lane.
  void set_objects(const Lanes& objects) {
    needs_.resize(recalls_.size());
    for (size_t r = 0; r < recalls_.size(); ++r) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        // The least count whose quotient, rounded as COCO's, is not below.
        const auto all = static_cast<double>(objects[lane]);
        double need = std::ceil(recalls_[r] * all);
        if (need > 0 && (need - 1) / all >= recalls_[r]) --need;
        if (all > 0 && need / all < recalls_[r]) ++need;
        needs_[r][lane] = static_cast<float>(need);
      }
    }
  }

  // For what average() is asked next: the images of the detections that count.
  void set_counted(const std::vector<uint32_t>& images) {
    seen_.resize(images.size());
    Lanes seen{};
    for (size_t i = 0; i < images.size(); ++i) {
      add(seen, weights_[images[i]]);
      seen_[i] = seen;
    }
  }

  // The average precision of each lane, and the true ones it is drawn from.
  void average(const std::vector<RankedEvent>& events, Lanes& precision, Lanes& found) {
    cumulative_.clear();
    precisions_.clear();
    Lanes good{};
    Lanes ignored{};
    for (const RankedEvent event : events) {
      if (event.found == 0) {
        add(ignored, weights_[event.image]);
        continue;
      }
      add(good, weights_[event.image]);
      cumulative_.push_back(good);
      const Lanes& seen = seen_[event.place];
      Lanes& at = precisions_.emplace_back();
      for (size_t lane = 0; lane < kLanes; ++lane) {
        at[lane] = good[lane] / std::max(seen[lane] - ignored[lane], 1.0F);
      }
    }
    found = good;
    integrate(precision);
  }

  // The highest F1 of each lane and at which group of equal scores.
  void best_f1(const CurveEvents& curve, const Lanes& objects, Lanes& f1,
               std::array<uint32_t, kLanes>& group) const {
    f1.fill(-1);
    group.fill(0);
    Lanes good{};
    Lanes seen{};
    uint32_t at = 0;
    for (const Event event : curve.events) {
      const Lanes& weight = weights_[event.image];
      add(seen, weight);
      if (event.found != 0) add(good, weight);
      if (event.last == 0) continue;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const float value = 2 * good[lane] / std::max(seen[lane] + objects[lane], 1.0F);
        if (value > f1[lane]) {
          f1[lane] = value;
          group[lane] = at;
        }
      }
      ++at;
    }
  }

 private:
  static void add(Lanes& to, const Lanes& from) {
    for (size_t lane = 0; lane < kLanes; ++lane) to[lane] += from[lane];
  }

  // The mean over recalls of the precision envelope where each is first reached: from the last true
  // detection back, each recall falls to the last one met before which it is not reached.
  void integrate(Lanes& out) const {
    std::array<size_t, kLanes> left{};
    Lanes need{};  // true ones that the highest recall left takes
    Lanes envelope{};
    Lanes sum{};
    const auto settle = [&](size_t lane) {
      need[lane] = left[lane] == 0 ? -3 : needs_[left[lane] - 1][lane];
    };
    for (size_t lane = 0; lane < kLanes; ++lane) {
      left[lane] = recalls_.size();
      settle(lane);
      const float reached = cumulative_.empty() ? -1 : cumulative_.back()[lane];
      while (need[lane] > reached) {
        --left[lane];
        settle(lane);
      }
    }
    Lanes none;
    none.fill(-2);
    for (size_t i = cumulative_.size(); i-- > 0;) {
      const Lanes& before = i == 0 ? none : cumulative_[i - 1];
      uint32_t falls = 0;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        envelope[lane] = std::max(envelope[lane], precisions_[i][lane]);
        falls |= need[lane] > before[lane] ? 1u << lane : 0u;
      }
      for (; falls != 0; falls &= falls - 1) {
        const auto lane = static_cast<size_t>(std::countr_zero(falls));
        while (need[lane] > before[lane]) {
          sum[lane] += envelope[lane];
          --left[lane];
          settle(lane);
        }
      }
    }
    for (size_t lane = 0; lane < kLanes; ++lane) {
      out[lane] = sum[lane] / static_cast<float>(recalls_.size());
    }
  }

  std::vector<Lanes> weights_;  // how often each image was drawn
  std::vector<double> recalls_;
  std::vector<Lanes> needs_;       // per recall: true ones that reach it
  std::vector<Lanes> seen_;        // per counted detection: those so far
  std::vector<Lanes> cumulative_;  // per true detection: true ones so far
  std::vector<Lanes> precisions_;
};

// A mean over the classes that have objects in a lane.
struct LaneMean {
  Lanes sum{};
  Lanes count{};
  void add(const Lanes& values, const Lanes& objects) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      if (objects[lane] <= 0) continue;
      sum[lane] += values[lane];
      count[lane] += 1;
    }
  }
  float at(size_t lane) const { return count[lane] > 0 ? sum[lane] / count[lane] : kNone; }
};

// Where statistic s of resample r lies.
struct Drawn {
  std::vector<std::vector<double>> values;
  void put(size_t statistic, size_t first_resample, const Lanes& lanes) {
    for (size_t lane = 0; lane < kLanes && first_resample + lane < values[statistic].size();
         ++lane) {
      values[statistic][first_resample + lane] = static_cast<double>(lanes[lane]);
    }
  }
};

class Bootstrap {
 public:
  Bootstrap(const DetectionSet& set, const CocoOptions& coco, const DetectionCurves& curves,
            const ParallelFor& parallel_for)
      : coco_(coco), classes_(set.classes), images_(set.images) {
    events_.resize(set.classes);
    match_coco(set, coco, parallel_for, [&](size_t k, const ClassMatches& matches) {
      list_events(set, coco, matches, events_[k]);
    });
    curves_ = list_curves(set, curves.overlap, coco.max_detections.back(), parallel_for);
    list_objects(set, coco, events_, curves_);
    const auto& thresholds = coco.iou_thresholds;
    for (size_t t = 0; t < thresholds.size(); ++t) {
      if (thresholds[t] == 0.5) at_50_ = t;
      if (thresholds[t] == 0.75) at_75_ = t;
    }
  }

  size_t statistics() const { return kSummary + 4 * classes_ + 2; }

  void measure(size_t first_resample, uint64_t seed, Drawn& drawn) const {
    LaneMeasure measure(images_, coco_.recall_thresholds);
    measure.draw(seed, first_resample);
    std::array<LaneMean, kSummary> summary;
    for (size_t k = 0; k < classes_; ++k) {
      measure_class(k, first_resample, measure, summary, drawn);
    }
    for (size_t s = 0; s < kSummary; ++s) {
      Lanes lanes;
      for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = summary[s].at(lane);
      drawn.put(s, first_resample, lanes);
    }
    for (size_t k = 0; k <= classes_; ++k) measure_curve(k, first_resample, measure, drawn);
  }

 private:
  void measure_class(size_t k, size_t first_resample, LaneMeasure& measure,
                     std::array<LaneMean, kSummary>& summary, Drawn& drawn) const {
    const ClassEvents& events = events_[k];
    const size_t thresholds = coco_.iou_thresholds.size();
    LaneMean of_class;
    Lanes low;
    low.fill(kNone);
    for (size_t area = 0; area < kAreas; ++area) {
      if (events.objects[area].empty()) continue;
      const Lanes objects = measure.sum(events.objects[area]);
      measure.set_objects(objects);
      measure.set_counted(events.counted[area]);
      for (size_t t = 0; t < thresholds; ++t) {
        Lanes precision;
        Lanes recall;
        measure.average(events.ranked[area * thresholds + t], precision, recall);
        divide(recall, objects);
        if (area > 0) {
          summary[2 + area].add(precision, objects);
          summary[8 + area].add(recall, objects);
          continue;
        }
        summary[0].add(precision, objects);
        summary[8].add(recall, objects);
        if (t == at_50_) summary[1].add(precision, objects);
        if (t == at_75_) summary[2].add(precision, objects);
        of_class.add(precision, objects);
        if (t == 0) {
          for (size_t lane = 0; lane < kLanes; ++lane) {
            if (objects[lane] > 0) low[lane] = precision[lane];
          }
        }
        for (size_t limit = 0; limit + 1 < kLimits; ++limit) {
          Lanes found = measure.sum(events.within[limit * thresholds + t]);
          divide(found, objects);
          summary[6 + limit].add(found, objects);
        }
      }
    }
    Lanes mean;
    for (size_t lane = 0; lane < kLanes; ++lane) mean[lane] = of_class.at(lane);
    drawn.put(kSummary + k, first_resample, mean);
    drawn.put(kSummary + classes_ + k, first_resample, low);
  }

  static void divide(Lanes& values, const Lanes& by) {
    for (size_t lane = 0; lane < kLanes; ++lane) values[lane] /= std::max(by[lane], 1.0F);
  }

  // Class `classes_` is all together.
  void measure_curve(size_t k, size_t first_resample, const LaneMeasure& measure,
                     Drawn& drawn) const {
    const CurveEvents& curve = curves_[k];
    const Lanes objects = measure.sum(curve.objects);
    Lanes f1;
    std::array<uint32_t, kLanes> group{};
    measure.best_f1(curve, objects, f1, group);
    Lanes score;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const bool known = objects[lane] > 0 && !curve.scores.empty();
      score[lane] = known ? static_cast<float>(curve.scores[group[lane]]) : kNone;
      if (!known) f1[lane] = kNone;
    }
    const size_t base = kSummary + 2 * classes_;
    drawn.put(k < classes_ ? base + k : base + 2 * classes_, first_resample, f1);
    drawn.put(k < classes_ ? base + classes_ + k : base + 2 * classes_ + 1, first_resample, score);
  }

  const CocoOptions& coco_;
  size_t classes_;
  size_t images_;
  size_t at_50_ = SIZE_MAX;
  size_t at_75_ = SIZE_MAX;
  std::vector<ClassEvents> events_;
  std::vector<CurveEvents> curves_;
};

// The spread of the drawn values around the value.
Interval interval_of(double value, std::vector<double>& drawn, double level) {
  std::erase_if(drawn, [](double each) { return std::isnan(each); });
  if (!(value > -1) || drawn.empty()) return undefined_interval();
  std::sort(drawn.begin(), drawn.end());
  const double bias = mean_of(drawn) - value;
  const double outside = (1 - level) / 2;
  const auto at = [&](double q) { return quantile(drawn, q) - bias; };
  return {value, std::clamp(at(outside), 0.0, std::max(value, 0.0)),
          std::max(value, std::min(at(1 - outside), 1.0))};
}

double low_average(const CocoResult& result, size_t k) {
  double sum = 0;
  const size_t recalls = result.options.recall_thresholds.size();
  for (size_t r = 0; r < recalls; ++r) {
    sum += result.precision_at(0, r, k, 0, result.options.max_detections.size() - 1);
  }
  return sum / static_cast<double>(recalls);
}

void check_shape(const DetectionSet& set, const CocoResult& result) {
  const CocoOptions& options = result.options;
  if (!options.use_classes || options.area_ranges.size() != kAreas ||
      options.max_detections.size() != kLimits || result.classes != set.classes) {
    throw Error(ErrorCategory::kInternal, "intervals are drawn of COCO's areas and limits only");
  }
}

}  // namespace

CocoIntervals bootstrap_coco(const DetectionSet& set, const CocoResult& result,
                             const DetectionCurves& curves, const BootstrapOptions& options,
                             const ParallelFor& parallel_for) {
  check_shape(set, result);
  const size_t classes = set.classes;
  CocoIntervals intervals;
  const Bootstrap bootstrap(set, result.options, curves, parallel_for);
  Drawn drawn;
  const size_t resamples = set.images == 0 ? 0 : std::max<size_t>(options.resamples, 1000);
  drawn.values.assign(bootstrap.statistics(),
                      std::vector<double>(resamples, std::numeric_limits<double>::quiet_NaN()));
  parallel_for((resamples + kLanes - 1) / kLanes, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) bootstrap.measure(i * kLanes, options.seed, drawn);
  });
  const auto take = [&](size_t statistic, double value) {
    return interval_of(value, drawn.values[statistic], options.level);
  };
  const auto summary = summarize_coco(result);
  for (size_t s = 0; s < kSummary; ++s) intervals.summary[s] = take(s, summary[s]);
  const auto f1_of = [](const DetectionCurve& curve) {
    return curve.empty() || curve.objects == 0 ? -1 : curve.f1[curve.best];
  };
  const auto score_of = [](const DetectionCurve& curve) {
    return curve.empty() || curve.objects == 0 ? std::nan("") : curve.score[curve.best];
  };
  for (size_t k = 0; k < classes; ++k) {
    const DetectionCurve& curve = curves.per_class[k];
    intervals.class_ap.push_back(take(kSummary + k, class_average_precision(result, k)));
    intervals.class_ap_low.push_back(take(kSummary + classes + k, low_average(result, k)));
    intervals.class_f1.push_back(take(kSummary + 2 * classes + k, f1_of(curve)));
    intervals.class_score.push_back(take(kSummary + 3 * classes + k, score_of(curve)));
  }
  intervals.f1 = take(kSummary + 4 * classes, f1_of(curves.all));
  intervals.score = take(kSummary + 4 * classes + 1, score_of(curves.all));
  return intervals;
}

}  // namespace errata::analysis

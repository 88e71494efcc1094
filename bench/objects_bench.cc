// How well planted label errors of boxes are found: bench_objects BASE [TOP] over what
// bench/peer_objects.py made. Prints, per kind of error, the average precision of ours, ObjectLab's
// and FiftyOne's scores and of three lines of arithmetic, all on the same detections; with TOP,
// then the TOP most doubtful boxes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "analysis/box_checks.h"
#include "analysis/object_doubts.h"
#include "analysis/object_lab.h"
#include "analysis/object_mistakenness.h"
#include "bench/box_files.h"

namespace {

using namespace errata;

struct Ranked {
  double value = 0;
  int positive = 0;  // 1 yes, 0 no, -1 left out
};

// The mean precision at each positive; equal values in no order: their share counts.
double average_precision(std::vector<Ranked> rows, double positives) {
  std::erase_if(rows, [](const Ranked& row) { return row.positive < 0; });
  for (Ranked& row : rows) {
    if (std::isnan(row.value)) row.value = -1;
  }
  std::sort(rows.begin(), rows.end(),
            [](const Ranked& a, const Ranked& b) { return a.value > b.value; });
  double found = 0;
  double sum = 0;
  for (size_t i = 0; i < rows.size();) {
    double group = 0;
    size_t end = i;
    for (; end < rows.size() && rows[end].value == rows[i].value; ++end)
      group += rows[end].positive;
    found += group;
    sum += group * found / static_cast<double>(end);
    i = end;
  }
  return sum / positives;
}

enum Planted { kSwap = 1, kShift, kGhost, kCopy, kCopied };

class Table {
 public:
  explicit Table(const std::string& base)
      : objects_(base + ".objects.f64", 7), detections_(base + ".detections.f64", 8) {
    std::ifstream(base + ".shape") >> set_.images >> set_.classes >> dropped_;
    set_.objects.boxes = objects_.columns();
    set_.detections = {detections_.columns(), detections_.values[6], {}};
  }
  const analysis::DetectionSet& set() const { return set_; }
  const std::vector<double>& planted() const { return objects_.values[6]; }
  double dropped(size_t detection) const { return detections_.values[7][detection]; }

  double of_kind(int kind, const std::vector<double>& doubt) const {
    std::vector<Ranked> rows;
    double positives = 0;
    for (size_t g = 0; g < doubt.size(); ++g) {
      const int mark = static_cast<int>(planted()[g]);
      const bool same = mark == kind;
      positives += same ? 1 : 0;
      rows.push_back({doubt[g], same ? 1 : kind == kCopy && mark == kCopied ? -1 : 0});
    }
    return average_precision(rows, positives);
  }
  // Each dropped object once, by the detection of it that comes first.
  double of_dropped(const std::vector<double>& doubt) const {
    std::vector<Ranked> rows;
    add_dropped(doubt, rows);
    return average_precision(rows, dropped_);
  }
  // Objects and detections in one queue: whatever was planted counts. Either of two copies does.
  double of_queue(const std::vector<double>& doubt, const std::vector<double>& missing) const {
    std::vector<Ranked> rows;
    double positives = dropped_;
    for (size_t g = 0; g < doubt.size(); ++g) {
      const int mark = static_cast<int>(planted()[g]);
      positives += mark > 0 ? 1 : 0;
      rows.push_back({doubt[g], mark > 0 ? 1 : 0});
    }
    add_dropped(missing, rows);
    return average_precision(rows, positives);
  }

 private:
  void add_dropped(const std::vector<double>& doubt, std::vector<Ranked>& rows) const {
    std::vector<int64_t> first(static_cast<size_t>(dropped_) + 1, -1);
    for (size_t d = 0; d < doubt.size(); ++d) {
      int64_t& best = first[static_cast<size_t>(dropped(d))];
      if (!std::isnan(doubt[d]) && (best < 0 || doubt[d] > doubt[static_cast<size_t>(best)])) {
        best = static_cast<int64_t>(d);
      }
    }
    for (size_t d = 0; d < doubt.size(); ++d) {
      const auto of = static_cast<size_t>(dropped(d));
      rows.push_back({doubt[d], of == 0 ? 0 : first[of] == static_cast<int64_t>(d) ? 1 : -1});
    }
  }

  bench::Boxes objects_;
  bench::Boxes detections_;
  analysis::DetectionSet set_;
  double dropped_ = 0;
};

// Swapped, shifted, ghost, copy per object; dropped per detection.
struct Doubts {
  std::array<std::vector<double>, 5> values;
};

Doubts three_lines(const analysis::DetectionSet& set) {
  Doubts out;
  for (auto& each : out.values) each.assign(set.objects.boxes.size(), 0);
  out.values[4].assign(set.detections.boxes.size(), 0);
  const auto objects = analysis::order_by(set.objects.boxes.image, set.images);
  const auto detections = analysis::order_by(set.detections.boxes.image, set.images);
  for (size_t image = 0; image < set.images; ++image) {
    std::vector<double> covered(set.detections.boxes.size(), 0);
    for (const uint32_t g : objects.of(image)) {
      double own = 0, other = 0, any = 0;
      for (const uint32_t d : detections.of(image)) {
        const double iou = set.overlap_of(d, g);
        const double score = set.detections.score[d];
        const bool same = set.objects.boxes.class_index[g] == set.detections.boxes.class_index[d];
        covered[d] = std::max(covered[d], iou);
        if (iou >= 0.5) (same ? own : other) = std::max(same ? own : other, score);
        if (iou > 0.1 && same) {
          out.values[1][g] = std::max(out.values[1][g], score * iou);
          any = std::max(any, score);
        }
      }
      out.values[0][g] = other * (1 - own);
      out.values[1][g] = any - out.values[1][g];
      out.values[2][g] = 1 - std::max(own, other);
    }
    for (const uint32_t d : detections.of(image)) {
      out.values[4][d] = set.detections.score[d] * (1 - covered[d]);
    }
  }
  return out;
}

std::vector<double> less_from_one(std::vector<double> values) {
  for (double& value : values) value = 1 - value;
  return values;
}

// Of the four kinds that an object may have; NaN is none.
std::vector<double> strongest_of(const Doubts& doubts) {
  std::vector<double> strongest(doubts.values[0].size(), 0);
  for (size_t kind = 0; kind < 4; ++kind) {
    for (size_t g = 0; g < strongest.size(); ++g) {
      const double value = doubts.values[kind][g];
      if (value > strongest[g]) strongest[g] = value;
    }
  }
  return strongest;
}

void print_top(const Table& table, const analysis::ObjectDoubts& doubts, size_t count) {
  struct Row {
    double value;
    analysis::ObjectDoubt kind;
    size_t index;
  };
  std::vector<Row> rows;
  for (size_t g = 0; g < table.set().objects.boxes.size(); ++g) {
    const auto strongest = analysis::strongest_doubt(doubts, g);
    rows.push_back({strongest.value, strongest.kind, g});
  }
  for (size_t d = 0; d < doubts.missing.size(); ++d) {
    rows.push_back({doubts.missing[d], analysis::ObjectDoubt::kMissing, d});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.value > b.value; });
  static constexpr const char* kNames[]{"none", "class", "place", "spurious", "copy", "missing"};
  for (size_t i = 0; i < std::min(count, rows.size()); ++i) {
    const Row& row = rows[i];
    const bool missing = row.kind == analysis::ObjectDoubt::kMissing;
    const auto& boxes = missing ? table.set().detections.boxes : table.set().objects.boxes;
    const analysis::Box box = analysis::box_at(boxes, row.index);
    const int32_t found = missing ? -1 : doubts.detections[row.index];
    fmt::print("{:.3f} {} image {} class {} box {:.1f} {:.1f} {:.1f} {:.1f} planted {} found {}\n",
               row.value, kNames[static_cast<size_t>(row.kind)], boxes.image[row.index],
               boxes.class_index[row.index], box.x, box.y, box.width, box.height,
               missing ? table.dropped(row.index) : table.planted()[row.index], found);
  }
}

void run(const std::string& base, size_t top) {
  const Table table(base);
  const auto& set = table.set();
  WorkerGroup workers(hardware_threads() - 1, "bench");
  const ParallelFor parallel_for = workers.as_parallel_for();
  const auto begin = std::chrono::steady_clock::now();
  const auto ours = analysis::doubt_objects(set, parallel_for);
  const double secs =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto lab = analysis::score_object_lab(set, parallel_for);
  const auto brain = analysis::measure_mistakenness(set, parallel_for);
  const auto checks =
      analysis::check_given_boxes(set.objects, set.images, set.classes, {}, parallel_for);
  std::vector<double> missing(brain.possibly_missing.begin(), brain.possibly_missing.end());
  for (size_t d = 0; d < missing.size(); ++d) missing[d] *= set.detections.score[d];
  const std::vector<double> spurious(brain.possibly_spurious.begin(),
                                     brain.possibly_spurious.end());
  const std::array<std::pair<const char*, Doubts>, 4> measured{
      {{"errata", {{ours.of_class, ours.of_place, ours.spurious, ours.copy, ours.missing}}},
       {"objectlab",
        {{less_from_one(lab.swapped), less_from_one(lab.badly_located),
          less_from_one(lab.badly_located), less_from_one(lab.swapped),
          less_from_one(lab.overlooked)}}},
       {"fiftyone",
        {{brain.of_class, brain.of_location, spurious, checks.nearest_overlap, missing}}},
       {"arithmetic", three_lines(set)}}};
  for (const auto& [name, doubts] : measured) {
    fmt::print("{}", name);
    for (int kind = kSwap; kind <= kCopy; ++kind) {
      const auto& values = doubts.values[static_cast<size_t>(kind - 1)];
      fmt::print(" {:.4f}", table.of_kind(kind, values));
    }
    fmt::print(" {:.4f} {:.4f}\n", table.of_dropped(doubts.values[4]),
               table.of_queue(strongest_of(doubts), doubts.values[4]));
  }
  fmt::print("seconds {:.4f}\n", secs);
  if (top > 0) print_top(table, ours, top);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("bench_objects BASE [TOP]\n", stderr);
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? std::stoul(argv[2]) : 0);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

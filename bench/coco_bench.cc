// Detections measured as COCO and TIDE do: bench_coco BASE, over what bench/peer_coco.py made.
// Prints a line a measure: its name, the median seconds of five, its numbers. Reading is not timed
// but by `load`, which reads BASE.annotations.json with its images and BASE.results.json as an
// import does, and evaluates.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/coco_eval.h"
#include "analysis/coco_intervals.h"
#include "analysis/tide.h"
#include "base/files.h"
#include "bench/box_files.h"
#include "importers/coco.h"
#include "importers/coco_results.h"

namespace {

using namespace errata;

template <typename Measure, typename Numbers>
void report(const char* name, const Measure& measure, const Numbers& numbers) {
  std::vector<double> secs;
  std::string text;
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto result = measure();
    secs.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    text = numbers(result);
  }
  std::sort(secs.begin(), secs.end());
  fmt::print("{} {:.4f}{}\n", name, secs[2], text);
}

struct ReadBoxes {
  std::vector<int32_t> image;
  std::vector<ClassIndex> class_index;
  std::vector<double> x, y, width, height;
  void add(int32_t of, ClassIndex index, const std::array<double, 4>& box) {
    image.push_back(of);
    class_index.push_back(index);
    x.push_back(box[0]);
    y.push_back(box[1]);
    width.push_back(box[2]);
    height.push_back(box[3]);
  }
  analysis::BoxColumns columns() const { return {image, class_index, x, y, width, height}; }
};

// What the importers read, as columns.
class LoadedSet : public SampleSink, public PredictionSink {
 public:
  void begin(const SourceHeader& header) override { classes = header.classes; }
  void samples(std::vector<SampleRecord>&& batch) override {
    for (const SampleRecord& record : batch) {
      image_of_id_.emplace(record.raw_id, static_cast<int32_t>(image_of_id_.size()));
    }
  }
  void objects(std::vector<ObjectRecord>&& batch) override {
    for (const ObjectRecord& object : batch) {
      objects_.add(static_cast<int32_t>(object.sample), object.class_index, object.box_xywh_px);
      area_.push_back(object.area_px);
      crowd_.push_back(object.crowd ? 1 : 0);
    }
  }
  void begin(const PredictionHeader&) override {}
  void rows(PredictionBatch&& batch) override {
    const DetectionBatch& from = batch.detections;
    for (size_t i = 0; i < from.size(); ++i) {
      detections_.add(image_of_id_.at(batch.keys[from.key[i]]), from.class_index[i],
                      from.box_xywh_px[i]);
      score_.push_back(from.confidence[i]);
    }
  }
  void end(uint64_t) override {}
  analysis::DetectionSet set() const {
    return {image_of_id_.size(),
            classes.size(),
            {objects_.columns(), area_, crowd_},
            {detections_.columns(), score_, {}},
            {}};
  }
  ClassMap classes;

 private:
  std::unordered_map<std::string, int32_t> image_of_id_;
  ReadBoxes objects_;
  ReadBoxes detections_;
  std::vector<double> area_;
  std::vector<double> score_;
  std::vector<uint8_t> crowd_;
};

std::array<double, 12> load_and_evaluate(const std::string& base, const ParallelFor& parallel_for) {
  Progress progress;
  const CancelToken cancel;
  IssueLog issues;
  LoadedSet loaded;
  importers::CocoImporter().run(
      {base + ".annotations.json", base + ".images", parallel_for, progress, cancel, issues},
      loaded);
  importers::CocoResultsReader().run(
      {base + ".results.json", {}, {}, {}, loaded.classes, false, progress, cancel, issues},
      loaded);
  return analysis::summarize_coco(analysis::evaluate_coco(loaded.set(), {}, parallel_for));
}

void run(const std::string& base) {
  analysis::DetectionSet set;
  std::ifstream(base + ".shape") >> set.images >> set.classes;
  const bench::Boxes objects(base + ".objects.f64", 8);
  const bench::Boxes detections(base + ".detections.f64", 7);
  const std::vector<uint8_t> crowd(objects.values[7].begin(), objects.values[7].end());
  set.objects = {objects.columns(), objects.values[6], crowd};
  set.detections = {detections.columns(), detections.values[6]};
  WorkerGroup workers(hardware_threads() - 1, "bench");
  const ParallelFor parallel_for = workers.as_parallel_for();
  report(
      "coco",
      [&] {
        const analysis::CocoResult result = analysis::evaluate_coco(set, {}, parallel_for);
        return analysis::summarize_coco(result);
      },
      [](const auto& numbers) {
        std::string text;
        for (const double each : numbers) text += fmt::format(" {}", each);
        return text;
      });
  report(
      "intervals",
      [&] {
        return analysis::bootstrap_coco(
            set, analysis::evaluate_coco(set, {}, parallel_for),
            analysis::draw_detection_curves(set, 0.5, 100, parallel_for), {}, parallel_for);
      },
      [](const analysis::CocoIntervals& intervals) {
        const analysis::Interval& ap = intervals.summary[0];
        return fmt::format(" {:.4f} {:.4f} {:.4f}", ap.value, ap.low, ap.high);
      });
  if (file_exists(base + ".results.json")) {
    report(
        "load", [&] { return load_and_evaluate(base, parallel_for); },
        [](const auto& numbers) { return fmt::format(" {}", fmt::join(numbers, " ")); });
  }
  analysis::TideOptions compat;
  compat.compat = true;
  report(
      "tide", [&] { return analysis::explain_errors(set, compat, parallel_for); },
      [](const analysis::TideResult& result) {
        using Kind = analysis::DetectionKind;
        std::string text = fmt::format(" {}", result.average_precision);
        for (const Kind kind : {Kind::kClass, Kind::kLocalisation, Kind::kBoth, Kind::kDuplicate,
                                Kind::kBackground}) {
          text += fmt::format(" {}", result.gain(kind));
        }
        return text + fmt::format(" {} {} {}", result.missed_gain, result.false_positive_gain,
                                  result.false_negative_gain);
      });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("bench_coco BASE\n", stderr);
    return 2;
  }
  try {
    run(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

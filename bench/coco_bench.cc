// Detections measured as COCO and TIDE do: bench_coco BASE, over what bench/peer_coco.py made.
// Prints a line a measure: its name, the median seconds of five, its numbers. Reading is not timed.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "analysis/coco_eval.h"
#include "analysis/coco_intervals.h"
#include "analysis/tide.h"
#include "bench/box_files.h"

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

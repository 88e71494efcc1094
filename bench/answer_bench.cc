// What a keystroke in the viewer's filter bar costs: filter, full order, and every facet and
// histogram that is open on the left, over a store (bench/viewer.sh makes one).
//
//   bin/bench_answer FILE [REPEATS]      default: 21 repeats; medians are printed
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "base/text.h"
#include "viewer/app/store_backend.h"
#include "viewer/state/view_query.h"

using namespace errata;
using namespace errata::viewer;

namespace {

double now_ms(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const size_t repeats = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 21;
  StoreBackend backend(argv[1], "bench");
  const Loaded loaded = backend.load({});
  const Table& samples = loaded.snapshot.samples;
  QueryMemory memory;
  for (const char* filter : {"confidence >= 0 or confidence is null", "label != prediction",
                             "confidence between 0.5 and 0.9"}) {
    std::vector<double> wall;
    std::vector<double> cpu;
    std::shared_ptr<const ViewAnswer> answer;
    for (size_t i = 0; i < repeats; ++i) {
      answer.reset();
      const double cpu_before = now_ms(CLOCK_PROCESS_CPUTIME_ID);
      const double before = now_ms(CLOCK_MONOTONIC);
      answer = answer_view({samples, filter, {"confidence", true}, {}}, memory);
      wall.push_back(now_ms(CLOCK_MONOTONIC) - before);
      cpu.push_back(now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_before);
    }
    size_t facets = 0;
    size_t histograms = 0;
    for (const FacetView& facet : answer->facets) facets += facet.folded ? 0 : 1;
    for (const HistogramView& each : answer->histograms) histograms += each.folded ? 0 : 1;
    fmt::print(
        "{:<40} {:>9} of {}, {} facets, {} histograms: {:6.2f} ms ({:6.2f} ms of processor)\n",
        filter, with_thousands(answer->order.size()), with_thousands(answer->total), facets,
        histograms, median(wall), median(cpu));
  }
  return 0;
}

// Confident learning over a matrix of probabilities: bench_labels PROBS.npy LABELS.npy [pieces]
// Prints a line a filter: its name, the seconds it took, the issues it found. The matrix is in
// memory beforehand, as cleanlab's; with `pieces` it is read from the file piece by piece while the
// time runs, as the store hands it out.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/confident_learning.h"
#include "text/npy.h"

namespace {

using namespace errata;
using analysis::LabelIssueFilter;

struct Named {
  const char* name;
  LabelIssueFilter filter;
};
constexpr Named kFilters[]{{"prune_by_noise_rate", LabelIssueFilter::kPruneByNoiseRate},
                           {"confident_learning", LabelIssueFilter::kConfidentLearning}};

void measure(const std::string& probabilities_path, const std::string& labels_path,
             bool in_pieces) {
  const text::NpyArray probabilities = text::NpyArray::open(probabilities_path);
  const text::NpyArray label_array = text::NpyArray::open(labels_path);
  const size_t rows = probabilities.header().rows();
  const size_t classes = probabilities.header().columns();
  std::vector<ClassIndex> labels(rows);
  for (size_t row = 0; row < rows; ++row) {
    labels[row] = static_cast<ClassIndex>(label_array.integer(row));
  }
  const size_t piece = in_pieces ? std::max<size_t>(1, (size_t{1} << 22) / classes) : rows;
  std::vector<float> values(piece * classes);
  analysis::ProbabilitySource source = [&](const analysis::ProbabilityVisit& visit) {
    for (size_t first = 0; first < rows; first += piece) {
      const size_t count = std::min(piece, rows - first);
      probabilities.read_rows(first, count, values.data());
      visit(first, std::span(values).first(count * classes));
    }
  };
  if (!in_pieces) {
    probabilities.read_rows(0, rows, values.data());
    source = analysis::source_of(values, classes);
  }
  WorkerGroup workers(hardware_threads(), "bench");
  for (const Named& each : kFilters) {
    analysis::ConfidentLearningOptions options;
    options.filter = each.filter;
    options.compat = true;
    const auto begin = std::chrono::steady_clock::now();
    const analysis::LabelIssues found =
        analysis::find_label_issues(source, classes, labels, options, workers.as_parallel_for());
    const std::chrono::duration<double> secs = std::chrono::steady_clock::now() - begin;
    fmt::print("{} {:.3f} {}\n", each.name, secs.count(), found.issues);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool in_pieces = argc == 4 && std::string_view(argv[3]) == "pieces";
  if (argc != 3 && !in_pieces) {
    std::fputs("bench_labels PROBS.npy LABELS.npy [pieces]\n", stderr);
    return 2;
  }
  try {
    measure(argv[1], argv[2], in_pieces);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

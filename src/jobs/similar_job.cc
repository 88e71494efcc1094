#include "jobs/similar_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "jobs/edit_job.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

double norm_of(std::span<const float> values) {
  double squares = 0;
  for (const float value : values) squares += double{value} * value;
  return std::sqrt(squares);
}

// The vector whose product with a row of norm 1 is the similarity: mean of the directions.
void add_directions(LoadedState& state, const RunSummary& run, std::span<const SampleId> samples,
                    double sign, std::vector<double>& direction) {
  for (const SampleId sample : samples) {
    const std::vector<float> values = store::read_embedding_row(state.store, run.id, sample);
    const double norm = norm_of(values);
    if (values.empty() || !std::isfinite(norm)) {
      const size_t row = state.snapshot.row_of(sample);
      throw Error(ErrorCategory::kNotFound,
                  fmt::format("'{}' has no embedding in run '{}'",
                              row == SIZE_MAX ? fmt::format("id:{}", sample)
                                              : state.snapshot.samples.find("path")->display(
                                                    static_cast<RowIndex>(row)),
                              run.name),
                  "Choose another run with --embeddings NAME, or make one with `errata infer`.");
    }
    if (norm == 0) continue;
    for (size_t c = 0; c < values.size(); ++c) {
      direction[c] += sign * values[c] / norm / static_cast<double>(samples.size());
    }
  }
}

}  // namespace

void SimilarOptions::check() const {
  if (!like.empty() || !unlike.empty()) return;
  throw Error(ErrorCategory::kUsage, "no sample was named",
              "Name one by its path: `errata similar photos/17.jpg`, or --unlike PATH.");
}

SimilarReport find_similar(const SimilarOptions& options, JobContext& context) {
  options.check();
  SimilarReport report{.state = load_state({options.store_path, "", options.where, false})};
  LoadedState& state = report.state;
  const EmbeddingRun run = choose_embeddings(state, options.embeddings);
  report.run = run.summary->name;
  report.run_choice = run.choice;
  const std::vector<SampleId> like = find_samples(state.store, options.like);
  const std::vector<SampleId> unlike = find_samples(state.store, options.unlike);
  std::vector<double> direction(run.summary->embedding_columns, 0.0);
  add_directions(state, *run.summary, like, 1, direction);
  add_directions(state, *run.summary, unlike, -1, direction);
  const std::vector<float> weights(direction.begin(), direction.end());
  std::vector<SampleId> named = like;
  named.insert(named.end(), unlike.begin(), unlike.end());

  context.progress.start_stage("comparing", state.selection.count());
  store::for_each_embedding_chunk(
      state.store, run.summary->id,
      [&](std::span<const SampleId> samples, std::span<const float> values, size_t columns) {
        context.cancel.check();
        for (size_t i = 0; i < samples.size(); ++i) {
          const size_t row = state.snapshot.row_of(samples[i]);
          if (row == SIZE_MAX || !state.selection.test(static_cast<RowIndex>(row))) continue;
          if (std::find(named.begin(), named.end(), samples[i]) != named.end()) continue;
          const std::span<const float> each = values.subspan(i * columns, columns);
          const double norm = norm_of(each);
          if (norm == 0 || !std::isfinite(norm)) continue;
          double product = 0;
          for (size_t c = 0; c < columns; ++c) product += double{weights[c]} * each[c];
          report.found.push_back({static_cast<RowIndex>(row), product / norm});
        }
        context.progress.add(samples.size());
      });
  report.compared = report.found.size();
  const size_t shown =
      options.limit == 0 ? report.found.size() : std::min(options.limit, report.found.size());
  std::partial_sort(report.found.begin(), report.found.begin() + static_cast<std::ptrdiff_t>(shown),
                    report.found.end(), [](const SimilarSample& a, const SimilarSample& b) {
                      return a.similarity != b.similarity ? a.similarity > b.similarity
                                                          : a.row < b.row;
                    });
  report.found.resize(shown);
  return report;
}

}  // namespace errata::jobs

#include "jobs/embeddings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "store/runs.h"
#include "store/score_columns.h"

namespace errata::jobs {

namespace {

Error no_embeddings(const std::string& what, const std::string& store_path) {
  return {
      ErrorCategory::kNotFound, what,
      "Run `errata infer --model FILE`, which keeps what goes into the model's last layer, or "
      "attach a matrix: `errata predictions embeddings.npy --files files.txt --kind embedding`.",
      store_path};
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

}  // namespace

EmbeddingRun choose_embeddings(LoadedState& state, const std::string& run) {
  const Snapshot& snapshot = state.snapshot;
  const auto has_some = [](const RunSummary& each) { return each.embedding_columns > 0; };
  if (!run.empty()) {
    store::read_run(state.store, run);  // an unknown name is an error that lists the known ones
    const RunSummary* named = find_run(snapshot, run);
    if (named == nullptr || !has_some(*named)) {
      throw no_embeddings(fmt::format("run '{}' has no embeddings", run), state.store.path());
    }
    return {named, {}};
  }
  const auto newest = std::find_if(snapshot.runs.rbegin(), snapshot.runs.rend(), has_some);
  if (newest == snapshot.runs.rend()) {
    throw no_embeddings("no run has embeddings", state.store.path());
  }
  const auto with = std::count_if(snapshot.runs.begin(), snapshot.runs.end(), has_some);
  if (with == 1) return {&*newest, {}};
  return {&*newest, fmt::format("embeddings of run '{}', the newest of {} (choose with "
                                "--embeddings)",
                                newest->name, with)};
}

Error no_embedded_rows(const std::string& run, const std::string& store_path) {
  return no_embeddings(fmt::format("none of these samples has an embedding in run '{}'", run),
                       store_path);
}

Embeddings load_embeddings(LoadedState& state, const std::string& run, JobContext& context) {
  const Snapshot& snapshot = state.snapshot;
  const EmbeddingRun chosen = choose_embeddings(state, run);
  Embeddings made;
  made.run = chosen.summary->name;
  made.choice = chosen.choice;
  made.columns = chosen.summary->embedding_columns;
  context.progress.start_stage("reading embeddings", state.selection.count());
  made.values.reserve(state.selection.count() * made.columns);
  std::vector<std::pair<RowIndex, uint32_t>> order;  // and the place in `values`
  store::for_each_embedding_chunk(
      state.store, chosen.summary->id,
      [&](std::span<const SampleId> samples, std::span<const float> values, size_t columns) {
        context.cancel.check();
        for (size_t i = 0; i < samples.size(); ++i) {
          const size_t row = snapshot.row_of(samples[i]);
          if (row == SIZE_MAX || !state.selection.test(static_cast<RowIndex>(row))) continue;
          const std::span<const float> from = values.subspan(i * columns, columns);
          if (!all_finite(from)) continue;
          order.emplace_back(static_cast<RowIndex>(row), static_cast<uint32_t>(order.size()));
          made.values.insert(made.values.end(), from.begin(), from.end());
        }
        context.progress.add(samples.size());
      });
  made.without = state.selection.count() - order.size();
  if (!std::is_sorted(order.begin(), order.end())) {
    std::sort(order.begin(), order.end());
    std::vector<float> sorted;
    sorted.reserve(made.values.size());
    for (const auto& [row, place] : order) {
      const auto from = made.values.begin() + static_cast<std::ptrdiff_t>(place * made.columns);
      sorted.insert(sorted.end(), from, from + static_cast<std::ptrdiff_t>(made.columns));
    }
    made.values = std::move(sorted);
  }
  for (const auto& [row, place] : order) made.rows.push_back(row);
  if (made.rows.empty()) throw no_embedded_rows(made.run, state.store.path());
  return made;
}

ParallelFor watched(JobContext& context, const std::string& stage) {
  context.progress.start_stage(stage, 0);
  return [&context](size_t n, size_t grain, const RangeFn& fn) {
    context.workers.parallel_for(n, grain, [&](size_t begin, size_t end) {
      context.cancel.check();
      fn(begin, end);
      context.progress.add(end - begin);
    });
  };
}

void store_scores(store::Store& store, const Snapshot& snapshot, const std::string& name,
                  std::span<const RowIndex> rows, std::span<const double> scores) {
  store::ScoreColumn column;
  column.name = name;
  column.samples = snapshot.ids;
  column.values.assign(snapshot.ids.size(), std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < rows.size(); ++i) column.values[rows[i]] = static_cast<float>(scores[i]);
  store::put_score_column(store, column);
}

}  // namespace errata::jobs

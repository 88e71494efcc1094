#include "jobs/embedding_space.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "jobs/embeddings.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

using ReadChunks = void (*)(store::Store&, RunId, const store::FloatRowsFn&);

struct Source {
  ReadChunks read;
  RunId run = 0;
  size_t columns = 0;
  analysis::SpaceScaling scaling;
  std::function<bool(RowIndex)> wanted;
  size_t most = 0;  // rows that can be wanted
};

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

// The wanted rows that are finite, in the order of the run.
void for_each_row(LoadedState& state, const Source& source, JobContext& context,
                  const std::function<void(RowIndex, std::span<const float>)>& fn) {
  source.read(
      state.store, source.run,
      [&](std::span<const SampleId> samples, std::span<const float> values, size_t columns) {
        context.cancel.check();
        for (size_t i = 0; i < samples.size(); ++i) {
          const size_t row = state.snapshot.row_of(samples[i]);
          if (row == SIZE_MAX || !source.wanted(static_cast<RowIndex>(row))) continue;
          const std::span<const float> from = values.subspan(i * columns, columns);
          if (all_finite(from)) fn(static_cast<RowIndex>(row), from);
        }
        context.progress.add(samples.size());
      });
}

// Rows in the order of the run at the coordinates that further blocks of values get.
class Placing {
 public:
  Placing(const analysis::SpaceAxes& axes, size_t columns, size_t rows, JobContext& context)
      : axes_(axes), columns_(columns), context_(context) {
    coordinates_.reserve(rows * axes.width());
  }

  void add(std::span<const float> row) {
    block_.insert(block_.end(), row.begin(), row.end());
    if (block_.size() == kBlock * columns_) flush();
  }

  std::vector<float> take() {
    flush();
    return std::move(coordinates_);
  }

 private:
  static constexpr size_t kBlock = 4096;

  void flush() {
    const ParallelFor parallel_for = context_.workers.as_parallel_for();
    axes_.scale(block_, parallel_for);
    const std::vector<float> placed = axes_.coordinates(block_, parallel_for);
    coordinates_.insert(coordinates_.end(), placed.begin(), placed.end());
    block_.clear();
  }

  const analysis::SpaceAxes& axes_;
  size_t columns_;
  JobContext& context_;
  std::vector<float> block_;
  std::vector<float> coordinates_;
};

// Both rising by row.
void sort_rows(std::vector<RowIndex>& rows, std::vector<float>& coordinates, size_t width) {
  if (std::is_sorted(rows.begin(), rows.end())) return;
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rows[a] < rows[b]; });
  std::vector<RowIndex> sorted_rows;
  std::vector<float> sorted;
  sorted.reserve(coordinates.size());
  for (const size_t from : order) {
    sorted_rows.push_back(rows[from]);
    const auto begin = coordinates.begin() + static_cast<std::ptrdiff_t>(from * width);
    sorted.insert(sorted.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  rows = std::move(sorted_rows);
  coordinates = std::move(sorted);
}

struct ReadSpace {
  std::vector<RowIndex> rows;  // rising
  analysis::EmbeddingSpace space;
};

ReadSpace read_space(LoadedState& state, const Source& source, const std::string& what,
                     JobContext& context) {
  ReadSpace made;
  constexpr size_t kMost = analysis::SpaceAxes::kMostRows;
  const size_t columns = source.columns;
  size_t step = 1;  // every how many rows one is in the sample: twice as many once it is full
  std::vector<float> sample;
  sample.reserve(std::min(source.most, kMost + 1) * columns);
  context.progress.start_stage("reading " + what, source.most);
  for_each_row(state, source, context, [&](RowIndex row, std::span<const float> values) {
    if (made.rows.size() % step == 0) sample.insert(sample.end(), values.begin(), values.end());
    made.rows.push_back(row);
    if (sample.size() <= kMost * columns) return;
    for (size_t i = 1; 2 * i * columns < sample.size(); ++i) {
      std::copy_n(sample.data() + 2 * i * columns, columns, sample.data() + i * columns);
    }
    sample.resize((sample.size() / columns + 1) / 2 * columns);
    step *= 2;
  });
  const analysis::SpaceAxes axes(sample, columns, source.scaling,
                                 watched(context, "finding the principal axes"));
  std::vector<float> coordinates;
  if (step == 1) {
    coordinates = axes.coordinates(sample, context.workers.as_parallel_for());
  } else {
    sample = {};
    context.progress.start_stage("placing " + what, source.most);
    Placing placing(axes, columns, made.rows.size(), context);
    for_each_row(state, source, context,
                 [&](RowIndex, std::span<const float> values) { placing.add(values); });
    coordinates = placing.take();
  }
  sort_rows(made.rows, coordinates, axes.width());
  made.space = axes.space(made.rows.size(), std::move(coordinates));
  return made;
}

}  // namespace

EmbeddedRows read_embedding_space(LoadedState& state, const std::string& run, JobContext& context) {
  const EmbeddingRun chosen = choose_embeddings(state, run);
  EmbeddedRows made;
  made.run = chosen.summary->name;
  made.choice = chosen.choice;
  made.columns = chosen.summary->embedding_columns;
  const auto selected = [&](RowIndex row) { return state.selection.test(row); };
  ReadSpace read = read_space(state,
                              {store::for_each_embedding_chunk, chosen.summary->id, made.columns,
                               analysis::SpaceScaling::kLength, selected, state.selection.count()},
                              "embeddings", context);
  made.rows = std::move(read.rows);
  made.space = std::move(read.space);
  made.without = state.selection.count() - made.rows.size();
  return made;
}

EmbeddedRows load_embedding_space(LoadedState& state, const std::string& run, JobContext& context) {
  EmbeddedRows made = read_embedding_space(state, run, context);
  if (made.rows.empty()) throw no_embedded_rows(made.run, state.store.path());
  return made;
}

std::optional<analysis::EmbeddingSpace> read_stage_space(LoadedState& state, const std::string& run,
                                                         std::span<const RowIndex> rows,
                                                         JobContext& context) {
  const store::RunInfo info = store::read_run(state.store, run);
  if (info.spec.stage_columns == 0) return std::nullopt;
  const auto wanted = [&](RowIndex row) {
    return std::binary_search(rows.begin(), rows.end(), row);
  };
  ReadSpace read =
      read_space(state,
                 {store::for_each_stage_chunk, info.summary.id, info.spec.stage_columns,
                  analysis::SpaceScaling::kColumns, wanted, rows.size()},
                 "the stages before", context);
  std::vector<size_t> places;
  for (const RowIndex row : read.rows) {
    places.push_back(
        static_cast<size_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin()));
  }
  return places.size() == rows.size() ? std::move(read.space)
                                      : analysis::place_rows(read.space, places, rows.size());
}

}  // namespace errata::jobs

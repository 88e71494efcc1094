#include "jobs/embeddings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "base/files.h"
#include "base/finite.h"
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

using ReadChunks = void (*)(store::Store&, RunId, const store::FloatRowsFn&);

struct Source {
  ReadChunks read;
  RunId run = 0;
  size_t columns = 0;
  analysis::SpaceScaling scaling;
  std::function<bool(RowIndex)> wanted;
  size_t most = 0;  // rows that can be wanted
};

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

struct PlacedRows {
  std::vector<float> coordinates;
  std::vector<float> left_out;
};

// Rows in the order of the run at the coordinates that further blocks of values get.
class Placing {
 public:
  Placing(const analysis::SpaceAxes& axes, size_t columns, size_t rows, JobContext& context)
      : axes_(axes), columns_(columns), context_(context) {
    placed_.coordinates.reserve(rows * axes.width());
    placed_.left_out.reserve(rows);
  }

  void add(std::span<const float> row) {
    block_.insert(block_.end(), row.begin(), row.end());
    if (block_.size() == kBlock * columns_) flush();
  }

  PlacedRows take() {
    flush();
    return std::move(placed_);
  }

 private:
  static constexpr size_t kBlock = 4096;

  void flush() {
    const ParallelFor parallel_for = context_.workers.as_parallel_for();
    axes_.scale(block_, parallel_for);
    const std::vector<float> placed = axes_.coordinates(block_, parallel_for);
    const std::vector<float> left_out = axes_.left_out(block_, placed, parallel_for);
    placed_.coordinates.insert(placed_.coordinates.end(), placed.begin(), placed.end());
    placed_.left_out.insert(placed_.left_out.end(), left_out.begin(), left_out.end());
    block_.clear();
  }

  const analysis::SpaceAxes& axes_;
  size_t columns_;
  JobContext& context_;
  std::vector<float> block_;
  PlacedRows placed_;
};

// Makes `rows` rise and says where each was; empty where they did.
std::vector<size_t> sort_rows(std::vector<RowIndex>& rows) {
  if (std::is_sorted(rows.begin(), rows.end())) return {};
  std::vector<size_t> from(rows.size());
  std::iota(from.begin(), from.end(), size_t{0});
  std::sort(from.begin(), from.end(), [&](size_t a, size_t b) { return rows[a] < rows[b]; });
  std::sort(rows.begin(), rows.end());
  return from;
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
  PlacedRows placed;
  if (step == 1) {
    const ParallelFor parallel_for = context.workers.as_parallel_for();
    placed.coordinates = axes.coordinates(sample, parallel_for);
    placed.left_out = axes.left_out(sample, placed.coordinates, parallel_for);
  } else {
    sample = {};
    context.progress.start_stage("placing " + what, source.most);
    Placing placing(axes, columns, made.rows.size(), context);
    for_each_row(state, source, context,
                 [&](RowIndex, std::span<const float> values) { placing.add(values); });
    placed = placing.take();
  }
  if (const std::vector<size_t> from = sort_rows(made.rows); !from.empty()) {
    PlacedRows sorted;
    sorted.coordinates.reserve(placed.coordinates.size());
    const size_t width = axes.width();
    for (const size_t row : from) {
      const auto begin = placed.coordinates.begin() + static_cast<std::ptrdiff_t>(row * width);
      sorted.coordinates.insert(sorted.coordinates.end(), begin,
                                begin + static_cast<std::ptrdiff_t>(width));
      sorted.left_out.push_back(placed.left_out[row]);
    }
    placed = std::move(sorted);
  }
  made.space =
      axes.space(made.rows.size(), std::move(placed.coordinates), std::move(placed.left_out));
  return made;
}

template <typename Rows>
Rows rows_of(const EmbeddingRun& chosen) {
  Rows made;
  made.run = chosen.summary->name;
  made.choice = chosen.choice;
  made.columns = chosen.summary->embedding_columns;
  return made;
}

Source embeddings_of(const LoadedState& state, const EmbeddingRun& chosen) {
  return {store::for_each_embedding_chunk,
          chosen.summary->id,
          chosen.summary->embedding_columns,
          analysis::SpaceScaling::kLength,
          [&state](RowIndex row) { return state.selection.test(row); },
          state.selection.count()};
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

Embeddings load_embeddings(LoadedState& state, const std::string& run, JobContext& context,
                           uint64_t memory_bytes) {
  const EmbeddingRun chosen = choose_embeddings(state, run);
  auto made = rows_of<Embeddings>(chosen);
  const Source source = embeddings_of(state, chosen);
  context.progress.start_stage("reading embeddings", source.most);
  const std::string folder(parent_path(absolute_path(state.store.path())));
  made.values = {source.most * made.columns, memory_bytes, folder};
  for_each_row(state, source, context, [&](RowIndex row, std::span<const float> values) {
    made.rows.push_back(row);
    made.values.append(values);
  });
  if (made.rows.empty()) throw no_embedded_rows(made.run, state.store.path());
  if (const std::vector<size_t> from = sort_rows(made.rows); !from.empty()) {
    SpilledFloats sorted(made.rows.size() * made.columns, memory_bytes, folder);
    for (const size_t row : from) {
      sorted.append(made.values.values().subspan(row * made.columns, made.columns));
    }
    made.values = std::move(sorted);
  }
  made.without = source.most - made.rows.size();
  return made;
}

EmbeddingCoordinates read_coordinates(LoadedState& state, const std::string& run,
                                      JobContext& context) {
  const EmbeddingRun chosen = choose_embeddings(state, run);
  auto made = rows_of<EmbeddingCoordinates>(chosen);
  const Source source = embeddings_of(state, chosen);
  ReadSpace read = read_space(state, source, "embeddings", context);
  made.rows = std::move(read.rows);
  made.space = std::move(read.space);
  made.without = source.most - made.rows.size();
  return made;
}

EmbeddingCoordinates load_coordinates(LoadedState& state, const std::string& run,
                                      JobContext& context) {
  EmbeddingCoordinates made = read_coordinates(state, run, context);
  if (made.rows.empty()) throw no_embedded_rows(made.run, state.store.path());
  return made;
}

std::optional<analysis::EmbeddingSpace> read_stages(LoadedState& state, const std::string& run,
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
  return places.size() == rows.size()
             ? std::move(read.space)
             : analysis::place_rows(std::move(read.space), places, rows.size());
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

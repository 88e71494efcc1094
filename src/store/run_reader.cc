#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/lease.h"
#include "store/run_rows.h"

namespace errata::store {

namespace {

RunState run_state(Connection& db, const std::string& name, bool complete) {
  if (complete) return RunState::kComplete;
  Statement& find =
      db.cached("SELECT host, pid, process_start, renewed_at FROM lease WHERE name = ?1");
  const std::string lease_name = fmt::format("run '{}'", name);
  find.bind(1, lease_name);
  RunState state = RunState::kInterrupted;
  if (find.step() && !lease_is_stale({lease_name, find.string(0), find.integer(1), find.integer(2),
                                      find.string(3)})) {
    state = RunState::kRunning;
  }
  find.reset();
  return state;
}

RunInfo run_from_row(const Statement& row) {
  RunInfo info;
  RunSpec& spec = info.spec;
  info.summary.id = row.integer(0);
  spec.name = row.string(1);
  spec.kind = row.string(2);
  spec.model_path = unescape_bytes(row.text(3));
  spec.model_sha256 = row.string(4);
  spec.preprocessing_json = row.string(5);
  spec.options_json = row.string(6);
  spec.device = row.string(7);
  spec.precision = row.string(8);
  spec.batch_size = row.integer(9);
  spec.seed = row.integer(10);
  spec.trained_on = row.string(11);
  spec.code_version = row.string(12);
  spec.who = row.string(13);
  spec.embedding_columns = static_cast<size_t>(row.integer(14));
  spec.stage_columns = static_cast<size_t>(row.integer(24));
  info.plan_rows = static_cast<size_t>(row.integer(15));
  info.rows = static_cast<size_t>(row.integer(16));
  info.summary.predicted_samples = static_cast<size_t>(row.integer(17));
  info.not_finite = static_cast<size_t>(row.integer(18));
  info.unreadable = static_cast<size_t>(row.integer(19));
  info.summary.started_at = row.string(21);
  info.summary.finished_at = row.string(22);
  info.detections = static_cast<uint64_t>(row.integer(23));
  info.summary.name = spec.name;
  info.summary.kind = spec.kind;
  info.summary.model_path = spec.model_path;
  info.summary.trained_on = spec.trained_on;
  info.summary.embedding_columns = spec.embedding_columns;
  return info;
}

void read_classes(Connection& db, RunInfo& info) {
  Statement& read =
      db.cached("SELECT name, raw_id, class_id FROM run_class WHERE run_id = ?1 ORDER BY position");
  read.bind(1, info.summary.id);
  while (read.step()) {
    info.spec.classes.add(read.string(0), read.string(1));
    info.class_ids.push_back(read.integer(2));
  }
  info.summary.classes = info.spec.classes;
}

uint64_t stored_bytes(Connection& db, RunId run) {
  Statement& sum = db.cached(
      "SELECT sum(length(data)) FROM chunk JOIN stream ON chunk.id BETWEEN stream.id * 16777216 "
      "AND stream.id * 16777216 + 16777215 WHERE owner = 'run' AND owner_id = ?1");
  sum.bind(1, run);
  const auto bytes = sum.step() ? static_cast<uint64_t>(sum.integer(0)) : 0;
  sum.reset();
  return bytes;
}

}  // namespace

std::vector<RunInfo> read_runs(Connection& db) {
  std::vector<RunInfo> runs;
  std::vector<bool> complete;
  Statement read = db.prepare(
      "SELECT id, name, kind, model_path, model_sha256, preprocessing, options, device, precision, "
      "batch_size, seed, trained_on, code_version, who, embedding_columns, plan_rows, rows_done, "
      "predicted, not_finite, unreadable, complete, started_at, finished_at, detections, "
      "stage_columns FROM run ORDER BY id");
  while (read.step()) {
    runs.push_back(run_from_row(read));
    complete.push_back(read.integer(20) == 1);
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    read_classes(db, runs[i]);
    runs[i].summary.state = run_state(db, runs[i].spec.name, complete[i]);
  }
  return runs;
}

std::vector<RunInfo> list_runs(Store& store, bool with_stored_bytes) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  std::vector<RunInfo> runs = read_runs(db);
  for (RunInfo& run : runs) {
    if (with_stored_bytes) run.stored_bytes = stored_bytes(db, run.summary.id);
  }
  return runs;
}

namespace {

RunInfo find_run(Store& store, const std::string& name) {
  std::vector<RunInfo> runs = list_runs(store);
  if (name.empty() && !runs.empty()) return std::move(runs.back());
  std::vector<std::string> names;
  for (RunInfo& run : runs) {
    if (run.spec.name == name) return std::move(run);
    names.push_back(run.spec.name);
  }
  if (names.empty()) {
    throw Error(ErrorCategory::kNotFound, "the store has no runs",
                "make one with `errata infer` or `errata predictions`", store.path());
  }
  const std::vector<std::string> near = nearest_words(name, names);
  throw Error(ErrorCategory::kNotFound, fmt::format("there is no run '{}'", name),
              near.empty() ? fmt::format("there are: {}", fmt::join(names, ", "))
                           : fmt::format("did you mean '{}'?", fmt::join(near, "' or '")),
              store.path());
}

}  // namespace

RunInfo read_run(Store& store, const std::string& name, bool with_stored_bytes) {
  RunInfo run = find_run(store, name);
  if (with_stored_bytes) run.stored_bytes = stored_bytes(store.db(), run.summary.id);
  return run;
}

namespace {

struct RowsShape {
  size_t columns = 0;
  int64_t batch = 1;
  int64_t rows = 0;
};

// Columns 0 when the run has no such rows.
RowsShape read_shape(Connection& db, RunId run, std::string_view stream) {
  Statement& find = db.cached(
      "SELECT batch_size, rows_done, embedding_columns, kind, stage_columns, "
      "(SELECT count(*) FROM run_class WHERE run_id = run.id) FROM run WHERE id = ?1");
  find.bind(1, run);
  if (!find.step()) throw Error(ErrorCategory::kNotFound, fmt::format("there is no run {}", run));
  RowsShape shape{0, find.integer(0), find.integer(1)};
  if (stream == "embeddings") {
    shape.columns = static_cast<size_t>(find.integer(2));
  } else if (stream == "stages") {
    shape.columns = static_cast<size_t>(find.integer(4));
  } else if (find.text(3) == "probabilities") {
    shape.columns = static_cast<size_t>(find.integer(5));
  }
  find.reset();
  return shape;
}

void for_each_chunk(Store& store, RunId run, std::string_view name, const FloatRowsFn& fn) {
  RowChunks chunks(store.db(), run, name);
  std::vector<SampleId> samples;
  std::vector<float> values;
  while (chunks.next(samples, values)) fn(samples, values, chunks.columns());
}

std::vector<float> read_row(Store& store, RunId run, std::string_view name, SampleId sample) {
  Connection& db = store.db();
  const RowsShape shape = read_shape(db, run, name);
  const int64_t stream = find_stream(db, "run", run, name);
  if (shape.columns == 0 || stream == 0) return {};
  const int64_t row = read_plan(db, run)->place_of(sample);
  if (row < 0 || row >= shape.rows) return {};
  const ChunkLayout layout(shape.batch, shape.columns * sizeof(float));
  const int64_t place = layout.place_of(row);
  sqlite3_blob* blob = nullptr;
  const int code = sqlite3_blob_open(db.handle(), "main", "chunk", "data",
                                     stream * kChunksPerStream + place, 0, &blob);
  if (code != SQLITE_OK) throw db.error(code, "read a row of the run");
  const std::unique_ptr<sqlite3_blob, int (*)(sqlite3_blob*)> closer(blob, sqlite3_blob_close);
  std::vector<float> values(shape.columns);
  const auto size = static_cast<int>(shape.columns * sizeof(float));
  const auto offset = static_cast<int>(row - layout.first_row(place)) * size;
  const int read = sqlite3_blob_read(blob, values.data(), size, offset);
  if (read != SQLITE_OK) throw db.error(read, "read a row of the run");
  return values;
}

}  // namespace

RowChunks::RowChunks(Connection& db, RunId run, std::string_view name)
    : db_(db), name_(name), layout_(1, 1) {
  const RowsShape shape = read_shape(db, run, name);
  stream_ = find_stream(db, "run", run, name);
  if (shape.columns == 0 || stream_ == 0) return;
  columns_ = shape.columns;
  rows_ = shape.rows;
  layout_ = ChunkLayout(shape.batch, shape.columns * sizeof(float));
  plan_ = read_plan(db, run);
  const int64_t samples = db.integer("SELECT coalesce(max(id), 0) FROM sample");
  gone_.assign(static_cast<size_t>(samples) + 1, false);
  Statement vanished = db.prepare("SELECT id FROM sample WHERE vanished_batch IS NOT NULL");
  while (vanished.step()) gone_[static_cast<size_t>(vanished.integer(0))] = true;
}

bool RowChunks::next(std::vector<SampleId>& samples, std::vector<float>& values) {
  samples.clear();
  while (samples.empty()) {
    if (next_row_ >= rows_) return false;
    const int64_t first = next_row_;
    const int64_t place = layout_.place_of(first);
    next_row_ = std::min(layout_.end_row(place), rows_);
    std::vector<uint8_t> bytes;
    read_chunks(db_, stream_, place, place, bytes);
    values = values_of<float>(bytes);
    if (values.size() < static_cast<size_t>(next_row_ - first) * columns_) {
      throw Error(ErrorCategory::kCorrupt, fmt::format("chunk {} of {} is too short", place, name_),
                  "run `errata doctor`", db_.path());
    }
    for (int64_t row = first; row < next_row_; ++row) {
      const SampleId id = plan_->samples.at(static_cast<size_t>(row));
      if (id < 1 || static_cast<size_t>(id) >= gone_.size() || gone_[static_cast<size_t>(id)]) {
        continue;
      }
      const auto from = values.begin() + (row - first) * static_cast<int64_t>(columns_);
      const auto to = values.begin() + static_cast<int64_t>(samples.size() * columns_);
      if (from != to) std::copy_n(from, columns_, to);
      samples.push_back(id);
    }
    values.resize(samples.size() * columns_);
  }
  return true;
}

void for_each_probability_chunk(Store& store, RunId run, const FloatRowsFn& fn) {
  for_each_chunk(store, run, "probabilities", fn);
}

void for_each_embedding_chunk(Store& store, RunId run, const FloatRowsFn& fn) {
  for_each_chunk(store, run, "embeddings", fn);
}

void for_each_stage_chunk(Store& store, RunId run, const FloatRowsFn& fn) {
  for_each_chunk(store, run, "stages", fn);
}

std::vector<float> read_probability_row(Store& store, RunId run, SampleId sample) {
  return read_row(store, run, "probabilities", sample);
}

std::vector<float> read_embedding_row(Store& store, RunId run, SampleId sample) {
  return read_row(store, run, "embeddings", sample);
}

}  // namespace errata::store

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/finite.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/lease.h"
#include "store/object_sets.h"
#include "store/run_rows.h"

namespace errata::store {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr auto kFlushAfter = std::chrono::seconds(2);

// One stream of equally long rows. What of the last chunk is not yet full is kept here and written
// over and over until it is.
class RowStream {
 public:
  RowStream(Connection& db, RunId run, std::string_view name, std::string_view type,
            size_t row_bytes, ChunkLayout layout, Codec codec)
      : db_(db),
        stream_(ensure_stream(db, "run", run, name, type)),
        row_bytes_(row_bytes),
        layout_(layout),
        codec_(codec) {}

  // Goes on behind `rows` stored ones.
  void resume(int64_t rows) {
    rows_ = rows;
    if (rows == 0) return;
    const int64_t place = layout_.place_of(rows - 1);
    if (layout_.end_row(place) == rows) return;
    read_chunks(db_, stream_, place, place, tail_);
    if (tail_.size() != static_cast<size_t>(rows - layout_.first_row(place)) * row_bytes_) {
      throw Error(ErrorCategory::kCorrupt, "the last chunk of the run has a wrong length",
                  "run it again with --replace", db_.path());
    }
  }

  void append(std::span<const uint8_t> bytes) {
    tail_.insert(tail_.end(), bytes.begin(), bytes.end());
    rows_ += static_cast<int64_t>(bytes.size() / row_bytes_);
  }

  bool has_full_chunk() const {
    return tail_.size() >= static_cast<size_t>(layout_.rows_per_chunk) * row_bytes_;
  }

  void flush() {
    size_t offset = 0;
    while (offset < tail_.size()) {
      const int64_t first = rows_ - static_cast<int64_t>((tail_.size() - offset) / row_bytes_);
      const int64_t place = layout_.place_of(first);
      const int64_t rows = std::min(rows_, layout_.end_row(place)) - first;
      const std::span<const uint8_t> chunk(tail_.data() + offset,
                                           static_cast<size_t>(rows) * row_bytes_);
      put_chunk(db_, stream_, place, first, rows, chunk, codec_);
      if (first + rows < layout_.end_row(place)) break;
      offset += chunk.size();
    }
    tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(offset));
  }

 private:
  Connection& db_;
  int64_t stream_;
  size_t row_bytes_;
  ChunkLayout layout_;
  Codec codec_;
  std::vector<uint8_t> tail_;
  int64_t rows_ = 0;
};

struct Derived {
  std::vector<ClassIndex> top;
  std::vector<float> confidence;
  std::vector<float> margin;
  std::vector<float> entropy;
};

// As analysis/scores.h defines them, over the model's own classes.
void derive_row(std::span<const float> row, Derived& derived) {
  size_t first = 0;
  double p_first = -1;
  double p_second = -1;
  double entropy = 0;
  for (size_t k = 0; k < row.size(); ++k) {
    const double p = row[k];
    if (p > 0) entropy -= p * std::log(p);
    if (p > p_first) {
      p_second = p_first;
      p_first = p;
      first = k;
    } else if (p > p_second) {
      p_second = p;
    }
  }
  derived.top.push_back(static_cast<ClassIndex>(first));
  derived.confidence.push_back(static_cast<float>(p_first));
  derived.margin.push_back(static_cast<float>(row.size() < 2 ? 1.0 : p_first - p_second));
  derived.entropy.push_back(static_cast<float>(entropy));
}

void derive_nothing(Derived& derived) {
  derived.top.push_back(kNoClass);
  derived.confidence.push_back(kNone);
  derived.margin.push_back(kNone);
  derived.entropy.push_back(kNone);
}

void check_run_name(const std::string& name) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("._-+ ").find(c) != std::string_view::npos;
  };
  if (name.empty() || name.size() > 200 || !std::all_of(name.begin(), name.end(), allowed) ||
      trim(name).size() != name.size()) {
    throw Error(ErrorCategory::kUsage, fmt::format("'{}' cannot be the name of a run", name),
                "use letters, digits, '.', '_', '-', '+' and spaces inside");
  }
}

}  // namespace

struct RunWriter::State {
  State(Store& store, const RunSpec& run_spec, std::vector<SampleId> samples)
      : db(store.db()),
        spec(run_spec),
        plan(std::move(samples)),
        lease(db, fmt::format("run '{}'", run_spec.name)) {}

  Connection& db;
  RunSpec spec;
  std::vector<SampleId> plan;
  Lease lease;
  RunId id = 0;
  int64_t rows = 0;
  RunReport report;
  bool complete = false;
  std::unique_ptr<RowStream> probabilities;
  std::unique_ptr<RowStream> embeddings;
  std::unique_ptr<RowStream> stages;
  std::unique_ptr<RowStream> top;
  std::unique_ptr<RowStream> confidence;
  std::unique_ptr<RowStream> margin;
  std::unique_ptr<RowStream> entropy;
  std::unique_ptr<RowStream> status;
  std::unique_ptr<RowStream> counts;  // of detections
  std::unique_ptr<ObjectBlockWriter> detections;
  std::chrono::steady_clock::time_point flushed = std::chrono::steady_clock::now();

  bool has_probabilities() const { return spec.kind == "probabilities"; }
  bool has_detections() const { return spec.kind == "detections"; }
  ObjectBlock pending;  // detections without an id so far
  void append_detections(const RunRows& rows_in, std::span<const RowStatus> status_in);
  void flush_detections();
  void begin(OnExistingRun on_existing);
  void insert_run();
  void insert_classes();
  void check_same(Statement& found);
  void open_streams();
  void append(const RunRows& rows_in, size_t count);
  Derived derive(const RunRows& rows_in, std::span<const RowStatus> status_in, size_t count);
  void flush(bool last);
  template <typename Fn>
  void for_each_stream(Fn fn) {
    for (RowStream* stream :
         {probabilities.get(), embeddings.get(), stages.get(), top.get(), confidence.get(),
          margin.get(), entropy.get(), status.get(), counts.get()}) {
      if (stream != nullptr) fn(*stream);
    }
  }
};

void RunWriter::State::insert_classes() {
  std::unordered_map<std::string, int64_t> project;
  Statement read = db.prepare("SELECT id, name FROM class");
  while (read.step()) project.emplace(read.string(1), read.integer(0));
  Statement& insert = db.cached(
      "INSERT INTO run_class(run_id, position, name, raw_id, class_id) VALUES (?1, ?2, ?3, ?4, "
      "?5)");
  for (size_t i = 0; i < spec.classes.size(); ++i) {
    const ClassEntry& entry = spec.classes[static_cast<ClassIndex>(i)];
    std::string target = entry.name;
    for (const auto& [from, to] : spec.class_names) {
      if (from == entry.name) target = to;
    }
    const auto found = project.find(target);
    const std::string name = to_valid_utf8(entry.name);
    const std::string raw_id = to_valid_utf8(entry.raw_id);
    insert.bind(1, id).bind(2, static_cast<int64_t>(i)).bind(3, name).bind(4, raw_id);
    insert.bind_id(5, found == project.end() ? 0 : found->second).run();
  }
  insert.reset();
}

void RunWriter::State::insert_run() {
  Statement insert = db.prepare(
      "INSERT INTO run(name, kind, model_path, model_sha256, preprocessing, options, device, "
      "precision, batch_size, seed, trained_on, code_version, who, embedding_columns, plan_rows, "
      "plan_hash, rows_done, predicted, not_finite, unreadable, complete, started_at, finished_at, "
      "stage_columns) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 0, 0, 0, 0, "
      "0, ?17, '', ?18)");
  const std::string model = escape_bytes(spec.model_path);
  const std::string now = now_iso8601_utc();
  insert.bind(1, spec.name).bind(2, spec.kind).bind(3, model).bind(4, spec.model_sha256);
  insert.bind(5, spec.preprocessing_json).bind(6, spec.options_json).bind(7, spec.device);
  insert.bind(8, spec.precision).bind(9, spec.batch_size).bind(10, spec.seed);
  insert.bind(11, spec.trained_on).bind(12, spec.code_version).bind(13, spec.who);
  insert.bind(14, static_cast<int64_t>(spec.embedding_columns));
  insert.bind(15, static_cast<int64_t>(plan.size())).bind(16, xxh3_64(bytes_of(plan)));
  insert.bind(17, now).bind(18, static_cast<int64_t>(spec.stage_columns));
  insert.run();
  id = db.last_id();
  insert_classes();
  const int64_t stream = ensure_stream(db, "run", id, "samples", "i64");
  const ChunkLayout layout(kSmallChunkRows, sizeof(SampleId));
  for (int64_t first = 0; first < static_cast<int64_t>(plan.size());) {
    const int64_t place = layout.place_of(first);
    const int64_t count =
        std::min(layout.end_row(place), static_cast<int64_t>(plan.size())) - first;
    put_chunk(db, stream, place, first, count,
              bytes_of(std::span<const SampleId>(plan).subspan(static_cast<size_t>(first),
                                                               static_cast<size_t>(count))),
              Codec::kZstd);
    first += count;
  }
}

void RunWriter::State::check_same(Statement& found) {
  std::vector<std::string> differences;
  const auto compare = [&](bool same, std::string_view what) {
    if (!same) differences.emplace_back(what);
  };
  compare(found.text(1) == spec.kind, "the kind");
  compare(found.text(2) == spec.model_sha256, "the model file");
  compare(found.text(3) == spec.preprocessing_json, "the preprocessing");
  compare(found.integer(4) == spec.batch_size, "the batch size");
  compare(found.integer(5) == static_cast<int64_t>(spec.embedding_columns), "the embedding");
  compare(found.integer(14) == static_cast<int64_t>(spec.stage_columns), "the stages");
  compare(found.integer(6) == static_cast<int64_t>(plan.size()) &&
              static_cast<uint64_t>(found.integer(7)) == xxh3_64(bytes_of(plan)),
          "the samples it covers");
  compare(found.text(8) == spec.precision, "the precision");
  std::vector<std::string> names;
  Statement classes = db.prepare("SELECT name FROM run_class WHERE run_id = ?1 ORDER BY position");
  classes.bind(1, found.integer(0));
  while (classes.step()) names.push_back(classes.string(0));
  std::vector<std::string> wanted;
  for (const std::string& name : spec.classes.names()) wanted.push_back(to_valid_utf8(name));
  compare(names == wanted, "the classes");
  if (differences.empty()) return;
  throw Error(ErrorCategory::kConflict,
              fmt::format("run '{}' cannot be gone on with: {} changed since it began", spec.name,
                          fmt::join(differences, ", ")),
              "give it another name with --run, or begin it anew with --replace", db.path());
}

void RunWriter::State::open_streams() {
  const auto make = [&](std::string_view name, std::string_view type, size_t value_bytes,
                        size_t columns, bool small) {
    const size_t row_bytes = value_bytes * columns;
    const ChunkLayout layout(small ? kSmallChunkRows : spec.batch_size, row_bytes);
    return std::make_unique<RowStream>(db, id, name, type, row_bytes, layout,
                                       small && type != "f32" ? Codec::kZstd : Codec::kPlain);
  };
  status = make("status", "u8", 1, 1, true);
  if (spec.embedding_columns > 0) {
    embeddings = make("embeddings", "f32", sizeof(float), spec.embedding_columns, false);
  }
  if (spec.stage_columns > 0) {
    stages = make("stages", "f32", sizeof(float), spec.stage_columns, false);
  }
  if (has_detections()) {
    counts = make("counts", "i32", sizeof(uint32_t), 1, true);
    const int64_t stored = db.integer(fmt::format("SELECT detections FROM run WHERE id = {}", id));
    detections =
        std::make_unique<ObjectBlockWriter>(db, "run", id, ObjectBlockKind::kDetections, stored);
    return;
  }
  if (spec.kind == "embedding") return;
  top = make("top", "i32", sizeof(int32_t), 1, true);
  confidence = make("confidence", "f32", sizeof(float), 1, true);
  if (!has_probabilities()) return;
  margin = make("margin", "f32", sizeof(float), 1, true);
  entropy = make("entropy", "f32", sizeof(float), 1, true);
  probabilities = make("probabilities", "f32", sizeof(float), spec.classes.size(), false);
}

namespace {

void check_spec(const RunSpec& spec) {
  check_run_name(spec.name);
  if (spec.kind != "probabilities" && spec.kind != "top_one" && spec.kind != "embedding" &&
      spec.kind != "detections") {
    throw Error(ErrorCategory::kInternal, fmt::format("no kind of run: {}", spec.kind));
  }
  if (spec.kind != "embedding" && spec.classes.empty()) {
    throw Error(ErrorCategory::kUsage, "the model has no classes");
  }
  const size_t widest =
      std::max({spec.classes.size(), spec.embedding_columns, spec.stage_columns}) * sizeof(float);
  if (widest > kMaxChunkBytes) {
    throw Error(ErrorCategory::kUnsupported,
                fmt::format("a row of {} values is larger than 1 MiB", widest / sizeof(float)));
  }
}

void drop_run(Connection& db, RunId id) {
  drop_streams(db, "run", id);
  std::vector<int64_t> scores;
  Statement find = db.prepare("SELECT id FROM score WHERE run_id = ?1");
  find.bind(1, id);
  while (find.step()) scores.push_back(find.integer(0));
  for (const int64_t score : scores) drop_streams(db, "score", score);
  db.prepare("DELETE FROM score WHERE run_id = ?1").bind(1, id).run();
  drop_object_scores(db, id);
  db.prepare("DELETE FROM run WHERE id = ?1").bind(1, id).run();
}

}  // namespace

void RunWriter::State::begin(OnExistingRun on_existing) {
  Transaction transaction(db, Transaction::Kind::kWrite);
  Statement find = db.prepare(
      "SELECT id, kind, model_sha256, preprocessing, batch_size, embedding_columns, plan_rows, "
      "plan_hash, precision, rows_done, predicted, not_finite, unreadable, complete, "
      "stage_columns FROM run WHERE name = ?1");
  find.bind(1, spec.name);
  bool exists = find.step();
  if (exists && on_existing == OnExistingRun::kRefuse) {
    throw Error(ErrorCategory::kConflict, fmt::format("there is a run '{}' already", spec.name),
                "--replace begins it anew, --run NAME names another", db.path());
  }
  if (exists && on_existing == OnExistingRun::kReplace) {
    const RunId old = find.integer(0);
    find.reset();
    drop_run(db, old);
    exists = false;
  }
  if (exists) {
    if (find.integer(14) == 0) spec.stage_columns = 0;
    check_same(find);
    id = find.integer(0);
    rows = find.integer(9);
    report.predicted = static_cast<size_t>(find.integer(10));
    report.not_finite = static_cast<size_t>(find.integer(11));
    report.unreadable = static_cast<size_t>(find.integer(12));
    complete = find.integer(13) == 1;
    report.resumed = true;
    find.reset();
  } else {
    insert_run();
  }
  open_streams();
  for_each_stream([&](RowStream& stream) { stream.resume(rows); });
  report.id = id;
  transaction.commit();
}

Derived RunWriter::State::derive(const RunRows& rows_in, std::span<const RowStatus> status_in,
                                 size_t count) {
  Derived derived;
  if (!rows_in.top.empty()) {
    const auto copy = [&](std::span<const float> values) {
      return values.empty() ? std::vector<float>(count, kNone)
                            : std::vector<float>(values.begin(), values.end());
    };
    derived.top.assign(rows_in.top.begin(), rows_in.top.end());
    derived.confidence = copy(rows_in.confidence);
    derived.margin = copy(rows_in.margin);
    derived.entropy = copy(rows_in.entropy);
    for (size_t i = 0; i < count; ++i) {
      if (status_in[i] == RowStatus::kOk) continue;
      derived.top[i] = kNoClass;
      derived.confidence[i] = derived.margin[i] = derived.entropy[i] = kNone;
    }
    return derived;
  }
  const size_t columns = spec.classes.size();
  for (size_t i = 0; i < count; ++i) {
    if (status_in[i] == RowStatus::kOk && has_probabilities()) {
      derive_row(rows_in.probabilities.subspan(i * columns, columns), derived);
    } else {
      derive_nothing(derived);
    }
  }
  return derived;
}

// Ids come with the flush, in its transaction.
void RunWriter::State::append_detections(const RunRows& rows_in,
                                         std::span<const RowStatus> status_in) {
  const DetectionSpans& given = rows_in.detections;
  size_t at = 0;
  for (size_t i = 0; i < status_in.size(); ++i) {
    report.predicted += status_in[i] == RowStatus::kOk ? 1 : 0;
    report.unreadable += status_in[i] == RowStatus::kUnreadable ? 1 : 0;
    report.not_finite += status_in[i] == RowStatus::kNotFinite ? 1 : 0;
    const auto sample = static_cast<int32_t>(plan[static_cast<size_t>(rows) + i]);
    for (uint32_t k = 0; k < rows_in.detection_counts[i]; ++k, ++at) {
      const bool finite = std::isfinite(given.confidence[at]) &&
                          std::all_of(given.box_xywh_px[at].begin(), given.box_xywh_px[at].end(),
                                      [](double value) { return std::isfinite(value); });
      const ClassIndex index = given.class_index[at];
      if (!finite || index < 0 || static_cast<size_t>(index) >= spec.classes.size()) {
        throw Error(ErrorCategory::kInternal, fmt::format("a detection of class {}, confidence {}",
                                                          index, given.confidence[at]));
      }
      ObjectBlock& block = pending;
      block.sample.push_back(sample);
      block.class_id.push_back(index);
      block.box.push_back(given.box_xywh_px[at]);
      block.confidence.push_back(given.confidence[at]);
      block.shape.push(given.shape.empty() ? std::string_view() : given.shape[at]);
    }
  }
  counts->append(bytes_of(rows_in.detection_counts));
  status->append({reinterpret_cast<const uint8_t*>(status_in.data()), status_in.size()});
  rows += static_cast<int64_t>(status_in.size());
}

void RunWriter::State::flush_detections() {
  ObjectId next = take_object_ids(db, static_cast<int64_t>(pending.rows()));
  size_t shape_at = 0;
  for (size_t i = 0; i < pending.rows(); ++i) {
    ObjectBlock& block = detections->block();
    block.sample.push_back(pending.sample[i]);
    block.class_id.push_back(pending.class_id[i]);
    block.box.push_back(pending.box[i]);
    block.confidence.push_back(pending.confidence[i]);
    block.object_id.push_back(next++);
    const uint32_t length = pending.shape.lengths[i];
    block.shape.push(std::string_view(pending.shape.heap).substr(shape_at, length));
    shape_at += length;
    detections->appended();
  }
  pending = {};
  detections->flush();
}

void RunWriter::State::append(const RunRows& rows_in, size_t count) {
  std::vector<RowStatus> row_status(rows_in.status.begin(), rows_in.status.end());
  row_status.resize(count, RowStatus::kOk);
  if (has_detections()) {
    append_detections(rows_in, row_status);
    return;
  }
  const size_t columns = spec.classes.size();
  for (size_t i = 0; i < count; ++i) {
    if (row_status[i] != RowStatus::kOk) continue;
    const bool finite =
        (!has_probabilities() || all_finite(rows_in.probabilities.subspan(i * columns, columns))) &&
        (spec.embedding_columns == 0 || all_finite(rows_in.embeddings.subspan(
                                            i * spec.embedding_columns, spec.embedding_columns)));
    if (!finite) row_status[i] = RowStatus::kNotFinite;
  }
  const Derived derived = derive(rows_in, row_status, count);
  for (size_t i = 0; i < count; ++i) {
    report.not_finite += row_status[i] == RowStatus::kNotFinite ? 1 : 0;
    report.unreadable += row_status[i] == RowStatus::kUnreadable ? 1 : 0;
    const bool has_row =
        spec.kind == "embedding" ? row_status[i] == RowStatus::kOk : derived.top[i] != kNoClass;
    report.predicted += has_row ? 1 : 0;
  }
  status->append({reinterpret_cast<const uint8_t*>(row_status.data()), count});
  if (embeddings != nullptr) embeddings->append(bytes_of(rows_in.embeddings));
  if (stages != nullptr) stages->append(bytes_of(rows_in.stages));
  if (probabilities != nullptr) probabilities->append(bytes_of(rows_in.probabilities));
  if (top != nullptr) top->append(bytes_of(derived.top));
  if (confidence != nullptr) confidence->append(bytes_of(derived.confidence));
  if (margin != nullptr) margin->append(bytes_of(derived.margin));
  if (entropy != nullptr) entropy->append(bytes_of(derived.entropy));
  rows += static_cast<int64_t>(count);
}

void RunWriter::State::flush(bool last) {
  if (complete) return;
  Transaction transaction(db, Transaction::Kind::kWrite);
  lease.renew();
  for_each_stream([](RowStream& stream) { stream.flush(); });
  if (detections != nullptr) flush_detections();
  Statement& update = db.cached(
      "UPDATE run SET rows_done = ?2, predicted = ?3, not_finite = ?4, unreadable = ?5, "
      "complete = ?6, finished_at = ?7, device = ?8, detections = ?9 WHERE id = ?1");
  const std::string now = last ? now_iso8601_utc() : std::string();
  update.bind(1, id).bind(2, rows).bind(3, static_cast<int64_t>(report.predicted));
  update.bind(4, static_cast<int64_t>(report.not_finite));
  update.bind(5, static_cast<int64_t>(report.unreadable)).bind(6, last ? 1 : 0).bind(7, now);
  update.bind(8, spec.device).bind(9, detections == nullptr ? 0 : detections->rows());
  update.run();
  update.reset();
  transaction.commit();
  flushed = std::chrono::steady_clock::now();
}

RunWriter::RunWriter(Store& store, const RunSpec& spec, std::vector<SampleId> plan,
                     OnExistingRun on_existing) {
  check_spec(spec);
  state_ = std::make_unique<State>(store, spec, std::move(plan));
  if (state_->spec.batch_size <= 0) state_->spec.batch_size = 1;
  state_->begin(on_existing);
}

RunWriter::~RunWriter() {
  if (state_ == nullptr || state_->complete) return;
  try {
    flush();
  } catch (const std::exception&) {
    // What was not flushed is made again by the next run.
  }
}

RunId RunWriter::id() const {
  return state_->id;
}
size_t RunWriter::rows_done() const {
  return static_cast<size_t>(state_->rows);
}

static bool detections_fit(const RunRows& rows, size_t count) {
  uint64_t total = 0;
  for (const uint32_t n : rows.detection_counts) total += n;
  const DetectionSpans& given = rows.detections;
  return rows.detection_counts.size() == count && given.size() == total &&
         given.box_xywh_px.size() == total && given.confidence.size() == total &&
         (given.shape.empty() || given.shape.size() == total);
}

void RunWriter::write(size_t first_row, const RunRows& rows) {
  State& state = *state_;
  size_t count = std::max({rows.status.size(), rows.top.size(), rows.detection_counts.size()});
  if (!state.spec.classes.empty() && state.has_probabilities()) {
    count = rows.probabilities.size() / state.spec.classes.size();
  } else if (state.spec.embedding_columns > 0) {
    count = rows.embeddings.size() / state.spec.embedding_columns;
  }
  const auto done = static_cast<size_t>(state.rows);
  const bool whole =
      count % static_cast<size_t>(state.spec.batch_size) == 0 || done + count == state.plan.size();
  const bool lengths =
      (rows.status.empty() || rows.status.size() == count) &&
      (!state.has_probabilities() ||
       rows.probabilities.size() == count * state.spec.classes.size()) &&
      (rows.embeddings.size() == count * state.spec.embedding_columns) &&
      (state.stages == nullptr || rows.stages.size() == count * state.spec.stage_columns) &&
      (state.spec.kind != "top_one" || rows.top.size() == count) &&
      (rows.confidence.empty() || rows.confidence.size() == count) &&
      (rows.margin.empty() || rows.margin.size() == count) &&
      (rows.entropy.empty() || rows.entropy.size() == count) &&
      (!state.has_detections() || detections_fit(rows, count));
  if (first_row != done || done + count > state.plan.size() || !whole || !lengths) {
    throw Error(
        ErrorCategory::kInternal,
        fmt::format("rows [{}, {}) do not fit a run that has {} of {} in batches of {}", first_row,
                    first_row + count, done, state.plan.size(), state.spec.batch_size));
  }
  state.append(rows, count);
  const bool full = (state.probabilities != nullptr && state.probabilities->has_full_chunk()) ||
                    (state.embeddings != nullptr && state.embeddings->has_full_chunk()) ||
                    (state.stages != nullptr && state.stages->has_full_chunk()) ||
                    state.pending.rows() >= kObjectBlockRows ||
                    state.pending.heap_bytes() >= kObjectBlockBytes;
  if (full || std::chrono::steady_clock::now() - state.flushed > kFlushAfter) state.flush(false);
}

void RunWriter::flush() {
  state_->flush(false);
}

RunReport RunWriter::finish() {
  State& state = *state_;
  if (state.rows != static_cast<int64_t>(state.plan.size())) {
    throw Error(ErrorCategory::kInternal, fmt::format("run '{}' has {} of {} rows", state.spec.name,
                                                      state.rows, state.plan.size()));
  }
  if (!state.complete) state.flush(true);
  state.complete = true;
  state.report.rows = static_cast<size_t>(state.rows);
  state.report.detections = static_cast<uint64_t>(
      state.db.integer(fmt::format("SELECT detections FROM run WHERE id = {}", state.id)));
  return state.report;
}

void delete_run(Store& store, const std::string& name) {
  if (name.empty())
    throw Error(ErrorCategory::kNotFound, "there is no run ''", "see `errata runs`");
  const RunId id = read_run(store, name).summary.id;
  Connection& db = store.db();
  {
    const Lease lease(db, fmt::format("run '{}'", name));
    Transaction transaction(db, Transaction::Kind::kWrite);
    drop_run(db, id);
    transaction.commit();
  }
  db.exec("PRAGMA incremental_vacuum");
  // The file shrinks when the WAL goes back into it; a reader in the way only delays that.
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace errata::store

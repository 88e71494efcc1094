#include "store/table_functions.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>

#include "store/block.h"
#include "store/object_scores.h"
#include "store/objects.h"
#include "store/run_rows.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "store/versions.h"

namespace errata::store {

namespace {

// The rows of one call. Stands before the first row until next().
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual bool next() = 0;
  virtual void column(sqlite3_context* context, int index) const = 0;
};

void give_text(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void give_float(sqlite3_context* context, float value) {
  if (value == value) sqlite3_result_double(context, value);  // NaN stays NULL
}

std::string_view status_name(uint8_t status) {
  constexpr std::array<std::string_view, 4> kNames{"ok", "unreadable", "not_finite",
                                                   "no_prediction"};
  return status < kNames.size() ? kNames[status] : "?";
}

class Predictions : public RowSource {
 public:
  Predictions(Store& store, const std::string& run) : info_(read_run(store, run)) {
    if (info_.spec.kind == "detections") {
      throw Error(
          ErrorCategory::kUsage,
          fmt::format("run '{0}' is one of detections: objects('{0}') has them", info_.spec.name));
    }
    Connection& db = store.db();
    const RunId id = info_.summary.id;
    plan_ = read_plan(db, id);
    const auto floats = [&](std::string_view name) {
      auto values = values_of<float>(read_stream(db, find_stream(db, "run", id, name)));
      values.resize(info_.rows, std::nanf(""));
      return values;
    };
    top_ = values_of<int32_t>(read_stream(db, find_stream(db, "run", id, "top")));
    top_.resize(info_.rows, kNoClass);
    status_ = read_stream(db, find_stream(db, "run", id, "status"));
    status_.resize(info_.rows, 0);
    confidence_ = floats("confidence");
    margin_ = floats("margin");
    entropy_ = floats("entropy");
  }

  bool next() override { return ++row_ < static_cast<int64_t>(info_.rows); }

  void column(sqlite3_context* context, int index) const override {
    const auto row = static_cast<size_t>(row_);
    const ClassIndex top = top_[row];
    switch (index) {
      case 0: sqlite3_result_int64(context, plan_->samples.at(row)); break;
      case 1:
        if (top >= 0)
          give_text(context, info_.spec.classes.entries().at(static_cast<size_t>(top)).name);
        break;
      case 2:
        if (top >= 0) sqlite3_result_int64(context, top);
        break;
      case 3: give_float(context, confidence_[row]); break;
      case 4: give_float(context, margin_[row]); break;
      case 5: give_float(context, entropy_[row]); break;
      case 6: give_text(context, status_name(status_[row])); break;
      default: break;
    }
  }

 private:
  RunInfo info_;
  std::shared_ptr<const RunPlan> plan_;
  std::vector<int32_t> top_;
  std::vector<uint8_t> status_;
  std::vector<float> confidence_;
  std::vector<float> margin_;
  std::vector<float> entropy_;
  int64_t row_ = -1;
};

// One row per sample and class.
class Probabilities : public RowSource {
 public:
  Probabilities(Store& store, const std::string& run)
      : chunks_(store.db(), read_run(store, run).summary.id, "probabilities") {}

  bool next() override {
    if (++at_ < values_.size()) return true;
    at_ = 0;
    return chunks_.columns() > 0 && chunks_.next(samples_, values_);
  }

  void column(sqlite3_context* context, int index) const override {
    if (index == 0) sqlite3_result_int64(context, samples_[at_ / chunks_.columns()]);
    if (index == 1) sqlite3_result_int64(context, static_cast<int64_t>(at_ % chunks_.columns()));
    if (index == 2) give_float(context, values_[at_]);
  }

 private:
  RowChunks chunks_;
  std::vector<SampleId> samples_;
  std::vector<float> values_;
  size_t at_ = 0;
};

class Embeddings : public RowSource {
 public:
  Embeddings(Store& store, const std::string& run)
      : chunks_(store.db(), read_run(store, run).summary.id, "embeddings") {}

  bool next() override {
    if (++at_ < samples_.size()) return true;
    at_ = 0;
    return chunks_.columns() > 0 && chunks_.next(samples_, values_);
  }

  void column(sqlite3_context* context, int index) const override {
    if (index == 0) sqlite3_result_int64(context, samples_[at_]);
    if (index != 1) return;
    sqlite3_result_blob64(context, values_.data() + at_ * chunks_.columns(),
                          chunks_.columns() * sizeof(float), SQLITE_TRANSIENT);
  }

 private:
  RowChunks chunks_;
  std::vector<SampleId> samples_;
  std::vector<float> values_;
  size_t at_ = 0;
};

class Scores : public RowSource {
 public:
  Scores(Store& store, const std::string& name, const std::string& run)
      : score_(read_score_column(store, run.empty() ? 0 : read_run(store, run).summary.id, name)) {}

  bool next() override { return ++row_ < static_cast<int64_t>(score_.samples.size()); }

  void column(sqlite3_context* context, int index) const override {
    const auto row = static_cast<size_t>(row_);
    if (index == 0) sqlite3_result_int64(context, score_.samples[row]);
    if (index == 1) give_float(context, score_.values[row]);
  }

 private:
  ScoreColumn score_;
  int64_t row_ = -1;
};

// The object table: annotations, and the detections of the run that is named.
class Objects : public RowSource {
 public:
  Objects(Store& store, const std::string& run) : snapshot_(load(store, run)) {
    ObjectOptions options;
    options.predicted = !run.empty();
    if (options.predicted && read_run(store, run).spec.kind != "detections") {
      throw Error(ErrorCategory::kUsage, fmt::format("run '{}' is not one of detections", run));
    }
    objects_ = load_objects(store, snapshot_, options);
    for (const std::string_view name : kNames) columns_.push_back(objects_.table.find(name));
  }

  bool next() override { return ++row_ < static_cast<int64_t>(objects_.rows()); }

  void column(sqlite3_context* context, int index) const override {
    const Column& column = *columns_.at(static_cast<size_t>(index));
    const auto row = static_cast<RowIndex>(row_);
    if (column.is_null(row)) return;
    if (column.name == "sample") {
      sqlite3_result_int64(context, snapshot_.ids[static_cast<size_t>(column.ints[row])]);
    } else if (column.type == ColumnType::kCategory) {
      give_text(context, column.text(row));
    } else if (column.type == ColumnType::kDouble) {
      sqlite3_result_double(context, column.doubles[row]);
    } else {
      sqlite3_result_int64(context, static_cast<int64_t>(column.number(row)));
    }
  }

 private:
  static constexpr std::array<std::string_view, 14> kNames{
      "object_id", "sample", "kind",    "label", "confidence", "x",         "y",
      "width",     "height", "area_px", "crowd", "difficult",  "truncated", "review"};

  static Snapshot load(Store& store, const std::string& run) {
    SnapshotOptions options;
    options.active_run = run;
    options.all_runs = false;
    return load_snapshot(store, options);
  }

  Snapshot snapshot_;
  ObjectTable objects_;
  std::vector<const Column*> columns_;
  int64_t row_ = -1;
};

// Every stored set of a run, or of all runs, one after the other.
class ObjectScores : public RowSource {
 public:
  ObjectScores(Store& store, const std::string& run) : store_(store) {
    if (!run.empty()) read_run(store, run);
    for (ObjectScoreInfo& set : list_object_scores(store)) {
      if (run.empty() || set.run_name == run) sets_.push_back(std::move(set));
    }
  }

  bool next() override {
    while (++row_ >= static_cast<int64_t>(columns_.rows())) {
      if (next_ == sets_.size()) return false;
      row_ = -1;
      columns_ = read_object_scores(store_, sets_[next_++]).columns;
      values_.clear();
      for (const std::string_view name : kNames) values_.push_back(columns_.find(name));
    }
    return true;
  }

  void column(sqlite3_context* context, int index) const override {
    const ObjectScoreInfo& set = sets_[next_ - 1];
    switch (index) {
      case 0: return give_text(context, set.run_name);
      case 1: return sqlite3_result_double(context, set.confidence);
      case 2: return sqlite3_result_double(context, set.overlap);
      case 3: return sqlite3_result_int(context, set.holds ? 1 : 0);
      default: break;
    }
    const auto row = static_cast<RowIndex>(row_);
    const Column* column = values_.at(static_cast<size_t>(index - 4));
    if (column == nullptr || column->is_null(row)) return;
    if (column->name == "match" || column->name == "evidence") {
      sqlite3_result_int64(
          context, columns_.find("object_id")->ints.at(static_cast<size_t>(column->ints[row])));
    } else if (column->type == ColumnType::kInt) {
      sqlite3_result_int64(context, column->ints[row]);
    } else if (column->type == ColumnType::kCategory) {
      give_text(context, column->text(row));
    } else {
      sqlite3_result_double(context, column->number(row));
    }
  }

 private:
  static constexpr std::array<std::string_view, 10> kNames{
      "object_id",   "sample_id", "error",   "iou",       "match",
      "label_doubt", "doubt",     "verdict", "suggested", "evidence"};

  Store& store_;
  std::vector<ObjectScoreInfo> sets_;
  size_t next_ = 0;
  Table columns_;
  std::vector<const Column*> values_;
  int64_t row_ = -1;
};

class VersionSamples : public RowSource {
 public:
  VersionSamples(Store& store, const std::string& version)
      : info_(read_version(store, version)), columns_(read_version_columns(store, info_.id)) {}

  bool next() override { return ++row_ < static_cast<int64_t>(columns_.ids.size()); }

  void column(sqlite3_context* context, int index) const override {
    const auto row = static_cast<size_t>(row_);
    switch (index) {
      case 0: sqlite3_result_int64(context, columns_.ids[row]); break;
      case 1: give_text(context, columns_.paths[row]); break;
      case 2: give_text(context, to_hex(columns_.content[row])); break;
      case 3: give_labels(context, row); break;
      case 4:
        if (columns_.splits[row] >= 0) {
          give_text(context, columns_.split_names.at(static_cast<size_t>(columns_.splits[row])));
        }
        break;
      default: break;
    }
  }

 private:
  void give_labels(sqlite3_context* context, size_t row) const {
    std::string json = "[";
    for (uint64_t i = columns_.label_offsets[row]; i < columns_.label_offsets[row + 1]; ++i) {
      if (json.size() > 1) json += ',';
      json += json_text(info_.classes.at(static_cast<size_t>(columns_.labels[i])));
    }
    give_text(context, json + "]");
  }

  VersionInfo info_;
  VersionColumns columns_;
  int64_t row_ = -1;
};

struct TableFunction {
  const char* name;
  const char* declaration;  // hidden columns last: the arguments
  int visible;
  int arguments;
  int required;
  std::unique_ptr<RowSource> (*open)(Store&, const std::vector<std::string>&);
};

constexpr std::array<TableFunction, 7> kFunctions{{
    {"objects",
     "CREATE TABLE x(object_id INTEGER, sample_id INTEGER, kind TEXT, class TEXT, confidence REAL, "
     "x REAL, y REAL, width REAL, height REAL, area_px REAL, crowd INTEGER, difficult INTEGER, "
     "truncated INTEGER, review TEXT, run HIDDEN)",
     14, 1, 0,
     [](Store& store, const std::vector<std::string>& arguments) -> std::unique_ptr<RowSource> {
       return std::make_unique<Objects>(store, arguments[0]);
     }},
    {"object_scores",
     "CREATE TABLE x(run_name TEXT, confidence_from REAL, iou_from REAL, holds INTEGER, "
     "object_id INTEGER, sample_id INTEGER, error TEXT, iou REAL, matched INTEGER, "
     "label_doubt REAL, doubt TEXT, verdict TEXT, suggested TEXT, evidence INTEGER, run HIDDEN)",
     14, 1, 0,
     [](Store& store, const std::vector<std::string>& arguments) -> std::unique_ptr<RowSource> {
       return std::make_unique<ObjectScores>(store, arguments[0]);
     }},
    {"predictions",
     "CREATE TABLE x(sample_id INTEGER, class TEXT, class_index INTEGER, confidence REAL, "
     "margin REAL, entropy REAL, status TEXT, run HIDDEN)",
     7, 1, 0,
     [](Store& store, const std::vector<std::string>& arguments) -> std::unique_ptr<RowSource> {
       return std::make_unique<Predictions>(store, arguments[0]);
     }},
    {"probabilities",
     "CREATE TABLE x(sample_id INTEGER, class_index INTEGER, probability REAL, run HIDDEN)", 3, 1,
     0,
     [](Store& store, const std::vector<std::string>& arguments) -> std::unique_ptr<RowSource> {
       return std::make_unique<Probabilities>(store, arguments[0]);
     }},
    {"embeddings", "CREATE TABLE x(sample_id INTEGER, embedding BLOB, run HIDDEN)", 2, 1, 0,
     [](Store& store, const std::vector<std::string>& arguments) -> std::unique_ptr<RowSource> {
       return std::make_unique<Embeddings>(store, arguments[0]);
     }},
    {"scores", "CREATE TABLE x(sample_id INTEGER, value REAL, name HIDDEN, run HIDDEN)", 2, 2, 1,
     [](Store& store, const std::vector<std::string>& arguments) -> std::unique_ptr<RowSource> {
       return std::make_unique<Scores>(store, arguments[0], arguments[1]);
     }},
    {"version_samples",
     "CREATE TABLE x(sample_id INTEGER, path TEXT, sha256 TEXT, labels TEXT, split TEXT, "
     "version HIDDEN)",
     5, 1, 1,
     [](Store& store, const std::vector<std::string>& arguments) -> std::unique_ptr<RowSource> {
       return std::make_unique<VersionSamples>(store, arguments[0]);
     }},
}};

// What SQLite hands back to us: the function and the store it reads.
struct Registration {
  const TableFunction* function;
  Store* store;
};

struct FunctionTable : sqlite3_vtab {
  Registration registration;
};

struct FunctionCursor : sqlite3_vtab_cursor {
  std::unique_ptr<RowSource> rows;
  bool at_end = true;
  int64_t row = 0;
};

int fail(sqlite3_vtab* table, const std::exception& error) {
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = sqlite3_mprintf("%s", error.what());
  return SQLITE_ERROR;
}

int connect(sqlite3* db, void* aux, int, const char* const*, sqlite3_vtab** table, char**) {
  const auto* registration = static_cast<const Registration*>(aux);
  const int code = sqlite3_declare_vtab(db, registration->function->declaration);
  if (code != SQLITE_OK) return code;
  auto made = std::make_unique<FunctionTable>();
  static_cast<sqlite3_vtab&>(*made) = {};
  made->registration = *registration;
  *table = made.release();
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<FunctionTable*>(table);
  return SQLITE_OK;
}

// Arguments are equalities with the hidden columns; idxNum says which are there.
int best_index(sqlite3_vtab* table, sqlite3_index_info* info) {
  const TableFunction& function = *static_cast<FunctionTable*>(table)->registration.function;
  int given = 0;
  std::array<int, 8> constraint_of{};
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    const int argument = constraint.iColumn - function.visible;
    if (argument < 0 || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (constraint.usable == 0) return SQLITE_CONSTRAINT;
    given |= 1 << argument;
    constraint_of[static_cast<size_t>(argument)] = i;
  }
  for (int argument = 0; argument < function.required; ++argument) {
    if ((given >> argument & 1) != 0) continue;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s() needs an argument", function.name);
    return SQLITE_ERROR;
  }
  int position = 0;
  for (int argument = 0; argument < function.arguments; ++argument) {
    if ((given >> argument & 1) == 0) continue;
    auto& usage = info->aConstraintUsage[constraint_of[static_cast<size_t>(argument)]];
    usage.argvIndex = ++position;
    usage.omit = 1;
  }
  info->idxNum = given;
  info->estimatedCost = 1e6;
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  *cursor = new FunctionCursor();
  return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<FunctionCursor*>(cursor);
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* base) {
  auto* cursor = static_cast<FunctionCursor*>(base);
  try {
    cursor->at_end = !cursor->rows->next();
    ++cursor->row;
    return SQLITE_OK;
  } catch (const std::exception& error) {
    return fail(base->pVtab, error);
  }
}

int filter(sqlite3_vtab_cursor* base, int given, const char*, int, sqlite3_value** values) {
  auto* cursor = static_cast<FunctionCursor*>(base);
  const Registration& registration = static_cast<FunctionTable*>(base->pVtab)->registration;
  std::vector<std::string> arguments(static_cast<size_t>(registration.function->arguments));
  int position = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if ((given >> i & 1) == 0) continue;
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[position++]));
    if (text != nullptr) arguments[i] = text;
  }
  try {
    cursor->rows = registration.function->open(*registration.store, arguments);
  } catch (const std::exception& error) {
    return fail(base->pVtab, error);
  }
  return next(base);
}

int at_end(sqlite3_vtab_cursor* base) {
  return static_cast<FunctionCursor*>(base)->at_end ? 1 : 0;
}

int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int index) {
  try {
    static_cast<FunctionCursor*>(base)->rows->column(context, index);
    return SQLITE_OK;
  } catch (const std::exception& error) {
    return fail(base->pVtab, error);
  }
}

int row_id(sqlite3_vtab_cursor* base, sqlite3_int64* row) {
  *row = static_cast<FunctionCursor*>(base)->row;
  return SQLITE_OK;
}

const sqlite3_module& module() {
  static const sqlite3_module made = [] {
    sqlite3_module result{};
    result.xConnect = connect;  // without xCreate: there as if a table, never created
    result.xDisconnect = disconnect;
    result.xBestIndex = best_index;
    result.xOpen = open_cursor;
    result.xClose = close_cursor;
    result.xFilter = filter;
    result.xNext = next;
    result.xEof = at_end;
    result.xColumn = column;
    result.xRowid = row_id;
    return result;
  }();
  return made;
}

}  // namespace

void register_table_functions(Store& store) {
  for (const TableFunction& function : kFunctions) {
    auto registration = std::make_unique<Registration>(Registration{&function, &store});
    const int code = sqlite3_create_module_v2(
        store.db().handle(), function.name, &module(), registration.release(),
        [](void* aux) { delete static_cast<Registration*>(aux); });
    if (code != SQLITE_OK) throw store.db().error(code, "make the table functions");
    // Connects it now: to SQLite's authoriser that would look like making a table.
    store.db().prepare(fmt::format("SELECT 1 FROM {}('')", function.name));
  }
}

}  // namespace errata::store

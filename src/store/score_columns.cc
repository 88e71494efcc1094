#include "store/score_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "model/scores.h"
#include "store/chunk.h"
#include "store/event_log.h"
#include "store/labels_then.h"
#include "store/run_rows.h"

namespace errata::store {

namespace {

// Columns that a snapshot derives itself.
constexpr std::array<std::string_view, 4> kDerived{"confident_mistake", "confidence", "margin",
                                                   "entropy"};

void check_name(const std::string& name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  // Columns of classes and names that are stored as numbers: those with a maker.
  const bool taken =
      std::find(kDerived.begin(), kDerived.end(), name) != kDerived.end() ||
      std::any_of(sample_columns().begin(), sample_columns().end(), [&](const ColumnInfo& column) {
        return column.name == name && column.made_by.empty();
      });
  if (name.empty() || !letters || taken) {
    throw Error(
        ErrorCategory::kUsage, fmt::format("'{}' cannot be the name of a score", name),
        taken ? "there is a column of that name" : "use lower-case letters, digits and '_'");
  }
}

int64_t find_score(Connection& db, RunId run, const std::string& name) {
  Statement find = db.prepare("SELECT id FROM score WHERE run_id = ?1 AND name = ?2");
  find.bind(1, run).bind(2, name);
  return find.step() ? find.integer(0) : 0;
}

void drop_score(Connection& db, int64_t id) {
  drop_streams(db, "score", id);
  db.prepare("DELETE FROM score WHERE id = ?1").bind(1, id).run();
}

// Without a list of its own a score covers the samples of its run, or, without a run, all.
bool covers_usual_samples(Connection& db, const ScoreColumn& column) {
  if (column.run != 0) return column.samples == read_plan(db, column.run)->samples;
  const auto rows = static_cast<int64_t>(column.samples.size());
  return rows == 0 || (column.samples.front() == 1 && column.samples.back() == rows);
}

void check_column(const ScoreColumn& column) {
  check_name(column.name);
  const bool rises =
      std::adjacent_find(column.samples.begin(), column.samples.end(),
                         [](SampleId a, SampleId b) { return a >= b; }) == column.samples.end();
  if (column.samples.size() != column.values.size() || !rises) {
    throw Error(ErrorCategory::kInternal,
                fmt::format("score {}: {} samples, {} values, rising: {}", column.name,
                            column.samples.size(), column.values.size(), rises));
  }
}

// Within the caller's transaction.
void put_in(Connection& db, const ScoreColumn& column) {
  if (column.run != 0) {
    Statement run = db.prepare("SELECT 1 FROM run WHERE id = ?1");
    run.bind(1, column.run);
    if (!run.step()) {
      throw Error(ErrorCategory::kNotFound, fmt::format("there is no run {}", column.run));
    }
  }
  const int64_t old = find_score(db, column.run, column.name);
  if (old != 0) drop_score(db, old);
  const auto rows = static_cast<int64_t>(column.samples.size());
  db.prepare("INSERT INTO score(run_id, name, rows, label_revision) VALUES (?1, ?2, ?3, ?4)")
      .bind(1, column.run)
      .bind(2, column.name)
      .bind(3, rows)
      .bind(4, column.label_revision)
      .run();
  const int64_t id = db.last_id();
  if (!covers_usual_samples(db, column)) {
    put_bytes(db, ensure_stream(db, "score", id, "samples", "i64"), 0, 0, rows,
              bytes_of(column.samples), Codec::kZstd);
  }
  put_bytes(db, ensure_stream(db, "score", id, "values", "f32"), 0, 0, rows,
            bytes_of(column.values), Codec::kPlain);
  if (column.others.empty()) return;
  std::vector<int64_t> others;
  for (const MadeFor& other : column.others) {
    others.insert(others.end(), {other.sample, other.label_revision});
  }
  put_bytes(db, ensure_stream(db, "score", id, "made_for", "i64"), 0, 0,
            static_cast<int64_t>(column.others.size()), bytes_of(others), Codec::kZstd);
}

ScoreColumn read_column(Connection& db, int64_t id, RunId run, const std::string& name) {
  ScoreColumn column;
  column.run = run;
  column.name = name;
  column.samples = read_score_samples(db, id, run);
  column.values = values_of<float>(read_stream(db, find_stream(db, "score", id, "values")));
  Statement revision = db.prepare("SELECT label_revision FROM score WHERE id = ?1");
  revision.bind(1, id);
  if (revision.step()) column.label_revision = revision.integer(0);
  column.others = read_made_for(db, id);
  return column;
}

// Joins what is stored with `column`, both rising by sample.
ScoreColumn joined(Connection& db, const ScoreColumn& old, const ScoreColumn& column) {
  const std::set<SampleId> changed =
      changed_labels(db, old.label_revision, old.others, column.label_revision);
  ScoreColumn both;
  both.run = column.run;
  both.name = column.name;
  both.label_revision = column.label_revision;
  auto other = old.others.begin();
  size_t i = 0;
  for (size_t o = 0; o < old.samples.size(); ++o) {
    const SampleId sample = old.samples[o];
    for (; i < column.samples.size() && column.samples[i] < sample; ++i) {
      both.samples.push_back(column.samples[i]);
      both.values.push_back(column.values[i]);
    }
    while (other != old.others.end() && other->sample < sample) ++other;
    const bool own = other != old.others.end() && other->sample == sample;
    const int64_t revision = own ? other->label_revision : old.label_revision;
    const bool differs = changed.contains(sample);
    const bool again = i < column.samples.size() && column.samples[i] == sample;
    const bool keeps = !again || (differs && revision > column.label_revision);
    both.samples.push_back(sample);
    both.values.push_back(keeps ? old.values[o] : column.values[i]);
    if (keeps && differs) both.others.push_back({sample, revision});
    i += again;
  }
  both.samples.insert(both.samples.end(), column.samples.begin() + static_cast<ptrdiff_t>(i),
                      column.samples.end());
  both.values.insert(both.values.end(), column.values.begin() + static_cast<ptrdiff_t>(i),
                     column.values.end());
  return both;
}

}  // namespace

std::vector<MadeFor> read_made_for(Connection& db, int64_t score) {
  std::vector<MadeFor> others;
  const int64_t stream = find_stream(db, "score", score, "made_for");
  if (stream == 0) return others;
  const auto values = values_of<int64_t>(read_stream(db, stream));
  for (size_t i = 0; i + 1 < values.size(); i += 2) others.push_back({values[i], values[i + 1]});
  return others;
}

std::vector<SampleId> read_score_samples(Connection& db, int64_t score, RunId run) {
  const int64_t stream = find_stream(db, "score", score, "samples");
  if (stream != 0) return values_of<int64_t>(read_stream(db, stream));
  if (run != 0) return read_plan(db, run)->samples;
  Statement find = db.prepare("SELECT rows FROM score WHERE id = ?1");
  find.bind(1, score);
  std::vector<SampleId> samples(find.step() ? static_cast<size_t>(find.integer(0)) : 0);
  std::iota(samples.begin(), samples.end(), 1);
  return samples;
}

void put_score_column(Store& store, const ScoreColumn& column) {
  put_score_columns(store, std::span(&column, 1));
}

void put_score_columns(Store& store, std::span<const ScoreColumn> columns) {
  for (const ScoreColumn& column : columns) check_column(column);
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kWrite);
  for (const ScoreColumn& column : columns) put_in(db, column);
  transaction.commit();
}

void update_score_columns(Store& store, std::vector<ScoreColumn> columns) {
  for (const ScoreColumn& column : columns) check_column(column);
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kWrite);
  for (ScoreColumn& column : columns) {
    const int64_t old = find_score(db, column.run, column.name);
    if (old != 0) column = joined(db, read_column(db, old, column.run, column.name), column);
    put_in(db, column);
  }
  transaction.commit();
}

ScoreColumn read_score_column(Store& store, RunId run, const std::string& name) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const int64_t id = find_score(db, run, name);
  if (id == 0) {
    throw Error(ErrorCategory::kNotFound, fmt::format("there is no stored score '{}'", name));
  }
  return read_column(db, id, run, name);
}

void delete_score_column(Store& store, RunId run, const std::string& name) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kWrite);
  const int64_t id = find_score(db, run, name);
  if (id == 0) {
    throw Error(ErrorCategory::kNotFound, fmt::format("there is no stored score '{}'", name));
  }
  drop_score(db, id);
  transaction.commit();
}

std::vector<ScoreColumnInfo> list_score_columns(Store& store) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const int64_t revision = label_revision(db);
  std::vector<ScoreColumnInfo> scores;
  Statement read =
      db.prepare("SELECT run_id, name, rows, label_revision, id FROM score ORDER BY run_id, name");
  while (read.step()) {
    const int64_t made_for = read.integer(3);
    const bool stale =
        made_for > 0 &&
        !changed_labels(db, made_for, read_made_for(db, read.integer(4)), revision).empty();
    scores.push_back(
        {read.integer(0), read.string(1), static_cast<uint64_t>(read.integer(2)), made_for, stale});
  }
  return scores;
}

std::string score_columns_stamp(Store& store) {
  std::string stamp;
  Statement read = store.db().prepare("SELECT id, rows, label_revision FROM score ORDER BY id");
  while (read.step()) {
    stamp += fmt::format("{},{},{};", read.integer(0), read.integer(1), read.integer(2));
  }
  return stamp;
}

}  // namespace errata::store

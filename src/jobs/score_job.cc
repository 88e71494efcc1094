#include "jobs/score_job.h"

#include <cmath>
#include <limits>
#include <unordered_map>

#include "store/score_columns.h"
#include "store/snapshot_loader.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
// Above this many rows, reading all chunks is faster than reading rows one by one.
constexpr size_t kFewRows = 2000;

struct LabelScores {
  std::vector<float> loss;
  std::vector<float> self_confidence;
};

// Scores of the wanted rows of the snapshot (true in `wanted`), NaN for the others.
LabelScores compute(store::Store& store, const Snapshot& snapshot, const store::RunInfo& run,
                    const std::vector<bool>& wanted, const std::vector<ClassIndex>& labels,
                    const ParallelFor& parallel_for) {
  const analysis::ClassMapping mapping = class_mapping(run, snapshot);
  LabelScores scores;
  scores.loss.assign(labels.size(), kNone);
  scores.self_confidence.assign(labels.size(), kNone);
  const auto score = [&](std::span<const size_t> rows, std::span<const float> values,
                         size_t columns) {
    std::vector<ClassIndex> row_labels;
    for (const size_t row : rows) row_labels.push_back(row == SIZE_MAX ? kNoClass : labels[row]);
    const analysis::RowScores made =
        analysis::score_rows({values, columns, false}, mapping, row_labels, parallel_for);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] == SIZE_MAX || !wanted[rows[i]]) continue;
      scores.loss[rows[i]] = made.loss[i];
      scores.self_confidence[rows[i]] = made.self_confidence[i];
    }
  };
  size_t wanted_count = 0;
  for (const bool want : wanted) wanted_count += want;
  if (wanted_count <= kFewRows) {
    for (size_t row = 0; row < wanted.size(); ++row) {
      if (!wanted[row]) continue;
      const std::vector<float> values =
          store::read_probability_row(store, run.summary.id, snapshot.ids[row]);
      if (!values.empty()) score(std::span(&row, 1), values, values.size());
    }
    return scores;
  }
  std::vector<size_t> rows;
  store::for_each_probability_chunk(
      store, run.summary.id,
      [&](std::span<const SampleId> samples, std::span<const float> values, size_t columns) {
        rows.clear();
        for (const SampleId id : samples) rows.push_back(snapshot.row_of(id));
        score(rows, values, columns);
      });
  return scores;
}

void merge_into(Table& table, const std::string& name, const std::vector<float>& values) {
  Column* column = table.find_mutable(name);
  if (column == nullptr) {
    table.add(make_float_column(name, values));
    return;
  }
  for (size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(values[row])) continue;
    column->floats[row] = values[row];
    column->mark_valid(static_cast<RowIndex>(row));
  }
}

}  // namespace

analysis::ClassMapping class_mapping(const store::RunInfo& run, const Snapshot& snapshot) {
  std::unordered_map<ClassId, ClassIndex> index_of;
  for (size_t i = 0; i < snapshot.class_ids.size(); ++i) {
    index_of.emplace(snapshot.class_ids[i], static_cast<ClassIndex>(i));
  }
  std::vector<ClassIndex> target;
  for (const ClassId id : run.class_ids) {
    const auto found = index_of.find(id);
    target.push_back(found == index_of.end() ? kNoClass : found->second);
  }
  return analysis::make_class_mapping(target, snapshot.classes.size());
}

std::vector<ClassIndex> project_labels(const Snapshot& snapshot) {
  std::vector<ClassIndex> labels(snapshot.samples.rows(), kNoClass);
  const Column* column = snapshot.samples.find("label");
  if (column == nullptr) return labels;
  // The dictionary's first codes are the project's classes in order.
  const auto classes = static_cast<int32_t>(snapshot.classes.size());
  for (size_t row = 0; row < labels.size(); ++row) {
    const int32_t code = column->codes[row];
    if (code >= 0 && code < classes) labels[row] = code;
  }
  return labels;
}

void store_label_scores(store::Store& store, const std::string& run_name, JobContext& context) {
  const store::RunInfo run = store::read_run(store, run_name);
  if (run.summary.kind != "probabilities") return;
  store::SnapshotOptions options;
  options.active_run = run_name;
  options.all_runs = false;
  const Snapshot snapshot = store::load_snapshot(store, options);
  const std::vector<ClassIndex> labels = project_labels(snapshot);
  context.progress.start_stage("scoring", 0);
  const LabelScores scores = compute(store, snapshot, run, std::vector<bool>(labels.size(), true),
                                     labels, context.workers.as_parallel_for());
  const Column* prediction = snapshot.samples.find("prediction");
  store::ScoreColumn loss;
  loss.run = run.summary.id;
  loss.name = "loss";
  loss.label_revision = snapshot.label_revision;
  store::ScoreColumn self_confidence = loss;
  self_confidence.name = "self_confidence";
  for (size_t row = 0; row < labels.size(); ++row) {
    if (prediction == nullptr || prediction->is_null(static_cast<RowIndex>(row))) continue;
    loss.samples.push_back(snapshot.ids[row]);
    loss.values.push_back(scores.loss[row]);
    self_confidence.samples.push_back(snapshot.ids[row]);
    self_confidence.values.push_back(scores.self_confidence[row]);
  }
  store::put_score_column(store, loss);
  store::put_score_column(store, self_confidence);
}

size_t fill_label_scores(store::Store& store, Snapshot& snapshot, const RunSummary& run) {
  const std::string loss_name = "loss@" + run.name;
  const Column* loss = snapshot.samples.find(loss_name);
  const Column* prediction = snapshot.samples.find("prediction", run.name);
  if (prediction == nullptr) return 0;
  const std::vector<ClassIndex> labels = project_labels(snapshot);
  std::vector<bool> wanted(labels.size(), false);
  size_t count = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto index = static_cast<RowIndex>(row);
    if (labels[row] == kNoClass || prediction->is_null(index)) continue;
    if (loss != nullptr && !loss->is_null(index)) continue;
    wanted[row] = true;
    ++count;
  }
  if (count == 0) return 0;
  const store::RunInfo info = store::read_run(store, run.name);
  if (info.summary.kind != "probabilities") return 0;
  const LabelScores scores = compute(store, snapshot, info, wanted, labels, serial_for);
  merge_into(snapshot.samples, loss_name, scores.loss);
  merge_into(snapshot.samples, "self_confidence@" + run.name, scores.self_confidence);
  return count;
}

}  // namespace errata::jobs

// The columns of runs and of stored scores in a snapshot.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <unordered_set>

#include "store/event_log.h"
#include "store/run_rows.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

// Row of each entry of a run's plan, -1 for samples that are no longer there.
std::vector<int32_t> rows_of(const std::vector<SampleId>& samples,
                             const std::vector<int32_t>& row_of_sample) {
  std::vector<int32_t> rows(samples.size(), -1);
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto id = static_cast<size_t>(samples[i]);
    if (id < row_of_sample.size()) rows[i] = row_of_sample[id];
  }
  return rows;
}

template <typename T>
std::vector<T> scatter(const std::vector<T>& values, const std::vector<int32_t>& rows, size_t count,
                       T none) {
  std::vector<T> result(count, none);
  const size_t n = std::min(values.size(), rows.size());
  for (size_t i = 0; i < n; ++i) {
    if (rows[i] >= 0) result[static_cast<size_t>(rows[i])] = values[i];
  }
  return result;
}

// Codes of the model's classes in the snapshot's dictionary, which grows by those the project
// lacks.
std::vector<int32_t> model_codes(Connection& db, RunId run, ClassCodes& codes) {
  std::vector<int32_t> result;
  Statement read =
      db.prepare("SELECT name, class_id FROM run_class WHERE run_id = ?1 ORDER BY position");
  read.bind(1, run);
  while (read.step()) {
    const auto found = codes.resolved_of.find(read.integer(1));
    result.push_back(found != codes.resolved_of.end() ? found->second
                                                      : codes.dictionary->add(read.text(0)));
  }
  return result;
}

void add_prediction_columns(Connection& db, const RunInfo& run, const std::vector<int32_t>& rows,
                            ClassCodes& codes, Snapshot& snapshot) {
  const size_t count = snapshot.samples.rows();
  const std::string suffix = "@" + run.summary.name;
  const auto floats = [&](std::string_view name) {
    return scatter(values_of<float>(read_stream(db, find_stream(db, "run", run.summary.id, name))),
                   rows, count, std::nanf(""));
  };
  const std::vector<int32_t> code_of = model_codes(db, run.summary.id, codes);
  std::vector<int32_t> predictions =
      scatter(values_of<int32_t>(read_stream(db, find_stream(db, "run", run.summary.id, "top"))),
              rows, count, int32_t{-1});
  for (int32_t& code : predictions) {
    if (code >= static_cast<int32_t>(code_of.size())) {
      throw Error(ErrorCategory::kCorrupt,
                  fmt::format("run {} predicts a class it does not have", run.summary.name),
                  "run `errata doctor`");
    }
    if (code >= 0) code = code_of[static_cast<size_t>(code)];
  }
  std::vector<float> confidence = floats("confidence");
  const std::vector<int32_t>& labels = snapshot.samples.find("label")->codes;
  std::vector<int32_t> outcomes(count);
  std::vector<float> mistakes(count);
  for (size_t i = 0; i < count; ++i) {
    outcomes[i] = outcome_code(labels[i], predictions[i]);
    mistakes[i] = mistake_value(outcomes[i], confidence[i]);
  }
  Table& table = snapshot.samples;
  table.add(make_category_column("prediction" + suffix, std::move(predictions), codes.dictionary));
  table.add(make_category_column("outcome" + suffix, std::move(outcomes), outcome_dictionary()));
  table.add(make_float_column("confidence" + suffix, std::move(confidence)));
  table.add(make_float_column("confident_mistake" + suffix, std::move(mistakes)));
  if (run.spec.kind != "probabilities") return;
  table.add(make_float_column("margin" + suffix, floats("margin")));
  table.add(make_float_column("entropy" + suffix, floats("entropy")));
}

// Samples whose current label changed after `revision`.
std::unordered_set<SampleId> relabelled_since(Connection& db, int64_t revision) {
  std::unordered_set<SampleId> samples;
  Statement edits =
      db.prepare("SELECT DISTINCT sample_id FROM event WHERE id > ?1 AND what = 'label'");
  edits.bind(1, revision);
  while (edits.step()) samples.insert(edits.integer(0));
  Statement imports = db.prepare(
      "SELECT batch_id, value_from, value_to FROM event WHERE id > ?1 AND what = 'import'");
  imports.bind(1, revision);
  while (imports.step()) {
    const ImportChanges changes =
        read_import_changes(db, imports.integer(0), imports.integer(1), imports.integer(2));
    for (size_t i = 0; i < changes.samples.size(); ++i) {
      if (changes.kinds[i] == static_cast<uint8_t>(ImportChange::kLabels)) {
        samples.insert(changes.samples[i]);
      }
    }
  }
  return samples;
}

// `plan_rows` are the rows of the run's own samples.
void add_score_columns(Connection& db, RunId run, const std::string& suffix,
                       const std::vector<int32_t>& row_of_sample,
                       const std::vector<int32_t>& plan_rows, Snapshot& snapshot, bool& stale) {
  std::map<int64_t, std::unordered_set<SampleId>> relabelled;  // by revision
  const int64_t revision = label_revision(db);
  Statement read =
      db.prepare("SELECT id, name, label_revision FROM score WHERE run_id = ?1 ORDER BY name");
  read.bind(1, run);
  while (read.step()) {
    const int64_t id = read.integer(0);
    const std::string name = read.string(1) + suffix;
    const int64_t made_for = read.integer(2);
    const bool own_samples = run == 0 || find_stream(db, "score", id, "samples") != 0;
    const std::vector<int32_t> own_rows =
        own_samples ? rows_of(read_score_samples(db, id, run), row_of_sample)
                    : std::vector<int32_t>();
    std::vector<float> values =
        scatter(values_of<float>(read_stream(db, find_stream(db, "score", id, "values"))),
                own_samples ? own_rows : plan_rows, snapshot.samples.rows(), std::nanf(""));
    if (made_for > 0) {
      snapshot.label_dependent.push_back(name);
      if (made_for < revision) {
        stale = true;
        if (!relabelled.contains(made_for)) {
          relabelled.emplace(made_for, relabelled_since(db, made_for));
        }
        for (const SampleId sample : relabelled.at(made_for)) {
          const int32_t row = row_of_sample.at(static_cast<size_t>(sample));
          if (row >= 0) values[static_cast<size_t>(row)] = std::nanf("");
        }
      }
    }
    snapshot.samples.add(make_float_column(name, std::move(values)));
  }
}

}  // namespace

void add_run_columns(Connection& db, const std::vector<int32_t>& row_of_sample, ClassCodes& codes,
                     bool all_runs, Snapshot& snapshot) {
  bool stale = false;
  add_score_columns(db, 0, "", row_of_sample, {}, snapshot, stale);
  for (RunInfo& run : read_runs(db)) {
    if (all_runs || run.summary.name == snapshot.samples.active_run) {
      const std::vector<int32_t> rows =
          rows_of(read_plan(db, run.summary.id)->samples, row_of_sample);
      if (run.spec.kind != "embedding" && run.spec.kind != "detections") {
        add_prediction_columns(db, run, rows, codes, snapshot);
      }
      add_score_columns(db, run.summary.id, "@" + run.summary.name, row_of_sample, rows, snapshot,
                        run.summary.scores_stale);
    }
    snapshot.runs.push_back(std::move(run.summary));
  }
}

}  // namespace errata::store

// The columns of runs and of stored scores in a snapshot.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "model/verdict.h"
#include "store/labels_then.h"
#include "store/run_rows.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

// 1, 2, 3, ...
bool counts_up(const std::vector<SampleId>& samples) {
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i] != static_cast<SampleId>(i) + 1) return false;
  }
  return true;
}

// The values of samples at their rows; `every` says that the samples count up. Takes `values` when
// they lie so already.
template <typename T>
std::vector<T> scatter(std::vector<T>& values, const std::vector<SampleId>& samples, bool every,
                       const Presence& presence, T none) {
  if (every && presence.whole() && values.size() == presence.kept.size()) return std::move(values);
  std::vector<T> result(presence.kept.size(), none);
  const size_t n = std::min(values.size(), samples.size());
  for (size_t i = 0; i < n; ++i) {
    const auto id = static_cast<size_t>(samples[i]);
    const int32_t row = id < presence.row_of_sample.size() ? presence.row_of_sample[id] : -1;
    if (row >= 0) result[static_cast<size_t>(row)] = values[i];
  }
  values = {};
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

// Stored numbers as what they stand for: ids of classes, numbers of verdicts.
Column column_of_values(const std::string& name, std::vector<float> values,
                        const std::unordered_map<int64_t, int32_t>& code_of_class,
                        const std::shared_ptr<Dictionary>& classes) {
  if (name != "suggested" && name != "verdict") return make_float_column(name, std::move(values));
  const bool verdict = name == "verdict";
  std::vector<int32_t> codes(values.size(), -1);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    const auto value = static_cast<int32_t>(values[i]);
    if (verdict) {
      if (value >= 0 && value < static_cast<int32_t>(kVerdictNames.size())) codes[i] = value;
    } else if (const auto found = code_of_class.find(value); found != code_of_class.end()) {
      codes[i] = found->second;
    }
  }
  return verdict ? make_category_column(name, std::move(codes), verdict_dictionary())
                 : make_category_column(name, std::move(codes), classes);
}

// It has a class for each sample.
bool says_classes(const RunInfo& run) {
  return run.spec.kind != "embedding" && run.spec.kind != "detections";
}

}  // namespace

RunColumns::RunColumns(Connection& db, ClassCodes& codes, const std::string& active_run,
                       bool all_runs)
    : dictionary_(codes.dictionary),
      code_of_class_(codes.resolved_of),
      code_of_label_(codes.code_of),
      scores_(list_scores(db, 0, "")) {
  for (RunInfo& info : read_runs(db)) {
    Run run;
    run.info = std::move(info);
    run.has_columns = all_runs || run.info.summary.name == active_run;
    if (run.has_columns) {
      if (says_classes(run.info)) {
        run.code_of = model_codes(db, run.info.summary.id, codes);
      }
      run.scores = list_scores(db, run.info.summary.id, "@" + run.info.summary.name);
    }
    runs_.push_back(std::move(run));
  }
}

std::vector<RunColumns::Score> RunColumns::list_scores(Connection& db, RunId run,
                                                       const std::string& suffix) {
  std::vector<Score> scores;
  Statement read =
      db.prepare("SELECT id, name, label_revision FROM score WHERE run_id = ?1 ORDER BY name");
  read.bind(1, run);
  while (read.step()) {
    Score score;
    score.id = read.integer(0);
    score.name = read.string(1) + suffix;
    score.label_revision = read.integer(2);
    scores.push_back(std::move(score));
  }
  for (Score& score : scores) {
    score.own_samples = run == 0 || find_stream(db, "score", score.id, "samples") != 0;
    if (run == 0) score.samples = read_score_samples(db, score.id, run);
    score.others = read_made_for(db, score.id);
  }
  return scores;
}

void RunColumns::read_score(StreamReader& reader, Score& score, WorkList& work) {
  work.emplace_back([&] {
    if (score.own_samples && score.samples.empty()) {
      score.samples = reader.values<int64_t>("score", score.id, "samples");
    }
    score.values = reader.values<float>("score", score.id, "values");
  });
}

void RunColumns::read(StreamReader& reader, WorkList& work) {
  for (Score& score : scores_) read_score(reader, score, work);
  for (Run& run : runs_) {
    if (!run.has_columns) continue;
    const RunId id = run.info.summary.id;
    work.emplace_back([&, id] {
      run.plan = reader.plan(id);
      run.counts_up = counts_up(run.plan->samples);
    });
    if (says_classes(run.info)) {
      work.emplace_back([&, id] { run.top = reader.values<int32_t>("run", id, "top"); });
      work.emplace_back(
          [&, id] { run.confidence = reader.values<float>("run", id, "confidence"); });
    }
    if (run.info.spec.kind == "probabilities") {
      work.emplace_back([&, id] { run.margin = reader.values<float>("run", id, "margin"); });
      work.emplace_back([&, id] { run.entropy = reader.values<float>("run", id, "entropy"); });
    }
    for (Score& score : run.scores) read_score(reader, score, work);
  }
}

void RunColumns::make_predictions(const Presence& presence, const Column& label, Run& run) {
  const size_t count = presence.kept.size();
  const std::string suffix = "@" + run.info.summary.name;
  const std::vector<SampleId>& samples = run.plan->samples;
  std::vector<int32_t> predictions =
      scatter(run.top, samples, run.counts_up, presence, int32_t{-1});
  for (int32_t& code : predictions) {
    if (code >= static_cast<int32_t>(run.code_of.size())) {
      throw Error(ErrorCategory::kCorrupt,
                  fmt::format("run {} predicts a class it does not have", run.info.summary.name),
                  "run `errata doctor`");
    }
    if (code >= 0) code = run.code_of[static_cast<size_t>(code)];
  }
  std::vector<float> confidence =
      scatter(run.confidence, samples, run.counts_up, presence, std::nanf(""));
  std::vector<int32_t> outcomes(count);
  std::vector<float> mistakes(count);
  for (size_t i = 0; i < count; ++i) {
    outcomes[i] = outcome_code(label.codes[i], predictions[i]);
    mistakes[i] = mistake_value(outcomes[i], confidence[i]);
  }
  std::vector<Column>& columns = run.columns;
  columns.push_back(
      make_category_column("prediction" + suffix, std::move(predictions), dictionary_));
  columns.push_back(
      make_category_column("outcome" + suffix, std::move(outcomes), outcome_dictionary()));
  columns.push_back(make_float_column("confidence" + suffix, std::move(confidence)));
  columns.push_back(make_float_column("confident_mistake" + suffix, std::move(mistakes)));
  if (run.info.spec.kind != "probabilities") return;
  columns.push_back(make_float_column(
      "margin" + suffix, scatter(run.margin, samples, run.counts_up, presence, std::nanf(""))));
  columns.push_back(make_float_column(
      "entropy" + suffix, scatter(run.entropy, samples, run.counts_up, presence, std::nanf(""))));
}

void RunColumns::make_score(const Presence& presence, const Run* run, Score& score) {
  const bool of_plan = run != nullptr && !score.own_samples;
  const std::vector<SampleId>& samples = of_plan ? run->plan->samples : score.samples;
  const bool every = of_plan ? run->counts_up : counts_up(samples);
  std::vector<float> values = scatter(score.values, samples, every, presence, std::nanf(""));
  score.column = column_of_values(score.name, std::move(values), code_of_class_, dictionary_);
}

void RunColumns::make(const Presence& presence, const Column& label, WorkList& work) {
  for (Score& score : scores_) {
    work.emplace_back([&] { make_score(presence, nullptr, score); });
  }
  for (Run& run : runs_) {
    if (!run.has_columns) continue;
    if (says_classes(run.info)) {
      work.emplace_back([&] { make_predictions(presence, label, run); });
    }
    for (Score& score : run.scores) {
      work.emplace_back([&] { make_score(presence, &run, score); });
    }
  }
}

void RunColumns::add_to(Connection& db, const Presence& presence, Snapshot& snapshot) {
  using Labels = std::pair<int64_t, std::vector<MadeFor>>;
  std::map<Labels, std::vector<std::string>> made_for;  // names
  const auto add_scores = [&](std::vector<Score>& scores) {
    for (Score& score : scores) {
      if (score.label_revision > 0) {
        made_for[{score.label_revision, score.others}].push_back(score.name);
      }
      snapshot.samples.add(std::move(score.column));
    }
  };
  add_scores(scores_);
  for (Run& run : runs_) {
    for (Column& column : run.columns) snapshot.samples.add(std::move(column));
    add_scores(run.scores);
    snapshot.runs.push_back(std::move(run.info.summary));
  }
  for (const auto& [labels, names] : made_for) {
    add_score_basis(db, code_of_label_, presence, labels.first, labels.second, names, snapshot);
  }
  mark_stale_runs(snapshot);
}

}  // namespace errata::store

#include "jobs/label_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "analysis/image_quality.h"
#include "base/text.h"
#include "jobs/embeddings.h"
#include "jobs/score_job.h"
#include "query/filter.h"
#include "store/runs.h"
#include "store/score_columns.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr size_t kShown = 10;

// One run over the judged rows, on the project's classes.
struct LoadedRun {
  std::vector<float> probabilities;
  std::vector<uint8_t> trained;
};

bool made_by_probe(const store::RunInfo& run) {
  return !run.spec.options_json.empty() &&
         text::parse_json(run.spec.options_json).get_bool("probe");
}

// Where a run cannot know the label, it has nothing to say.
LoadedRun load_run(LoadedState& state, const store::RunInfo& run, const JudgedLabels& judged,
                   JobContext& context) {
  const Snapshot& snapshot = state.snapshot;
  const size_t classes = snapshot.classes.size();
  const analysis::ClassMapping mapping = class_mapping(run, snapshot);
  std::vector<size_t> place(snapshot.ids.size(), SIZE_MAX);
  for (size_t i = 0; i < judged.rows.size(); ++i) place[judged.rows[i]] = i;
  LoadedRun loaded;
  loaded.probabilities.assign(judged.rows.size() * classes, kNone);
  store::for_each_probability_chunk(
      state.store, run.summary.id,
      [&](std::span<const SampleId> samples, std::span<const float> values, size_t columns) {
        context.cancel.check();
        for (size_t i = 0; i < samples.size(); ++i) {
          const size_t row = snapshot.row_of(samples[i]);
          const size_t at = row == SIZE_MAX ? SIZE_MAX : place[row];
          if (at == SIZE_MAX || !std::isfinite(values[i * columns])) continue;
          const ClassIndex label = judged.labels[at];
          if (label != kNoClass && !mapping.knows(label)) continue;
          float* out = loaded.probabilities.data() + at * classes;
          std::fill(out, out + classes, 0.0f);
          for (size_t k = 0; k < columns; ++k) {
            const auto target = static_cast<size_t>(mapping.target[k]);
            if (target < classes) out[target] += values[i * columns + k];
          }
        }
      });
  if (run.summary.trained_on.empty()) return loaded;
  const query::Selection trained =
      query::evaluate(query::parse_filter(run.summary.trained_on), snapshot.samples);
  for (const RowIndex row : judged.rows) loaded.trained.push_back(trained.test(row) ? 1 : 0);
  return loaded;
}

std::vector<LoadedRun> load_runs(LoadedState& state, const std::string& only, JudgedLabels& judged,
                                 JobContext& context) {
  std::vector<LoadedRun> loaded;
  for (const store::RunInfo& run : store::list_runs(state.store)) {
    if (run.summary.kind != "probabilities") continue;
    if (!only.empty() && run.spec.name != only) continue;
    // The rounds begin with a probe of their own.
    if (made_by_probe(run) && !judged.embeddings.empty()) continue;
    context.progress.start_stage(fmt::format("reading run '{}'", run.spec.name), 0);
    try {
      loaded.push_back(load_run(state, run, judged, context));
    } catch (const Error& error) {
      if (error.category() == ErrorCategory::kInterrupted) throw;
      judged.notes.push_back(fmt::format("run '{}' is left out: {}", run.spec.name, error.what()));
      continue;
    }
    judged.runs.push_back(run.spec.name);
    const size_t seen = static_cast<size_t>(
        std::count(loaded.back().trained.begin(), loaded.back().trained.end(), 1));
    if (seen > 0) {
      judged.notes.push_back(
          fmt::format("run '{}' was trained on {} of these samples: there it counts a tenth",
                      run.spec.name, with_thousands(seen)));
    }
  }
  return loaded;
}

NeighbourEvidence near(const analysis::Neighbours& neighbours, std::span<const uint32_t> groups,
                       const JudgedLabels& judged, size_t row) {
  NeighbourEvidence evidence;
  for (size_t i = 0; i < neighbours.k; ++i) {
    const uint32_t other = neighbours.of(row)[i];
    const ClassIndex label = judged.labels[other];
    if (label == kNoClass) continue;
    evidence.copy_otherwise |= groups[other] == groups[row] && label != judged.labels[row];
    if (evidence.shown == kShown) continue;
    ++evidence.shown;
    evidence.given += label == judged.labels[row];
    evidence.suggested += label == judged.errors.suggested[row];
  }
  return evidence;
}

void count_runs(const std::vector<LoadedRun>& runs, size_t classes, JudgedLabels& judged) {
  judged.runs_known.assign(judged.rows.size(), 0);
  judged.runs_for_given.assign(judged.rows.size(), 0);
  for (const LoadedRun& run : runs) {
    for (size_t i = 0; i < judged.rows.size(); ++i) {
      const float* p = run.probabilities.data() + i * classes;
      if (std::isnan(p[0])) continue;
      ++judged.runs_known[i];
      judged.runs_for_given[i] += std::max_element(p, p + classes) - p == judged.labels[i];
    }
  }
}

// By the columns that `errata find quality` keeps: too dark, too light, blurry or empty. Empty
// without any of the columns.
std::vector<uint8_t> show_nothing(const Table& samples, std::span<const RowIndex> rows) {
  using analysis::QualityIssue;
  std::vector<uint8_t> bad;
  for (const analysis::QualityIssueInfo& info : analysis::quality_issues()) {
    if (info.issue != QualityIssue::kDark && info.issue != QualityIssue::kLight &&
        info.issue != QualityIssue::kBlurry && info.issue != QualityIssue::kLowInformation) {
      continue;
    }
    const Column* column = samples.find(info.name);
    if (column == nullptr) continue;
    bad.resize(rows.size(), 0);
    std::vector<size_t> found;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!column->is_null(rows[i]) && column->number(rows[i]) < info.threshold) found.push_back(i);
    }
    if (analysis::is_common_quality(found.size(), rows.size())) continue;
    for (const size_t i : found) bad[i] = 1;
  }
  return bad;
}

void give_verdicts(const std::vector<uint8_t>& isolated, const std::vector<uint8_t>& bad_pictures,
                   size_t classes, JudgedLabels& judged) {
  judged.verdict.assign(judged.rows.size(), -1);
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    if (std::isnan(judged.errors.score[i])) continue;
    const float* belief = judged.errors.belief.data() + i * classes;
    const float rival = belief[judged.errors.suggested[i]];
    const float given = belief[judged.labels[i]];
    analysis::VerdictEvidence evidence;
    evidence.contradicted = rival > given || judged.runs_for_given[i] < judged.runs_known[i];
    evidence.suspect = judged.errors.suspect[i] != 0;
    evidence.score = rival / std::max(rival + given, 1e-30f);
    evidence.highest_belief = *std::max_element(belief, belief + classes);
    evidence.isolated = !isolated.empty() && isolated[i] != 0;
    evidence.shows_nothing = !bad_pictures.empty() && bad_pictures[i] != 0;
    const auto verdict = analysis::verdict_of(evidence);
    if (verdict) judged.verdict[i] = static_cast<int8_t>(*verdict);
  }
}

bool any_embeddings(const Snapshot& snapshot) {
  return std::any_of(snapshot.runs.begin(), snapshot.runs.end(),
                     [](const RunSummary& run) { return run.embedding_columns > 0; });
}

}  // namespace

JudgedLabels judge_labels(LoadedState& state, const std::string& run, JobContext& context) {
  const Snapshot& snapshot = state.snapshot;
  const size_t classes = snapshot.classes.size();
  JudgedLabels judged;
  analysis::EmbeddingSpace space;
  analysis::Neighbours neighbours;
  std::vector<uint32_t> groups;
  std::vector<uint8_t> isolated;
  if (any_embeddings(snapshot)) {
    Embeddings embeddings = load_embeddings(state, "", context);
    judged.embeddings = embeddings.run;
    judged.choice = embeddings.choice;
    judged.without_embedding = embeddings.without;
    judged.rows = embeddings.rows;
    space = analysis::make_embedding_space(embeddings.values, embeddings.columns,
                                           watched(context, "finding the principal axes"));
    neighbours = analysis::find_neighbours(space.matrix(), {kShown, analysis::Distance::kCosine},
                                           watched(context, "finding neighbours"));
    groups = analysis::near_duplicate_groups(neighbours);
    isolated = analysis::isolated_rows(neighbours, kShown);
  } else {
    judged.rows = state.selection.to_rows();
  }
  const std::vector<ClassIndex> labels = project_labels(snapshot);
  for (const RowIndex row : judged.rows) judged.labels.push_back(labels[row]);
  if (std::all_of(judged.labels.begin(), judged.labels.end(),
                  [](ClassIndex label) { return label == kNoClass; })) {
    throw Error(ErrorCategory::kNotFound, "none of these samples has a label", "",
                state.store.path());
  }
  const std::vector<LoadedRun> runs = load_runs(state, run, judged, context);
  if (runs.empty() && judged.embeddings.empty()) {
    throw Error(ErrorCategory::kNotFound, "no run holds probabilities or embeddings",
                "Label errors want one probability per class, or embeddings: `errata infer`, or "
                "`errata predictions` with an NPY or a column per class.",
                state.store.path());
  }
  if (judged.embeddings.empty()) {
    judged.lacks =
        "no embeddings: neither a probe nor neighbours could be asked; `errata infer` keeps those "
        "of a model, `errata predictions FILE --kind embedding` attaches others";
  }
  analysis::LabelEvidence evidence;
  evidence.classes = classes;
  evidence.labels = judged.labels;
  if (!judged.embeddings.empty()) {
    evidence.space = &space;
    evidence.groups = groups;
  }
  for (const LoadedRun& each : runs) evidence.runs.push_back({each.probabilities, each.trained});
  judged.errors = analysis::find_label_errors(evidence, {}, watched(context, "weighing labels"),
                                              [&] { context.cancel.check(); });
  count_runs(runs, classes, judged);
  give_verdicts(isolated, show_nothing(snapshot.samples, judged.rows), classes, judged);
  if (!judged.embeddings.empty()) {
    for (size_t i = 0; i < judged.rows.size(); ++i) {
      judged.neighbours.push_back(near(neighbours, groups, judged, i));
    }
  }
  return judged;
}

void store_judged_labels(store::Store& store, const Snapshot& snapshot,
                         const JudgedLabels& judged) {
  const auto put = [&](const char* name, const auto& value_of) {
    store::ScoreColumn column;
    column.name = name;
    column.label_revision = snapshot.label_revision;
    column.samples = snapshot.ids;
    column.values.assign(snapshot.ids.size(), kNone);
    for (size_t i = 0; i < judged.rows.size(); ++i) {
      if (!std::isnan(judged.errors.score[i])) {
        column.values[judged.rows[i]] = static_cast<float>(value_of(i));
      }
    }
    store::put_score_column(store, column);
  };
  const size_t classes = snapshot.classes.size();
  const auto suggested = [&](size_t i) { return static_cast<size_t>(judged.errors.suggested[i]); };
  put("label_error", [&](size_t i) { return judged.errors.score[i]; });
  put("p_suggested", [&](size_t i) { return judged.errors.belief[i * classes + suggested(i)]; });
  put("suggested", [&](size_t i) { return snapshot.class_ids[suggested(i)]; });
  put("verdict", [&](size_t i) {
    return judged.verdict[i] < 0 ? kNone : static_cast<float>(judged.verdict[i]);
  });
}

}  // namespace errata::jobs

#include "jobs/label_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "analysis/image_quality.h"
#include "analysis/noise_estimate.h"
#include "base/files.h"
#include "base/text.h"
#include "jobs/embeddings.h"
#include "jobs/head_math.h"
#include "jobs/picture_space.h"
#include "jobs/score_job.h"
#include "query/filter.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr size_t kShown = 10;

// One run over the judged rows.
struct LoadedRun {
  std::vector<float> probabilities;  // of the project's classes
  // What it predicts, of all classes that it knows; kNoClass: nothing, or what the project lacks.
  std::vector<ClassIndex> says;
  bool by_folds = false;
  std::vector<uint8_t> trained;
  std::vector<uint8_t> knows;  // per class of the project
};

// "probe": by heads on embeddings; "fine_tuned": by the model itself.
bool made_by_probe(const store::RunInfo& run, const char* how) {
  return !run.spec.options_json.empty() && text::parse_json(run.spec.options_json).get_bool(how);
}

bool knows_no_class(const store::RunInfo& run, const Snapshot& snapshot) {
  const analysis::ClassMapping mapping = class_mapping(run, snapshot);
  for (size_t k = 0; k < snapshot.classes.size(); ++k) {
    if (mapping.knows(static_cast<ClassIndex>(k))) return false;
  }
  return true;
}

// Where each row of the snapshot stands among `rows`; SIZE_MAX: it does not.
std::vector<size_t> places_of(std::span<const RowIndex> rows, const Snapshot& snapshot) {
  std::vector<size_t> place(snapshot.ids.size(), SIZE_MAX);
  for (size_t i = 0; i < rows.size(); ++i) place[rows[i]] = i;
  return place;
}

// Where a run cannot know the label, it has nothing to say.
LoadedRun load_run(LoadedState& state, const store::RunInfo& run, const JudgedLabels& judged,
                   JobContext& context) {
  const Snapshot& snapshot = state.snapshot;
  const size_t classes = snapshot.classes.size();
  const analysis::ClassMapping mapping = class_mapping(run, snapshot);
  const std::vector<size_t> place = places_of(judged.rows, snapshot);
  LoadedRun loaded;
  loaded.probabilities.assign(judged.rows.size() * classes, kNone);
  loaded.says.assign(judged.rows.size(), kNoClass);
  for (size_t k = 0; k < classes; ++k) {
    loaded.knows.push_back(mapping.knows(static_cast<ClassIndex>(k)) ? 1 : 0);
  }
  std::vector<float> placed(mapping.places());
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
          std::fill(placed.begin(), placed.end(), 0.0f);
          for (size_t k = 0; k < columns; ++k) {
            placed[static_cast<size_t>(mapping.target[k])] += values[i * columns + k];
          }
          std::copy_n(placed.begin(), classes, loaded.probabilities.data() + at * classes);
          const auto top =
              static_cast<size_t>(std::max_element(placed.begin(), placed.end()) - placed.begin());
          if (top < classes) loaded.says[at] = static_cast<ClassIndex>(top);
        }
      });
  loaded.by_folds = made_by_probe(run, "fine_tuned");
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
    if (!only.empty() && run.spec.name != only) continue;
    if (run.summary.kind != "probabilities") {
      if (!only.empty()) throw no_probabilities(run);
      continue;
    }
    // The rounds begin with a probe of their own.
    if (only.empty() && made_by_probe(run, "probe") && !judged.embeddings.empty()) continue;
    // A backbone with classes of its own tells by its embeddings alone.
    if (only.empty() && !judged.embeddings.empty() && knows_no_class(run, state.snapshot)) {
      if (run.spec.name != judged.embeddings) {
        judged.notes.push_back(fmt::format(
            "run '{}' is left out: it knows none of the project's classes", run.spec.name));
      }
      continue;
    }
    context.progress.start_stage(fmt::format("reading run '{}'", run.spec.name), 0);
    try {
      loaded.push_back(load_run(state, run, judged, context));
    } catch (const Error& error) {
      if (error.category() == ErrorCategory::kInterrupted || !only.empty()) throw;
      judged.notes.push_back(fmt::format("run '{}' is left out: {}", run.spec.name, error.what()));
      continue;
    }
    judged.runs.push_back(run.spec.name);
    const std::vector<uint8_t>& trained = loaded.back().trained;
    size_t seen = 0;
    for (size_t i = 0; i < trained.size(); ++i) seen += trained[i] & judged.looked_at[i];
    if (seen > 0) {
      judged.notes.push_back(
          fmt::format("run '{}' was trained on {} of these samples: there it counts a tenth",
                      run.spec.name, with_thousands(seen)));
    }
  }
  return loaded;
}

// A backbone that learnt other classes may see little of what tells these apart.
bool can_be_fitted(LoadedState& state, const JudgedLabels& judged) {
  if (judged.embeddings.empty() || judged.fitted) return false;
  const store::RunInfo run = store::read_run(state.store, judged.embeddings);
  return !run.spec.preprocessing_json.empty() && knows_no_class(run, state.snapshot) &&
         file_exists(run.spec.model_path);
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

void count_runs(std::span<const LoadedRun> runs, size_t classes, JudgedLabels& judged) {
  judged.runs_known.assign(judged.rows.size(), 0);
  judged.runs_for_given.assign(judged.rows.size(), 0);
  for (const LoadedRun& run : runs) {
    for (size_t i = 0; i < judged.rows.size(); ++i) {
      if (std::isnan(run.probabilities[i * classes])) continue;
      ++judged.runs_known[i];
      judged.runs_for_given[i] += run.says[i] != kNoClass && run.says[i] == judged.labels[i];
    }
  }
}

void count_looked_at(std::span<const LoadedRun> runs, size_t embedded_rows,
                     const Snapshot& snapshot, JudgedLabels& judged) {
  std::vector<uint8_t> unknown(snapshot.classes.size(), 0);
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    const ClassIndex label = judged.labels[i];
    if (judged.looked_at[i] == 0 || label == kNoClass) continue;
    judged.without_embedding += embedded_rows > 0 && i >= embedded_rows;
    if (!std::isnan(judged.errors.score[i])) {
      ++judged.judged;
      continue;
    }
    ++judged.unjudged;
    if (judged.errors.alone[i] != 0) {
      ++judged.alone;
      continue;
    }
    const auto knows = [&](const LoadedRun& run) {
      return run.knows[static_cast<size_t>(label)] != 0;
    };
    if (runs.empty() || std::any_of(runs.begin(), runs.end(), knows)) continue;
    ++judged.of_unknown_class;
    unknown[static_cast<size_t>(label)] = 1;
  }
  for (size_t k = 0; k < unknown.size(); ++k) {
    if (unknown[k] == 0) continue;
    judged.unknown_classes.push_back(snapshot.classes[static_cast<ClassIndex>(k)].name);
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

// Of a label that a person kept, what contradicts it errs.
void give_verdicts(const std::vector<uint8_t>& isolated, const std::vector<uint8_t>& bad_pictures,
                   const std::vector<uint8_t>& kept, size_t classes, JudgedLabels& judged) {
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
    evidence.isolated = i < isolated.size() && isolated[i] != 0;
    evidence.shows_nothing = !bad_pictures.empty() && bad_pictures[i] != 0;
    auto verdict = analysis::verdict_of(evidence);
    if (verdict && kept[i] != 0) verdict = Verdict::kModelWrong;
    if (verdict) judged.verdict[i] = static_cast<int8_t>(*verdict);
  }
}

// What the embeddings of the first judged rows tell.
struct Embedded {
  analysis::EmbeddingSpace space;
  analysis::Neighbours neighbours;
  std::vector<uint32_t> groups;
  std::vector<uint8_t> isolated;

  Embedded(analysis::EmbeddingSpace of_rows, JobContext& context)
      : space(std::move(of_rows)),
        neighbours(analysis::find_neighbours(space.matrix(), {kShown, analysis::Distance::kCosine},
                                             watched(context, "finding neighbours"))),
        groups(analysis::near_duplicate_groups(space.matrix(), neighbours,
                                               watched(context, "grouping near duplicates"))),
        isolated(analysis::isolated_rows(space, neighbours, context.workers.as_parallel_for())) {}
};

// The only label of these rows that have one; kNoClass where there are several or none.
ClassIndex only_label(std::span<const RowIndex> rows, const std::vector<ClassIndex>& labels) {
  ClassIndex only = kNoClass;
  for (const RowIndex row : rows) {
    if (labels[row] == kNoClass || labels[row] == only) continue;
    if (only != kNoClass) return kNoClass;
    only = labels[row];
  }
  return only;
}

bool any_label(std::span<const RowIndex> rows, const std::vector<ClassIndex>& labels) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](RowIndex row) { return labels[row] != kNoClass; });
}

// Chooses the rows to judge: all that are selected, those with an embedding first. No rows come
// back where the embeddings tell nothing of the labels.
EmbeddingCoordinates choose_rows(LoadedState& state, const query::Selection& looked_at,
                                 JudgedLabels& judged, JobContext& context) {
  constexpr std::string_view kUnasked = "neither a probe nor neighbours could be asked";
  const Snapshot& snapshot = state.snapshot;
  const std::vector<ClassIndex> labels = project_labels(snapshot);
  const auto with = std::count_if(snapshot.runs.begin(), snapshot.runs.end(),
                                  [](const RunSummary& run) { return run.embedding_columns > 0; });
  EmbeddingCoordinates embeddings;
  if (with > 0) embeddings = read_coordinates(state, "", context);
  const ClassIndex only = only_label(embeddings.rows, labels);
  if (with == 0) {
    judged.lacks = fmt::format(
        "no embeddings: {}; `errata infer` keeps those of a model, `errata predictions FILE --kind "
        "embedding` attaches others",
        kUnasked);
  } else if (only != kNoClass) {
    judged.lacks = fmt::format(
        "only samples with the label '{}': {}, which want those of other labels to compare with",
        snapshot.classes[only].name, kUnasked);
  } else if (!any_label(embeddings.rows, labels)) {
    judged.lacks = fmt::format("no sample with a label has an embedding in run '{}': {}",
                               embeddings.run, kUnasked);
  }
  if (!judged.lacks.empty()) embeddings = {};
  query::Selection others = state.selection;
  for (const RowIndex row : embeddings.rows) others.reset(row);
  judged.rows = embeddings.rows;
  others.for_each([&](RowIndex row) { judged.rows.push_back(row); });
  for (const RowIndex row : judged.rows) {
    judged.labels.push_back(labels[row]);
    judged.looked_at.push_back(looked_at.test(row) ? 1 : 0);
  }
  if (!any_label(looked_at.to_rows(), labels)) {
    throw Error(ErrorCategory::kNotFound, "none of these samples has a label", "",
                state.store.path());
  }
  if (embeddings.rows.empty()) return embeddings;
  judged.embeddings = embeddings.run;
  if (with > 1) {
    judged.notes.push_back(
        fmt::format("embeddings of run '{}', the newest of {}", embeddings.run, with));
  }
  return embeddings;
}

}  // namespace

Error no_probabilities(const store::RunInfo& run) {
  std::string hint =
      "Label errors want one probability per class: `errata infer`, or `errata predictions` with "
      "an NPY or a column per class.";
  if (run.summary.kind == "detections") {
    hint = "It holds boxes: `errata find boxes` finds wrong labels among them.";
  } else if (run.summary.embedding_columns > 0) {
    hint = "It holds embeddings, which take part by themselves: leave out --run.";
  }
  return {ErrorCategory::kNotFound, fmt::format("run '{}' holds no probabilities", run.spec.name),
          hint};
}

JudgedLabels judge_labels(LoadedState& state, const query::Selection& looked_at,
                          const std::string& run, const infer::ChosenDevice& device,
                          JobContext& context) {
  const Snapshot& snapshot = state.snapshot;
  const size_t classes = snapshot.classes.size();
  JudgedLabels judged;
  EmbeddingCoordinates embeddings = choose_rows(state, looked_at, judged, context);
  const size_t embedded_rows = embeddings.rows.size();
  const std::vector<LoadedRun> runs = load_runs(state, run, judged, context);
  if (runs.empty() && embedded_rows == 0) {
    throw Error(ErrorCategory::kNotFound, "no run's probabilities can judge these labels",
                judged.lacks +
                    "; `errata infer`, or `errata predictions` with an NPY or a column "
                    "per class, gives probabilities",
                state.store.path());
  }
  std::optional<Embedded> embedded;
  if (embedded_rows > 0) embedded.emplace(std::move(embeddings.space), context);
  analysis::LabelEvidence evidence;
  evidence.classes = classes;
  evidence.labels = judged.labels;
  std::optional<analysis::EmbeddingSpace> stages;
  std::optional<analysis::EmbeddingSpace> pictures;
  if (embedded) {
    evidence.space = &embedded->space;
    evidence.groups = embedded->groups;
    const auto rows = std::span(judged.rows).first(embedded_rows);
    stages = read_stages(state, judged.embeddings, rows, context);
    if (stages) evidence.stages = &*stages;
    pictures = picture_space(state, rows, context, judged.notes);
    if (pictures) evidence.pictures = &*pictures;
  }
  for (const LoadedRun& each : runs) {
    evidence.runs.push_back({each.probabilities, each.trained, each.by_folds});
  }
  const ParallelFor parallel_for = watched(context, "weighing labels");
  judged.errors = analysis::find_label_errors(
      evidence, {}, parallel_for, [&] { context.cancel.check(); },
      head_math_on(device, parallel_for),
      [&](const std::string& stage) { context.progress.start_stage(stage, 0); });
  const std::vector<uint8_t> kept = kept_labels(snapshot, judged.rows);
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    if (kept[i] != 0) judged.errors.suspect[i] = 0;
  }
  judged.fitted =
      std::any_of(runs.begin(), runs.end(), [](const LoadedRun& each) { return each.by_folds; });
  judged.can_be_fitted = can_be_fitted(state, judged);
  count_runs(runs, classes, judged);
  give_verdicts(embedded ? embedded->isolated : std::vector<uint8_t>(),
                show_nothing(snapshot.samples, judged.rows), kept, classes, judged);
  judged.estimated = analysis::wrong_among(judged.errors.belief, judged.labels, classes,
                                           judged.looked_at, judged.errors.estimated);
  count_looked_at(runs, embedded_rows, snapshot, judged);
  if (!embedded) return judged;
  for (size_t i = 0; i < embedded_rows; ++i) {
    judged.neighbours.push_back(near(embedded->neighbours, embedded->groups, judged, i));
  }
  judged.neighbours.resize(judged.rows.size());
  return judged;
}

}  // namespace errata::jobs

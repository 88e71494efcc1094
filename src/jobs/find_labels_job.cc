#include "jobs/find_labels_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/random.h"
#include "base/text.h"
#include "jobs/edit_job.h"
#include "jobs/label_columns.h"
#include "jobs/label_warnings.h"
#include "jobs/probe_job.h"
#include "jobs/score_job.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

using analysis::LabelIssueFilter;

struct NamedFilter {
  std::string_view name;
  LabelIssueFilter filter;
};
constexpr std::array kFilters{
    NamedFilter{"prune_by_noise_rate", LabelIssueFilter::kPruneByNoiseRate},
    NamedFilter{"prune_by_class", LabelIssueFilter::kPruneByClass},
    NamedFilter{"both", LabelIssueFilter::kBoth},
    NamedFilter{"confident_learning", LabelIssueFilter::kConfidentLearning},
    NamedFilter{"predicted_neq_given", LabelIssueFilter::kPredictedNeqGiven},
    NamedFilter{"low_normalized_margin", LabelIssueFilter::kLowNormalizedMargin},
    NamedFilter{"low_self_confidence", LabelIssueFilter::kLowSelfConfidence}};

constexpr std::array<std::string_view, 3> kScores{"normalized_margin", "self_confidence",
                                                  "confidence_weighted_entropy"};

constexpr std::array<std::string_view, 2> kMethods{"evidence", "confident_learning"};

constexpr std::array<std::string_view, 3> kFitting{"auto", "always", "never"};

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

const NamedFilter* find_filter(const std::string& name) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(), [&](const NamedFilter& each) {
    return each.name == underscored(name);
  });
  return found == kFilters.end() ? nullptr : &*found;
}

// A run's probabilities in the order they are stored, over the project's classes and those that
// only the run knows.
class RunMatrix {
 public:
  RunMatrix(LoadedState& state, const store::RunInfo& run, JobContext& context)
      : state_(state),
        run_(run.summary.id),
        mapping_(class_mapping(run, state.snapshot)),
        context_(context) {
    const std::vector<ClassIndex> labels = project_labels(state.snapshot);
    store::for_each_probability_chunk(
        state.store, run_, [&](std::span<const SampleId> samples, std::span<const float>, size_t) {
          for (const SampleId id : samples) {
            const size_t row = state.snapshot.row_of(id);
            const bool here = row != SIZE_MAX && state.selection.test(static_cast<RowIndex>(row));
            rows_.push_back(row);
            // What the model cannot predict cannot be held against a label.
            const bool judged = here && labels[row] != kNoClass && mapping_.knows(labels[row]);
            labels_.push_back(judged ? labels[row] : kNoClass);
            unknown_ += here && labels[row] != kNoClass && !judged;
          }
        });
  }

  size_t classes() const { return mapping_.places(); }
  const analysis::ClassMapping& mapping() const { return mapping_; }
  const std::vector<size_t>& rows() const { return rows_; }  // of the snapshot; SIZE_MAX: gone
  std::span<const ClassIndex> labels() const { return labels_; }
  size_t labels_unknown_to_the_run() const { return unknown_; }

  void walk(const analysis::ProbabilityVisit& visit) {
    context_.progress.start_stage("comparing labels with predictions", rows_.size());
    size_t first = 0;
    std::vector<float> placed;
    store::for_each_probability_chunk(
        state_.store, run_,
        [&](std::span<const SampleId> samples, std::span<const float> values, size_t columns) {
          context_.cancel.check();
          if (plain(columns)) {
            visit(first, values);
          } else {
            place(values, columns, placed);
            visit(first, placed);
          }
          first += samples.size();
          context_.progress.add(samples.size());
        });
  }

 private:
  // The run's classes are the project's, in the same order.
  bool plain(size_t columns) const {
    if (columns != mapping_.places() || !mapping_.one_to_one) return false;
    for (size_t k = 0; k < columns; ++k) {
      if (mapping_.target[k] != static_cast<ClassIndex>(k)) return false;
    }
    return true;
  }

  void place(std::span<const float> values, size_t columns, std::vector<float>& placed) const {
    const size_t rows = values.size() / columns;
    placed.assign(rows * mapping_.places(), 0);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t k = 0; k < columns; ++k) {
        placed[row * mapping_.places() + static_cast<size_t>(mapping_.target[k])] +=
            values[row * columns + k];
      }
    }
  }

  LoadedState& state_;
  RunId run_;
  analysis::ClassMapping mapping_;
  JobContext& context_;
  std::vector<size_t> rows_;
  std::vector<ClassIndex> labels_;
  size_t unknown_ = 0;
};

std::vector<std::string> names_of_places(const RunMatrix& matrix, const store::RunInfo& run,
                                         const Snapshot& snapshot) {
  std::vector<std::string> names;
  for (size_t k = 0; k < snapshot.classes.size(); ++k) {
    names.push_back(snapshot.classes[static_cast<ClassIndex>(k)].name);
  }
  for (const ClassIndex index : matrix.mapping().extra) {
    names.push_back(run.summary.classes[index].name);
  }
  return names;
}

void list_suspects(const RunMatrix& matrix, const analysis::LabelIssues& issues,
                   const std::string& rank_by, FindLabelsReport& report) {
  const auto score = [&](size_t i) -> double {
    if (rank_by == "self_confidence") return issues.self_confidence[i];
    return rank_by == "normalized_margin" ? issues.normalized_margin[i]
                                          : issues.confidence_weighted_entropy[i];
  };
  for (size_t i = 0; i < matrix.rows().size(); ++i) {
    if (issues.is_issue[i] == 0) continue;
    LabelSuspect suspect;
    suspect.row = static_cast<RowIndex>(matrix.rows()[i]);
    suspect.suggested = issues.suggested[i];
    suspect.self_confidence = issues.self_confidence[i];
    // normalized_margin is (self - best other + 1) / 2, and the best other is the suggestion.
    suspect.suggested_probability =
        static_cast<float>(issues.self_confidence[i] - 2 * issues.normalized_margin[i] + 1);
    suspect.score = score(i);
    report.suspects.push_back(suspect);
  }
  std::stable_sort(report.suspects.begin(), report.suspects.end(),
                   [](const LabelSuspect& a, const LabelSuspect& b) { return a.score < b.score; });
}

void tag_suspects(const FindLabelsOptions& options, FindLabelsReport& report) {
  if (options.tag.empty()) return;
  std::vector<RowIndex> rows;
  for (const LabelSuspect& suspect : report.suspects) rows.push_back(suspect.row);
  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  report.tagged =
      tag_rows(writer, report.state.snapshot, rows, options.tag, options.who,
               report.all_evidence
                   ? std::string("label errors by all evidence")
                   : fmt::format("label errors by {} of run '{}'",
                                 options.filter.empty() ? "prune_by_noise_rate" : options.filter,
                                 report.state.run));
}

void add_warnings(const RunMatrix& matrix, const store::RunInfo& run, FindLabelsReport& report) {
  report.warnings = report.state.notes;
  const std::string trained =
      trained_on_warning(report.state.snapshot, run.summary, report.state.selection);
  if (!trained.empty()) report.warnings.push_back(trained);
  if (run.summary.state != RunState::kComplete) {
    report.warnings.push_back(
        fmt::format("run '{}' is not complete: only its first {} samples are looked at",
                    run.spec.name, with_thousands(run.summary.predicted_samples)));
  }
  if (matrix.labels_unknown_to_the_run() > 0) {
    report.warnings.push_back(
        fmt::format("{} samples have a label that run '{}' does not know; they are not judged",
                    with_thousands(matrix.labels_unknown_to_the_run()), run.spec.name));
  }
}

}  // namespace

std::vector<std::string> label_issue_filters() {
  std::vector<std::string> names;
  for (const NamedFilter& each : kFilters) names.emplace_back(each.name);
  return names;
}

std::vector<std::string> label_methods() {
  return {kMethods.begin(), kMethods.end()};
}

bool FindLabelsOptions::confident_learning() const {
  return underscored(method) == kMethods[1] || !filter.empty() || !rank_by.empty() || compat ||
         prunes();
}

bool FindLabelsOptions::prunes() const {
  return frac_noise != 1 || min_examples_per_class != 1 || !remove_per_class.empty();
}

void FindLabelsOptions::check() const {
  const std::string name = underscored(method);
  if (!name.empty() && std::find(kMethods.begin(), kMethods.end(), name) == kMethods.end()) {
    throw Error(ErrorCategory::kUsage, fmt::format("there is no method '{}'", method),
                fmt::format("there are: {}", fmt::join(kMethods, ", ")));
  }
  if (!fine_tune.empty() &&
      std::find(kFitting.begin(), kFitting.end(), fine_tune) == kFitting.end()) {
    throw Error(ErrorCategory::kUsage, fmt::format("--fine-tune does not take '{}'", fine_tune),
                fmt::format("there are: {}", fmt::join(kFitting, ", ")));
  }
  if (!fine_tune.empty() && confident_learning()) {
    throw Error(ErrorCategory::kUsage, "--fine-tune is for --method evidence");
  }
  if (name == kMethods[0] && confident_learning()) {
    throw Error(ErrorCategory::kUsage,
                "--filter, --rank-by, --compat, --frac-noise, --min-examples-per-class and "
                "--remove-per-class are for --method confident_learning");
  }
  if (!(frac_noise >= 0 && frac_noise <= 1)) {
    throw Error(ErrorCategory::kUsage,
                fmt::format("a share of {} of the noise makes no sense", frac_noise),
                "--frac-noise takes 0 to 1.");
  }
  if (min_examples_per_class < 0) {
    throw Error(ErrorCategory::kUsage,
                fmt::format("{} examples of a class make no sense", min_examples_per_class),
                "--min-examples-per-class takes 0 or more.");
  }
  if (!filter.empty() && find_filter(filter) == nullptr) {
    throw Error(ErrorCategory::kUsage, fmt::format("there is no filter '{}'", filter),
                fmt::format("there are: {}", fmt::join(label_issue_filters(), ", ")));
  }
  if (prunes() && !filter.empty() && !underscored(filter).starts_with("prune_") &&
      underscored(filter) != "both") {
    throw Error(ErrorCategory::kUsage,
                fmt::format("the filter '{}' does not take so many of each class", filter),
                "--frac-noise, --min-examples-per-class and --remove-per-class are for "
                "prune_by_noise_rate, prune_by_class and both.");
  }
  if (!rank_by.empty() &&
      std::find(kScores.begin(), kScores.end(), underscored(rank_by)) == kScores.end()) {
    throw Error(ErrorCategory::kUsage,
                fmt::format("label errors cannot be ranked by '{}'", rank_by),
                fmt::format("there are: {}", fmt::join(kScores, ", ")));
  }
}

namespace {

// What a mistyped name may have meant, else some of those that there are.
std::vector<std::string> nearest_or_first(const std::string& name,
                                          const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  const std::vector<std::string> near = nearest_words(name, names);
  if (!near.empty()) return near;
  return {names.begin(), names.begin() + static_cast<ptrdiff_t>(std::min(kShown, names.size()))};
}

// "cat=20": in the order of the classes; 0 for those not named, and none where none is.
std::vector<int64_t> numbers_to_remove(const std::vector<std::string>& named,
                                       const std::vector<std::string>& classes) {
  std::vector<int64_t> numbers;
  if (!named.empty()) numbers.assign(classes.size(), 0);
  for (const std::string& each : named) {
    const size_t equals = each.rfind('=');
    const std::string_view digits = equals == std::string::npos
                                        ? std::string_view()
                                        : std::string_view(each).substr(equals + 1);
    int64_t number = -1;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || number < 0) {
      throw Error(ErrorCategory::kUsage, fmt::format("'{}' is not CLASS=NUMBER", each),
                  "--remove-per-class cat=20 takes the 20 most doubtful labels 'cat'.");
    }
    const std::string name = each.substr(0, equals);
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) {
      throw Error(ErrorCategory::kNotFound, fmt::format("there is no class '{}'", name),
                  fmt::format("there are: {}", fmt::join(nearest_or_first(name, classes), ", ")));
    }
    numbers[static_cast<size_t>(found - classes.begin())] = number;
  }
  return numbers;
}

FindLabelsReport learn_confidently(const FindLabelsOptions& options, JobContext& context) {
  FindLabelsReport report{.state =
                              load_state({options.store_path, options.run, options.where, true})};
  const store::RunInfo run = store::read_run(report.state.store, report.state.run);
  if (run.summary.kind != "probabilities") throw no_probabilities(run);
  report.excluded = leave_out_excluded(report.state, options.where);
  RunMatrix matrix(report.state, run, context);
  report.class_names = names_of_places(matrix, run, report.state.snapshot);
  const std::string rank_by =
      options.rank_by.empty() ? "normalized_margin" : underscored(options.rank_by);
  analysis::ConfidentLearningOptions learning;
  learning.filter =
      find_filter(options.filter.empty() ? "prune_by_noise_rate" : options.filter)->filter;
  learning.entropy_score = rank_by == "confidence_weighted_entropy";
  learning.compat = options.compat;
  learning.frac_noise = options.frac_noise;
  learning.min_examples_per_class = options.min_examples_per_class;
  learning.remove_per_class = numbers_to_remove(options.remove_per_class, report.class_names);
  const analysis::LabelIssues issues = analysis::find_label_issues(
      [&](const analysis::ProbabilityVisit& visit) { matrix.walk(visit); }, matrix.classes(),
      matrix.labels(), learning, context.workers.as_parallel_for());
  report.looked_at = issues.rows_considered;
  if (report.looked_at == 0) {
    throw Error(ErrorCategory::kNotFound,
                fmt::format("none of these samples has a label and probabilities of run '{}'",
                            report.state.run),
                "", options.store_path);
  }
  report.judged = report.looked_at;
  report.estimated = issues.off_diagonal_calibrated;
  report.health = analysis::dataset_health(issues);
  list_suspects(matrix, issues, rank_by, report);
  tag_suspects(options, report);
  add_warnings(matrix, run, report);
  return report;
}

void list_judged(const JudgedLabels& judged, size_t classes, FindLabelsReport& report) {
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    if (judged.looked_at[i] == 0) continue;
    if (judged.verdict[i] >= 0) ++report.verdicts[static_cast<size_t>(judged.verdict[i])];
    const bool suspected = judged.errors.suspect[i] != 0;
    const bool not_valid = judged.verdict[i] == static_cast<int8_t>(Verdict::kNotValid);
    if (!suspected && !not_valid) continue;
    const float* belief = judged.errors.belief.data() + i * classes;
    LabelSuspect suspect;
    suspect.row = judged.rows[i];
    suspect.suggested = judged.errors.suggested[i];
    suspect.suggested_probability = belief[suspect.suggested];
    suspect.self_confidence = belief[judged.labels[i]];
    suspect.score = judged.errors.score[i];
    suspect.verdict = judged.verdict[i];
    suspect.runs_known = judged.runs_known[i];
    suspect.runs_for_given = judged.runs_for_given[i];
    if (!judged.neighbours.empty()) suspect.neighbours = judged.neighbours[i];
    (suspected ? report.suspects : report.not_valid).push_back(suspect);
  }
  for (std::vector<LabelSuspect>* list : {&report.suspects, &report.not_valid}) {
    std::stable_sort(list->begin(), list->end(), [](const LabelSuspect& a, const LabelSuspect& b) {
      return a.score > b.score;
    });
  }
}

// What is judged: the samples looked at, and beside them all others that no person excluded, or as
// many drawn of them as can be weighed at once.
query::Selection with_others(const LoadedState& state, size_t most_values,
                             std::vector<std::string>& warnings) {
  const Snapshot& snapshot = state.snapshot;
  query::Selection judged = query::Selection::all(snapshot.samples.rows());
  leave_out_excluded(judged, snapshot.samples);
  judged.subtract(state.selection);
  size_t left = judged.count();
  size_t room = most_values / std::max<size_t>(1, snapshot.classes.size());
  room -= std::min(room, state.selection.count());
  if (left > room) {
    warnings.push_back(
        fmt::format("{} of the {} other samples, drawn at random, are weighed beside these: all "
                    "are more than can be weighed at once",
                    with_thousands(room), with_thousands(left)));
    Rng rng(1);
    for (const RowIndex row : judged.to_rows()) {
      if (rng.below(left--) < room) {
        --room;
      } else {
        judged.reset(row);
      }
    }
  }
  judged |= state.selection;
  return judged;
}

FindLabelsReport weigh_all(const FindLabelsOptions& options, JobContext& context,
                           LoadedState&& state) {
  const infer::ChosenDevice device = infer::choose_head_device(options.device);
  FindLabelsReport report{.state = std::move(state)};
  report.all_evidence = true;
  report.warnings = report.state.notes;
  const query::Selection asked = report.state.selection;
  report.excluded = leave_out_excluded(report.state, options.where);
  const query::Selection looked_at = report.state.selection;
  report.state.selection = with_others(report.state, options.most_values, report.warnings);
  const JudgedLabels judged = judge_labels(report.state, looked_at, options.run, device, context);
  report.state.selection = looked_at;
  const Snapshot& snapshot = report.state.snapshot;
  const size_t classes = snapshot.classes.size();
  for (size_t k = 0; k < classes; ++k) {
    report.class_names.push_back(snapshot.classes[static_cast<ClassIndex>(k)].name);
  }
  report.verdicts.assign(kVerdictNames.size(), 0);
  report.looked_at = judged.judged;
  report.judged = judged.errors.judged;
  report.estimated_interval = judged.estimated;
  report.estimated = std::isnan(judged.estimated.value) ? 0 : std::llround(judged.estimated.value);
  report.embeddings = judged.embeddings;
  report.by_stages = judged.errors.by_stages;
  report.by_pictures = judged.errors.by_pictures;
  report.runs = judged.runs;
  // Health rests on the joint alone: the filter is the one that costs nothing.
  analysis::ConfidentLearningOptions joint;
  joint.filter = LabelIssueFilter::kConfidentLearning;
  report.health = analysis::dataset_health(
      analysis::find_label_issues(analysis::source_of(judged.errors.belief, classes), classes,
                                  judged.labels, joint, context.workers.as_parallel_for()));
  list_judged(judged, classes, report);
  report.lacks = judged.lacks;
  report.fitted = judged.fitted;
  report.can_be_fitted = judged.can_be_fitted;
  for (const std::string& warning : label_warnings(judged, classes)) {
    report.warnings.push_back(warning);
  }
  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  store_judged_labels(writer, snapshot, asked, judged);
  writer.close();
  report.state.run_choice.clear();
  return report;
}

std::string about_minutes(double secs) {
  return plural(static_cast<size_t>(std::max(1.0, std::round(secs / 60))), "minute");
}

// Fits the model of the embeddings to the labels. Whether there is more to weigh now.
bool fit_model(const FindLabelsOptions& options, JobContext& context, FindLabelsReport& report) {
  const bool always = options.fine_tune == kFitting[1];
  ProbeJobOptions probe;
  probe.store_path = options.store_path;
  probe.embeddings = report.embeddings;
  probe.fine_tune = true;
  probe.device = options.device;
  probe.who = options.who;
  probe.most_secs = always ? 0 : kMostFittingSecs;
  const std::string unfitted =
      fmt::format("the model of '{}' has not learnt these classes", report.embeddings);
  if (!always && (options.fine_tune == kFitting[2] || report.judged < options.least_fitted)) {
    report.more = unfitted + ": `errata find labels --fine-tune always` fits it, and may find more";
    return false;
  }
  try {
    const ProbeJobReport fitted = run_probe(probe, context);
    if (fitted.too_long_secs > 0) {
      report.more = fmt::format(
          "{}: `errata find labels --fine-tune always` fits it, in about {} here, and finds more",
          unfitted, about_minutes(fitted.too_long_secs));
      return false;
    }
    report.fitting_secs = fitted.elapsed_secs;
    return true;
  } catch (const Error& error) {
    if (error.category() == ErrorCategory::kInterrupted) {
      throw Error(ErrorCategory::kInterrupted, "stopped while the model was fitted to the labels",
                  "What was found without it is kept: errata rank --by label_error");
    }
    if (always) throw;
    report.warnings.push_back(
        fmt::format("{}, and could not be fitted to them: {}", unfitted, error.what()));
    return false;
  }
}

// What was found without the fitted model is kept before that is begun: its labels' weights are
// made of it, and it is there when a person stops.
FindLabelsReport weigh_and_fit(const FindLabelsOptions& options, JobContext& context,
                               LoadedState&& state) {
  std::optional<FindLabelsReport> report = weigh_all(options, context, std::move(state));
  // Asked for, what stands in the way is an error.
  const bool asked_for = options.fine_tune == kFitting[1] && !report->embeddings.empty();
  const bool fits = options.run.empty() && !report->fitted && (report->can_be_fitted || asked_for);
  if (fits && fit_model(options, context, *report)) {
    const double fitting_secs = report->fitting_secs;
    report.reset();
    report = weigh_all(options, context,
                       load_state({options.store_path, options.run, options.where, false}));
    report->fitting_secs = fitting_secs;
  }
  tag_suspects(options, *report);
  return std::move(*report);
}

}  // namespace

FindLabelsReport find_labels(const FindLabelsOptions& options, JobContext& context) {
  options.check();
  bring_up_to_date(options.store_path);
  if (options.confident_learning()) return learn_confidently(options, context);
  LoadedState state = load_state({options.store_path, options.run, options.where, false});
  bool probabilities = false;
  bool embeddings = false;
  for (const RunSummary& run : state.snapshot.runs) {
    probabilities = probabilities || run.kind == "probabilities";
    embeddings = embeddings || run.embedding_columns > 0;
  }
  const size_t values = state.selection.count() * state.snapshot.classes.size();
  if (values <= options.most_values) {
    // Without either, it is the other that says what is missing.
    return probabilities || embeddings ? weigh_and_fit(options, context, std::move(state))
                                       : learn_confidently(options, context);
  }
  const std::string too_many = fmt::format(
      "{} samples of {} classes are more than can be weighed at once",
      with_thousands(state.selection.count()), with_thousands(state.snapshot.classes.size()));
  if (!options.method.empty() || (embeddings && !probabilities)) {
    throw Error(ErrorCategory::kUsage, too_many,
                probabilities ? "Narrow them with --where, or take --method confident_learning."
                              : "Narrow them with --where.");
  }
  FindLabelsReport report = learn_confidently(options, context);
  report.warnings.push_back(
      too_many + ": one run's probabilities judge, by confident learning; --where narrows it");
  return report;
}

}  // namespace errata::jobs

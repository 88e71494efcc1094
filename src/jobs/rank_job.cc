#include "jobs/rank_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "query/rank.h"

namespace errata::jobs {

namespace {

std::string score_column(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  if (find_score(name) == nullptr && name.ends_with('s') &&
      find_score(std::string_view(name).substr(0, name.size() - 1)) != nullptr) {
    name.pop_back();
  }
  return name;
}

bool is_number(const Column& column) {
  return column.type == ColumnType::kInt || column.type == ColumnType::kFloat ||
         column.type == ColumnType::kDouble;
}

Error unknown_score(const std::string& name, const Table& table) {
  std::string underscored = name;
  std::replace(underscored.begin(), underscored.end(), '-', '_');
  std::vector<std::string> names;
  for (const ScoreInfo& score : all_scores()) names.emplace_back(score.name);
  for (const auto& column : table.columns()) {
    if (is_number(*column)) names.push_back(column->name.substr(0, column->name.find('@')));
  }
  const std::vector<std::string> near = nearest_words(name, names);
  return Error(ErrorCategory::kUsage, fmt::format("there is no score '{}'", name),
               find_object_score(underscored) != nullptr
                   ? fmt::format("It is a score of boxes: `errata rank --objects --by {}`.", name)
               : near.empty()
                   ? "`errata scores` lists them."
                   : fmt::format("Did you mean '{}'? `errata scores` lists them.", near[0]));
}

query::Selection rows_with_value(const Column& column) {
  query::Selection rows(column.rows);
  for (size_t row = 0; row < column.rows; ++row) {
    const auto index = static_cast<RowIndex>(row);
    if (!column.is_null(index)) rows.set(index);
  }
  return rows;
}

}  // namespace

void RankOptions::check() const {
  if (by.empty()) throw Error(ErrorCategory::kUsage, "no score to rank by was given");
}

RankReport rank_samples(const RankOptions& options) {
  options.check();
  const std::string name = score_column(options.by);
  const ScoreInfo* info = find_score(name);
  const bool of_run = info != nullptr && info->per_run;
  StateOptions state_options{options.store_path, options.run, options.where, of_run};
  RankReport report{load_state(state_options), name, Worst::kHigh, {}, {}, 0, 0, {}};
  LoadedState& state = report.state;
  if (info != nullptr) {
    report.worst = info->worst;
    report.sentence = info->sentence;
  }
  if (name == "loss" || name == "self_confidence") fill_stale_scores(state);
  const Column* score = state.snapshot.samples.find(name);
  if (score == nullptr && info != nullptr && !of_run) {
    throw Error(ErrorCategory::kNotFound, fmt::format("the pictures have no {} yet", name),
                fmt::format("Run `{}` first.", info->made_by));
  }
  if (score == nullptr && info != nullptr) {
    const RunSummary* run = find_run(state.snapshot, state.run);
    const bool boxes = run != nullptr && run->kind == "detections";
    throw Error(ErrorCategory::kNotFound, fmt::format("run '{}' has no {}", state.run, name),
                boxes ? "It holds detections: `errata rank --objects` ranks those."
                      : "It holds no probabilities, only a class and a confidence per sample.");
  }
  if (score == nullptr || !is_number(*score))
    throw unknown_score(options.by, state.snapshot.samples);

  report.excluded = leave_out_excluded(state, options.where);
  query::Selection selection = state.selection;
  selection &= rows_with_value(*score);
  report.ranked = selection.count();
  if (report.ranked == 0) {
    const size_t pass = state.selection.count();
    report.lacks =
        pass == 0 ? "no sample passes the filter"
                  : fmt::format("{} passed, none has a value of {}{}{}", plural(pass, "sample"),
                                name, report.sentence.empty() ? "" : ": ", report.sentence);
  }
  const query::SortKey key{name, report.worst == Worst::kHigh};
  report.rows = query::order_rows(state.snapshot.samples, selection, std::span(&key, 1),
                                  options.limit == 0 ? query::kNoLimit : options.limit);
  report.warnings = state.notes;
  if (const RunSummary* run = find_run(state.snapshot, state.run); run != nullptr && of_run) {
    const std::string warning = trained_on_warning(state.snapshot, *run, selection);
    if (!warning.empty()) report.warnings.push_back(warning);
    if (run->state != RunState::kComplete) {
      report.warnings.push_back(
          fmt::format("run '{}' is not complete: only its first {} samples have predictions",
                      run->name, with_thousands(run->predicted_samples)));
    }
  }
  return report;
}

}  // namespace errata::jobs

// `errata find` without a kind: runs every kind that can be run and says of the others what they
// lack.
#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_boxes_job.h"
#include "jobs/find_dataset_job.h"
#include "jobs/find_duplicates_job.h"
#include "jobs/find_labels_job.h"
#include "jobs/find_outliers_job.h"
#include "jobs/find_quality_job.h"
#include "jobs/find_slices_job.h"
#include "model/verdict.h"
#include "store/store.h"

namespace errata::cli {

namespace {

// What a kind found: a number and its meaning.
struct Told {
  size_t found = 0;
  std::string what;
  std::string lacks = {};  // what would let it see more
};

template <typename Options>
Options options_for(CommandContext& context) {
  Options options;
  options.store_path = context.store_path();
  if constexpr (requires { options.who; }) options.who = jobs::default_who();
  return options;
}

Told tell_labels(CommandContext& context, jobs::JobContext& job) {
  const auto report = jobs::find_labels(options_for<jobs::FindLabelsOptions>(context), job);
  if (!report.all_evidence) {
    return {report.suspects.size(),
            fmt::format("labels that run '{}' speaks against", report.state.run)};
  }
  std::vector<std::string> parts;
  for (size_t i = 0; i < report.verdicts.size(); ++i) {
    if (!is_data_wrong(static_cast<Verdict>(i))) continue;
    parts.push_back(fmt::format("{} {}", with_thousands(report.verdicts[i]), kVerdictNames[i]));
  }
  return {data_wrong(report.verdicts),
          fmt::format("labels or images wrong by the verdict: {}", fmt::join(parts, ", ")),
          report.lacks};
}

Told tell_boxes(CommandContext& context, jobs::JobContext& job) {
  jobs::FindBoxesOptions options;
  options.judge.store_path = context.store_path();
  const auto report = jobs::find_boxes(options, job);
  return {report.queue.size(),
          fmt::format("objects in doubt: run '{}' speaks against {} labels",
                      report.judged.state.run, with_thousands(report.verdicts[0]))};
}

Told tell_quality(CommandContext& context, jobs::JobContext& job) {
  const auto report = jobs::find_quality(options_for<jobs::FindQualityOptions>(context), job);
  Told told;
  std::vector<std::string> parts;
  for (const jobs::QualityKind& kind : report.kinds) {
    if (kind.common || kind.found.empty()) continue;
    told.found += kind.found.size();
    parts.push_back(fmt::format("{} {}", with_thousands(kind.found.size()), kind.info->name));
  }
  told.what = parts.empty() ? "bad pictures" : fmt::format("{}", fmt::join(parts, ", "));
  if (report.unreadable > 0) {
    told.what += fmt::format("; {} could not be decoded", with_thousands(report.unreadable));
  }
  return told;
}

Told tell_duplicates(CommandContext& context, jobs::JobContext& job) {
  const auto report = jobs::find_duplicates(options_for<jobs::FindDuplicatesOptions>(context), job);
  return {report.groups.size(),
          fmt::format("groups of copies: {} with different labels, {} across splits",
                      with_thousands(report.conflicts), with_thousands(report.leaks))};
}

Told tell_outliers(CommandContext& context, jobs::JobContext& job) {
  const auto report = jobs::find_outliers(options_for<jobs::FindOutliersOptions>(context), job);
  return {report.found.size(), "pictures that look like no other"};
}

Told tell_slices(CommandContext& context, jobs::JobContext& job) {
  const auto report = jobs::find_slices(options_for<jobs::FindSlicesOptions>(context), job);
  Told told{report.slices.size(),
            fmt::format("groups on which run '{}' is worse", report.state.run)};
  told.lacks = trim(report.lacks);
  if (!report.slices.empty()) told.what += ": " + report.slices.front().filter;
  return told;
}

Told tell_dataset(CommandContext& context, jobs::JobContext& job) {
  const auto report = jobs::find_dataset(options_for<jobs::FindDatasetOptions>(context), job);
  Told told{report.rare.size(), fmt::format("rare classes: {}", report.rare.size())};
  if (!report.order_is_random) {
    ++told.found;
    told.what += ", an order that is not random";
  }
  for (const auto& each : report.correlations) {
    if (each.score >= analysis::kTellingBelow) break;
    ++told.found;
    told.what += fmt::format(", {} gives labels away", each.property);
  }
  for (const std::string& lack : {report.order_lacks, report.correlations_lack}) {
    if (!lack.empty()) told.lacks += (told.lacks.empty() ? "" : "; ") + lack;
  }
  return told;
}

struct Kind {
  const char* name;
  Told (*tell)(CommandContext&, jobs::JobContext&);
  bool first = false;  // others read the columns that it makes
};

// As they are printed. Verdicts on labels, slices and the data set read the quality of pictures.
constexpr Kind kKinds[]{{"labels", tell_labels},         {"boxes", tell_boxes},
                        {"quality", tell_quality, true}, {"duplicates", tell_duplicates},
                        {"outliers", tell_outliers},     {"slices", tell_slices},
                        {"dataset", tell_dataset}};

struct Outcome {
  std::optional<Told> told;
  std::string lacks;  // where it could not be run
};

Outcome run_kind(const Kind& kind, CommandContext& context, jobs::JobContext& job) {
  try {
    return {kind.tell(context, job), {}};
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::kNotFound) throw;
    return {std::nullopt, fmt::format("{}. {}", error.what(), error.hint())};
  }
}

}  // namespace

void find_all(CommandContext& context) {
  // Without a store no kind can run: that is an error, not what each kind lacks.
  store::Store::open(context.store_path(), store::Access::kRead);
  std::vector<ResultColumn> columns{
      {"kind"}, {"found", Align::kRight}, {"what", Align::kLeft, 0, 100}, {"next"}};
  if (context.json()) columns.push_back({"lacks"});  // else below: sentences are no column
  ResultTable table(columns);
  std::string below;
  const auto add = [&](const char* name, Cell found, Cell what, Cell next,
                       const std::string& lacks) {
    std::vector<Cell> row{std::string(name), std::move(found), std::move(what), std::move(next)};
    if (context.json()) row.push_back(lacks.empty() ? Cell{} : Cell{lacks});
    table.add(std::move(row));
    if (!lacks.empty()) below += fmt::format("{} lacks: {}\n", name, lacks);
  };
  jobs::JobContext job = context.job();
  std::array<Outcome, std::size(kKinds)> outcomes;
  for (const bool first : {true, false}) {
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (kKinds[i].first == first) outcomes[i] = run_kind(kKinds[i], context, job);
    }
  }
  context.end_progress();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    if (outcome.told) {
      add(kKinds[i].name, static_cast<int64_t>(outcome.told->found), outcome.told->what,
          fmt::format("errata find {}", kKinds[i].name), outcome.told->lacks);
    } else {
      add(kKinds[i].name, Cell{}, Cell{}, Cell{}, outcome.lacks);
    }
  }
  context.print_table(table);
  if (!context.json() && !below.empty()) context.print_text("\n" + below);
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_dataset_job.h"

namespace errata::cli {

namespace {

struct DatasetArguments {
  jobs::FindDatasetOptions options;
};

// Names at most `most` of the rare ones, the rarest.
std::string class_text(const jobs::FindDatasetReport& report, size_t most) {
  if (!report.rare_lacks.empty()) return fmt::format("classes: {}\n", report.rare_lacks);
  const size_t classes = report.state.snapshot.classes.size();
  if (report.rare.empty()) {
    return fmt::format("classes: none of {} has less than a tenth of an even share\n", classes);
  }
  std::string text = fmt::format("classes: {} of {} with less than a tenth of an even share\n",
                                 report.rare.size(), classes);
  for (const analysis::RareClass& each : std::span(report.rare).first(most)) {
    text += fmt::format("  {}: {} ({:.2f} %)\n",
                        report.state.snapshot.classes.names()[static_cast<size_t>(each.label)],
                        plural(each.samples, "sample"), 100 * each.share);
  }
  return text;
}

std::string order_text(const jobs::FindDatasetReport& report) {
  if (!report.order_lacks.empty()) return fmt::format("order: {}\n", report.order_lacks);
  if (report.order_is_random) {
    return fmt::format("order: random as far as the embeddings of '{}' can tell (p = {:.2f})\n",
                       report.order_run, report.order.p_value);
  }
  return fmt::format(
      "order: samples next to one another are alike (p = {:.2f}, statistic {:.3f}){}: shuffle "
      "before training, and do not split by position\n",
      report.order.p_value, report.order.statistic,
      report.sorted_by_label ? "; they lie class by class" : "");
}

std::string correlation_text(const jobs::FindDatasetReport& report) {
  if (!report.correlations_lack.empty()) {
    return fmt::format("correlations: {}\n", report.correlations_lack);
  }
  std::string text;
  for (const auto& each : report.correlations) {
    if (each.score >= analysis::kTellingBelow) break;
    text +=
        fmt::format("  {} alone gives the label away (score {:.3f})\n", each.property, each.score);
  }
  if (!text.empty()) return "correlations: of properties with labels\n" + text;
  return fmt::format(
      "correlations: no property of the pictures gives labels away; nearest is {} ({:.3f}, below "
      "{} it would)\n",
      report.correlations.front().property, report.correlations.front().score,
      analysis::kTellingBelow);
}

text::Json report_json(const jobs::FindDatasetReport& report) {
  text::Json rare = text::Json::array();
  for (const analysis::RareClass& each : report.rare) {
    rare.push_back(text::Json::object(
        {{"class", report.state.snapshot.classes.names()[static_cast<size_t>(each.label)]},
         {"samples", each.samples},
         {"share", each.share}}));
  }
  text::Json correlations = text::Json::array();
  for (const auto& each : report.correlations) {
    correlations.push_back(text::Json::object({{"property", each.property},
                                               {"score", each.score},
                                               {"telling", each.score < analysis::kTellingBelow}}));
  }
  return text::Json::object(
      {{"kind", "dataset"},
       {"labelled", report.labelled},
       {"excluded", report.excluded},
       {"rare_classes", rare},
       {"rare_classes_lack", report.rare_lacks},
       {"order_embeddings", report.order_run},
       {"order_statistic", report.order.statistic},
       {"order_p_value", report.order.p_value},
       {"order_is_random",
        report.order_lacks.empty() ? text::Json(report.order_is_random) : text::Json()},
       {"sorted_by_label", report.sorted_by_label},
       {"order_lacks", report.order_lacks},
       {"correlations", correlations},
       {"correlations_lack", report.correlations_lack}});
}

constexpr const char* kReviewHint = "to see where it changes: errata rank --by row_order";

Told tell_dataset(const jobs::FindDatasetReport& report, const DatasetArguments&, const IssueLog&) {
  const auto rare = report.rare.size();
  Told told{.found = rare, .what = fmt::format("rare classes: {}", rare)};
  const size_t shown = std::min(rare, kWorstShown);
  if (rare > 0) told.text = class_text(report, shown);
  if (!report.order_is_random) {
    ++told.found;
    told.what += ", an order that is not random";
    told.text += order_text(report);
    told.next = kReviewHint;
  }
  bool telling = false;
  for (const auto& each : report.correlations) {
    if (each.score >= analysis::kTellingBelow) break;
    telling = true;
    ++told.found;
    told.what += fmt::format(", {} gives labels away", each.property);
  }
  if (telling) told.text += correlation_text(report);
  for (const std::string& lack :
       {report.rare_lacks, report.order_lacks, report.correlations_lack}) {
    const jobs::Lack own{"", lack};
    const bool known = std::find(told.lacks.begin(), told.lacks.end(), own) != told.lacks.end();
    if (!lack.empty() && !known) told.lacks.push_back(own);
  }
  told.shown = told.found - rare + shown;
  told.report = report_json(report);
  return told;
}

void print_dataset(CommandContext& context, const jobs::FindDatasetReport& report,
                   const DatasetArguments&) {
  if (context.json()) return context.print_json(report_json(report));
  context.print_text(class_text(report, report.rare.size()) + order_text(report) +
                     correlation_text(report));
  if (report.order_lacks.empty() && !report.order_is_random) {
    context.note(kReviewHint);
  }
}

}  // namespace

FindKind setup_find_dataset(CLI::App& app) {
  auto arguments = std::make_shared<DatasetArguments>();
  jobs::FindDatasetOptions& options = arguments->options;
  app.add_option("--embeddings", options.embeddings,
                 "Run whose embeddings say what is alike (default: the newest that has any)")
      ->type_name("RUN");
  app.add_option("--where", options.where, "Filter: only these samples are looked at")
      ->type_name("EXPR");
  app.add_flag("--compat", options.compat, "Correlations with Datalab's baseline");
  return find_kind(arguments, jobs::find_dataset, print_dataset, tell_dataset);
}

}  // namespace errata::cli

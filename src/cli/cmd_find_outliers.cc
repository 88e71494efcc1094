#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_outliers_job.h"

namespace errata::cli {

namespace {

using OutlierArguments = FindArguments<jobs::FindOutliersOptions>;

constexpr const char* kSorted = " --sort outlier";

ResultTable outlier_table(const jobs::FindOutliersReport& report, size_t shown) {
  ResultTable table({{"rank", Align::kRight},
                     {"id", Align::kRight},
                     {"path"},
                     {"label"},
                     {"outlier", Align::kRight},
                     {"uniqueness", Align::kRight, 4, 60, 1},
                     {"representativeness", Align::kRight, 4, 60, 2}});
  const Table& samples = report.state.snapshot.samples;
  for (size_t i = 0; i < shown; ++i) {
    const size_t at = report.found[i];
    const RowIndex row = report.rows[at];
    table.add({static_cast<int64_t>(i + 1), report.state.snapshot.ids[row],
               samples.find("path")->display(row), samples.find("label")->display(row),
               report.outlier[at], report.uniqueness[at], report.representativeness[at]});
  }
  return table;
}

text::Json report_json(const jobs::FindOutliersReport& report, const ResultTable& table) {
  return text::Json::object({{"kind", "outliers"},
                             {"embeddings", report.run},
                             {"looked_at", report.rows.size()},
                             {"excluded", report.excluded},
                             {"without_embedding", report.without},
                             {"found", report.found.size()},
                             {"farthest_usual", report.farthest_usual},
                             {"tagged", report.tagged.edits.size()},
                             {"warnings", texts_json(report.warnings)},
                             {"rows", to_json_value(table)}});
}

Told tell_outliers(const jobs::FindOutliersReport& report, const OutlierArguments& arguments,
                   const IssueLog&) {
  Told told{.found = report.found.size(), .what = "pictures that look like no other"};
  told.shown = arguments.shown(report.found.size());
  told.worst = outlier_table(report, told.shown);
  told.next = "to review them: errata view --sort outlier";
  told.done = {tagged_text(report.tagged, arguments.options.tag, kSorted)};
  told.warnings = report.warnings;
  told.report = report_json(report, *told.worst);
  return told;
}

void print_outliers(CommandContext& context, const jobs::FindOutliersReport& report,
                    const OutlierArguments& arguments) {
  const ResultTable table = outlier_table(report, arguments.shown(report.found.size()));
  if (context.json()) return context.print_json(report_json(report, table));
  const TableFormat format = parse_table_format(arguments.format);
  context.print_table(table, format);
  if (format == TableFormat::kTable) {
    context.print_text(fmt::format("\n{} among {}, by the embeddings of run '{}'\n",
                                   plural(report.found.size(), "outlier"),
                                   plural(report.rows.size(), "picture"), report.run));
    if (report.without > 0) {
      context.print_text(
          fmt::format("{} without an embedding\n", plural(report.without, "picture")));
    }
  }
  for (const std::string& warning : report.warnings) context.warn(warning);
  if (!report.run_choice.empty()) context.note(report.run_choice);
  if (note_tagged(context, report.tagged, arguments.options.tag, kSorted)) return;
  context.note(
      "the scores are stored: errata rank --by outlier, --by uniqueness (pictures that are told "
      "many times) or --by representativeness; errata view --sort outlier");
}

}  // namespace

FindKind setup_find_outliers(CLI::App& app) {
  auto arguments = std::make_shared<OutlierArguments>();
  jobs::FindOutliersOptions& options = arguments->options;
  app.add_option("--embeddings", options.embeddings,
                 "Run whose embeddings are compared (default: the newest that has any)")
      ->type_name("RUN");
  app.add_option("--where", options.where, "Filter: only these samples are looked at")
      ->type_name("EXPR");
  app.add_flag("--compat", options.compat,
               "As Datalab (cleanlab 2.9) and FiftyOne do it, their known faults included");
  add_find_options(app, options.tag, options.who, *arguments,
                   {"Tag the outliers, to review them", "Who tags, for the record",
                    "How many to show, 0 for all (default 10)"});
  return find_kind(arguments, jobs::find_outliers, print_outliers, tell_outliers);
}

}  // namespace errata::cli

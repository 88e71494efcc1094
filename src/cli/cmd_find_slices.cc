#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_slices_job.h"

namespace errata::cli {

namespace {

using SliceArguments = FindArguments<jobs::FindSlicesOptions>;

ResultTable slice_table(const jobs::FindSlicesReport& report, const SliceArguments& arguments) {
  ResultTable table({{"rank", Align::kRight},
                     {"samples", Align::kRight},
                     {"accuracy", Align::kRight},
                     {"from", Align::kRight, 4, 60, 2},
                     {"to", Align::kRight, 4, 60, 3},
                     {"p", Align::kRight, 4, 60, 1, false, true},
                     {"filter", Align::kLeft, 0, 120}});
  for (size_t i = 0; i < arguments.shown(report.slices.size()); ++i) {
    const analysis::Slice& slice = report.slices[i].slice;
    table.add({static_cast<int64_t>(i + 1), static_cast<int64_t>(slice.rows), slice.accuracy,
               slice.low, slice.high, slice.p_value, report.slices[i].filter});
  }
  return table;
}

text::Json report_json(const jobs::FindSlicesReport& report, const SliceArguments& arguments) {
  return text::Json::object({{"kind", "slices"},
                             {"run", report.state.run},
                             {"looked_at", report.looked_at},
                             {"groups", report.groups},
                             {"candidates", report.candidates},
                             {"accuracy", report.accuracy},
                             {"slices", report.slices.size()},
                             {"tagged", report.tagged.edits.size()},
                             {"lacks", report.lacks_text()},
                             {"rows", to_json_value(slice_table(report, arguments))}});
}

std::string review_hint(const jobs::FindSlicesReport& report) {
  return report.slices.empty() ? std::string()
                               : fmt::format("to see the first: errata view --filter \"{}\"",
                                             report.slices.front().filter);
}

Told tell_slices(const jobs::FindSlicesReport& report, const SliceArguments& arguments,
                 const IssueLog&) {
  Told told{.found = report.slices.size(),
            .what = fmt::format("groups on which run '{}' is worse", report.state.run)};
  told.shown = arguments.shown(report.slices.size());
  told.worst = slice_table(report, arguments);
  told.next = review_hint(report);
  told.lacks = report.lacks;
  told.done = {tagged_text(report.tagged, arguments.options.tag)};
  told.warnings = report.warnings;
  told.report = report_json(report, arguments);
  return told;
}

void print_slices(CommandContext& context, const jobs::FindSlicesReport& report,
                  const SliceArguments& arguments) {
  const TableFormat format = parse_table_format(arguments.format);
  if (context.json()) return context.print_json(report_json(report, arguments));
  context.print_table(slice_table(report, arguments), format);
  if (format == TableFormat::kTable) {
    context.print_text(fmt::format(
        "\n{} of {} large enough in {}; accuracy of all {:.4f}\nfound on one half, measured and "
        "confirmed on the other: {} taken there; were nothing weak, any would be told 5 times in "
        "100 at most\n{}",
        plural(report.slices.size(), "weak slice"), plural(report.groups, "group"),
        plural(report.looked_at, "sample"), report.accuracy, plural(report.candidates, "candidate"),
        report.lacks_text()));
  }
  if (!report.state.run_choice.empty()) context.note(report.state.run_choice);
  if (!note_tagged(context, report.tagged, arguments.options.tag) && !report.slices.empty()) {
    context.note(review_hint(report));
  }
  for (const std::string& warning : report.warnings) context.warn(warning);
}

}  // namespace

FindKind setup_find_slices(CLI::App& app) {
  auto arguments = std::make_shared<SliceArguments>();
  jobs::FindSlicesOptions& options = arguments->options;
  app.add_option("--run", options.run, "Run whose predictions are judged (default: the newest)")
      ->type_name("NAME");
  app.add_option("--embeddings", options.embeddings,
                 "Run whose embeddings make clusters (default: the newest that has any)")
      ->type_name("RUN");
  app.add_option("--where", options.where, "Filter: only these samples are looked at")
      ->type_name("EXPR");
  app.add_option("--seed", options.seed, "Of the two halves and of the clusters (default 1)")
      ->type_name("N");
  add_find_options(app, options.tag, options.who, *arguments,
                   {"Tag the samples of all slices, to review them", "Who tags, for the record",
                    "How many to show, 0 for all (default 10)"});
  return find_kind(arguments, jobs::find_slices, print_slices, tell_slices);
}

}  // namespace errata::cli

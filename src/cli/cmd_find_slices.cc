#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_slices_job.h"

namespace errata::cli {

namespace {

using SliceArguments = FindArguments<jobs::FindSlicesOptions>;

// In a table for people, what four digits would round to 0 is told as less than their least.
Cell p_cell(double p, bool for_people) {
  constexpr double kLeast = 0.0001;
  if (for_people && p < kLeast) return fmt::format("<{}", kLeast);
  return p;
}

ResultTable slice_table(const jobs::FindSlicesReport& report, size_t limit, bool for_people) {
  ResultTable table({{"rank", Align::kRight},
                     {"samples", Align::kRight},
                     {"accuracy", Align::kRight},
                     {"from", Align::kRight},
                     {"to", Align::kRight},
                     {"p", Align::kRight},
                     {"filter", Align::kLeft, 0, 120}});
  const size_t shown = limit == 0 ? report.slices.size() : std::min(limit, report.slices.size());
  for (size_t i = 0; i < shown; ++i) {
    const analysis::Slice& slice = report.slices[i].slice;
    table.add({static_cast<int64_t>(i + 1), static_cast<int64_t>(slice.rows), slice.accuracy,
               slice.low, slice.high, p_cell(slice.p_value, for_people), report.slices[i].filter});
  }
  return table;
}

void print_slices(CommandContext& context, const jobs::FindSlicesReport& report,
                  const SliceArguments& arguments) {
  const TableFormat format = parse_table_format(arguments.format);
  const ResultTable table =
      slice_table(report, arguments.limit, format == TableFormat::kTable && !context.json());
  if (context.json()) {
    return context.print_json(text::Json::object({{"kind", "slices"},
                                                  {"run", report.state.run},
                                                  {"looked_at", report.looked_at},
                                                  {"groups", report.groups},
                                                  {"candidates", report.candidates},
                                                  {"accuracy", report.accuracy},
                                                  {"slices", report.slices.size()},
                                                  {"tagged", report.tagged.edits.size()},
                                                  {"lacks", report.lacks},
                                                  {"rows", to_json_value(table)}}));
  }
  context.print_table(table, format);
  if (format == TableFormat::kTable) {
    context.print_text(fmt::format(
        "\n{} of {} large enough in {}; accuracy of all {:.4f}\nfound on one half, measured and "
        "confirmed on the other: {} taken there; were nothing weak, any would be told 5 times in "
        "100 at most\n{}",
        plural(report.slices.size(), "weak slice"), plural(report.groups, "group"),
        plural(report.looked_at, "sample"), report.accuracy, plural(report.candidates, "candidate"),
        report.lacks));
  }
  if (!report.state.run_choice.empty()) context.note(report.state.run_choice);
  if (!note_tagged(context, report.tagged, arguments.options.tag) && !report.slices.empty()) {
    context.note(
        fmt::format("to see the first: errata view --filter \"{}\"", report.slices.front().filter));
  }
  for (const std::string& warning : report.warnings) context.warn(warning);
}

}  // namespace

CommandBody setup_find_slices(CLI::App& app) {
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
  add_find_options(app, options.tag, options.who, arguments->limit, arguments->format,
                   {"Tag the samples of all slices, to review them", "Who tags, for the record",
                    "How many to show, 0 for all (default 10)"});
  return find_body(arguments, jobs::find_slices, print_slices);
}

}  // namespace errata::cli

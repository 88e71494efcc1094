#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/split_job.h"

namespace errata::cli {

namespace {

ResultTable split_table(const jobs::SplitJobReport& report) {
  std::vector<ResultColumn> columns{{"class", Align::kLeft, 0, 30}};
  for (const auto& part : report.parts) columns.push_back({part.name, Align::kRight});
  ResultTable table(columns);
  for (size_t i = 0; i <= report.class_names.size(); ++i) {
    const bool unlabelled = i == report.class_names.size();
    int64_t total = 0;
    for (const auto& part : report.parts) total += part.per_class[i];
    if (unlabelled && total == 0) continue;
    std::vector<Cell> row{unlabelled ? std::string("(no label)") : report.class_names[i]};
    for (const auto& part : report.parts) row.emplace_back(part.per_class[i]);
    table.add(std::move(row));
  }
  std::vector<Cell> sums{std::string("all")};
  for (const auto& part : report.parts) sums.emplace_back(part.samples);
  table.add(std::move(sums));
  return table;
}

void print_split(CommandContext& context, const jobs::SplitJobReport& report, bool dry_run) {
  if (context.json()) {
    context.print_json(
        text::Json::object({{"parts", to_json_value(split_table(report))},
                            {"placed", report.placed},
                            {"without_part", report.without_part},
                            {"groups", report.groups},
                            {"straddling_groups", report.straddling_groups},
                            {"worst_deviation", report.worst_deviation},
                            {"changed", report.batch.edits.size()},
                            {"batch", report.batch.batch},
                            {"recipe", text::parse_json(report.recipe_json, "recipe")}}));
    return;
  }
  std::string text = split_table(report).to_text();
  text += fmt::format("\n{} placed", plural(report.placed, "sample"));
  if (report.without_part > 0) {
    text += fmt::format(", {} in no part", with_thousands(report.without_part));
  }
  if (report.groups > 0) text += fmt::format(", {} kept together", plural(report.groups, "group"));
  text += dry_run ? "; nothing was changed (--dry-run)\n"
                  : fmt::format("; {} changed\n", plural(report.batch.edits.size(), "sample"));
  context.print_text(text);
  if (report.straddling_groups > 0) {
    context.warn(fmt::format("{} lay in several parts before and still do",
                             plural(report.straddling_groups, "group")));
  }
}

}  // namespace

CommandBody setup_split(CLI::App& app) {
  auto options = std::make_shared<jobs::SplitJobOptions>();
  app.add_option("PARTS", options->parts,
                 "train=0.8,val=0.1,test=0.1; counts (test=1000), percents and `rest` work too");
  app.add_option("--folds", options->folds, "k parts of equal size instead: fold0, fold1, ...")
      ->type_name("K");
  app.add_option("--group", options->groups,
                 "Keep samples together that agree in this column (attr.patient) or in `content`")
      ->type_name("COLUMN");
  app.add_flag("--extend", options->extend,
               "Everyone who has a split stays there; only the others are placed");
  app.add_flag_function(
      "--no-stratify", [options = options.get()](int64_t) { options->stratify = false; },
      "Do not balance the classes");
  app.add_option("--seed", options->seed, "Seed of the draw (default 1)")->type_name("N");
  app.add_option("--where", options->where, "Filter: only these (default: all not excluded)")
      ->type_name("EXPR");
  app.add_flag("--dry-run", options->dry_run, "Show the split, change nothing");
  app.add_option("--who", options->who, "Who splits")->type_name("NAME");
  app.add_option("-m,--why", options->why, "Why, for the log")->type_name("TEXT");
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    if (options->who.empty()) options->who = jobs::default_who();
    print_split(context, jobs::run_split(*options), options->dry_run);
  };
}

}  // namespace errata::cli

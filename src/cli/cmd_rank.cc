#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/object_reports.h"
#include "cli/reports.h"
#include "jobs/find_boxes_job.h"
#include "jobs/rank_job.h"

namespace errata::cli {

namespace {

ResultTable table_of(const jobs::RankReport& report) {
  const Table& samples = report.state.snapshot.samples;
  std::vector<std::string> names{"path", "label"};
  for (const char* name : {"prediction", "confidence", "verdict"}) {
    if (samples.find(name) != nullptr) names.emplace_back(name);
  }
  const bool is_there =
      report.score == "confidence" || report.score == "confident_mistake" || report.score == "id";
  if (!is_there) names.push_back(report.score);
  for (const char* name : {"split", "review", "source"}) {
    if (samples.find(name) != nullptr) names.emplace_back(name);
  }
  std::vector<ResultColumn> columns{{"rank", Align::kRight}, {"id", Align::kRight}};
  for (const std::string& name : names) {
    const Column* column = samples.find(name);
    const bool number = column != nullptr &&
                        (column->type == ColumnType::kFloat ||
                         column->type == ColumnType::kDouble || column->type == ColumnType::kInt);
    columns.push_back({name, number ? Align::kRight : Align::kLeft});
  }
  ResultTable table(columns);
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const RowIndex row = report.rows[i];
    std::vector<Cell> cells{static_cast<int64_t>(i + 1), report.state.snapshot.ids[row]};
    for (const std::string& name : names) cells.push_back(cell_of(samples, name, row));
    table.add(std::move(cells));
  }
  return table;
}

void print_json(CommandContext& context, const jobs::RankReport& report, const ResultTable& table) {
  context.print_json(text::Json::object({{"score", report.score},
                                         {"worst", report.worst == Worst::kHigh ? "high" : "low"},
                                         {"run", report.state.run},
                                         {"ranked", report.ranked},
                                         {"excluded", report.excluded},
                                         {"lacks", report.lacks},
                                         {"warnings", texts_json(report.warnings)},
                                         {"rows", to_json_value(table)}}));
}

void print_notes(CommandContext& context, const jobs::RankReport& report) {
  std::string line = fmt::format("{} of {} shown, by {}", with_thousands(report.rows.size()),
                                 plural(report.ranked, "sample"), report.score);
  if (!report.state.run.empty()) {
    line += ", " + (report.state.run_choice.empty() ? fmt::format("run '{}'", report.state.run)
                                                    : report.state.run_choice);
  }
  if (report.excluded > 0) line += fmt::format("; {} excluded", with_thousands(report.excluded));
  context.note(line);
  if (!report.lacks.empty()) context.note(report.lacks);
  for (const std::string& warning : report.warnings) context.warn(warning);
}

void rank_objects(CommandContext& context, const jobs::RankObjectsOptions& options,
                  const std::string& format) {
  jobs::JobContext job = context.job();
  const jobs::RankObjectsReport report = jobs::rank_objects(options, job);
  context.end_progress();
  const ResultTable table = object_table(report.judged, report.rows, report.score);
  if (context.json()) {
    return context.print_json(
        text::Json::object({{"score", report.score},
                            {"worst", report.worst == Worst::kHigh ? "high" : "low"},
                            {"run", report.judged.state.run},
                            {"confidence", report.judged.confidence},
                            {"iou", report.judged.overlap},
                            {"stored_at", report.judged.stored_at},
                            {"ranked", report.ranked},
                            {"excluded", report.judged.excluded},
                            {"lacks", report.lacks},
                            {"warnings", texts_json(report.judged.warnings)},
                            {"rows", to_json_value(table)}}));
  }
  context.print_table(table, parse_table_format(format));
  context.note(fmt::format("{} of {} shown, by {}, run '{}', {}",
                           with_thousands(report.rows.size()), plural(report.ranked, "object"),
                           report.score, report.judged.state.run, thresholds_text(report.judged)));
  if (!report.lacks.empty()) context.note(report.lacks);
  for (const std::string& warning : report.judged.warnings) context.warn(warning);
}

}  // namespace

CommandBody setup_rank(CLI::App& app) {
  auto options = std::make_shared<jobs::RankOptions>();
  auto format = std::make_shared<std::string>("table");
  auto boxes = std::make_shared<jobs::RankObjectsOptions>();
  auto objects = std::make_shared<bool>(false);
  app.add_option("--by", options->by,
                 "confident-mistakes, margin, entropy, loss, self-confidence, or a number column; "
                 "`errata scores` explains them (default confident-mistakes)")
      ->type_name("SCORE");
  add_judge_options(app, boxes->judge,
                    "Run whose predictions are meant, with --objects one of detections "
                    "(default: the newest)");
  app.add_flag("--objects", *objects,
               "Annotations and detections in place of samples, by label-doubt and the like; "
               "--where is of objects then");
  app.add_option("--samples", boxes->judge.where, "With --objects: only those of these samples")
      ->type_name("EXPR");
  app.add_option("--where", options->where, "Filter, as in \"split = 'test'\"")->type_name("EXPR");
  app.add_option("-n,--limit", options->limit, "How many to show, 0 for all (default 20)")
      ->type_name("N");
  add_format_option(app, *format);
  return [options, format, boxes, objects, &app](CommandContext& context) {
    options->store_path = context.store_path();
    options->run = boxes->judge.run;
    if (*objects) {
      boxes->judge.store_path = options->store_path;
      boxes->where = options->where;
      boxes->limit = options->limit;
      if (app.count("--by") > 0) boxes->by = options->by;
      return rank_objects(context, *boxes, *format);
    }
    const jobs::RankReport report = jobs::rank_samples(*options);
    const ResultTable table = table_of(report);
    if (context.json()) return print_json(context, report, table);
    context.print_table(table, parse_table_format(*format));
    print_notes(context, report);
  };
}

}  // namespace errata::cli

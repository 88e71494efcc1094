#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "cli/find_parts.h"
#include "cli/object_reports.h"
#include "jobs/find_boxes_job.h"

namespace errata::cli {

namespace {

using BoxArguments = FindArguments<jobs::FindBoxesOptions>;

constexpr size_t kShownAlone = 20;

constexpr std::array kDoubts{"class", "place", "spurious", "copy", "missing"};
constexpr std::array kVerdicts{"label", "model", "ambiguous"};

ResultTable error_table(const jobs::FindBoxesReport& report) {
  ResultTable table({{"error"}, {"detections", Align::kRight}, {"annotations", Align::kRight}});
  for (size_t i = 0; i < report.detections.size(); ++i) {
    table.add({std::string(object_error_name(static_cast<ObjectError>(i))),
               static_cast<int64_t>(report.detections[i]),
               static_cast<int64_t>(report.objects[i])});
  }
  return table;
}

ResultTable image_table(const jobs::FindBoxesReport& report, size_t limit) {
  std::vector<ResultColumn> columns{
      {"rank", Align::kRight}, {"id", Align::kRight}, {"path", Align::kLeft, 0, 40}};
  for (const char* name : {"ap_part", "annotations", "detections"}) {
    columns.push_back({name, Align::kRight});
  }
  for (size_t i = 1; i < 7; ++i) {
    columns.push_back({std::string(object_error_name(static_cast<ObjectError>(i))), Align::kRight});
  }
  for (const char* name : {"in_doubt", "objectlab", "mistakenness"}) {
    columns.push_back({name, Align::kRight});
  }
  ResultTable table(columns);
  const Snapshot& snapshot = report.judged.state.snapshot;
  for (size_t i = 0; i < limit; ++i) {
    const jobs::ImageRow& row = report.images[i];
    std::vector<Cell> cells{static_cast<int64_t>(i + 1),
                            snapshot.ids[row.sample],
                            snapshot.samples.find("path")->display(row.sample),
                            row.ap_part,
                            static_cast<int64_t>(row.objects),
                            static_cast<int64_t>(row.detections)};
    for (size_t error = 1; error < 7; ++error) {
      cells.emplace_back(static_cast<int64_t>(row.errors[error]));
    }
    cells.emplace_back(static_cast<int64_t>(row.in_doubt));
    cells.emplace_back(row.objectlab);
    cells.emplace_back(row.mistakenness < 0 ? std::nan("") : row.mistakenness);
    table.add(std::move(cells));
  }
  return table;
}

template <typename Names, typename Counts>
text::Json counts_json(const Names& names, const Counts& counts) {
  text::Json json = text::Json::object();
  for (size_t i = 0; i < counts.size(); ++i) json[names[i]] = counts[i];
  return json;
}

ResultTable queue_table(const jobs::FindBoxesReport& report, size_t shown) {
  return object_table(report.judged, std::span(report.queue).first(shown), "iou");
}

ResultTable image_table(const jobs::FindBoxesReport& report, const BoxArguments& arguments) {
  return image_table(report, arguments.shown(report.images.size(), kShownAlone));
}

text::Json report_json(const jobs::FindBoxesReport& report, const BoxArguments& arguments) {
  const ResultTable queue = queue_table(report, arguments.shown(report.queue.size(), kShownAlone));
  text::Json json = text::Json::object({{"kind", "boxes"},
                                        {"run", report.judged.state.run},
                                        {"confidence", report.judged.confidence},
                                        {"iou", report.judged.overlap},
                                        {"stored_at", report.judged.stored_at},
                                        {"images", report.judged.input.images},
                                        {"excluded", report.judged.excluded},
                                        {"errors", to_json_value(error_table(report))},
                                        {"doubts", counts_json(kDoubts, report.doubts)},
                                        {"verdicts", counts_json(kVerdicts, report.verdicts)},
                                        {"in_doubt", report.queue.size()},
                                        {"decided", report.decided},
                                        {"warnings", texts_json(report.judged.warnings)},
                                        {"rows", to_json_value(queue)}});
  if (arguments.options.images) {
    json["images_by_ap"] = to_json_value(image_table(report, arguments));
  }
  return json;
}

Told tell_boxes(const jobs::FindBoxesReport& report, const BoxArguments& arguments,
                const IssueLog&) {
  Told told{.found = report.queue.size(),
            .what = fmt::format("objects in doubt: run '{}' speaks against {}",
                                report.judged.state.run, plural(report.verdicts[0], "label"))};
  told.shown = arguments.shown(report.queue.size());
  told.worst = queue_table(report, told.shown);
  told.warnings = report.judged.warnings;
  told.report = report_json(report, arguments);
  return told;
}

void print_report(CommandContext& context, const jobs::FindBoxesReport& report,
                  const BoxArguments& arguments) {
  if (context.json()) return context.print_json(report_json(report, arguments));
  const ResultTable queue = queue_table(report, arguments.shown(report.queue.size(), kShownAlone));
  const ResultTable images = image_table(report, arguments);
  const TableFormat format = parse_table_format(arguments.format);
  if (format != TableFormat::kTable) {
    context.print_table(arguments.options.images ? images : queue, format);
  } else {
    const auto& choice = report.judged.state.run_choice;
    context.print_text(
        fmt::format("{}, {}\n\n{}\n",
                    choice.empty() ? fmt::format("run '{}'", report.judged.state.run) : choice,
                    thresholds_text(report.judged), error_table(report).to_text()));
    context.print_text(queue.to_text());
    if (arguments.options.images) {
      context.print_text("\nimages, those that lower the average precision most first\n" +
                         images.to_text());
    }
    std::string line = fmt::format("{} in doubt:", plural(report.queue.size(), "object"));
    for (size_t i = 0; i < kDoubts.size(); ++i) {
      line +=
          fmt::format("{} {} {}", i == 0 ? "" : ",", with_thousands(report.doubts[i]), kDoubts[i]);
    }
    context.note(line);
    if (report.decided > 0) {
      context.note(fmt::format(
          "{} were decided on by a person: {}", plural(report.decided, "object"),
          arguments.options.decided ? "listed as well" : "--decided lists them as well"));
    }
    context.note(fmt::format("verdicts: {} the label, {} the model, {} ambiguous",
                             with_thousands(report.verdicts[0]), with_thousands(report.verdicts[1]),
                             with_thousands(report.verdicts[2])));
  }
  for (const std::string& warning : report.judged.warnings) context.warn(warning);
}

}  // namespace

FindKind setup_find_boxes(CLI::App& app) {
  auto arguments = std::make_shared<BoxArguments>();
  jobs::FindBoxesOptions& options = arguments->options;
  add_judge_options(app, options.judge);
  app.add_option("--samples", options.judge.where,
                 "Only objects of these samples, as in \"split = 'val'\"")
      ->type_name("EXPR");
  app.add_option("--where", options.where,
                 "Only these objects, as in \"error = 'localisation' and area_px < 1024\"")
      ->type_name("EXPR");
  app.add_flag("--images", options.images,
               "List images too: what each takes from the average precision, its errors");
  app.add_flag("--decided", options.decided,
               "List in the queue what a person decided already as well");
  app.add_option("-n,--limit", arguments->limit, "How many to show, 0 for all (default 20)")
      ->type_name("N");
  add_format_option(app, arguments->format);
  return find_kind(arguments, jobs::find_boxes, print_report, tell_boxes);
}

}  // namespace errata::cli

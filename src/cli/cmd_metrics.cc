// metrics and compare.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/detection_reports.h"
#include "cli/reports.h"
#include "jobs/metrics_job.h"

namespace errata::cli {

namespace {

using analysis::ClassificationMetrics;
using analysis::Interval;

struct Headline {
  std::string name;
  Interval interval;
};

std::vector<Headline> headlines(const ClassificationMetrics& metrics) {
  std::vector<Headline> lines{{"accuracy", metrics.accuracy},
                              {"balanced_accuracy", metrics.balanced_accuracy}};
  for (const auto& [k, interval] : metrics.top_k) {
    if (k > 1) lines.push_back({fmt::format("top_{}", k), interval});
  }
  lines.push_back({"macro_precision", metrics.macro.precision});
  lines.push_back({"macro_recall", metrics.macro.recall});
  lines.push_back({"macro_f1", metrics.macro.f1});
  lines.push_back({"weighted_precision", metrics.weighted.precision});
  lines.push_back({"weighted_recall", metrics.weighted.recall});
  lines.push_back({"weighted_f1", metrics.weighted.f1});
  if (metrics.has_probabilities) {
    lines.push_back({"log_loss", metrics.log_loss});
    lines.push_back({"brier", metrics.brier});
  }
  if (metrics.has_confidence) lines.push_back({"ece", metrics.calibration.ece});
  return lines;
}

ResultTable headline_table(const ClassificationMetrics& metrics) {
  ResultTable table({{"metric"},
                     {"value", Align::kRight},
                     {"low_95", Align::kRight},
                     {"high_95", Align::kRight}});
  for (const Headline& line : headlines(metrics)) {
    table.add({line.name, line.interval.value, line.interval.low, line.interval.high});
  }
  return table;
}

ResultTable class_table(const jobs::MetricsReport& report) {
  ResultTable table({{"class"},
                     {"support", Align::kRight},
                     {"predicted", Align::kRight},
                     {"precision", Align::kRight},
                     {"recall", Align::kRight},
                     {"f1", Align::kRight}});
  for (size_t i = 0; i < report.metrics.per_class.size(); ++i) {
    const analysis::ClassMetrics& one = report.metrics.per_class[i];
    table.add(
        {report.class_names[i], one.support, one.predicted, one.precision, one.recall, one.f1});
  }
  return table;
}

// Of more classes only what occurs is listed: a matrix of 12,000 would have 144 million cells.
constexpr size_t kMostInMatrix = 1000;

std::string predicted_name(const jobs::MetricsReport& report, ClassIndex prediction) {
  const auto index = static_cast<size_t>(prediction);
  return index < report.class_names.size() ? report.class_names[index] : "(not in project)";
}

ResultTable confusion_list(const jobs::MetricsReport& report) {
  ResultTable table({{"label"}, {"prediction"}, {"samples", Align::kRight}});
  for (const analysis::ClassPairCount& cell : report.metrics.confusion) {
    table.add({report.class_names[static_cast<size_t>(cell.label)],
               predicted_name(report, cell.prediction), cell.count});
  }
  return table;
}

ResultTable confusion_table(const jobs::MetricsReport& report) {
  if (report.class_names.size() > kMostInMatrix) return confusion_list(report);
  std::vector<ResultColumn> columns{{"label", Align::kLeft, 0, 20}};
  for (const std::string& name : report.class_names) {
    columns.push_back({shorten_utf8(name, 20), Align::kRight});
  }
  const bool others = report.metrics.unknown_predictions > 0;
  if (others) columns.push_back({"(not in project)", Align::kRight});
  ResultTable table(columns);
  const size_t classes = report.class_names.size();
  for (size_t i = 0; i < classes; ++i) {
    std::vector<Cell> row{report.class_names[i]};
    for (size_t j = 0; j < classes + (others ? 1 : 0); ++j) {
      row.emplace_back(
          report.metrics.confused(static_cast<ClassIndex>(i), static_cast<ClassIndex>(j)));
    }
    table.add(std::move(row));
  }
  return table;
}

ResultTable calibration_table(const ClassificationMetrics& metrics) {
  ResultTable table({{"confidence_from", Align::kRight, 2},
                     {"to", Align::kRight, 2},
                     {"samples", Align::kRight},
                     {"mean_confidence", Align::kRight},
                     {"accuracy", Align::kRight}});
  for (const analysis::CalibrationBin& bin : metrics.calibration.bins) {
    if (bin.count == 0) continue;
    table.add({bin.low, bin.high, bin.count, bin.mean_confidence, bin.accuracy});
  }
  return table;
}

text::Json confusion_json(const jobs::MetricsReport& report) {
  const ClassificationMetrics& metrics = report.metrics;
  text::Json confusion = text::Json::array();
  if (metrics.classes > kMostInMatrix) {
    for (const analysis::ClassPairCount& cell : metrics.confusion) {
      const bool known = static_cast<size_t>(cell.prediction) < metrics.classes;
      confusion.push_back(text::Json::object(
          {{"given", report.class_names[static_cast<size_t>(cell.label)]},
           {"predicted", known ? text::Json(predicted_name(report, cell.prediction)) : nullptr},
           {"count", cell.count}}));
    }
    return confusion;
  }
  for (size_t i = 0; i < metrics.classes; ++i) {
    text::Json row = text::Json::array();
    for (size_t j = 0; j <= metrics.classes; ++j) {
      row.push_back(metrics.confused(static_cast<ClassIndex>(i), static_cast<ClassIndex>(j)));
    }
    confusion.push_back(row);
  }
  return confusion;
}

text::Json report_json(const jobs::MetricsReport& report) {
  const ClassificationMetrics& metrics = report.metrics;
  text::Json numbers = text::Json::object();
  for (const Headline& line : headlines(metrics)) {
    numbers[line.name] = text::Json::object(
        {{"value", line.interval.value}, {"low", line.interval.low}, {"high", line.interval.high}});
  }
  return text::Json::object({{"run", report.run},
                             {"selected", report.selected},
                             {"excluded", report.excluded},
                             {"measured", metrics.rows},
                             {"without_label", metrics.without_label},
                             {"without_prediction", metrics.without_prediction},
                             {"unknown_predictions", metrics.unknown_predictions},
                             {"metrics", numbers},
                             {"per_class", to_json_value(class_table(report))},
                             {"classes", texts_json(report.class_names)},
                             {"confusion", confusion_json(report)},
                             {"calibration", to_json_value(calibration_table(metrics))},
                             {"warnings", texts_json(report.warnings)}});
}

std::string measured_line(const jobs::MetricsReport& report) {
  const ClassificationMetrics& metrics = report.metrics;
  std::string line = fmt::format(
      "{} on {}",
      report.run_choice.empty() ? fmt::format("run '{}'", report.run) : report.run_choice,
      plural(static_cast<uint64_t>(metrics.rows), "sample"));
  const auto left_out = [&](int64_t count, std::string_view why) {
    if (count > 0)
      line += fmt::format(", {} {}", with_thousands(static_cast<uint64_t>(count)), why);
  };
  left_out(metrics.without_label, "left out without a label");
  left_out(metrics.without_prediction, "left out without a prediction");
  left_out(static_cast<int64_t>(report.excluded), "excluded");
  return line;
}

struct MetricArguments {
  jobs::MetricsOptions options;
  jobs::DetectionMetricsOptions detection;  // for a run of detections
  std::string format = "table";
  bool confusion = false;
  bool calibration = false;
  std::string run_a;
  std::string run_b;
};

constexpr size_t kSmallMatrix = 12;

void print_metrics(CommandContext& context, const jobs::MetricsReport& report,
                   const MetricArguments& arguments) {
  const TableFormat format = parse_table_format(arguments.format);
  if (context.json()) {
    context.print_json(report_json(report));
  } else if (format != TableFormat::kTable) {
    const ResultTable table = arguments.confusion     ? confusion_table(report)
                              : arguments.calibration ? calibration_table(report.metrics)
                                                      : headline_table(report.metrics);
    context.print_table(table, format);
  } else {
    std::string text = measured_line(report) + "\n\n" + headline_table(report.metrics).to_text() +
                       "\n" + class_table(report).to_text();
    if (arguments.confusion || report.class_names.size() <= kSmallMatrix) {
      if (report.class_names.size() <= kMostInMatrix) {
        text += "\nrows: label, columns: prediction";
      }
      text += "\n" + confusion_table(report).to_text();
    }
    if (arguments.calibration && report.metrics.has_confidence) {
      text += "\n" + calibration_table(report.metrics).to_text();
    }
    context.print_text(text);
  }
  for (const std::string& warning : report.warnings) context.warn(warning);
}

void add_metric_options(CLI::App& app, MetricArguments& arguments) {
  app.add_option("--where", arguments.options.where, "Filter, as in \"split = 'test'\"")
      ->type_name("EXPR");
  app.add_option("--resamples", arguments.options.resamples,
                 "Bootstrap resamples behind the 95 % intervals: 1000 or more (default 2000; "
                 "detections 1000, and 0 for no intervals)")
      ->type_name("N");
  app.add_option("--seed", arguments.options.seed, "Seed of the bootstrap (default 1)")
      ->type_name("N");
}

void refuse_nothing_measured(const jobs::MetricsReport& report) {
  if (report.metrics.rows > 0) return;
  throw Error(ErrorCategory::kNotFound, "there is nothing to measure: " + measured_line(report),
              "The filter has to select samples that have a label and a prediction.");
}

ResultTable compare_table(const jobs::CompareReport& report) {
  ResultTable table(
      {{"metric"},
       {report.a.run, Align::kRight},
       {report.b.run == report.a.run ? report.b.run + " again" : report.b.run, Align::kRight},
       {"difference", Align::kRight}});
  const std::vector<Headline> a = headlines(report.a.metrics);
  const std::vector<Headline> b = headlines(report.b.metrics);
  for (const Headline& line : a) {
    const auto other = std::find_if(
        b.begin(), b.end(), [&](const Headline& candidate) { return candidate.name == line.name; });
    if (other == b.end()) continue;
    table.add({line.name, line.interval.value, other->interval.value,
               other->interval.value - line.interval.value});
  }
  return table;
}

void print_compare(CommandContext& context, const jobs::CompareReport& report,
                   const MetricArguments& arguments) {
  if (context.json()) {
    context.print_json(text::Json::object({{"a", report_json(report.a)},
                                           {"b", report_json(report.b)},
                                           {"both_right", report.both_right},
                                           {"only_a_right", report.only_a_right},
                                           {"only_b_right", report.only_b_right},
                                           {"both_wrong", report.both_wrong},
                                           {"mcnemar_p", report.mcnemar_p}}));
    return;
  }
  context.print_table(compare_table(report), parse_table_format(arguments.format));
  if (arguments.format == "table") {
    context.print_text(fmt::format(
        "\non {} that both predict: both right {}, only {} {}, only {} {}, both wrong {}\n"
        "exact McNemar test that they are equally often right: p = {:.2g}\n",
        plural(static_cast<uint64_t>(report.a.metrics.rows), "sample"),
        with_thousands(report.both_right), report.a.run, with_thousands(report.only_a_right),
        report.b.run, with_thousands(report.only_b_right), with_thousands(report.both_wrong),
        report.mcnemar_p));
  }
  for (const std::string& warning : report.a.warnings) context.warn(warning);
  for (const std::string& warning : report.b.warnings) context.warn(warning);
}

jobs::DetectionMetricsOptions detection_options(const MetricArguments& arguments,
                                                bool resamples_given) {
  jobs::DetectionMetricsOptions options = arguments.detection;
  options.store_path = arguments.options.store_path;
  options.run = arguments.options.run;
  options.where = arguments.options.where;
  options.seed = arguments.options.seed;
  if (resamples_given) options.resamples = arguments.options.resamples;
  return options;
}

// An option that cannot have an effect on a run is an error, not nothing.
void refuse_given(const CLI::App& app, std::initializer_list<const char*> names,
                  std::string_view wanted, std::string_view held) {
  for (const char* name : names) {
    if (app.count(name) == 0) continue;
    throw Error(ErrorCategory::kUsage, fmt::format("{} is for a run of {}", name, wanted),
                fmt::format("This run holds {}: leave it out, or name another with --run.", held));
  }
}

// Of a run of detections.
void measure_boxes(CommandContext& context, const MetricArguments& arguments,
                   bool resamples_given) {
  const jobs::DetectionMetricsOptions options = detection_options(arguments, resamples_given);
  jobs::JobContext job = context.job();
  const jobs::DetectionMetricsReport report = jobs::measure_detections(options, job);
  context.end_progress();
  print_detection_metrics(context, report, arguments.format);
}

void compare_boxes(CommandContext& context, const MetricArguments& arguments) {
  jobs::DetectionMetricsOptions options = detection_options(arguments, false);
  options.resamples = 0;
  jobs::JobContext job = context.job();
  options.run = arguments.run_a;
  const jobs::DetectionMetricsReport a = jobs::measure_detections(options, job);
  options.run = arguments.run_b;
  const jobs::DetectionMetricsReport b = jobs::measure_detections(options, job);
  context.end_progress();
  print_detection_comparison(context, a, b, arguments.format);
}

}  // namespace

CommandBody setup_metrics(CLI::App& app) {
  auto arguments = std::make_shared<MetricArguments>();
  app.add_option("--run", arguments->options.run, "Run to measure (default: the newest)")
      ->type_name("NAME");
  app.add_option("--top-k", arguments->options.top_k, "Top-k accuracies (default 1 5)")
      ->type_name("K");
  app.add_option("--bins", arguments->options.calibration_bins,
                 "Bins of the calibration error (default 15)")
      ->type_name("N");
  app.add_flag("--confusion", arguments->confusion,
               "Print the confusion matrix however large; of more than 1,000 classes the pairs of "
               "classes that occur");
  app.add_flag("--calibration", arguments->calibration, "Print the reliability bins");
  app.add_option("--iou", arguments->detection.overlap,
                 "Detections: overlap of the curves, TIDE and the confusion matrix (default 0.5)")
      ->type_name("IOU");
  app.add_option("--confidence", arguments->detection.confidence,
                 "Detections: confidence of the confusion matrix (default: where F1 is best)")
      ->type_name("C");
  app.add_flag("--masks", arguments->detection.masks, "Detections: measure outlines, not boxes");
  app.add_flag(
      "--leave-out-difficult", arguments->detection.leave_out_difficult,
      "Detections: annotations marked difficult count neither way, as in VOC's evaluation");
  add_metric_options(app, *arguments);
  add_format_option(app, arguments->format);
  return [arguments, &app](CommandContext& context) {
    arguments->options.store_path = context.store_path();
    if (jobs::is_detection_run(arguments->options.store_path, arguments->options.run)) {
      refuse_given(app, {"--top-k", "--bins", "--confusion", "--calibration"}, "class predictions",
                   "boxes");
      return measure_boxes(context, *arguments, app.count("--resamples") > 0);
    }
    refuse_given(app, {"--iou", "--confidence", "--masks", "--leave-out-difficult"}, "boxes",
                 "class predictions");
    jobs::JobContext job = context.job();
    const jobs::MetricsReport report = jobs::measure(arguments->options, job);
    context.end_progress();
    refuse_nothing_measured(report);
    print_metrics(context, report, *arguments);
  };
}

CommandBody setup_compare(CLI::App& app) {
  auto arguments = std::make_shared<MetricArguments>();
  app.add_option("RUN_A", arguments->run_a, "A run")->required();
  app.add_option("RUN_B", arguments->run_b, "Another")->required();
  add_metric_options(app, *arguments);
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) {
    arguments->options.store_path = context.store_path();
    if (jobs::is_detection_run(arguments->options.store_path, arguments->run_a)) {
      return compare_boxes(context, *arguments);
    }
    jobs::JobContext job = context.job();
    const jobs::CompareReport report =
        jobs::compare_runs(arguments->options, arguments->run_a, arguments->run_b, job);
    context.end_progress();
    refuse_nothing_measured(report.a);
    print_compare(context, report, *arguments);
  };
}

}  // namespace errata::cli

#include "cli/detection_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "cli/reports.h"

namespace errata::cli {

namespace {

using analysis::DetectionKind;
using analysis::Interval;
using jobs::DetectionMetricsReport;

constexpr size_t kSmallMatrix = 12;
constexpr size_t kCurvePoints = 200;

// -1 and NaN: nothing to measure.
Cell number_cell(double value) {
  Cell cell;
  if (value > -1) cell = value;
  return cell;
}

struct Line {
  std::string name;
  double value = 0;
  Interval interval;
};

std::vector<Line> headlines(const DetectionMetricsReport& report) {
  std::vector<Line> lines;
  const auto names = jobs::coco_number_names();
  for (size_t i = 0; i < names.size(); ++i) {
    lines.push_back({std::string(names[i]), report.summary[i],
                     report.has_intervals ? report.intervals.summary[i] : Interval{}});
  }
  const analysis::DetectionCurve& all = report.curves.all;
  if (!all.empty()) {
    const analysis::CocoIntervals& intervals = report.intervals;
    lines.push_back({"best_f1", all.f1[all.best], intervals.f1});
    lines.push_back({"best_confidence", all.score[all.best], intervals.score});
  }
  return lines;
}

ResultTable headline_table(const DetectionMetricsReport& report) {
  std::vector<ResultColumn> columns{{"metric"}, {"value", Align::kRight}};
  if (report.has_intervals) {
    columns.push_back({"low_95", Align::kRight});
    columns.push_back({"high_95", Align::kRight});
  }
  ResultTable table(columns);
  for (const Line& line : headlines(report)) {
    std::vector<Cell> cells{line.name, number_cell(line.value)};
    if (report.has_intervals) {
      cells.push_back(number_cell(line.interval.low));
      cells.push_back(number_cell(line.interval.high));
    }
    table.add(std::move(cells));
  }
  return table;
}

ResultTable class_table(const DetectionMetricsReport& report) {
  std::vector<ResultColumn> columns{{"class"}, {"objects", Align::kRight}, {"ap", Align::kRight}};
  if (report.has_intervals) {
    columns.push_back({"low_95", Align::kRight});
    columns.push_back({"high_95", Align::kRight});
  }
  for (const char* name :
       {"ap_small", "ap_medium", "ap_large", "best_confidence", "precision", "recall", "f1"}) {
    columns.push_back({name, Align::kRight});
  }
  ResultTable table(columns);
  for (size_t k = 0; k < report.class_names.size(); ++k) {
    const analysis::DetectionCurve& curve = report.curves.per_class[k];
    std::vector<Cell> cells{report.class_names[k], static_cast<int64_t>(curve.objects),
                            number_cell(report.class_ap[k])};
    if (report.has_intervals) {
      cells.push_back(number_cell(report.intervals.class_ap[k].low));
      cells.push_back(number_cell(report.intervals.class_ap[k].high));
    }
    for (size_t area = 1; area < 4; ++area) {
      cells.push_back(number_cell(analysis::class_average_precision(report.coco, k, area)));
    }
    const bool known = !curve.empty() && curve.objects > 0;
    for (const auto* values : {&curve.score, &curve.precision, &curve.recall, &curve.f1}) {
      cells.push_back(number_cell(known ? (*values)[curve.best] : std::nan("")));
    }
    table.add(std::move(cells));
  }
  return table;
}

ResultTable tide_table(const DetectionMetricsReport& report) {
  ResultTable table({{"error"}, {"count", Align::kRight}, {"ap50_lost", Align::kRight, 2}});
  const auto count = [&](DetectionKind kind) {
    return static_cast<int64_t>(report.tide.count(kind));
  };
  const std::pair<const char*, DetectionKind> kKinds[]{
      {"class", DetectionKind::kClass},
      {"localisation", DetectionKind::kLocalisation},
      {"both", DetectionKind::kBoth},
      {"duplicate", DetectionKind::kDuplicate},
      {"background", DetectionKind::kBackground}};
  for (const auto& [name, kind] : kKinds) {
    table.add({std::string(name), count(kind), report.tide.gain(kind)});
  }
  const auto missed = std::count(report.tide.object_kinds.begin(), report.tide.object_kinds.end(),
                                 analysis::ObjectKind::kMissed);
  table.add({std::string("missed"), static_cast<int64_t>(missed), report.tide.missed_gain});
  return table;
}

ResultTable confusion_table(const DetectionMetricsReport& report) {
  std::vector<std::string> names = report.class_names;
  names.emplace_back("(nothing)");
  std::vector<ResultColumn> columns{{"object", Align::kLeft, 0, 20}};
  for (const std::string& name : names) {
    columns.push_back({shorten_utf8(name, 20), Align::kRight});
  }
  ResultTable table(columns);
  for (size_t row = 0; row < names.size(); ++row) {
    std::vector<Cell> cells{names[row]};
    for (size_t column = 0; column < names.size(); ++column) {
      cells.emplace_back(report.confusion.count(row, column));
    }
    table.add(std::move(cells));
  }
  return table;
}

std::string measured_line(const DetectionMetricsReport& report) {
  std::string line = fmt::format(
      "{}: {} on {} in {}",
      report.run_choice.empty() ? fmt::format("run '{}'", report.run) : report.run_choice,
      plural(report.detections, "detection"), plural(report.objects, "object"),
      plural(report.images, "image"));
  if (report.excluded > 0) line += fmt::format(", {} excluded", with_thousands(report.excluded));
  return line;
}

text::Json curve_json(const analysis::DetectionCurve& full) {
  const analysis::DetectionCurve curve = analysis::thin_curve(full, kCurvePoints);
  text::Json json = text::Json::object();
  const std::pair<const char*, const std::vector<double>*> kColumns[]{
      {"confidence", &curve.score},
      {"precision", &curve.precision},
      {"recall", &curve.recall},
      {"f1", &curve.f1}};
  for (const auto& [name, values] : kColumns) {
    json[name] = text::Json::array();
    for (const double value : *values) json[name].push_back(value);
  }
  return json;
}

text::Json known_json(double value) {
  return value > -1 ? text::Json(value) : text::Json();
}

text::Json report_json(const DetectionMetricsReport& report) {
  text::Json numbers = text::Json::object();
  for (const Line& line : headlines(report)) {
    text::Json one = text::Json::object({{"value", known_json(line.value)}});
    if (report.has_intervals) {
      one["low"] = known_json(line.interval.low);
      one["high"] = known_json(line.interval.high);
    }
    numbers[line.name] = one;
  }
  text::Json curves = text::Json::object({{"all", curve_json(report.curves.all)}});
  for (size_t k = 0; k < report.class_names.size(); ++k) {
    curves[report.class_names[k]] = curve_json(report.curves.per_class[k]);
  }
  text::Json confusion = text::Json::array();
  for (size_t row = 0; row <= report.class_names.size(); ++row) {
    text::Json cells = text::Json::array();
    for (size_t column = 0; column <= report.class_names.size(); ++column) {
      cells.push_back(report.confusion.count(row, column));
    }
    confusion.push_back(cells);
  }
  return text::Json::object({{"run", report.run},
                             {"kind", "detections"},
                             {"images", report.images},
                             {"excluded", report.excluded},
                             {"objects", report.objects},
                             {"detections", report.detections},
                             {"metrics", numbers},
                             {"classes", texts_json(report.class_names)},
                             {"per_class", to_json_value(class_table(report))},
                             {"tide", to_json_value(tide_table(report))},
                             {"iou", report.curves.overlap},
                             {"curves", curves},
                             {"confusion_confidence", report.confidence},
                             {"confusion", confusion},
                             {"warnings", texts_json(report.warnings)}});
}

}  // namespace

void print_detection_metrics(CommandContext& context, const DetectionMetricsReport& report,
                             const std::string& format_name) {
  const TableFormat format = parse_table_format(format_name);
  if (context.json()) {
    context.print_json(report_json(report));
  } else if (format != TableFormat::kTable) {
    context.print_table(headline_table(report), format);
  } else {
    std::string text = measured_line(report) + "\n\n" + headline_table(report).to_text() + "\n" +
                       class_table(report).to_text();
    text += fmt::format("\nwhat mending each kind of error would add to AP at IoU {} (TIDE)\n{}",
                        report.curves.overlap, tide_table(report).to_text());
    if (report.class_names.size() <= kSmallMatrix) {
      text += fmt::format(
          "\nrows: object, columns: detection of at least {:.3f} confidence and IoU {}\n{}",
          report.confidence, report.curves.overlap, confusion_table(report).to_text());
    }
    context.print_text(text);
  }
  for (const std::string& warning : report.warnings) context.warn(warning);
}

void print_detection_comparison(CommandContext& context, const DetectionMetricsReport& a,
                                const DetectionMetricsReport& b, const std::string& format) {
  if (context.json()) {
    context.print_json(text::Json::object({{"a", report_json(a)}, {"b", report_json(b)}}));
    return;
  }
  ResultTable table({{"metric"},
                     {a.run, Align::kRight},
                     {b.run == a.run ? b.run + " again" : b.run, Align::kRight},
                     {"difference", Align::kRight}});
  const auto add = [&](const std::string& name, double of_a, double of_b) {
    const bool known = of_a > -1 && of_b > -1;
    table.add({name, number_cell(of_a), number_cell(of_b),
               known ? Cell{of_b - of_a} : number_cell(std::nan(""))});
  };
  const std::vector<Line> lines_a = headlines(a);
  const std::vector<Line> lines_b = headlines(b);
  for (const Line& line : lines_a) {
    for (const Line& other : lines_b) {
      if (other.name == line.name) add(line.name, line.value, other.value);
    }
  }
  // Behind the project's classes each run has those that only it knows: numbers are not shared.
  for (size_t k = 0; k < a.class_names.size(); ++k) {
    const auto other = std::find(b.class_names.begin(), b.class_names.end(), a.class_names[k]);
    if (other == b.class_names.end()) continue;
    add("AP " + a.class_names[k], a.class_ap[k],
        b.class_ap[static_cast<size_t>(other - b.class_names.begin())]);
  }
  context.print_table(table, parse_table_format(format));
  for (const std::string& warning : a.warnings) context.warn(warning);
  for (const std::string& warning : b.warnings) context.warn(warning);
}

}  // namespace errata::cli

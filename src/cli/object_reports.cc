#include "cli/object_reports.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/reports.h"

namespace errata::cli {

namespace {

// A narrow table keeps the object, its error and the verdict longest.
int spare_of(const std::string& name) {
  constexpr std::array kLastFirst{"label_doubt", "iou", "kind",  "confidence",
                                  "x",           "y",   "width", "height"};
  const auto* found = std::find(kLastFirst.begin(), kLastFirst.end(), name);
  return found == kLastFirst.end() ? 0 : static_cast<int>(found - kLastFirst.begin()) + 1;
}

}  // namespace

ResultTable object_table(const jobs::JudgedObjects& judged, std::span<const RowIndex> rows,
                         const std::string& score) {
  std::vector<std::string> names{"kind", "label", "confidence", "error", "iou"};
  for (const char* name :
       {"label_doubt", "doubt", "suggested", "verdict", "x", "y", "width", "height"}) {
    names.emplace_back(name);
  }
  if (std::find(names.begin(), names.end(), score) == names.end()) {
    names.insert(names.begin() + 3, score);
  }
  const Table& table = judged.objects.table;
  std::vector<ResultColumn> columns{
      {"rank", Align::kRight}, {"id", Align::kRight}, {"path", Align::kLeft, 0, 40}};
  for (const std::string& name : names) {
    const Column* column = table.find(name);
    const bool number = column != nullptr && column->type != ColumnType::kCategory;
    const bool pixels = name == "x" || name == "y" || name == "width" || name == "height";
    columns.push_back(
        {name, number ? Align::kRight : Align::kLeft, pixels ? 1 : 3, 60, spare_of(name)});
  }
  ResultTable result(columns);
  const Column* path = judged.state.snapshot.samples.find("path");
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto sample = static_cast<RowIndex>(table.find("sample")->ints[rows[i]]);
    std::vector<Cell> cells{static_cast<int64_t>(i + 1), table.find("object_id")->ints[rows[i]],
                            path->display(sample)};
    for (const std::string& name : names) cells.push_back(cell_of(table, name, rows[i]));
    result.add(std::move(cells));
  }
  return result;
}

std::string thresholds_text(const jobs::JudgedObjects& judged) {
  const std::string text =
      fmt::format("matched at confidence {:g} and IoU {:g}", judged.confidence, judged.overlap);
  return judged.stored_at.empty() ? text : fmt::format("{} (stored {})", text, judged.stored_at);
}

void add_judge_options(CLI::App& app, jobs::JudgeOptions& options, const char* run_help) {
  app.add_option("--run", options.run, run_help)->type_name("NAME");
  app.add_option("--confidence", options.confidence,
                 "Detections below it are no errors and find nothing (default 0.25)")
      ->type_name("C");
  app.add_option("--iou", options.overlap, "Overlap from which a detection is right (default 0.5)")
      ->type_name("IOU");
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "model/scores.h"

namespace errata::cli {

namespace {

void run_scores(CommandContext& context) {
  ResultTable table({{"name"}, {"kind"}, {"worst"}, {"meaning", Align::kLeft, 0, 400}});
  for (const ScoreInfo& score : all_scores()) {
    table.add({std::string(score.name), std::string("score"),
               std::string(score.worst == Worst::kHigh ? "high" : "low"),
               std::string(score.sentence)});
  }
  for (const ColumnInfo& column : sample_columns()) {
    table.add({std::string(column.name), std::string(column_type_name(column.type)), Cell{},
               std::string(column.sentence)});
  }
  for (const ScoreInfo& score : object_scores()) {
    table.add({std::string(score.name), std::string("object score"),
               std::string(score.worst == Worst::kHigh ? "high" : "low"),
               std::string(score.sentence)});
  }
  for (const ColumnInfo& column : object_columns()) {
    table.add({std::string(column.name), fmt::format("object {}", column_type_name(column.type)),
               Cell{}, std::string(column.sentence)});
  }
  context.print_table(table);
}

}  // namespace

CommandBody setup_scores(CLI::App&) {
  return run_scores;
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/similar_job.h"

namespace errata::cli {

namespace {

ResultTable similar_table(const jobs::SimilarReport& report) {
  ResultTable table({{"rank", Align::kRight},
                     {"id", Align::kRight},
                     {"path"},
                     {"label"},
                     {"prediction"},
                     {"split"},
                     {"similarity", Align::kRight}});
  const Table& samples = report.state.snapshot.samples;
  const auto text = [&](const char* name, RowIndex row) {
    const Column* column = samples.find(name);
    return column == nullptr ? std::string() : column->display(row);
  };
  for (size_t i = 0; i < report.found.size(); ++i) {
    const RowIndex row = report.found[i].row;
    table.add({static_cast<int64_t>(i + 1), report.state.snapshot.ids[row], text("path", row),
               text("label", row), text("prediction", row), text("split", row),
               report.found[i].similarity});
  }
  return table;
}

}  // namespace

CommandBody setup_similar(CLI::App& app) {
  auto options = std::make_shared<jobs::SimilarOptions>();
  auto format = std::make_shared<std::string>("table");
  app.add_option("SAMPLE", options->like, "Paths, unique endings of paths, source ids, or id:N");
  app.add_option("--unlike", options->unlike, "Less like these")->type_name("SAMPLE");
  app.add_option("--embeddings", options->embeddings,
                 "Run whose embeddings are compared (default: the newest that has any)")
      ->type_name("RUN");
  app.add_option("--where", options->where, "Filter: only these samples are compared")
      ->type_name("EXPR");
  app.add_option("-n,--limit", options->limit, "How many to show, 0 for all (default 20)")
      ->type_name("N");
  add_format_option(app, *format);
  return [options, format](CommandContext& context) {
    options->store_path = context.store_path();
    jobs::JobContext job = context.job();
    const jobs::SimilarReport report = jobs::find_similar(*options, job);
    context.end_progress();
    const ResultTable table = similar_table(report);
    if (context.json()) {
      return context.print_json(text::Json::object({{"embeddings", report.run},
                                                    {"compared", report.compared},
                                                    {"rows", to_json_value(table)}}));
    }
    context.print_table(table, parse_table_format(*format));
    context.note(fmt::format(
        "{} of {}, by {}", with_thousands(report.found.size()), plural(report.compared, "sample"),
        report.run_choice.empty() ? fmt::format("the embeddings of run '{}'", report.run)
                                  : report.run_choice));
  };
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/map_job.h"

namespace errata::cli {

CommandBody setup_map(CLI::App& app) {
  auto options = std::make_shared<jobs::MapJobOptions>();
  app.add_option("--embeddings", options->embeddings,
                 "Run whose embeddings are laid out (default: the newest that has any)")
      ->type_name("RUN");
  app.add_option("--where", options->where, "Filter: only these samples are laid out")
      ->type_name("EXPR");
  app.add_option("--seed", options->seed, "The same seed gives the same map (default 1)")
      ->type_name("N");
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    jobs::JobContext job = context.job();
    const jobs::MapReport report = jobs::make_map(*options, job);
    context.end_progress();
    if (context.json()) {
      return context.print_json(text::Json::object({{"embeddings", report.run},
                                                    {"samples", report.samples},
                                                    {"columns", report.columns},
                                                    {"without_embedding", report.without},
                                                    {"trustworthiness", report.trustworthiness},
                                                    {"warnings", texts_json(report.warnings)}}));
    }
    context.print_text(fmt::format(
        "{} laid out by {} values each of run '{}'; trustworthiness {:.3f} (1: all neighbours on "
        "the map are neighbours)\n",
        plural(report.samples, "sample"), report.columns, report.run, report.trustworthiness));
    if (report.without > 0) {
      context.print_text(
          fmt::format("{} without an embedding\n", plural(report.without, "sample")));
    }
    for (const std::string& warning : report.warnings) context.warn(warning);
    if (!report.run_choice.empty()) context.note(report.run_choice);
    context.note("the places are stored: map_x and map_y, for filters, rank and other tools");
  };
}

}  // namespace errata::cli

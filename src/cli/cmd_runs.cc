#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "store/runs.h"

namespace errata::cli {

namespace {

std::string state_name(RunState state) {
  switch (state) {
    case RunState::kRunning: return "running";
    case RunState::kInterrupted: return "interrupted";
    case RunState::kComplete: return "complete";
  }
  return "";
}

text::Json run_json(const store::RunInfo& run) {
  text::Json classes = text::Json::array();
  for (size_t i = 0; i < run.spec.classes.size(); ++i) {
    classes.push_back(run.spec.classes[static_cast<ClassIndex>(i)].name);
  }
  text::Json preprocessing;
  if (!run.spec.preprocessing_json.empty()) {
    preprocessing = text::parse_json(run.spec.preprocessing_json, "preprocessing");
  }
  return text::Json::object({{"name", run.summary.name},
                             {"kind", run.summary.kind},
                             {"state", state_name(run.summary.state)},
                             {"model", to_valid_utf8(run.spec.model_path)},
                             {"model_sha256", run.spec.model_sha256},
                             {"classes", classes},
                             {"embedding_columns", run.spec.embedding_columns},
                             {"stage_columns", run.spec.stage_columns},
                             {"trained_on", run.spec.trained_on},
                             {"device", run.spec.device},
                             {"precision", run.spec.precision},
                             {"batch_size", run.spec.batch_size},
                             {"seed", run.spec.seed},
                             {"code_version", run.spec.code_version},
                             {"who", run.spec.who},
                             {"started_at", run.summary.started_at},
                             {"finished_at", run.summary.finished_at},
                             {"planned", run.plan_rows},
                             {"rows", run.rows},
                             {"predicted", run.summary.predicted_samples},
                             {"detections", run.detections},
                             {"unreadable", run.unreadable},
                             {"not_finite", run.not_finite},
                             {"stored_bytes", run.stored_bytes},
                             {"preprocessing", preprocessing}});
}

struct RunArguments {
  std::string name;
  std::string format = "table";
};

CommandBody setup_list(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
    context.print_table(runs_table(store), parse_table_format(arguments->format));
  };
}

CommandBody setup_show(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  app.add_option("NAME", arguments->name, "The run (default: the newest)");
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
    const text::Json json = run_json(store::read_run(store, arguments->name, true));
    if (context.json()) return context.print_json(json);
    std::string text;
    for (const auto& [key, value] : json.as_object()) {
      const bool empty = value.is_null() || (value.is_string() && value.as_string().empty());
      if (empty) continue;
      text += fmt::format("{:<18} {}\n", key, value.is_string() ? value.as_string() : value.dump());
    }
    context.print_text(text);
  };
}

CommandBody setup_delete(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  app.add_option("NAME", arguments->name, "The run")->required();
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kWrite);
    store::delete_run(store, arguments->name);
    if (context.json()) {
      return context.print_json(text::Json::object({{"deleted", arguments->name}}));
    }
    context.note(fmt::format("run '{}' deleted", arguments->name));
  };
}

}  // namespace

ResultTable runs_table(store::Store& store) {
  ResultTable table({{"run"},
                     {"kind"},
                     {"state"},
                     {"samples", Align::kRight},
                     {"classes", Align::kRight},
                     {"embedding", Align::kRight},
                     {"boxes", Align::kRight},
                     {"started"},
                     {"trained_on"},
                     {"model"}});
  for (const store::RunInfo& run : store::list_runs(store)) {
    const RunSummary& summary = run.summary;
    table.add({summary.name, summary.kind, state_name(summary.state),
               static_cast<int64_t>(summary.predicted_samples),
               static_cast<int64_t>(summary.classes.size()),
               static_cast<int64_t>(summary.embedding_columns),
               summary.kind == "detections" ? Cell(static_cast<int64_t>(run.detections)) : Cell{},
               summary.started_at, summary.trained_on, summary.model_path});
  }
  return table;
}

CommandBody setup_runs(CLI::App& app) {
  CommandFamily family(app);
  family.add("list", "All runs, oldest first", "errata runs list", setup_list);
  family.add("show", "All that is known of a run",
             "errata runs show resnet20\nerrata runs show --json", setup_show);
  family.add("delete", "Delete a run and give its space back", "errata runs delete resnet20",
             setup_delete);
  return family.body();
}

}  // namespace errata::cli

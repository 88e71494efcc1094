// The table of subcommands. To add one: write its file, declare its setup here, add its line to
// commands.cc.
#pragma once

#include <span>

#include "cli/command.h"
#include "store/store.h"

namespace errata::cli {

// In the order of the help page.
std::span<const CommandEntry> all_commands();

CommandBody setup_audit(CLI::App& app);
CommandBody setup_classes(CLI::App& app);
CommandBody setup_compare(CLI::App& app);
CommandBody setup_doctor(CLI::App& app);
CommandBody setup_edit(CLI::App& app);
CommandBody setup_export(CLI::App& app);
CommandBody setup_find(CLI::App& app);
CommandBody setup_import(CLI::App& app);
CommandBody setup_infer(CLI::App& app);
CommandBody setup_info(CLI::App& app);
CommandBody setup_issues(CLI::App& app);
CommandBody setup_log(CLI::App& app);
CommandBody setup_map(CLI::App& app);
CommandBody setup_metrics(CLI::App& app);
CommandBody setup_predictions(CLI::App& app);
CommandBody setup_probe(CLI::App& app);
CommandBody setup_rank(CLI::App& app);
CommandBody setup_redo(CLI::App& app);
CommandBody setup_root(CLI::App& app);
CommandBody setup_runs(CLI::App& app);
CommandBody setup_scores(CLI::App& app);
CommandBody setup_similar(CLI::App& app);
CommandBody setup_split(CLI::App& app);
CommandBody setup_sql(CLI::App& app);
CommandBody setup_undo(CLI::App& app);
CommandBody setup_version(CLI::App& app);
CommandBody setup_view(CLI::App& app);

// What `errata runs list` and `errata info` show.
ResultTable runs_table(store::Store& store);

}  // namespace errata::cli

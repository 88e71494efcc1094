#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "store/issues.h"
#include "store/object_scores.h"
#include "store/roots.h"
#include "store/runs.h"
#include "store/splits.h"
#include "store/versions.h"

namespace errata::cli {

namespace {

ResultTable sources_table(store::Store& store) {
  ResultTable table({{"source"},
                     {"format"},
                     {"samples", Align::kRight},
                     {"objects", Align::kRight},
                     {"imported"},
                     {"state"},
                     {"path"}});
  for (const store::SourceInfo& source : store::list_sources(store)) {
    table.add({source.name, source.format, static_cast<int64_t>(source.samples),
               source.has_objects ? Cell(static_cast<int64_t>(source.objects)) : Cell{},
               source.imported_at,
               std::string(source.interrupted ? "interrupted: import again" : "complete"),
               source.input_path});
  }
  return table;
}

ResultTable splits_table(store::Store& store) {
  ResultTable table({{"split"}, {"samples", Align::kRight}});
  for (const store::SplitInfo& split : store::list_splits(store)) {
    table.add({split.name, static_cast<int64_t>(split.samples)});
  }
  return table;
}

ResultTable versions_table(store::Store& store) {
  ResultTable table(
      {{"version"}, {"samples", Align::kRight}, {"created"}, {"hash", Align::kLeft, 0, 80}});
  for (const store::VersionInfo& version : store::list_versions(store)) {
    table.add(
        {version.name, static_cast<int64_t>(version.samples), version.created_at, version.hash});
  }
  return table;
}

// What is stored of boxes, each row for its thresholds.
ResultTable object_scores_table(store::Store& store) {
  ResultTable table({{"boxes judged for run"},
                     {"confidence", Align::kRight},
                     {"iou", Align::kRight},
                     {"objects", Align::kRight},
                     {"made"},
                     {"state"}});
  for (const store::ObjectScoreInfo& set : store::list_object_scores(store)) {
    table.add({set.run_name, set.confidence, set.overlap, static_cast<int64_t>(set.rows),
               set.made_at, std::string(set.holds ? "holds" : "labels were changed since")});
  }
  return table;
}

void print_json(CommandContext& context, store::Store& store, const store::StoreInfo& info) {
  text::Json issues = text::Json::object();
  for (const auto& [kind, count] : store::count_issues_by_kind(store)) issues[kind] = count;
  context.print_json(
      text::Json::object({{"store", store.path()},
                          {"schema_version", info.schema_version},
                          {"journal_mode", info.journal_mode},
                          {"file_bytes", info.file_bytes},
                          {"free_bytes", info.free_bytes},
                          {"samples", info.samples},
                          {"labelled", info.labelled},
                          {"multi_label", info.multi_label},
                          {"vanished", info.vanished},
                          {"objects", info.objects},
                          {"classes", info.classes},
                          {"edit_batches", info.edit_batches},
                          {"rejected", info.rejected},
                          {"warnings", info.warnings},
                          {"issues", issues},
                          {"sources", to_json_value(sources_table(store))},
                          {"splits", to_json_value(splits_table(store))},
                          {"runs", to_json_value(runs_table(store))},
                          {"object_scores", to_json_value(object_scores_table(store))},
                          {"versions", to_json_value(versions_table(store))}}));
}

void run_info(CommandContext& context) {
  store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
  const store::StoreInfo info = store::read_info(store);
  for (const std::string& notice : store.notices()) context.note(notice);
  if (context.json()) return print_json(context, store, info);
  std::string text =
      fmt::format("{}: {}, schema {}, journal {}\n", store.path(), human_bytes(info.file_bytes),
                  info.schema_version, info.journal_mode);
  text += fmt::format("{} in {}, {} labelled", plural(info.samples, "sample"),
                      info.classes == 1 ? "1 class" : with_thousands(info.classes) + " classes",
                      with_thousands(info.labelled));
  if (info.multi_label > 0) {
    text += fmt::format(" ({} with several labels)", with_thousands(info.multi_label));
  }
  if (info.object_sources > 0) text += fmt::format(", {}", plural(info.objects, "object"));
  if (info.vanished > 0) text += fmt::format(", {} vanished", with_thousands(info.vanished));
  text += fmt::format("\n{}; issues: {} rejected, {} warnings\n",
                      info.edit_batches == 0 ? "no edits"
                      : info.edit_batches == 1
                          ? "1 batch of edits stands"
                          : with_thousands(info.edit_batches) + " batches of edits stand",
                      with_thousands(info.rejected), with_thousands(info.warnings));
  for (const ResultTable& table : {sources_table(store), splits_table(store), runs_table(store),
                                   object_scores_table(store), versions_table(store)}) {
    if (table.rows() > 0) text += "\n" + table.to_text();
  }
  context.print_text(text);
}

}  // namespace

CommandBody setup_info(CLI::App&) {
  return run_info;
}

}  // namespace errata::cli

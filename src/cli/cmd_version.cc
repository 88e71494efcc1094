#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/version_job.h"
#include "store/versions.h"

namespace errata::cli {

namespace {

struct VersionArguments {
  jobs::VersionJobOptions options;
  std::string from;
  std::string to;
  size_t limit = 20;
  std::string format = "table";
};

CommandBody setup_create(CLI::App& app) {
  auto arguments = std::make_shared<VersionArguments>();
  app.add_option("NAME", arguments->options.name, "Name of the version")->required();
  app.add_option("-m,--message", arguments->options.message, "Why this version")->type_name("TEXT");
  app.add_option("--parent", arguments->options.parent, "Its parent (default: the newest version)")
      ->type_name("NAME");
  app.add_option("--who", arguments->options.who, "Who makes it")->type_name("NAME");
  return [arguments](CommandContext& context) {
    arguments->options.store_path = context.store_path();
    if (arguments->options.who.empty()) arguments->options.who = jobs::default_who();
    jobs::JobContext job = context.job();
    versions::CreatedVersion created;
    try {
      created = context.resumable("run it again: what was hashed is kept",
                                  [&] { return jobs::create_version(arguments->options, job); });
    } catch (const Error&) {
      context.end_progress();
      note_issues(context);
      throw;
    }
    context.end_progress();
    const store::VersionInfo& info = created.info;
    if (context.json()) {
      return context.print_json(text::Json::object({{"name", info.name},
                                                    {"hash", info.hash},
                                                    {"samples", info.samples},
                                                    {"excluded", created.excluded},
                                                    {"unlabelled", created.unlabelled},
                                                    {"classes", info.classes.size()}}));
    }
    std::string text = fmt::format("version '{}': {}", info.name, plural(info.samples, "sample"));
    if (created.excluded > 0)
      text += fmt::format(", {} excluded", with_thousands(created.excluded));
    if (created.unlabelled > 0) {
      text += fmt::format(", {} without a label", with_thousands(created.unlabelled));
    }
    text += fmt::format("\n{}\n", info.hash);
    if (!created.same_content.empty()) {
      text += fmt::format("the same content as: {}\n", fmt::join(created.same_content, ", "));
    }
    context.print_text(text);
  };
}

std::string name_of(const std::vector<store::VersionInfo>& all, VersionId id) {
  for (const store::VersionInfo& info : all) {
    if (info.id == id) return info.name;
  }
  return {};
}

CommandBody setup_list(CLI::App& app) {
  auto arguments = std::make_shared<VersionArguments>();
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
    const std::vector<store::VersionInfo> all = store::list_versions(store);
    ResultTable table({{"version"},
                       {"parent"},
                       {"samples", Align::kRight},
                       {"created"},
                       {"who"},
                       {"hash", Align::kLeft, 0, 80},
                       {"message", Align::kLeft, 0, 60}});
    for (const store::VersionInfo& info : all) {
      table.add({info.name, name_of(all, info.parent), static_cast<int64_t>(info.samples),
                 info.created_at, info.who, info.hash, info.message});
    }
    context.print_table(table, parse_table_format(arguments->format));
  };
}

ResultTable summary_table(const versions::VersionSummary& summary) {
  std::vector<ResultColumn> columns{{"class", Align::kLeft, 0, 30}};
  for (const std::string& split : summary.split_names) {
    columns.push_back({split.empty() ? "(no split)" : split, Align::kRight});
  }
  ResultTable table(columns);
  for (size_t i = 0; i < summary.class_names.size(); ++i) {
    const std::string& name = summary.class_names[i];
    std::vector<Cell> row{name.empty() ? std::string("(no label)") : name};
    for (const uint64_t count : summary.counts[i]) row.emplace_back(static_cast<int64_t>(count));
    table.add(std::move(row));
  }
  std::vector<Cell> totals{std::string("all")};
  for (const uint64_t total : summary.split_totals)
    totals.emplace_back(static_cast<int64_t>(total));
  table.add(std::move(totals));
  return table;
}

CommandBody setup_show(CLI::App& app) {
  auto arguments = std::make_shared<VersionArguments>();
  app.add_option("NAME", arguments->from, "The version")->required();
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
    const store::VersionInfo info = store::read_version(store, arguments->from);
    const versions::DatasetState state =
        versions::state_of(info, store::read_version_columns(store, info.id));
    const ResultTable table = summary_table(versions::summarise(state));
    const std::string parent = name_of(store::list_versions(store), info.parent);
    if (context.json()) {
      text::Json recipe;
      if (!info.recipe_json.empty()) recipe = text::parse_json(info.recipe_json, "recipe");
      return context.print_json(text::Json::object({{"name", info.name},
                                                    {"parent", parent},
                                                    {"message", info.message},
                                                    {"who", info.who},
                                                    {"created_at", info.created_at},
                                                    {"hash", info.hash},
                                                    {"samples", info.samples},
                                                    {"recipe", recipe},
                                                    {"counts", to_json_value(table)}}));
    }
    std::string text =
        fmt::format("{}  {}\n{}\n", info.name, plural(info.samples, "sample"), info.hash);
    text += fmt::format("created {} by {}{}\n", info.created_at, info.who,
                        parent.empty() ? "" : fmt::format(", parent {}", parent));
    if (!info.message.empty()) text += fmt::format("{}\n", info.message);
    if (!info.recipe_json.empty()) text += fmt::format("split recipe: {}\n", info.recipe_json);
    context.print_text(text + "\n" + table.to_text());
  };
}

text::Json entries_json(const std::vector<versions::DiffEntry>& entries) {
  text::Json array = text::Json::array();
  for (const versions::DiffEntry& entry : entries) {
    array.push_back(text::Json::object(
        {{"id", entry.sample}, {"path", entry.path}, {"from", entry.from}, {"to", entry.to}}));
  }
  return array;
}

ResultTable pairs_table(const versions::StateDiff& diff) {
  ResultTable table({{"change"}, {"from"}, {"to"}, {"samples", Align::kRight}});
  for (const auto& [pair, count] : diff.relabelled_by_pair) {
    table.add({std::string("relabelled"), pair.first, pair.second, static_cast<int64_t>(count)});
  }
  for (const auto& [pair, count] : diff.moved_by_pair) {
    table.add({std::string("moved"), pair.first, pair.second, static_cast<int64_t>(count)});
  }
  return table;
}

void append_entries(std::string& text, std::string_view what,
                    const std::vector<versions::DiffEntry>& entries, size_t limit) {
  for (size_t i = 0; i < entries.size() && (limit == 0 || i < limit); ++i) {
    const versions::DiffEntry& entry = entries[i];
    const std::string from = entry.from.empty() ? "none" : entry.from;
    const std::string to = entry.to.empty() ? "none" : entry.to;
    const std::string change = what == "added"     ? to
                               : what == "removed" ? from
                                                   : fmt::format("{} -> {}", from, to);
    text += fmt::format("{} {}: {}\n", what, entry.path, change);
  }
  if (limit > 0 && entries.size() > limit) {
    text += fmt::format("{} {} more\n", what, with_thousands(entries.size() - limit));
  }
}

void print_diff(CommandContext& context, const versions::StateDiff& diff, size_t limit) {
  if (context.json()) {
    return context.print_json(text::Json::object({{"added", entries_json(diff.added)},
                                                  {"removed", entries_json(diff.removed)},
                                                  {"relabelled", entries_json(diff.relabelled)},
                                                  {"moved", entries_json(diff.moved)},
                                                  {"redrawn", entries_json(diff.redrawn)},
                                                  {"unchanged", diff.unchanged},
                                                  {"by_pair", to_json_value(pairs_table(diff))}}));
  }
  std::string text;
  append_entries(text, "added", diff.added, limit);
  append_entries(text, "removed", diff.removed, limit);
  append_entries(text, "relabelled", diff.relabelled, limit);
  append_entries(text, "moved", diff.moved, limit);
  append_entries(text, "other objects", diff.redrawn, limit);
  const ResultTable pairs = pairs_table(diff);
  if (pairs.rows() > 0) text += "\n" + pairs.to_text() + "\n";
  text +=
      fmt::format("added {}, removed {}, relabelled {}, moved between splits {}, unchanged {}\n",
                  with_thousands(diff.added.size()), with_thousands(diff.removed.size()),
                  with_thousands(diff.relabelled.size()), with_thousands(diff.moved.size()),
                  with_thousands(diff.unchanged));
  context.print_text(text);
}

CommandBody setup_diff(CLI::App& app) {
  auto arguments = std::make_shared<VersionArguments>();
  app.add_option("FROM", arguments->from, "The older version")->required();
  app.add_option("TO", arguments->to, "The newer version (default: the store as it is now)");
  app.add_option("-n,--limit", arguments->limit, "Lines per kind of change, 0 for all (default 20)")
      ->type_name("N");
  return [arguments](CommandContext& context) {
    jobs::JobContext job = context.job();
    const versions::StateDiff diff =
        jobs::diff_versions(context.store_path(), arguments->from, arguments->to, job);
    context.end_progress();
    print_diff(context, diff, arguments->limit);
  };
}

CommandBody setup_restore(CLI::App& app) {
  auto arguments = std::make_shared<VersionArguments>();
  app.add_option("NAME", arguments->options.name, "The version")->required();
  app.add_option("--who", arguments->options.who, "Who restores it")->type_name("NAME");
  app.add_option("-m,--why", arguments->options.why, "Why, for the log")->type_name("TEXT");
  return [arguments](CommandContext& context) {
    arguments->options.store_path = context.store_path();
    if (arguments->options.who.empty()) arguments->options.who = jobs::default_who();
    jobs::JobContext job = context.job();
    const versions::RestoreReport report = jobs::restore_version(arguments->options, job);
    context.end_progress();
    if (context.json()) {
      return context.print_json(
          text::Json::object({{"changed", report.batch.edits.size()},
                              {"changed_objects", report.batch.objects.size()},
                              {"batch", report.batch.batch},
                              {"relabelled", report.relabelled},
                              {"moved", report.moved},
                              {"excluded", report.excluded},
                              {"included", report.included},
                              {"missing", report.missing},
                              {"objects_changed", report.objects_changed},
                              {"objects_returned", report.objects_returned},
                              {"objects_deleted", report.objects_deleted}}));
    }
    context.print_text(
        issues_text(context.issues()) +
        fmt::format("relabelled {}, moved {}, excluded {}, included {}, missing {}\n",
                    with_thousands(report.relabelled), with_thousands(report.moved),
                    with_thousands(report.excluded), with_thousands(report.included),
                    with_thousands(report.missing)));
    if (report.objects_changed + report.objects_returned + report.objects_deleted > 0) {
      context.print_text(fmt::format("objects changed {}, brought back {}, deleted {}\n",
                                     with_thousands(report.objects_changed),
                                     with_thousands(report.objects_returned),
                                     with_thousands(report.objects_deleted)));
    }
    if (report.batch.batch != 0) context.note("`errata undo` takes it back.");
  };
}

}  // namespace

CommandBody setup_version(CLI::App& app) {
  CommandFamily family(app);
  family.add("create", "Make a version of the dataset as it is now",
             "errata version create cleaned -m 'mistakes of resnet20 reviewed'", setup_create);
  family.add("list", "All versions, oldest first", "errata version list", setup_list);
  family.add("show", "What a version holds, by class and split", "errata version show cleaned",
             setup_show);
  family.add("diff", "What changed between two versions, or since one",
             "errata version diff first cleaned\nerrata version diff cleaned", setup_diff);
  family.add("restore", "Bring labels, exclusions, splits and objects back to a version",
             "errata version restore first -m 'started over'", setup_restore);
  return family.body();
}

}  // namespace errata::cli

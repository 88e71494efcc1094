// root, issues and sql: small windows on the store.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "store/issues.h"
#include "store/roots.h"
#include "store/sql.h"

namespace errata::cli {

namespace {

struct RootArguments {
  int64_t id = 0;
  std::string folder;
};

CommandBody setup_root_list(CLI::App&) {
  return [](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
    ResultTable table({{"id", Align::kRight},
                       {"samples", Align::kRight},
                       {"there"},
                       {"path", Align::kLeft, 0, 120}});
    for (const store::RootInfo& root : store::list_roots(store)) {
      table.add({root.id, static_cast<int64_t>(root.samples), is_directory(root.path), root.path});
    }
    context.print_table(table);
  };
}

CommandBody setup_root_set(CLI::App& app) {
  auto arguments = std::make_shared<RootArguments>();
  app.add_option("ID", arguments->id, "The root, as `errata root list` numbers it")->required();
  app.add_option("DIR", arguments->folder, "Where its files are now")->required();
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kWrite);
    const std::string folder = absolute_path(arguments->folder);
    const store::RootCheck check = store::set_root(store, arguments->id, folder);
    if (check.there < check.looked_for) {
      context.warn(fmt::format("{} of {} files that were looked for are not there, the first {}",
                               check.looked_for - check.there, check.looked_for,
                               printable(check.first_missing)));
    }
    if (context.json()) {
      return context.print_json(text::Json::object({{"root", arguments->id},
                                                    {"path", escape_bytes(folder)},
                                                    {"looked_for", check.looked_for},
                                                    {"there", check.there}}));
    }
    context.note(fmt::format("root {} is now {}", arguments->id, folder));
  };
}

struct IssueArguments {
  store::IssueFilter filter;
  std::string format = "table";
};

void run_issues(CommandContext& context, IssueArguments& arguments) {
  store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
  if (arguments.filter.limit == 0) arguments.filter.limit = SIZE_MAX;
  ResultTable table({{"job"},
                     {"origin", Align::kLeft, 0, 24},
                     {"severity"},
                     {"kind"},
                     {"file"},
                     {"place"},
                     {"text", Align::kLeft, 0, 30},
                     {"message", Align::kLeft, 0, 80},
                     {"fix", Align::kLeft, 0, 60}});
  for (const store::StoredIssue& stored : store::list_issues(store, arguments.filter)) {
    const bool rejected = stored.issue.severity == IssueSeverity::kRejected;
    table.add({stored.job, stored.origin, std::string(rejected ? "rejected" : "warning"),
               stored.issue.kind, stored.issue.file, stored.issue.place, stored.issue.text,
               stored.issue.message, stored.issue.fix});
  }
  context.print_table(table, parse_table_format(arguments.format));
}

struct SqlArguments {
  std::string sql;
  bool views = false;
  std::string format = "table";
};

Cell cell_of(const store::SqlValue& value) {
  if (const int64_t* integer = std::get_if<int64_t>(&value)) return *integer;
  if (const double* number = std::get_if<double>(&value)) return *number;
  if (std::holds_alternative<std::monostate>(value)) return Cell{};
  return store::display(value);
}

void run_sql(CommandContext& context, const SqlArguments& arguments) {
  if (arguments.views) {
    ResultTable table({{"view"}, {"column"}, {"meaning", Align::kLeft, 0, 120}});
    for (const store::ViewColumnDoc& doc : store::public_view_docs()) {
      table.add({std::string(doc.view), std::string(doc.column), std::string(doc.sentence)});
    }
    return context.print_table(table, parse_table_format(arguments.format));
  }
  if (arguments.sql.empty()) {
    throw Error(ErrorCategory::kUsage, "no statement was given",
                "`errata sql \"select * from v_samples limit 5\"`; `errata sql --views` lists "
                "what there is.");
  }
  store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
  const store::SqlResult result = store::query_sql(store, arguments.sql, {}, &context.cancel());
  std::vector<ResultColumn> columns;
  for (size_t i = 0; i < result.columns.size(); ++i) {
    const bool number =
        !result.rows.empty() && (std::holds_alternative<int64_t>(result.rows[0][i]) ||
                                 std::holds_alternative<double>(result.rows[0][i]));
    columns.push_back({result.columns[i], number ? Align::kRight : Align::kLeft});
  }
  ResultTable table(columns);
  for (const auto& row : result.rows) {
    std::vector<Cell> cells;
    for (const store::SqlValue& value : row) cells.push_back(cell_of(value));
    table.add(std::move(cells));
  }
  context.print_table(table, parse_table_format(arguments.format));
}

}  // namespace

CommandBody setup_root(CLI::App& app) {
  CommandFamily family(app);
  family.add("list", "The folders that samples lie in", "errata root list", setup_root_list);
  family.add("set", "Point a root to where its files are now",
             "errata root set 1 /mnt/disk2/photos", setup_root_set);
  return family.body();
}

CommandBody setup_issues(CLI::App& app) {
  auto arguments = std::make_shared<IssueArguments>();
  arguments->filter.limit = 50;
  app.add_option("--job", arguments->filter.job, "Only of import, predictions, infer or export")
      ->type_name("JOB");
  app.add_option("--origin", arguments->filter.origin, "Only of this source, run or version")
      ->type_name("NAME");
  app.add_option("--kind", arguments->filter.kind, "Only of this kind, as truncated-image")
      ->type_name("KIND");
  app.add_option("-n,--limit", arguments->filter.limit, "How many, 0 for all (default 50)")
      ->type_name("N");
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) { run_issues(context, *arguments); };
}

CommandBody setup_sql(CLI::App& app) {
  auto arguments = std::make_shared<SqlArguments>();
  app.add_option("STATEMENT", arguments->sql, "One SELECT over the public views");
  app.add_flag("--views", arguments->views, "List the views and what their columns mean");
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) { run_sql(context, *arguments); };
}

}  // namespace errata::cli

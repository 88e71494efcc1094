#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "store/classes.h"

namespace errata::cli {

namespace {

struct ClassArguments {
  std::string name;
  std::string to;
  std::string who;
  std::string why;
  std::string format = "table";

  std::string who_or_default() const { return who.empty() ? jobs::default_who() : who; }
};

CommandBody setup_list(CLI::App& app) {
  auto arguments = std::make_shared<ClassArguments>();
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
    ResultTable table({{"index", Align::kRight}, {"name"}, {"samples", Align::kRight}});
    int64_t index = 0;
    for (const store::ProjectClass& entry :
         store::list_classes(store, store::ClassCounts::kCount)) {
      table.add({index++, entry.name, static_cast<int64_t>(entry.samples)});
    }
    context.print_table(table, parse_table_format(arguments->format));
  };
}

CommandBody setup_add(CLI::App& app) {
  auto arguments = std::make_shared<ClassArguments>();
  app.add_option("NAME", arguments->name, "The new class")->required();
  app.add_option("--who", arguments->who, "Who adds it")->type_name("NAME");
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kWrite);
    store::add_class(store, arguments->name, arguments->who_or_default());
    if (context.json()) return context.print_json(text::Json::object({{"added", arguments->name}}));
    context.note(fmt::format("class '{}' added", arguments->name));
  };
}

CommandBody setup_rename(CLI::App& app) {
  auto arguments = std::make_shared<ClassArguments>();
  app.add_option("NAME", arguments->name, "The class")->required();
  app.add_option("NEW_NAME", arguments->to, "Its new name")->required();
  app.add_option("--who", arguments->who, "Who renames it")->type_name("NAME");
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kWrite);
    store::rename_class(store, arguments->name, arguments->to, arguments->who_or_default());
    if (context.json()) {
      return context.print_json(
          text::Json::object({{"renamed", arguments->name}, {"to", arguments->to}}));
    }
    context.note(
        fmt::format("class '{}' is now '{}'; `errata undo` is about labels and leaves it: "
                    "rename it again to take it back",
                    arguments->name, arguments->to));
  };
}

CommandBody setup_merge(CLI::App& app) {
  auto arguments = std::make_shared<ClassArguments>();
  app.add_option("NAME", arguments->name, "The class that goes")->required();
  app.add_option("INTO", arguments->to, "The class that takes its samples")->required();
  app.add_option("--who", arguments->who, "Who merges them")->type_name("NAME");
  app.add_option("-m,--why", arguments->why, "Why, for the log")->type_name("TEXT");
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kWrite);
    const store::AppliedBatch batch = store::merge_class(
        store, arguments->name, arguments->to, arguments->who_or_default(), arguments->why);
    if (batch.edits.empty() && !context.json()) {
      return context.print_text(fmt::format("'{}' is '{}' now; no sample had it as its label\n",
                                            arguments->name, arguments->to));
    }
    print_batch(context, batch, batch.edits.size());
  };
}

}  // namespace

CommandBody setup_classes(CLI::App& app) {
  CommandFamily family(app);
  family.add("list", "The project's classes in training order", "errata classes list", setup_list);
  family.add("add", "Add a class", "errata classes add raccoon", setup_add);
  family.add("rename", "Rename a class; labels stay as they are",
             "errata classes rename automobile car", setup_rename);
  family.add("merge", "Relabel all samples of one class to another",
             "errata classes merge kitten cat -m 'one class for both'", setup_merge);
  return family.body();
}

}  // namespace errata::cli

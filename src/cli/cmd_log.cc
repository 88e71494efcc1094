#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/edit_objects.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "store/history.h"

namespace errata::cli {

namespace {

struct LogArguments {
  store::LogFilter filter;
  std::string sample;
  std::string format = "table";
};

// Names where the entry is about names; else, for a sample, the review state.
Cell value_cell(const store::LogEntry& entry, const std::vector<std::string>& names,
                store::Review review) {
  const bool about_names = !entry.from.empty() || !entry.to.empty();
  if (about_names || entry.sample == 0) return fmt::format("{}", fmt::join(names, ", "));
  return std::string(store::review_name(review));
}

void run_log(CommandContext& context, LogArguments& arguments) {
  store::Store store = store::Store::open(context.store_path(), store::Access::kRead);
  if (!arguments.sample.empty()) {
    arguments.filter.sample = jobs::find_samples(store, {arguments.sample}).at(0);
  }
  if (arguments.filter.limit == 0) arguments.filter.limit = SIZE_MAX;
  ResultTable table({{"event", Align::kRight},
                     {"batch", Align::kRight},
                     {"when", Align::kLeft, 0, 24},
                     {"who", Align::kLeft, 0, 20},
                     {"what"},
                     {"path"},
                     {"from", Align::kLeft, 0, 30},
                     {"to", Align::kLeft, 0, 30},
                     {"why", Align::kLeft, 0, 40},
                     {"undone_by", Align::kRight}});
  for (const store::LogEntry& entry : store::read_log(store, arguments.filter)) {
    table.add({entry.event, entry.batch, entry.at, entry.who,
               entry.batch_kind == "edit" ? entry.what : entry.batch_kind + " " + entry.what,
               entry.path, value_cell(entry, entry.from, entry.review_from),
               value_cell(entry, entry.to, entry.review_to), entry.why,
               entry.undone_by == 0 ? Cell{} : Cell(entry.undone_by)});
  }
  context.print_table(table, parse_table_format(arguments.format));
}

struct UndoArguments {
  int64_t batch = 0;
  size_t count = 1;
  std::string who;
};

void report_undo(CommandContext& context, const std::vector<store::AppliedBatch>& batches,
                 std::string_view what) {
  if (context.json()) {
    text::Json array = text::Json::array();
    for (const store::AppliedBatch& batch : batches) {
      array.push_back(text::Json::object(
          {{"batch", batch.batch},
           {"kind", batch.kind},
           {"changed", batch.edits.size()},
           {"objects_changed", batch.objects.size() + batch.reviewed_detections.size()}}));
    }
    return context.print_json(array);
  }
  for (const store::AppliedBatch& batch : batches) {
    context.print_text(fmt::format("{}: {} changed\n", what, changed_text(batch)));
  }
}

// Calls `step` up to `count` times; that there is nothing left is an error only at the first.
std::vector<store::AppliedBatch> repeat(size_t count,
                                        const std::function<store::AppliedBatch()>& step) {
  std::vector<store::AppliedBatch> batches;
  while (batches.size() < count) {
    try {
      batches.push_back(step());
    } catch (const Error& error) {
      if (batches.empty() || error.category() != ErrorCategory::kNotFound) throw;
      break;
    }
  }
  return batches;
}

}  // namespace

CommandBody setup_log(CLI::App& app) {
  auto arguments = std::make_shared<LogArguments>();
  arguments->filter.limit = 20;
  app.add_option("--sample", arguments->sample, "Only this sample: a path or id:N")
      ->type_name("SAMPLE");
  app.add_option("--who", arguments->filter.who, "Only what this person did")->type_name("NAME");
  app.add_option("--batch", arguments->filter.batch, "Only this batch")->type_name("N");
  app.add_flag("--standing", arguments->filter.standing_only, "Leave out what was undone");
  app.add_option("-n,--limit", arguments->filter.limit, "How many, 0 for all (default 20)")
      ->type_name("N");
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) { run_log(context, *arguments); };
}

CommandBody setup_undo(CLI::App& app) {
  auto arguments = std::make_shared<UndoArguments>();
  app.add_option("-n,--count", arguments->count, "How many batches to take back (default 1)")
      ->type_name("N");
  app.add_option("--batch", arguments->batch, "Take back this batch (`errata log` shows them)")
      ->type_name("N");
  app.add_option("--who", arguments->who, "Who takes it back")->type_name("NAME");
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kWrite);
    const std::string who = arguments->who.empty() ? jobs::default_who() : arguments->who;
    std::vector<store::AppliedBatch> batches;
    if (arguments->batch != 0) {
      batches.push_back(store::undo_batch(store, arguments->batch, who));
    } else {
      batches = repeat(arguments->count, [&] { return store::undo(store, who); });
    }
    report_undo(context, batches, "undone");
  };
}

CommandBody setup_redo(CLI::App& app) {
  auto arguments = std::make_shared<UndoArguments>();
  app.add_option("-n,--count", arguments->count, "How many undos to take back (default 1)")
      ->type_name("N");
  app.add_option("--who", arguments->who, "Who takes it back")->type_name("NAME");
  return [arguments](CommandContext& context) {
    store::Store store = store::Store::open(context.store_path(), store::Access::kWrite);
    const std::string who = arguments->who.empty() ? jobs::default_who() : arguments->who;
    report_undo(context, repeat(arguments->count, [&] { return store::redo(store, who); }),
                "done again");
  };
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/edit_objects.h"
#include "cli/reports.h"
#include "jobs/edit_file.h"
#include "jobs/edit_job.h"
#include "text/csv.h"

namespace errata::cli {

namespace {

using store::EditKind;

struct EditArguments {
  jobs::EditJobOptions options;
  std::string argument;  // class or tag
  bool objects = false;  // the samples are ids of objects, the filter is of objects
};

// `errata edit keep --objects` and the like.
void edit_objects_so(CommandContext& context, const EditArguments& arguments) {
  const jobs::EditJobOptions& options = arguments.options;
  jobs::ObjectEditOptions objects;
  objects.kind = options.kind == EditKind::kKeep ? store::ObjectEditKind::kKeep
                                                 : store::ObjectEditKind::kAmbiguous;
  objects.judge.run = options.run;
  objects.where = options.where;
  objects.who = options.who;
  objects.why = options.why;
  for (const std::string& name : options.samples) {
    ObjectId id = 0;
    if (!text::parse_int(name, id)) {
      throw Error(ErrorCategory::kUsage, fmt::format("'{}' is no id of an object", printable(name)),
                  "`errata rank --objects` shows them.");
    }
    objects.objects.push_back(id);
  }
  run_object_edit(context, objects);
}

void add_who(CLI::App& app, std::string& who, std::string& why) {
  app.add_option("--who", who, "Who decides (default: $ERRATA_WHO or $USER)")->type_name("NAME");
  app.add_option("-m,--why", why, "Why, for the log")->type_name("TEXT");
}

// `argument`: what stands before the samples ("CLASS", "TAG"), or empty.
std::function<CommandBody(CLI::App&)> edit_setup(EditKind kind, std::string argument,
                                                 std::string argument_help) {
  return [=](CLI::App& app) -> CommandBody {
    auto arguments = std::make_shared<EditArguments>();
    arguments->options.kind = kind;
    if (!argument.empty()) {
      app.add_option(argument, arguments->argument, argument_help)->required();
    }
    app.add_option("SAMPLE", arguments->options.samples,
                   "Paths as `errata rank` shows them, unique endings of paths, or id:N");
    app.add_option("--where", arguments->options.where, "Filter instead of samples")
        ->type_name("EXPR");
    app.add_option("--run", arguments->options.run, "Run that the filter's predictions mean")
        ->type_name("NAME");
    if (kind == EditKind::kKeep || kind == EditKind::kAmbiguous) {
      app.add_flag("--objects", arguments->objects,
                   "Objects by their ids, or --where of objects: annotations, and detections that "
                   "no label belongs to");
    }
    add_who(app, arguments->options.who, arguments->options.why);
    return [arguments](CommandContext& context) {
      jobs::EditJobOptions& options = arguments->options;
      if (arguments->objects) return edit_objects_so(context, *arguments);
      options.store_path = context.store_path();
      if (options.who.empty()) options.who = jobs::default_who();
      if (options.kind == EditKind::kSetLabel) options.classes = {arguments->argument};
      options.text = arguments->argument;
      const jobs::EditJobReport report = jobs::run_edit(options);
      print_batch(context, report.batch, report.selected, report.warnings);
    };
  };
}

text::Json conflict_json(const jobs::EditConflict& conflict) {
  return text::Json::object({{"line", conflict.line},
                             {"path", conflict.path},
                             {"what", conflict.what},
                             {"from", conflict.from},
                             {"to", conflict.to},
                             {"here", conflict.here},
                             {"reason", conflict.reason}});
}

void print_apply_json(CommandContext& context, const jobs::EditApplyReport& report) {
  text::Json conflicts = text::Json::array();
  for (const jobs::EditConflict& conflict : report.conflicts) {
    conflicts.push_back(conflict_json(conflict));
  }
  context.print_json(text::Json::object({{"lines", report.lines},
                                         {"applied", report.applied},
                                         {"already", report.already},
                                         {"rejected", report.rejected},
                                         {"batch", report.batch.batch},
                                         {"conflicts", conflicts},
                                         {"issues", issues_json(context.issues())}}));
}

void print_apply_text(CommandContext& context, const jobs::EditApplyReport& report) {
  std::string text;
  for (const jobs::EditConflict& conflict : report.conflicts) {
    text += fmt::format("conflict in line {}, {}: {} from {} to {}", conflict.line, conflict.path,
                        conflict.what, conflict.from, conflict.to);
    if (!conflict.here.empty()) text += fmt::format(", here {}", conflict.here);
    text += fmt::format(". {}\n", conflict.reason);
  }
  text += issues_text(context.issues());
  text += fmt::format("applied {}, already so {}, conflicts {}, rejected {}\n",
                      with_thousands(report.applied), with_thousands(report.already),
                      with_thousands(report.conflicts.size()), with_thousands(report.rejected));
  context.print_text(text);
}

CommandBody setup_apply(CLI::App& app) {
  auto options = std::make_shared<jobs::EditFileOptions>();
  app.add_option("FILE", options->file, "Edit file (JSON lines)")->required();
  add_who(app, options->who, options->why);
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    jobs::JobContext job = context.job();
    const jobs::EditApplyReport report = context.resumable(
        "run it again: nothing was changed", [&] { return jobs::apply_edit_file(*options, job); });
    context.end_progress();
    context.json() ? print_apply_json(context, report) : print_apply_text(context, report);
    if (report.conflicts.empty()) return;
    throw Error(
        ErrorCategory::kConflict,
        fmt::format("{} not applied", plural(report.conflicts.size(), "edit")),
        "Settle them by hand: `errata edit set CLASS SAMPLE`; of boxes `errata edit class`, "
        "`box` or `delete`.",
        options->file);
  };
}

CommandBody setup_export_edits(CLI::App& app) {
  auto options = std::make_shared<jobs::EditFileOptions>();
  app.add_option("FILE", options->file, "File to write; - for stdout")->required();
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    if (options->file == "-") {
      std::string lines;
      jobs::export_edit_file(*options, &lines);
      context.print_text(lines);
      return;
    }
    const uint64_t count = jobs::export_edit_file(*options);
    if (context.json()) {
      context.print_json(text::Json::object({{"edits", count}, {"file", options->file}}));
    } else {
      context.print_text(fmt::format("{} written to {}\n", plural(count, "edit"), options->file));
    }
  };
}

}  // namespace

CommandBody setup_edit(CLI::App& app) {
  CommandFamily family(app);
  family.add(
      "set", "Give samples a label",
      "errata edit set cat photos/17.jpg --who ann -m 'whiskers'\n"
      "errata edit set dog --where \"label = 'cat' and prediction = 'dog' and confidence > 0.99\"",
      edit_setup(EditKind::kSetLabel, "CLASS", "The right class"));
  family.add("exclude", "Leave samples out of versions and exports",
             "errata edit exclude photos/broken.jpg\nerrata edit exclude --where \"width < 10\"",
             edit_setup(EditKind::kExclude, "", ""));
  family.add("include", "Take an exclusion back", "errata edit include photos/broken.jpg",
             edit_setup(EditKind::kInclude, "", ""));
  family.add("keep", "The label is right as it is",
             "errata edit keep photos/17.jpg\nerrata edit keep --objects 5120\n"
             "errata edit keep --objects --where \"error = 'background'\" -m 'nothing is there'",
             edit_setup(EditKind::kKeep, "", ""));
  family.add("ambiguous", "Nobody could tell", "errata edit ambiguous photos/18.jpg",
             edit_setup(EditKind::kAmbiguous, "", ""));
  family.add("tag", "Add a tag", "errata edit tag blurry photos/17.jpg photos/18.jpg",
             edit_setup(EditKind::kTag, "TAG", "The tag"));
  family.add("untag", "Remove a tag", "errata edit untag blurry --where \"tags = 'blurry'\"",
             edit_setup(EditKind::kUntag, "TAG", "The tag"));
  add_object_edits(family);
  family.add("apply", "Apply an edit file; conflicts are listed and make exit code 5",
             "errata edit apply corrections.jsonl --who ann", setup_apply);
  family.add("export", "Write the edits that stand as an edit file",
             "errata edit export corrections.jsonl", setup_export_edits);
  return family.body();
}

}  // namespace errata::cli

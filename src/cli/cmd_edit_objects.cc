#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/edit_objects.h"
#include "cli/object_reports.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/object_edit_job.h"
#include "text/csv.h"

namespace errata::cli {

namespace {

using store::ObjectEditKind;

std::string box_text(const std::array<double, 4>& box) {
  return fmt::format("{:.6g} {:.6g} {:.6g} {:.6g}", box[0], box[1], box[2], box[3]);
}

std::array<double, 4> parse_box(std::string_view text) {
  std::array<double, 4> box{};
  const std::vector<std::string_view> words = split_view(text, ',');
  bool good = words.size() == box.size();
  for (size_t i = 0; good && i < box.size(); ++i) good = text::parse_double(words[i], box[i]);
  if (good) return box;
  throw Error(ErrorCategory::kUsage, fmt::format("'{}' is no box", to_valid_utf8(text)),
              "Give x,y,width,height in pixels: 10,20,64,48.");
}

ResultTable plan_table(const std::vector<jobs::PlannedEdit>& edits) {
  ResultTable table({{"object", Align::kRight},
                     {"path"},
                     {"label"},
                     {"box"},
                     {"confidence", Align::kRight},
                     {"what"}});
  for (const jobs::PlannedEdit& plan : edits) {
    const bool adds = plan.edit.kind == ObjectEditKind::kAdd;
    table.add({adds ? Cell{} : Cell(plan.edit.object), plan.path, plan.label,
               box_text(plan.box_xywh_px), plan.confidence ? Cell(*plan.confidence) : Cell{},
               std::string(store::object_edit_name(plan.edit.kind))});
  }
  return table;
}

// Annotations, and detections that were decided on.
size_t changed_objects(const store::AppliedBatch& batch) {
  return batch.objects.size() + batch.reviewed_detections.size();
}

void print_report(CommandContext& context, const jobs::ObjectEditOptions& options,
                  const jobs::ObjectEditReport& report) {
  for (const std::string& warning : report.warnings) context.warn(warning);
  if (context.json()) {
    return context.print_json(
        text::Json::object({{"selected", report.selected},
                            {"passed_over", report.passed_over},
                            {"planned", report.edits.size()},
                            {"changed", changed_objects(report.batch)},
                            {"masks_lost", report.masks_lost},
                            {"dry_run", options.dry_run},
                            {"run", report.run},
                            {"batch", report.batch.batch},
                            {"edits", to_json_value(plan_table(report.edits))}}));
  }
  if (report.selected == 0) {
    return context.print_text("nothing changed: no object passes the filter\n");
  }
  if (options.dry_run) context.print_table(plan_table(report.edits));
  const size_t changed = changed_objects(report.batch);
  std::string line = options.dry_run ? fmt::format("{} would be edited, nothing was",
                                                   plural(report.edits.size(), "object"))
                                     : fmt::format("{} changed", plural(changed, "object"));
  if (!options.dry_run && report.edits.size() > changed) {
    line += fmt::format(", {} already that way", with_thousands(report.edits.size() - changed));
  }
  if (report.passed_over > 0) {
    line += fmt::format(
        ", {} {}", with_thousands(report.passed_over),
        !options.kind ? "with nothing to accept"
        : (options.kind == ObjectEditKind::kKeep || options.kind == ObjectEditKind::kAmbiguous)
            ? "of the selected are detections that have a label"
            : "of the selected are detections");
  }
  context.print_text(line + "\n");
  if (report.masks_lost > 0) {
    context.warn(
        fmt::format("{} lost the mask with the box that was moved: runs of pixels cannot "
                    "be moved along",
                    plural(report.masks_lost, "object")));
  }
  if (report.batch.batch != 0) context.note("`errata undo` takes it back.");
}

void add_object_choice(CLI::App& app, jobs::ObjectEditOptions& options) {
  app.add_option("--where", options.where,
                 "Filter of objects, as in \"error = 'class' and iou > 0.8\"")
      ->type_name("EXPR");
  app.add_option("--samples", options.judge.where, "Only objects of these samples")
      ->type_name("EXPR");
  add_judge_options(app, options.judge);
  app.add_flag("--dry-run", options.dry_run, "Say what would be done, and do nothing");
  app.add_option("--who", options.who, "Who decides (default: $ERRATA_WHO or $USER)")
      ->type_name("NAME");
  app.add_option("-m,--why", options.why, "Why, for the log")->type_name("TEXT");
}

}  // namespace

std::string changed_text(const store::AppliedBatch& batch) {
  std::string text;
  const size_t objects = changed_objects(batch);
  if (!batch.edits.empty() || objects == 0) text = plural(batch.edits.size(), "sample");
  if (objects > 0) text += (text.empty() ? "" : ", ") + plural(objects, "object");
  return text;
}

void run_object_edit(CommandContext& context, jobs::ObjectEditOptions& options) {
  options.judge.store_path = context.store_path();
  if (options.who.empty()) options.who = jobs::default_who();
  jobs::JobContext job = context.job();
  const jobs::ObjectEditReport report = jobs::edit_objects(options, job);
  context.end_progress();
  print_report(context, options, report);
}

namespace {

std::function<CommandBody(CLI::App&)> object_edit_setup(std::optional<ObjectEditKind> kind) {
  return [kind](CLI::App& app) -> CommandBody {
    auto options = std::make_shared<jobs::ObjectEditOptions>();
    auto word = std::make_shared<std::string>();
    options->kind = kind;
    if (kind == ObjectEditKind::kSetClass) {
      app.add_option("CLASS", options->class_name, "The right class")->required();
    } else if (kind == ObjectEditKind::kSetBox) {
      app.add_option("BOX", *word, "x,y,width,height in pixels of the image as stored")->required();
    } else if (kind == ObjectEditKind::kSetCrowd) {
      app.add_option("ON", *word, "on or off")->check(CLI::IsMember({"on", "off"}))->required();
    }
    app.add_option("OBJECT", options->objects, "Ids as `errata rank --objects` shows them");
    add_object_choice(app, *options);
    return [options, word](CommandContext& context) {
      options->flag = *word == "on";
      if (options->kind == ObjectEditKind::kSetBox) options->box_xywh_px = parse_box(*word);
      run_object_edit(context, *options);
    };
  };
}

}  // namespace

void add_object_edits(CommandFamily& family) {
  family.add("accept", "Make detections annotations, or give annotations their class or box",
             "errata edit accept --where \"error = 'background' and confidence > 0.9\" --dry-run\n"
             "errata edit accept 5120 5121",
             object_edit_setup(std::nullopt));
  family.add("class", "Give annotated objects a class",
             "errata edit class WBC --where \"label = 'RBC' and width > 200\"",
             object_edit_setup(ObjectEditKind::kSetClass));
  family.add("box", "Give an annotated object a box", "errata edit box 10,20,64,48 5120",
             object_edit_setup(ObjectEditKind::kSetBox));
  family.add("crowd", "Mark annotated objects as crowds, or as none",
             "errata edit crowd on --where \"area_px > 100000\"",
             object_edit_setup(ObjectEditKind::kSetCrowd));
  family.add("delete", "Leave annotated objects out of versions and exports",
             "errata edit delete --where \"width < 2 or height < 2\" --dry-run\n"
             "errata edit delete 5120 -m 'a reflection'",
             object_edit_setup(ObjectEditKind::kDelete));
}

}  // namespace errata::cli

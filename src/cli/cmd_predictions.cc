#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/predictions_job.h"

namespace errata::cli {

namespace {

void print_json(CommandContext& context, const jobs::PredictionsJobReport& report) {
  context.print_json(
      text::Json::object({{"run", report.run},
                          {"format", report.format},
                          {"reason", report.reason},
                          {"kind", report.kind},
                          {"seen", report.seen},
                          {"accepted", report.accepted},
                          {"rejected", report.rejected},
                          {"warned", report.warned},
                          {"matched", text::Json::object({{"exact", report.matches.exact},
                                                          {"suffix", report.matches.suffix},
                                                          {"stem", report.matches.stem},
                                                          {"ambiguous", report.matches.ambiguous},
                                                          {"missing", report.matches.missing}})},
                          {"samples_without_prediction", report.without_prediction},
                          {"classes", report.classes},
                          {"classes_not_in_project", texts_json(report.classes_not_in_project)},
                          {"issues", issues_json(context.issues())},
                          {"elapsed_secs", report.elapsed_secs}}));
}

void print_text(CommandContext& context, const jobs::PredictionsJobReport& report) {
  std::string text = fmt::format("run '{}': {}", report.run, report.kind);
  if (report.classes > 0) text += fmt::format(" of {} classes", with_thousands(report.classes));
  text += fmt::format(" ({})\n", human_duration(report.elapsed_secs));
  text += fmt::format("matched {}\n", report.matches.to_text());
  if (report.without_prediction > 0) {
    text += fmt::format("{} of the store without a prediction\n",
                        plural(report.without_prediction, "sample"));
  }
  text += complaints_text(report.classes_not_in_project, context.issues());
  context.print_text(text + report.closing_line() + "\n");
}

}  // namespace

CommandBody setup_predictions(CLI::App& app) {
  auto options = std::make_shared<jobs::PredictionsJobOptions>();
  app.add_option(
         "FILE", options->input_path,
         "CSV, NPY or NPZ file with predictions or embeddings, COCO results, a folder of YOLO's "
         "text predictions, or annotations of a second source")
      ->required();
  app.add_option("--run", options->run_name, "Name of the run (default: that of the file)")
      ->type_name("NAME");
  app.add_option("--format", options->format, "auto, annotations, coco, csv, npy or yolo")
      ->type_name("NAME");
  app.add_option("--files", options->files_list,
                 "Text file with one path or id per row (default: looked for beside FILE)")
      ->type_name("FILE");
  app.add_option("--array", options->member, "Which array of an NPZ")->type_name("NAME");
  app.add_option(
         "--kind", options->kind,
         "probabilities, logits, top-one, embedding or detections (default: told by the values)")
      ->type_name("KIND");
  app.add_option("--class-map", options->class_map,
                 "File with the model's class names in output order (default: the project's)")
      ->type_name("FILE");
  app.add_option(
         "--category-base", options->category_base,
         "COCO results: category ids count from 0 or 1, or are the dataset's (default: told "
         "by the file)")
      ->type_name("BASE");
  app.add_option("--images", options->images_root,
                 "Annotations: folder of their images (default: as `errata import` finds them)")
      ->type_name("DIR");
  app.add_option("--trained-on", options->trained_on,
                 "Filter: the samples that the model was trained on")
      ->type_name("EXPR");
  app.add_option_function<uint64_t>(
         "--memory", [options](uint64_t mib) { options->memory_bytes = mib << 20; },
         "How many MiB of a large file may be held at once; beyond, it is read twice (default 512)")
      ->type_name("MIB")
      ->check(CLI::Range(16, 1 << 20));
  app.add_flag("--replace", options->replace, "Replace a run of the same name");
  app.add_option("--who", options->who, "Who attaches them, for the record")->type_name("NAME");
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    if (options->who.empty()) options->who = jobs::default_who();
    jobs::JobContext job = context.job();
    const jobs::PredictionsJobReport report = context.resumable(
        "run it again with --replace", [&] { return jobs::attach_predictions(*options, job); });
    context.end_progress();
    context.json() ? print_json(context, report) : print_text(context, report);
  };
}

}  // namespace errata::cli

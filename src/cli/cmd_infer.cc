#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/import_job.h"
#include "jobs/infer_job.h"

namespace errata::cli {

namespace {

double images_per_sec(const jobs::InferJobReport& report) {
  return report.pass.elapsed_secs > 0
             ? static_cast<double>(report.pass.images) / report.pass.elapsed_secs
             : 0;
}

void print_json(CommandContext& context, const jobs::InferJobReport& report) {
  context.print_json(
      text::Json::object({{"run", report.run},
                          {"device", report.runner.device},
                          {"device_name", report.runner.device_name},
                          {"precision", report.runner.precision},
                          {"engine", report.runner.engine},
                          {"batch", report.runner.batch},
                          {"classes", report.classes},
                          {"embedding_columns", report.runner.embedding_columns},
                          {"stage_columns", report.runner.stage_columns},
                          {"embedding_source", report.runner.embedding_source},
                          {"preprocessing", report.preprocessing},
                          {"resumed", report.resumed},
                          {"planned", report.planned},
                          {"predicted", report.predicted},
                          {"detector", report.detector},
                          {"detections", report.detections},
                          {"unreadable", report.pass.unreadable},
                          {"not_finite", report.pass.not_finite},
                          {"images", report.pass.images},
                          {"skipped", report.pass.skipped},
                          {"elapsed_secs", report.pass.elapsed_secs},
                          {"images_per_sec", images_per_sec(report)},
                          {"classes_not_in_project", texts_json(report.classes_not_in_project)},
                          {"rejected", report.rejected},
                          {"warned", report.warned},
                          {"issues", issues_json(context.issues())}}));
}

void print_text(CommandContext& context, const jobs::InferJobReport& report) {
  std::string text;
  if (report.resumed) {
    text += fmt::format("went on after {} that were done\n", plural(report.pass.skipped, "image"));
  }
  if (report.detector) {
    text +=
        fmt::format("run '{}': {} {} in {}", report.run, with_thousands(report.detections),
                    report.detections == 1 ? "box" : "boxes", plural(report.predicted, "image"));
  } else {
    text += fmt::format("run '{}': {} predicted", report.run, plural(report.predicted, "sample"));
  }
  if (report.runner.embedding_columns > 0) {
    text += fmt::format(", embeddings of {} values", report.runner.embedding_columns);
  }
  if (report.pass.images > 0) {
    text += fmt::format(", {} ({}/s)", human_duration(report.pass.elapsed_secs),
                        with_thousands(static_cast<uint64_t>(images_per_sec(report))));
  }
  text += "\n";
  text += complaints_text(report.classes_not_in_project, context.issues());
  const uint64_t good = report.pass.ok + report.pass.skipped;
  context.print_text(text + jobs::closing_line(good, report.rejected, report.warned) + "\n");
}

void add_model_options(CLI::App& app, jobs::InferJobOptions& options) {
  app.add_option("--model", options.model_path, "TorchScript file")->required()->type_name("FILE");
  app.add_option("--config", options.config_path,
                 "JSON that describes its input and outputs (default: beside or inside the model)")
      ->type_name("FILE");
  app.add_option("--class-map", options.class_map,
                 "File with class names in output order, where the model has none")
      ->type_name("FILE");
  app.add_flag("--test-size", options.use_test_size,
               "Use timm's test_input_size and test_crop_pct");
  app.add_flag("--mirror", options.mirror,
               "Classifiers: see each picture's mirror image too and average what both give: "
               "twice the work, and more label errors are found");
  app.add_flag_function(
      "--no-embedding", [&options](int64_t) { options.embedding = false; },
      "Store probabilities only: neither the embedding nor the stages before");
}

void add_detector_options(CLI::App& app, jobs::InferJobOptions& options) {
  app.add_option("--confidence", options.confidence,
                 "Detectors: keep boxes above it (default 0.05; average precision as benchmarks "
                 "report it wants 0.001)")
      ->type_name("F");
  app.add_option("--iou", options.iou,
                 "Detectors: of two boxes that overlap by more, keep the surer one (default 0.7)")
      ->type_name("F");
  app.add_option("--max-detections", options.max_detections,
                 "Detectors: most boxes of an image (default 300)")
      ->type_name("N");
  app.add_flag("--agnostic", options.agnostic,
               "Detectors: boxes of different classes suppress each other too");
}

void add_run_options(CLI::App& app, jobs::InferJobOptions& options) {
  app.add_option("--run", options.run_name, "Name of the run (default: that of the model file)")
      ->type_name("NAME");
  app.add_option("--where", options.where, "Filter: only these samples")->type_name("EXPR");
  app.add_option("--trained-on", options.trained_on,
                 "Filter: the samples that the model was trained on")
      ->type_name("EXPR");
  app.add_flag("--resume", options.resume,
               "Go on with a run that did not end; without --run, begin it where there is none");
  app.add_flag("--replace", options.replace, "Replace a run of the same name");
  app.add_option("--who", options.who, "Who runs it, for the record")->type_name("NAME");
}

}  // namespace

CommandBody setup_infer(CLI::App& app) {
  auto options = std::make_shared<jobs::InferJobOptions>();
  add_model_options(app, *options);
  add_detector_options(app, *options);
  add_run_options(app, *options);
  app.add_option("--device", options->device, "auto, cpu, cuda or cuda:N (default auto)")
      ->type_name("DEVICE");
  app.add_option("--precision", options->precision, "fp32, bf16 or fp16 (default fp32)")
      ->type_name("NAME");
  app.add_option("--batch", options->batch,
                 "Images per forward pass (default: what suits the device)")
      ->type_name("N");
  app.add_option("--workers", options->workers, "Threads (default: one per core)")->type_name("N");
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    if (options->who.empty()) options->who = jobs::default_who();
    jobs::JobContext job = context.job();
    const jobs::InferJobReport report =
        context.resumable("run the same command with --resume (and without --replace)",
                          [&] { return jobs::run_infer(*options, job); });
    context.end_progress();
    context.json() ? print_json(context, report) : print_text(context, report);
  };
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/probe_job.h"

namespace errata::cli {

namespace {

text::Json interval_json(const analysis::Interval& interval) {
  return text::Json::object(
      {{"value", interval.value}, {"low", interval.low}, {"high", interval.high}});
}

void print_json(CommandContext& context, const jobs::ProbeJobReport& report) {
  text::Json tried = text::Json::array();
  for (const analysis::TriedStrength& each : report.tried) {
    tried.push_back(
        text::Json::object({{"lambda", each.lambda}, {"held_out_log_loss", each.log_loss}}));
  }
  text::Json json = text::Json::object({{"run", report.run},
                                        {"embeddings", report.embeddings},
                                        {"samples", report.samples},
                                        {"labelled", report.labelled},
                                        {"without_embedding", report.without},
                                        {"near_duplicates", report.duplicates},
                                        {"columns", report.columns},
                                        {"folds", report.folds},
                                        {"accuracy", interval_json(report.accuracy)},
                                        {"ece", interval_json(report.ece)},
                                        {"device", report.device.device},
                                        {"device_name", report.device.name},
                                        {"elapsed_secs", report.elapsed_secs}});
  if (report.fine_tuned) {
    json["unreadable"] = report.unreadable;
    json["warnings"] = text::Json::array();
    if (!report.warning.empty()) json["warnings"].push_back(report.warning);
    json["epochs"] = report.epochs;
    json["doubted"] = report.doubted;
    json["trained_values"] = report.trained_values;
  } else {
    json["axes"] = report.axes;
    json["kept_variance"] = report.kept_variance;
    json["lambda"] = report.lambda;
    json["tried"] = tried;
  }
  context.print_json(json);
}

void print_text(CommandContext& context, const jobs::ProbeJobReport& report) {
  std::string text =
      report.fine_tuned
          ? fmt::format(
                "run '{}': {} by the model of '{}' fitted anew, each by one that did not "
                "see it\n",
                report.run, plural(report.samples, "sample"), report.embeddings)
          : fmt::format(
                "run '{}': {} from the embeddings of '{}', each by a head that did not "
                "see it\n",
                report.run, plural(report.samples, "sample"), report.embeddings);
  text += fmt::format(
      "held-out accuracy {:.4f} ({:.4f} to {:.4f}), calibration error {:.4f} "
      "({:.4f} to {:.4f}), over {} with a label\n",
      report.accuracy.value, report.accuracy.low, report.accuracy.high, report.ece.value,
      report.ece.low, report.ece.high, plural(report.labelled, "sample"));
  text += report.fine_tuned
              ? fmt::format("{} weights, {} epochs in each of {} folds, {} in doubt taught less",
                            with_thousands(report.trained_values), report.epochs, report.folds,
                            plural(report.doubted, "label"))
              : fmt::format("{} of {} directions ({:.1f} % of the variance), strength {:g}",
                            report.axes, report.columns, report.kept_variance * 100, report.lambda);
  text += fmt::format(", {} near duplicates kept in one fold each, {:.1f} s on {}{}\n",
                      with_thousands(report.duplicates), report.elapsed_secs, report.device.device,
                      report.device.name.empty() ? "" : " (" + report.device.name + ")");
  context.print_text(text);
  if (!report.choice.empty()) context.note(report.choice);
  if (report.without > 0) {
    context.warn(fmt::format("{} have no embedding and got no probabilities",
                             plural(report.without, "sample")));
  }
  if (!report.warning.empty()) context.warn(report.warning);
  if (report.unreadable > 0) {
    context.warn(fmt::format("{} could not be read and got no probabilities: errata issues",
                             plural(report.unreadable, "picture")));
  }
  context.note("next: errata find labels");
}

}  // namespace

CommandBody setup_probe(CLI::App& app) {
  auto options = std::make_shared<jobs::ProbeJobOptions>();
  app.add_option("--embeddings", options->embeddings,
                 "Run that holds the embeddings (default: the newest that does)")
      ->type_name("RUN");
  app.add_flag("--fine-tune", options->fine_tune,
               "Fit the model itself, not only a head: finds more, takes minutes");
  app.add_option("--folds", options->folds, "Folds, 2 to 50 (default 5; 2 with --fine-tune)")
      ->type_name("K");
  app.add_option("--run", options->run_name,
                 "Name of the run that is made (default probe; fine-tuned with --fine-tune)")
      ->type_name("NAME");
  app.add_option("--where", options->where, "Filter: only these samples")->type_name("EXPR");
  app.add_option("--seed", options->seed, "Seed of the folds (default 1)")->type_name("N");
  app.add_option("--device", options->device,
                 "That trains: auto, cpu, cuda or cuda:N (default auto: CUDA when there is one)")
      ->type_name("NAME");
  app.add_flag("--replace", options->replace, "Replace a run of the same name");
  app.add_option("--who", options->who, "Who runs it, for the record")->type_name("NAME");
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    if (options->who.empty()) options->who = jobs::default_who();
    jobs::JobContext job = context.job();
    const jobs::ProbeJobReport report = jobs::run_probe(*options, job);
    context.end_progress();
    context.json() ? print_json(context, report) : print_text(context, report);
  };
}

}  // namespace errata::cli

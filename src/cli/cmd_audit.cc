#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/audit_job.h"
#include "jobs/edit_job.h"

namespace errata::cli {

namespace {

std::string drawn_from(const jobs::AuditDrawing& drawing) {
  return fmt::format("drawn at random from {}, less excluded ones, seed {}",
                     drawing.population.empty() ? "all samples" : drawing.population, drawing.seed);
}

CommandBody setup_draw(CLI::App& app) {
  auto options = std::make_shared<jobs::AuditDrawOptions>();
  auto seed = std::make_shared<uint64_t>(0);
  app.add_option("--where", options->where, "Draw from these samples, as in \"split = 'test'\"")
      ->type_name("EXPR");
  app.add_option("--size", options->size, "How many to draw (default 200)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40));
  CLI::Option* given = app.add_option("--seed", *seed, "Seed of the draw (default: by the clock)");
  given->type_name("N")->check(CLI::Range(uint64_t{0}, uint64_t{INT64_MAX}));
  app.add_flag("--replace", options->replace, "Drop the audit that was drawn before");
  app.add_option("--who", options->who, "Who draws it (default: $ERRATA_WHO or $USER)")
      ->type_name("NAME");
  return [options, seed, given](CommandContext& context) {
    options->store_path = context.store_path();
    if (options->who.empty()) options->who = jobs::default_who();
    if (given->count() > 0) options->seed = *seed;
    const jobs::AuditDrawReport report = jobs::draw_audit(*options);
    if (context.json()) {
      return context.print_json(
          text::Json::object({{"drawn", report.drawn},
                              {"population", report.population},
                              {"where", report.drawing.population},
                              {"seed", static_cast<int64_t>(report.drawing.seed)}}));
    }
    context.print_text(fmt::format("{} of {}, {}\n", with_thousands(report.drawn),
                                   plural(report.population, "sample"),
                                   drawn_from(report.drawing)));
    context.note(
        "Review all of them (`errata view --filter \"tags = 'audit'\"`; of an image with boxes "
        "mend "
        "the boxes, then keep the image); `errata audit show` then tells the estimate.");
  };
}

void add_row(ResultTable& table, const std::string& name, double given,
             const analysis::Estimate& estimate) {
  table.add({name, given, estimate.value, estimate.low, estimate.high});
}

ResultTable estimate_table(const jobs::AuditReport& report) {
  ResultTable table({{"measure"},
                     {"as_imported", Align::kRight},
                     {"corrected", Align::kRight},
                     {"low_95", Align::kRight},
                     {"high_95", Align::kRight}});
  if (report.labels) {
    const double given = static_cast<double>(report.counts.right_given) /
                         static_cast<double>(report.counts.population);
    add_row(table, "accuracy", given, report.labels->accuracy);
    add_row(table, "wrong_labels", std::nan(""), report.labels->label_error);
  }
  if (report.boxes) {
    add_row(table, "precision", report.boxes->given.precision, report.boxes->precision);
    add_row(table, "recall", report.boxes->given.recall, report.boxes->recall);
    add_row(table, "f1", report.boxes->given.f1, report.boxes->f1);
    add_row(table, "wrong_labels", std::nan(""), report.boxes->wrong_labels);
    add_row(table, "missing_labels", std::nan(""), report.boxes->missing_labels);
  }
  return table;
}

void print_audit(CommandContext& context, const jobs::AuditReport& report,
                 const jobs::AuditOptions& options, TableFormat format) {
  for (const std::string& warning : report.warnings) context.warn(warning);
  const ResultTable table = estimate_table(report);
  if (context.json()) {
    return context.print_json(text::Json::object(
        {{"run", report.run},
         {"where", report.drawing.population},
         {"seed", static_cast<int64_t>(report.drawing.seed)},
         {"population", report.population},
         {"drawn", report.drawn},
         {"reviewed", report.reviewed},
         {"estimates", table.rows() == 0 ? text::Json() : to_json_value(table)}}));
  }
  if (format != TableFormat::kTable) return context.print_table(table, format);
  context.print_text(
      fmt::format("{} of {} reviewed, {}\nrun '{}'{}\n", with_thousands(report.reviewed),
                  plural(report.drawn, "sample"), drawn_from(report.drawing), report.run,
                  report.detections ? fmt::format(", matched at confidence {:g} and IoU {:g}",
                                                  options.confidence, options.overlap)
                                    : std::string()));
  if (table.rows() == 0) {
    context.print_text(
        "the estimate comes with the last review: those reviewed first are no "
        "random sample\n");
    return;
  }
  context.print_text("\n" + table.to_text());
}

CommandBody setup_show(CLI::App& app) {
  auto options = std::make_shared<jobs::AuditOptions>();
  auto format = std::make_shared<std::string>("table");
  app.add_option("--run", options->run, "Run that is measured (default: the newest)")
      ->type_name("NAME");
  app.add_option("--confidence", options->confidence,
                 "Detections below it count neither way (default 0.25)")
      ->type_name("C");
  app.add_option("--iou", options->overlap, "Overlap from which a detection is right (default 0.5)")
      ->type_name("IOU");
  add_format_option(app, *format);
  return [options, format](CommandContext& context) {
    options->store_path = context.store_path();
    jobs::JobContext job = context.job();
    const jobs::AuditReport report = jobs::read_audit(*options, job);
    context.end_progress();
    print_audit(context, report, *options, parse_table_format(*format));
  };
}

}  // namespace

CommandBody setup_audit(CLI::App& app) {
  CommandFamily family(app);
  family.add("draw", "Draw samples at random to review whole, tagged audit",
             "errata audit draw --where \"split = 'test'\" --size 100 --seed 1", setup_draw);
  family.add("show", "What the reviewed audit says of all: with all labels corrected, unbiased",
             "errata audit show\nerrata audit show --run yolo --confidence 0.4", setup_show);
  return family.body();
}

}  // namespace errata::cli

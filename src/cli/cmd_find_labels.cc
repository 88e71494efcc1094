#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_labels_job.h"

namespace errata::cli {

namespace {

constexpr size_t kShownPairs = 5;

using LabelArguments = FindArguments<jobs::FindLabelsOptions>;

double three_places(float value) {
  return std::stod(fmt::format("{:.4f}", value));
}

ResultTable suspect_table(const jobs::FindLabelsReport& report, size_t limit) {
  ResultTable table({{"rank", Align::kRight},
                     {"id", Align::kRight},
                     {"path"},
                     {"label"},
                     {"suggested"},
                     {"p_suggested", Align::kRight},
                     {"p_label", Align::kRight}});
  const Table& samples = report.state.snapshot.samples;
  const size_t shown = limit == 0 ? report.suspects.size() : limit;
  for (size_t i = 0; i < std::min(shown, report.suspects.size()); ++i) {
    const jobs::LabelSuspect& suspect = report.suspects[i];
    table.add({static_cast<int64_t>(i + 1), report.state.snapshot.ids[suspect.row],
               samples.find("path")->display(suspect.row),
               samples.find("label")->display(suspect.row),
               report.class_names[static_cast<size_t>(suspect.suggested)],
               three_places(suspect.suggested_probability), three_places(suspect.self_confidence)});
  }
  return table;
}

text::Json report_json(const jobs::FindLabelsReport& report, const ResultTable& table) {
  text::Json classes = text::Json::array();
  for (const analysis::ClassHealth& each : report.health.by_class) {
    classes.push_back(
        text::Json::object({{"class", report.class_names[static_cast<size_t>(each.index)]},
                            {"label_quality", each.quality},
                            {"label_noise", each.label_noise},
                            {"inverse_label_noise", each.inverse_label_noise}}));
  }
  text::Json overlaps = text::Json::array();
  for (const analysis::ClassOverlap& each : report.health.overlapping) {
    overlaps.push_back(text::Json::object({{"a", report.class_names[static_cast<size_t>(each.a)]},
                                           {"b", report.class_names[static_cast<size_t>(each.b)]},
                                           {"joint_probability", each.joint}}));
  }
  return text::Json::object({{"kind", "labels"},
                             {"run", report.state.run},
                             {"looked_at", report.looked_at},
                             {"excluded", report.excluded},
                             {"found", report.suspects.size()},
                             {"estimated_wrong", report.estimated},
                             {"overall_health", report.health.overall},
                             {"tagged", report.tagged.edits.size()},
                             {"warnings", texts_json(report.warnings)},
                             {"classes", classes},
                             {"overlapping", overlaps},
                             {"rows", to_json_value(table)}});
}

std::string health_text(const jobs::FindLabelsReport& report) {
  std::vector<std::string> pairs;
  for (const analysis::ClassOverlap& each : report.health.overlapping) {
    if (pairs.size() == kShownPairs) break;
    pairs.push_back(fmt::format("{} and {} ({:.1f} %)",
                                report.class_names[static_cast<size_t>(each.a)],
                                report.class_names[static_cast<size_t>(each.b)], each.joint * 100));
  }
  return pairs.empty() ? std::string() : fmt::format("most mixed up: {}\n", fmt::join(pairs, ", "));
}

void print_labels(CommandContext& context, const jobs::FindLabelsReport& report,
                  const LabelArguments& arguments) {
  const ResultTable table = suspect_table(report, arguments.limit);
  if (context.json()) return context.print_json(report_json(report, table));
  context.print_table(table, parse_table_format(arguments.format));
  if (arguments.format == "table") {
    context.print_text(fmt::format(
        "\n{} suspected among {} with a label and a prediction; about {} are estimated to be "
        "wrong\n{}",
        plural(report.suspects.size(), "label"), plural(report.looked_at, "sample"),
        with_thousands(static_cast<uint64_t>(report.estimated)), health_text(report)));
  }
  if (!report.state.run_choice.empty()) context.note(report.state.run_choice);
  if (!note_tagged(context, report.tagged, arguments.options.tag, " --sort self_confidence") &&
      !report.suspects.empty() && arguments.options.tag.empty()) {
    context.note(
        "to review them: errata find labels --tag suspect, then errata view --filter "
        "\"tags = 'suspect'\"");
  }
  for (const std::string& warning : report.warnings) context.warn(warning);
}

}  // namespace

CommandBody setup_find_labels(CLI::App& app) {
  auto arguments = std::make_shared<LabelArguments>();
  jobs::FindLabelsOptions& options = arguments->options;
  app.add_option("--run", options.run, "Run whose probabilities judge (default: the newest)")
      ->type_name("NAME");
  app.add_option("--where", options.where, "Filter: only these samples are looked at")
      ->type_name("EXPR");
  app.add_option("--filter", options.filter,
                 "prune_by_noise_rate, prune_by_class, both, confident_learning, "
                 "predicted_neq_given, low_normalized_margin or low_self_confidence (default "
                 "prune_by_noise_rate)")
      ->type_name("NAME");
  app.add_option("--rank-by", options.rank_by,
                 "normalized_margin, self_confidence or confidence_weighted_entropy (default "
                 "normalized_margin)")
      ->type_name("SCORE");
  app.add_flag("--compat", options.compat, "As cleanlab 2.9 does it, its known faults included");
  add_find_options(app, options.tag, options.who, arguments->limit, arguments->format,
                   {"Tag what was found, to review it in the viewer", "Who tags, for the record",
                    "How many to show, 0 for all (default 10)"});
  return find_body(arguments, jobs::find_labels, print_labels);
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/find_labels_job.h"

namespace errata::cli {

namespace {

constexpr size_t kShownPairs = 5;

struct LabelArguments {
  jobs::FindLabelsOptions options;
  size_t limit = 10;
  std::string format = "table";
};

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
  text::Json warnings = text::Json::array();
  for (const std::string& warning : report.warnings) warnings.push_back(warning);
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
                             {"warnings", warnings},
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
  if (report.tagged.batch != 0) {
    context.note(
        fmt::format("{} tagged '{}'; errata undo takes it back. Look at them with: errata "
                    "view --filter \"tags = '{}'\" --sort self_confidence",
                    plural(report.tagged.edits.size(), "sample"), arguments.options.tag,
                    arguments.options.tag));
  } else if (!report.suspects.empty() && arguments.options.tag.empty()) {
    context.note(
        "to review them: errata find labels --tag suspect, then errata view --filter "
        "\"tags = 'suspect'\"");
  }
  for (const std::string& warning : report.warnings) context.warn(warning);
}

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
  app.add_option("--tag", options.tag, "Tag what was found, to review it in the viewer")
      ->type_name("TAG");
  app.add_option("--who", options.who, "Who tags, for the record")->type_name("NAME");
  app.add_option("-n,--limit", arguments->limit, "How many to show, 0 for all (default 10)")
      ->type_name("N");
  add_format_option(app, arguments->format);
  return [arguments](CommandContext& context) {
    arguments->options.store_path = context.store_path();
    if (arguments->options.who.empty()) arguments->options.who = jobs::default_who();
    jobs::JobContext job = context.job();
    const jobs::FindLabelsReport report = jobs::find_labels(arguments->options, job);
    context.end_progress();
    print_labels(context, report, *arguments);
  };
}

}  // namespace

CommandBody setup_find(CLI::App& app) {
  CommandFamily family(app);
  family.add("labels", "Labels that a run's out-of-sample probabilities speak against",
             "errata find labels --where \"split = 'test'\"\n"
             "errata find labels --run resnet20 --tag suspect",
             setup_find_labels);
  family.add("quality",
             "Pictures that are dark, light, blurry, empty, oddly shaped or sized, or grey",
             "errata find quality\n"
             "errata find quality --issue blurry --issue dark --tag bad",
             setup_find_quality);
  family.add("duplicates", "The same picture more than once: files, pixels, or nearly the same",
             "errata find duplicates\n"
             "errata find duplicates --where \"split = 'train'\" --exclude",
             setup_find_duplicates);
  return family.body();
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

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

std::string verdict_name(int8_t verdict) {
  return std::string(kVerdictNames[static_cast<size_t>(verdict)]);
}

// The verdict and what it rests on: how many of the nearest neighbours have the suggested label, if
// a copy of the picture has another label, and how many runs predict another than the given.
void add_evidence(const jobs::FindLabelsReport& report, const jobs::LabelSuspect& suspect,
                  std::vector<Cell>& cells) {
  cells.push_back(three_places(suspect.score));
  cells.push_back(suspect.verdict < 0 ? Cell{} : Cell{verdict_name(suspect.verdict)});
  if (!report.embeddings.empty()) {
    const jobs::NeighbourEvidence& near = suspect.neighbours;
    cells.push_back(near.shown == 0 ? Cell{}
                                    : Cell{fmt::format("{}/{}", near.suggested, near.shown)});
    cells.push_back(near.copy_otherwise ? Cell{std::string("other label")} : Cell{});
  }
  if (!report.runs.empty()) {
    cells.push_back(suspect.runs_known == 0
                        ? Cell{}
                        : Cell{fmt::format("{}/{}", suspect.runs_known - suspect.runs_for_given,
                                           suspect.runs_known)});
  }
}

ResultTable suspect_table(const jobs::FindLabelsReport& report,
                          std::span<const jobs::LabelSuspect> suspects) {
  std::vector<ResultColumn> columns({{"rank", Align::kRight},
                                     {"id", Align::kRight},
                                     {"path"},
                                     {"label"},
                                     {"suggested"},
                                     {"p_suggested", Align::kRight, 4, 60, 2},
                                     {"p_label", Align::kRight, 4, 60, 4}});
  if (report.all_evidence) {
    columns.push_back({"label_error", Align::kRight});
    columns.push_back({"verdict"});
    if (!report.embeddings.empty()) {
      columns.push_back({"neighbours", Align::kRight, 4, 60, 1});
      columns.push_back({"copy", Align::kLeft, 4, 60, 5});
    }
    if (!report.runs.empty()) columns.push_back({"runs_against", Align::kRight, 4, 60, 3});
  }
  ResultTable table(columns);
  const Table& samples = report.state.snapshot.samples;
  for (size_t i = 0; i < suspects.size(); ++i) {
    const jobs::LabelSuspect& suspect = suspects[i];
    std::vector<Cell> cells{static_cast<int64_t>(i + 1),
                            report.state.snapshot.ids[suspect.row],
                            samples.find("path")->display(suspect.row),
                            samples.find("label")->display(suspect.row),
                            report.class_names[static_cast<size_t>(suspect.suggested)],
                            three_places(suspect.suggested_probability),
                            three_places(suspect.self_confidence)};
    if (report.all_evidence) add_evidence(report, suspect, cells);
    table.add(std::move(cells));
  }
  return table;
}

text::Json interval_end(const jobs::FindLabelsReport& report, double value) {
  return report.all_evidence && !std::isnan(value) ? text::Json(std::llround(value))
                                                   : text::Json(nullptr);
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
  text::Json verdicts = text::Json::object();
  for (size_t i = 0; i < report.verdicts.size(); ++i) {
    verdicts[std::string(kVerdictNames[i])] = report.verdicts[i];
  }
  return text::Json::object(
      {{"kind", "labels"},
       {"run", report.state.run},
       {"looked_at", report.looked_at},
       {"judged", report.judged},
       {"excluded", report.excluded},
       {"found", report.suspects.size()},
       {"wrong_by_verdict", data_wrong(report.verdicts)},
       {"estimated_wrong", report.estimated},
       {"estimated_low", interval_end(report, report.estimated_interval.low)},
       {"estimated_high", interval_end(report, report.estimated_interval.high)},
       {"embeddings", report.embeddings},
       {"by_stages", report.by_stages},
       {"by_pictures", report.by_pictures},
       {"runs", texts_json(report.runs)},
       {"lacks", report.lacks},
       {"more", report.more},
       {"fitting_secs", report.fitting_secs},
       {"verdicts", verdicts},
       {"overall_health", report.health.overall},
       {"tagged", report.tagged.edits.size()},
       {"warnings", texts_json(report.warnings)},
       {"classes", classes},
       {"overlapping", overlaps},
       {"rows", to_json_value(table)}});
}

std::string interval_text(const jobs::FindLabelsReport& report) {
  const analysis::Interval& interval = report.estimated_interval;
  if (!report.all_evidence || std::isnan(interval.low)) return {};
  const auto end = [](double value) {
    return with_thousands(static_cast<uint64_t>(std::llround(value)));
  };
  return fmt::format("({} to {}) ", end(interval.low), end(interval.high));
}

bool has_others(const jobs::FindLabelsReport& report) {
  return report.all_evidence && report.judged > report.looked_at;
}

std::string beside_text(const jobs::FindLabelsReport& report) {
  return has_others(report) ? fmt::format(", weighed beside {} others",
                                          with_thousands(report.judged - report.looked_at))
                            : std::string();
}

std::string health_text(const jobs::FindLabelsReport& report) {
  std::vector<std::string> pairs;
  for (const analysis::ClassOverlap& each : report.health.overlapping) {
    if (pairs.size() == kShownPairs) break;
    pairs.push_back(fmt::format("{} and {} ({:.1f} %)",
                                report.class_names[static_cast<size_t>(each.a)],
                                report.class_names[static_cast<size_t>(each.b)], each.joint * 100));
  }
  if (pairs.empty()) return {};
  return fmt::format("most mixed up{}: {}\n", has_others(report) ? " of all" : "",
                     fmt::join(pairs, ", "));
}

// What was weighed, and how many verdicts of each kind came of it.
std::string verdict_text(const jobs::FindLabelsReport& report) {
  if (!report.all_evidence) return {};
  std::vector<std::string> sources;
  if (!report.embeddings.empty()) {
    std::vector<std::string> of{fmt::format("the embeddings of '{}'", report.embeddings)};
    if (report.by_stages) of.emplace_back("its model's earlier stages");
    if (report.by_pictures) of.emplace_back("what the pictures look like");
    sources.push_back("a probe and neighbours on " + join_words(of));
  }
  for (const std::string& run : report.runs) sources.push_back(fmt::format("run '{}'", run));
  const std::string fitted =
      report.fitting_secs > 0 ? fmt::format(
                                    "the model of '{}' was fitted to the labels in {:.0f} s (run "
                                    "'fine-tuned')\n",
                                    report.embeddings, report.fitting_secs)
                              : std::string();
  std::vector<std::string> verdicts;
  for (size_t i = 0; i < report.verdicts.size(); ++i) {
    verdicts.push_back(fmt::format("{} {}", with_thousands(report.verdicts[i]), kVerdictNames[i]));
  }
  const size_t wrong = report.verdicts[static_cast<size_t>(Verdict::kLabelWrong)];
  const size_t all_wrong = data_wrong(report.verdicts);
  return fmt::format(
      "{}evidence: {}\nverdicts: {}\nwrong by the verdict, label or image: {} ({} of the {} "
      "suspected, {} not a valid image)\n",
      fitted, fmt::join(sources, ", "), fmt::join(verdicts, ", "), with_thousands(all_wrong),
      with_thousands(wrong), plural(report.suspects.size(), "label"),
      with_thousands(all_wrong - wrong));
}

ResultTable shown_table(const jobs::FindLabelsReport& report, const LabelArguments& arguments) {
  const std::span suspects(report.suspects);
  return suspect_table(report, suspects.first(arguments.shown(suspects.size())));
}

std::string tagged_line(const jobs::FindLabelsReport& report, const LabelArguments& arguments) {
  return tagged_text(report.tagged, arguments.options.tag,
                     report.all_evidence ? " --sort label_error" : " --sort self_confidence");
}

std::string review_hint(const jobs::FindLabelsReport& report) {
  return report.all_evidence
             ? fmt::format(
                   "to review what is wrong by the verdict: errata view --filter \"{}\" "
                   "--sort label_error",
                   kDataWrongFilter)
             : "to review them: errata find labels --method confident_learning --tag suspect, then "
               "errata view --filter \"tags = 'suspect'\"";
}

// What is wrong by the verdict, suspect or not, as the viewer counts it.
std::vector<jobs::LabelSuspect> wrong_ones(const jobs::FindLabelsReport& report) {
  if (!report.all_evidence) return report.suspects;
  std::vector<jobs::LabelSuspect> suspected;
  for (const jobs::LabelSuspect& each : report.suspects) {
    if (each.verdict >= 0 && is_data_wrong(static_cast<Verdict>(each.verdict))) {
      suspected.push_back(each);
    }
  }
  std::vector<jobs::LabelSuspect> wrong;
  std::merge(suspected.begin(), suspected.end(), report.not_valid.begin(), report.not_valid.end(),
             std::back_inserter(wrong),
             [](const auto& a, const auto& b) { return a.score > b.score; });
  return wrong;
}

Told tell_labels(const jobs::FindLabelsReport& report, const LabelArguments& arguments,
                 const IssueLog&) {
  const std::vector<jobs::LabelSuspect> wrong = wrong_ones(report);
  Told told{.found = wrong.size(),
            .what = fmt::format("labels that run '{}' speaks against", report.state.run)};
  if (report.all_evidence) {
    std::vector<std::string> parts;
    for (size_t i = 0; i < report.verdicts.size(); ++i) {
      if (!is_data_wrong(static_cast<Verdict>(i))) continue;
      parts.push_back(fmt::format("{} {}", with_thousands(report.verdicts[i]), kVerdictNames[i]));
    }
    told.what = fmt::format("labels or images wrong by the verdict: {}", fmt::join(parts, ", "));
  }
  told.shown = arguments.shown(wrong.size());
  told.worst = suspect_table(report, std::span(wrong).first(told.shown));
  if (!report.lacks.empty()) told.lacks = {{"", report.lacks}};
  told.next = review_hint(report);
  told.done = {tagged_line(report, arguments)};
  told.warnings = report.warnings;
  told.report = report_json(report, shown_table(report, arguments));
  return told;
}

void print_labels(CommandContext& context, const jobs::FindLabelsReport& report,
                  const LabelArguments& arguments) {
  const ResultTable table = shown_table(report, arguments);
  if (context.json()) return context.print_json(report_json(report, table));
  context.print_table(table, parse_table_format(arguments.format));
  if (arguments.format == "table") {
    context.print_text(fmt::format(
        "\n{} suspected among {} with a label and {}{}; about {} {}are estimated to be wrong\n{}{}",
        plural(report.suspects.size(), "label"), plural(report.looked_at, "sample"),
        report.all_evidence ? "evidence" : "a prediction", beside_text(report),
        with_thousands(static_cast<uint64_t>(report.estimated)), interval_text(report),
        verdict_text(report), health_text(report)));
  }
  if (!report.state.run_choice.empty()) context.note(report.state.run_choice);
  if (report.tagged.batch != 0) {
    context.note(tagged_line(report, arguments));
  } else if (!report.suspects.empty() && arguments.options.tag.empty()) {
    context.note(review_hint(report));
  }
  if (!report.lacks.empty()) context.note(report.lacks);
  if (!report.more.empty()) context.note(report.more);
  for (const std::string& warning : report.warnings) context.warn(warning);
}

}  // namespace

FindKind setup_find_labels(CLI::App& app) {
  auto arguments = std::make_shared<LabelArguments>();
  jobs::FindLabelsOptions& options = arguments->options;
  app.add_option("--method", options.method,
                 "evidence: all that is stored, the default; confident_learning: one run's "
                 "probabilities, as cleanlab does it")
      ->type_name("NAME");
  app.add_option("--run", options.run, "Only this run's probabilities judge (default: all runs)")
      ->type_name("NAME");
  app.add_option("--where", options.where,
                 "Filter: only these samples are told of and stored; by evidence the others are "
                 "weighed beside them, and keep what was found before")
      ->type_name("EXPR");
  app.add_option("--device", options.device,
                 "That trains heads on the embeddings: auto, cpu, cuda or cuda:N (default auto: "
                 "CUDA when there is one)")
      ->type_name("NAME");
  app.add_option(
         "--fine-tune", options.fine_tune,
         "Whether the model of the embeddings, where it learnt other classes, is fitted to "
         "these labels in folds and asked too: auto, the default (from 5,000 labels on, where "
         "that takes at most ten minutes here), always or never")
      ->type_name("WHEN");
  app.add_option("--filter", options.filter,
                 "prune_by_noise_rate, prune_by_class, both, confident_learning, "
                 "predicted_neq_given, low_normalized_margin or low_self_confidence: "
                 "which labels confident learning takes")
      ->type_name("NAME");
  app.add_option("--rank-by", options.rank_by,
                 "normalized_margin, self_confidence or confidence_weighted_entropy: what "
                 "orders what confident learning took")
      ->type_name("SCORE");
  app.add_flag("--compat", options.compat, "As cleanlab 2.9 does it, its known faults included");
  app.add_option("--frac-noise", options.frac_noise,
                 "Of the labels estimated to be wrong, the share that confident learning takes, 0 "
                 "to 1 (default 1)")
      ->type_name("SHARE");
  app.add_option("--min-examples-per-class", options.min_examples_per_class,
                 "As many samples of each class confident learning leaves (default 1)")
      ->type_name("N");
  app.add_option("--remove-per-class", options.remove_per_class,
                 "Confident learning takes so many of this class, and none of those not named; "
                 "may be repeated")
      ->type_name("CLASS=N");
  add_find_options(app, options.tag, options.who, *arguments,
                   {"Tag what was found, to review it in the viewer", "Who tags, for the record",
                    "How many to show, 0 for all (default 10)"});
  return find_kind(arguments, jobs::find_labels, print_labels, tell_labels);
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_quality_job.h"

namespace errata::cli {

namespace {

using QualityArguments = FindArguments<jobs::FindQualityOptions>;

// What most pictures have is listed only when it was asked for.
bool shows(const jobs::QualityKind& kind, const QualityArguments& arguments) {
  return !kind.common || !arguments.options.issues.empty();
}

// Of each of the report's kinds, how many are shown: as many as the arguments say or, of all kinds
// together, `most`, the worst of each before the second of any.
std::vector<size_t> shown_counts(const jobs::FindQualityReport& report,
                                 const QualityArguments& arguments, std::optional<size_t> most) {
  std::vector<size_t> wanted;
  std::vector<size_t> counts;
  for (const jobs::QualityKind& kind : report.kinds) {
    wanted.push_back(shows(kind, arguments) ? arguments.shown(kind.found.size()) : 0);
  }
  if (!most || arguments.limit) return wanted;
  counts.assign(wanted.size(), 0);
  size_t left = *most;
  for (size_t rank = 0; rank < *most; ++rank) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (left == 0 || wanted[i] <= rank) continue;
      ++counts[i];
      --left;
    }
  }
  return counts;
}

ResultTable finding_table(const jobs::FindQualityReport& report, const QualityArguments& arguments,
                          std::optional<size_t> most = std::nullopt) {
  ResultTable table({{"issue"},
                     {"rank", Align::kRight},
                     {"id", Align::kRight},
                     {"path"},
                     {"label"},
                     {"score", Align::kRight},
                     {"width", Align::kRight, 4, 60, 1},
                     {"height", Align::kRight, 4, 60, 2}});
  const Table& samples = report.state.snapshot.samples;
  const std::vector<size_t> shown = shown_counts(report, arguments, most);
  for (size_t k = 0; k < report.kinds.size(); ++k) {
    const jobs::QualityKind& kind = report.kinds[k];
    for (size_t i = 0; i < shown[k]; ++i) {
      const RowIndex row = kind.found[i].row;
      table.add({std::string(kind.info->name), static_cast<int64_t>(i + 1),
                 report.state.snapshot.ids[row], samples.find("path")->display(row),
                 samples.find("label")->display(row), kind.found[i].score,
                 samples.find("width")->ints[row], samples.find("height")->ints[row]});
    }
  }
  return table;
}

ResultTable count_table(const jobs::FindQualityReport& report) {
  ResultTable table({{"issue"},
                     {"found", Align::kRight},
                     {"below", Align::kRight, 2},
                     {"which says", Align::kLeft, 0, 80}});
  for (const jobs::QualityKind& kind : report.kinds) {
    std::string meaning(kind.info->meaning);
    if (kind.common) meaning += "; most are so, none is listed unless asked for with --issue";
    table.add({std::string(kind.info->name), static_cast<int64_t>(kind.found.size()),
               kind.threshold, std::move(meaning)});
  }
  return table;
}

text::Json report_json(const jobs::FindQualityReport& report, const IssueLog& issues,
                       const ResultTable& table) {
  text::Json kinds = text::Json::array();
  for (const jobs::QualityKind& kind : report.kinds) {
    kinds.push_back(text::Json::object({{"issue", std::string(kind.info->name)},
                                        {"found", kind.found.size()},
                                        {"threshold", kind.threshold},
                                        {"common", kind.common}}));
  }
  return text::Json::object({{"kind", "quality"},
                             {"looked_at", report.looked_at},
                             {"excluded", report.excluded},
                             {"unreadable", report.unreadable},
                             {"grey_stored_as_rgb", report.grey_as_rgb},
                             {"tagged", report.tagged.edits.size()},
                             {"kinds", kinds},
                             {"issues", issues_json(issues)},
                             {"rows", to_json_value(table)}});
}

std::string review_hint(const jobs::FindQualityReport& report, const QualityArguments& arguments) {
  const jobs::QualityKind* most = nullptr;
  for (const jobs::QualityKind& kind : report.kinds) {
    if (!shows(kind, arguments) || kind.found.empty()) continue;
    if (most == nullptr || kind.found.size() > most->found.size()) most = &kind;
  }
  if (most == nullptr) return {};
  return fmt::format(
      "the scores are stored: errata rank --by {0}, or errata view --filter \"{0} < {1}\" --sort "
      "{0}",
      most->info->name, most->threshold);
}

void print_notes(CommandContext& context, const jobs::FindQualityReport& report,
                 const QualityArguments& arguments) {
  if (note_tagged(context, report.tagged, arguments.options.tag)) return;
  const std::string hint = review_hint(report, arguments);
  if (!hint.empty()) context.note(hint);
}

Told tell_quality(const jobs::FindQualityReport& report, const QualityArguments& arguments,
                  const IssueLog& issues) {
  Told told;
  std::vector<std::string> parts;
  for (const jobs::QualityKind& kind : report.kinds) {
    if (!shows(kind, arguments) || kind.found.empty()) continue;
    told.found += kind.found.size();
    parts.push_back(fmt::format("{} {}", with_thousands(kind.found.size()), kind.info->name));
  }
  told.what = parts.empty() ? "bad pictures" : fmt::format("{}", fmt::join(parts, ", "));
  if (report.unreadable > 0) {
    told.what += fmt::format("; {} could not be decoded", with_thousands(report.unreadable));
  }
  told.worst = finding_table(report, arguments, kWorstShown);
  told.shown = told.worst->rows();
  told.next = review_hint(report, arguments);
  told.done = {tagged_text(report.tagged, arguments.options.tag)};
  told.report = report_json(report, issues, finding_table(report, arguments));
  return told;
}

void print_quality(CommandContext& context, const jobs::FindQualityReport& report,
                   const QualityArguments& arguments) {
  const ResultTable table = finding_table(report, arguments);
  if (context.json()) return context.print_json(report_json(report, context.issues(), table));
  const TableFormat format = parse_table_format(arguments.format);
  context.print_table(table, format);
  if (format == TableFormat::kTable) {
    context.print_text("\n");
    context.print_table(count_table(report), format);
    std::string line = fmt::format("\n{} looked at", plural(report.looked_at, "picture"));
    if (report.grey_as_rgb > 0) {
      line += fmt::format("; {} grey and stored as RGB", with_thousands(report.grey_as_rgb));
    }
    if (report.unreadable > 0) {
      line += fmt::format("; {} could not be decoded (errata issues lists them)",
                          with_thousands(report.unreadable));
    }
    context.print_text(line + "\n" + issues_text(context.issues()));
  }
  print_notes(context, report, arguments);
}

}  // namespace

FindKind setup_find_quality(CLI::App& app) {
  auto arguments = std::make_shared<QualityArguments>();
  jobs::FindQualityOptions& options = arguments->options;
  app.add_option("--where", options.where, "Filter: only these samples are looked at")
      ->type_name("EXPR");
  app.add_option("--issue", options.issues,
                 "Only this issue, may be repeated: dark, light, blurry, low_information, "
                 "odd_aspect_ratio, odd_size or grayscale (default all)")
      ->type_name("NAME");
  add_find_options(app, options.tag, options.who, *arguments,
                   {"Tag what was found, to review it in the viewer", "Who tags, for the record",
                    "How many of each to show, 0 for all (default 10)"});
  return find_kind(arguments, jobs::find_quality, print_quality, tell_quality);
}

}  // namespace errata::cli

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/find_duplicates_job.h"

namespace errata::cli {

namespace {

using analysis::DuplicateGroup;
using analysis::DuplicateKind;

using DuplicateArguments = FindArguments<jobs::FindDuplicatesOptions>;

std::string kind_name(DuplicateKind kind) {
  switch (kind) {
    case DuplicateKind::kExact: return "exact";
    case DuplicateKind::kSamePixels: return "pixels";
    case DuplicateKind::kNear: break;
  }
  return "near";
}

std::string note_of(const DuplicateGroup& group) {
  std::string note = group.conflict ? "labels differ" : "";
  if (group.leak) note += note.empty() ? "leak" : ", leak";
  return note;
}

constexpr size_t kMembersShown = 10;  // in a table; a picture can have thousands of copies

// Of a group: all where they are at most `most` (0: any number). Of more, the one to keep and then
// what makes the group a conflict or a leak: those of another label and another split than it, then
// of another label, then of another split; then the others as they come.
std::vector<uint32_t> shown_members(const DuplicateGroup& group, const Table& samples,
                                    std::span<const RowIndex> rows, size_t most) {
  std::vector<uint32_t> shown = group.members;
  if (most == 0 || shown.size() <= most) return shown;
  const auto differs = [&](const char* name, uint32_t member) {
    const Column* column = samples.find(name);
    return column != nullptr &&
           column->display(rows[member]) != column->display(rows[group.kept()]);
  };
  std::vector<std::pair<int, uint32_t>> ordered;
  for (const uint32_t member : shown) {
    ordered.emplace_back((differs("label", member) ? 2 : 0) + (differs("split", member) ? 1 : 0),
                         member);
  }
  std::stable_sort(ordered.begin() + 1, ordered.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  shown.resize(most);
  for (size_t i = 0; i < most; ++i) shown[i] = ordered[i].second;
  return shown;
}

// "group 1: 10 of 3,451 members shown".
std::string cut_groups(const jobs::FindDuplicatesReport& report, size_t shown) {
  std::string text;
  for (size_t g = 0; g < shown; ++g) {
    const size_t members = report.groups[g].members.size();
    if (members <= kMembersShown) continue;
    text += fmt::format("group {}: {} of {} members shown\n", g + 1, kMembersShown,
                        with_thousands(members));
  }
  if (!text.empty()) {
    text = "\n" + text +
           "labels and splits that differ from the kept one's first; all members: --format csv, "
           "jsonl or "
           "json\n";
  }
  return text;
}

ResultTable member_table(const jobs::FindDuplicatesReport& report, size_t shown, size_t most) {
  ResultTable table({{"group", Align::kRight},
                     {"kind"},
                     {"note"},
                     {"keep"},
                     {"id", Align::kRight},
                     {"path"},
                     {"label"},
                     {"split"},
                     {"width", Align::kRight, 4, 60, 1},
                     {"height", Align::kRight, 4, 60, 2}});
  const Table& samples = report.state.snapshot.samples;
  for (size_t g = 0; g < shown; ++g) {
    const DuplicateGroup& group = report.groups[g];
    for (const uint32_t member : shown_members(group, samples, report.rows, most)) {
      const RowIndex row = report.rows[member];
      const Column* split = samples.find("split");
      table.add({static_cast<int64_t>(g + 1), kind_name(group.kind), note_of(group),
                 std::string(member == group.kept() ? "keep" : ""), report.state.snapshot.ids[row],
                 samples.find("path")->display(row), samples.find("label")->display(row),
                 split == nullptr ? std::string() : split->display(row),
                 samples.find("width")->ints[row], samples.find("height")->ints[row]});
    }
  }
  return table;
}

// Copies that no group has together, by their ids.
text::Json between_json(const jobs::FindDuplicatesReport& report) {
  text::Json pairs = text::Json::array();
  for (const auto& [a, b] : report.between) {
    text::Json pair = text::Json::array();
    for (const uint32_t picture : {a, b}) {
      pair.push_back(report.state.snapshot.ids[report.rows[picture]]);
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

text::Json report_json(const jobs::FindDuplicatesReport& report, const IssueLog& issues,
                       const ResultTable& table) {
  return text::Json::object({{"kind", "duplicates"},
                             {"looked_at", report.looked_at},
                             {"excluded", report.excluded},
                             {"unreadable", report.unreadable},
                             {"without_contrast", report.flat},
                             {"groups", report.groups.size()},
                             {"exact", report.by_kind[0]},
                             {"same_pixels", report.by_kind[1]},
                             {"near", report.by_kind[2]},
                             {"conflicts", report.conflicts},
                             {"leaks", report.leaks},
                             {"copies", report.copies},
                             {"between_groups", between_json(report)},
                             {"near_pairs_by_embeddings", report.embedded_pairs},
                             {"usual_distance", report.usual_distance},
                             {"tagged", report.tagged.edits.size()},
                             {"warnings", texts_json(report.warnings)},
                             {"newly_excluded", report.dropped.edits.size()},
                             {"issues", issues_json(issues)},
                             {"rows", to_json_value(table)}});
}

std::string summary(const jobs::FindDuplicatesReport& report, const IssueLog& issues) {
  std::string text = fmt::format(
      "\n{} among {}: {} exact, {} with the same pixels, {} near; {} of the pictures are copies\n",
      plural(report.groups.size(), "group"), plural(report.looked_at, "picture"),
      with_thousands(report.by_kind[0]), with_thousands(report.by_kind[1]),
      with_thousands(report.by_kind[2]), with_thousands(report.copies));
  if (report.conflicts > 0) {
    text += fmt::format("{} with different labels\n", plural(report.conflicts, "group"));
  }
  if (report.leaks > 0) {
    text += fmt::format("{} across splits\n", plural(report.leaks, "group"));
  }
  if (report.conflicts_between + report.leaks_between > 0) {
    const bool all = report.between.size() < analysis::Duplicates::kMostBetween;
    text += fmt::format(
        "{}{} of copies lie between groups, {} with different labels, {} across splits: none is "
        "left once the copies are excluded (side by side in errata view, listed by --json)\n",
        all ? "" : "at least ", plural(report.between.size(), "pair"),
        with_thousands(report.conflicts_between), with_thousands(report.leaks_between));
  }
  if (!report.groups.empty()) {
    text += "keep: the largest of a group, else the one with the lowest id\n";
  }
  if (report.usual_distance > 0) {
    text += fmt::format(
        "{} near by embeddings: a picture's nearest that is no copy is expected at {:.3f}\n",
        plural(report.embedded_pairs, "pair"), report.usual_distance);
  }
  if (report.without_embedding > 0) {
    text += fmt::format("{} without an embedding\n", plural(report.without_embedding, "picture"));
  }
  if (report.flat > 0) {
    text += fmt::format("{} without contrast, compared by pixels only\n",
                        plural(report.flat, "picture"));
  }
  if (report.unreadable > 0) {
    text += fmt::format("{} could not be decoded, compared by bytes only\n{}",
                        plural(report.unreadable, "picture"), issues_text(issues));
  }
  return text;
}

constexpr const char* kReviewHint =
    "to review them: errata find duplicates --tag duplicate; to leave the copies out: errata find "
    "duplicates --exclude; to keep them in one part: errata split train=0.8,test=0.2 --group "
    "duplicate_chain";

// What was tagged, excluded and left; a line may be empty.
std::vector<std::string> edits_made(const jobs::FindDuplicatesReport& report,
                                    const jobs::FindDuplicatesOptions& options) {
  std::vector<std::string> lines{tagged_text(report.tagged, options.tag)};
  if (report.dropped.batch != 0) {
    lines.push_back(fmt::format("{} excluded; errata undo takes it back",
                                plural(report.dropped.edits.size(), "sample")));
  }
  if (options.exclude && report.conflicts > 0) {
    lines.push_back(fmt::format(
        "{} with different labels left as they are: set the right label first (errata edit set)",
        plural(report.conflicts, "group")));
  }
  return lines;
}

void print_notes(CommandContext& context, const jobs::FindDuplicatesReport& report,
                 const jobs::FindDuplicatesOptions& options) {
  for (const std::string& warning : report.warnings) context.warn(warning);
  for (const std::string& line : edits_made(report, options)) {
    if (!line.empty()) context.note(line);
  }
  if (!report.groups.empty() && !options.exclude && options.tag.empty()) context.note(kReviewHint);
}

Told tell_duplicates(const jobs::FindDuplicatesReport& report, const DuplicateArguments& arguments,
                     const IssueLog& issues) {
  constexpr size_t kPair = 2;
  const size_t shown = arguments.shown(report.groups.size());
  Told told{.found = report.groups.size(),
            .what = fmt::format("groups of copies: {} with different labels, {} across splits",
                                with_thousands(report.conflicts), with_thousands(report.leaks))};
  told.shown = shown;
  told.worst = member_table(report, shown, kPair);
  const auto large = std::count_if(
      report.groups.begin(), report.groups.begin() + static_cast<std::ptrdiff_t>(shown),
      [](const DuplicateGroup& group) { return group.members.size() > kPair; });
  if (large > 0) {
    told.text = fmt::format("{} of these groups {} more than the two shown\n", large,
                            large == 1 ? "has" : "have");
  }
  told.next = kReviewHint;
  told.done = edits_made(report, arguments.options);
  told.warnings = report.warnings;
  told.report = report_json(report, issues, member_table(report, shown, 0));
  return told;
}

void print_duplicates(CommandContext& context, const jobs::FindDuplicatesReport& report,
                      const DuplicateArguments& arguments) {
  const TableFormat format = parse_table_format(arguments.format);
  const bool cut = format == TableFormat::kTable && !context.json();
  const size_t shown = arguments.shown(report.groups.size());
  const ResultTable table = member_table(report, shown, cut ? kMembersShown : 0);
  if (context.json()) return context.print_json(report_json(report, context.issues(), table));
  context.print_table(table, format);
  if (cut) {
    context.print_text(cut_groups(report, shown) + summary(report, context.issues()));
  }
  print_notes(context, report, arguments.options);
}

}  // namespace

FindKind setup_find_duplicates(CLI::App& app) {
  auto arguments = std::make_shared<DuplicateArguments>();
  jobs::FindDuplicatesOptions& options = arguments->options;
  app.add_option("--where", options.where, "Filter: only these samples are compared")
      ->type_name("EXPR");
  app.add_option("--radius", options.radius,
                 "Bits of 64 in which the perceptual hashes of near duplicates may differ "
                 "(default 6)")
      ->type_name("BITS");
  app.add_flag("--exact", options.exact, "Equal bytes and equal pixels only, nothing near");
  app.add_option("--embeddings", options.embeddings,
                 "Near by the embeddings of this run too: crops, flips, other colours")
      ->type_name("RUN");
  app.add_flag("--exclude", options.exclude,
               "Exclude the copies, in groups whose labels agree, but for those that were kept in "
               "review; one undo takes it back");
  add_find_options(app, options.tag, options.who, *arguments,
                   {"Tag all members of the groups, to review them", "Who edits, for the record",
                    "How many groups to show, 0 for all (default 10)"});
  return find_kind(arguments, jobs::find_duplicates, print_duplicates, tell_duplicates);
}

}  // namespace errata::cli

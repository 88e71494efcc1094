#include "cli/reports.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/files.h"
#include "base/text.h"

namespace errata::cli {

namespace {

std::string first_case(const Issue& issue) {
  std::string text = issue.file;
  if (!issue.place.empty()) text += (text.empty() ? "" : ", ") + issue.place;
  if (!text.empty()) text += ": ";
  text += issue.message;
  if (!issue.text.empty()) text += fmt::format(" [{}]", issue.text);
  if (!issue.fix.empty()) text += fmt::format(" ({})", issue.fix);
  return shorten_utf8(printable(text), 500);
}

}  // namespace

std::string issues_text(const IssueLog& issues) {
  std::map<std::pair<std::string, IssueSeverity>, const Issue*> first;
  const std::vector<Issue> kept = issues.issues();
  for (const Issue& issue : kept) first.try_emplace({issue.kind, issue.severity}, &issue);
  std::string text;
  for (const auto& [key, count] : issues.counts()) {
    const bool rejected = key.second == IssueSeverity::kRejected;
    const Issue* issue = first.contains(key) ? first[key] : nullptr;
    text += fmt::format("  {} {} {}{}\n", rejected ? "rejected" : "warned", with_thousands(count),
                        key.first, issue == nullptr ? "" : ", first: " + first_case(*issue));
  }
  return text;
}

std::string complaints_text(const std::vector<std::string>& classes_not_in_project,
                            const IssueLog& issues) {
  std::string text;
  if (!classes_not_in_project.empty()) {
    text +=
        fmt::format("classes that the project lacks: {}\n",
                    shorten_utf8(fmt::format("{}", fmt::join(classes_not_in_project, ", ")), 300));
  }
  const std::string listed = issues_text(issues);
  if (!listed.empty()) text += "issues (`errata issues` lists them):\n" + listed;
  return text;
}

void note_issues(CommandContext& context) {
  std::string text = issues_text(context.issues());
  if (text.empty()) return;
  text.pop_back();
  context.note(text);
}

text::Json issues_json(const IssueLog& issues) {
  text::Json array = text::Json::array();
  for (const Issue& issue : issues.issues()) {
    const bool rejected = issue.severity == IssueSeverity::kRejected;
    array.push_back(text::Json::object({{"severity", rejected ? "rejected" : "warning"},
                                        {"kind", issue.kind},
                                        {"file", to_valid_utf8(issue.file)},
                                        {"place", issue.place},
                                        {"text", to_valid_utf8(issue.text)},
                                        {"message", issue.message},
                                        {"fix", issue.fix}}));
  }
  return array;
}

text::Json texts_json(const std::vector<std::string>& texts) {
  text::Json array = text::Json::array();
  for (const std::string& text : texts) array.push_back(text);
  return array;
}

void print_batch(CommandContext& context, const store::AppliedBatch& batch, size_t selected,
                 const std::vector<std::string>& warnings) {
  if (context.json()) {
    context.print_json(text::Json::object({{"selected", selected},
                                           {"changed", batch.edits.size()},
                                           {"batch", batch.batch},
                                           {"kind", batch.kind},
                                           {"warnings", texts_json(warnings)}}));
    return;
  }
  for (const std::string& warning : warnings) context.warn(warning);
  if (batch.edits.empty()) {
    context.print_text(
        selected == 0
            ? "nothing changed: no sample passes the filter\n"
            : fmt::format("nothing changed: {} already that way\n",
                          selected == 1 ? "the sample is" : plural(selected, "sample") + " are"));
    return;
  }
  std::string line = fmt::format("{} changed", plural(batch.edits.size(), "sample"));
  if (selected > batch.edits.size()) {
    line += fmt::format(", {} already that way", with_thousands(selected - batch.edits.size()));
  }
  context.print_text(line + "\n");
  context.note("`errata undo` takes it back.");
}

void add_format_option(CLI::App& app, std::string& format) {
  app.add_option("--format", format, "table, csv or jsonl")
      ->check(CLI::IsMember({"table", "csv", "jsonl", "json"}))
      ->default_str("table")
      ->type_name("FORMAT");
}

std::string program_folder() {
  std::array<char, 4096> buffer{};
  const ssize_t length = ::readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
  if (length <= 0) return ".";
  return std::string(parent_path(std::string_view(buffer.data(), static_cast<size_t>(length))));
}

Cell cell_of(const Table& table, std::string_view name, RowIndex row) {
  const Column* column = table.find(name);
  if (column == nullptr || column->is_null(row)) return Cell{};
  switch (column->type) {
    case ColumnType::kBool: return column->bytes[row] != 0;
    case ColumnType::kInt: return column->ints[row];
    // The shortest decimal of the float, not of the double nearest to it.
    case ColumnType::kFloat: return std::stod(fmt::format("{}", column->floats[row]));
    case ColumnType::kDouble: return column->doubles[row];
    default: return column->display(row);
  }
}

}  // namespace errata::cli

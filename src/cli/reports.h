// Pieces that several commands print alike.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/issue_log.h"
#include "cli/command.h"
#include "store/edits.h"

namespace errata::cli {

// One line per kind and severity of issue: its count and its first case; empty when there is none.
std::string issues_text(const IssueLog& issues);
// What a run of predictions has to complain about: classes, then issues. Empty when nothing.
std::string complaints_text(const std::vector<std::string>& classes_not_in_project,
                            const IssueLog& issues);
// The same on stderr, for a command that fails because of them.
void note_issues(CommandContext& context);
text::Json issues_json(const IssueLog& issues);
text::Json texts_json(const std::vector<std::string>& texts);

// "3 samples changed" and the like, with how to take it back; `warnings` of the filter first.
void print_batch(CommandContext& context, const store::AppliedBatch& batch, size_t selected,
                 const std::vector<std::string>& warnings = {});

// A value of a column as it is printed; NULL where the table has no such column.
Cell cell_of(const Table& table, std::string_view name, RowIndex row);

// Adds --format table|csv|jsonl to a command that prints a table.
void add_format_option(CLI::App& app, std::string& format);

// The folder of the running program.
std::string program_folder();

}  // namespace errata::cli

#include "query/column_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace errata::query {

namespace {

// "confidence@resnet50" -> the place of the @; npos when the name belongs to no run.
size_t run_separator(std::string_view name) {
  return name.find('@');
}

}  // namespace

const Column* find_column(const Table& table, std::string_view name) {
  const Column* column = table.find(name);
  if (column != nullptr) return column;
  const std::string wanted = to_lower_ascii(name);
  for (const auto& candidate : table.columns()) {
    std::string_view bare = candidate->name;
    const size_t at = run_separator(bare);
    if (at != std::string_view::npos && !table.active_run.empty() &&
        bare.substr(at + 1) == table.active_run) {
      bare = bare.substr(0, at);
    }
    if (to_lower_ascii(bare) != wanted) continue;
    if (column != nullptr) return nullptr;
    column = candidate.get();
  }
  return column;
}

const Column* find_column(const Table& table, std::string_view name, std::string_view run) {
  const Column* column = table.find(name, run);
  if (column != nullptr) return column;
  const std::string wanted = to_lower_ascii(fmt::format("{}@", name));
  for (const auto& candidate : table.columns()) {
    const size_t at = run_separator(candidate->name);
    if (at == std::string::npos || std::string_view(candidate->name).substr(at + 1) != run)
      continue;
    if (to_lower_ascii(std::string_view(candidate->name).substr(0, at + 1)) == wanted) {
      return candidate.get();
    }
  }
  return nullptr;
}

std::vector<std::string> column_candidates(const Table& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns()) {
    const size_t at = run_separator(column->name);
    if (at == std::string::npos) {
      names.push_back(column->name);
    } else if (std::string_view(column->name).substr(at + 1) == table.active_run) {
      names.push_back(column->name.substr(0, at));
    }
  }
  return names;
}

std::vector<std::string> run_names(const Table& table) {
  std::vector<std::string> runs;
  for (const auto& column : table.columns()) {
    const size_t at = run_separator(column->name);
    if (at == std::string::npos) continue;
    std::string run = column->name.substr(at + 1);
    if (std::find(runs.begin(), runs.end(), run) == runs.end()) runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace errata::query

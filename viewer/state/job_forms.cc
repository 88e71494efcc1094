#include "viewer/state/job_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "query/filter.h"

namespace errata::viewer {

namespace {

constexpr size_t kMostCandidates = 6;
constexpr size_t kMostEntriesRead = 20'000;

std::string home_expanded(const std::string& path) {
  const char* home = std::getenv("HOME");
  const bool of_home = path == "~" || path.starts_with("~/");
  return of_home && home != nullptr ? home + path.substr(1) : path;
}

// Names in the folder of `path` that begin as it ends; folders with a '/' at their end.
std::vector<std::string> names_that_complete(const std::string& folder, std::string_view begun) {
  std::vector<std::string> names;
  std::error_code error;
  size_t read = 0;
  for (std::filesystem::directory_iterator entry(folder.empty() ? "." : folder, error), end;
       !error && entry != end && read < kMostEntriesRead; entry.increment(error), ++read) {
    std::string name = entry->path().filename().string();
    if (!name.starts_with(begun) || (begun.empty() && name.starts_with('.'))) continue;
    std::error_code ignored;
    if (entry->is_directory(ignored)) name += '/';
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string common_start(const std::vector<std::string>& names) {
  std::string common = names.empty() ? std::string() : names.front();
  for (const std::string& name : names) {
    const auto differs = std::mismatch(common.begin(), common.end(), name.begin(), name.end());
    common.resize(static_cast<size_t>(differs.first - common.begin()));
  }
  return common;
}

std::string what_is_there(const FormField& field, const std::string& path) {
  const bool folder = is_directory(path);
  const bool there = folder || file_exists(path);
  if (field.kind == FieldKind::kNewFolder) {
    if (!there) return "will be made";
    std::error_code error;
    if (!folder || !std::filesystem::is_empty(path, error)) {
      throw Error(ErrorCategory::kConflict, "holds something already; name a new folder");
    }
    return "an empty folder";
  }
  if (!there && field.kind == FieldKind::kStore) {
    return "a new store: the first import fills it";
  }
  if (!there) throw Error(ErrorCategory::kNotFound, "nothing is there");
  if (folder && (field.kind == FieldKind::kFile || field.kind == FieldKind::kStore)) {
    throw Error(ErrorCategory::kUsage, "is a folder; a file is wanted");
  }
  if (field.kind == FieldKind::kFolder && !folder) {
    throw Error(ErrorCategory::kUsage, "is a file; a folder is wanted");
  }
  return field.explain ? field.explain(path) : std::string();
}

}  // namespace

bool is_path(FieldKind kind) {
  return kind == FieldKind::kFile || kind == FieldKind::kFolder || kind == FieldKind::kPath ||
         kind == FieldKind::kNewFolder || kind == FieldKind::kStore;
}

FormField& Form::field(std::string_view id) {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const FormField& each) { return each.id == id; });
  if (found == fields_.end()) {
    throw Error(ErrorCategory::kInternal, fmt::format("the form has no field {}", id));
  }
  return *found;
}

void Form::set(std::string_view id, std::string value, const Table& samples) {
  FormField& changed = field(id);
  changed.value = std::move(value);
  changed.touched = true;
  if (is_path(changed.kind) && changed.look.path != changed.value) changed.look = {};
  check(samples);
}

void Form::sign(const std::string& who) {
  for (FormField& each : fields_) {
    if (each.id == "who" && !each.touched) each.value = who;
  }
}

void Form::check(const Table& samples) {
  problem_.clear();
  bool complete = true;
  for (FormField& each : fields_) {
    each.problem.clear();
    if (each.needed && trim(each.value).empty()) {
      each.problem = "wanted";
      complete = false;
    }
    if (each.kind != FieldKind::kFilter || each.value.empty()) continue;
    try {
      query::parse_typed_filter(each.value, samples);
    } catch (const query::FilterError& error) {
      each.problem = error.reason();
    }
  }
  try {
    take();
  } catch (const Error& error) {
    // What is missing is told at its field.
    if (complete) problem_ = error.what();
  }
}

bool Form::ready() const {
  return problem_.empty() && std::all_of(fields_.begin(), fields_.end(), [](const auto& each) {
           return each.problem.empty() && each.look.problem.empty();
         });
}

void Form::touch_all() {
  for (FormField& each : fields_) each.touched = true;
}

std::string Form::path(std::string_view id) {
  return home_expanded(text(id));
}

uint64_t Form::number(std::string_view id, uint64_t default_value, uint64_t most, uint64_t least) {
  FormField& of = field(id);
  const std::string_view typed = trim(of.value);
  if (typed.empty()) return default_value;
  uint64_t value = 0;
  const auto parsed = std::from_chars(typed.data(), typed.data() + typed.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != typed.data() + typed.size() || value > most ||
      value < least) {
    of.problem = fmt::format("a whole number from {} to {}", least, with_thousands(most));
    return default_value;
  }
  return value;
}

std::optional<double> Form::fraction(std::string_view id) {
  FormField& of = field(id);
  const std::string_view typed = trim(of.value);
  if (typed.empty()) return std::nullopt;
  double value = 0;
  const auto parsed = std::from_chars(typed.data(), typed.data() + typed.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != typed.data() + typed.size() ||
      !(value >= 0 && value <= 1)) {
    of.problem = "a number from 0 to 1";
    return std::nullopt;
  }
  return value;
}

PathLook look_at(const FormField& field, const std::string& path) {
  PathLook look;
  look.path = path;
  if (path.empty()) return look;
  const std::string there = home_expanded(path);
  const size_t slash = there.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : there.substr(0, slash + 1);
  const std::vector<std::string> names =
      names_that_complete(folder, std::string_view(there).substr(folder.size()));
  const std::string longest = folder + common_start(names);
  if (!names.empty() && longest.size() > there.size()) look.completion = longest;
  for (size_t i = 0; i < names.size() && i < kMostCandidates; ++i) {
    look.candidates.push_back(to_valid_utf8(names[i]));
  }
  if (names.size() > kMostCandidates) {
    look.candidates.push_back(fmt::format("and {} more", names.size() - kMostCandidates));
  }
  try {
    look.note = what_is_there(field, there);
  } catch (const Error& error) {
    look.problem = error.what();
  }
  return look;
}

}  // namespace errata::viewer

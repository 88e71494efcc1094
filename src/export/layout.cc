#include "export/layout.h"

#include <algorithm>
#include <unordered_map>

#include "base/files.h"
#include "base/text.h"
#include "export/names.h"

namespace errata::exports {

namespace {

constexpr int kMemberDigits = 6;
constexpr size_t kHintDigits = 8;
constexpr size_t kMaxExtensionBytes = 16;

std::string padded(int64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kMemberDigits) digits.insert(0, kMemberDigits - digits.size(), '0');
  return digits;
}

std::string hint_of(const ExportItem& item) {
  return item.has_sha256 ? to_hex(item.sha256).substr(0, kHintDigits) : std::string();
}

// Whether what is from `dot` to `end` is an extension that can stay as it is.
bool has_plain_extension(std::string_view name, size_t dot, size_t end) {
  if (dot == std::string_view::npos || dot >= end) return false;
  // ".", "..." and what would need an escape is no extension.
  const std::string_view extension = name.substr(dot, end - dot);
  return extension.size() > 1 && extension.size() <= kMaxExtensionBytes &&
         safe_name(extension.substr(1)) == extension.substr(1);
}

// A dot in a name without an extension would be taken for the beginning of one.
std::string without_dots(std::string_view stem) {
  std::string escaped;
  for (const char c : stem) {
    if (c == '.') {
      escaped += "%2E";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::vector<std::string> safe_folders(const std::vector<std::string>& names) {
  NameTable table;
  std::vector<std::string> folders;
  folders.reserve(names.size());
  for (const std::string& name : names) folders.push_back(table.take("", safe_name(name), "", ""));
  return folders;
}

FileName file_name_of(const ExportItem& item) {
  const std::string_view path = item.source_path.empty() ? item.absolute_path : item.source_path;
  std::string_view name = base_name(path);
  if (item.member >= 0) {
    // A trailing "#12" is how a member's path is shown; it is not part of the container's name.
    const size_t mark = name.rfind('#');
    if (mark != std::string_view::npos && name.substr(mark + 1) == std::to_string(item.member)) {
      name = name.substr(0, mark);
    }
    if (name.ends_with(".gz")) name.remove_suffix(3);
    const size_t dot = name.rfind('.');
    if (dot != std::string_view::npos && dot > 0) name = name.substr(0, dot);
    return {safe_name(name) + "-" + padded(item.member), ".png"};
  }
  const size_t dot = name.rfind('.');
  if (has_plain_extension(name, dot, name.size())) {
    return {safe_name(name.substr(0, dot)), std::string(name.substr(dot))};
  }
  // What was fetched as "a.jpg?width=80".
  const size_t query = name.find('?');
  const size_t before = query == std::string_view::npos ? query : name.rfind('.', query);
  if (has_plain_extension(name, before, query)) {
    const std::string stem = std::string(name.substr(0, before)) + std::string(name.substr(query));
    return {safe_name(stem), std::string(name.substr(before, query - before))};
  }
  return {safe_name(name), ""};
}

std::vector<std::string> split_folders_of_items(const ExportInput& input, const std::string& top,
                                                Layout& layout) {
  std::vector<std::string> folders(input.items.size(), top);
  const auto in_split = [](const ExportItem& item) { return item.split >= 0; };
  if (std::none_of(input.items.begin(), input.items.end(), in_split)) return folders;
  layout.split_folders = safe_folders(input.split_names);
  for (std::string& folder : layout.split_folders) folder = top + "/" + folder;
  for (size_t i = 0; i < folders.size(); ++i) {
    const int32_t split = input.items[i].split;
    if (split < 0) layout.no_split_folder = top + "/" + std::string(kNoSplitFolder);
    folders[i] =
        split < 0 ? layout.no_split_folder : layout.split_folders[static_cast<size_t>(split)];
  }
  return folders;
}

std::vector<std::string> place_files(const ExportInput& input,
                                     const std::vector<std::string>& folder_of_item,
                                     Distinct distinct) {
  const bool stems = distinct == Distinct::kStems;
  // As long as an extension can be, so that no name becomes too long by its own.
  const std::string one_for_all(kMaxExtensionBytes, '.');
  const size_t n = input.items.size();
  std::vector<FileName> names(n);
  std::unordered_map<std::string, int> uses;
  uses.reserve(n);
  const auto key = [&](size_t i) {
    return folder_of_item[i] + "/" + names[i].stem + (stems ? one_for_all : names[i].extension);
  };
  for (size_t i = 0; i < n; ++i) {
    names[i] = file_name_of(input.items[i]);
    if (stems && names[i].extension.empty()) names[i].stem = without_dots(names[i].stem);
    ++uses[key(i)];
  }
  NameTable table;
  std::vector<std::string> paths(n);
  // First those that keep their name, so that no hint can take it.
  for (const bool shared : {false, true}) {
    for (size_t i = 0; i < n; ++i) {
      if ((uses[key(i)] > 1) != shared) continue;
      const std::string hint = hint_of(input.items[i]);
      std::string stem = names[i].stem;
      if (shared && !hint.empty()) stem += "-" + hint;
      std::string name = table.take(folder_of_item[i], stem,
                                    stems ? one_for_all : names[i].extension, shared ? "" : hint);
      if (stems)
        name.replace(name.size() - one_for_all.size(), one_for_all.size(), names[i].extension);
      paths[i] = folder_of_item[i].empty() ? name : folder_of_item[i] + "/" + name;
    }
  }
  return paths;
}

}  // namespace errata::exports

#include "export/yolo_yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "export/manifest.h"
#include "text/csv.h"
#include "text/yaml.h"

namespace errata::exports {

namespace {

using text::Json;
using text::last_member;

constexpr std::array<const char*, 3> kSplits{"train", "val", "test"};
constexpr std::array<std::string_view, 5> kWords{"true", "false", "null", "~", "="};

bool is_our_key(std::string_view key) {
  constexpr std::array<std::string_view, 8> kOurs{"path", "train", "val", "validation",
                                                  "test", "names", "nc",  "download"};
  return std::find(kOurs.begin(), kOurs.end(), key) != kOurs.end();
}

bool is_word(std::string_view text) {
  // These are truths in YAML 1.1 only.
  constexpr std::array<std::string_view, 6> kOldWords{"y", "n", "yes", "no", "on", "off"};
  const std::string lower = to_lower_ascii(text);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end() ||
         std::find(kOldWords.begin(), kOldWords.end(), lower) != kOldWords.end();
}

// What stands in JSON as it is and YAML takes for the end of a line, or not at all, as an escape.
std::string without_unprintable(std::string_view json) {
  std::string escaped;
  for (size_t i = 0; i < json.size(); ++i) {
    const auto byte = [&](size_t k) {
      return i + k < json.size() ? static_cast<unsigned char>(json[i + k]) : 0U;
    };
    if (byte(0) == 0x7F) {
      escaped += "\\u007F";
    } else if (byte(0) == 0xC2 && byte(1) < 0xA0) {
      escaped += fmt::format("\\u{:04X}", byte(1));
      i += 1;
    } else if (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) {
      escaped += byte(2) == 0xA8 ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (byte(0) == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE) {
      escaped += byte(2) == 0xBE ? "\\uFFFE" : "\\uFFFF";
      i += 2;
    } else {
      escaped += json[i];
    }
  }
  return escaped;
}

// As YAML reads it as this text, and not as a number, a date or a truth.
std::string yaml_text(const std::string& text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool plain = !text.empty() && is_letter(text.front()) && text.back() != ' ' &&
                     std::all_of(text.begin(), text.end(), [&](char c) {
                       return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                              c == ' ' || c == '/';
                     });
  if (plain && !is_word(text)) return text;
  std::string json;
  append_json_string(json, text);
  return without_unprintable(json);
}

// A value in one line. What looks like a number or a truth is taken for one, quoted or not.
std::string yaml_value(const Json& value) {
  std::string made;
  if (value.is_array()) {
    for (const Json& each : value.as_array()) made += (made.empty() ? "" : ", ") + yaml_value(each);
    return "[" + made + "]";
  }
  if (value.is_object()) {
    for (const auto& [key, each] : value.as_object()) {
      made += (made.empty() ? "" : ", ") + yaml_value(Json(key)) + ": " + yaml_value(each);
    }
    return "{" + made + "}";
  }
  if (!value.is_string()) return "null";
  double number = 0;
  const std::string& text = value.as_string();
  return text::parse_double(text, number) || is_word(text) ? text : yaml_text(text);
}

// The lines of a YAML's other keys, as they are written.
std::string other_lines(const std::string& yaml) {
  std::string kept;
  bool keep = false;
  for (size_t at = 0; at < yaml.size();) {
    size_t end = yaml.find('\n', at);
    end = end == std::string::npos ? yaml.size() : end + 1;
    const std::string_view line = std::string_view(yaml).substr(at, end - at);
    at = end;
    const char first = line.front();
    const bool continues = first == ' ' || first == '\t' || first == '-' || first == '}' ||
                           first == ']' || first == '\n' || first == '\r';
    if (first == '#') continue;
    if (!continues) {
      std::string_view key = trim(line.substr(0, std::min(line.find(':'), line.size())));
      const bool quoted = key.size() > 1 && (key.front() == '"' || key.front() == '\'') &&
                          key.back() == key.front();
      if (quoted) key = key.substr(1, key.size() - 2);
      keep =
          line.find(':') != std::string_view::npos && !key.starts_with("---") && !is_our_key(key);
    }
    if (keep) kept += line;
  }
  if (!kept.empty() && kept.back() != '\n') kept += '\n';
  return kept;
}

Json::Object other_members(const Json& yaml) {
  Json::Object others;
  if (!yaml.is_object()) return others;
  for (const auto& [key, value] : yaml.as_object()) {
    if (!is_our_key(key)) others.emplace_back(key, value);
  }
  return others;
}

std::string made_lines(const Json& yaml) {
  std::string lines;
  for (const auto& [key, value] : other_members(yaml)) {
    lines += yaml_value(Json(key)) + ": " + yaml_value(value) + "\n";
  }
  return lines;
}

// Whether `yaml` is read as what `own` and the others of `source` say.
bool says(const std::string& yaml, const Json& own, const Json& source) {
  Json::Object wanted = own.as_object();
  for (auto& other : other_members(source)) wanted.push_back(std::move(other));
  return parsed_yaml(yaml) == Json(std::move(wanted));
}

std::string own_lines(const YoloData& data) {
  std::string lines;
  for (size_t k = 0; k < kSplits.size(); ++k) {
    const std::vector<std::string>& folders = data.folders[k];
    if (folders.empty()) continue;
    lines += std::string(kSplits[k]) + ":";
    if (folders.size() == 1) {
      lines += " " + yaml_text(folders.front()) + "\n";
      continue;
    }
    lines += "\n";
    for (const std::string& folder : folders) lines += "  - " + yaml_text(folder) + "\n";
  }
  if (data.names.empty()) return lines + "names: []\n";
  lines += "names:\n";
  for (size_t c = 0; c < data.names.size(); ++c) {
    lines += "  " + std::to_string(c) + ": " + yaml_text(data.names[c]) + "\n";
  }
  return lines;
}

bool says_the_same(const Json& source, const Json& own) {
  const auto same = [&](std::string_view key) {
    const Json* a = last_member(source, key);
    const Json* b = last_member(own, key);
    return a == nullptr || b == nullptr ? a == b : *a == *b;
  };
  return last_member(source, "path") == nullptr && last_member(source, "validation") == nullptr &&
         std::all_of(kSplits.begin(), kSplits.end(), same) && same("names");
}

}  // namespace

Json parsed_yaml(const std::string& yaml) {
  try {
    return text::parse_yaml(yaml, "");
  } catch (const Error&) {
    return {};
  }
}

std::string yolo_yaml(const YoloData& data, const std::string& source) {
  const std::string own = own_lines(data);
  if (source.empty()) return own;
  const Json theirs = parsed_yaml(source);
  const Json ours = parsed_yaml(own);
  if (!ours.is_object()) return own;  // too many classes to be read as what they are
  if (says_the_same(theirs, ours)) return source;
  for (const std::string& others : {other_lines(source), made_lines(theirs)}) {
    if (says(own + others, ours, theirs)) return own + others;
  }
  return own;
}

}  // namespace errata::exports

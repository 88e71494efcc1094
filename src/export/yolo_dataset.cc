#include "export/yolo_dataset.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "export/manifest.h"
#include "text/csv.h"
#include "text/yaml.h"

namespace errata::exports {

namespace {

constexpr size_t kNowhere = SIZE_MAX;

// As YAML reads it as this text, and not as a number, a date or a truth.
std::string yaml_text(const std::string& text) {
  constexpr std::array<std::string_view, 11> kWords{"y",    "n",     "yes",  "no", "on", "off",
                                                    "true", "false", "null", "~",  "="};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool plain = !text.empty() && is_letter(text.front()) && text.back() != ' ' &&
                     std::all_of(text.begin(), text.end(), [&](char c) {
                       return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                              c == ' ' || c == '/';
                     });
  const std::string lower = to_lower_ascii(text);
  if (plain && std::find(kWords.begin(), kWords.end(), lower) == kWords.end()) return text;
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

text::Json parsed(const std::string& yaml) {
  try {
    return text::parse_yaml(yaml, "");
  } catch (const Error&) {
    return {};
  }
}

const ObjectSource* source_at(const ExportInput& input, const ExportObject& object) {
  return input.objects.source_of(object);
}

// The blocks of a YAML's other keys, as they are written.
std::string other_keys(const std::string& yaml) {
  constexpr std::array<std::string_view, 8> kOurs{"path", "train", "val", "validation",
                                                  "test", "names", "nc",  "download"};
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
      const std::string_view key = trim(line.substr(0, std::min(line.find(':'), line.size())));
      keep = line.find(':') != std::string_view::npos && !key.starts_with("---") &&
             std::find(kOurs.begin(), kOurs.end(), key) == kOurs.end();
    }
    if (keep) kept += line;
  }
  if (!kept.empty() && kept.back() != '\n') kept += '\n';
  return kept;
}

}  // namespace

YoloDataset::YoloDataset(const ExportInput& input) : input_(input) {
  settle_classes();
  settle_forms();
}

void YoloDataset::settle_classes() {
  const auto& sources = input_.objects.sources;
  same_classes_.assign(sources.size(), 0);
  for (size_t s = 0; s < sources.size(); ++s) {
    if (sources[s].format != "yolo") continue;
    if (source_ < 0) {
      source_ = static_cast<int32_t>(s);
      for (const SourceHeader::Document& document : sources[s].documents) {
        source_yaml_ = document.text;
      }
    }
    const auto& first = sources[static_cast<size_t>(source_)].classes;
    const auto& own = sources[s].classes;
    same_classes_[s] =
        own.size() == first.size() && std::equal(own.begin(), own.end(), first.begin(),
                                                 [](const SourceClass& a, const SourceClass& b) {
                                                   return a.name == b.name && a.label == b.label;
                                                 });
  }
  index_of_label_.assign(input_.class_names.size(), kNowhere);
  if (source_ >= 0) {
    for (const SourceClass& each : sources[static_cast<size_t>(source_)].classes) {
      const bool stands = each.label != kNoClass && !each.merged_away;
      if (stands && index_of_label_[static_cast<size_t>(each.label)] == kNowhere) {
        index_of_label_[static_cast<size_t>(each.label)] = names_.size();
      }
      names_.push_back(stands ? input_.class_names[static_cast<size_t>(each.label)] : each.name);
    }
  }
  std::set<ClassIndex> used;
  for (const ExportObject& object : input_.objects.objects) used.insert(object.label);
  for (size_t c = 0; c < index_of_label_.size(); ++c) {
    if (index_of_label_[c] != kNowhere) continue;
    if (source_ >= 0 && !used.contains(static_cast<ClassIndex>(c))) continue;
    index_of_label_[c] = names_.size();
    names_.push_back(input_.class_names[c]);
  }
}

void YoloDataset::settle_forms() {
  if (!source_yaml_.empty()) {
    const text::Json yaml = parsed(source_yaml_);
    const text::Json* shape = yaml.find("kpt_shape");
    int64_t points = 0;
    int64_t values = 0;
    if (shape != nullptr && shape->is_array() && shape->size() == 2 &&
        shape->at(size_t{0}).is_string() && shape->at(size_t{1}).is_string() &&
        text::parse_int(shape->at(size_t{0}).as_string(), points) &&
        text::parse_int(shape->at(size_t{1}).as_string(), values) && points > 0 &&
        (values == 2 || values == 3)) {
      pose_ = {static_cast<size_t>(points), static_cast<size_t>(values)};
    }
  }
  bool outlined = true;
  bool oriented = true;
  bool any = false;
  for (const ExportObject& object : input_.objects.objects) {
    if (object.crowd) continue;
    any = true;
    const Shape shape = decode_shape(object.shape);
    outlined = outlined && shape.polygons.size() == 1 && shape.mask.counts.empty();
    oriented = oriented && shape.corners.size() == 8;
    if (!outlined && !oriented) break;
  }
  all_outlined_ = any && outlined;
  all_oriented_ = any && oriented;
}

bool YoloDataset::is_own(const ExportObject& object) const {
  const ObjectSource* source = source_at(input_, object);
  return source != nullptr && source->format == "yolo" && !object.raw_text.empty();
}

YoloForm YoloDataset::form_of(const ExportObject& object) const {
  if (pose_.points > 0) return YoloForm::kPose;
  if (all_oriented_) return YoloForm::kCorners;
  if (all_outlined_) return YoloForm::kPolygon;
  if (!is_own(object)) return YoloForm::kBox;
  const Shape shape = decode_shape(object.shape);
  if (shape.corners.size() == 8) return YoloForm::kCorners;
  return shape.polygons.size() == 1 ? YoloForm::kPolygon : YoloForm::kBox;
}

bool YoloDataset::keeps_numbers(const ExportObject& object) const {
  return is_own(object) && (object.differences & (store::kOtherBox | store::kOtherShape)) == 0;
}

size_t YoloDataset::class_of(const ExportObject& object) const {
  if (is_own(object) && !object.given_merged && (object.differences & store::kOtherClass) == 0) {
    const auto s =
        static_cast<size_t>(input_.objects.images[static_cast<size_t>(object.image)].source);
    double index = 0;
    const std::string_view row = object.raw_text;
    if (same_classes_[s] != 0 &&
        text::parse_double(row.substr(0, std::min(row.find_first_of(" \t\v\f"), row.size())),
                           index)) {
      return static_cast<size_t>(index);
    }
  }
  return index_of_label_[static_cast<size_t>(object.label)];
}

bool YoloDataset::has_classes_of(int32_t source) const {
  const auto s = static_cast<size_t>(source);
  return same_classes_[s] != 0 && input_.objects.sources[s].classes.size() == names_.size();
}

UprightFrame YoloDataset::frame_of(const ExportObject& object) const {
  const ExportItem& item = input_.items[object.item];
  return {item.orientation, static_cast<double>(item.width_px),
          static_cast<double>(item.height_px)};
}

std::string YoloDataset::yaml(const std::vector<std::string>& folder_of_split,
                              const std::string& rest) const {
  // Ultralytics knows train, val and test; other splits are train for it, or it would not read
  // them.
  constexpr std::array<std::string_view, 3> kSplits{"train", "val", "test"};
  std::array<std::vector<std::string>, 3> folders;
  std::vector<std::string> others;
  for (size_t s = 0; s < folder_of_split.size(); ++s) {
    if (folder_of_split[s].empty()) continue;
    const auto known = std::find(kSplits.begin(), kSplits.end(), input_.split_names[s]);
    auto& to = known == kSplits.end() ? others : folders[size_t(known - kSplits.begin())];
    to.push_back(folder_of_split[s]);
  }
  const bool no_splits = folder_of_split.empty() || (others.empty() && folders[0].empty() &&
                                                     folders[1].empty() && folders[2].empty());
  if (no_splits) {
    folders[0] = folders[1] = {rest};
  } else if (folders[0].empty()) {
    folders[0] = others;
    if (!rest.empty()) folders[0].push_back(rest);
  }
  std::string splits;
  for (size_t k = 0; k < kSplits.size(); ++k) {
    if (folders[k].empty()) continue;
    splits += std::string(kSplits[k]) + ":";
    if (folders[k].size() == 1) {
      splits += " " + yaml_text(folders[k].front()) + "\n";
      continue;
    }
    splits += "\n";
    for (const std::string& folder : folders[k]) splits += "  - " + yaml_text(folder) + "\n";
  }
  std::string names = "names:\n";
  for (size_t c = 0; c < names_.size(); ++c) {
    names += "  " + std::to_string(c) + ": " + yaml_text(names_[c]) + "\n";
  }
  if (names_.empty()) names = "names: []\n";
  const std::string made = splits + names + other_keys(source_yaml_);
  if (!source_yaml_.empty()) {
    const text::Json theirs = parsed(source_yaml_);
    const text::Json ours = parsed(made);
    const auto same = [&](std::string_view key) {
      const text::Json* a = theirs.find(key);
      const text::Json* b = ours.find(key);
      return a == nullptr || b == nullptr ? a == b : a->dump() == b->dump();
    };
    if (!theirs.contains("path") && same("train") && same("val") && same("test") && same("names")) {
      return source_yaml_;
    }
  }
  return made;
}

}  // namespace errata::exports

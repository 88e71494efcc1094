#include "export/yolo_dataset.h"

#include <algorithm>
#include <array>
#include <set>

#include "export/yolo_yaml.h"
#include "text/csv.h"
#include "text/yaml.h"

namespace errata::exports {

namespace {

constexpr size_t kNowhere = SIZE_MAX;

const ObjectSource* source_at(const ExportInput& input, const ExportObject& object) {
  return input.objects.source_of(object);
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
    const text::Json yaml = parsed_yaml(source_yaml_);
    const text::Json* shape = text::last_member(yaml, "kpt_shape");
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
  has_outlines_.assign(input_.items.size(), 0);
  for (const ExportObject& object : input_.objects.objects) {
    if (object.crowd) continue;
    any = true;
    const bool own = is_own(object);
    if (own) settle_own_row(object);
    if (!outlined && !oriented && !own) continue;
    const Shape shape = decode_shape(object.shape);
    outlined = outlined && shape.polygons.size() == 1 && shape.mask.counts.empty();
    oriented = oriented && shape.corners.size() == 8;
    own_corners_ = own_corners_ || (own && shape.corners.size() == 8);
    own_outlines_ = own_outlines_ || (own && shape.polygons.size() == 1);
  }
  all_outlined_ = any && outlined;
  all_oriented_ = any && oriented;
}

// What the row of the source says of its file and of the others.
void YoloDataset::settle_own_row(const ExportObject& object) {
  const bool is_long = has_long_row(object);
  any_long_row_ = any_long_row_ || is_long;
  any_box_row_ = any_box_row_ || !is_long;
  if (is_long) has_outlines_[object.item] = 1;
}

YoloForm YoloDataset::outline_form() const {
  if (all_oriented_ || all_outlined_) {
    return all_oriented_ ? YoloForm::kCorners : YoloForm::kPolygon;
  }
  return own_corners_ && !own_outlines_ ? YoloForm::kCorners : YoloForm::kPolygon;
}

bool YoloDataset::writes_outlines() const {
  return pose_.points == 0 && (all_oriented_ || all_outlined_ || any_long_row_);
}

bool YoloDataset::is_own(const ExportObject& object) const {
  const ObjectSource* source = source_at(input_, object);
  return source != nullptr && source->format == "yolo" && !object.raw_text.empty();
}

bool YoloDataset::has_long_row(const ExportObject& object) const {
  constexpr size_t kMostOfBox = 6;
  return is_own(object) && yolo_words(object.raw_text).size() > kMostOfBox;
}

YoloForm YoloDataset::form_of(const ExportObject& object) const {
  if (pose_.points > 0) return YoloForm::kPose;
  if (all_oriented_) return YoloForm::kCorners;
  if (all_outlined_) return YoloForm::kPolygon;
  if (is_own(object)) {
    const Shape shape = decode_shape(object.shape);
    if (shape.corners.size() == 8) return YoloForm::kCorners;
    if (shape.polygons.size() == 1) return YoloForm::kPolygon;
    if (!has_long_row(object)) return YoloForm::kBox;
  }
  // Ultralytics refuses a file that mixes boxes and outlines, and drops all outlines of a set that
  // does.
  const bool among_outlines = has_outlines_[object.item] != 0 || (any_long_row_ && !any_box_row_);
  return among_outlines ? outline_form() : YoloForm::kBox;
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
  return yolo_yaml({folders, names_}, source_yaml_);
}

}  // namespace errata::exports

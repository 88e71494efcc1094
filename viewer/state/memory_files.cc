#include "viewer/state/memory_files.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"

namespace errata::viewer {

namespace {

using text::Json;

constexpr int kVersion = 1;

constexpr std::array<std::pair<ReviewKind, std::string_view>, 7> kKinds{{
    {ReviewKind::kRelabel, "relabel"},
    {ReviewKind::kKeep, "keep"},
    {ReviewKind::kExclude, "exclude"},
    {ReviewKind::kAmbiguous, "ambiguous"},
    {ReviewKind::kUnreview, "unreview"},
    {ReviewKind::kTag, "tag"},
    {ReviewKind::kUntag, "untag"},
}};

constexpr std::array<std::pair<ObjectEditKind, std::string_view>, 8> kObjectKinds{{
    {ObjectEditKind::kAdd, "add"},
    {ObjectEditKind::kDelete, "delete"},
    {ObjectEditKind::kSetClass, "set_class"},
    {ObjectEditKind::kSetBox, "set_box"},
    {ObjectEditKind::kSetCrowd, "set_crowd"},
    {ObjectEditKind::kKeep, "keep"},
    {ObjectEditKind::kAmbiguous, "ambiguous"},
    {ObjectEditKind::kUnreview, "unreview"},
}};

template <typename Kinds, typename Kind>
std::string_view name_of(const Kinds& kinds, Kind kind) {
  return std::find_if(kinds.begin(), kinds.end(),
                      [&](const auto& each) { return each.first == kind; })
      ->second;
}

template <typename Kinds>
auto kind_of(const Kinds& kinds, const std::string& name) {
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const auto& each) { return each.second == name; });
  if (kind == kinds.end()) {
    throw Error(ErrorCategory::kBadInput, "there is no decision \"" + name + "\"");
  }
  return kind->first;
}

std::string hex_of(std::string_view bytes) {
  return to_hex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

std::string bytes_of(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const size_t high = kDigits.find(hex[i]);
    const size_t low = kDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      throw Error(ErrorCategory::kBadInput, "a shape is not hexadecimal");
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

Json edit_json(const ReviewEdit& edit) {
  return Json::object({{"sample", edit.sample},
                       {"kind", name_of(kKinds, edit.kind)},
                       {"class", edit.class_name},
                       {"tag", edit.tag},
                       {"why", edit.why}});
}

ReviewEdit edit_of(const Json& json) {
  return {json.at("sample").as_int(), kind_of(kKinds, json.get_string("kind")),
          json.get_string("class"), json.get_string("tag"), json.get_string("why")};
}

// With "object", which tells it from one of a sample.
Json object_edit_json(const ObjectEdit& edit) {
  Json::Array box;
  for (const double value : edit.box_xywh_px) box.emplace_back(value);
  return Json::object({{"object", edit.object},
                       {"detection", edit.detection},
                       {"sample", edit.sample},
                       {"kind", name_of(kObjectKinds, edit.kind)},
                       {"class", edit.class_name},
                       {"box", Json(std::move(box))},
                       {"flag", edit.flag},
                       {"shape", hex_of(edit.shape)},
                       {"why", edit.why}});
}

ObjectEdit object_edit_of(const Json& json) {
  ObjectEdit edit;
  edit.kind = kind_of(kObjectKinds, json.get_string("kind"));
  edit.object = json.at("object").as_int();
  edit.detection = json.get_bool("detection");
  edit.sample = json.at("sample").as_int();
  edit.class_name = json.get_string("class");
  for (size_t i = 0; i < edit.box_xywh_px.size(); ++i) {
    edit.box_xywh_px[i] = json.at("box").at(i).as_double();
  }
  edit.flag = json.get_bool("flag");
  edit.shape = bytes_of(json.get_string("shape"));
  edit.why = json.get_string("why");
  return edit;
}

Json ids_json(const SampleList& ids) {
  Json::Array array;
  array.reserve(ids.size());
  for (const SampleId id : ids) array.emplace_back(id);
  return Json(std::move(array));
}

std::vector<SampleId> ids_of(const Json& array) {
  std::vector<SampleId> ids;
  ids.reserve(array.size());
  for (const Json& id : array.as_array()) ids.push_back(id.as_int());
  return ids;
}

Json names_json(const std::set<std::string>& names) {
  Json::Array array;
  for (const std::string& name : names) array.emplace_back(to_valid_utf8(name));
  return Json(std::move(array));
}

std::set<std::string> names_of(const Json& json, std::string_view key) {
  std::set<std::string> names;
  if (const Json* found = json.find(key)) {
    for (const Json& name : found->as_array()) names.insert(name.as_string());
  }
  return names;
}

Json columns_json(const std::vector<TableColumn>& columns) {
  Json::Array array;
  for (const TableColumn& column : columns) {
    array.push_back(Json::object({{"column", to_valid_utf8(column.column)},
                                  {"width", column.width},
                                  {"shown", column.shown}}));
  }
  return Json(std::move(array));
}

std::vector<TableColumn> columns_of(const Json& json) {
  constexpr double kLeastWidth = 20;
  constexpr double kMostWidth = 2000;
  std::vector<TableColumn> columns;
  const Json* found = json.find("columns");
  if (found == nullptr) return columns;
  for (const Json& column : found->as_array()) {
    columns.push_back(
        {column.get_string("column"),
         static_cast<float>(std::clamp(column.get_double("width"), kLeastWidth, kMostWidth)),
         column.get_bool("shown", true)});
  }
  return columns;
}

}  // namespace

Json read_memory_file(const std::string& path) {
  Json json = text::read_json_file(path);
  if (json.get_int("version") != kVersion) {
    throw Error(ErrorCategory::kBadInput, "it is of another version", {}, path);
  }
  return json;
}

void write_memory_file(const std::string& path, const Json& json) {
  Json::Object members{{"version", kVersion}};
  for (const Json::Member& member : json.as_object()) {
    if (member.first != "version") members.push_back(member);
  }
  make_directories(std::string(parent_path(path)));
  write_file_atomic(path, Json(std::move(members)).dump(2));
}

Json sort_json(const SortChoice& sort) {
  return Json::object({{"column", sort.column}, {"descending", sort.descending}});
}

SortChoice sort_of(const Json& json) {
  return {json.at("column").as_string(), json.at("descending").as_bool()};
}

Json layout_json(const LayoutState& layout) {
  return Json::object({{"left_width", layout.left_width},
                       {"right_width", layout.right_width},
                       {"bottom_height", layout.bottom_height},
                       {"show_bottom", layout.show_bottom},
                       {"bottom_tab", layout.bottom_tab},
                       {"table", layout.centre == CentreMode::kTable},
                       {"objects", layout.centre == CentreMode::kObjects},
                       {"tile_width", layout.tile_width},
                       {"folded", names_json(layout.folded_facets)},
                       {"opened", names_json(layout.opened_facets)},
                       {"columns", columns_json(layout.table_columns)}});
}

void take_layout(const Json& json, LayoutState& layout) {
  const auto length = [&](const char* key, float& value, double least, double most) {
    value = static_cast<float>(
        std::clamp(json.get_double(key, static_cast<double>(value)), least, most));
  };
  length("left_width", layout.left_width, 100, 2000);
  length("right_width", layout.right_width, 100, 2000);
  length("bottom_height", layout.bottom_height, 60, 2000);
  length("tile_width", layout.tile_width, 60, 480);
  layout.show_bottom = json.get_bool("show_bottom", layout.show_bottom);
  layout.bottom_tab = json.get_string("bottom_tab", layout.bottom_tab);
  layout.folded_facets = names_of(json, "folded");
  layout.opened_facets = names_of(json, "opened");
  layout.table_columns = columns_of(json);
  layout.centre = json.get_bool("objects") ? CentreMode::kObjects
                  : json.get_bool("table") ? CentreMode::kTable
                                           : CentreMode::kGrid;
}

Json round_json(const RoundState& round) {
  return Json::object({{"id", round.id},
                       {"filter", round.filter},
                       {"sort", sort_json(round.sort)},
                       {"audit", round.audit},
                       {"objects", round.objects},
                       {"returned", ids_json(round.returned)},
                       {"queue", ids_json(round.queue)}});
}

RoundState round_of(const Json& json) {
  RoundState round;
  round.id = json.get_string("id");
  round.filter = json.at("filter").as_string();
  round.sort = sort_of(json.at("sort"));
  round.audit = json.get_bool("audit");
  round.objects = json.get_bool("objects");
  round.returned = ids_of(json.at("returned"));
  round.queue = ids_of(json.at("queue"));
  return round;
}

void write_round_file(const std::string& path, const RoundState& round, const std::string& left) {
  if (!round.queue.empty()) return write_memory_file(path, round_json(round));
  if (!file_exists(path)) return;
  try {
    if (read_memory_file(path).get_string("id") != left) return;
  } catch (const Error&) {
    // Nobody can read it.
  }
  remove_all(path);
}

Json merge_members(const Json& there, const Json& known, const Json& ours) {
  Json::Object merged;
  for (const auto& [key, value] : ours.as_object()) {
    const Json* of_others = there.find(key);
    const Json* before = known.find(key);
    if (of_others == nullptr) {
      merged.emplace_back(key, value);
    } else if (value.is_object() && of_others->is_object()) {
      merged.emplace_back(key, merge_members(*of_others, before ? *before : Json(), value));
    } else {
      // As text: numbers read back are doubles.
      const bool unchanged = before != nullptr && before->dump() == value.dump();
      merged.emplace_back(key, unchanged ? *of_others : value);
    }
  }
  return Json(std::move(merged));
}

void merge_memory_file(const std::string& path, const Json& known, const Json& ours) {
  Json there;
  try {
    if (file_exists(path)) there = read_memory_file(path);
  } catch (const Error&) {
    // It was told when it was read first.
  }
  write_memory_file(path, merge_members(there, known, ours));
}

Json unsaved_json(const UnsavedEdits& changes) {
  Json::Array all;
  for (const UnsavedChange& change : changes) {
    Json::Array array;
    for (const ReviewEdit& edit : change.edits) array.push_back(edit_json(edit));
    for (const ObjectEdit& edit : change.object_edits) array.push_back(object_edit_json(edit));
    all.emplace_back(std::move(array));
  }
  return Json::object({{"changes", Json(std::move(all))}});
}

UnsavedEdits unsaved_of(const Json& json) {
  UnsavedEdits changes;
  for (const Json& each : json.at("changes").as_array()) {
    UnsavedChange change;
    for (const Json& edit : each.as_array()) {
      if (edit.find("object") != nullptr) {
        change.object_edits.push_back(object_edit_of(edit));
      } else {
        change.edits.push_back(edit_of(edit));
      }
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace errata::viewer

#include "export/annotation_input.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "store/object_texts.h"

namespace errata::exports {

namespace {

// Class ids of a store as classes of the export.
class Classes {
 public:
  Classes(const store::ObjectTexts& texts, std::span<const ClassId> class_ids,
          const ExportInput& input)
      : own_(class_ids.begin(), class_ids.end()) {
    std::unordered_map<std::string_view, ClassIndex> by_name;
    for (size_t i = 0; i < input.class_names.size(); ++i) {
      by_name.emplace(input.class_names[i], static_cast<ClassIndex>(i));
    }
    for (const auto& [id, name] : texts.class_names) {
      const auto found = by_name.find(name);
      if (found != by_name.end()) label_of_.emplace(id, found->second);
    }
  }
  ClassIndex label(ClassId id) const {  // kNoClass when the export has none such
    const auto found = label_of_.find(id);
    return found == label_of_.end() ? kNoClass : found->second;
  }
  bool merged_away(ClassId id) const { return !own_.contains(id); }

 private:
  std::unordered_set<ClassId> own_;
  std::unordered_map<ClassId, ClassIndex> label_of_;
};

ObjectSource source_from(store::ObjectSource&& from, int64_t highest_raw_id,
                         const Classes& classes) {
  ObjectSource source;
  source.name = std::move(from.name);
  source.format = std::move(from.format);
  source.documents = std::move(from.documents);
  source.highest_raw_id = highest_raw_id;
  for (size_t i = 0; i < from.classes.size(); ++i) {
    const ClassEntry& entry = from.classes[static_cast<ClassIndex>(i)];
    const ClassId id = from.class_ids[i];
    source.classes.push_back(
        {entry.name, entry.raw_id, classes.label(id), classes.merged_away(id)});
  }
  return source;
}

void put_object(store::ObjectText&& from, const Classes& classes, TextPool& texts,
                ExportObject& object) {
  object.id = from.id;
  object.place = from.place;
  object.label = classes.label(from.class_id);
  if (object.label == kNoClass) {
    throw Error(ErrorCategory::kCorrupt,
                fmt::format("object {} is of class {}, which has no name", from.id, from.class_id),
                "run `errata doctor`");
  }
  object.given_merged = object.image >= 0 && classes.merged_away(from.class_id_given);
  object.box_xywh_px = from.box_xywh_px;
  object.area_px = from.area_px;
  object.crowd = from.crowd;
  object.difficult = from.difficult;
  object.truncated = from.truncated;
  object.differences = from.differences;
  object.shape = texts.add(from.shape);
  object.raw_id = std::move(from.raw_id);
  object.raw_text = texts.add(from.raw_text);
}

}  // namespace

void add_objects(store::Store& store, VersionId version, std::span<const ClassId> class_ids,
                 ExportInput& input) {
  constexpr uint64_t kTextMemoryBytes = uint64_t{64} << 20;
  ExportObjects& to = input.objects;
  std::vector<std::string> folders{std::string(parent_path(store.path()))};
  std::error_code no_temporary;
  const auto temporary = std::filesystem::temp_directory_path(no_temporary);
  if (!no_temporary) folders.push_back(temporary.string());
  to.texts = std::make_shared<TextPool>(kTextMemoryBytes, std::move(folders));
  std::unordered_map<SampleId, uint32_t> item_of;
  item_of.reserve(input.items.size());
  for (size_t i = 0; i < input.items.size(); ++i) {
    item_of.emplace(input.items[i].sample, static_cast<uint32_t>(i));
  }
  std::optional<Classes> classes;
  std::vector<int32_t> image_of;
  const auto begin = [&](store::ObjectTexts& texts, uint64_t at_most) {
    classes.emplace(texts, class_ids, input);
    to.objects.reserve(at_most);
    image_of.assign(texts.images.size(), -1);
    for (size_t i = 0; i < texts.images.size(); ++i) {
      store::ObjectImage& image = texts.images[i];
      const auto item = item_of.find(image.sample);
      if (item == item_of.end()) continue;
      image_of[i] = static_cast<int32_t>(to.images.size());
      to.images.push_back({item->second, image.source, image.document, std::move(image.raw_text)});
    }
    texts.images = {};
  };
  bool any = false;
  const auto each = [&](store::ObjectText&& from) {
    any = true;
    const auto item = item_of.find(from.sample);
    if (item == item_of.end()) return;
    ExportObject& object = to.objects.emplace_back();
    object.item = item->second;
    object.image = from.image < 0 ? -1 : image_of[static_cast<size_t>(from.image)];
    put_object(std::move(from), *classes, *to.texts, object);
  };
  store::ObjectTexts texts = store::read_object_texts(store, version, begin, each);
  to.present = !texts.sources.empty() || any;
  for (size_t s = 0; s < texts.sources.size(); ++s) {
    to.sources.push_back(
        source_from(std::move(texts.sources[s]), texts.highest_raw_id[s], *classes));
  }
}

}  // namespace errata::exports

// The objects of an export as plain values, with what the files of their sources said.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_pool.h"
#include "model/ids.h"
#include "model/objects.h"
#include "model/records.h"
#include "store/object_texts.h"

namespace errata::exports {

// A class as a source has it: a category of COCO.
struct SourceClass {
  std::string name;
  std::string raw_id;
  ClassIndex label = kNoClass;  // into ExportInput::class_names; kNoClass: the export has none such
  bool merged_away = false;     // its samples and objects went into another class, which `label` is
};

struct ObjectSource {
  std::string name;
  std::string format;  // the importer's: "coco", "voc", "yolo"
  std::vector<SourceHeader::Document> documents;
  std::vector<SourceClass> classes;
  int64_t highest_raw_id = 0;  // of its objects, deleted ones too
};

// An image as its source lists it.
struct SourceImage {
  uint32_t item = 0;     // into ExportInput::items
  int32_t source = 0;    // into ExportObjects::sources
  int32_t document = 0;  // of the source
  std::string raw_text;
};

struct ExportObject {
  ObjectId id = 0;
  uint32_t item = 0;          // into ExportInput::items
  int32_t image = -1;         // into ExportObjects::images; -1: a person drew it
  int32_t place = -1;         // among its image's objects as the source has them, deleted ones too
  ClassIndex label = 0;       // into ExportInput::class_names
  bool given_merged = false;  // its source's class was merged away
  std::array<double, 4> box_xywh_px{};
  double area_px = 0;
  bool crowd = false;
  bool difficult = false;
  bool truncated = false;
  uint8_t differences = 0;  // store::ObjectDifference bits: what is not as the source has it
  std::string_view shape;   // model/shape.h; in ExportObjects::texts
  std::string raw_id;
  std::string_view raw_text;  // likewise
};

struct ExportObjects {
  std::vector<ObjectSource> sources;
  std::vector<SourceImage> images;    // by source, in the order of its files
  std::vector<ExportObject> objects;  // by source in the order of its files, then drawn ones
  // What the objects' texts are in: they may be more than memory holds. Whoever goes through those
  // of many objects says so to passed_texts_of().
  std::shared_ptr<TextPool> texts;
  bool present = false;  // false: neither objects nor a source that could have any

  void passed_texts_of(const ExportObject& object) const {
    if (texts != nullptr) texts->passed(object.shape.size() + object.raw_text.size());
  }
  const ObjectSource* source_of(const ExportObject& object) const {
    if (object.image < 0) return nullptr;
    return &sources[static_cast<size_t>(images[static_cast<size_t>(object.image)].source)];
  }
};

// What a format cannot hold. Told before anything is written and kept in the manifest.
struct Loss {
  std::string kind;                   // stable kebab-case name: "mask", "crowd", "rounded-box"
  std::string what;                   // one clause: "masks and outlines: only the box is written"
  std::vector<int64_t> objects = {};  // ids in the store, rising
  std::vector<int64_t> samples = {};  // likewise, of what is no matter of objects
  bool left_out = false;              // the objects are not written at all
  uint64_t count() const { return objects.size() + samples.size(); }
};

}  // namespace errata::exports

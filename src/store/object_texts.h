// The objects of a version, or of the store as it is now, with what the files of their sources
// said: what an export needs to give back byte for byte what nobody edited.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/class_map.h"
#include "model/objects.h"
#include "model/records.h"
#include "store/store.h"

namespace errata::store {

// A source that brought objects.
struct ObjectSource {
  std::string name;
  std::string format;  // importer's registry name
  std::vector<SourceHeader::Document> documents;
  ClassMap classes;                // the source's own
  std::vector<ClassId> class_ids;  // of each of them, in the project
};

// An image as its source lists it. One that another source's objects count for is left out.
struct ObjectImage {
  SampleId sample = 0;
  int32_t source = 0;    // into ObjectTexts::sources
  int32_t document = 0;  // into ObjectSource::documents, where it has any
  std::string raw_text;
};

// What of an object is not as its source has it.
enum ObjectDifference : uint8_t {
  kOtherClass = 1,
  kOtherBox = 2,
  kOtherArea = 4,
  kOtherCrowd = 8,
  kOtherDifficult = 16,
  kOtherTruncated = 32,
  kOtherShape = 64,
};

struct ObjectText {
  ObjectId id = 0;
  int32_t image = -1;  // into ObjectTexts::images; -1: no source has it, or none any more
  int32_t place = -1;  // among all objects of its image, deleted ones too, in the order of the file
  SampleId sample = 0;
  ClassId class_id = 0;        // as the object has it: perhaps one that was merged away
  ClassId class_id_given = 0;  // as its source has it; 0 without an image
  std::array<double, 4> box_xywh_px{};
  double area_px = 0;
  bool crowd = false;
  bool difficult = false;
  bool truncated = false;
  ObjectReview review = ObjectReview::kUnseen;
  uint8_t differences = 0;  // ObjectDifference bits
  std::string shape;        // model/shape.h
  std::string raw_id;
  std::string raw_text;
};

struct ObjectTexts {
  std::vector<ObjectSource> sources;  // those with images or objects, in order of their ids
  std::vector<ObjectImage> images;    // by source, in the order of its files
  std::vector<ObjectText> objects;    // by source in the order of its files, then added ones
  // Of each source the highest raw id that is a whole number, of objects that are deleted too.
  std::vector<int64_t> highest_raw_id;
  // Of every class id that an object may have: those merged away have the name of what they became.
  std::unordered_map<ClassId, std::string> class_names;
};

// `version` 0: the store as it is now. Empty where there are no objects and no source that could
// have any. One short read transaction. Error(kCorrupt).
ObjectTexts read_object_texts(Store& store, VersionId version);

// The same without holding all objects: `begin` is called with everything but them and the highest
// raw ids, and how many objects there are at most; then `each` with one after the other. What is
// returned has no objects. Neither may use the store.
ObjectTexts read_object_texts(Store& store, VersionId version,
                              const std::function<void(ObjectTexts&, uint64_t)>& begin,
                              const std::function<void(ObjectText&&)>& each);

}  // namespace errata::store

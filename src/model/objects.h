// The objects of a snapshot: boxes that people drew and boxes that a model found, as plain columns.
// Loaded on demand by the store (store/objects.h); edits apply to it in place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"
#include "model/ids.h"
#include "model/shape.h"

namespace errata {

using ObjectId = int64_t;  // >= 1; of an annotation or a detection; never given twice by a store

// Codes of the category columns `kind`, `review` and `error`, whose dictionaries are fixed.
enum class ObjectKind : uint8_t { kGiven = 0, kPredicted = 1 };
enum class ObjectReview : uint8_t {
  kUnseen = 0,
  kKept = 1,       // right as it is
  kChanged = 2,    // its class, box or a mark was changed
  kAdded = 3,      // a person drew it, or accepted a prediction
  kAmbiguous = 4,  // nobody could tell
};
enum class ObjectError : uint8_t {
  kTrue = 0,  // no error: matched with an object of its class
  kClass = 1,
  kLocalisation = 2,
  kBoth = 3,
  kDuplicate = 4,
  kBackground = 5,
  kMissed = 6,  // of an annotation: nothing found it
};
std::string_view object_error_name(ObjectError error);         // "true", "class", ...
std::shared_ptr<const Dictionary> object_kind_dictionary();    // "given", "predicted"
std::shared_ptr<const Dictionary> object_review_dictionary();  // "unseen", "kept", ...
std::shared_ptr<const Dictionary> object_error_dictionary();

// One row for each annotation that stands and one for each detection of the active run, in order
// of the samples' rows; within a sample annotations first, then detections, each in order of their
// file (equal scores keep that order, as pycocotools wants it).
//
// Columns that are always there (model/scores.h has a sentence for each):
//   object_id  int       kind      category   review   category; of a detection NULL, or what was
//                                               decided where no label belongs to it
//   sample     int, row of the sample table   source_id  int, NULL for detections
//   label      category, the snapshot's class dictionary: codes below Snapshot::classes.size() are
//              the project's classes
//   confidence double, NULL for annotations
//   x, y, width, height  double, pixels of the image as stored, 0-based, upper left corner
//   area_px    double: the mask's where the source gives it, else width x height
//   crowd, difficult, truncated  bool
// Matching adds error (category), iou (double) and match (int: row of the other, NULL for none);
// object scores add float columns of their registered names.
struct ObjectTable {
  Table table;
  // The objects of sample row i are rows [offsets[i], offsets[i + 1]); those before given_end[i]
  // are annotations.
  std::vector<uint64_t> offsets{0};
  std::vector<uint64_t> given_end;

  // Shapes (model/shape.h) by row: shape_heap[shape_offsets[row] .. shape_offsets[row + 1]). Both
  // empty when they were not asked for.
  std::string shape_heap;
  std::vector<uint64_t> shape_offsets;

  std::string run;              // whose detections these are; empty: none
  int64_t object_revision = 0;  // log id of the last event that changed an annotation
  uint64_t below_floor = 0;     // detections left out by the confidence floor

  size_t rows() const { return table.rows(); }
  size_t samples() const { return offsets.size() - 1; }
  bool has_shapes() const { return !shape_offsets.empty(); }
  // Empty bytes: the box only. Valid while the table is.
  std::string_view shape_bytes(size_t row) const;
  // Row of an object, or SIZE_MAX. Walks the table.
  size_t row_of(ObjectId id) const;
};

}  // namespace errata

// Names the error of every object in a table, and what one key would do about it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/workers.h"
#include "model/class_map.h"
#include "viewer/state/backend.h"
#include "viewer/state/object_state.h"

namespace errata::viewer {

// Boxes of a table as the measures want them, and the rows they came from.
struct BoxRows {
  std::vector<RowIndex> rows;
  std::vector<int32_t> image;
  std::vector<ClassIndex> class_index;
  std::vector<double> x, y, width, height;

  void add(const ObjectColumns& objects, RowIndex row);
  analysis::BoxColumns boxes() const { return {image, class_index, x, y, width, height}; }
};

// All annotations, and the detections from a confidence on.
class DetectionRows {
 public:
  DetectionRows(const Table& objects, double least_confidence);

  BoxRows given;
  BoxRows predicted;
  // Valid while this is.
  analysis::DetectionSet set() const;

 private:
  size_t images_ = 0;
  size_t classes_ = 0;
  std::vector<uint8_t> crowd_;
  std::vector<double> area_;
  std::vector<double> score_;
};

// How sure it is that the label is wrong and in which way (analysis/object_doubts.h), under the
// names and by the thresholds of `errata find boxes`: label_doubt, doubt, verdict and the single
// doubts. `errors`: codes of ObjectError, -1 for none.
std::vector<Column> doubt_columns(const Table& objects, const std::vector<int32_t>& errors,
                                  const ParallelFor& parallel_for);

// The columns error, iou and match of a table, as TIDE names errors (analysis/tide.h) among the
// detections from choice.confidence on; NULL for those below it and for crowds. An annotation that
// is the object of a class or localisation error has that error; its match is that detection. With
// doubt_columns().
std::vector<Column> match_objects(const Table& objects, const MatchChoice& choice,
                                  const ParallelFor& parallel_for);

// What the model would have of the label.
enum class SuggestionKind : uint8_t {
  kNone,
  kAdd,       // the detection becomes an annotation
  kSetClass,  // the annotation gets the detection's class
  kSetBox     // the annotation gets the detection's box
};
struct Suggestion {
  SuggestionKind kind = SuggestionKind::kNone;
  RowIndex given = 0;  // not of kAdd
  RowIndex predicted = 0;
};
// `classes`: how many labels are the project's; others cannot be set.
Suggestion suggestion_for(const ObjectColumns& objects, RowIndex row, size_t classes);
// "label is Platelets", "class is WBC", "take the predicted box"; empty for kNone.
std::string suggestion_text(const ObjectColumns& objects, const Suggestion& suggestion);
// `why` names the run and its confidence. `objects` may lack shapes.
ObjectEdit edit_of(const ObjectTable& objects, const ObjectColumns& columns,
                   const std::vector<SampleId>& samples, const Suggestion& suggestion);

// The objects of an order that have the same kind, error and label as `row`, and a suggestion.
std::vector<RowIndex> objects_alike(const ObjectColumns& objects,
                                    const std::vector<RowIndex>& order, RowIndex row,
                                    size_t classes);

}  // namespace errata::viewer

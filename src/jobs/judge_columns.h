// What a run's detections say of objects, as columns of their table: which error each is and what
// it was matched with, and how doubtful each label is. Pure: of plain columns, for `errata find
// boxes` and the viewer alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/detection_match.h"
#include "analysis/tide.h"
#include "base/workers.h"
#include "model/columns.h"
#include "model/objects.h"
#include "query/selection.h"

namespace errata::jobs {

// From this label_doubt on a row is in doubt: it is in the queue, and its column `doubt` says of
// what.
inline constexpr double kLeastDoubt = 0.1;

// The objects and detections of some samples as columns for src/analysis.
struct DetectionInput {
  size_t images = 0;
  std::vector<std::string> class_names;  // the project's, then what only the run knows
  struct Boxes {
    std::vector<RowIndex> rows;  // of the object table
    std::vector<int32_t> image;  // rising with the samples' rows
    std::vector<ClassIndex> class_index;
    std::vector<double> x, y, width, height;
    analysis::BoxColumns columns() const { return {image, class_index, x, y, width, height}; }
    size_t size() const { return rows.size(); }
  };
  Boxes objects;
  std::vector<double> area;
  std::vector<uint8_t> crowd;
  Boxes detections;
  std::vector<double> score;
  std::vector<int32_t> image_width;  // px, per image; 0: not known
  std::vector<int32_t> image_height;
  std::vector<RowIndex> samples;  // per image

  analysis::DetectionSet set() const;
};

// Of the samples that are selected. `objects` as an ObjectTable has it. Boxes without size are
// kept; detections whose confidence is not a number are left out.
DetectionInput detection_input(const Table& samples, const query::Selection& selection,
                               const Table& objects);

// Right is a box from this IoU on; background is below 0.1, or half of it.
analysis::TideOptions tide_options(double overlap);

// Per row of the object table.
struct Matching {
  std::vector<int32_t> error;  // codes of ObjectError; -1: below the confidence, a crowd or on one,
                               // beyond the most detections of an image, not in the input
  std::vector<double> iou;     // NaN: no match
  std::vector<int64_t> match;  // row of the other; -1: none
  analysis::TideResult tide;   // of the detections of at least the confidence
};
// An annotation that is the object of a class or localisation error has that error; its match is
// that detection. `rows`: of the object table.
Matching match_detections(const DetectionInput& input, double confidence, double overlap,
                          size_t rows, const ParallelFor& parallel_for);

// The columns error, iou and match.
void add_matching(Table& objects, const Matching& matching);
// How sure it is that the label is wrong and in which way (analysis/object_doubts.h): label_doubt,
// doubt, verdict, suggested, evidence and the single doubts. What a weak detection supports counts
// as well, so all of them are looked at.
void add_doubts(Table& objects, const DetectionInput& input, const Matching& matching,
                const ParallelFor& parallel_for);

// One value for each annotation of the input.
void add_object_score(Table& objects, const DetectionInput& input, const char* name,
                      const std::vector<double>& values);

}  // namespace errata::jobs

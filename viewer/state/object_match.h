// Names the error of every object in a table, and what one key would do about it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/workers.h"
#include "jobs/judge_columns.h"
#include "jobs/object_suggestion.h"
#include "model/class_map.h"
#include "viewer/state/backend.h"
#include "viewer/state/object_state.h"

namespace errata::viewer {

// Boxes of all samples that are not excluded. `objects`: of an ObjectTable with rows.
// `filter` is of samples; empty: all but the excluded ones.
jobs::DetectionInput detections_of(const Table& objects, const Table& samples,
                                   std::string_view filter = {});

// Adds the columns error, iou and match, and how doubtful each label is, as `errata find boxes` has
// them for these thresholds. No doubts without annotations or detections.
void match_objects(Table& objects, const Table& samples, const MatchChoice& choice,
                   const ParallelFor& parallel_for);

// What the model would have of the label.
using SuggestionKind = jobs::SuggestionKind;
using Suggestion = jobs::Suggestion;
// None where nothing was matched. `classes`: how many labels are the project's; others cannot be
// set.
Suggestion suggestion_for(const ObjectColumns& objects, RowIndex row, size_t classes);
// Of several rows: no annotation is changed twice.
std::vector<Suggestion> suggestions_for(const ObjectColumns& objects,
                                        const std::vector<RowIndex>& rows, size_t classes);
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

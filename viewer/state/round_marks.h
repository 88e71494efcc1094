// What became of each object of a review round's queue.
#pragma once

#include <unordered_map>
#include <vector>

#include "viewer/state/object_state.h"
#include "viewer/state/round_state.h"

namespace errata::viewer {

// The annotation that a decision about the object is one about: itself, or of a detection the one
// it was matched with, where that is of its class or in its place. nullopt: a detection on nothing.
std::optional<RowIndex> annotation_of(const ObjectColumns& objects, RowIndex row);
// Review of annotation_of(), where there is none of the detection itself; empty: undecided.
std::string_view review_of(const ObjectColumns& objects, RowIndex row);

struct MarkedObjects {
  std::vector<RowIndex> order;                    // of the queue, what is still there
  std::unordered_map<ObjectId, RoundMark> marks;  // of the whole queue
  RoundCounts counts;
};

// What is of an image that is excluded is decided with it; what is gone was deleted.
MarkedObjects mark_objects(const Table& objects, const Table& samples, const SampleList& queue);
// The ids of these rows that are to be decided, in their order.
std::vector<ObjectId> open_objects(const Table& objects, const Table& samples,
                                   const std::vector<RowIndex>& rows);

}  // namespace errata::viewer

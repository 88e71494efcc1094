// The files behind Memory: what they hold as JSON, and how two windows over one store share them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/json.h"
#include "viewer/state/app_state.h"
#include "viewer/state/backend.h"

namespace errata::viewer {

// Error(kBadInput) unless it is a JSON object of the version that is written now.
text::Json read_memory_file(const std::string& path);
void write_memory_file(const std::string& path, const text::Json& json);

text::Json sort_json(const SortChoice& sort);
SortChoice sort_of(const text::Json& json);
text::Json layout_json(const LayoutState& layout);
void take_layout(const text::Json& json, LayoutState& layout);

text::Json round_json(const RoundState& round);
RoundState round_of(const text::Json& json);
// The round begun last is the one that comes back. `round` without a queue: the round `left` is
// over; the file goes unless another window has put a round of its own there.
void write_round_file(const std::string& path, const RoundState& round, const std::string& left);

// Member by member, and within members that are objects: `ours` where it differs from `known`, what
// we last read or wrote; `there`, which another window may have written, elsewhere. So of two
// windows over one store the last to change a thing has it so.
text::Json merge_members(const text::Json& there, const text::Json& known, const text::Json& ours);
// Reads what is there, merges and writes. `ours` alone when that cannot be read.
void merge_memory_file(const std::string& path, const text::Json& known, const text::Json& ours);

// Decisions of one change that could not be saved: of samples or of annotations.
struct UnsavedChange {
  std::vector<ReviewEdit> edits;
  std::vector<ObjectEdit> object_edits;
};
using UnsavedEdits = std::vector<UnsavedChange>;
text::Json unsaved_json(const UnsavedEdits& changes);
UnsavedEdits unsaved_of(const text::Json& json);

}  // namespace errata::viewer

// The objects of the store as the viewer holds them: their table, what they were matched for, which
// of them are drawn, and what is being edited.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "model/objects.h"
#include "viewer/state/box_edit.h"
#include "viewer/state/object_outlines.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

struct ObjectMeasures;

enum class ObjectsPhase : uint8_t { kNone, kLoading, kReady };

// What the columns error, iou and match are made for.
struct MatchChoice {
  double confidence = 0.25;  // detections below it are neither drawn nor matched
  double overlap = 0.5;      // IoU from which a box is in the right place

  bool operator==(const MatchChoice&) const = default;
};

// The columns that are read for each object, looked up once. nullptr where a table lacks one.
struct ObjectColumns {
  explicit ObjectColumns(const Table& objects);

  const Column* id;
  const Column* kind;
  const Column* review;
  const Column* sample;
  const Column* label;
  const Column* confidence;
  const Column* x;
  const Column* y;
  const Column* width;
  const Column* height;
  const Column* area;
  const Column* crowd;
  const Column* error;
  const Column* iou;
  const Column* match;

  bool is_given(RowIndex row) const {
    return kind->codes[row] == static_cast<int32_t>(ObjectKind::kGiven);
  }
  Box box(RowIndex row) const {
    return {x->doubles[row], y->doubles[row], width->doubles[row], height->doubles[row]};
  }
  // nullopt: not matched (below the confidence, a crowd, or before the first matching).
  std::optional<ObjectError> error_of(RowIndex row) const;
  std::optional<RowIndex> match_of(RowIndex row) const;
};

// Which of the objects of an image are drawn.
struct ObjectFilter {
  bool hidden = false;  // all of them, while a key is held
  bool given = true;
  bool predicted = true;
  std::set<int32_t> hidden_labels;
  std::array<bool, 7> hidden_errors{};  // by ObjectError

  bool operator==(const ObjectFilter&) const = default;
};

// The question of the mode (samples or objects) that is not shown now.
struct OtherQuestion {
  std::string filter;
  SortChoice sort{"label_doubt", true};
  int64_t place = 0;  // id of the sample or object under the cursor
  double scroll = 0;
};

struct ObjectsState {
  ObjectsPhase phase = ObjectsPhase::kNone;
  ObjectTable table;      // empty unless ready
  uint64_t revision = 0;  // another after each change of the table

  MatchChoice wanted;   // as the sliders stand
  MatchChoice matched;  // what the table's error, iou and match hold for
  bool match_pending = false;

  ObjectFilter shown;
  std::optional<RowIndex> picked;  // clicked in the image; else the one under the cursor counts
  size_t alike = 0;                // shown objects that one key would accept together

  SampleOutlines outlines;  // of the sample under the cursor

  bool drawing = false;                           // the next drag in the image makes a box
  std::string draw_class;                         // of the next box; empty: the project's first
  std::optional<std::pair<ObjectId, Box>> draft;  // while it is dragged and until it is saved

  // What the panels show of the detector; null until one that wants it is open.
  std::shared_ptr<const ObjectMeasures> measures;
  bool measures_pending = false;
  bool f1_shown = false;  // the curves: F1 over confidence, else precision over recall

  OtherQuestion other;

  bool ready() const { return phase == ObjectsPhase::kReady; }
};

}  // namespace errata::viewer

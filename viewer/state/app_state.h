// Everything the windows draw. Owned by Session and changed on the window's thread only; free of
// Dear ImGui, so that tests need no display.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/snapshot.h"
#include "viewer/state/backend.h"
#include "viewer/state/decision.h"
#include "viewer/state/filter_desk.h"
#include "viewer/state/findings_state.h"
#include "viewer/state/inspect_state.h"
#include "viewer/state/jobs_state.h"
#include "viewer/state/lists_state.h"
#include "viewer/state/log_state.h"
#include "viewer/state/map_state.h"
#include "viewer/state/object_state.h"
#include "viewer/state/panel_state.h"
#include "viewer/state/round_state.h"
#include "viewer/state/row_set.h"
#include "viewer/state/table_layout.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

enum class ThemeName : uint8_t { kDark, kLight };
// kObjects: crops of objects; the filter, the order and the selection are then about objects.
enum class CentreMode : uint8_t { kGrid, kTable, kObjects };

// Panels in front of the window; one at a time.
enum class Overlay : uint8_t {
  kNone,
  kKeyHelp,
  kPalette,
  kClassPicker,
  kAbout,
  kTag,
  kSaveView,
  kSavedViews,
  kAudit,
  kImport,
  kPredictions,
  kInfer,
  kSplit,
  kVersion,
  kExport,
  kOpenStore,
  kFindLabels,
  kFindDuplicates,
  kFindQuality,
  kFindOutliers,
  kFindSlices,
  kFindDataset,
  kProbe,
  kMap,
  kResult,   // JobsState::shown_table
  kQuestion  // JobsState::question
};

// An error or a note, shown until it is dismissed or replaced.
struct Message {
  bool is_error = false;
  ErrorCategory category = ErrorCategory::kInternal;  // of an error
  std::string text;
  std::string hint;
  std::string command = {};  // of a note: what could be done next; id, may be empty
};

struct FilterState {
  std::string draft;    // as in the bar
  std::string applied;  // what the shown order was made with
  std::string problem;  // empty when the draft is fine; else one sentence
  std::string problem_hint;
  size_t problem_begin = 0;  // bytes of the draft; equal when the place is not known
  size_t problem_end = 0;
  bool focus_wanted = false;  // the bar takes the keyboard in the next frame
};

// Positions and sizes a person can change; the unit is 1/96 inch, scaled by the display's factor.
struct LayoutState {
  float left_width = 256;
  float right_width = 360;
  float bottom_height = 276;
  bool show_bottom = true;
  bool tall_bottom = false;              // the panels take the centre's place
  std::string bottom_tab = "confusion";  // id of a panel
  CentreMode centre = CentreMode::kGrid;
  float tile_width = 150;
  double grid_scroll = 0;                  // in rows of tiles
  std::set<std::string> folded_facets;     // columns whose heading on the left was folded
  std::set<std::string> opened_facets;     // of those that begin folded: the ones that were opened
  std::vector<TableColumn> table_columns;  // what a person changed; the others are as they begin
  double table_scroll = 0;                 // in rows
  float table_scroll_x = 0;
  bool show_large = false;  // the sample under the cursor fills the grid's place
};

struct AppState {
  std::string store_name;
  bool loaded = false;    // the first snapshot is here
  bool no_store = false;  // there is no file yet: the first import makes it
  Snapshot snapshot;
  float tile_aspect = 1;  // width over height that suits most of the images

  FilterState filter;
  CompletionState completion;
  SortChoice sort;
  bool by_likeness = false;                // what is shown is in the order of likeness instead
  std::shared_ptr<const ViewAnswer> view;  // null before the first answer
  bool view_pending = false;
  size_t edits_since_order = 0;  // the order was frozen before these

  size_t cursor = 0;  // position in view->order
  size_t selection_anchor = 0;
  RowSet selection;  // rows; empty means: just the cursor
  SampleDetail detail;
  InspectState inspect;
  ObjectsState objects;

  ListsState lists;
  PanelState panels;
  MapState map;
  FindingsState findings;
  RoundState round;
  HistoryState history;
  TagState tags;
  JobsState jobs;

  UndoState undo;
  size_t saves_pending = 0;
  std::string save_waits_for;  // why a decision could not be saved yet; it is tried again
  bool store_changed = false;  // others wrote more than decisions since the snapshot was loaded
  std::vector<std::string> missing_roots;  // where images were expected, and no folder is
  size_t loads = 0;                        // snapshots taken so far

  std::optional<Message> message;
  Overlay overlay = Overlay::kNone;
  std::string overlay_text;   // what was typed into the palette or the class picker
  size_t overlay_choice = 0;  // the highlighted line
  // Of the audit dialog: RoundDesk::audit_population(), and the audit that is there already.
  std::string audit_population;
  size_t audit_drawn = 0;
  size_t audit_reviewed = 0;

  ThemeName theme = ThemeName::kDark;
  LayoutState layout;
  bool show_cursor_wanted = false;  // the grid scrolls to the cursor in the next frame
  size_t grid_columns = 1;          // written by the grid: what Up and Down move by
  size_t grid_page_rows = 1;
  bool quit_wanted = false;
  std::string open_wanted;  // a store to open in place of this one

  // The rows of the view are objects rather than samples.
  bool objects_shown() const { return layout.centre == CentreMode::kObjects; }
  // What the filter, the order, the cursor and the selection are about.
  const Table& table() const { return objects_shown() ? objects.table.table : snapshot.samples; }
  // Of a row of table(): the row of its sample, its id; and the row of an id, or SIZE_MAX.
  RowIndex sample_of(RowIndex row) const;
  int64_t id_of(RowIndex row) const;
  size_t row_of(int64_t id) const;
  // The question about samples, also while objects are shown.
  const std::string& sample_filter() const {
    return objects_shown() ? objects.other.filter : filter.applied;
  }

  // The sample under the cursor, or of the object there; nullopt when nothing is shown.
  std::optional<RowIndex> cursor_row() const {
    if (!view || cursor >= view->order.size()) return std::nullopt;
    return sample_of(view->order[cursor]);
  }
  // What an action on samples applies to: the selection, else the sample under the cursor.
  Targets targets() const;
  // How many samples, or objects where an action is about those.
  size_t target_count() const;
  // An action is about objects: they are shown, or one was clicked in an image.
  bool objects_addressed() const { return objects_shown() || objects.picked.has_value(); }
  // The object clicked in the image, else the one under the cursor.
  std::optional<RowIndex> current_object() const;
  std::vector<RowIndex> target_objects() const;
  Folds folds() const { return {layout.folded_facets, layout.opened_facets}; }
  // The table stands in the centre, with something in it.
  bool table_shown() const {
    return layout.centre == CentreMode::kTable && !layout.show_large && view &&
           !view->order.empty();
  }
  const RunSummary* active_run() const;
};

}  // namespace errata::viewer

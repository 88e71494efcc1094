// The viewer's controller: turns what a person does into changes of AppState and work for the
// lanes, and folds the results back in. Window's thread only.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "viewer/state/app_state.h"
#include "viewer/state/backend.h"
#include "viewer/state/changes.h"
#include "viewer/state/filter_desk.h"
#include "viewer/state/filter_text.h"
#include "viewer/state/findings_desk.h"
#include "viewer/state/inspect_desk.h"
#include "viewer/state/job_desk.h"
#include "viewer/state/list_desk.h"
#include "viewer/state/log_desk.h"
#include "viewer/state/map_desk.h"
#include "viewer/state/memory.h"
#include "viewer/state/object_desk.h"
#include "viewer/state/panel_desk.h"
#include "viewer/state/round_desk.h"
#include "viewer/state/tasks.h"

namespace errata::viewer {

enum class SelectMode : uint8_t { kOne, kToggle, kRange };

class Session {
 public:
  // `wake` as for Tasks. Nothing is loaded before open().
  Session(std::unique_ptr<Backend> backend, std::function<void()> wake, size_t image_threads);
  ~Session();  // closes
  // Stops the jobs, which a later start of the same goes on with, saves what is still to be
  // saved and ends the threads. Nothing else may be called afterwards.
  void close();

  // Call order: open, then each frame drain and anything else.
  void open(const std::string& active_run = {});
  // With the run that Memory knows, else the newest.
  void open_remembered();
  void reload();
  size_t drain();
  // Once a frame, after drain: gives the parts their turn.
  void frame(double now_secs);
  // Asks the store whether somebody else wrote, at most every few seconds. `now_secs` is any
  // rising clock.
  void poll_store(double now_secs);

  const AppState& state() const { return state_; }
  AppState& state() { return state_; }
  Tasks& tasks() { return *tasks_; }
  const Tasks& tasks() const { return *tasks_; }
  Backend& backend() { return *backend_; }

  FilterDesk& filters() { return filters_; }
  ListDesk& lists() { return lists_; }
  PanelDesk& panels() { return panels_; }
  MapDesk& map() { return map_; }
  FindingsDesk& findings() { return findings_; }
  RoundDesk& round() { return round_; }
  LogDesk& log() { return log_; }
  JobDesk& jobs() { return jobs_; }
  Memory& memory() { return memory_; }
  ObjectDesk& objects() { return objects_; }
  InspectDesk& inspector() { return inspector_; }
  const InspectDesk& inspector() const { return inspector_; }

  // The filter and the order. Each asks for a new answer; the last asked for wins.
  void set_filter(const std::string& text);
  void toggle_facet(const std::string& column, const std::string& value, bool null);
  void set_range(const std::string& column, const NumberRange& range);
  void set_sort(const SortChoice& sort);
  void set_run(const std::string& run);
  // Makes the order anew after edits.
  void refresh();
  // Counts the left side again, over the same samples in the same order.
  void recount();
  // Puts another order in the place of the answer's, as a review round does; the cursor stays on
  // its sample where that is in it. What was selected before the answer came is kept as far as it
  // is in it, or nothing is.
  enum class Selected : uint8_t { kNone, kKept };
  void show_order(std::vector<RowIndex> order, Selected selected = Selected::kNone);

  // Samples or objects from now on; each has a filter, an order and a place of its own. A place of
  // 0 is the one that was left.
  void show_rows_of(CentreMode mode, int64_t place = 0);
  // After rows came or went: shows the same order by its new rows until the filter was applied
  // anew. `order` and `selected` are rows of the table as it is now.
  void renumber(std::vector<RowIndex> order, const std::vector<RowIndex>& selected);

  // Cursor and selection, by position in the order.
  void move_cursor(int64_t by);
  void set_cursor(size_t position, SelectMode mode = SelectMode::kOne);
  // The cursor to a sample. False where it is not among those that are shown.
  bool set_cursor_on(RowIndex row);
  void select_all();
  // The samples in rows and columns of a grid so many columns wide, both ends in it, and those of
  // `kept`.
  void select_block(size_t grid_columns, size_t first_row, size_t last_row, size_t first_column,
                    size_t last_column, const RowSet& kept);
  void clear_selection();
  // After what is shown of the sample under the cursor became another.
  void ask_detail_again();

  // Decisions on the target rows. Those of a single sample move the cursor on.
  void relabel(const std::string& class_name);
  // To suggested_label().
  void relabel_to_suggestion();
  // The k-th most probable class of the sample under the cursor, from 0.
  void relabel_to_probable(size_t k);
  void decide(ReviewKind kind);
  // These leave the cursor where it is.
  void unreview();
  void tag(const std::string& tag, bool on);
  // Any edits as one batch; `then` runs once they are saved.
  void apply(std::vector<ReviewEdit> edits, std::function<void()> then = nullptr);
  // The same of annotations.
  void apply(std::vector<ObjectEdit> edits, std::function<void()> then = nullptr);
  void undo();
  void redo();
  void undo_batch(int64_t batch);

  Changes& changes() { return changes_; }
  // The snapshot has followed a change: tells the parts, and counts again where that is wanted.
  void tell_edited(const EditOutcome& outcome, bool counts);
  // For a part that has loaded what the view waits for.
  void ask_view();

  void show_overlay(Overlay overlay);
  void show_error(const Error& error);
  void show_note(std::string text, std::string hint = {});

 private:
  void take_snapshot(Loaded loaded);
  void load(const std::string& active_run, bool or_newest = false);
  void check_sort();
  void take_view(std::shared_ptr<const ViewAnswer> answer, const std::string& filter,
                 const SortChoice& sort);
  ViewQuestion view_question(const std::string& filter) const;
  std::vector<int64_t> selected_ids() const;
  // Those of them that are in the view.
  void select_shown(const std::vector<int64_t>& ids);
  void ask_detail();
  void take_late_columns(std::vector<Column> columns);
  void decide_on(const Decision& decision, bool moves_on);
  void take_back(std::function<EditOutcome()> other, StoreChange::Back back);

  AppState state_;
  std::unique_ptr<Backend> backend_;
  // Numbers of the newest questions. A queued job whose number has been passed does nothing.
  std::atomic<uint64_t> newest_view_{0};
  std::atomic<uint64_t> newest_recount_{0};
  std::atomic<uint64_t> newest_detail_{0};
  int64_t place_before_reload_ = 0;  // of a sample, or of an object while those are shown
  std::vector<int64_t> selected_before_reload_;
  std::vector<int64_t> selected_before_answer_;  // what the answer lacks
  SortChoice applied_sort_;
  bool answer_lacks_columns_ = false;  // late columns came while an answer was on its way
  double next_poll_secs_ = 0;
  bool poll_running_ = false;
  QueryMemory query_memory_;  // of the query lane
  Changes changes_;
  FilterDesk filters_;
  ListDesk lists_;
  PanelDesk panels_;
  MapDesk map_;
  FindingsDesk findings_;
  RoundDesk round_;
  LogDesk log_;
  JobDesk jobs_;
  Memory memory_;
  InspectDesk inspector_;
  ObjectDesk objects_;
  std::array<SessionPart*, 11> parts_;
  std::unique_ptr<Tasks> tasks_;  // last: its threads use the members above
};

}  // namespace errata::viewer

// Keeps AppState::findings up to date while a panel of findings is open, on Lane::kPanels, and
// turns what a person does there into the filter, the selection, edits and review rounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "viewer/state/findings_state.h"
#include "viewer/state/session_part.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

class Session;
struct AppState;

class FindingsDesk : public SessionPart {
 public:
  explicit FindingsDesk(Session& session) : session_(session) {}

  void snapshot_taken() override;
  void view_taken() override;
  void edited(const EditOutcome&) override { changed(); }
  void frame(double now_secs) override;

  // Copies. A group is chosen by its place in the answer; the suggested pictures are then those to
  // keep.
  void choose_group(size_t group);
  void move_group(int by);
  // Only this one, or this one too, or no longer.
  void keep(RowIndex row, bool too = false);
  // Excludes the others of the chosen group, and goes to the next open one.
  void exclude_others();
  // Excludes all but the suggested ones of every group whose labels agree, as one batch.
  void exclude_all_copies();
  void show_group(size_t group);  // in the grid
  static const CopyGroup* chosen_group(const AppState& state);

  // In the grid, the worst first, or at `row`.
  void show_quality(const QualityKindView& kind, std::optional<RowIndex> row = std::nullopt);
  void choose_quality(const std::string& column);

  void show_slice(const SliceView& slice);
  // Why the slices are no longer what was measured: a sentence; empty while they are.
  static std::string slices_outdated(const AppState& state);

  // Filters on the queue, worst first, and starts a review round over it.
  void review(const LabelQueue& queue);
  void show(const LabelQueue& queue);

 private:
  void changed();
  void ask();
  void show_rows(const std::string& filter, const SortChoice& sort);

  Session& session_;
  bool dirty_ = true;
  bool running_ = false;
  bool asked_ = false;  // since the snapshot was taken
  double changed_secs_ = -1;
  std::string asked_slices_;            // options of the view that the newest question knew
  std::optional<std::string> reviews_;  // filter that a round is to start over
  std::optional<int64_t> goes_to_;      // sample that the cursor goes to with the next view
};

}  // namespace errata::viewer

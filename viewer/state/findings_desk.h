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

  void snapshot_leaves() override;
  void snapshot_taken() override;
  void view_taken() override;
  void edited(const EditOutcome&) override { changed(); }
  void frame(double now_secs) override;

  // Copies. A group, or a pair between groups, is chosen by its place in the answer; the suggested
  // pictures are then those to keep.
  void choose_group(size_t group);
  void choose_pair(size_t pair);
  void show_between(bool between);
  // Among the groups, or the pairs, whichever are shown.
  void move_group(int by);
  // Only this one, or this one too, or no longer; of a pair one stays.
  void keep(RowIndex row, bool too = false);
  // The cursor goes there; where the filter hides it, the chosen pair is shown in the grid.
  void go_to(RowIndex row);
  // Excludes the others of what is chosen, and goes to the next that is open.
  void exclude_others();
  // Those of what is chosen get the label of the one to keep.
  void label_as_kept();
  // Excludes all but the suggested ones of every group whose labels agree, as one batch.
  void exclude_all_copies();
  void show_group(size_t group);  // in the grid
  void show_pair(std::optional<RowIndex> row = std::nullopt);
  // The chain that the chosen group or pair is in.
  void show_chain(const CopyChain& chain);
  static const CopyGroup* chosen_group(const AppState& state);
  static const CopyPairView* chosen_pair(const AppState& state);
  // Of the group or the pair that keys act on; empty without one.
  static std::vector<RowIndex> chosen_copies(const AppState& state);
  static CopyChain chosen_chain(const AppState& state);

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
  void return_to_place();
  void take_copies(std::shared_ptr<const CopiesAnswer> copies);
  void choose_next();
  void show_rows(const std::string& filter, const SortChoice& sort);

  Session& session_;
  bool dirty_ = true;
  bool running_ = false;
  bool asked_ = false;  // since the snapshot was taken
  double changed_secs_ = -1;
  // Read once for each snapshot; null before that.
  std::shared_ptr<const std::optional<std::vector<store::CopyPair>>> pairs_;
  std::string asked_slices_;            // options of the view that the newest question knew
  std::optional<std::string> reviews_;  // filter that a round is to start over
  std::optional<int64_t> goes_to_;      // sample that the cursor goes to with the next view
  // What was chosen among the copies of the snapshot before.
  struct Place {
    SampleId in_group = 0;
    std::pair<SampleId, SampleId> pair;
    std::vector<SampleId> kept;
  };
  Place place_;
};

}  // namespace errata::viewer

// Keeps AppState::inspect up to date: the history of the sample that the cursor rests on, the runs
// shown beside the active one, what goes to the desktop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/snapshot.h"
#include "viewer/state/inspect_state.h"
#include "viewer/state/session_part.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

class Session;
struct AppState;

class InspectDesk : public SessionPart {
 public:
  explicit InspectDesk(Session& session) : session_(session) {}

  void snapshot_taken() override;
  void view_taken() override;
  void edited(const EditOutcome& outcome) override;
  void frame(double now_secs) override;

  // Runs with probabilities, but for the active one, that are to be shown beside it: at most
  // InspectState::kMostOtherRuns.
  std::vector<std::string> runs_beside() const;
  // Those that could be.
  std::vector<std::string> other_runs() const;
  void show_run_beside(const std::string& run, bool shown);

  // The file of the sample under the cursor, as the file system has it.
  void copy_path();
  void open_folder();

  // Puts the samples that look most like those acted on, by their embeddings, into the grid, the
  // most alike first, behind those themselves. A review round waits.
  void more_like_these();
  static bool has_embeddings(const AppState& state);

  // Selects what looks like the sample under the cursor, has the same label and the same
  // suggestion, is undecided and shown, together with that sample: the next decision is about all
  // of them.
  void select_alike();
  // Goes to a sample. One that is not shown is put before the one under the cursor until the
  // filter and order are applied again; in a review round what comes after it is still that one.
  void visit(RowIndex row);
  // The evidence is that of the sample under the cursor.
  static const SampleEvidence* evidence(const AppState& state);

  // Nothing that the inspector waits for is still to come.
  bool complete() const;

 private:
  void ask_again();
  void ask_evidence(SampleId sample);
  void forget_evidence();
  void want_evidence();

  // What is looked at: another once an answer that is under way is no longer wanted.
  struct Asked {
    uint64_t loads = 0;
    bool objects = false;
    std::string filter;
    SortChoice sort;
    uint64_t round = 0;
    bool in_round = false;
    bool operator==(const Asked&) const = default;
  };
  Asked asked_now() const;
  struct Similar {
    Asked asked;
    std::vector<SampleId> like;
    std::vector<Alike> found;
  };
  void show_similar();

  Session& session_;
  SampleId resting_on_ = 0;
  double resting_since_secs_ = 0;
  bool asked_ = false;
  uint64_t newest_ = 0;
  // Of the last samples and the next one, so that a review does not wait for it.
  std::unordered_map<SampleId, SampleEvidence> known_;
  std::unordered_set<SampleId> evidence_asked_;
  uint64_t evidence_number_ = 0;  // another each time that it is forgotten
  bool evidence_running_ = false;
  std::optional<Similar> similar_;  // waits for a view
  uint64_t shown_number_ = 0;       // of the evidence that is shown
  bool quality_known_ = false;      // in the last frame
};

// Indices of the values, the largest first; of equals the lower index.
std::vector<ClassIndex> by_probability(const std::vector<float>& probabilities);

}  // namespace errata::viewer

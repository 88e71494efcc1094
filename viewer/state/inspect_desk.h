// Keeps AppState::inspect up to date: the history of the sample that the cursor rests on, the runs
// shown beside the active one, what goes to the desktop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "viewer/state/inspect_state.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class InspectDesk : public SessionPart {
 public:
  explicit InspectDesk(Session& session) : session_(session) {}

  void snapshot_taken() override { ask_again(); }
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

  // Nothing that the inspector waits for is still to come.
  bool complete() const;

 private:
  void ask_again();

  Session& session_;
  SampleId resting_on_ = 0;
  double resting_since_secs_ = 0;
  bool asked_ = false;
  uint64_t newest_ = 0;
};

// Indices of the values, the largest first; of equals the lower index.
std::vector<ClassIndex> by_probability(const std::vector<float>& probabilities);

}  // namespace errata::viewer

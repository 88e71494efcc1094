// Starts, pauses, resumes and leaves review rounds, and says which sample is next.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/ids.h"
#include "viewer/state/round_state.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class RoundDesk : public SessionPart {
 public:
  explicit RoundDesk(Session& session) : session_(session) {}

  // Freezes the order that is shown, less what is decided already and still stands.
  void start();
  // Draws `size` samples at random from those that the filter selects less the excluded ones, tags
  // them `audit`, saves the view `audit` with how they were drawn, and starts a round over them.
  void start_audit(size_t size);
  // A round over exactly these samples, at its first undecided one.
  void begin(RoundState round);
  // A round of an earlier session. It goes on when it was active and its filter is the one shown.
  void put_back(RoundState round, bool was_active);
  void leave();
  // Puts the round's filter and order back and shows the queue at its first undecided sample.
  void resume();
  // Picks the queue anew by the round's own filter and order.
  void refresh();
  // False, with the cursor where it was, when all are decided.
  bool next_undecided();
  // After a decision about the sample under the cursor: goes to the next undecided one. False when
  // no round is active.
  bool move_on(SampleId decided);

  void snapshot_taken() override;
  void view_taken() override;
  void edited(const EditOutcome& outcome) override;

 private:
  enum class Next : uint8_t { kNothing, kStart, kResume };
  // Of a row: not in the queue, to be decided, or what was decided.
  enum class Mark : uint8_t { kOutside, kOpen, kKept, kRelabelled, kExcluded, kAmbiguous };

  void hold(RoundState round);
  // `former` carry the tag of an earlier audit, which they lose.
  void begin_audit(RoundState round, const std::vector<SampleId>& former, uint64_t seed);
  bool shows_question() const;
  void show_queue();
  void go_to_open(size_t from);
  Mark mark_now(RowIndex row, SampleId sample) const;
  void count(Mark mark, bool in);
  void mark_all();
  void ask_returned();
  void ask_for_question(Next next);

  Session& session_;
  std::vector<Mark> marks_;                   // by row
  std::unordered_set<SampleId> being_saved_;  // decided, the answer is not back yet
  Next next_ = Next::kNothing;                // what to do with the view that was asked for
  uint64_t newest_ = 0;
};

}  // namespace errata::viewer

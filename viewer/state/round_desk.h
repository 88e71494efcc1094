// Starts, pauses, resumes and leaves review rounds over samples or over objects, and says which is
// next.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "jobs/audit_job.h"
#include "model/columns.h"
#include "model/ids.h"
#include "viewer/state/round_marks.h"
#include "viewer/state/round_state.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class RoundDesk : public SessionPart {
 public:
  explicit RoundDesk(Session& session) : session_(session) {}

  // Starts another, having asked where one is under way that would be lost.
  void replace_by(std::function<void(Session&)> start);
  // Freezes the order that is shown, of samples or of objects, less what is decided already and
  // still stands. An object's decision stands whatever a later run says of it.
  void start();
  // Draws `size` samples at random from audit_population() less the excluded ones, tags them
  // `audit`, then saves the view `audit` with how they were drawn, and starts a round over them.
  void start_audit(size_t size);
  // What the panels measure over: the filter without its terms about predictions and reviews, among
  // which a sample says nothing of the accuracy.
  std::string audit_population() const;
  // A round over exactly these samples, at its first undecided one.
  void begin(RoundState round);
  // A round of an earlier session. It goes on when it was active and its filter is the one shown.
  void put_back(RoundState round, bool was_active);
  void leave();
  // The grid is to show something else; the queue waits for resume().
  void pause();
  // Puts the round's filter and order back and shows the queue at its first undecided sample.
  void resume();
  // Picks the queue anew by the round's own filter and order.
  void refresh();
  // False, with the cursor where it was, when all are decided.
  bool next_undecided();
  // After a decision: goes from the cursor to the next undecided one. False when no round over
  // samples, or over objects, is active.
  bool move_on(std::span<const SampleId> decided);
  bool move_on_objects(std::span<const ObjectId> decided);
  bool over_objects() const;

  void snapshot_taken() override;
  void view_taken() override;
  void edited(const EditOutcome& outcome) override;
  void frame(double now_secs) override;

 private:
  enum class Next : uint8_t { kNothing, kStart, kResume };
  using Mark = RoundMark;
  // What is done once the rows of the queue are known.
  enum class Show : uint8_t { kNothing, kQueue, kQueueAtOpen };
  // The queue as a snapshot has it.
  struct Marked {
    std::vector<RowIndex> order;
    std::vector<Mark> marks;  // by row
    RoundCounts counts;
  };

  void start_objects();
  void start_over(std::shared_ptr<RoundState> round, size_t seen);
  void hold(RoundState round);
  // The samples of an audit, drawn, are tagged; `former` carried the tag of an earlier one and lose
  // it. Afterwards the view `audit` says how they were drawn, and the round begins.
  void begin_audit(RoundState round, const std::vector<SampleId>& former,
                   const jobs::AuditDrawing& drawing);
  bool shows_question() const;
  void go_to_open(size_t from);
  static Mark mark_of(const Column* review, RowIndex row, bool decide_again);
  static Marked mark_queue(const Table& samples, const SampleList& queue,
                           const std::unordered_set<SampleId>& again);
  // Looks every sample of the queue up: at once when they are few, else on a lane.
  void ask_marks(Show show);
  void ask_object_marks();
  void take_marks(Marked marked, Show show);
  void take_object_marks(MarkedObjects marked, Show show);
  void show_queue(std::vector<RowIndex> order, Show show);
  bool is_open(RowIndex row) const;
  void mark_again(SampleId sample);
  void ask_returned();
  void ask_for_question(Next next);

  Session& session_;
  std::vector<Mark> marks_;                          // by row; empty until the queue was looked up
  std::unordered_map<ObjectId, Mark> object_marks_;  // likewise; rows of objects come and go
  uint64_t marked_revision_ = 0;              // of the objects, when their marks were asked for
  std::unordered_set<SampleId> being_saved_;  // decided, the answer is not back yet
  std::vector<SampleId> edited_meanwhile_;    // since the marks were asked for
  bool marking_ = false;
  Next next_ = Next::kNothing;  // what to do with the view that was asked for
  Show show_ = Show::kNothing;  // of the marks that were asked for
  uint64_t newest_ = 0;
  uint64_t newest_marks_ = 0;
};

}  // namespace errata::viewer

// A part of the session with a matter of its own (rounds, panels, lists, jobs, memory): its state
// is a slice of AppState, its work goes to a lane. Told what happened, in this order, on the
// window's thread.
#pragma once

namespace errata::viewer {

struct EditOutcome;

class SessionPart {
 public:
  virtual ~SessionPart() = default;

  virtual void snapshot_leaves() {}                       // the rows are still those of before
  virtual void snapshot_taken() {}                        // rows mean something else than before
  virtual void view_taken() {}                            // a new order, new counts' bases
  virtual void edited(const EditOutcome& /*outcome*/) {}  // a change of the store was followed
  virtual void frame(double /*now_secs*/) {}              // once a frame
};

}  // namespace errata::viewer

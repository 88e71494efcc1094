// Changes of the store on their way there and back: saved in the order asked for, waiting for a
// lock as long as it takes, followed in the snapshot. Window's thread only.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viewer/state/backend.h"
#include "viewer/state/tasks.h"

namespace errata::viewer {

class Session;

struct StoreChange {
  // A person's decisions, to be written. Any thread, more than once: they can be noted down where
  // they cannot be saved. Empty for undo and redo, which mean something else at another time.
  std::function<std::vector<ReviewEdit>()> edits = nullptr;
  std::vector<ObjectEdit> object_edits;          // the same of annotations; used without `edits`
  std::function<EditOutcome()> other = nullptr;  // Lane::kStore; used without either
  std::function<void()> afterwards = nullptr;    // Lane::kStore, once it is saved
  std::function<void()> then = nullptr;          // window's thread, once it is saved and followed
  std::function<void()> otherwise = nullptr;     // window's thread, in place of `then`
  // What a change that cannot be noted down does to those noted before it.
  enum class Back : uint8_t { kNone, kUndo, kRedo };
  Back back = Back::kNone;
  bool show_first_changed = false;  // the cursor goes to the first changed sample
  std::atomic<bool> done{false};    // saved, or refused for good
};

class Changes {
 public:
  explicit Changes(Session& session) : session_(session) {}

  void make(std::shared_ptr<StoreChange> change);
  // Brings the snapshot up to date: in place, or on a lane when much has changed.
  void follow(EditOutcome outcome, bool show_first_changed);
  // The snapshot was loaded anew: what was still to be followed is in it.
  void snapshot_taken();

  // From now on what cannot be saved soon is given up: unsaved() has it after the lanes have ended.
  void close() { closing_ = true; }
  // Decisions that are not in the store yet, in their order: with `edits` or `object_edits`.
  std::vector<std::shared_ptr<const StoreChange>> unsaved() const;

 private:
  struct Later {
    EditOutcome outcome;
    bool show_first_changed;
  };

  // Lane::kStore. `outcome` is set once there is one, also when something fails afterwards.
  void save(StoreChange& change, Tasks& tasks, std::optional<EditOutcome>& outcome);
  void follow_apart(EditOutcome outcome, bool show_first_changed);
  void followed(const EditOutcome& outcome, bool show_first_changed);

  Session& session_;
  std::deque<std::shared_ptr<StoreChange>> waiting_;  // not known to be saved
  std::deque<Later> later_;    // to be followed once what is followed apart is there
  bool apart_ = false;         // something is followed apart
  uint64_t newest_apart_ = 0;  // another with each, and with each snapshot
  std::atomic<bool> closing_{false};
  bool gave_up_ = false;  // of the store lane: what comes behind would be out of order
};

}  // namespace errata::viewer

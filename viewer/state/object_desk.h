// Loads the objects of the snapshot, keeps their matching up to date with the sliders and the
// edits, and turns what a person does about objects into edits of the store.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "viewer/state/backend.h"
#include "viewer/state/object_meter.h"
#include "viewer/state/object_state.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class ObjectDesk : public SessionPart {
 public:
  explicit ObjectDesk(Session& session) : session_(session), meter_(session) {}

  // The sliders: what is drawn follows at once, error, iou and match once they were made anew.
  void set_match(const MatchChoice& choice);
  // Crops of objects in the centre; the filter gets this text when one is given.
  void show(const std::string& filter);

  // Clicked in an image: what the next action is about. nullopt: the one under the cursor again.
  void pick(std::optional<RowIndex> row);
  // The objects of the sample under the cursor, round and round.
  void pick_next(int64_t by);

  // What the model would have: for each target what suggestion_for() says.
  void accept();
  // The same for all that are shown and alike.
  void accept_alike();
  // kKeep, kAmbiguous, kUnreview: of annotations, and of detections that none belongs to.
  void decide(ObjectEditKind kind);
  void set_class(const std::string& class_name);
  void remove();
  void toggle_crowd();
  // A box that was dragged, or drawn on a sample.
  void set_box(RowIndex row, const Box& box);
  void add_box(RowIndex sample, const Box& box);
  // By pixels of the image: moved, or its lower right corner.
  void nudge(double dx, double dy, bool resize);

  // Called by Session, before the other parts: a new snapshot; a change of the store, true when
  // rows were numbered anew.
  void take_snapshot();
  bool follow(const EditOutcome& outcome, bool show_first_changed);

  void edited(const EditOutcome& outcome) override;
  void frame(double now_secs) override;
  // Nothing is being loaded or matched.
  bool complete() const;

 private:
  struct Asked {
    std::optional<RowIndex> row;
    const void* view = nullptr;
    uint64_t revision = 0;
    bool operator==(const Asked&) const = default;
  };

  void load();
  void match_loaded(uint64_t number, std::shared_ptr<ObjectTable> table);
  void take_loaded(ObjectTable table, const MatchChoice& choice);
  void take_nothing();
  void fail_load(uint64_t number, const Error& error);
  void ask_match();
  void ask_outlines();
  void ask_alike(const Asked& asked);
  void accept(const std::vector<RowIndex>& rows, bool move_on);
  void send(std::vector<ObjectEdit> edits, bool move_on);
  std::vector<RowIndex> target_annotations() const;
  // Where objects are shown: after a decision on the targets, the cursor goes to the next.
  void go_on();
  ObjectEdit edit(ObjectEditKind kind, RowIndex row) const;
  // Of the targets that no annotation belongs to.
  std::vector<ObjectEdit> detection_edits(ObjectEditKind kind) const;
  void renumber(const std::vector<RowIndex>& new_rows);
  void show_changed(RowIndex row);
  void tell_masks(const EditOutcome& outcome);

  Session& session_;
  ObjectMeter meter_;
  // Numbers of the newest questions; those that a lane reads are atomic.
  uint64_t newest_load_ = 0;
  uint64_t newest_match_ = 0;
  std::atomic<uint64_t> newest_alike_{0};
  std::atomic<uint64_t> newest_outlines_{0};
  Asked alike_asked_;
  uint64_t edited_revision_ = 0;   // the table's, when it was changed without being matched
  uint64_t follows_ = 0;           // edits of annotations that were followed
  std::vector<uint8_t> excluded_;  // per sample, as the newest matching knew them
  std::optional<ObjectId> show_once_loaded_;
  std::string masks_note_;  // what was last told of masks
};

}  // namespace errata::viewer

// What the viewer needs done to data, behind one interface: the program's is over a store, the
// tests' over samples drawn in memory. Every call may wait and is made on a lane of Tasks, never on
// the window's thread; every call may throw Error.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "media/image.h"
#include "model/objects.h"
#include "model/snapshot.h"
#include "store/copy_pairs.h"
#include "viewer/state/lists_state.h"

namespace errata::viewer {

enum class ReviewKind : uint8_t {
  kRelabel,
  kKeep,
  kExclude,
  kAmbiguous,
  kUnreview,  // as if it had not been looked at; an exclusion is taken back too
  kTag,
  kUntag
};

// One sample's decision by a person.
struct ReviewEdit {
  SampleId sample = 0;
  ReviewKind kind = ReviewKind::kKeep;
  std::string class_name;  // kRelabel: the project class; else empty
  std::string tag;         // kTag, kUntag
  std::string why;         // what spoke for it, for the log; may be empty
};

enum class ObjectEditKind : uint8_t {
  kAdd,  // sample, class_name, box_xywh_px, shape
  kDelete,
  kSetClass,  // class_name
  kSetBox,    // box_xywh_px
  kSetCrowd,  // flag
  kKeep,
  kAmbiguous,
  kUnreview
};

// One annotation's decision by a person, or one about a detection that no annotation belongs to.
struct ObjectEdit {
  ObjectEditKind kind = ObjectEditKind::kKeep;
  ObjectId object = 0;  // not of kAdd
  // kKeep, kAmbiguous, kUnreview: object is a detection, of that class, which the project may lack,
  // and with that box.
  bool detection = false;
  SampleId sample = 0;
  std::string class_name;  // a class of the project
  std::array<double, 4> box_xywh_px{};
  bool flag = false;
  std::string shape;  // model/shape.h
  std::string why;    // what spoke for it, for the log; may be empty
};

// What undo and redo would do now; the log belongs to the store, so this survives a restart.
struct UndoState {
  bool can_undo = false;
  bool can_redo = false;
  std::string undo_text;  // "3 labels set"
  std::string redo_text;
};

// What a change to the store was, and how to follow it in a loaded snapshot.
struct EditOutcome {
  std::vector<SampleId> changed;  // samples that are not as before
  UndoState undo;                 // as of after the change
  // Window's thread; may be empty. False: the snapshot has to be loaded again.
  std::function<bool(Snapshot&)> follow;
  // The same for annotations. False: the table has to be loaded again.
  std::vector<ObjectId> changed_objects;
  std::function<bool(ObjectTable&, const Snapshot&)> follow_objects;
  // Annotations whose masks could not go where their boxes went, and those that have one again.
  size_t masks_lost = 0;
  size_t masks_back = 0;
};

struct Loaded {
  bool no_store = false;  // there is no file; the rest is empty
  Snapshot snapshot;
  UndoState undo;
  std::vector<std::string> missing_roots;  // folders of images that are not there
};

// What others wrote since the last load or news.
struct News {
  EditOutcome edits;    // their decisions, to be followed in place; `changed` may be empty
  bool reload = false;  // more than decisions: samples, classes, runs or scores came or went
  bool lists = false;   // saved views came, changed or went
  std::string text;     // one sentence for the person; empty when nothing came that is seen here
};

// A decoded picture, or the reason why there is none.
struct Picture {
  media::Image image;    // RGB or grey, upright
  std::string problem;   // empty when the image is there
  bool is_gone = false;  // the problem is that there is no such file
};

// A sample that looks like another.
struct Alike {
  SampleId sample = 0;
  float similarity = 0;  // cosine of the embeddings
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Shown in the window's title.
  virtual std::string name() const = 0;
  // The name that signs the decisions.
  virtual std::string who() const = 0;
  // Of the file, absolute; empty for a backend without one.
  virtual std::string store_path() const = 0;

  // Lane::kStore, in the order asked for.
  // `active_run` may be empty: then the newest complete one is.
  virtual Loaded load(const std::string& active_run) = 0;
  // Columns that the snapshot of the last load is to have, and which take longer than a first
  // picture of it may: they replace those of the same name. Called once after each load.
  virtual std::vector<Column> late_columns() { return {}; }
  // What somebody else has written since. Cheap when nobody has.
  virtual News news() = 0;
  virtual EditOutcome review(std::span<const ReviewEdit> edits) = 0;
  // Annotations and the detections of the snapshot's active run, with their outlines.
  virtual ObjectTable load_objects(const Snapshot& snapshot) = 0;
  // Lane::kPanels: the same with the annotations as they were imported, without outlines. nullopt
  // where nobody has decided anything about one.
  virtual std::optional<ObjectTable> imported_objects(const Snapshot& snapshot) = 0;
  // As one batch; nothing is changed when one of them cannot be.
  virtual EditOutcome edit_objects(std::span<const ObjectEdit> edits) = 0;
  // The newest batch that stands, and the newest undo.
  virtual EditOutcome undo() = 0;
  virtual EditOutcome redo() = 0;
  // Takes back one certain batch of the log.
  virtual EditOutcome undo_batch(int64_t batch) = 0;
  virtual void save_view(const store::SavedView& view) = 0;
  virtual void delete_view(const std::string& name) = 0;

  // Lane::kQuery. One value per class of the run; empty when the sample has no such row.
  virtual std::vector<float> probabilities(const std::string& run, SampleId sample) = 0;

  // Lane::kPanels.
  virtual StoreLists lists() = 0;
  // Samples whose labels are others than at that revision of them.
  virtual size_t relabelled_since(int64_t label_revision) = 0;
  // Copies that lie between the groups of `errata find duplicates`; nullopt where it kept none.
  virtual std::optional<std::vector<store::CopyPair>> copy_pairs() = 0;
  // What the log says, newest first.
  virtual std::vector<store::LogEntry> log(const store::LogFilter& filter) = 0;
  // The same by batches, below `before_batch` (0: from the newest).
  virtual std::vector<store::LogBatch> batches(int64_t before_batch, size_t limit) = 0;
  virtual std::vector<SampleId> batch_samples(int64_t batch) = 0;
  // As store::newest_decisions().
  virtual std::vector<store::StandingDecision> newest_decisions(
      std::span<const SampleId> samples) = 0;

  // Lane::kImages, from several threads at once. A file that is gone or broken is a problem in the
  // result, not an exception.
  virtual Picture thumbnail(SampleId sample, int32_t max_side_px) = 0;
  virtual Picture picture(SampleId sample) = 0;
  // The samples whose embeddings are nearest to the mean of those of `like`, most alike first,
  // without those themselves. Error(kNotFound) when there are no embeddings.
  virtual std::vector<Alike> alike(std::span<const SampleId> like, size_t limit) = 0;
  // As the file system has it; empty when it is not known.
  virtual std::string absolute_path(SampleId sample) = 0;
};

}  // namespace errata::viewer

// Reading the log: imports, edits, undos, class changes.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/edits.h"
#include "store/store.h"

namespace errata::store {

struct LogFilter {
  SampleId sample = 0;       // 0: all
  int64_t batch = 0;         // 0: all
  std::string who;           // empty: all
  int64_t before_event = 0;  // entries below this event id only, for paging; 0: from the newest
  size_t limit = 100;
  bool standing_only = false;  // leave out what was undone, and the undos
};

// An annotation before or after a change of it.
struct LoggedObject {
  std::string class_name;
  std::array<double, 4> box_xywh_px{};
  bool crowd = false;
  bool difficult = false;
  bool truncated = false;
  ObjectReview review = ObjectReview::kUnseen;
  double area_px = 0;
  std::string shape;  // model/shape.h
};

// What an edit of an annotation was of: not there before when it was added, not there after when
// it was deleted.
struct ObjectChange {
  std::optional<LoggedObject> from;
  std::optional<LoggedObject> to;
  bool mask_lost = false;
};

// One change of one sample; or one whole import, or one change of a class.
struct LogEntry {
  int64_t event = 0;  // rising over the store's life
  int64_t batch = 0;
  std::string batch_kind;  // "import", "edit", "undo", "redo", "class"
  std::string at;          // ISO 8601 UTC
  std::string who;
  std::string why;
  std::string what;               // edit_kind_name(), "import", "class-add", "class-rename"
  SampleId sample = 0;            // 0: an entry about more than one sample
  std::string path;               // escaped, with #member; or the source's name
  std::string content_hash;       // XXH3 of the sample's bytes, 16 hex digits
  std::vector<std::string> from;  // class names, or one tag, split or review state
  std::vector<std::string> to;
  Review review_from = Review::kUnseen;
  Review review_to = Review::kUnseen;
  ObjectId object_id = 0;  // of an annotation or a detection; 0: of neither
  ObjectChange object;     // of it
  int64_t undone_by = 0;   // batch that took it back; 0: it stands
};

// Newest first.
std::vector<LogEntry> read_log(Store& store, const LogFilter& filter);

// Events of one kind within a batch. `from` and `to` are empty when they are not all the same.
struct BatchChange {
  std::string what;  // as in LogEntry
  uint64_t count = 0;
  std::vector<std::string> from;  // of annotations: their class
  std::vector<std::string> to;
  ObjectChange object = {};  // of an annotation that is the only one
};

// "3 labels set", of LogEntry::what. What has no words yet is named as it is stored.
std::string change_words(std::string_view what, uint64_t count);
// What an undo of it is stored as, which has its `from` and `to` exchanged too, but for classes.
std::string_view inverse_change(std::string_view what);

// One batch as a whole, however many samples it changed.
struct LogBatch {
  int64_t batch = 0;
  std::string kind;  // as LogEntry::batch_kind
  std::string at;
  std::string who;
  std::string why;  // the events' when they all have the same one, else the batch's
  std::string source;
  std::string detail;  // of an import: its counts
  int64_t undoes = 0;
  int64_t undone_by = 0;
  std::vector<BatchChange> changes;  // by kind; of an import none
};

// Newest first; those below `before_batch`, 0: from the newest.
std::vector<LogBatch> read_batches(Store& store, int64_t before_batch, size_t limit);
// Samples that an edit, undo or redo touched, or whose annotations it did; rising.
std::vector<SampleId> batch_samples(Store& store, int64_t batch);

// What spoke for the newest decision about a sample (label, keep, ambiguous, exclude) that stands.
struct StandingDecision {
  SampleId sample = 0;
  std::string why;  // may be empty
};
// Of these samples, or of all when none is named; rising by sample, those without one left out.
std::vector<StandingDecision> newest_decisions(Store& store, std::span<const SampleId> samples);

}  // namespace errata::store

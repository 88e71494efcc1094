// Writing and reading the log's rows within the caller's transaction. Internal to this folder.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "store/connection.h"
#include "store/edits.h"

namespace errata::store {

// One row of table event, but those of imports. Empty texts are NULL there.
struct Event {
  int64_t id = 0;
  SampleId sample = 0;  // 0: of a class or an object
  std::string what;
  // Class ids as "[3,5]" for "label"; a tag, a split; a class id for "class-*"; the whole state of
  // an object for "object-*" (object_state_to_json()), empty for none; in the same form what was
  // decided about a detection for "detection-*".
  std::string from;
  std::string to;
  Review review_from = Review::kUnseen;
  Review review_to = Review::kUnseen;
  std::string why;
  ObjectId object = 0;
};

struct BatchSpec {
  std::string kind = {};
  std::string who = {};
  std::string why = {};
  int64_t undoes = 0;
  std::string detail = {};
};

// Adds events to a batch that is made with the first of them.
class EventWriter {
 public:
  EventWriter(Connection& db, BatchSpec spec);
  void add(const Event& event);
  int64_t batch() const { return batch_; }
  // Writes the label revision and fills in what `batch` says of the log.
  void finish(AppliedBatch& batch);

 private:
  Connection& db_;
  BatchSpec spec_;
  int64_t batch_ = 0;
  int64_t last_label_event_ = 0;
  int64_t last_object_event_ = 0;
  std::vector<SampleId> relabelled_;
};

std::vector<Event> read_events(Connection& db, int64_t batch);
int64_t label_revision(Connection& db);
void set_label_revision(Connection& db, int64_t event);

// Applies edits within the caller's transaction; log.finish() is the caller's.
AppliedBatch apply_edits_in(Connection& db, std::span<const Edit> edits, EventWriter& log);

// What one transaction of an import changed, as kept in the stream 'changes' of its batch.
enum class ImportChange : uint8_t {
  kAdded = 0,     // a new sample, from nothing to its labels
  kLabels = 1,    // the source's labels changed and the current ones with them
  kGivenOnly = 2  // the source's labels changed; a person's stayed
};
struct ImportChanges {
  std::vector<int64_t> samples;
  std::vector<uint8_t> kinds;  // ImportChange
  std::vector<uint32_t> from_counts;
  std::vector<int32_t> from;
  std::vector<uint32_t> to_counts;
  std::vector<int32_t> to;

  void add(SampleId sample, ImportChange kind, std::span<const int32_t> labels_from,
           std::span<const int32_t> labels_to);
  bool empty() const { return samples.empty(); }
  void clear();
};
// Adds the event row and its chunks to an import batch; returns the event's id.
int64_t write_import_changes(Connection& db, int64_t batch, const ImportChanges& changes);
// Those of one event row, by its value_from and value_to.
ImportChanges read_import_changes(Connection& db, int64_t batch, int64_t first_place,
                                  int64_t end_place);

}  // namespace errata::store

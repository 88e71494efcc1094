// The sink that puts what an importer reads into the store.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/issue_log.h"
#include "model/records.h"
#include "store/store.h"

namespace errata::store {

struct ImportOptions {
  std::string source_name;  // the identity of the source: the same name again is a re-import
  std::string input_path;   // what the user named; shown by `errata info`
  std::string split;        // overrides the records' own when not empty
  // Source class name -> project class name; others map to the class of the same name. Classes the
  // project lacks are added in the source's order.
  std::vector<std::pair<std::string, std::string>> class_names;
  std::string who;
};

// A label that a person had decided (relabelled, kept, excluded or ambiguous) and that the source
// now gives differently. The person's stays; this is listed, never chosen in silence.
struct LabelConflict {
  SampleId sample = 0;
  std::string path;      // escaped (base/text.h), with #member
  std::string edited;    // class names now in the store, ", " between
  std::string imported;  // those the source gives
};

// The samples that the importer handed over = added + unchanged + changed + moved + returned +
// duplicates.
struct ImportReport {
  int64_t batch = 0;  // of the log
  SourceId source = 0;
  uint64_t seen = 0;
  uint64_t added = 0;
  uint64_t unchanged = 0;   // same size, time and content, or same content under a new time
  uint64_t changed = 0;     // same locator, other content
  uint64_t moved = 0;       // other locator, same content, the old one gone: keeps id and edits
  uint64_t returned = 0;    // had vanished and is there again
  uint64_t vanished = 0;    // were there at the last import, are not now: kept, hidden
  uint64_t duplicates = 0;  // same locator twice in one import: the first one counts; an issue each
  uint64_t labels_changed = 0;  // by the source, where nobody had decided
  // Of sources with objects; changed: same object, other class or box.
  bool has_objects = false;
  uint64_t objects = 0;
  uint64_t objects_added = 0;
  uint64_t objects_changed = 0;
  uint64_t objects_removed = 0;
  uint64_t covered_images = 0;  // whose objects another source brought: those stay
  uint64_t twin_images = 0;  // new ones, of a source with objects, whose bytes another source has
  bool resumed = false;      // went on with an import of this source that had not ended
  std::vector<LabelConflict> conflicts;
  std::vector<std::string> new_classes;
};

// Call order: begin samples* end finish, on one thread. Samples go in by transactions of bounded
// size; killed between any two of them, importing again gives what an uninterrupted import gives.
// Holds the lease of the source's name from begin() to finish(): Error(kBusy) naming the holder.
// A sample that another source with the same root brought already is the same sample: it gets this
// source's label when it has none.
class ImportWriter : public SampleSink {
 public:
  ImportWriter(Store& store, ImportOptions options);
  ~ImportWriter() override;

  void begin(const SourceHeader& header) override;
  void samples(std::vector<SampleRecord>&& batch) override;
  void objects(std::vector<ObjectRecord>&& batch) override;
  void end(uint64_t seen) override;
  // Settles moved and vanished samples, stores the issues under the source's name (in place of
  // those of its last import) and ends the import, in one transaction.
  ImportReport finish(const IssueLog& issues);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace errata::store

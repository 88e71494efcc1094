// The annotations of one import as an immutable set, and the rows of what people changed over it.
// Internal to this folder.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "model/records.h"
#include "store/object_block.h"
#include "store/objects.h"

namespace errata::store {

struct ObjectSet {
  int64_t id = 0;
  SourceId source = 0;
  std::string source_name;
  int64_t objects = 0;
  int64_t images = 0;
  uint64_t content_hash = 0;
};
std::vector<ObjectSet> read_object_sets(Connection& db);  // the current ones, by source
std::vector<ObjectSet> read_version_sets(Connection& db, VersionId version);

// What of a set is kept in memory for edits: immutable, kept by the connection.
struct ObjectSetIndex {
  std::vector<ObjectId> ids;            // by row
  std::vector<uint32_t> by_id;          // rows, rising by id; empty when ids rise
  std::vector<SampleId> image_samples;  // by place of the image; 0: it is no sample
  int64_t row_of(ObjectId id) const;    // -1 when absent
};
std::shared_ptr<const ObjectSetIndex> read_set_index(Connection& db, int64_t set);

// Writes the set of an import, within the import's transactions.
class ObjectSetWriter {
 public:
  // Begins it; one that an interrupted import of the same source left is dropped.
  ObjectSetWriter(Connection& db, SourceId source, int64_t batch, const SourceHeader& header);

  // In the order in which the importer handed the samples over; id 0 is said later by
  // set_sample().
  void add_image(SampleId sample, std::string_view raw_text, uint32_t document);
  size_t images() const { return image_samples_.size(); }
  void set_sample(size_t image, SampleId sample) { image_samples_[image] = sample; }
  void add_objects(std::span<const ObjectRecord> objects, std::span<const int32_t> class_of);
  void flush();  // before a commit

  struct Result {
    uint64_t objects = 0;
    uint64_t added = 0;
    uint64_t removed = 0;
    uint64_t changed = 0;  // same object, other class or box
    // Objects that a person had changed and that the source changed or dropped since.
    std::vector<ObjectId> conflicts;
    // Images whose objects another source brought already: those stay.
    uint64_t covered_images = 0;
  };
  // Makes it the set of its source in place of the last one. Objects that were there before keep
  // their ids: those of the same raw id in the same image, else of the same class and box there.
  Result finish();

 private:
  void write_image_raw();
  void write_ids(Result& result, const ObjectSet* old);
  void count_covered(Result& result);

  Connection& db_;
  SourceId source_;
  int64_t batch_;
  int64_t set_ = 0;
  std::unique_ptr<ObjectBlockWriter> blocks_;
  std::vector<SampleId> image_samples_;
  std::vector<int32_t> image_documents_;
  TextRows image_raw_;
  int64_t image_raw_place_ = 0;
  int64_t image_raw_first_ = 0;
  Xxh3 hash_;
};

std::vector<SourceHeader::Document> read_documents(Connection& db, int64_t set);
// By place of the image.
TextRows read_image_texts(Connection& db, int64_t set);
std::vector<int32_t> read_image_documents(Connection& db, int64_t set);

// One annotation over the chunks: a row of table object_edit.
struct ObjectRow {
  ObjectId object = 0;
  SourceId source = 0;  // 0: a person added it
  bool deleted = false;
  ObjectState state;
};
std::vector<ObjectRow> read_object_rows(Connection& db);  // rising by id

// Reads and writes single annotations within the caller's transaction. Of each set the block that
// was asked for last is kept: many annotations are best asked for in the order of their ids.
class ObjectStates {
 public:
  explicit ObjectStates(Connection& db) : db_(db) {}
  struct Found {
    SourceId source = 0;
    std::optional<ObjectState> state;  // nullopt: deleted or never there
  };
  Found read(ObjectId object);
  // nullopt deletes. A row that says what the chunks say goes.
  void write(ObjectId object, SourceId source, const std::optional<ObjectState>& state);

 private:
  struct Imported {
    SourceId source = 0;
    ObjectState state;
  };
  // A set, and the block of it that was read last.
  struct OpenSet {
    SourceId source = 0;
    std::shared_ptr<const ObjectSetIndex> index;
    ObjectBlockReader reader;
    ObjectBlock block{};
    int64_t first_row = 0;
    std::vector<size_t> shape_offsets{};  // rows of the block + 1

    size_t place_of(int64_t row);  // in the block, which is read where it is another
  };
  std::optional<Imported> imported(ObjectId object);

  Connection& db_;
  bool opened_ = false;
  std::vector<OpenSet> sets_;
};

// The form in the log's value_from and value_to. Error(kCorrupt) for other text.
std::string object_state_to_json(const ObjectState& state);
ObjectState object_state_from_json(std::string_view json);

// All standing annotations: sets in order, their rows in file order, then what people added.
struct StandingObjects {
  std::vector<ObjectId> id;
  std::vector<int32_t> source;  // 0: added by a person
  std::vector<SampleId> sample;
  std::vector<int32_t> class_id;
  std::vector<std::array<double, 4>> box;
  std::vector<double> area;
  std::vector<uint8_t> flags;
  std::vector<uint8_t> review;  // ObjectReview
  std::vector<uint8_t> edited;  // 1: its class, box, mark or outline is not the source's
  TextRows shape;               // empty unless asked for

  size_t size() const { return id.size(); }
};
StandingObjects read_standing(Connection& db, std::span<const ObjectSet> sets,
                              std::span<const ObjectRow> rows, bool shapes);

// How many read_standing() gives for what is now, without reading them where one source has any.
uint64_t count_standing(Connection& db);

int64_t object_revision(Connection& db);
void set_object_revision(Connection& db, int64_t event);
// A run of `count` new ids; returns the first.
ObjectId take_object_ids(Connection& db, int64_t count);

// The rows as one blob, as a version keeps them.
std::vector<uint8_t> encode_object_rows(std::span<const ObjectRow> rows);
std::vector<ObjectRow> decode_object_rows(std::span<const uint8_t> bytes);

}  // namespace errata::store

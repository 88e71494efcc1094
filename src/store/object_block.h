// Objects as column chunks: blocks of consecutive rows, each column of a block in chunks of its
// own. Imported annotations (stream owner 'objects') and the detections of a run (owner 'run') lie
// alike. Internal to this folder.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "model/objects.h"
#include "store/block.h"
#include "store/chunk.h"
#include "store/connection.h"

namespace errata::store {

inline constexpr size_t kObjectBlockRows = 16'384;
inline constexpr size_t kObjectBlockBytes = size_t{16} << 20;  // of shapes and raw texts
inline constexpr int64_t kObjectBlockParts = 4'096;  // places in a stream that one block may take

inline constexpr uint8_t kCrowdFlag = 1;
inline constexpr uint8_t kDifficultFlag = 2;
inline constexpr uint8_t kTruncatedFlag = 4;

// One block. Annotations have no confidence; detections none of area, flags, raw_id, raw. Ids of
// annotations are a stream of their own, written when the import ends.
struct ObjectBlock {
  std::vector<int32_t> sample;    // annotations: place in the set's list of images; else sample id
  std::vector<int32_t> class_id;  // annotations: of the project; detections: index of the model's
  std::vector<std::array<double, 4>> box;
  TextRows shape;
  std::vector<double> area;
  std::vector<uint8_t> flags;
  TextRows raw_id;
  TextRows raw;
  std::vector<double> confidence;
  std::vector<int64_t> object_id;

  size_t rows() const { return sample.size(); }
  size_t heap_bytes() const { return shape.heap.size() + raw.heap.size() + raw_id.heap.size(); }
};

enum class ObjectBlockKind { kAnnotations, kDetections };

// Appends blocks to the streams of an owner.
class ObjectBlockWriter {
 public:
  // Goes on behind the `rows` that are stored; the last block is read back when it is not full.
  ObjectBlockWriter(Connection& db, std::string_view owner, int64_t owner_id, ObjectBlockKind kind,
                    int64_t rows = 0);
  ObjectBlock& block() { return block_; }  // append to it, then call appended()
  // Writes the block when it is full. Within a transaction.
  void appended();
  // Writes what there is of the last block; it is written again when more comes.
  void flush();
  int64_t rows() const { return first_row_ + static_cast<int64_t>(block_.rows()); }

 private:
  void write();

  Connection& db_;
  ObjectBlockKind kind_;
  std::map<std::string_view, int64_t> streams_;
  ObjectBlock block_;
  int64_t place_ = 0;
  int64_t first_row_ = 0;
};

enum ObjectColumns : unsigned {
  kBoxColumns = 1,  // sample, class_id, box, area, flags, confidence, object_id
  kShapeColumn = 2,
  kRawColumns = 4,  // raw_id, raw
  kRawIdColumn = 8
};

// Reads blocks one after the other.
class ObjectBlockReader {
 public:
  ObjectBlockReader(Connection& db, std::string_view owner, int64_t owner_id, ObjectBlockKind kind,
                    unsigned columns);
  // Replaces `block`; false at the end. Error(kCorrupt) when columns differ in length.
  bool next(ObjectBlock& block);
  // The block that holds `row`, and the row's place in it. Error(kCorrupt) when there is none.
  size_t read_at(int64_t row, ObjectBlock& block);
  int64_t rows() const;

 private:
  void read(const ChunkHead& head, ObjectBlock& block);

  Connection& db_;
  ObjectBlockKind kind_;
  unsigned columns_;
  std::string owner_;
  int64_t owner_id_;
  std::vector<ChunkHead> heads_;
  size_t next_ = 0;
};

}  // namespace errata::store

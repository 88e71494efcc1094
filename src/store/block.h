// The snapshot's columns as chunks: the state of samples in blocks of consecutive ids, so that
// opening reads megabytes instead of joining rows. Blocks follow the rows in the same transaction,
// except that edits since meta 'folded_event' are read from the rows on top. Internal to this
// folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/records.h"
#include "store/chunk.h"
#include "store/connection.h"

namespace errata::store {

inline constexpr int64_t kBlockSamples = 16'384;
inline constexpr int64_t kPartsPerBlock = 256;  // places in a stream that one block may take

inline int64_t block_of(SampleId id) {
  return (id - 1) / kBlockSamples;
}
inline SampleId first_of_block(int64_t block) {
  return block * kBlockSamples + 1;
}

// Lists of ids, one per row. Stored as counts (u32 each), then ids (i32 each).
struct IdLists {
  std::vector<uint32_t> counts;
  std::vector<int32_t> ids;

  void push(std::span<const int32_t> row);
  std::vector<uint8_t> encode() const;
  // Appends. Error(kCorrupt) unless `bytes` is exactly `rows` lists.
  void decode(std::span<const uint8_t> bytes, size_t rows);
};

// Texts, one per row. Stored as lengths (u32 each), then the bytes.
struct TextRows {
  std::vector<uint32_t> lengths;
  std::string heap;

  void push(std::string_view text);
  std::vector<uint8_t> encode() const;
  void decode(std::span<const uint8_t> bytes, size_t rows);
};

struct AttributeRows {
  std::vector<uint32_t> rows;  // rising, within the block
  std::vector<AttributeValue> values;
};

// One block, row i being sample first_of_block(block) + i. Stream names are the members' names.
struct BlockData {
  std::vector<int32_t> source;
  std::vector<int64_t> member;
  std::vector<int64_t> size_bytes;
  std::vector<int32_t> width;
  std::vector<int32_t> height;
  std::vector<uint8_t> vanished;
  TextRows path;  // escaped, without #member
  IdLists labels_given;
  std::map<std::string, AttributeRows> attributes;  // by name, streams "attr.NAME"
  // What edits change:
  IdLists labels;
  IdLists tags;
  std::vector<int32_t> split;  // id of the split, 0: none
  std::vector<uint8_t> review;

  size_t rows() const { return review.size(); }
};

enum class BlockColumns { kAll, kEdited };

// From the rows as they are now.
BlockData read_block_rows(Connection& db, int64_t block, BlockColumns which);
// Replaces the block's chunks.
void write_block(Connection& db, int64_t block, const BlockData& data, BlockColumns which);

// One encoded attribute column: a kind byte, then the values. Decoded by the snapshot's loader.
enum class AttributeKind : uint8_t { kBool = 1, kInt = 2, kDouble = 3, kText = 4 };
std::vector<uint8_t> encode_attribute(const AttributeRows& attribute, size_t rows);

// JSON object of a sample's attributes, as the rows keep them; empty when there are none. NaN is
// null.
std::string attributes_to_json(
    const std::vector<std::pair<std::string, AttributeValue>>& attributes);

// A JSON string, quotes included; `text` is valid UTF-8.
std::string json_text(std::string_view text);

// Rewrites the edited columns of every block with edits since the last fold, when there are more
// than `threshold` of them. A store that is busy is left as it is.
void fold_edits_when_many(Connection& db, int64_t threshold = 5'000);

}  // namespace errata::store

#include "store/object_block.h"

#include <fmt/format.h>

#include <algorithm>

namespace errata::store {

namespace {

using Box = std::array<double, 4>;

[[noreturn]] void wrong_length(std::string_view column) {
  throw Error(ErrorCategory::kCorrupt,
              fmt::format("column {} of objects has a wrong length", column),
              "run `errata doctor`");
}

std::vector<std::pair<std::string_view, std::string_view>> columns_of(ObjectBlockKind kind) {
  if (kind == ObjectBlockKind::kAnnotations) {
    return {{"image", "i32"}, {"class_id", "i32"}, {"box", "f64x4"},   {"shape", "text"},
            {"area", "f64"},  {"flags", "u8"},     {"raw_id", "text"}, {"raw", "text"}};
  }
  return {{"det.sample", "i32"}, {"det.class", "i32"},      {"det.box", "f64x4"},
          {"det.shape", "text"}, {"det.confidence", "f64"}, {"det.object_id", "i64"}};
}

}  // namespace

ObjectBlockWriter::ObjectBlockWriter(Connection& db, std::string_view owner, int64_t owner_id,
                                     ObjectBlockKind kind, int64_t rows)
    : db_(db), kind_(kind) {
  for (const auto& [name, type] : columns_of(kind)) {
    streams_[name] = ensure_stream(db, owner, owner_id, name, type);
  }
  if (rows == 0) return;
  ObjectBlockReader reader(db, owner, owner_id, kind, kBoxColumns | kShapeColumn | kRawColumns);
  const size_t at = reader.read_at(rows - 1, block_);
  first_row_ = rows - 1 - static_cast<int64_t>(at);
  const auto heads = list_chunks(db, streams_.begin()->second);
  place_ = heads.back().place / kObjectBlockParts * kObjectBlockParts;
  if (at + 1 != block_.rows()) wrong_length("sample");
  appended();
}

void ObjectBlockWriter::write() {
  const auto rows = static_cast<int64_t>(block_.rows());
  const auto put = [&](std::string_view name, std::span<const uint8_t> bytes) {
    if (bytes.size() > kMaxChunkBytes * static_cast<size_t>(kObjectBlockParts)) {
      throw Error(ErrorCategory::kUnsupported, "the outline or text of an object is too large");
    }
    put_bytes(db_, streams_.at(name), place_, first_row_, rows, bytes, Codec::kZstd);
  };
  if (kind_ == ObjectBlockKind::kAnnotations) {
    put("image", bytes_of(block_.sample));
    put("class_id", bytes_of(block_.class_id));
    put("box", bytes_of(block_.box));
    put("shape", block_.shape.encode());
    put("area", bytes_of(block_.area));
    put("flags", block_.flags);
    put("raw_id", block_.raw_id.encode());
    put("raw", block_.raw.encode());
    return;
  }
  put("det.sample", bytes_of(block_.sample));
  put("det.class", bytes_of(block_.class_id));
  put("det.box", bytes_of(block_.box));
  put("det.shape", block_.shape.encode());
  put("det.confidence", bytes_of(block_.confidence));
  put("det.object_id", bytes_of(block_.object_id));
}

void ObjectBlockWriter::appended() {
  if (block_.rows() < kObjectBlockRows && block_.heap_bytes() < kObjectBlockBytes) return;
  write();
  first_row_ += static_cast<int64_t>(block_.rows());
  place_ += kObjectBlockParts;
  if (place_ >= kChunksPerStream) {
    throw Error(ErrorCategory::kUnsupported, "more objects than a store holds in one source");
  }
  block_ = {};
}

void ObjectBlockWriter::flush() {
  if (block_.rows() > 0) write();
}

ObjectBlockReader::ObjectBlockReader(Connection& db, std::string_view owner, int64_t owner_id,
                                     ObjectBlockKind kind, unsigned columns)
    : db_(db), kind_(kind), columns_(columns), owner_(owner), owner_id_(owner_id) {
  const bool annotations = kind == ObjectBlockKind::kAnnotations;
  const int64_t stream = find_stream(db, owner, owner_id, annotations ? "image" : "det.sample");
  if (stream == 0) return;
  for (const ChunkHead& head : list_chunks(db, stream)) {
    if (head.place % kObjectBlockParts == 0) heads_.push_back(head);
  }
}

int64_t ObjectBlockReader::rows() const {
  return heads_.empty() ? 0 : heads_.back().first_row + heads_.back().rows;
}

void ObjectBlockReader::read(const ChunkHead& head, ObjectBlock& block) {
  block = {};
  const auto rows = static_cast<size_t>(head.rows);
  std::vector<uint8_t> bytes;
  const auto get = [&](std::string_view name) -> std::span<const uint8_t> {
    bytes.clear();
    const int64_t stream = find_stream(db_, owner_, owner_id_, name);
    if (stream != 0) {
      read_chunks(db_, stream, head.place, head.place + kObjectBlockParts - 1, bytes);
    }
    return bytes;
  };
  const auto fixed = [&]<typename T>(std::string_view name, std::vector<T>& values) {
    values = values_of<T>(get(name));
    if (values.size() != rows) wrong_length(name);
  };
  const bool annotations = kind_ == ObjectBlockKind::kAnnotations;
  fixed(annotations ? "image" : "det.sample", block.sample);
  if ((columns_ & kBoxColumns) != 0) {
    fixed(annotations ? "class_id" : "det.class", block.class_id);
    fixed(annotations ? "box" : "det.box", block.box);
    if (annotations) {
      fixed("area", block.area);
      fixed("flags", block.flags);
    } else {
      fixed("det.confidence", block.confidence);
      fixed("det.object_id", block.object_id);
    }
  }
  if ((columns_ & kShapeColumn) != 0) {
    block.shape.decode(get(annotations ? "shape" : "det.shape"), rows);
  }
  if (!annotations) return;
  if ((columns_ & (kRawColumns | kRawIdColumn)) != 0) block.raw_id.decode(get("raw_id"), rows);
  if ((columns_ & kRawColumns) != 0) block.raw.decode(get("raw"), rows);
}

bool ObjectBlockReader::next(ObjectBlock& block) {
  if (next_ >= heads_.size()) return false;
  read(heads_[next_++], block);
  return true;
}

size_t ObjectBlockReader::read_at(int64_t row, ObjectBlock& block) {
  const auto after =
      std::upper_bound(heads_.begin(), heads_.end(), row,
                       [](int64_t value, const ChunkHead& head) { return value < head.first_row; });
  if (after == heads_.begin()) wrong_length("image");
  const ChunkHead& head = *std::prev(after);
  if (row >= head.first_row + head.rows) wrong_length("image");
  read(head, block);
  return static_cast<size_t>(row - head.first_row);
}

}  // namespace errata::store

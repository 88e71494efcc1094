// Column chunks: blobs of at most 1 MiB with a checksum, in streams. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/connection.h"

namespace errata::store {

inline constexpr size_t kMaxChunkBytes = size_t{1} << 20;
inline constexpr int64_t kChunksPerStream = int64_t{1} << 24;

enum class Codec : uint8_t { kPlain = 0, kZstd = 1 };

// 0 when there is none.
int64_t find_stream(Connection& db, std::string_view owner, int64_t owner_id,
                    std::string_view name);
int64_t ensure_stream(Connection& db, std::string_view owner, int64_t owner_id,
                      std::string_view name, std::string_view type);
// With their chunks.
void drop_streams(Connection& db, std::string_view owner, int64_t owner_id);
void drop_chunks(Connection& db, int64_t stream, int64_t first_place, int64_t last_place);

// Writes one chunk, in place of one that stands there. kZstd falls back to plain where it does not
// shrink. `bytes` is at most kMaxChunkBytes.
void put_chunk(Connection& db, int64_t stream, int64_t place, int64_t first_row, int64_t rows,
               std::span<const uint8_t> bytes, Codec codec);
// Writes `bytes` as as many chunks as it takes, from `place` on; the rows count for the first.
// Returns how many there were (at least one).
int64_t put_bytes(Connection& db, int64_t stream, int64_t place, int64_t first_row, int64_t rows,
                  std::span<const uint8_t> bytes, Codec codec);

struct ChunkHead {
  int64_t place = 0;
  int64_t first_row = 0;
  int64_t rows = 0;
  Codec codec = Codec::kPlain;
  uint64_t raw_bytes = 0;
};
std::vector<ChunkHead> list_chunks(Connection& db, int64_t stream);

// Appends the content of the chunks [first_place, last_place] that are there. Error(kCorrupt) when
// a length or checksum does not hold.
void read_chunks(Connection& db, int64_t stream, int64_t first_place, int64_t last_place,
                 std::vector<uint8_t>& bytes);
std::vector<uint8_t> read_stream(Connection& db, int64_t stream);

// Fills `out`, as long as the chunk is unpacked; says what is wrong with it as stored, or nothing.
std::string unpack_chunk(std::span<const uint8_t> stored, int64_t codec, uint64_t checksum,
                         std::span<uint8_t> out);
Error chunk_error(Connection& db, int64_t stream, int64_t place, const std::string& what);

struct StoredStream;  // stream_reader.h
// Appends all chunks of stored.stream as they are stored. Error(kCorrupt) for a length that no
// chunk may have.
void fetch_chunks(Connection& db, StoredStream& stored);

// The same as unpack_chunk(), appended to `bytes`. For the doctor, who wants all and no exception.
std::string examine_chunk(std::span<const uint8_t> stored, int64_t codec, uint64_t raw_bytes,
                          uint64_t checksum, std::vector<uint8_t>& bytes);

// Little-endian machines only (as all we run on are): values as they lie in memory.
template <typename T>
std::span<const uint8_t> bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}
template <typename T>
std::span<const uint8_t> bytes_of(const std::vector<T>& values) {
  return bytes_of(std::span<const T>(values));
}
// Error(kCorrupt) when the length is no multiple of the value's.
template <typename T>
std::vector<T> values_of(std::span<const uint8_t> bytes) {
  if (bytes.size() % sizeof(T) != 0) {
    throw Error(ErrorCategory::kCorrupt, "a column chunk has a wrong length",
                "run `errata doctor`");
  }
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) __builtin_memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace errata::store

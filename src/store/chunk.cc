#include "store/chunk.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/hash.h"
#include "store/stream_reader.h"

namespace errata::store {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

namespace {

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  return context.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  return context.get();
}

int64_t chunk_id(int64_t stream, int64_t place) {
  return stream * kChunksPerStream + place;
}

// Empty when chunks of such lengths may be.
std::string length_problem(uint64_t stored_bytes, int64_t codec, uint64_t raw_bytes) {
  if (raw_bytes > kMaxChunkBytes || stored_bytes > kMaxChunkBytes) {
    return fmt::format("its length is {} bytes, more than a chunk may have",
                       std::max<uint64_t>(raw_bytes, stored_bytes));
  }
  if (codec == static_cast<int64_t>(Codec::kPlain) && stored_bytes != raw_bytes) {
    return fmt::format("its length is {} bytes, it should be {}", stored_bytes, raw_bytes);
  }
  return {};
}

}  // namespace

Error chunk_error(Connection& db, int64_t stream, int64_t place, const std::string& what) {
  Statement find = db.prepare("SELECT owner, owner_id, name FROM stream WHERE id = ?1");
  find.bind(1, stream);
  std::string name = fmt::format("stream {}", stream);
  if (find.step()) {
    name = fmt::format("column {} of {} {}", find.text(2), find.text(0), find.integer(1));
  }
  return Error(ErrorCategory::kCorrupt, fmt::format("chunk {} of {}: {}", place, name, what),
               "run `errata doctor` to see all that is damaged", db.path());
}

int64_t find_stream(Connection& db, std::string_view owner, int64_t owner_id,
                    std::string_view name) {
  Statement& find =
      db.cached("SELECT id FROM stream WHERE owner = ?1 AND owner_id = ?2 AND name = ?3");
  find.bind(1, owner).bind(2, owner_id).bind(3, name);
  const int64_t id = find.step() ? find.integer(0) : 0;
  find.reset();
  return id;
}

int64_t ensure_stream(Connection& db, std::string_view owner, int64_t owner_id,
                      std::string_view name, std::string_view type) {
  const int64_t present = find_stream(db, owner, owner_id, name);
  if (present != 0) return present;
  Statement& insert =
      db.cached("INSERT INTO stream(owner, owner_id, name, type) VALUES (?1, ?2, ?3, ?4)");
  insert.bind(1, owner).bind(2, owner_id).bind(3, name).bind(4, type);
  insert.run();
  insert.reset();
  return db.last_id();
}

void drop_chunks(Connection& db, int64_t stream, int64_t first_place, int64_t last_place) {
  Statement& drop = db.cached("DELETE FROM chunk WHERE id BETWEEN ?1 AND ?2");
  drop.bind(1, chunk_id(stream, first_place)).bind(2, chunk_id(stream, last_place));
  drop.run();
}

void drop_streams(Connection& db, std::string_view owner, int64_t owner_id) {
  std::vector<int64_t> streams;
  Statement find = db.prepare("SELECT id FROM stream WHERE owner = ?1 AND owner_id = ?2");
  find.bind(1, owner).bind(2, owner_id);
  while (find.step()) streams.push_back(find.integer(0));
  for (const int64_t stream : streams) {
    drop_chunks(db, stream, 0, kChunksPerStream - 1);
    Statement drop = db.prepare("DELETE FROM stream WHERE id = ?1");
    drop.bind(1, stream);
    drop.run();
  }
}

void put_chunk(Connection& db, int64_t stream, int64_t place, int64_t first_row, int64_t rows,
               std::span<const uint8_t> bytes, Codec codec) {
  if (bytes.size() > kMaxChunkBytes) {
    throw Error(ErrorCategory::kInternal, fmt::format("a chunk of {} bytes", bytes.size()));
  }
  std::span<const uint8_t> stored = bytes;
  thread_local std::vector<uint8_t> packed;
  if (codec == Codec::kZstd) {
    packed.resize(ZSTD_compressBound(bytes.size()));
    const size_t size = ZSTD_compressCCtx(compressor(), packed.data(), packed.size(), bytes.data(),
                                          bytes.size(), 1);
    if (ZSTD_isError(size) != 0 || size >= bytes.size()) {
      codec = Codec::kPlain;
    } else {
      stored = {packed.data(), size};
    }
  }
  Statement& insert = db.cached(
      "INSERT OR REPLACE INTO chunk(id, first_row, rows, codec, raw_bytes, checksum, data) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  insert.bind(1, chunk_id(stream, place)).bind(2, first_row).bind(3, rows);
  insert.bind(4, static_cast<int64_t>(codec)).bind(5, static_cast<uint64_t>(bytes.size()));
  insert.bind(6, xxh3_64(stored)).bind_blob(7, stored);
  insert.run();
  insert.reset();
}

int64_t put_bytes(Connection& db, int64_t stream, int64_t place, int64_t first_row, int64_t rows,
                  std::span<const uint8_t> bytes, Codec codec) {
  int64_t parts = 0;
  do {
    const auto part = bytes.first(std::min(bytes.size(), kMaxChunkBytes));
    put_chunk(db, stream, place + parts, first_row, parts == 0 ? rows : 0, part, codec);
    bytes = bytes.subspan(part.size());
    ++parts;
  } while (!bytes.empty());
  return parts;
}

std::vector<ChunkHead> list_chunks(Connection& db, int64_t stream) {
  std::vector<ChunkHead> heads;
  Statement& list = db.cached(
      "SELECT id, first_row, rows, codec, raw_bytes FROM chunk WHERE id BETWEEN ?1 AND ?2 "
      "ORDER BY id");
  list.bind(1, chunk_id(stream, 0)).bind(2, chunk_id(stream, kChunksPerStream - 1));
  while (list.step()) {
    heads.push_back({list.integer(0) % kChunksPerStream, list.integer(1), list.integer(2),
                     static_cast<Codec>(list.integer(3)), static_cast<uint64_t>(list.integer(4))});
  }
  return heads;
}

std::string unpack_chunk(std::span<const uint8_t> stored, int64_t codec, uint64_t checksum,
                         std::span<uint8_t> out) {
  if (std::string wrong = length_problem(stored.size(), codec, out.size()); !wrong.empty()) {
    return wrong;
  }
  if (xxh3_64(stored) != checksum) return "its checksum does not hold";
  if (codec == static_cast<int64_t>(Codec::kPlain)) {
    std::copy(stored.begin(), stored.end(), out.begin());
    return {};
  }
  if (codec != static_cast<int64_t>(Codec::kZstd)) return fmt::format("unknown codec {}", codec);
  const size_t size =
      ZSTD_decompressDCtx(decompressor(), out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) != 0 || size != out.size()) {
    return fmt::format("its length unpacked is not {} bytes", out.size());
  }
  return {};
}

std::string examine_chunk(std::span<const uint8_t> stored, int64_t codec, uint64_t raw_bytes,
                          uint64_t checksum, std::vector<uint8_t>& bytes) {
  // Before the memory is taken that a damaged length asks for.
  if (std::string wrong = length_problem(stored.size(), codec, raw_bytes); !wrong.empty()) {
    return wrong;
  }
  const size_t before = bytes.size();
  bytes.resize(before + raw_bytes);
  std::string wrong = unpack_chunk(stored, codec, checksum, std::span(bytes).subspan(before));
  if (!wrong.empty()) bytes.resize(before);
  return wrong;
}

void fetch_chunks(Connection& db, StoredStream& stored) {
  Statement& read = db.cached(
      "SELECT id, codec, raw_bytes, checksum, data FROM chunk WHERE id BETWEEN ?1 AND ?2 "
      "ORDER BY id");
  read.bind(1, chunk_id(stored.stream, 0)).bind(2, chunk_id(stored.stream, kChunksPerStream - 1));
  while (read.step()) {
    const std::span<const uint8_t> data = read.blob(4);
    const StoredStream::Chunk chunk{read.integer(0) % kChunksPerStream,
                                    read.integer(1),
                                    static_cast<uint64_t>(read.integer(2)),
                                    static_cast<uint64_t>(read.integer(3)),
                                    stored.bytes.size(),
                                    data.size()};
    const std::string wrong = length_problem(data.size(), chunk.codec, chunk.raw_bytes);
    if (!wrong.empty()) {
      read.reset();
      throw chunk_error(db, stored.stream, chunk.place, wrong);
    }
    stored.bytes.insert(stored.bytes.end(), data.begin(), data.end());
    stored.chunks.push_back(chunk);
  }
}

void read_chunks(Connection& db, int64_t stream, int64_t first_place, int64_t last_place,
                 std::vector<uint8_t>& bytes) {
  Statement& read = db.cached(
      "SELECT id, codec, raw_bytes, checksum, data FROM chunk WHERE id BETWEEN ?1 AND ?2 "
      "ORDER BY id");
  read.bind(1, chunk_id(stream, first_place)).bind(2, chunk_id(stream, last_place));
  while (read.step()) {
    const std::string wrong =
        examine_chunk(read.blob(4), read.integer(1), static_cast<uint64_t>(read.integer(2)),
                      static_cast<uint64_t>(read.integer(3)), bytes);
    if (!wrong.empty()) {
      const int64_t id = read.integer(0);
      read.reset();
      throw chunk_error(db, id / kChunksPerStream, id % kChunksPerStream, wrong);
    }
  }
}

std::vector<uint8_t> read_stream(Connection& db, int64_t stream) {
  std::vector<uint8_t> bytes;
  if (stream != 0) read_chunks(db, stream, 0, kChunksPerStream - 1, bytes);
  return bytes;
}

}  // namespace errata::store

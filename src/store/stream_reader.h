// Reads whole streams for several threads at once: SQLite under a lock, checksums and unpacking
// outside of it. Internal to this folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/workers.h"
#include "store/block.h"
#include "store/chunk.h"
#include "store/connection.h"
#include "store/run_rows.h"

namespace errata::store {

// A stream's chunks as they are stored.
struct StoredStream {
  struct Chunk {
    int64_t place = 0;
    int64_t codec = 0;
    uint64_t raw_bytes = 0;
    uint64_t checksum = 0;
    size_t begin = 0;  // in `bytes`
    size_t size = 0;
  };
  int64_t stream = 0;         // 0: there is none
  std::vector<Chunk> chunks;  // by place
  std::vector<uint8_t> bytes;
};

// Lives within one read transaction of `db`, which nobody else uses meanwhile.
class StreamReader {
 public:
  explicit StreamReader(Connection& db) : db_(db) {}

  // The whole stream; empty when there is none. Any thread. Error(kCorrupt).
  template <typename T>
  std::vector<T> values(std::string_view owner, int64_t owner_id, std::string_view name) {
    const Lease stored = fetch(owner, owner_id, name);
    const uint64_t bytes = raw_bytes(*stored, 0, stored->chunks.size());
    if (bytes % sizeof(T) != 0) throw length_error();
    std::vector<T> values(bytes / sizeof(T));
    unpack(*stored, 0, stored->chunks.size(),
           {reinterpret_cast<uint8_t*>(values.data()), values.size() * sizeof(T)});
    return values;
  }

  // Calls fn(bytes, first, count) for each block of a column of samples, in order, on the calling
  // thread; `bytes` is empty for a block that is not there. fn may take the vector.
  // `reserve(bytes)` is called before with the length of all of them.
  template <typename Fn, typename Reserve>
  void blocks(std::string_view name, size_t rows, Reserve reserve, Fn fn);

  std::shared_ptr<const RunPlan> plan(RunId run);

 private:
  // A buffer of the pool, given back at the end: fresh memory costs more than reading into it.
  struct GiveBack {
    StreamReader* reader;
    void operator()(StoredStream* stored) const { reader->give_back(stored); }
  };
  using Lease = std::unique_ptr<StoredStream, GiveBack>;

  Lease fetch(std::string_view owner, int64_t owner_id, std::string_view name);
  void give_back(StoredStream* stored);
  static uint64_t raw_bytes(const StoredStream& stored, size_t first, size_t end);
  // Chunks [first, end), which give exactly `out`.
  void unpack(const StoredStream& stored, size_t first, size_t end, std::span<uint8_t> out);
  static Error length_error();

  std::mutex mutex_;  // of the members below
  Connection& db_;
  std::vector<std::unique_ptr<StoredStream>> pool_;
};

// Pieces of work that do not depend on each other; the large ones first.
using WorkList = std::vector<std::function<void()>>;
void run_all(const ParallelFor& parallel, const WorkList& work);

template <typename Fn, typename Reserve>
void StreamReader::blocks(std::string_view name, size_t rows, Reserve reserve, Fn fn) {
  const Lease stored = fetch("sample", 0, name);
  reserve(raw_bytes(*stored, 0, stored->chunks.size()));
  std::vector<uint8_t> bytes;
  size_t next = 0;
  for (size_t first = 0; first < rows; first += static_cast<size_t>(kBlockSamples)) {
    const int64_t end_place = (static_cast<int64_t>(first) / kBlockSamples + 1) * kPartsPerBlock;
    const size_t begin = next;
    while (next < stored->chunks.size() && stored->chunks[next].place < end_place) ++next;
    bytes.resize(raw_bytes(*stored, begin, next));
    unpack(*stored, begin, next, bytes);
    fn(bytes, first, std::min(rows - first, static_cast<size_t>(kBlockSamples)));
  }
}

}  // namespace errata::store

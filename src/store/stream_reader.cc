#include "store/stream_reader.h"

#include <utility>

namespace errata::store {

StreamReader::Lease StreamReader::fetch(std::string_view owner, int64_t owner_id,
                                        std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (pool_.empty()) pool_.push_back(std::make_unique<StoredStream>());
  // The largest of those that wait would do best; the last given back is warm.
  Lease stored(pool_.back().release(), {this});
  pool_.pop_back();
  stored->chunks.clear();
  stored->bytes.clear();
  stored->stream = find_stream(db_, owner, owner_id, name);
  if (stored->stream != 0) fetch_chunks(db_, *stored);
  return stored;
}

void StreamReader::give_back(StoredStream* stored) {
  std::unique_ptr<StoredStream> owned(stored);
  const std::lock_guard lock(mutex_);
  pool_.push_back(std::move(owned));
}

uint64_t StreamReader::raw_bytes(const StoredStream& stored, size_t first, size_t end) {
  uint64_t bytes = 0;
  for (size_t i = first; i < end; ++i) bytes += stored.chunks[i].raw_bytes;
  return bytes;
}

void StreamReader::unpack(const StoredStream& stored, size_t first, size_t end,
                          std::span<uint8_t> out) {
  size_t at = 0;
  for (size_t i = first; i < end; ++i) {
    const StoredStream::Chunk& chunk = stored.chunks[i];
    const std::string wrong =
        unpack_chunk(std::span(stored.bytes).subspan(chunk.begin, chunk.size), chunk.codec,
                     chunk.checksum, out.subspan(at, chunk.raw_bytes));
    if (!wrong.empty()) {
      const std::lock_guard lock(mutex_);
      throw chunk_error(db_, stored.stream, chunk.place, wrong);
    }
    at += chunk.raw_bytes;
  }
}

Error StreamReader::length_error() {
  return Error(ErrorCategory::kCorrupt, "a column chunk has a wrong length", "run `errata doctor`");
}

std::shared_ptr<const RunPlan> StreamReader::plan(RunId run) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = db_.plan_cache().find(run);
    if (found != db_.plan_cache().end() && found->second) return found->second;
  }
  std::shared_ptr<const RunPlan> made = make_plan(values<int64_t>("run", run, "samples"));
  const std::lock_guard lock(mutex_);
  db_.plan_cache()[run] = made;
  return made;
}

void run_all(const ParallelFor& parallel, const WorkList& work) {
  parallel(work.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) work[i]();
  });
}

}  // namespace errata::store

// The parts of ImportWriter: what is known of the source already, and the rows of one import.
// Internal to this folder.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/records.h"
#include "store/block.h"
#include "store/connection.h"
#include "store/event_log.h"

namespace errata::store {

// A sample that was in the store when the import began.
struct KnownSample {
  SampleId id = 0;
  int64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  uint64_t xxh3 = 0;
  uint64_t other_hash = 0;  // of size, orientation, split, raw id and attributes as imported
  int32_t split_given = 0;
  bool own = false;       // of this source
  bool by_batch = false;  // added by the import that is being gone on with
  bool vanished = false;
  bool seen = false;
  bool changed_by_batch = false;
};

// All samples below a root, by locator and by content.
class KnownSamples {
 public:
  void load(Connection& db, int64_t root_id, int64_t source_id, int64_t batch);
  bool empty() const { return samples_.empty(); }
  KnownSample* find(std::string_view escaped_path, int64_t member);
  // One of this source, not seen so far and older than this import, with the same bytes.
  KnownSample* find_unseen(uint64_t xxh3, uint64_t size_bytes);
  void add_locator(std::string_view escaped_path, int64_t member, const KnownSample& sample);
  std::vector<KnownSample>& all() { return samples_; }
  std::span<const int32_t> labels_given(SampleId sample) const;

 private:
  std::vector<KnownSample> samples_;
  std::unordered_map<std::string, size_t> by_locator_;
  std::unordered_multimap<uint64_t, size_t> by_content_;
  std::unordered_map<SampleId, std::vector<int32_t>> labels_given_;
};

// Hash of what a re-import compares besides content and labels.
uint64_t other_hash(int32_t width_px, int32_t height_px, int64_t orientation, int64_t split_given,
                    std::string_view raw_id, std::string_view attributes_json);

// Keeps the snapshot's blocks in step with rows: new samples at the end are gathered in memory,
// other blocks are read back from the rows.
class BlockKeeper {
 public:
  explicit BlockKeeper(Connection& db) : db_(db) {}
  void mark(SampleId sample);
  // Somebody else wrote since the last commit: what is in memory may be old.
  void forget_tail();
  // `labels` rise; they are the given and the current ones.
  void append(SampleId sample, const SampleRecord& record, std::string_view escaped_path,
              int32_t source, int32_t split, std::span<const int32_t> labels);
  // Before a commit.
  void write();

 private:
  void write_tail();

  Connection& db_;
  std::set<int64_t> dirty_;
  BlockData tail_;
  int64_t tail_block_ = -1;
  bool tail_changed_ = false;
};

}  // namespace errata::store

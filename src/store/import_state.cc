#include "store/import_state.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace errata::store {

namespace {

std::string locator_key(std::string_view path, int64_t member) {
  std::string key(path);
  key.push_back('\0');
  if (member >= 0) fmt::format_to(std::back_inserter(key), "{}", member);
  return key;
}

uint64_t content_key(uint64_t xxh3, uint64_t size_bytes) {
  return xxh3 ^ (size_bytes * 0x9e3779b97f4a7c15ULL);
}

}  // namespace

uint64_t other_hash(int32_t width_px, int32_t height_px, int64_t orientation, int64_t split_given,
                    std::string_view raw_id, std::string_view attributes_json) {
  return xxh3_64(fmt::format("{} {} {} {} {}\n{}\n{}", width_px, height_px, orientation,
                             split_given, raw_id.size(), raw_id, attributes_json));
}

void KnownSamples::load(Connection& db, int64_t root_id, int64_t source_id, int64_t batch) {
  Statement read = db.prepare(
      "SELECT id, path, member, size_bytes, mtime_ns, xxh3, width_px, height_px, orientation, "
      "split_given_id, source_id, added_batch, vanished_batch IS NOT NULL, changed_batch, raw_id, "
      "attributes FROM sample WHERE root_id = ?1 ORDER BY id");
  read.bind(1, root_id);
  while (read.step()) {
    KnownSample sample;
    sample.id = read.integer(0);
    sample.size_bytes = read.integer(3);
    sample.mtime_ns = read.integer(4);
    sample.xxh3 = static_cast<uint64_t>(read.integer(5));
    sample.split_given = static_cast<int32_t>(read.integer(9));
    sample.own = read.integer(10) == source_id;
    sample.by_batch = read.integer(11) == batch;
    sample.vanished = read.integer(12) == 1;
    sample.changed_by_batch = read.integer(13) == batch;
    sample.other_hash =
        other_hash(static_cast<int32_t>(read.integer(6)), static_cast<int32_t>(read.integer(7)),
                   read.integer(8), read.integer(9), read.text(14), read.text(15));
    by_locator_.emplace(locator_key(read.text(1), read.integer(2)), samples_.size());
    if (sample.own && !sample.by_batch) {
      by_content_.emplace(content_key(sample.xxh3, static_cast<uint64_t>(sample.size_bytes)),
                          samples_.size());
    }
    samples_.push_back(sample);
  }
  if (samples_.empty()) return;
  Statement labels = db.prepare(
      "SELECT sample_id, class_id FROM label WHERE given = 1 ORDER BY sample_id, class_id");
  while (labels.step()) {
    labels_given_[labels.integer(0)].push_back(static_cast<int32_t>(labels.integer(1)));
  }
}

KnownSample* KnownSamples::find(std::string_view escaped_path, int64_t member) {
  if (samples_.empty()) return nullptr;
  const auto found = by_locator_.find(locator_key(escaped_path, member));
  return found == by_locator_.end() ? nullptr : &samples_[found->second];
}

KnownSample* KnownSamples::find_unseen(uint64_t xxh3, uint64_t size_bytes) {
  KnownSample* first = nullptr;
  const auto [begin, end] = by_content_.equal_range(content_key(xxh3, size_bytes));
  for (auto it = begin; it != end; ++it) {
    KnownSample& sample = samples_[it->second];
    const bool same = sample.xxh3 == xxh3 && static_cast<uint64_t>(sample.size_bytes) == size_bytes;
    if (same && !sample.seen && (first == nullptr || sample.id < first->id)) first = &sample;
  }
  return first;
}

void KnownSamples::add_locator(std::string_view escaped_path, int64_t member,
                               const KnownSample& sample) {
  by_locator_.emplace(locator_key(escaped_path, member),
                      static_cast<size_t>(&sample - samples_.data()));
}

std::span<const int32_t> KnownSamples::labels_given(SampleId sample) const {
  const auto found = labels_given_.find(sample);
  if (found == labels_given_.end()) return {};
  return found->second;
}

void BlockKeeper::forget_tail() {
  tail_block_ = -1;
  tail_changed_ = false;
  tail_ = {};
}

void BlockKeeper::mark(SampleId sample) {
  const int64_t block = block_of(sample);
  dirty_.insert(block);
  if (block == tail_block_) forget_tail();
}

void BlockKeeper::append(SampleId sample, const SampleRecord& record, std::string_view escaped_path,
                         int32_t source, int32_t split, std::span<const int32_t> labels) {
  const int64_t block = block_of(sample);
  if (sample == first_of_block(block)) {
    if (tail_changed_) write_tail();
    tail_ = {};
    tail_block_ = block;
  }
  if (block != tail_block_) {
    dirty_.insert(block);
    return;
  }
  const auto row = static_cast<uint32_t>(tail_.rows());
  tail_.source.push_back(source);
  tail_.member.push_back(record.member);
  tail_.size_bytes.push_back(static_cast<int64_t>(record.size_bytes));
  tail_.width.push_back(record.width_px);
  tail_.height.push_back(record.height_px);
  tail_.vanished.push_back(0);
  tail_.path.push(escaped_path);
  tail_.labels_given.push(labels);
  tail_.labels.push(labels);
  tail_.tags.push({});
  tail_.split.push_back(split);
  tail_.review.push_back(0);
  for (const auto& [name, value] : record.attributes) {
    AttributeRows& attribute = tail_.attributes[name];
    attribute.rows.push_back(row);
    attribute.values.push_back(value);
  }
  tail_changed_ = true;
}

void BlockKeeper::write_tail() {
  write_block(db_, tail_block_, tail_, BlockColumns::kAll);
  tail_changed_ = false;
}

void BlockKeeper::write() {
  if (tail_changed_) write_tail();
  for (const int64_t block : dirty_) {
    write_block(db_, block, read_block_rows(db_, block, BlockColumns::kAll), BlockColumns::kAll);
  }
  dirty_.clear();
}

}  // namespace errata::store

#include "store/sample_files.h"

#include <fmt/format.h>

#include <unordered_map>

#include "base/files.h"
#include "base/text.h"
#include "store/connection.h"

namespace errata::store {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, source_id, root_id, path, member, size_bytes, mtime_ns, xxh3, width_px, height_px, "
    "orientation, raw_id FROM sample ";

std::unordered_map<int64_t, std::string> read_roots(Connection& db) {
  std::unordered_map<int64_t, std::string> roots;
  Statement read = db.prepare("SELECT id, path FROM root");
  while (read.step()) roots.emplace(read.integer(0), unescape_bytes(read.text(1)));
  return roots;
}

SampleFile file_from_row(const Statement& row,
                         const std::unordered_map<int64_t, std::string>& roots) {
  SampleFile file;
  file.id = row.integer(0);
  file.source = row.integer(1);
  file.path = unescape_bytes(row.text(3));
  const auto root = roots.find(row.integer(2));
  if (root == roots.end()) {
    throw Error(ErrorCategory::kCorrupt, fmt::format("sample {} has no root", file.id),
                "run `errata doctor`");
  }
  file.absolute_path = join_path(root->second, file.path);
  file.member = row.integer(4);
  file.size_bytes = static_cast<uint64_t>(row.integer(5));
  file.mtime_ns = row.integer(6);
  file.xxh3 = static_cast<uint64_t>(row.integer(7));
  file.width_px = static_cast<int32_t>(row.integer(8));
  file.height_px = static_cast<int32_t>(row.integer(9));
  file.orientation = static_cast<uint8_t>(row.integer(10));
  file.raw_id = row.string(11);
  return file;
}

}  // namespace

std::vector<SampleFile> sample_files(Store& store, std::span<const SampleId> samples) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const auto roots = read_roots(db);
  std::vector<SampleFile> files;
  files.reserve(samples.size());
  Statement read = db.prepare(std::string(kColumns) + "WHERE id = ?1");
  for (const SampleId sample : samples) {
    read.bind(1, sample);
    if (!read.step()) {
      throw Error(ErrorCategory::kNotFound, fmt::format("there is no sample {}", sample));
    }
    files.push_back(file_from_row(read, roots));
    read.reset();
  }
  return files;
}

std::vector<SampleFile> all_sample_files(Store& store) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const auto roots = read_roots(db);
  std::vector<SampleFile> files;
  Statement read = db.prepare(std::string(kColumns) + "WHERE vanished_batch IS NULL ORDER BY id");
  while (read.step()) files.push_back(file_from_row(read, roots));
  return files;
}

std::vector<std::optional<Sha256Digest>> read_content_hashes(Store& store,
                                                             std::span<const SampleId> samples) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  std::vector<std::optional<Sha256Digest>> hashes(samples.size());
  Statement read = db.prepare(
      "SELECT sha256 FROM content_hash JOIN sample ON sample.id = sample_id "
      "WHERE sample_id = ?1 AND content_hash.xxh3 = sample.xxh3");
  for (size_t i = 0; i < samples.size(); ++i) {
    read.bind(1, samples[i]);
    if (!read.step()) continue;
    const std::span<const uint8_t> bytes = read.blob(0);
    hashes[i].emplace();
    std::copy_n(bytes.begin(), std::min(bytes.size(), hashes[i]->size()), hashes[i]->begin());
    read.reset();
  }
  return hashes;
}

void put_content_hashes(Store& store, std::span<const ContentHash> hashes) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kWrite);
  Statement insert = db.prepare(
      "INSERT OR REPLACE INTO content_hash(sample_id, xxh3, sha256) VALUES (?1, ?2, ?3)");
  for (const ContentHash& hash : hashes) {
    insert.bind(1, hash.sample).bind(2, hash.xxh3).bind_blob(3, hash.sha256);
    insert.run();
  }
  transaction.commit();
}

}  // namespace errata::store

#include "versions/hash.h"

#include <algorithm>

namespace errata::versions {

namespace {

void put_u32(std::string& bytes, uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
}

void put_u64(std::string& bytes, uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
}

void put_text(std::string& bytes, std::string_view text) {
  put_u32(bytes, static_cast<uint32_t>(text.size()));
  bytes += text;
}

}  // namespace

Sha256Digest hash_entry(const HashEntry& entry) {
  std::vector<std::string_view> names = entry.class_names;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());

  std::string bytes(reinterpret_cast<const char*>(entry.content.data()), entry.content.size());
  put_u32(bytes, static_cast<uint32_t>(names.size()));
  for (const std::string_view name : names) put_text(bytes, name);
  if (entry.boxes.empty()) {
    put_u32(bytes, 0);
  } else {
    bytes += entry.boxes;
  }
  put_text(bytes, entry.split);
  return sha256(bytes);
}

std::string hash_of_entries(std::vector<Sha256Digest>& digests) {
  std::sort(digests.begin(), digests.end());
  std::string head = "errata1\n";
  put_u64(head, digests.size());
  Sha256 hash;
  hash.update(head);
  static_assert(sizeof(Sha256Digest) == 32);
  hash.update(digests.data(), digests.size() * sizeof(Sha256Digest));
  return "errata1:" + to_hex(hash.finish());
}

std::string canonical_hash(std::span<const HashEntry> entries, const ParallelFor& parallel_for) {
  std::vector<Sha256Digest> digests(entries.size());
  parallel_for(entries.size(), 4096, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) digests[i] = hash_entry(entries[i]);
  });
  return hash_of_entries(digests);
}

}  // namespace errata::versions

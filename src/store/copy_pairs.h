// Pairs of copies that lie between groups of copies, as `errata find duplicates` found them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "store/store.h"

namespace errata::store {

// Two samples of one chain of copies (score column duplicate_chain) that no group has together.
struct CopyPair {
  SampleId a = 0;  // below b
  SampleId b = 0;
  int32_t hash_bits = -1;  // in which their perceptual hashes differ; -1: those do not tell
  float similarity = 0;    // cosine of their embeddings; NaN: those do not tell
};

// The score column the pairs belong to: they go when it is stored anew or deleted.
inline constexpr const char* kCopyChainScore = "duplicate_chain";

// In place of those that there are. Error(kNotFound) without the column.
void put_copy_pairs(Store& store, std::span<const CopyPair> pairs);
// As they were put; nullopt where the search stored none, not even an empty list, as older ones.
std::optional<std::vector<CopyPair>> read_copy_pairs(Store& store);

}  // namespace errata::store

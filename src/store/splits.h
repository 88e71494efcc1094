// Splits: a name per sample, and the recipe that placed them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/edits.h"
#include "store/store.h"

namespace errata::store {

struct SplitInfo {
  std::string name;
  uint64_t samples = 0;  // present ones
};
// In order of first use; empty ones are left out.
std::vector<SplitInfo> list_splits(Store& store);

// Puts samples[i] into names[codes[i]] (code -1: into none) as one batch that undo() takes back,
// and remembers `recipe_json`: how it was done, which becomes part of the next version.
AppliedBatch assign_splits(Store& store, std::span<const SampleId> samples,
                           std::span<const int32_t> codes, const std::vector<std::string>& names,
                           const std::string& recipe_json, const std::string& who,
                           const std::string& why);
// Of the newest assignment that stands; empty when there is none.
std::string read_split_recipe(Store& store);

}  // namespace errata::store

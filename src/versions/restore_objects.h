// The objects' part of restoring a version. Internal to this folder.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/object_texts.h"
#include "store/objects.h"
#include "versions/version.h"

namespace errata::versions {

// The edits that bring the objects of the version's samples back to `version`'s. `sample_now` is
// the store's sample for each of the version's that it still has; `class_ids` the project's class
// for each of the version's `class_names`. Counts them in `report`.
std::vector<store::ObjectEdit> restored_objects(
    store::Store& store, const store::ObjectTexts& version,
    const std::unordered_map<SampleId, SampleId>& sample_now,
    std::span<const std::string> class_names, std::span<const ClassId> class_ids,
    RestoreReport& report);

}  // namespace errata::versions

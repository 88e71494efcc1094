// The objects that an export needs, read from a store.
#pragma once

#include <span>

#include "export/exporter.h"
#include "store/store.h"

namespace errata::exports {

// Fills input.objects with what the items of `input` have: as the version holds it, or as it is now
// with `version` 0. `class_ids` are those of input.class_names. Error(kCorrupt).
void add_objects(store::Store& store, VersionId version, std::span<const ClassId> class_ids,
                 ExportInput& input);

}  // namespace errata::exports

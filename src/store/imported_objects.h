// Annotations as their sources have them, whatever people decided about them.
#pragma once

#include <optional>

#include "store/objects.h"

namespace errata::store {

// As load_objects(), with the annotations of the sources' newest imports as they came in: without
// what people added, with what they deleted, unreviewed. nullopt where nobody has decided anything.
std::optional<ObjectTable> load_imported_objects(Store& store, const Snapshot& snapshot);

}  // namespace errata::store

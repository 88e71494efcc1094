// What a version kept of objects. Internal to this folder.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "store/object_sets.h"

namespace errata::store {

// What people had changed over the sets of the version. Error(kCorrupt).
std::vector<ObjectRow> read_version_rows(Connection& db, VersionId version);

// Names of all class ids as the version has them: one merged away before is the one it went into.
std::unordered_map<int64_t, std::string> read_version_names(Connection& db, VersionId version);

}  // namespace errata::store

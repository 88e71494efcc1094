// Identifiers as the store hands them out. All are stable for the life of a store.
#pragma once

#include <cstdint>

namespace errata {

using SampleId = int64_t;    // rowid of a sample, >= 1
using RunId = int64_t;       // rowid of a run, >= 1
using SourceId = int64_t;    // rowid of an import source, >= 1
using VersionId = int64_t;   // rowid of a version, >= 1
using ClassId = int64_t;     // rowid of a project class, >= 1; survives renaming
using ClassIndex = int32_t;  // position in a class map (a source's, a model's, the project's)
using RowIndex = uint32_t;   // position of a sample in a snapshot

inline constexpr ClassIndex kNoClass = -1;

}  // namespace errata

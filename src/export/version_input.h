// What an export needs, read from a version of a store.
#pragma once

#include <string>

#include "export/exporter.h"
#include "model/snapshot.h"
#include "store/store.h"

namespace errata::exports {

// The samples of a version in the order of their ids, with labels, splits and contents as the
// version holds them, and the files where the store knows them now. A sample whose file has changed
// since is marked check_content, so that the export notices. Error: kNotFound for the version, or
// when the store no longer has one of its samples; kUnsupported when a sample has several labels
// and they are asked for; kCorrupt when the stored columns do not give the version's hash.
enum class InputOf { kLabels, kObjects };  // kObjects: ExportInput::objects as well
ExportInput read_version_input(store::Store& store, const std::string& version,
                               const ParallelFor& parallel_for, InputOf what = InputOf::kLabels);

// Adds the free columns (attr.NAME as NAME, and tags) of the snapshot's samples to an input, for
// the csv format. A sample the snapshot lacks gets empty texts.
void add_free_columns(const Snapshot& snapshot, ExportInput& input);

}  // namespace errata::exports

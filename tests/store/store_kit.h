// Small stores for tests, and what they hold as text.
#pragma once

#include <string>
#include <vector>

#include "model/records.h"
#include "model/snapshot.h"
#include "store/edits.h"
#include "store/import_writer.h"
#include "store/runs.h"
#include "store/store.h"

namespace errata::test {

// Sample i: "<class>/<i>.png", class i % classes, split train, val or test by i % 10, content from
// i.
SampleRecord make_record(int64_t i, size_t classes);
std::vector<SampleRecord> make_records(int64_t count, size_t classes);
// "class 0", "class 1", ...
ClassMap make_classes(size_t count);

// Imports under source "data" with root `root` in calls of `per_call` samples.
store::ImportReport import_records(store::Store& store, std::vector<SampleRecord> records,
                                   const ClassMap& classes, const std::string& root = "/data",
                                   size_t per_call = 500, const std::string& source = "data");

// A complete run with probabilities drawn from `seed`; the argmax is the given class for about 90
// %.
RunId make_run(store::Store& store, const std::string& name, const std::vector<SampleId>& plan,
               size_t classes, uint64_t seed, size_t embedding_columns = 0,
               size_t stage_columns = 0);

store::Edit set_label(SampleId sample, std::vector<ClassId> classes);
store::Edit make_edit(SampleId sample, store::EditKind kind, std::string text = {});

// Every column of a snapshot as text, row by row: equal texts mean equal snapshots.
std::string snapshot_text(const Snapshot& snapshot);

}  // namespace errata::test

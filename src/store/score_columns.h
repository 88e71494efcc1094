// Stored scores: one float per sample of a run, or of the project (run 0).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/store.h"

namespace errata::store {

// A sample whose value was made for the labels of another revision than the others'.
struct MadeFor {
  SampleId sample = 0;
  int64_t label_revision = 0;
  auto operator<=>(const MadeFor&) const = default;
};

struct ScoreColumn {
  RunId run = 0;  // 0: belongs to no run
  std::string name;
  std::vector<SampleId> samples;  // rising
  std::vector<float> values;      // NaN: none
  // The label revision the values were made for (Snapshot::label_revision); 0: they do not depend
  // on labels. In a snapshot they are NULL for samples whose labels are others now, and the run
  // counts as stale while there are any.
  int64_t label_revision = 0;
  std::vector<MadeFor> others = {};  // rising by sample
};

// Replaces one of the same run and name. Error: kUsage for a name that is not lower-case letters,
// digits and '_'; kInternal when the lengths differ or samples do not rise.
void put_score_column(Store& store, const ScoreColumn& column);
// All or none of them.
void put_score_columns(Store& store, std::span<const ScoreColumn> columns);
// The same for what was found of some samples, all of one set of labels: what was stored of others
// is kept, with the labels it was made for, as is what somebody stored meanwhile for newer labels.
void update_score_columns(Store& store, std::vector<ScoreColumn> columns);
ScoreColumn read_score_column(Store& store, RunId run, const std::string& name);  // kNotFound
void delete_score_column(Store& store, RunId run, const std::string& name);

struct ScoreColumnInfo {
  RunId run = 0;
  std::string name;
  uint64_t rows = 0;
  int64_t label_revision = 0;
  bool stale = false;  // some label is another than the one it was made for
};
std::vector<ScoreColumnInfo> list_score_columns(Store& store);
// Another once columns were written or deleted, but where the one written last was replaced by one
// of as many rows for the same labels.
std::string score_columns_stamp(Store& store);

}  // namespace errata::store

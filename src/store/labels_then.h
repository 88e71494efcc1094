// Labels as they were at an earlier revision, out of the log. Internal to this folder.
#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "store/connection.h"
#include "store/score_columns.h"

namespace errata::store {

// The labels at `revision`, or of samples of `others` at theirs, of all whose labels were changed
// since, be it to and fro; each rising.
std::map<SampleId, std::vector<ClassId>> labels_then(Connection& db, int64_t revision,
                                                     std::span<const MadeFor> others);
// Samples whose labels were others then than at revision `to`.
std::set<SampleId> changed_labels(Connection& db, int64_t revision, std::span<const MadeFor> others,
                                  int64_t to);

// Of a stored score: ScoreColumn::others.
std::vector<MadeFor> read_made_for(Connection& db, int64_t score);

}  // namespace errata::store

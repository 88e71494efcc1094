#include "model/snapshot.h"

#include <algorithm>

namespace errata {

size_t Snapshot::row_of(SampleId id) const {
  const auto found = std::lower_bound(ids.begin(), ids.end(), id);
  if (found == ids.end() || *found != id) return SIZE_MAX;
  return static_cast<size_t>(found - ids.begin());
}

bool Snapshot::depends_on_labels(std::string_view column) const {
  return std::any_of(score_bases.begin(), score_bases.end(),
                     [&](const ScoreBasis& basis) { return basis.values.find(column) != nullptr; });
}

}  // namespace errata

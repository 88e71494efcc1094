#include "viewer/state/decision.h"

#include "viewer/state/evidence.h"
#include "viewer/state/findings.h"

namespace errata::viewer {

std::vector<RowIndex> Targets::rows() const {
  if (!single()) return selection.rows();
  return cursor ? std::vector<RowIndex>{*cursor} : std::vector<RowIndex>{};
}

std::vector<ReviewEdit> spell_out(const Decision& decision, const Targets& targets,
                                  const Table& samples) {
  const std::vector<int64_t>& ids = samples.find("id")->ints;
  const bool predicted = decision.kind == ReviewKind::kRelabel && decision.class_name.empty();
  std::vector<RowIndex> rows = targets.rows();
  if (predicted) {
    std::erase_if(rows, [&](RowIndex row) { return !suggested_label(samples, row); });
  }
  std::vector<ReviewEdit> edits;
  edits.reserve(rows.size());
  for (const RowIndex row : rows) {
    edits.push_back({ids[row],
                     decision.kind,
                     predicted ? std::string(*suggested_label(samples, row)) : decision.class_name,
                     decision.tag,
                     {}});
  }
  return decision.with_evidence ? with_evidence(edits, rows, samples) : edits;
}

}  // namespace errata::viewer

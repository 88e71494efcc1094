// What a person decided, before it is spelled out sample by sample: cheap to hand to a lane, also
// for a million samples.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/columns.h"
#include "viewer/state/backend.h"
#include "viewer/state/row_set.h"

namespace errata::viewer {

// What an action applies to: the selection, else the row under the cursor.
struct Targets {
  RowSet selection;
  std::optional<RowIndex> cursor;

  bool single() const { return selection.count() == 0; }
  size_t count() const { return single() ? (cursor ? 1 : 0) : selection.count(); }
  std::vector<RowIndex> rows() const;  // rising
};

struct Decision {
  ReviewKind kind = ReviewKind::kKeep;
  std::string class_name = {};  // kRelabel; empty: suggested_label()
  std::string tag = {};         // kTag, kUntag
  bool with_evidence = true;    // what the run said goes into the log; see with_evidence()
};

// One edit for each target. Rows without a suggestion are left out where one is wanted. Any thread;
// `samples` has the column `id`.
std::vector<ReviewEdit> spell_out(const Decision& decision, const Targets& targets,
                                  const Table& samples);

}  // namespace errata::viewer

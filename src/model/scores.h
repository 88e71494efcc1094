// The registry of scores and documented columns: one line each says what a name means and which
// end is worst. `errata scores`, the filter's completion and the viewer's hovers read it.
#pragma once

#include <span>
#include <string_view>

#include "model/columns.h"

namespace errata {

enum class Worst : uint8_t { kHigh, kLow };

struct ScoreInfo {
  std::string_view name;      // column name
  Worst worst;                // rank shows this end first
  std::string_view sentence;  // what it means, with range and unit
  bool per_run = true;        // of one run's predictions; false: of the picture itself
  std::string_view made_by = "errata find quality";  // where it is not per run
};

// Those marked label-dependent in their sentence change with a relabel.
std::span<const ScoreInfo> all_scores();
const ScoreInfo* find_score(std::string_view name);  // nullptr when there is none
// Of objects; those of a run of detections are made for it when they are asked for.
std::span<const ScoreInfo> object_scores();
const ScoreInfo* find_object_score(std::string_view name);

struct ColumnInfo {
  std::string_view name;
  ColumnType type;
  bool per_run;  // stored as "name@run"
  std::string_view sentence;
  std::string_view made_by = {};  // the command that makes it; empty: it is always there
};

// The documented columns of the sample table: what filters, sorts and facets may use, besides
// attr.* and the scores.
std::span<const ColumnInfo> sample_columns();
// Those of the object table (model/objects.h), besides the object scores.
std::span<const ColumnInfo> object_columns();

}  // namespace errata

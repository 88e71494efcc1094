#include "jobs/label_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "store/score_columns.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr const char* kFirstColumn = "label_error";

// A stored value outlives a search of other samples while its label is the one it was made for: a
// snapshot shows no label_error of the others.
void keep_others(store::Store& store, const Snapshot& snapshot, const query::Selection& asked,
                 store::ScoreColumn& column) {
  const Column* shown = snapshot.samples.find(kFirstColumn);
  if (shown == nullptr || snapshot.samples.find(column.name) == nullptr || asked.full()) return;
  const store::ScoreColumn old = store::read_score_column(store, 0, column.name);
  if (old.label_revision > snapshot.label_revision) return;  // made by another search meanwhile
  for (size_t i = 0; i < old.samples.size(); ++i) {
    const size_t row = snapshot.row_of(old.samples[i]);
    if (row == SIZE_MAX || asked.test(static_cast<RowIndex>(row))) continue;
    if (!shown->is_null(static_cast<RowIndex>(row))) column.values[row] = old.values[i];
  }
}

}  // namespace

void store_judged_labels(store::Store& store, const Snapshot& snapshot,
                         const query::Selection& asked, const JudgedLabels& judged) {
  if (judged.judged == 0) return;
  std::vector<store::ScoreColumn> columns;
  const auto put = [&](const char* name, const auto& value_of) {
    store::ScoreColumn column;
    column.name = name;
    column.label_revision = snapshot.label_revision;
    column.samples = snapshot.ids;
    column.values.assign(snapshot.ids.size(), kNone);
    keep_others(store, snapshot, asked, column);
    for (size_t i = 0; i < judged.rows.size(); ++i) {
      if (judged.looked_at[i] != 0 && !std::isnan(judged.errors.score[i])) {
        column.values[judged.rows[i]] = static_cast<float>(value_of(i));
      }
    }
    columns.push_back(std::move(column));
  };
  const size_t classes = snapshot.classes.size();
  const auto suggested = [&](size_t i) { return static_cast<size_t>(judged.errors.suggested[i]); };
  put(kFirstColumn, [&](size_t i) { return judged.errors.score[i]; });
  put("p_suggested", [&](size_t i) { return judged.errors.belief[i * classes + suggested(i)]; });
  put("suggested", [&](size_t i) { return snapshot.class_ids[suggested(i)]; });
  put("verdict", [&](size_t i) {
    return judged.verdict[i] < 0 ? kNone : static_cast<float>(judged.verdict[i]);
  });
  store::put_score_columns(store, columns);
}

}  // namespace errata::jobs

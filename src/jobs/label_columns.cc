#include "jobs/label_columns.h"

#include <cmath>
#include <limits>
#include <utility>

#include "store/score_columns.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

}  // namespace

void store_judged_labels(store::Store& store, const Snapshot& snapshot,
                         const query::Selection& asked, const JudgedLabels& judged) {
  if (judged.judged == 0) return;
  std::vector<SampleId> samples;
  std::vector<size_t> place(snapshot.ids.size());
  asked.for_each([&](RowIndex row) {
    place[row] = samples.size();
    samples.push_back(snapshot.ids[row]);
  });
  std::vector<store::ScoreColumn> columns;
  const auto put = [&](const char* name, const auto& value_of) {
    store::ScoreColumn column;
    column.name = name;
    column.label_revision = snapshot.label_revision;
    column.samples = samples;
    column.values.assign(samples.size(), kNone);
    for (size_t i = 0; i < judged.rows.size(); ++i) {
      if (judged.looked_at[i] != 0 && !std::isnan(judged.errors.score[i])) {
        column.values[place[judged.rows[i]]] = static_cast<float>(value_of(i));
      }
    }
    columns.push_back(std::move(column));
  };
  const size_t classes = snapshot.classes.size();
  const auto suggested = [&](size_t i) { return static_cast<size_t>(judged.errors.suggested[i]); };
  put("label_error", [&](size_t i) { return judged.errors.score[i]; });
  put("p_suggested", [&](size_t i) { return judged.errors.belief[i * classes + suggested(i)]; });
  put("suggested", [&](size_t i) { return snapshot.class_ids[suggested(i)]; });
  put("verdict", [&](size_t i) {
    return judged.verdict[i] < 0 ? kNone : static_cast<float>(judged.verdict[i]);
  });
  store::update_score_columns(store, std::move(columns));
}

}  // namespace errata::jobs

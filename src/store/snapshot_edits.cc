// Edits as deltas to a loaded snapshot.
#include <algorithm>
#include <cmath>

#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

int32_t code_of_class(const Snapshot& snapshot, ClassId id) {
  const auto found = std::lower_bound(snapshot.class_ids.begin(), snapshot.class_ids.end(), id);
  if (found == snapshot.class_ids.end() || *found != id) return -1;
  return static_cast<int32_t>(found - snapshot.class_ids.begin());
}

bool fits(const Snapshot& snapshot, const AppliedBatch& batch) {
  if (batch.classes_changed) return false;
  for (const AppliedEdit& edit : batch.edits) {
    if (snapshot.row_of(edit.sample) == SIZE_MAX) return false;
    for (const ClassId id : edit.after.labels) {
      if (code_of_class(snapshot, id) < 0) return false;
    }
  }
  return true;
}

// The code of `text`, which is added to a copy of the dictionary when it is new.
int32_t code_of_text(Column& column, const std::string& text) {
  if (text.empty()) return -1;
  const int32_t present = column.dictionary->find(text);
  if (present >= 0) return present;
  auto larger = std::make_shared<Dictionary>(*column.dictionary);
  const int32_t code = larger->add(text);
  column.dictionary = std::move(larger);
  return code;
}

// Puts new lists into a set column; `changed` rises by row.
void replace_rows(Column& column, const std::vector<RowCodes>& changed) {
  std::vector<int32_t> codes;
  std::vector<uint64_t> offsets{0};
  codes.reserve(column.codes.size());
  offsets.reserve(column.offsets.size());
  size_t next = 0;
  for (size_t row = 0; row < column.rows; ++row) {
    if (next < changed.size() && changed[next].row == row) {
      codes.insert(codes.end(), changed[next].codes.begin(), changed[next].codes.end());
      ++next;
    } else {
      codes.insert(codes.end(),
                   column.codes.begin() + static_cast<std::ptrdiff_t>(column.offsets[row]),
                   column.codes.begin() + static_cast<std::ptrdiff_t>(column.offsets[row + 1]));
    }
    offsets.push_back(codes.size());
  }
  column.codes = std::move(codes);
  column.offsets = std::move(offsets);
}

void update_tags(Snapshot& snapshot, const AppliedBatch& batch) {
  std::vector<RowCodes> changed;
  for (const AppliedEdit& edit : batch.edits) {
    if (edit.before.tags == edit.after.tags) continue;
    Column& tags = *snapshot.samples.find_mutable("tags");
    RowCodes row{snapshot.row_of(edit.sample), {}};
    for (const std::string& tag : edit.after.tags) row.codes.push_back(code_of_text(tags, tag));
    // As a loaded snapshot has them: in order of the tags' ids, which is that of the dictionary.
    std::sort(row.codes.begin(), row.codes.end());
    changed.push_back(std::move(row));
  }
  if (!changed.empty()) replace_rows(*snapshot.samples.find_mutable("tags"), changed);
}

// The set column `labels` exists exactly while some row has more than one label.
void update_label_sets(Table& table, const std::vector<RowCodes>& changed) {
  const bool any_many = std::any_of(changed.begin(), changed.end(),
                                    [](const RowCodes& row) { return row.codes.size() > 1; });
  if (table.find("labels") == nullptr) {
    if (!any_many) return;
    const Column& label = *table.find("label");
    std::vector<uint32_t> counts(label.rows);
    std::vector<int32_t> codes;
    for (size_t row = 0; row < label.rows; ++row) {
      counts[row] = label.codes[row] >= 0 ? 1 : 0;
      if (label.codes[row] >= 0) codes.push_back(label.codes[row]);
    }
    table.add(make_set_column("labels", counts, std::move(codes), label.dictionary));
  }
  Column& labels = *table.find_mutable("labels");
  replace_rows(labels, changed);
  bool many = false;
  for (size_t row = 0; row < labels.rows && !many; ++row) {
    many = labels.offsets[row + 1] - labels.offsets[row] > 1;
  }
  if (!many) table.remove("labels");
}

void update_outcomes(Snapshot& snapshot, const std::vector<RowCodes>& changed) {
  Table& table = snapshot.samples;
  const Column& label = *table.find("label");
  for (const RunSummary& run : snapshot.runs) {
    const Column* prediction = table.find("prediction", run.name);
    if (prediction == nullptr) continue;
    const Column& confidence = *table.find("confidence", run.name);
    Column& outcome = *table.find_mutable("outcome@" + run.name);
    Column& mistake = *table.find_mutable("confident_mistake@" + run.name);
    for (const RowCodes& row : changed) {
      outcome.codes[row.row] = outcome_code(label.codes[row.row], prediction->codes[row.row]);
      mistake.floats[row.row] = mistake_value(outcome.codes[row.row], confidence.floats[row.row]);
    }
  }
}

// What was made for the labels before, which may be what they are now.
void update_scores(Snapshot& snapshot, const std::vector<SampleId>& relabelled) {
  if (relabelled.empty()) return;
  std::vector<size_t> rows;
  rows.reserve(relabelled.size());
  for (const SampleId sample : relabelled) {
    const size_t row = snapshot.row_of(sample);
    if (row != SIZE_MAX) rows.push_back(row);
  }
  follow_labels(snapshot, rows);
}

void update_labels(Snapshot& snapshot, const AppliedBatch& batch) {
  std::vector<RowCodes> changed;
  for (const AppliedEdit& edit : batch.edits) {
    if (edit.before.labels == edit.after.labels) continue;
    RowCodes row{snapshot.row_of(edit.sample), {}};
    for (const ClassId id : edit.after.labels) row.codes.push_back(code_of_class(snapshot, id));
    changed.push_back(std::move(row));
  }
  if (changed.empty()) return;
  put_labels(snapshot.samples, changed);
  update_outcomes(snapshot, changed);
}

}  // namespace

void put_labels(Table& table, const std::vector<RowCodes>& changed) {
  // Before `label` changes: what it says now is what the sets are made from.
  update_label_sets(table, changed);
  Column& label = *table.find_mutable("label");
  for (const RowCodes& row : changed) {
    label.codes[row.row] = row.codes.size() == 1 ? row.codes.front() : -1;
  }
}

bool apply_to_snapshot(Snapshot& snapshot, const AppliedBatch& batch) {
  if (!fits(snapshot, batch)) return false;
  for (const AppliedEdit& edit : batch.edits) {
    const size_t row = snapshot.row_of(edit.sample);
    if (edit.before.review != edit.after.review) {
      snapshot.samples.find_mutable("review")->codes[row] = static_cast<int32_t>(edit.after.review);
      snapshot.samples.find_mutable("excluded")->bytes[row] =
          edit.after.review == Review::kExcluded ? 1 : 0;
    }
    if (edit.before.split != edit.after.split) {
      Column& split = *snapshot.samples.find_mutable("split");
      split.codes[row] = code_of_text(split, edit.after.split);
    }
  }
  update_tags(snapshot, batch);
  update_labels(snapshot, batch);
  update_scores(snapshot, batch.relabelled);
  if (batch.batch != 0) snapshot.label_revision = batch.label_revision;
  return true;
}

}  // namespace errata::store

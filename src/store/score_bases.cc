// Scores that were made for certain labels, as a snapshot follows the labels.
#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "store/event_log.h"
#include "store/sample_state.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

std::vector<ClassId> slice(const std::vector<int32_t>& ids, size_t from, size_t count) {
  const auto first = ids.begin() + static_cast<std::ptrdiff_t>(from);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

// The labels at `revision` of samples whose labels changed since.
std::map<SampleId, std::vector<ClassId>> labels_before(Connection& db, int64_t revision) {
  std::map<SampleId, std::vector<ClassId>> before;
  Statement events = db.prepare(
      "SELECT what, sample_id, batch_id, value_from, value_to FROM event "
      "WHERE id > ?1 AND what IN ('label', 'import') ORDER BY id");
  events.bind(1, revision);
  while (events.step()) {
    if (events.text(0) == "label") {
      const SampleId sample = events.integer(1);
      if (!before.contains(sample)) before.emplace(sample, ids_from_json(events.text(3)));
      continue;
    }
    const ImportChanges changes =
        read_import_changes(db, events.integer(2), events.integer(3), events.integer(4));
    size_t from = 0;
    for (size_t i = 0; i < changes.samples.size(); ++i) {
      const size_t count = changes.from_counts[i];
      if (changes.kinds[i] == static_cast<uint8_t>(ImportChange::kLabels)) {
        before.emplace(changes.samples[i], slice(changes.from, from, count));
      }
      from += count;
    }
  }
  return before;
}

// Of rows with a label each, or none: whether it is the same one.
class SameLabels {
 public:
  SameLabels(const Table& a, const Table& b)
      : a_(*a.find("label")),
        b_(*b.find("label")),
        many_a_(a.find("labels")),
        many_b_(b.find("labels")) {}
  bool operator()(size_t row) const {
    if (a_.codes[row] != b_.codes[row]) return false;
    if (a_.codes[row] >= 0) return true;
    const std::span<const int32_t> left = members(many_a_, row);
    const std::span<const int32_t> right = members(many_b_, row);
    return std::is_permutation(left.begin(), left.end(), right.begin(), right.end());
  }

 private:
  static std::span<const int32_t> members(const Column* sets, size_t row) {
    if (sets == nullptr) return {};
    return {sets->codes.data() + sets->offsets[row], sets->offsets[row + 1] - sets->offsets[row]};
  }

  const Column& a_;
  const Column& b_;
  const Column* many_a_;
  const Column* many_b_;
};

void follow(const ScoreBasis& basis, const std::vector<size_t>& rows, Table& samples) {
  std::vector<size_t> same;
  std::vector<size_t> other;
  const SameLabels is_same(basis.labels, samples);
  for (const size_t row : rows) (is_same(row) ? same : other).push_back(row);
  for (const std::shared_ptr<Column>& made : basis.values.columns()) {
    Column* column = samples.find_mutable(made->name);
    if (column == nullptr) continue;
    const bool codes = column->type == ColumnType::kCategory;
    for (const size_t row : same) {
      if (codes) {
        column->codes[row] = made->codes[row];
      } else {
        column->floats[row] = made->floats[row];
      }
    }
    for (const size_t row : other) {
      if (codes) {
        column->codes[row] = -1;
      } else {
        column->floats[row] = std::nanf("");
      }
    }
  }
}

}  // namespace

void add_score_basis(Connection& db, const std::unordered_map<int64_t, int32_t>& code_of_class,
                     const Presence& presence, int64_t revision,
                     const std::vector<std::string>& names, Snapshot& snapshot) {
  ScoreBasis basis;
  basis.label_revision = revision;
  basis.labels = Table(snapshot.samples.rows());
  basis.values = Table(snapshot.samples.rows());
  for (const char* name : {"label", "labels"}) {
    if (std::shared_ptr<Column> column = snapshot.samples.shared(name)) basis.labels.share(column);
  }
  for (const std::string& name : names) basis.values.share(snapshot.samples.shared(name));
  std::vector<RowCodes> then;
  std::vector<size_t> rows;
  if (revision < label_revision(db)) {
    for (const auto& [sample, labels] : labels_before(db, revision)) {
      const int32_t row = presence.row_of_sample.at(static_cast<size_t>(sample));
      if (row < 0) continue;
      RowCodes codes{static_cast<size_t>(row), {}};
      for (const ClassId id : labels) {
        const auto found = code_of_class.find(id);
        if (found != code_of_class.end()) codes.codes.push_back(found->second);
      }
      rows.push_back(codes.row);
      then.push_back(std::move(codes));
    }
  }
  if (!then.empty()) put_labels(basis.labels, then);
  if (!rows.empty()) follow(basis, rows, snapshot.samples);
  snapshot.score_bases.push_back(std::move(basis));
}

void follow_labels(Snapshot& snapshot, const std::vector<size_t>& rows) {
  for (const ScoreBasis& basis : snapshot.score_bases) follow(basis, rows, snapshot.samples);
}

}  // namespace errata::store

// Scores that were made for certain labels, as a snapshot follows the labels.
#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "store/labels_then.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

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

void follow(ScoreBasis& basis, const std::vector<size_t>& rows, Table& samples) {
  std::vector<size_t> same;
  std::vector<size_t> other;
  const SameLabels is_same(basis.labels, samples);
  if (basis.outdated.empty()) basis.outdated.assign(samples.rows(), false);
  for (const size_t row : rows) {
    const bool holds = is_same(row);
    (holds ? same : other).push_back(row);
    if (basis.outdated[row] == !holds) continue;
    basis.outdated[row] = !holds;
    basis.outdated_rows += holds ? size_t{0} - 1 : 1;
  }
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
                     const Presence& presence, int64_t revision, std::span<const MadeFor> others,
                     const std::vector<std::string>& names, Snapshot& snapshot) {
  ScoreBasis basis;
  basis.labels = Table(snapshot.samples.rows());
  basis.values = Table(snapshot.samples.rows());
  for (const char* name : {"label", "labels"}) {
    if (std::shared_ptr<Column> column = snapshot.samples.shared(name)) basis.labels.share(column);
  }
  for (const std::string& name : names) basis.values.share(snapshot.samples.shared(name));
  std::vector<RowCodes> then;
  std::vector<size_t> rows;
  for (const auto& [sample, labels] : labels_then(db, revision, others)) {
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
  if (!then.empty()) put_labels(basis.labels, then);
  if (!rows.empty()) follow(basis, rows, snapshot.samples);
  snapshot.score_bases.push_back(std::move(basis));
}

void follow_labels(Snapshot& snapshot, const std::vector<size_t>& rows) {
  for (ScoreBasis& basis : snapshot.score_bases) follow(basis, rows, snapshot.samples);
  mark_stale_runs(snapshot);
}

void mark_stale_runs(Snapshot& snapshot) {
  for (RunSummary& run : snapshot.runs) {
    run.scores_stale = false;
    for (const ScoreBasis& basis : snapshot.score_bases) {
      for (const std::shared_ptr<Column>& column : basis.values.columns()) {
        const bool own = column->name.ends_with("@" + run.name);
        run.scores_stale |= own && basis.outdated_rows > 0;
      }
    }
  }
}

}  // namespace errata::store

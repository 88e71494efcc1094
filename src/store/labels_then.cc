#include "store/labels_then.h"

#include <algorithm>
#include <string_view>

#include "store/event_log.h"
#include "store/sample_state.h"

namespace errata::store {

namespace {

std::vector<ClassId> slice(const std::vector<int32_t>& ids, size_t from, size_t count) {
  const auto first = ids.begin() + static_cast<std::ptrdiff_t>(from);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

std::vector<ClassId> labels_now(Connection& db, SampleId sample) {
  std::vector<ClassId> labels;
  Statement& read = db.cached(
      "SELECT class_id FROM label WHERE sample_id = ?1 AND current = 1 ORDER BY class_id");
  read.bind(1, sample);
  while (read.step()) labels.push_back(read.integer(0));
  return labels;
}

// Calls visit(event, sample, labels before it) for each change after `revision`, in their order.
template <typename Visit>
void walk_changes(Connection& db, int64_t revision, const Visit& visit) {
  Statement events = db.prepare(
      "SELECT what, sample_id, batch_id, value_from, value_to, id FROM event "
      "WHERE id > ?1 AND what IN ('label', 'import') ORDER BY id");
  events.bind(1, revision);
  while (events.step()) {
    const int64_t event = events.integer(5);
    if (events.text(0) == "label") {
      visit(event, events.integer(1), [&] { return ids_from_json(events.text(3)); });
      continue;
    }
    const ImportChanges changes =
        read_import_changes(db, events.integer(2), events.integer(3), events.integer(4));
    size_t from = 0;
    for (size_t i = 0; i < changes.samples.size(); ++i) {
      const size_t count = changes.from_counts[i];
      if (changes.kinds[i] == static_cast<uint8_t>(ImportChange::kLabels)) {
        visit(event, changes.samples[i], [&] { return slice(changes.from, from, count); });
      }
      from += count;
    }
  }
}

}  // namespace

std::map<SampleId, std::vector<ClassId>> labels_then(Connection& db, int64_t revision,
                                                     std::span<const MadeFor> others) {
  int64_t first = revision;
  for (const MadeFor& other : others) first = std::min(first, other.label_revision);
  std::map<SampleId, std::vector<ClassId>> then;
  walk_changes(db, first, [&](int64_t event, SampleId sample, const auto& labels_before) {
    const auto other =
        std::lower_bound(others.begin(), others.end(), sample,
                         [](const MadeFor& each, SampleId wanted) { return each.sample < wanted; });
    const bool own = other != others.end() && other->sample == sample;
    if (event <= (own ? other->label_revision : revision) || then.contains(sample)) return;
    std::vector<ClassId> labels = labels_before();
    std::sort(labels.begin(), labels.end());
    then.emplace(sample, std::move(labels));
  });
  return then;
}

std::set<SampleId> changed_labels(Connection& db, int64_t revision, std::span<const MadeFor> others,
                                  int64_t to) {
  std::set<SampleId> changed;
  if (revision == to && others.empty()) return changed;
  const auto before = labels_then(db, revision, others);
  const auto after = labels_then(db, to, {});
  for (const auto& [sample, labels] : before) {
    const auto found = after.find(sample);
    if (labels != (found == after.end() ? labels_now(db, sample) : found->second)) {
      changed.insert(sample);
    }
  }
  // `to` is the earlier one.
  for (const auto& [sample, labels] : after) {
    if (!before.contains(sample) && labels != labels_now(db, sample)) changed.insert(sample);
  }
  return changed;
}

std::vector<SampleId> relabelled_since(Store& store, int64_t revision) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const std::set<SampleId> changed = changed_labels(db, revision, {}, label_revision(db));
  return {changed.begin(), changed.end()};
}

}  // namespace errata::store

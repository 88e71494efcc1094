#include "store/splits.h"

#include <fmt/format.h>

#include "store/event_log.h"

namespace errata::store {

std::vector<SplitInfo> list_splits(Store& store) {
  std::vector<SplitInfo> splits;
  Statement read = store.db().prepare(
      "SELECT split.name, count(*) FROM sample JOIN split ON split.id = split_id "
      "WHERE vanished_batch IS NULL GROUP BY split.id ORDER BY split.id");
  while (read.step()) {
    splits.push_back({read.string(0), static_cast<uint64_t>(read.integer(1))});
  }
  return splits;
}

AppliedBatch assign_splits(Store& store, std::span<const SampleId> samples,
                           std::span<const int32_t> codes, const std::vector<std::string>& names,
                           const std::string& recipe_json, const std::string& who,
                           const std::string& why) {
  if (samples.size() != codes.size()) {
    throw Error(ErrorCategory::kInternal, "as many splits as samples are needed");
  }
  std::vector<Edit> edits(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    edits[i].sample = samples[i];
    edits[i].kind = EditKind::kSetSplit;
    if (codes[i] >= 0) edits[i].text = names.at(static_cast<size_t>(codes[i]));
  }
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  EventWriter log(db, {.kind = "edit", .who = who, .why = why, .undoes = 0, .detail = recipe_json});
  AppliedBatch batch = apply_edits_in(db, edits, log);
  if (batch.edits.empty()) {
    // Nobody moved, but this recipe is how they stand now.
    Event event;
    event.what = "recipe";
    log.add(event);
  }
  log.finish(batch);
  transaction.commit();
  return batch;
}

std::string read_split_recipe(Store& store) {
  // A redone assignment stands in the batch it was first made by.
  return store.db().text(
      "WITH RECURSIVE origin(batch, id, detail) AS ("
      "SELECT id, id, detail FROM batch WHERE kind IN ('edit', 'redo') AND undone_by IS NULL "
      "UNION ALL SELECT origin.batch, b.id, b.detail FROM origin "
      "JOIN batch o ON o.id = origin.id JOIN batch b ON b.id = o.undoes) "
      "SELECT detail FROM origin WHERE detail IS NOT NULL ORDER BY batch DESC LIMIT 1");
}

}  // namespace errata::store

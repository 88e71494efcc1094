// Checks of the log against the state, and of the snapshot's columns against the rows.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "store/block.h"
#include "store/doctor_context.h"
#include "store/event_log.h"
#include "store/sample_state.h"

namespace errata::store {

namespace {

// State of all samples by the log alone, in ids.
struct Replay {
  std::unordered_map<SampleId, std::vector<int32_t>> labels;
  std::unordered_map<SampleId, std::vector<int32_t>> given;
  std::unordered_map<SampleId, int64_t> review;
  std::unordered_map<SampleId, std::string> split;  // of those a person set
  std::unordered_map<SampleId, std::set<std::string>> tags;
  int64_t last_label_event = 0;
};

void replay_import(const ImportChanges& changes, int64_t event, Replay& replay) {
  size_t from = 0;
  size_t to = 0;
  for (size_t i = 0; i < changes.samples.size(); ++i) {
    const SampleId sample = changes.samples[i];
    const std::vector<int32_t> labels(
        changes.to.begin() + static_cast<std::ptrdiff_t>(to),
        changes.to.begin() + static_cast<std::ptrdiff_t>(to + changes.to_counts[i]));
    from += changes.from_counts[i];
    to += changes.to_counts[i];
    replay.given[sample] = labels;
    const auto kind = static_cast<ImportChange>(changes.kinds[i]);
    if (kind == ImportChange::kGivenOnly) continue;
    replay.labels[sample] = labels;
    if (kind == ImportChange::kLabels || !labels.empty()) replay.last_label_event = event;
  }
}

void replay_event(const Statement& row, Replay& replay) {
  const int64_t event = row.integer(0);
  const SampleId sample = row.integer(2);
  const std::string_view what = row.text(3);
  if (sample == 0) return;
  if (what == "label") {
    const std::vector<ClassId> ids = ids_from_json(row.text(5));
    replay.labels[sample] = {ids.begin(), ids.end()};
    replay.last_label_event = event;
  } else if (what == "split") {
    replay.split[sample] = row.string(5);
  } else if (what == "tag" || what == "untag") {
    if (row.is_null(5)) {
      replay.tags[sample].erase(row.string(4));
    } else {
      replay.tags[sample].insert(row.string(5));
    }
  }
  replay.review[sample] = row.integer(6);
}

Replay replay_log(DoctorContext& context) {
  Replay replay;
  Statement read = context.db.prepare(
      "SELECT id, batch_id, sample_id, what, value_from, value_to, review_to FROM event "
      "ORDER BY id");
  while (read.step()) {
    if (read.text(3) == "import") {
      replay_import(
          read_import_changes(context.db, read.integer(1), read.integer(4), read.integer(5)),
          read.integer(0), replay);
    } else {
      replay_event(read, replay);
    }
  }
  return replay;
}

std::string sample_path(Connection& db, SampleId sample) {
  Statement& read = db.cached(
      "SELECT CASE WHEN member < 0 THEN path ELSE path || '#' || member END FROM sample "
      "WHERE id = ?1");
  read.bind(1, sample);
  const std::string path = read.step() ? read.string(0) : std::string("not there");
  read.reset();
  return fmt::format("sample {} ({})", sample, path);
}

using LabelsBySample = std::unordered_map<SampleId, std::vector<int32_t>>;

void compare_labels(DoctorContext& context, const LabelsBySample& by_log, std::string_view sql,
                    std::string_view which) {
  LabelsBySample by_rows;
  Statement read = context.db.prepare(sql);
  while (read.step()) {
    by_rows[read.integer(0)].push_back(static_cast<int32_t>(read.integer(1)));
  }
  std::set<SampleId> different;
  static const std::vector<int32_t> kNone;
  const auto compare = [&](const LabelsBySample& a, const LabelsBySample& b) {
    for (const auto& [sample, labels] : a) {
      const auto found = b.find(sample);
      if (labels != (found == b.end() ? kNone : found->second)) different.insert(sample);
    }
  };
  compare(by_log, by_rows);
  compare(by_rows, by_log);
  for (const SampleId sample : different) {
    context.damage("log-labels", sample_path(context.db, sample),
                   fmt::format("its {} labels are not those of the log", which),
                   "another program changed the store; go back to a copy");
  }
}

void compare_states(DoctorContext& context, const Replay& replay) {
  Connection& db = context.db;
  std::unordered_map<SampleId, std::set<std::string>> tags;
  Statement tag_rows =
      db.prepare("SELECT sample_id, name FROM sample_tag JOIN tag ON tag.id = tag_id");
  while (tag_rows.step()) tags[tag_rows.integer(0)].insert(tag_rows.string(1));
  static const std::set<std::string> kNoTags;
  const auto tags_in = [](const auto& map, SampleId sample) -> const std::set<std::string>& {
    const auto found = map.find(sample);
    return found == map.end() ? kNoTags : found->second;
  };
  Statement read = db.prepare(
      "SELECT sample.id, review, split.name FROM sample LEFT JOIN split ON split.id = split_id");
  while (read.step()) {
    const SampleId sample = read.integer(0);
    const auto review = replay.review.find(sample);
    const auto split = replay.split.find(sample);
    const bool same = read.integer(1) == (review == replay.review.end() ? 0 : review->second) &&
                      (split == replay.split.end() || split->second == read.text(2)) &&
                      tags_in(tags, sample) == tags_in(replay.tags, sample);
    if (same) continue;
    context.damage("log-review", sample_path(db, sample),
                   "its review state, split or tags are not those of the log",
                   "another program changed the store; go back to a copy");
  }
}

}  // namespace

void check_log(DoctorContext& context) {
  const Replay replay = replay_log(context);
  compare_labels(context, replay.labels,
                 "SELECT sample_id, class_id FROM label WHERE current = 1 "
                 "ORDER BY sample_id, class_id",
                 "current");
  compare_labels(context, replay.given,
                 "SELECT sample_id, class_id FROM label WHERE given = 1 "
                 "ORDER BY sample_id, class_id",
                 "given");
  compare_states(context, replay);
  const int64_t revision = label_revision(context.db);
  if (revision != replay.last_label_event) {
    context.damage("label-revision", "meta",
                   fmt::format("it is {}, the log's last change of a label is {}", revision,
                               replay.last_label_event),
                   "compute label scores again");
  }
}

void check_undo_chain(DoctorContext& context) {
  Statement read = context.db.prepare(
      "SELECT b.id, 'it says that batch ' || b.undone_by || ' took it back, which does not' "
      "FROM batch b JOIN batch u ON u.id = b.undone_by WHERE u.undoes IS NOT b.id "
      "UNION ALL SELECT u.id, 'it took back batch ' || u.undoes || ', which does not know' "
      "FROM batch u JOIN batch b ON b.id = u.undoes WHERE b.undone_by IS NOT u.id "
      "UNION ALL SELECT id, 'it is an ' || kind || ' of nothing' FROM batch "
      "WHERE kind IN ('undo', 'redo') AND undoes IS NULL "
      "UNION ALL SELECT b.id, 'it has no events' FROM batch b WHERE kind <> 'import' "
      "AND NOT EXISTS (SELECT 1 FROM event WHERE batch_id = b.id)");
  while (read.step()) {
    context.damage("undo-chain", fmt::format("batch {}", read.integer(0)), read.string(1),
                   std::string(kGoBack));
  }
}

namespace {

// The stored bytes of one column of a block.
std::vector<uint8_t> stored_column(Connection& db, std::string_view name, int64_t block) {
  std::vector<uint8_t> bytes;
  const int64_t stream = find_stream(db, "sample", 0, name);
  if (stream != 0) {
    read_chunks(db, stream, block * kPartsPerBlock, (block + 1) * kPartsPerBlock - 1, bytes);
  }
  return bytes;
}

std::set<int64_t> unfolded_blocks(Connection& db) {
  std::set<int64_t> blocks;
  Statement read = db.prepare(
      "SELECT DISTINCT (sample_id - 1) / ?1 FROM event WHERE sample_id IS NOT NULL "
      "AND id > (SELECT value FROM meta WHERE key = 'folded_event')");
  read.bind(1, kBlockSamples);
  while (read.step()) blocks.insert(read.integer(0));
  return blocks;
}

std::map<std::string, std::vector<uint8_t>> row_columns(const BlockData& rows, bool edited) {
  const auto copy = [](std::span<const uint8_t> bytes) {
    return std::vector<uint8_t>(bytes.begin(), bytes.end());
  };
  std::map<std::string, std::vector<uint8_t>> columns{
      {"source", copy(bytes_of(rows.source))},
      {"member", copy(bytes_of(rows.member))},
      {"size_bytes", copy(bytes_of(rows.size_bytes))},
      {"width", copy(bytes_of(rows.width))},
      {"height", copy(bytes_of(rows.height))},
      {"vanished", rows.vanished},
      {"path", rows.path.encode()},
      {"labels_given", rows.labels_given.encode()},
  };
  for (const auto& [name, attribute] : rows.attributes) {
    columns["attr." + name] = encode_attribute(attribute, rows.rows());
  }
  // Where edits wait to be folded these are read from the rows anyway.
  if (edited) return columns;
  columns["labels"] = rows.labels.encode();
  columns["tags"] = rows.tags.encode();
  columns["split"] = copy(bytes_of(rows.split));
  columns["review"] = rows.review;
  return columns;
}

}  // namespace

void check_snapshot_blocks(DoctorContext& context) {
  Connection& db = context.db;
  const int64_t samples = db.integer("SELECT coalesce(max(id), 0) FROM sample");
  const std::set<int64_t> unfolded = unfolded_blocks(db);
  for (int64_t block = 0; block * kBlockSamples < samples; ++block) {
    context.cancel.check();
    const BlockData rows = read_block_rows(db, block, BlockColumns::kAll);
    for (const auto& [name, bytes] : row_columns(rows, unfolded.contains(block))) {
      const std::string where =
          fmt::format("column {} of samples {} to {}", name, first_of_block(block),
                      first_of_block(block) + kBlockSamples - 1);
      try {
        if (stored_column(db, name, block) == bytes) continue;
        context.damage("snapshot-rows", where, "it does not say what the rows say",
                       "import the source again: it writes the snapshot anew");
      } catch (const Error& error) {
        context.damage("snapshot-rows", where, error.what(),
                       "import the source again: it writes the snapshot anew");
      }
    }
  }
}

}  // namespace errata::store

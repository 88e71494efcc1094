#include "store/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/text.h"
#include "store/event_log.h"
#include "store/object_sets.h"
#include "store/sample_state.h"

namespace errata::store {

namespace {

// Names of classes and paths of samples, looked up once each.
class Names {
 public:
  explicit Names(Connection& db) : db_(db) {
    Statement read = db.prepare("SELECT id, name FROM class");
    while (read.step()) classes_.emplace(read.integer(0), read.string(1));
  }

  std::string class_name(int64_t id) const {
    if (id == 0) return "a class not in the project";
    const auto found = classes_.find(id);
    return found == classes_.end() ? fmt::format("class {}", id) : found->second;
  }

  std::vector<std::string> class_names(std::string_view json) const {
    std::vector<std::string> names;
    if (json.empty()) return names;
    for (const ClassId id : ids_from_json(json)) names.push_back(class_name(id));
    return names;
  }

  void describe_sample(LogEntry& entry) {
    Statement& read = db_.cached(
        "SELECT CASE WHEN member < 0 THEN path ELSE path || '#' || member END, xxh3 FROM sample "
        "WHERE id = ?1");
    read.bind(1, entry.sample);
    if (read.step()) {
      entry.path = read.string(0);
      entry.content_hash = fmt::format("{:016x}", static_cast<uint64_t>(read.integer(1)));
    }
    read.reset();
  }

 private:
  Connection& db_;
  std::unordered_map<int64_t, std::string> classes_;
};

bool is_about_box(std::string_view what) {
  return what.starts_with("object-") || what.starts_with("detection-");
}

// Pixels to a hundredth, never as a power of ten.
std::string px(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

// "RBC at 10, 5, 20 x 25"
std::string object_text(const Names& names, std::string_view json) {
  if (json.empty()) return {};
  const ObjectState state = object_state_from_json(json);
  const auto& box = state.box_xywh_px;
  return fmt::format("{} at {}, {}, {} x {}{}", names.class_name(state.class_id), px(box[0]),
                     px(box[1]), px(box[2]), px(box[3]), state.crowd ? ", a crowd" : "");
}

std::optional<LoggedObject> logged_object(const Names& names,
                                          const std::optional<ObjectState>& state) {
  if (!state) return std::nullopt;
  return LoggedObject{names.class_name(state->class_id),
                      state->box_xywh_px,
                      state->crowd,
                      state->difficult,
                      state->truncated,
                      state->review,
                      state->area_px,
                      state->shape};
}

ObjectChange object_change(const Names& names, std::string_view from, std::string_view to) {
  const auto state = [](std::string_view json) {
    return json.empty() ? std::nullopt : std::optional(object_state_from_json(json));
  };
  const std::optional<ObjectState> before = state(from);
  const std::optional<ObjectState> after = state(to);
  return {logged_object(names, before), logged_object(names, after), loses_mask(before, after)};
}

std::vector<std::string> one(std::string_view text) {
  if (text.empty()) return {};
  return {std::string(text)};
}

void fill_values(const Names& names, std::string_view from, std::string_view to, LogEntry& entry) {
  if (entry.what == "label") {
    entry.from = names.class_names(from);
    entry.to = names.class_names(to);
  } else if (is_about_box(entry.what)) {
    entry.from = one(object_text(names, from));
    entry.to = one(object_text(names, to));
    entry.object = object_change(names, from, to);
    entry.sample = object_state_from_json(to.empty() ? from : to).sample;
  } else if (entry.what == "class-merge" || entry.what == "class-unmerge") {
    entry.from = one(names.class_name(std::stoll(std::string(from))));
    entry.to = one(names.class_name(std::stoll(std::string(to))));
  } else {
    entry.from = one(from);
    entry.to = one(to);
  }
  const bool decides = entry.what == "exclude" || entry.what == "include" || entry.what == "keep" ||
                       entry.what == "ambiguous" || entry.what == "unreview";
  if (!decides) return;
  entry.from = one(review_name(entry.review_from));
  entry.to = one(review_name(entry.review_to));
}

// What an import did to one sample, as entries of it.
void add_import_entries(Connection& db, const Names& names, const LogEntry& import, SampleId sample,
                        int64_t first_place, int64_t end_place, std::vector<LogEntry>& entries) {
  const ImportChanges changes = read_import_changes(db, import.batch, first_place, end_place);
  size_t from = 0;
  size_t to = 0;
  for (size_t i = 0; i < changes.samples.size(); ++i) {
    if (changes.samples[i] == sample) {
      LogEntry entry = import;
      entry.sample = sample;
      for (uint32_t k = 0; k < changes.from_counts[i]; ++k) {
        entry.from.push_back(names.class_name(changes.from[from + k]));
      }
      for (uint32_t k = 0; k < changes.to_counts[i]; ++k) {
        entry.to.push_back(names.class_name(changes.to[to + k]));
      }
      entries.push_back(std::move(entry));
    }
    from += changes.from_counts[i];
    to += changes.to_counts[i];
  }
}

}  // namespace

namespace {

// The events of one sample, or of one batch, are found by an index each, whatever the log holds of
// others.
std::string log_sql(const LogFilter& filter) {
  constexpr std::string_view kOfSample =
      "(SELECT id AS wanted FROM event WHERE sample_id = ?1 "
      "UNION SELECT id FROM event WHERE object_id IS NOT NULL "
      "AND json_extract(coalesce(value_to, value_from), '$.sample') = ?1 "
      "UNION SELECT event.id FROM batch i JOIN event ON event.batch_id = i.id "
      "WHERE i.kind = 'import' AND event.what = 'import') CROSS JOIN event e ON e.id = wanted";
  return fmt::format(
      "SELECT e.id, e.batch_id, b.kind, b.at, b.who, coalesce(e.why, b.why), e.what, e.sample_id, "
      "e.value_from, e.value_to, e.review_from, e.review_to, b.undone_by, source.name, b.detail, "
      "e.object_id "
      "FROM {} JOIN batch b ON b.id = e.batch_id LEFT JOIN source ON source.id = b.source_id "
      "WHERE {} AND ?1 = ?1 AND ?2 = ?2 AND (?3 = '' OR b.who = ?3) AND (?4 = 0 OR e.id < ?4) "
      "AND (?5 = 0 OR (b.undone_by IS NULL AND b.kind <> 'undo')) ORDER BY e.id DESC",
      filter.sample == 0 ? "event e" : kOfSample, filter.batch == 0 ? "1" : "e.batch_id = ?2");
}

}  // namespace

std::vector<LogEntry> read_log(Store& store, const LogFilter& filter) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  Names names(db);
  std::vector<LogEntry> entries;
  Statement read = db.prepare(log_sql(filter));
  read.bind(1, filter.sample).bind(2, filter.batch).bind(3, filter.who);
  read.bind(4, filter.before_event).bind(5, filter.standing_only ? 1 : 0);
  int64_t last_import = 0;
  while (entries.size() < filter.limit && read.step()) {
    LogEntry entry;
    entry.event = read.integer(0);
    entry.batch = read.integer(1);
    entry.batch_kind = read.string(2);
    entry.at = read.string(3);
    entry.who = read.string(4);
    entry.why = read.string(5);
    entry.what = read.string(6);
    entry.sample = read.integer(7);
    entry.review_from = static_cast<Review>(read.integer(10));
    entry.review_to = static_cast<Review>(read.integer(11));
    entry.undone_by = read.integer(12);
    entry.object_id = read.integer(15);
    // What an import did to objects is part of its entry.
    const bool imports = entry.what == "import" || entry.what == "objects";
    if (imports && filter.sample != 0 && entry.what == "objects") continue;
    if (imports) entry.what = "import";
    if (!imports) {
      fill_values(names, read.text(8), read.text(9), entry);
      if (entry.sample != 0) names.describe_sample(entry);
      entries.push_back(std::move(entry));
      continue;
    }
    if (filter.sample != 0) {
      const size_t before = entries.size();
      add_import_entries(db, names, entry, filter.sample, read.integer(8), read.integer(9),
                         entries);
      for (size_t i = before; i < entries.size(); ++i) names.describe_sample(entries[i]);
      continue;
    }
    // An import of several transactions is one entry.
    if (entry.batch == last_import) continue;
    last_import = entry.batch;
    entry.path = read.string(13);
    entry.to = one(read.text(14));
    entries.push_back(std::move(entry));
  }
  return entries;
}

namespace {

std::vector<std::string> common_values(const Names& names, std::string_view what,
                                       const std::string& least, const std::string& most) {
  if (least != most) return {};
  if (is_about_box(what)) {
    return least.empty() ? one({}) : one(names.class_name(std::stoll(least)));
  }
  return what == "label" ? names.class_names(least) : one(least);
}

}  // namespace

namespace {

struct Words {
  std::string_view what;
  std::string_view one;
  std::string_view many;
};

constexpr std::array kWords{
    Words{"label", "label set", "labels set"},
    Words{"keep", "kept", "kept"},
    Words{"exclude", "excluded", "excluded"},
    Words{"include", "included again", "included again"},
    Words{"ambiguous", "ambiguous", "ambiguous"},
    Words{"unreview", "back to unseen", "back to unseen"},
    Words{"tag", "tag added", "tags added"},
    Words{"untag", "tag removed", "tags removed"},
    Words{"split", "split set", "splits set"},
    Words{"class-add", "class added", "classes added"},
    Words{"class-rename", "class renamed", "classes renamed"},
    Words{"class-merge", "class merged", "classes merged"},
    Words{"class-unmerge", "class merge undone", "class merges undone"},
    Words{"object-add", "box added", "boxes added"},
    Words{"object-delete", "box deleted", "boxes deleted"},
    Words{"object-class", "box given a class", "boxes given a class"},
    Words{"object-box", "box moved or resized", "boxes moved or resized"},
    Words{"object-crowd", "box's crowd mark changed", "boxes' crowd marks changed"},
    Words{"object-difficult", "box's difficult mark changed", "boxes' difficult marks changed"},
    Words{"object-truncated", "box's truncated mark changed", "boxes' truncated marks changed"},
    Words{"object-keep", "box kept", "boxes kept"},
    Words{"object-ambiguous", "box ambiguous", "boxes ambiguous"},
    Words{"object-unreview", "box back to unseen", "boxes back to unseen"},
    Words{"object-restore", "box set as in a file", "boxes set as in a file"},
    Words{"detection-keep", "detection kept", "detections kept"},
    Words{"detection-ambiguous", "detection ambiguous", "detections ambiguous"},
    Words{"detection-unreview", "detection back to unseen", "detections back to unseen"}};

}  // namespace

std::string change_words(std::string_view what, uint64_t count) {
  const auto words = std::find_if(kWords.begin(), kWords.end(),
                                  [&](const Words& each) { return each.what == what; });
  return fmt::format("{} {}", with_thousands(count),
                     words == kWords.end() ? what : (count == 1 ? words->one : words->many));
}

std::string_view inverse_change(std::string_view what) {
  if (what == "object-add") return "object-delete";
  if (what == "object-delete") return "object-add";
  if (what == "class-merge") return "class-unmerge";
  return what == "class-unmerge" ? "class-merge" : what;
}

std::vector<LogBatch> read_batches(Store& store, int64_t before_batch, size_t limit) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const Names names(db);
  std::vector<LogBatch> batches;
  Statement read = db.prepare(
      "SELECT b.id, b.kind, b.at, b.who, b.why, source.name, b.detail, b.undoes, b.undone_by "
      "FROM batch b LEFT JOIN source ON source.id = b.source_id "
      "WHERE ?1 = 0 OR b.id < ?1 ORDER BY b.id DESC LIMIT ?2");
  read.bind(1, before_batch).bind(2, static_cast<int64_t>(limit));
  // Of an annotation, whose state is long and never that of another, the class.
  Statement count = db.prepare(
      "SELECT what, count(*), min(short_from), max(short_from), min(short_to), max(short_to), "
      "min(why), max(why), min(value_from), min(value_to) FROM (SELECT what, value_from, value_to, "
      "coalesce(why, '') AS why, "
      "coalesce(iif(object_id IS NULL, value_from, json_extract(value_from, '$.class')), '') "
      "AS short_from, "
      "coalesce(iif(object_id IS NULL, value_to, json_extract(value_to, '$.class')), '') "
      "AS short_to FROM event WHERE batch_id = ?1 AND what NOT IN ('import', 'objects')) "
      "GROUP BY what ORDER BY what");
  while (read.step()) {
    LogBatch batch;
    batch.batch = read.integer(0);
    batch.kind = read.string(1);
    batch.at = read.string(2);
    batch.who = read.string(3);
    batch.why = read.string(4);
    batch.source = read.string(5);
    batch.detail = read.string(6);
    batch.undoes = read.integer(7);
    batch.undone_by = read.integer(8);
    count.bind(1, batch.batch);
    while (count.step()) {
      BatchChange change;
      change.what = count.string(0);
      change.count = static_cast<uint64_t>(count.integer(1));
      change.from = common_values(names, change.what, count.string(2), count.string(3));
      change.to = common_values(names, change.what, count.string(4), count.string(5));
      if (change.count == 1 && is_about_box(change.what)) {
        change.object = object_change(names, count.text(8), count.text(9));
      }
      if (count.text(6) == count.text(7) && !count.text(6).empty()) batch.why = count.string(6);
      batch.changes.push_back(std::move(change));
    }
    count.reset();
    batches.push_back(std::move(batch));
  }
  return batches;
}

std::vector<SampleId> batch_samples(Store& store, int64_t batch) {
  std::vector<SampleId> samples;
  Statement read = store.db().prepare(
      "SELECT sample_id FROM event WHERE batch_id = ?1 AND sample_id > 0 UNION "
      "SELECT json_extract(coalesce(value_to, value_from), '$.sample') FROM event "
      "WHERE batch_id = ?1 AND object_id IS NOT NULL ORDER BY 1");
  read.bind(1, batch);
  while (read.step()) samples.push_back(read.integer(0));
  return samples;
}

std::vector<StandingDecision> newest_decisions(Store& store, std::span<const SampleId> samples) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  // SQLite takes the other columns from the row that holds the maximum.
  constexpr std::string_view kDecisions =
      "SELECT e.sample_id, coalesce(e.why, b.why), max(e.id) FROM event e "
      "JOIN batch b ON b.id = e.batch_id "
      "WHERE e.what IN ('label', 'keep', 'ambiguous', 'exclude') AND b.undone_by IS NULL "
      "AND b.kind IN ('edit', 'redo') AND ";
  std::vector<StandingDecision> decisions;
  const auto take = [&](Statement& read) {
    while (read.step()) decisions.push_back({read.integer(0), read.string(1)});
    read.reset();
  };
  if (samples.empty()) {
    Statement read = db.prepare(fmt::format("{} e.sample_id > 0 GROUP BY e.sample_id", kDecisions));
    take(read);
    return decisions;
  }
  std::vector<SampleId> rising(samples.begin(), samples.end());
  std::sort(rising.begin(), rising.end());
  Statement read = db.prepare(fmt::format("{} e.sample_id = ?1 GROUP BY e.sample_id", kDecisions));
  for (const SampleId sample : rising) {
    read.bind(1, sample);
    take(read);
  }
  return decisions;
}

}  // namespace errata::store

#include "store/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "store/event_log.h"
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

std::vector<std::string> one(std::string_view text) {
  if (text.empty()) return {};
  return {std::string(text)};
}

void fill_values(const Names& names, std::string_view from, std::string_view to, LogEntry& entry) {
  if (entry.what == "label") {
    entry.from = names.class_names(from);
    entry.to = names.class_names(to);
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

std::vector<LogEntry> read_log(Store& store, const LogFilter& filter) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  Names names(db);
  std::vector<LogEntry> entries;
  Statement read = db.prepare(
      "SELECT e.id, e.batch_id, b.kind, b.at, b.who, coalesce(e.why, b.why), e.what, e.sample_id, "
      "e.value_from, e.value_to, e.review_from, e.review_to, b.undone_by, source.name, b.detail "
      "FROM event e JOIN batch b ON b.id = e.batch_id LEFT JOIN source ON source.id = b.source_id "
      "WHERE (?1 = 0 OR e.sample_id = ?1 OR e.what = 'import') AND (?2 = 0 OR e.batch_id = ?2) "
      "AND (?3 = '' OR b.who = ?3) AND (?4 = 0 OR e.id < ?4) "
      "AND (?5 = 0 OR (b.undone_by IS NULL AND b.kind <> 'undo')) ORDER BY e.id DESC");
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
    if (entry.what != "import") {
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

}  // namespace errata::store

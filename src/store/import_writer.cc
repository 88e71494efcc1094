#include "store/import_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/text.h"
#include "store/import_state.h"
#include "store/issue_rows.h"
#include "store/issues.h"
#include "store/lease.h"
#include "store/object_sets.h"
#include "store/sample_state.h"

namespace errata::store {

namespace {

// A transaction is kept open over several calls while samples come fast, so that a bulk import is
// few transactions; a slow source commits at once, so that others may write.
constexpr size_t kMostRowsOpen = 65'536;
constexpr double kMostSecsOpen = 0.5;
constexpr double kFastRowsPerSec = 20'000;

std::string stored_name(const std::string& name) {
  return is_valid_utf8(name) ? name : escape_bytes(name);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string class_names(Connection& db, std::span<const int32_t> ids) {
  std::string names;
  Statement& read = db.cached("SELECT name FROM class WHERE id = ?1");
  for (const int32_t id : ids) {
    read.bind(1, int64_t{id});
    if (read.step()) names += (names.empty() ? "" : ", ") + read.string(0);
    read.reset();
  }
  return names;
}

std::string report_to_json(const ImportReport& report) {
  const std::pair<std::string_view, uint64_t> counts[] = {
      {"seen", report.seen},
      {"added", report.added},
      {"unchanged", report.unchanged},
      {"changed", report.changed},
      {"moved", report.moved},
      {"returned", report.returned},
      {"vanished", report.vanished},
      {"duplicates", report.duplicates},
      {"labels_changed", report.labels_changed},
      {"objects", report.objects},
      {"objects_added", report.objects_added},
      {"objects_changed", report.objects_changed},
      {"objects_removed", report.objects_removed},
      {"label_conflicts", report.conflicts.size()}};
  std::string json;
  for (const auto& [name, count] : counts) {
    if (name.starts_with("objects") && !report.has_objects) continue;
    json += fmt::format("{}\"{}\":{}", json.empty() ? "{" : ",", name, count);
  }
  return json + "}";
}

}  // namespace

// Checking references row by row costs a quarter of a bulk import, which writes only ids it has
// just made or read; the doctor checks them all.
class WithoutReferenceChecks {
 public:
  explicit WithoutReferenceChecks(Connection& db) : db_(db) {
    db_.exec("PRAGMA foreign_keys = OFF");
  }
  ~WithoutReferenceChecks() {
    sqlite3_exec(db_.handle(), "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr);
  }
  WithoutReferenceChecks(const WithoutReferenceChecks&) = delete;
  WithoutReferenceChecks& operator=(const WithoutReferenceChecks&) = delete;

 private:
  Connection& db_;
};

// Statements that run once per new sample.
struct HotStatements {
  explicit HotStatements(Connection& db)
      : sample(
            db,
            "INSERT OR IGNORE INTO sample(id, source_id, root_id, path, member, size_bytes, "
            "mtime_ns, xxh3, width_px, height_px, orientation, split_id, split_given_id, review, "
            "added_batch, raw_id, attributes) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, 0, ?13, ?14, ?15)"),
        label(db, "INSERT INTO label(sample_id, class_id, given, current) VALUES (?1, ?2, 1, 1)") {}
  Statement sample;
  Statement label;
};

struct ImportWriter::State {
  State(Store& store, ImportOptions import_options)
      : db(store.db()), options(std::move(import_options)), unchecked(db), hot(db) {}

  Connection& db;
  ImportOptions options;
  WithoutReferenceChecks unchecked;  // before the transaction, which goes first
  HotStatements hot;
  std::optional<Lease> lease;
  std::optional<NameTable> splits;
  ImportReport report;
  int64_t root_id = 0;
  std::vector<int32_t> class_of;  // project class id of each source class
  SampleId next_id = 1;
  KnownSamples known;
  // Perhaps moved; settled when all have been seen. With the place of each among all samples.
  std::vector<std::pair<SampleRecord, size_t>> held;
  std::unique_ptr<ObjectSetWriter> objects;  // of sources that have any
  ImportChanges changes;
  std::optional<BlockKeeper> blocks;
  std::optional<StateRows> rows;
  std::optional<Transaction> transaction;
  std::chrono::steady_clock::time_point opened;
  size_t rows_open = 0;
  int64_t data_version = -1;
  std::vector<Issue> own_issues;
  bool labels_touched = false;
  std::string attributes_json;

  void begin_source(const SourceHeader& header);
  void begin_root(const std::string& root);
  void begin_classes(const ClassMap& classes);
  void begin_batch();
  int32_t project_class(const std::string& name,
                        const std::unordered_map<std::string, int64_t>& earlier);
  void open();
  void commit();
  void commit_when_due();
  void take(SampleRecord& record);
  // These return the sample that it is.
  SampleId add_new(const SampleRecord& record, std::string_view path);
  SampleId match(const SampleRecord& record, std::string_view path, KnownSample& known_sample,
                 bool moved);
  void update_row(const SampleRecord& record, std::string_view path, KnownSample& known_sample,
                  bool moved, bool content_changed);
  void update_labels(KnownSample& known_sample, std::span<const int32_t> labels);
  void update_split(KnownSample& known_sample, int64_t split_given);
  std::vector<int32_t> labels_of(const SampleRecord& record) const;
  int64_t split_of(const SampleRecord& record);
  void add_duplicate(const SampleRecord& record, std::string_view path);
  void finish_objects();
  void list_object_conflicts(const ObjectSetWriter::Result& result);
  void list_twins();
  void settle();
  void collect_report();
};

void ImportWriter::State::begin_root(const std::string& root) {
  const std::string escaped = escape_bytes(root);
  db.prepare("INSERT OR IGNORE INTO root(path) VALUES (?1)").bind(1, escaped).run();
  Statement find = db.prepare("SELECT id FROM root WHERE path = ?1");
  find.bind(1, escaped);
  find.step();
  root_id = find.integer(0);
}

void ImportWriter::State::begin_source(const SourceHeader& header) {
  const std::string root = header.root;
  begin_root(root);
  const std::string input = escape_bytes(options.input_path);
  Statement find = db.prepare(
      "SELECT source.id, root_id, root.path FROM source JOIN root ON root.id = root_id "
      "WHERE name = ?1");
  find.bind(1, options.source_name);
  if (find.step()) {
    if (find.integer(1) != root_id) {
      throw Error(ErrorCategory::kConflict,
                  fmt::format("the source '{}' is that of {}", options.source_name, find.text(2)),
                  "give this one another name, or point the old one here with `errata root set`",
                  root);
    }
    report.source = find.integer(0);
    find.reset();
    db.prepare("UPDATE source SET format = ?2, input_path = ?3 WHERE id = ?1")
        .bind(1, report.source)
        .bind(2, header.format)
        .bind(3, input)
        .run();
    return;
  }
  db.prepare("INSERT INTO source(name, format, root_id, input_path) VALUES (?1, ?2, ?3, ?4)")
      .bind(1, options.source_name)
      .bind(2, header.format)
      .bind(3, root_id)
      .bind(4, input)
      .run();
  report.source = db.last_id();
}

int32_t ImportWriter::State::project_class(
    const std::string& name, const std::unordered_map<std::string, int64_t>& earlier) {
  std::string target = name;
  bool mapped = false;
  for (const auto& [from, to] : options.class_names) {
    if (stored_name(from) == name) {
      target = stored_name(to);
      mapped = true;
    }
  }
  int64_t id = 0;
  // What a class of this source meant at its last import it means still, renamed or not.
  const auto before = earlier.find(name);
  if (!mapped && before != earlier.end()) id = before->second;
  if (id == 0) {
    Statement find = db.prepare("SELECT id FROM class WHERE name = ?1");
    find.bind(1, target);
    if (find.step()) id = find.integer(0);
  }
  if (id == 0) {
    db.prepare("INSERT INTO class(name) VALUES (?1)").bind(1, target).run();
    report.new_classes.push_back(target);
    return static_cast<int32_t>(db.last_id());
  }
  Statement merged = db.prepare("SELECT merged_into FROM class WHERE id = ?1");
  while (true) {
    merged.bind(1, id);
    const bool goes_on = merged.step() && !merged.is_null(0);
    if (goes_on) id = merged.integer(0);
    merged.reset();
    if (!goes_on) return static_cast<int32_t>(id);
  }
}

void ImportWriter::State::begin_classes(const ClassMap& classes) {
  std::unordered_map<std::string, int64_t> earlier;
  Statement read = db.prepare(
      "SELECT name, class_id FROM source_class WHERE source_id = ?1 ORDER BY position DESC");
  read.bind(1, report.source);
  while (read.step()) earlier[read.string(0)] = read.integer(1);
  db.prepare("DELETE FROM source_class WHERE source_id = ?1").bind(1, report.source).run();
  Statement insert = db.prepare(
      "INSERT INTO source_class(source_id, position, name, raw_id, class_id) "
      "VALUES (?1, ?2, ?3, ?4, ?5)");
  for (size_t i = 0; i < classes.size(); ++i) {
    const ClassEntry& entry = classes[static_cast<ClassIndex>(i)];
    const std::string name = stored_name(entry.name);
    const std::string raw_id = stored_name(entry.raw_id);
    class_of.push_back(project_class(name, earlier));
    insert.bind(1, report.source).bind(2, static_cast<int64_t>(i)).bind(3, name).bind(4, raw_id);
    insert.bind(5, int64_t{class_of.back()}).run();
  }
}

void ImportWriter::State::begin_batch() {
  Statement open_batch = db.prepare(
      "SELECT max(id) FROM batch WHERE source_id = ?1 AND kind = 'import' AND finished = 0");
  open_batch.bind(1, report.source);
  open_batch.step();
  report.batch = open_batch.integer(0);
  open_batch.reset();
  report.resumed = report.batch != 0;
  if (report.resumed) return;
  const std::string now = now_iso8601_utc();
  db.prepare(
        "INSERT INTO batch(kind, at, who, why, source_id, finished) "
        "VALUES ('import', ?1, ?2, '', ?3, 0)")
      .bind(1, now)
      .bind(2, options.who)
      .bind(3, report.source)
      .run();
  report.batch = db.last_id();
}

void ImportWriter::State::open() {
  if (transaction) return;
  transaction.emplace(db, Transaction::Kind::kWrite);
  opened = std::chrono::steady_clock::now();
  rows_open = 0;
  const int64_t version = db.integer("PRAGMA data_version");
  if (version == data_version) return;
  // Another connection wrote: it may have added samples, or edited some of ours.
  data_version = version;
  next_id = db.integer("SELECT coalesce(max(id), 0) + 1 FROM sample");
  if (blocks) blocks->forget_tail();
}

void ImportWriter::State::commit() {
  if (!transaction) return;
  lease->renew();
  if (!changes.empty()) {
    const int64_t event = write_import_changes(db, report.batch, changes);
    if (labels_touched) set_label_revision(db, event);
    changes.clear();
    labels_touched = false;
  }
  blocks->write();
  if (objects != nullptr) objects->flush();
  transaction->commit();
  transaction.reset();
}

std::vector<int32_t> ImportWriter::State::labels_of(const SampleRecord& record) const {
  std::vector<int32_t> labels;
  for (const ClassIndex index : record.labels) {
    if (index < 0 || static_cast<size_t>(index) >= class_of.size()) {
      throw Error(ErrorCategory::kInternal, fmt::format("class {} of {}", index, class_of.size()));
    }
    labels.push_back(class_of[static_cast<size_t>(index)]);
  }
  if (labels.size() > 1) {
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  }
  return labels;
}

int64_t ImportWriter::State::split_of(const SampleRecord& record) {
  const std::string& name = options.split.empty() ? record.split : options.split;
  return splits->require(is_valid_utf8(name) ? name : escape_bytes(name));
}

void ImportWriter::State::add_duplicate(const SampleRecord& record, std::string_view path) {
  ++report.duplicates;
  Issue issue;
  issue.kind = "duplicate-sample";
  issue.file = std::string(path);
  if (record.member >= 0) issue.place = fmt::format("image {}", record.member);
  issue.message = "The source names this image twice; the first one counts.";
  own_issues.push_back(std::move(issue));
}

SampleId ImportWriter::State::add_new(const SampleRecord& record, std::string_view path) {
  const int64_t split = split_of(record);
  Statement& insert = hot.sample;
  insert.bind(1, next_id).bind(2, report.source).bind(3, root_id).bind(4, path);
  insert.bind(5, record.member).bind(6, record.size_bytes).bind(7, record.mtime_ns);
  insert.bind(8, record.xxh3).bind(9, record.width_px).bind(10, record.height_px);
  insert.bind(11, int64_t{record.orientation}).bind_id(12, split).bind(13, report.batch);
  const std::string raw_id = stored_name(record.raw_id);
  insert.bind_optional(14, raw_id);
  attributes_json = attributes_to_json(record.attributes);
  insert.bind_optional(15, attributes_json);
  insert.run();
  if (db.changes() == 0) {
    add_duplicate(record, path);
    Statement& find =
        db.cached("SELECT id FROM sample WHERE root_id = ?1 AND path = ?2 AND member = ?3");
    find.bind(1, root_id).bind(2, path).bind(3, record.member);
    const SampleId first = find.step() ? find.integer(0) : 0;
    find.reset();
    return first;
  }
  const std::vector<int32_t> labels = labels_of(record);
  for (const int32_t id : labels) hot.label.bind(1, next_id).bind(2, int64_t{id}).run();
  changes.add(next_id, ImportChange::kAdded, {}, labels);
  labels_touched |= !labels.empty();
  blocks->append(next_id, record, path, static_cast<int32_t>(report.source),
                 static_cast<int32_t>(split), labels);
  return next_id++;
}

void ImportWriter::State::update_row(const SampleRecord& record, std::string_view path,
                                     KnownSample& known_sample, bool moved, bool content_changed) {
  Statement& update = db.cached(
      "UPDATE sample SET path = ?2, member = ?3, size_bytes = ?4, mtime_ns = ?5, xxh3 = ?6, "
      "width_px = ?7, height_px = ?8, orientation = ?9, raw_id = ?10, attributes = ?11, "
      "changed_batch = CASE WHEN ?12 THEN ?13 ELSE changed_batch END, vanished_batch = NULL "
      "WHERE id = ?1");
  const std::string raw_id = stored_name(record.raw_id);
  update.bind(1, known_sample.id).bind(2, path).bind(3, record.member);
  update.bind(4, record.size_bytes).bind(5, record.mtime_ns).bind(6, record.xxh3);
  update.bind(7, record.width_px).bind(8, record.height_px);
  update.bind(9, int64_t{record.orientation}).bind_optional(10, raw_id);
  update.bind_optional(11, attributes_json).bind(12, content_changed || moved ? 1 : 0);
  update.bind(13, report.batch);
  update.run();
  update.reset();
  blocks->mark(known_sample.id);
}

void ImportWriter::State::update_split(KnownSample& known_sample, int64_t split_given) {
  if (split_given == known_sample.split_given) return;
  // A split that was set here stays; else it follows the source.
  Statement& update = db.cached(
      "UPDATE sample SET split_id = CASE WHEN split_id IS split_given_id THEN ?2 ELSE split_id "
      "END, "
      "split_given_id = ?2 WHERE id = ?1");
  update.bind(1, known_sample.id).bind_id(2, split_given);
  update.run();
  update.reset();
  known_sample.split_given = static_cast<int32_t>(split_given);
  blocks->mark(known_sample.id);
}

void ImportWriter::State::update_labels(KnownSample& known_sample,
                                        std::span<const int32_t> labels) {
  const std::span<const int32_t> given = known.labels_given(known_sample.id);
  if (std::equal(given.begin(), given.end(), labels.begin(), labels.end())) return;
  // Another source's sample keeps what that source says; this one only fills in.
  if (!known_sample.own && (labels.empty() || !given.empty())) return;
  if (!rows) rows.emplace(db);
  const StoredState stored = rows->read(known_sample.id);
  const bool decided =
      stored.state.review != Review::kUnseen || stored.state.labels != stored.given;
  const std::vector<int32_t> old_given(given.begin(), given.end());
  Statement& clear = db.cached("UPDATE label SET given = 0 WHERE sample_id = ?1 AND current = 1");
  Statement& drop = db.cached("DELETE FROM label WHERE sample_id = ?1 AND current = 0");
  clear.bind(1, known_sample.id).run();
  drop.bind(1, known_sample.id).run();
  if (!decided) {
    db.cached("DELETE FROM label WHERE sample_id = ?1").bind(1, known_sample.id).run();
  }
  Statement& add = db.cached(
      "INSERT INTO label(sample_id, class_id, given, current) VALUES (?1, ?2, 1, ?3) "
      "ON CONFLICT DO UPDATE SET given = 1");
  for (const int32_t id : labels) {
    add.bind(1, known_sample.id).bind(2, int64_t{id}).bind(3, decided ? 0 : 1).run();
  }
  changes.add(known_sample.id, decided ? ImportChange::kGivenOnly : ImportChange::kLabels,
              old_given, labels);
  labels_touched |= !decided;
  blocks->mark(known_sample.id);
}

SampleId ImportWriter::State::match(const SampleRecord& record, std::string_view path,
                                    KnownSample& known_sample, bool moved) {
  if (known_sample.seen) {
    add_duplicate(record, path);
    return known_sample.id;
  }
  known_sample.seen = true;
  const bool content_changed = known_sample.xxh3 != record.xxh3 ||
                               known_sample.size_bytes != static_cast<int64_t>(record.size_bytes);
  const int64_t split = split_of(record);
  if (known_sample.own) {
    attributes_json = attributes_to_json(record.attributes);
    const bool other =
        known_sample.other_hash != other_hash(record.width_px, record.height_px, record.orientation,
                                              split, stored_name(record.raw_id), attributes_json);
    if (content_changed || moved || other || known_sample.vanished ||
        known_sample.mtime_ns != record.mtime_ns) {
      update_row(record, path, known_sample, moved, content_changed);
    }
    update_split(known_sample, split);
  }
  update_labels(known_sample, labels_of(record));
  if (moved) {
    ++report.moved;
  } else if (known_sample.vanished && known_sample.own) {
    ++report.returned;
  } else if (content_changed || known_sample.changed_by_batch) {
    ++report.changed;
  } else if (!known_sample.by_batch) {
    ++report.unchanged;
  }
  return known_sample.id;
}

void ImportWriter::State::take(SampleRecord& record) {
  const std::string path = escape_bytes(record.path);
  ++rows_open;
  SampleId sample = 0;
  const std::string raw_text = std::move(record.raw_text);
  const uint32_t document = record.document;
  if (KnownSample* found = known.find(path, record.member); found != nullptr) {
    sample = match(record, path, *found, false);
  } else if (!known.empty() && known.find_unseen(record.xxh3, record.size_bytes) != nullptr) {
    held.emplace_back(std::move(record), objects == nullptr ? 0 : objects->images());
  } else {
    sample = add_new(record, path);
  }
  if (objects != nullptr) objects->add_image(sample, raw_text, document);
}

// Those held back are moved when the old place is gone by now, and new otherwise; what was not seen
// has vanished.
void ImportWriter::State::settle() {
  for (const auto& [record, place] : held) {
    const std::string path = escape_bytes(record.path);
    SampleId sample = 0;
    if (KnownSample* found = known.find(path, record.member); found != nullptr) {
      sample = match(record, path, *found, false);
    } else if (KnownSample* old = known.find_unseen(record.xxh3, record.size_bytes);
               old != nullptr) {
      sample = match(record, path, *old, true);
      known.add_locator(path, record.member, *old);
    } else {
      sample = add_new(record, path);
    }
    if (objects != nullptr) objects->set_sample(place, sample);
  }
  held.clear();
  Statement& vanish = db.cached("UPDATE sample SET vanished_batch = ?2 WHERE id = ?1");
  for (const KnownSample& sample : known.all()) {
    if (sample.seen || !sample.own || sample.vanished) continue;
    vanish.bind(1, sample.id).bind(2, report.batch).run();
    blocks->mark(sample.id);
    ++report.vanished;
  }
}

void ImportWriter::State::list_object_conflicts(const ObjectSetWriter::Result& result) {
  for (const ObjectId object : result.conflicts) {
    Issue issue;
    issue.severity = IssueSeverity::kWarning;
    issue.kind = "object-conflict";
    issue.place = fmt::format("object {}", object);
    issue.message = "A person had changed this object, and now the source says something else.";
    issue.fix = "The person's stays; `errata undo` or another edit changes it.";
    own_issues.push_back(std::move(issue));
  }
  if (result.covered_images == 0) return;
  Issue issue;
  issue.severity = IssueSeverity::kWarning;
  issue.kind = "objects-of-another-source";
  issue.text = fmt::format("{} images", result.covered_images);
  issue.message = "Another source brought objects for these images before; those stay.";
  issue.fix =
      "To compare them: `errata predictions` takes annotations as a run, `--format annotations`.";
  own_issues.push_back(std::move(issue));
}

// The same pictures below another folder are samples of their own: seldom what somebody means who
// brings a second source of boxes.
void ImportWriter::State::list_twins() {
  Statement count = db.prepare(
      "SELECT count(*) FROM sample a JOIN (SELECT DISTINCT xxh3, size_bytes FROM sample "
      "WHERE source_id <> ?1 AND vanished_batch IS NULL) b "
      "ON b.xxh3 = a.xxh3 AND b.size_bytes = a.size_bytes "
      "WHERE a.source_id = ?1 AND a.added_batch = ?2");
  count.bind(1, report.source).bind(2, report.batch);
  if (count.step()) report.twin_images = static_cast<uint64_t>(count.integer(0));
  if (report.twin_images == 0) return;
  Issue issue;
  issue.severity = IssueSeverity::kWarning;
  issue.kind = "images-of-another-source";
  issue.text = fmt::format("{} images", report.twin_images);
  issue.message =
      "The same files are images of another source, below another folder: here they are images of "
      "their own.";
  issue.fix =
      "To compare boxes of the same images: `errata predictions` takes annotations as a run, "
      "`--format annotations`.";
  own_issues.push_back(std::move(issue));
}

void ImportWriter::State::finish_objects() {
  if (objects == nullptr) return;
  const ObjectSetWriter::Result result = objects->finish();
  report.objects = result.objects;
  report.objects_added = result.added;
  report.objects_changed = result.changed;
  report.objects_removed = result.removed;
  report.covered_images = result.covered_images;
  list_object_conflicts(result);
  list_twins();
}

// What the whole import changed, an interrupted first part included, stands in its log.
void ImportWriter::State::collect_report() {
  Statement events = db.prepare(
      "SELECT value_from, value_to FROM event WHERE batch_id = ?1 AND what = 'import' ORDER BY id");
  events.bind(1, report.batch);
  if (!rows) rows.emplace(db);
  while (events.step()) {
    const ImportChanges part =
        read_import_changes(db, report.batch, events.integer(0), events.integer(1));
    size_t to = 0;
    for (size_t i = 0; i < part.samples.size(); ++i) {
      const std::span<const int32_t> given(part.to.data() + to, part.to_counts[i]);
      to += part.to_counts[i];
      const auto kind = static_cast<ImportChange>(part.kinds[i]);
      report.added += kind == ImportChange::kAdded ? 1 : 0;
      report.labels_changed += kind == ImportChange::kLabels ? 1 : 0;
      if (kind != ImportChange::kGivenOnly) continue;
      const SampleId sample = part.samples[i];
      const std::vector<ClassId> current = rows->read(sample).state.labels;
      const std::vector<int32_t> ids(current.begin(), current.end());
      if (std::equal(ids.begin(), ids.end(), given.begin(), given.end())) continue;
      Statement& path = db.cached(
          "SELECT CASE WHEN member < 0 THEN path ELSE path || '#' || member END FROM sample "
          "WHERE id = ?1");
      path.bind(1, sample);
      path.step();
      report.conflicts.push_back(
          {sample, path.string(0), class_names(db, ids), class_names(db, given)});
      path.reset();
    }
  }
  for (const LabelConflict& conflict : report.conflicts) {
    Issue issue;
    issue.kind = "label-conflict";
    issue.file = conflict.path;
    issue.text = conflict.imported;
    issue.message = fmt::format("A person decided '{}', the source now says '{}'.", conflict.edited,
                                conflict.imported);
    issue.fix = "Keep it as it is, or set the label with `errata edit set`.";
    own_issues.push_back(std::move(issue));
  }
}

ImportWriter::ImportWriter(Store& store, ImportOptions options)
    : state_(std::make_unique<State>(store, std::move(options))) {}

ImportWriter::~ImportWriter() = default;

void ImportWriter::begin(const SourceHeader& header) {
  State& state = *state_;
  if (trim(state.options.source_name).empty() || !is_valid_utf8(state.options.source_name)) {
    throw Error(ErrorCategory::kUsage, "a source needs a name");
  }
  state.lease.emplace(state.db, fmt::format("import of '{}'", state.options.source_name));
  Transaction transaction(state.db, Transaction::Kind::kWrite);
  state.begin_source(header);
  state.begin_classes(header.classes);
  state.begin_batch();
  if (header.has_objects) {
    state.report.has_objects = true;
    state.objects = std::make_unique<ObjectSetWriter>(state.db, state.report.source,
                                                      state.report.batch, header);
  }
  state.splits.emplace(state.db, "split");
  state.known.load(state.db, state.root_id, state.report.source, state.report.batch);
  transaction.commit();
  state.blocks.emplace(state.db);
}

void ImportWriter::objects(std::vector<ObjectRecord>&& batch) {
  State& state = *state_;
  if (state.objects == nullptr) {
    throw Error(ErrorCategory::kInternal, "objects of a source that has none");
  }
  state.open();
  state.objects->add_objects(batch, state.class_of);
  state.rows_open += batch.size();
  state.commit_when_due();
}

void ImportWriter::samples(std::vector<SampleRecord>&& batch) {
  State& state = *state_;
  state.open();
  for (SampleRecord& record : batch) state.take(record);
  state.commit_when_due();
}

void ImportWriter::State::commit_when_due() {
  const double secs = seconds_since(opened);
  const bool fast = secs < 0.05 || static_cast<double>(rows_open) > kFastRowsPerSec * secs;
  if (rows_open >= kMostRowsOpen || secs > kMostSecsOpen || !fast) commit();
}

void ImportWriter::end(uint64_t seen) {
  state_->report.seen = seen;
}

ImportReport ImportWriter::finish(const IssueLog& issues) {
  State& state = *state_;
  Connection& db = state.db;
  state.open();
  state.settle();
  if (!state.changes.empty()) {
    const int64_t event = write_import_changes(db, state.report.batch, state.changes);
    if (state.labels_touched) set_label_revision(db, event);
    state.changes.clear();
  }
  state.finish_objects();
  state.collect_report();
  std::vector<Issue> all = issues.issues();
  all.insert(all.end(), state.own_issues.begin(), state.own_issues.end());
  put_issue_rows(db, "import", state.options.source_name, all);
  state.blocks->write();
  const ImportReport& report = state.report;
  const std::string detail = report_to_json(report);
  db.prepare("UPDATE batch SET finished = 1, detail = ?2 WHERE id = ?1")
      .bind(1, report.batch)
      .bind(2, detail)
      .run();
  state.lease->give_back();
  state.transaction->commit();
  state.transaction.reset();
  return report;
}

}  // namespace errata::store

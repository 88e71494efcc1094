#include "store/classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "store/event_log.h"

namespace errata::store {

namespace {

void check_class_name(const std::string& name) {
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (trim(name).empty() || control || !is_valid_utf8(name)) {
    throw Error(ErrorCategory::kUsage,
                fmt::format("'{}' cannot be the name of a class", escape_bytes(name)),
                "use a name of printable UTF-8 characters");
  }
}

void check_free(Connection& db, const std::string& name) {
  Statement find = db.prepare(
      "SELECT (SELECT name FROM class m WHERE m.id = class.merged_into) FROM class WHERE name = "
      "?1");
  find.bind(1, name);
  if (!find.step()) return;
  const std::string into = find.string(0);
  throw Error(ErrorCategory::kConflict,
              into.empty() ? fmt::format("there is a class '{}' already", name)
                           : fmt::format("the class '{}' was merged into '{}'", name, into),
              "choose another name");
}

ClassId find_class(Connection& db, const std::string& name) {
  Statement find = db.prepare("SELECT id FROM class WHERE name = ?1 AND merged_into IS NULL");
  find.bind(1, name);
  if (find.step()) return find.integer(0);
  std::vector<std::string> names;
  Statement list = db.prepare("SELECT name FROM class WHERE merged_into IS NULL ORDER BY id");
  while (list.step()) names.push_back(list.string(0));
  const std::vector<std::string> near = nearest_words(name, names);
  throw Error(ErrorCategory::kNotFound, fmt::format("the project has no class '{}'", name),
              near.empty() ? "see `errata classes list`"
                           : fmt::format("did you mean '{}'?", fmt::join(near, "' or '")));
}

void log_class_event(Connection& db, const std::string& who, Event event) {
  EventWriter log(db, {.kind = "class", .who = who});
  log.add(event);
}

}  // namespace

std::vector<ProjectClass> list_classes(Store& store, ClassCounts counts) {
  constexpr const char* kNames =
      "SELECT id, name, 0 FROM class WHERE merged_into IS NULL ORDER BY id";
  constexpr const char* kNamesAndCounts =
      "SELECT class.id, class.name, coalesce(n, 0) FROM class LEFT JOIN (SELECT class_id, count(*) "
      "AS n FROM label JOIN sample ON sample.id = sample_id WHERE current = 1 AND vanished_batch "
      "IS NULL GROUP BY class_id) ON class_id = class.id WHERE merged_into IS NULL "
      "ORDER BY class.id";
  std::vector<ProjectClass> classes;
  Statement read = store.db().prepare(counts == ClassCounts::kCount ? kNamesAndCounts : kNames);
  while (read.step()) {
    classes.push_back({read.integer(0), read.string(1), static_cast<uint64_t>(read.integer(2))});
  }
  return classes;
}

ClassMap project_classes(Store& store) {
  ClassMap classes;
  std::unordered_map<int64_t, std::string> raw_ids;
  Statement read = store.db().prepare(
      "SELECT class_id, raw_id FROM source_class WHERE raw_id <> '' ORDER BY source_id DESC");
  while (read.step()) raw_ids[read.integer(0)] = read.string(1);
  for (const ProjectClass& entry : list_classes(store)) {
    classes.add(entry.name, raw_ids[entry.id]);
  }
  return classes;
}

ClassId require_class(Store& store, const std::string& name) {
  return find_class(store.db(), name);
}

ClassId add_class(Store& store, const std::string& name, const std::string& who) {
  check_class_name(name);
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  check_free(db, name);
  db.prepare("INSERT INTO class(name) VALUES (?1)").bind(1, name).run();
  const ClassId id = db.last_id();
  Event event;
  event.what = "class-add";
  event.to = name;
  log_class_event(db, who, event);
  transaction.commit();
  return id;
}

void rename_class(Store& store, const std::string& name, const std::string& new_name,
                  const std::string& who) {
  check_class_name(new_name);
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  const ClassId id = find_class(db, name);
  if (name == new_name) return;
  check_free(db, new_name);
  db.prepare("UPDATE class SET name = ?2 WHERE id = ?1").bind(1, id).bind(2, new_name).run();
  Event event;
  event.what = "class-rename";
  event.from = name;
  event.to = new_name;
  log_class_event(db, who, event);
  transaction.commit();
}

AppliedBatch merge_class(Store& store, const std::string& name, const std::string& into,
                         const std::string& who, const std::string& why) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  const ClassId from_id = find_class(db, name);
  const ClassId into_id = find_class(db, into);
  if (from_id == into_id) {
    throw Error(ErrorCategory::kUsage, fmt::format("'{}' cannot be merged into itself", name));
  }
  std::vector<Edit> edits;
  Statement carriers = db.prepare(
      "SELECT sample_id FROM label WHERE class_id = ?1 AND current = 1 ORDER BY sample_id");
  Statement labels = db.prepare("SELECT class_id FROM label WHERE sample_id = ?1 AND current = 1");
  carriers.bind(1, from_id);
  while (carriers.step()) {
    Edit edit;
    edit.sample = carriers.integer(0);
    edit.kind = EditKind::kSetLabel;
    edit.labels.push_back(into_id);
    labels.bind(1, edit.sample);
    while (labels.step()) {
      if (labels.integer(0) != from_id) edit.labels.push_back(labels.integer(0));
    }
    edits.push_back(std::move(edit));
  }
  EventWriter log(db, {.kind = "edit", .who = who, .why = why});
  AppliedBatch batch = apply_edits_in(db, edits, log);
  db.prepare("UPDATE class SET merged_into = ?2 WHERE id = ?1")
      .bind(1, from_id)
      .bind(2, into_id)
      .run();
  Event event;
  event.what = "class-merge";
  event.from = fmt::format("{}", from_id);
  event.to = fmt::format("{}", into_id);
  log.add(event);
  log.finish(batch);
  batch.classes_changed = true;
  transaction.commit();
  return batch;
}

}  // namespace errata::store

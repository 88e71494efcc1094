#include "store/roots.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "store/connection.h"

namespace errata::store {

std::vector<RootInfo> list_roots(Store& store) {
  std::vector<RootInfo> roots;
  Statement read = store.db().prepare(
      "SELECT id, path, (SELECT count(*) FROM sample WHERE root_id = root.id "
      "AND vanished_batch IS NULL) FROM root ORDER BY id");
  while (read.step()) {
    roots.push_back(
        {read.integer(0), unescape_bytes(read.text(1)), static_cast<uint64_t>(read.integer(2))});
  }
  return roots;
}

std::vector<std::string> missing_roots(Store& store) {
  Connection& db = store.db();
  std::vector<std::pair<int64_t, std::string>> gone;
  Statement read = db.prepare("SELECT id, path FROM root ORDER BY id");
  while (read.step()) {
    std::string path = unescape_bytes(read.text(1));
    if (!is_directory(path)) gone.emplace_back(read.integer(0), std::move(path));
  }
  std::vector<std::string> missing;
  Statement find =
      db.prepare("SELECT 1 FROM sample WHERE root_id = ?1 AND vanished_batch IS NULL LIMIT 1");
  for (auto& [id, path] : gone) {
    find.bind(1, id);
    if (find.step()) missing.push_back(std::move(path));
    find.reset();
  }
  return missing;
}

namespace {

// What lay in the root's old folder when it was imported lies in the new one now: importing it from
// there is a re-import.
void move_sources(Connection& db, int64_t root, const std::string& before,
                  const std::string& after) {
  std::vector<std::pair<int64_t, std::string>> moved;
  Statement read = db.prepare("SELECT id, input_path FROM source WHERE root_id = ?1");
  read.bind(1, root);
  while (read.step()) {
    const std::string input = unescape_bytes(read.text(1));
    if (input == before) moved.emplace_back(read.integer(0), after);
    if (input.starts_with(before + "/")) {
      moved.emplace_back(read.integer(0), join_path(after, input.substr(before.size() + 1)));
    }
  }
  Statement write = db.prepare("UPDATE source SET input_path = ?2 WHERE id = ?1");
  for (const auto& [source, input] : moved) {
    const std::string escaped = escape_bytes(input);
    write.bind(1, source).bind(2, escaped).run();
  }
}

RootCheck look_for_files(Connection& db, int64_t root, const std::string& folder) {
  constexpr int64_t kLooks = 100;
  Statement range = db.prepare(
      "SELECT min(id), max(id) FROM sample WHERE root_id = ?1 AND vanished_batch IS NULL");
  range.bind(1, root);
  RootCheck check;
  if (!range.step() || range.is_null(0)) return check;
  const int64_t first = range.integer(0);
  const int64_t last = range.integer(1);
  Statement find = db.prepare(
      "SELECT id, path FROM sample WHERE id >= ?1 AND root_id = ?2 AND vanished_batch IS NULL "
      "ORDER BY id LIMIT 1");
  int64_t looked_at = 0;
  for (int64_t i = 0; i < kLooks; ++i) {
    const int64_t from = first + (last - first) * i / (kLooks - 1);
    if (from <= looked_at) continue;
    find.bind(1, from).bind(2, root);
    if (find.step()) {
      looked_at = find.integer(0);
      const std::string path = unescape_bytes(find.text(1));
      ++check.looked_for;
      if (file_exists(join_path(folder, path))) {
        ++check.there;
      } else if (check.first_missing.empty()) {
        check.first_missing = path;
      }
    }
    find.reset();
  }
  return check;
}

}  // namespace

RootCheck set_root(Store& store, int64_t id, const std::string& new_path) {
  const std::string path = absolute_path(new_path);
  if (!is_directory(path)) {
    throw Error(ErrorCategory::kNotFound, "there is no such folder",
                "name the folder that now holds the images", path);
  }
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  const std::string escaped = escape_bytes(path);
  std::string before;
  for (const RootInfo& root : list_roots(store)) {
    if (root.id == id) before = root.path;
  }
  Statement taken = db.prepare("SELECT id FROM root WHERE path = ?1 AND id <> ?2");
  taken.bind(1, escaped).bind(2, id);
  if (taken.step()) {
    throw Error(ErrorCategory::kConflict,
                fmt::format("root {} is that folder already", taken.integer(0)), {}, path);
  }
  db.prepare("UPDATE root SET path = ?2 WHERE id = ?1").bind(1, id).bind(2, escaped).run();
  if (db.changes() != 1) {
    throw Error(ErrorCategory::kNotFound, fmt::format("there is no root {}", id),
                "see `errata root list`");
  }
  const RootCheck check = look_for_files(db, id, path);
  if (check.looked_for > 0 && check.there == 0) {
    throw Error(ErrorCategory::kNotFound,
                fmt::format("none of the root's files is in this folder: 0 of {} looked for",
                            check.looked_for),
                fmt::format("name the folder that holds {}", to_valid_utf8(check.first_missing)),
                path);
  }
  move_sources(db, id, before, path);
  transaction.commit();
  return check;
}

std::vector<SourceInfo> list_sources(Store& store) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  std::vector<SourceInfo> sources;
  Statement read = db.prepare(
      "SELECT source.id, source.name, format, root.path, input_path, "
      "(SELECT count(*) FROM sample WHERE source_id = source.id AND vanished_batch IS NULL), "
      "(SELECT max(at) FROM batch WHERE source_id = source.id AND finished = 1), "
      "(SELECT count(*) FROM batch WHERE source_id = source.id AND finished = 0), "
      "(SELECT objects FROM object_set WHERE source_id = source.id AND state = 1) "
      "FROM source JOIN root ON root.id = root_id ORDER BY source.id");
  while (read.step()) {
    SourceInfo source;
    source.id = read.integer(0);
    source.name = read.string(1);
    source.format = read.string(2);
    source.root = unescape_bytes(read.text(3));
    source.input_path = unescape_bytes(read.text(4));
    source.samples = static_cast<uint64_t>(read.integer(5));
    source.imported_at = read.string(6);
    source.interrupted = read.integer(7) > 0;
    source.has_objects = !read.is_null(8);
    source.objects = static_cast<uint64_t>(read.integer(8));
    sources.push_back(std::move(source));
  }
  Statement classes = db.prepare(
      "SELECT name, raw_id, class_id FROM source_class WHERE source_id = ?1 ORDER BY position");
  for (SourceInfo& source : sources) {
    classes.bind(1, source.id);
    while (classes.step()) {
      source.classes.add(classes.string(0), classes.string(1));
      source.class_ids.push_back(classes.integer(2));
    }
  }
  return sources;
}

}  // namespace errata::store

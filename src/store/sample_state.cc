#include "store/sample_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace errata::store {

NameTable::NameTable(Connection& db, std::string_view table) : db_(db), table_(table) {
  Statement read = db.prepare(fmt::format("SELECT id, name FROM {}", table));
  while (read.step()) {
    names_.emplace(read.integer(0), read.string(1));
    ids_.emplace(read.string(1), read.integer(0));
  }
}

int64_t NameTable::require(const std::string& name) {
  if (name.empty()) return 0;
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  // Another connection may have added it since.
  Statement insert = db_.prepare(fmt::format("INSERT OR IGNORE INTO {}(name) VALUES (?1)", table_));
  insert.bind(1, name);
  insert.run();
  Statement find = db_.prepare(fmt::format("SELECT id FROM {} WHERE name = ?1", table_));
  find.bind(1, name);
  find.step();
  const int64_t id = find.integer(0);
  names_.emplace(id, name);
  ids_.emplace(name, id);
  return id;
}

const std::string& NameTable::name(int64_t id) {
  static const std::string none;
  const auto found = names_.find(id);
  return found == names_.end() ? none : found->second;
}

std::vector<std::pair<int64_t, std::string>> NameTable::all() const {
  return {names_.begin(), names_.end()};
}

StateRows::StateRows(Connection& db) : db_(db), splits_(db, "split"), tags_(db, "tag") {}

StoredState StateRows::read(SampleId sample) {
  StoredState stored;
  Statement& row = db_.cached("SELECT review, split_id FROM sample WHERE id = ?1");
  row.bind(1, sample);
  if (!row.step()) {
    throw Error(ErrorCategory::kNotFound, fmt::format("there is no sample {}", sample));
  }
  stored.state.review = static_cast<Review>(row.integer(0));
  stored.state.split = splits_.name(row.integer(1));
  row.reset();
  Statement& labels = db_.cached(
      "SELECT class_id, given, current FROM label WHERE sample_id = ?1 ORDER BY class_id");
  labels.bind(1, sample);
  while (labels.step()) {
    if (labels.integer(1) == 1) stored.given.push_back(labels.integer(0));
    if (labels.integer(2) == 1) stored.state.labels.push_back(labels.integer(0));
  }
  Statement& tags = db_.cached("SELECT tag_id FROM sample_tag WHERE sample_id = ?1");
  tags.bind(1, sample);
  while (tags.step()) stored.state.tags.push_back(tags_.name(tags.integer(0)));
  std::sort(stored.state.tags.begin(), stored.state.tags.end());
  return stored;
}

void StateRows::write_labels(SampleId sample, const SampleState& before, const SampleState& after) {
  Statement& add = db_.cached(
      "INSERT INTO label(sample_id, class_id, given, current) VALUES (?1, ?2, 0, 1) "
      "ON CONFLICT DO UPDATE SET current = 1");
  Statement& clear = db_.cached(
      "UPDATE label SET current = 0 WHERE sample_id = ?1 AND class_id = ?2 AND given = 1");
  Statement& drop =
      db_.cached("DELETE FROM label WHERE sample_id = ?1 AND class_id = ?2 AND given = 0");
  for (const ClassId id : after.labels) {
    if (std::find(before.labels.begin(), before.labels.end(), id) != before.labels.end()) continue;
    add.bind(1, sample).bind(2, id).run();
  }
  for (const ClassId id : before.labels) {
    if (std::find(after.labels.begin(), after.labels.end(), id) != after.labels.end()) continue;
    clear.bind(1, sample).bind(2, id).run();
    drop.bind(1, sample).bind(2, id).run();
  }
}

void StateRows::write_tags(SampleId sample, const SampleState& before, const SampleState& after) {
  Statement& add =
      db_.cached("INSERT OR IGNORE INTO sample_tag(sample_id, tag_id) VALUES (?1, ?2)");
  Statement& drop = db_.cached("DELETE FROM sample_tag WHERE sample_id = ?1 AND tag_id = ?2");
  for (const std::string& tag : after.tags) {
    if (std::find(before.tags.begin(), before.tags.end(), tag) == before.tags.end()) {
      add.bind(1, sample).bind(2, tags_.require(tag)).run();
    }
  }
  for (const std::string& tag : before.tags) {
    if (std::find(after.tags.begin(), after.tags.end(), tag) == after.tags.end()) {
      drop.bind(1, sample).bind(2, tags_.require(tag)).run();
    }
  }
}

void StateRows::write(SampleId sample, const SampleState& before, const SampleState& after) {
  if (before.labels != after.labels) write_labels(sample, before, after);
  if (before.tags != after.tags) write_tags(sample, before, after);
  if (before.review == after.review && before.split == after.split) return;
  Statement& update = db_.cached("UPDATE sample SET review = ?2, split_id = ?3 WHERE id = ?1");
  update.bind(1, sample).bind(2, static_cast<int64_t>(after.review));
  update.bind_id(3, splits_.require(after.split)).run();
}

std::string ids_to_json(const std::vector<ClassId>& ids) {
  return fmt::format("[{}]", fmt::join(ids, ","));
}

std::vector<ClassId> ids_from_json(std::string_view json) {
  std::vector<ClassId> ids;
  if (json.size() < 2 || json.front() != '[' || json.back() != ']') {
    throw Error(ErrorCategory::kCorrupt, fmt::format("the log holds '{}' for labels", json),
                "run `errata doctor`");
  }
  const std::string_view inside = json.substr(1, json.size() - 2);
  if (inside.empty()) return ids;
  for (const std::string_view word : split_view(inside, ',')) {
    ClassId id = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (failure != std::errc() || end != word.data() + word.size()) {
      throw Error(ErrorCategory::kCorrupt, fmt::format("the log holds '{}' for labels", json),
                  "run `errata doctor`");
    }
    ids.push_back(id);
  }
  return ids;
}

}  // namespace errata::store

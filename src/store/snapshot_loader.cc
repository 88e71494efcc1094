#include "store/snapshot_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/event_log.h"
#include "store/sample_state.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

std::shared_ptr<const Dictionary> fixed_dictionary(std::initializer_list<std::string_view> texts) {
  auto dictionary = std::make_shared<Dictionary>();
  for (const std::string_view text : texts) dictionary->add(text);
  return dictionary;
}

}  // namespace

std::shared_ptr<const Dictionary> review_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary =
      fixed_dictionary({"unseen", "kept", "relabelled", "excluded", "ambiguous"});
  return dictionary;
}

std::shared_ptr<const Dictionary> outcome_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary = fixed_dictionary({"right", "wrong"});
  return dictionary;
}

int32_t outcome_code(int32_t label, int32_t prediction) {
  if (label < 0 || prediction < 0) return -1;
  return label == prediction ? kRight : kWrong;
}

float mistake_value(int32_t outcome, float confidence) {
  return outcome == kWrong ? confidence : __builtin_nanf("");
}

Column make_set_column(std::string name, const std::vector<uint32_t>& counts,
                       std::vector<int32_t> codes, std::shared_ptr<const Dictionary> dictionary) {
  Column column;
  column.name = std::move(name);
  column.type = ColumnType::kSet;
  column.rows = counts.size();
  column.offsets.reserve(counts.size() + 1);
  column.offsets.push_back(0);
  for (const uint32_t count : counts) column.offsets.push_back(column.offsets.back() + count);
  column.codes = std::move(codes);
  column.dictionary = std::move(dictionary);
  return column;
}

ClassCodes load_class_codes(Connection& db) {
  ClassCodes codes;
  codes.dictionary = std::make_shared<Dictionary>();
  std::vector<std::pair<int64_t, int64_t>> merged;
  std::vector<std::string> merged_names;
  Statement read = db.prepare("SELECT id, name, merged_into FROM class ORDER BY id");
  while (read.step()) {
    if (!read.is_null(2)) {
      merged.emplace_back(read.integer(0), read.integer(2));
      merged_names.push_back(read.string(1));
      continue;
    }
    codes.classes.add(read.string(1));
    codes.class_ids.push_back(read.integer(0));
    const int32_t code = codes.dictionary->add(read.text(1));
    codes.code_of[read.integer(0)] = code;
    codes.resolved_of[read.integer(0)] = code;
  }
  for (size_t i = 0; i < merged.size(); ++i) {
    codes.code_of[merged[i].first] = codes.dictionary->add(merged_names[i]);
  }
  std::unordered_map<int64_t, int64_t> into(merged.begin(), merged.end());
  for (const auto& [id, target] : merged) {
    int64_t last = target;
    for (size_t hops = 0; into.contains(last) && hops <= merged.size(); ++hops) last = into[last];
    const auto found = codes.resolved_of.find(last);
    codes.resolved_of[id] = found == codes.resolved_of.end() ? codes.code_of[id] : found->second;
  }
  return codes;
}

namespace {

// Positions of the rows that are there, and the inverse.
struct Presence {
  std::vector<uint32_t> kept;          // rising positions (sample id - 1)
  std::vector<int32_t> row_of_sample;  // by id; -1 for vanished ones; [0] unused
};

Presence find_present(const std::vector<uint8_t>& vanished) {
  Presence presence;
  presence.kept.reserve(vanished.size());
  presence.row_of_sample.assign(vanished.size() + 1, -1);
  for (size_t i = 0; i < vanished.size(); ++i) {
    if (vanished[i] != 0) continue;
    presence.row_of_sample[i + 1] = static_cast<int32_t>(presence.kept.size());
    presence.kept.push_back(static_cast<uint32_t>(i));
  }
  return presence;
}

template <typename T>
void keep_rows(std::vector<T>& values, const std::vector<uint32_t>& kept) {
  if (kept.size() == values.size()) return;
  for (size_t i = 0; i < kept.size(); ++i) values[i] = values[kept[i]];
  values.resize(kept.size());
}

void keep_rows(IdLists& lists, const std::vector<uint32_t>& kept) {
  if (kept.size() == lists.counts.size()) return;
  IdLists result;
  size_t offset = 0;
  size_t row = 0;
  for (const uint32_t position : kept) {
    for (; row < position; ++row) offset += lists.counts[row];
    result.push({lists.ids.data() + offset, lists.counts[row]});
  }
  lists = std::move(result);
}

void keep_rows(TextRows& texts, const std::vector<uint32_t>& kept) {
  if (kept.size() == texts.lengths.size()) return;
  TextRows result;
  size_t offset = 0;
  size_t row = 0;
  for (const uint32_t position : kept) {
    for (; row < position; ++row) offset += texts.lengths[row];
    result.push(std::string_view(texts.heap).substr(offset, texts.lengths[row]));
  }
  texts = std::move(result);
}

void keep_rows(SampleColumns& columns, const std::vector<uint32_t>& kept) {
  keep_rows(columns.source, kept);
  keep_rows(columns.member, kept);
  keep_rows(columns.size_bytes, kept);
  keep_rows(columns.width, kept);
  keep_rows(columns.height, kept);
  keep_rows(columns.path, kept);
  keep_rows(columns.labels_given, kept);
  keep_rows(columns.labels, kept);
  keep_rows(columns.tags, kept);
  keep_rows(columns.split, kept);
  keep_rows(columns.review, kept);
  keep_rows(columns.vanished, kept);
}

// Attribute columns are made for all rows of the store and cut afterwards.
Column keep_rows(const Column& column, const std::vector<uint32_t>& kept) {
  if (kept.size() == column.rows) return column;
  Column result = column;
  result.rows = kept.size();
  keep_rows(result.bytes, column.bytes.empty() ? std::vector<uint32_t>() : kept);
  if (!column.ints.empty()) keep_rows(result.ints, kept);
  if (!column.doubles.empty()) keep_rows(result.doubles, kept);
  if (!column.codes.empty()) keep_rows(result.codes, kept);
  if (column.type == ColumnType::kText) {
    result.heap.clear();
    result.offsets.assign(1, 0);
    for (const uint32_t position : kept) {
      result.heap.append(column.heap, column.offsets[position],
                         column.offsets[position + 1] - column.offsets[position]);
      result.offsets.push_back(result.heap.size());
    }
  }
  if (!column.validity.empty()) {
    result.validity.assign((kept.size() + 63) / 64, ~uint64_t{0});
    for (size_t i = 0; i < kept.size(); ++i) {
      if ((column.validity[kept[i] / 64] >> (kept[i] % 64) & 1) == 0) {
        result.set_null(static_cast<RowIndex>(i));
      }
    }
  }
  return result;
}

Column make_path_column(const TextRows& paths, const std::vector<int64_t>& members) {
  Column column;
  column.name = "path";
  column.type = ColumnType::kText;
  column.rows = paths.lengths.size();
  column.offsets.reserve(column.rows + 1);
  column.offsets.push_back(0);
  const bool any_member =
      std::any_of(members.begin(), members.end(), [](int64_t member) { return member >= 0; });
  if (!any_member) {
    column.heap = paths.heap;
    for (const uint32_t length : paths.lengths) {
      column.offsets.push_back(column.offsets.back() + length);
    }
    return column;
  }
  size_t offset = 0;
  for (size_t i = 0; i < column.rows; ++i) {
    column.heap.append(paths.heap, offset, paths.lengths[i]);
    offset += paths.lengths[i];
    if (members[i] >= 0) fmt::format_to(std::back_inserter(column.heap), "#{}", members[i]);
    column.offsets.push_back(column.heap.size());
  }
  return column;
}

// Sizes are NULL where the header could not be read.
Column make_size_column(std::string name, const std::vector<int32_t>& values) {
  Column column =
      make_int_column(std::move(name), std::vector<int64_t>(values.begin(), values.end()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) column.set_null(static_cast<RowIndex>(i));
  }
  return column;
}

// A category column over the rows of a small table with ids and names.
Column make_name_column(Connection& db, std::string name, std::string_view table,
                        const std::vector<int32_t>& ids) {
  auto dictionary = std::make_shared<Dictionary>();
  std::vector<int32_t> code_of{-1};
  Statement read = db.prepare(fmt::format("SELECT id, name FROM {} ORDER BY id", table));
  while (read.step()) {
    const auto id = static_cast<size_t>(read.integer(0));
    if (code_of.size() <= id) code_of.resize(id + 1, -1);
    code_of[id] = dictionary->add(read.text(1));
  }
  std::vector<int32_t> codes(ids.size(), -1);
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto id = static_cast<size_t>(ids[i]);
    codes[i] = id < code_of.size() ? code_of[id] : -1;
  }
  return make_category_column(std::move(name), std::move(codes), std::move(dictionary));
}

Column make_tags_column(Connection& db, const IdLists& tags) {
  auto dictionary = std::make_shared<Dictionary>();
  std::unordered_map<int64_t, int32_t> code_of;
  Statement read = db.prepare("SELECT id, name FROM tag ORDER BY id");
  while (read.step()) code_of[read.integer(0)] = dictionary->add(read.text(1));
  std::vector<int32_t> codes(tags.ids.size());
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = code_of.at(tags.ids[i]);
  return make_set_column("tags", tags.counts, std::move(codes), std::move(dictionary));
}

// The single label of each row: -1 for none and for more than one.
std::vector<int32_t> single_codes(const IdLists& lists,
                                  const std::unordered_map<int64_t, int32_t>& code_of) {
  int64_t highest = 0;
  for (const auto& [id, code] : code_of) highest = std::max(highest, id);
  std::vector<int32_t> dense(static_cast<size_t>(highest) + 1, -1);
  for (const auto& [id, code] : code_of) dense[static_cast<size_t>(id)] = code;
  std::vector<int32_t> codes(lists.counts.size(), -1);
  size_t offset = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (lists.counts[i] == 1) codes[i] = dense.at(static_cast<size_t>(lists.ids[offset]));
    offset += lists.counts[i];
  }
  return codes;
}

void add_label_columns(const SampleColumns& columns, const ClassCodes& codes, Snapshot& snapshot) {
  Table& table = snapshot.samples;
  table.add(
      make_category_column("label", single_codes(columns.labels, codes.code_of), codes.dictionary));
  table.add(make_category_column("label_given", single_codes(columns.labels_given, codes.code_of),
                                 codes.dictionary));
  const auto& counts = columns.labels.counts;
  if (std::none_of(counts.begin(), counts.end(), [](uint32_t count) { return count > 1; })) return;
  std::vector<int32_t> members(columns.labels.ids.size());
  for (size_t i = 0; i < members.size(); ++i) members[i] = codes.code_of.at(columns.labels.ids[i]);
  table.add(make_set_column("labels", counts, std::move(members), codes.dictionary));
}

void add_sample_columns(Connection& db, const SampleColumns& columns, const ClassCodes& codes,
                        Snapshot& snapshot) {
  Table& table = snapshot.samples;
  table.add(make_int_column("id", snapshot.ids));
  table.add(make_path_column(columns.path, columns.member));
  table.add(make_name_column(db, "source", "source", columns.source));
  table.add(make_name_column(db, "split", "split", columns.split));
  add_label_columns(columns, codes, snapshot);
  table.add(make_category_column("review",
                                 std::vector<int32_t>(columns.review.begin(), columns.review.end()),
                                 review_dictionary()));
  std::vector<uint8_t> excluded(columns.review.size());
  for (size_t i = 0; i < excluded.size(); ++i) {
    excluded[i] = columns.review[i] == static_cast<uint8_t>(Review::kExcluded) ? 1 : 0;
  }
  table.add(make_bool_column("excluded", std::move(excluded)));
  table.add(make_tags_column(db, columns.tags));
  table.add(make_size_column("width", columns.width));
  table.add(make_size_column("height", columns.height));
  table.add(make_int_column("size_bytes", columns.size_bytes));
}

std::string choose_active_run(Connection& db, const std::string& asked) {
  if (asked.empty()) {
    return db.text("SELECT name FROM run WHERE kind <> 'embedding' ORDER BY id DESC LIMIT 1");
  }
  Statement find = db.prepare("SELECT 1 FROM run WHERE name = ?1");
  find.bind(1, asked);
  if (find.step()) return asked;
  std::vector<std::string> names;
  Statement list = db.prepare("SELECT name FROM run ORDER BY id");
  while (list.step()) names.push_back(list.string(0));
  const std::vector<std::string> near = nearest_words(asked, names);
  throw Error(ErrorCategory::kNotFound, fmt::format("there is no run '{}'", asked),
              near.empty() ? "see `errata runs`" : fmt::format("did you mean '{}'?", near.front()),
              db.path());
}

}  // namespace

Snapshot load_snapshot(Store& store, const SnapshotOptions& options) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  Snapshot snapshot;
  SampleColumns columns = load_sample_columns(db);
  const size_t all_rows = columns.rows();
  const Presence presence = find_present(columns.vanished);
  keep_rows(columns, presence.kept);
  ClassCodes codes = load_class_codes(db);
  snapshot.classes = codes.classes;
  snapshot.class_ids = codes.class_ids;
  snapshot.samples = Table(presence.kept.size());
  snapshot.ids.reserve(presence.kept.size());
  for (const uint32_t position : presence.kept) snapshot.ids.push_back(int64_t{position} + 1);
  snapshot.samples.active_run = choose_active_run(db, options.active_run);
  add_sample_columns(db, columns, codes, snapshot);
  for (const Column& column : load_attribute_columns(db, all_rows)) {
    snapshot.samples.add(keep_rows(column, presence.kept));
  }
  add_run_columns(db, presence.row_of_sample, codes, options.all_runs, snapshot);
  snapshot.label_revision = label_revision(db);
  snapshot.objects = static_cast<uint64_t>(
      db.integer("SELECT (SELECT coalesce(sum(objects), 0) FROM object_set WHERE state = 1) - "
                 "(SELECT count(*) FROM object_edit WHERE deleted = 1) + "
                 "(SELECT count(*) FROM object_edit WHERE source_id IS NULL)"));
  snapshot.data_version = store.data_version();
  return snapshot;
}

}  // namespace errata::store

#include "store/snapshot_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/text.h"
#include "model/verdict.h"
#include "store/event_log.h"
#include "store/object_sets.h"
#include "store/sample_state.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

std::shared_ptr<const Dictionary> fixed_dictionary(std::span<const std::string_view> texts) {
  auto dictionary = std::make_shared<Dictionary>();
  for (const std::string_view text : texts) dictionary->add(text);
  return dictionary;
}

}  // namespace

std::shared_ptr<const Dictionary> review_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary = fixed_dictionary(
      std::array<std::string_view, 5>{"unseen", "kept", "relabelled", "excluded", "ambiguous"});
  return dictionary;
}

std::shared_ptr<const Dictionary> outcome_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary =
      fixed_dictionary(std::array<std::string_view, 2>{"right", "wrong"});
  return dictionary;
}

std::shared_ptr<const Dictionary> verdict_dictionary() {
  static const std::shared_ptr<const Dictionary> dictionary = fixed_dictionary(kVerdictNames);
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

// Takes the heap of `paths`.
Column make_path_column(TextRows& paths, const std::vector<int64_t>& members) {
  Column column;
  column.name = "path";
  column.type = ColumnType::kText;
  column.rows = paths.lengths.size();
  column.offsets.reserve(column.rows + 1);
  column.offsets.push_back(0);
  const bool any_member =
      std::any_of(members.begin(), members.end(), [](int64_t member) { return member >= 0; });
  if (!any_member) {
    column.heap = std::move(paths.heap);
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

// A small table with ids and names, as codes of a dictionary.
struct Names {
  std::shared_ptr<Dictionary> dictionary = std::make_shared<Dictionary>();
  std::vector<int32_t> code_of{-1};  // by id

  int32_t code(int32_t id) const {
    const auto at = static_cast<size_t>(id);
    return at < code_of.size() ? code_of[at] : -1;
  }
};

Names read_names(Connection& db, std::string_view table) {
  Names names;
  Statement read = db.prepare(fmt::format("SELECT id, name FROM {} ORDER BY id", table));
  while (read.step()) {
    const auto id = static_cast<size_t>(read.integer(0));
    if (names.code_of.size() <= id) names.code_of.resize(id + 1, -1);
    names.code_of[id] = names.dictionary->add(read.text(1));
  }
  return names;
}

// Takes the ids.
Column make_name_column(std::string name, const Names& names, std::vector<int32_t>& ids) {
  for (int32_t& id : ids) id = names.code(id);
  return make_category_column(std::move(name), std::move(ids), names.dictionary);
}

Column make_tags_column(const Names& names, IdLists& tags) {
  for (int32_t& id : tags.ids) id = names.code(id);
  if (std::find(tags.ids.begin(), tags.ids.end(), -1) != tags.ids.end()) {
    throw Error(ErrorCategory::kCorrupt, "a sample has a tag that there is not",
                "run `errata doctor`");
  }
  return make_set_column("tags", tags.counts, std::move(tags.ids), names.dictionary);
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

// The set column, where some sample has more than one label.
std::optional<Column> make_labels_column(const IdLists& labels, const ClassCodes& codes) {
  const auto& counts = labels.counts;
  if (std::none_of(counts.begin(), counts.end(), [](uint32_t count) { return count > 1; })) {
    return std::nullopt;
  }
  std::vector<int32_t> members(labels.ids.size());
  for (size_t i = 0; i < members.size(); ++i) members[i] = codes.code_of.at(labels.ids[i]);
  return make_set_column("labels", counts, std::move(members), codes.dictionary);
}

// A slot for each of the samples' columns, in the table's order.
struct SampleTable {
  std::optional<Column> id, path, source, split, label, label_given, labels, review, excluded, tags,
      width, height, size_bytes;
  std::vector<std::optional<Column>> attributes;

  void add_to(Table& table) {
    for (std::optional<Column>* column :
         {&id, &path, &source, &split, &label, &label_given, &labels, &review, &excluded, &tags,
          &width, &height, &size_bytes}) {
      if (*column) table.add(std::move(**column));
    }
    for (std::optional<Column>& column : attributes) {
      if (column) table.add(std::move(*column));
    }
  }
};

void make_sample_columns(SampleColumns& from, const ClassCodes& codes,
                         const std::vector<SampleId>& ids, const Names& sources,
                         const Names& splits, const Names& tags, SampleTable& to, WorkList& work) {
  work.emplace_back([&] { to.path = make_path_column(from.path, from.member); });
  work.emplace_back([&] { to.tags = make_tags_column(tags, from.tags); });
  work.emplace_back([&] {
    to.label_given = make_category_column(
        "label_given", single_codes(from.labels_given, codes.code_of), codes.dictionary);
  });
  work.emplace_back([&] { to.id = make_int_column("id", ids); });
  work.emplace_back([&] { to.width = make_size_column("width", from.width); });
  work.emplace_back([&] { to.height = make_size_column("height", from.height); });
  work.emplace_back([&] { to.source = make_name_column("source", sources, from.source); });
  work.emplace_back([&] { to.split = make_name_column("split", splits, from.split); });
  work.emplace_back([&] { to.labels = make_labels_column(from.labels, codes); });
  work.emplace_back([&] {
    to.review =
        make_category_column("review", std::vector<int32_t>(from.review.begin(), from.review.end()),
                             review_dictionary());
    std::vector<uint8_t> excluded(from.review.size());
    for (size_t i = 0; i < excluded.size(); ++i) {
      excluded[i] = from.review[i] == static_cast<uint8_t>(Review::kExcluded) ? 1 : 0;
    }
    to.excluded = make_bool_column("excluded", std::move(excluded));
  });
  to.size_bytes = make_int_column("size_bytes", std::move(from.size_bytes));
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
  const ParallelFor parallel = options.parallel ? options.parallel : ParallelFor(serial_for);
  Snapshot snapshot;
  const std::string active_run = choose_active_run(db, options.active_run);
  ClassCodes codes = load_class_codes(db);
  const Names sources = read_names(db, "source");
  const Names splits = read_names(db, "split");
  const Names tags = read_names(db, "tag");
  const auto all_rows = static_cast<size_t>(db.integer("SELECT coalesce(max(id), 0) FROM sample"));
  const std::vector<std::string> attributes = attribute_names(db);
  RunColumns runs(db, codes, active_run, options.all_runs);

  StreamReader reader(db);
  SampleColumns columns;
  SampleTable table;
  table.attributes.resize(attributes.size());
  WorkList reading;
  read_sample_columns(reader, all_rows, columns, reading);
  for (size_t i = 0; i < attributes.size(); ++i) {
    reading.emplace_back(
        [&, i] { table.attributes[i] = read_attribute(reader, attributes[i], all_rows); });
  }
  runs.read(reader, reading);
  run_all(parallel, reading);

  if (all_rows > 0) apply_unfolded_edits(db, columns);
  const Presence presence = find_present(columns.vanished);
  keep_rows(columns, presence.kept);
  for (std::optional<Column>& column : table.attributes) {
    if (column && !presence.whole()) column = keep_rows(*column, presence.kept);
  }
  snapshot.ids.reserve(presence.kept.size());
  for (const uint32_t position : presence.kept) snapshot.ids.push_back(int64_t{position} + 1);
  // Before the others: outcomes compare with it.
  table.label =
      make_category_column("label", single_codes(columns.labels, codes.code_of), codes.dictionary);
  WorkList making;
  runs.make(presence, *table.label, making);
  make_sample_columns(columns, codes, snapshot.ids, sources, splits, tags, table, making);
  run_all(parallel, making);

  snapshot.classes = codes.classes;
  snapshot.class_ids = codes.class_ids;
  snapshot.samples = Table(presence.kept.size());
  snapshot.samples.active_run = active_run;
  table.add_to(snapshot.samples);
  runs.add_to(db, presence, snapshot);
  snapshot.label_revision = label_revision(db);
  snapshot.objects = count_standing(db);
  snapshot.data_version = store.data_version();
  return snapshot;
}

}  // namespace errata::store

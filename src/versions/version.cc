#include "versions/version.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "store/classes.h"
#include "store/objects.h"
#include "store/roots.h"
#include "store/sample_files.h"
#include "store/splits.h"
#include "versions/hash.h"

namespace errata::versions {

namespace {

constexpr size_t kHashesPerWrite = 10'000;
constexpr size_t kMaxNameBytes = 200;
constexpr int kReadTries = 20;

std::string shown_path(const store::SampleFile& file) {
  std::string path = escape_bytes(file.path);
  if (file.member >= 0) path += "#" + std::to_string(file.member);
  return path;
}

// Hashes files[todo[..]], keeps the digests in the store and in `hashes`.
void hash_and_keep(store::Store& store, const std::vector<store::SampleFile>& files,
                   std::span<const size_t> todo, const VersionContext& context,
                   std::vector<std::optional<Sha256Digest>>& hashes) {
  std::vector<ContentFile> wanted;
  wanted.reserve(todo.size());
  for (const size_t i : todo) {
    const store::SampleFile& file = files[i];
    wanted.push_back({file.absolute_path, file.member, file.size_bytes, file.mtime_ns, file.xxh3,
                      file.xxh3 != 0});
  }
  const ContentHashes made = hash_contents(wanted, context.read_member, context.parallel_for,
                                           context.progress, context.cancel, context.issues);
  std::vector<store::ContentHash> kept;
  for (size_t k = 0; k < todo.size(); ++k) {
    if (made.ok[k] == 0) continue;
    const store::SampleFile& file = files[todo[k]];
    kept.push_back({file.id, file.xxh3, made.digests[k]});
    hashes[todo[k]] = made.digests[k];
  }
  store::put_content_hashes(store, kept);
}

void check_name(const std::string& name) {
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (!name.empty() && name.size() <= kMaxNameBytes && !control && is_valid_utf8(name) &&
      trim(name) == name) {
    return;
  }
  throw Error(ErrorCategory::kUsage, "'" + escape_bytes(name) + "' cannot be a version's name",
              "use up to 200 bytes of plain text without line breaks or outer spaces");
}

// Codes for texts in order of first use.
class Codes {
 public:
  int32_t add(const std::string& text, std::vector<std::string>& texts) {
    const auto [at, is_new] = codes_.try_emplace(text, static_cast<int32_t>(texts.size()));
    if (is_new) texts.push_back(text);
    return at->second;
  }

 private:
  std::unordered_map<std::string, int32_t> codes_;
};

std::vector<SampleId> ids_of(const std::vector<store::SampleFile>& files) {
  std::vector<SampleId> ids;
  ids.reserve(files.size());
  for (const store::SampleFile& file : files) ids.push_back(file.id);
  return ids;
}

std::vector<int32_t> label_codes(const std::vector<ClassId>& labels,
                                 const std::unordered_map<ClassId, int32_t>& code_of) {
  std::vector<int32_t> codes;
  for (const ClassId id : labels) {
    const auto at = code_of.find(id);
    if (at != code_of.end()) codes.push_back(at->second);
  }
  std::sort(codes.begin(), codes.end());
  return codes;
}

}  // namespace

std::vector<std::optional<Sha256Digest>> ensure_content_hashes(store::Store& store,
                                                               std::span<const SampleId> samples,
                                                               const VersionContext& context) {
  std::vector<std::optional<Sha256Digest>> hashes = store::read_content_hashes(store, samples);
  std::vector<SampleId> missing;
  std::vector<size_t> position;
  for (size_t i = 0; i < hashes.size(); ++i) {
    if (hashes[i].has_value()) continue;
    missing.push_back(samples[i]);
    position.push_back(i);
  }
  if (missing.empty()) return hashes;
  const std::vector<store::SampleFile> files = store::sample_files(store, missing);
  std::vector<std::optional<Sha256Digest>> made(missing.size());
  context.progress.start_stage("hashing contents", missing.size());
  std::vector<size_t> todo(missing.size());
  std::iota(todo.begin(), todo.end(), size_t{0});
  for (size_t begin = 0; begin < todo.size(); begin += kHashesPerWrite) {
    const size_t count = std::min(kHashesPerWrite, todo.size() - begin);
    hash_and_keep(store, files, std::span(todo).subspan(begin, count), context, made);
  }
  for (size_t k = 0; k < made.size(); ++k) hashes[position[k]] = made[k];
  return hashes;
}

namespace {

// What several reads of the store gave, with no other commit between them.
struct StoreRows {
  std::vector<store::SampleFile> files;
  std::vector<store::SampleState> states;
  std::vector<store::ProjectClass> classes;
  std::vector<store::SourceInfo> sources;
  std::string recipe_json;
  int64_t label_revision = 0;
  int64_t object_revision = 0;
  std::vector<std::string> boxes;  // of each file
};

StoreRows read_rows(store::Store& store) {
  for (int i = 0; i < kReadTries; ++i) {
    const int64_t before = store.data_version();
    StoreRows rows;
    rows.files = store::all_sample_files(store);
    rows.states = store::read_states(store, ids_of(rows.files));
    rows.classes = store::list_classes(store);
    rows.sources = store::list_sources(store);
    rows.recipe_json = store::read_split_recipe(store);
    rows.label_revision = store::label_revision(store);
    rows.object_revision = store::object_revision(store);
    rows.boxes = store::read_boxes(store, ids_of(rows.files));
    if (store.data_version() == before) return rows;
  }
  throw Error(ErrorCategory::kBusy, "the store keeps changing while it is read",
              "try again when the other program is done");
}

}  // namespace

WorkingState read_working_state(store::Store& store, const VersionContext& context) {
  WorkingState working;
  const StoreRows rows = read_rows(store);
  working.recipe_json = rows.recipe_json;
  working.label_revision = rows.label_revision;
  working.object_revision = rows.object_revision;
  std::unordered_map<ClassId, int32_t> code_of;
  for (const store::ProjectClass& project_class : rows.classes) {
    code_of[project_class.id] = static_cast<int32_t>(working.class_ids.size());
    working.class_ids.push_back(project_class.id);
    working.state.class_names.push_back(project_class.name);
  }
  std::unordered_map<SourceId, int32_t> source_code;
  for (const store::SourceInfo& source : rows.sources) {
    source_code[source.id] = static_cast<int32_t>(working.source_names.size());
    working.source_names.push_back(source.name);
  }
  DatasetState& state = working.state;
  Codes splits;
  for (size_t i = 0; i < rows.files.size(); ++i) {
    const store::SampleFile& file = rows.files[i];
    const store::SampleState& sample = rows.states[i];
    if (sample.review == store::Review::kExcluded) {
      ++working.excluded;
      continue;
    }
    state.samples.push_back(file.id);
    state.labels.push_back(label_codes(sample.labels, code_of));
    state.splits.push_back(sample.split.empty() ? -1 : splits.add(sample.split, state.split_names));
    state.paths.push_back(shown_path(file));
    if (!rows.boxes.empty()) state.boxes.push_back(rows.boxes[i]);
    working.raw_ids.push_back(file.raw_id);
    working.sources.push_back(source_code.at(file.source));
  }
  const auto hashes = ensure_content_hashes(store, state.samples, context);
  const auto failed = static_cast<uint64_t>(std::count(hashes.begin(), hashes.end(), std::nullopt));
  if (failed > 0) {
    throw Error(ErrorCategory::kBadInput,
                "the content of " + with_thousands(failed) + " of " +
                    with_thousands(hashes.size()) + " samples cannot be read",
                "see the issues; import the source again, or exclude those samples");
  }
  state.content.reserve(hashes.size());
  for (const auto& hash : hashes) state.content.push_back(*hash);
  return working;
}

std::string hash_of(const DatasetState& state, const ParallelFor& parallel_for) {
  std::vector<Sha256Digest> digests(state.rows());
  parallel_for(state.rows(), 4096, [&](size_t begin, size_t end) {
    HashEntry entry;
    for (size_t i = begin; i < end; ++i) {
      entry.content = state.content[i];
      entry.class_names.clear();
      for (const int32_t code : state.labels[i]) {
        entry.class_names.push_back(state.class_names[static_cast<size_t>(code)]);
      }
      entry.split = state.splits[i] < 0 ? std::string_view()
                                        : state.split_names[static_cast<size_t>(state.splits[i])];
      if (!state.boxes.empty()) entry.boxes = state.boxes[i];
      digests[i] = hash_entry(entry);
    }
  });
  return hash_of_entries(digests);
}

namespace {

store::VersionColumns columns_of(const WorkingState& working) {
  const DatasetState& state = working.state;
  store::VersionColumns columns;
  columns.ids = state.samples;
  columns.content = state.content;
  columns.paths = state.paths;
  columns.raw_ids = working.raw_ids;
  columns.sources = working.sources;
  columns.source_names = working.source_names;
  columns.label_offsets.push_back(0);
  for (const std::vector<int32_t>& labels : state.labels) {
    columns.labels.insert(columns.labels.end(), labels.begin(), labels.end());
    columns.label_offsets.push_back(columns.labels.size());
  }
  columns.splits = state.splits;
  columns.split_names = state.split_names;
  return columns;
}

}  // namespace

CreatedVersion create_version(store::Store& store, const CreateVersionOptions& options,
                              const VersionContext& context) {
  check_name(options.name);
  const std::vector<store::VersionInfo> older = store::list_versions(store);
  for (const store::VersionInfo& version : older) {
    if (version.name != options.name) continue;
    throw Error(ErrorCategory::kConflict, "there is a version '" + options.name + "' already",
                "versions never change: choose another name");
  }
  CreatedVersion created;
  store::VersionInfo& info = created.info;
  if (!options.parent.empty()) {
    info.parent = store::read_version(store, options.parent).id;
  } else if (!older.empty()) {
    info.parent = older.back().id;
  }
  const WorkingState working = read_working_state(store, context);
  context.progress.start_stage("writing the version", 0);
  info.name = options.name;
  info.message = options.message;
  info.who = options.who;
  info.created_at = now_iso8601_utc();
  info.hash = hash_of(working.state, context.parallel_for);
  info.recipe_json = working.recipe_json;
  info.label_revision = working.label_revision;
  info.object_revision = working.object_revision;
  info.samples = working.state.rows();
  info.classes = working.state.class_names;
  info.class_ids = working.class_ids;
  context.cancel.check();
  info.id = store::insert_version(store, info, columns_of(working));

  created.excluded = working.excluded;
  created.unlabelled = static_cast<uint64_t>(
      std::count_if(working.state.labels.begin(), working.state.labels.end(),
                    [](const std::vector<int32_t>& labels) { return labels.empty(); }));
  for (const store::VersionInfo& version : older) {
    if (version.hash == info.hash) created.same_content.push_back(version.name);
  }
  return created;
}

DatasetState state_of(const store::VersionInfo& info, store::VersionColumns columns) {
  DatasetState state;
  state.class_names = info.classes;
  state.split_names = std::move(columns.split_names);
  state.samples = std::move(columns.ids);
  state.content = std::move(columns.content);
  state.splits = std::move(columns.splits);
  state.paths = std::move(columns.paths);
  state.boxes = std::move(columns.boxes);
  state.labels.reserve(state.rows());
  for (size_t i = 0; i < state.rows(); ++i) {
    state.labels.emplace_back(columns.labels.begin() + ptrdiff_t(columns.label_offsets[i]),
                              columns.labels.begin() + ptrdiff_t(columns.label_offsets[i + 1]));
    std::sort(state.labels.back().begin(), state.labels.back().end());
  }
  return state;
}

VersionSummary summarise(const DatasetState& state) {
  VersionSummary summary;
  summary.samples = state.rows();
  const size_t classes = state.class_names.size();
  const size_t splits = state.split_names.size();
  std::vector<std::vector<uint64_t>> counts(classes + 1, std::vector<uint64_t>(splits + 1));
  std::vector<uint64_t> totals(splits + 1);
  for (size_t i = 0; i < state.rows(); ++i) {
    const size_t split = state.splits[i] < 0 ? splits : static_cast<size_t>(state.splits[i]);
    ++totals[split];
    for (const int32_t code : state.labels[i]) ++counts[static_cast<size_t>(code)][split];
    if (state.labels[i].empty()) ++counts[classes][split];
  }
  const bool none_split = totals[splits] > 0 || splits == 0;
  const bool none_class =
      std::accumulate(counts[classes].begin(), counts[classes].end(), uint64_t{0}) > 0;
  summary.split_names = state.split_names;
  summary.class_names = state.class_names;
  if (none_split) summary.split_names.emplace_back();
  if (none_class) summary.class_names.emplace_back();
  counts.resize(summary.class_names.size());
  for (std::vector<uint64_t>& row : counts) row.resize(summary.split_names.size());
  totals.resize(summary.split_names.size());
  summary.counts = std::move(counts);
  summary.split_totals = std::move(totals);
  return summary;
}

StateDiff diff_versions(store::Store& store, const std::string& from, const std::string& to,
                        const VersionContext& context) {
  const auto load = [&](const std::string& name) {
    if (name.empty()) return read_working_state(store, context).state;
    const store::VersionInfo info = store::read_version(store, name);
    return state_of(info, store::read_version_columns(store, info.id));
  };
  const DatasetState older = load(from);
  return diff_states(older, load(to));
}

}  // namespace errata::versions

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"
#include "store/classes.h"
#include "store/object_texts.h"
#include "store/sample_files.h"
#include "versions/restore_objects.h"
#include "versions/version.h"

namespace errata::versions {

namespace {

struct DigestHash {
  size_t operator()(const Sha256Digest& digest) const {
    size_t value = 0;
    for (size_t i = 0; i < sizeof(value); ++i) value = value << 8 | digest[i];
    return value;
  }
};

std::string shown_path(const DatasetState& state, size_t row) {
  return state.paths.empty() ? std::string() : state.paths[row];
}

// Which sample of the store each row of the version is: the same id with the same content, else any
// other sample with that content; 0 when there is none. No sample is taken twice.
std::vector<SampleId> find_samples(const DatasetState& version,
                                   const std::vector<store::SampleFile>& files,
                                   const std::vector<std::optional<Sha256Digest>>& contents) {
  std::unordered_map<SampleId, size_t> row_of_id;
  std::unordered_multimap<Sha256Digest, size_t, DigestHash> rows_of_content;
  for (size_t i = files.size(); i > 0; --i) {
    row_of_id[files[i - 1].id] = i - 1;
    if (contents[i - 1].has_value()) rows_of_content.emplace(*contents[i - 1], i - 1);
  }
  std::vector<SampleId> found(version.rows(), 0);
  std::vector<uint8_t> taken(files.size(), 0);
  const auto take = [&](size_t row, size_t at) {
    found[row] = files[at].id;
    taken[at] = 1;
  };
  for (size_t row = 0; row < version.rows(); ++row) {
    const auto at = row_of_id.find(version.samples[row]);
    if (at != row_of_id.end() && contents[at->second] == version.content[row]) {
      take(row, at->second);
    }
  }
  for (size_t row = 0; row < version.rows(); ++row) {
    if (found[row] != 0) continue;
    const auto [begin, end] = rows_of_content.equal_range(version.content[row]);
    size_t best = files.size();
    for (auto at = begin; at != end; ++at) {
      if (taken[at->second] == 0) best = std::min(best, at->second);
    }
    if (best < files.size()) take(row, best);
  }
  return found;
}

ClassId add_missing_class(store::Store& store, const store::VersionInfo& info, size_t c,
                          const std::string& who) {
  try {
    return store::add_class(store, info.classes[c], who);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::kConflict) throw;
    throw Error(ErrorCategory::kConflict,
                "version '" + info.name + "' cannot be restored: " + error.what(),
                "take the merge back first: errata log shows its batch, errata undo takes it back");
  }
}

// The project's class for each class of the version. Those without samples there are not needed and
// stay 0 when the project lacks them.
std::vector<ClassId> find_classes(store::Store& store, const store::VersionInfo& info,
                                  const DatasetState& version, const store::ObjectTexts& objects,
                                  const std::string& who, std::vector<std::string>& added) {
  std::unordered_set<ClassId> present;
  std::unordered_map<std::string, ClassId> by_name;
  for (const store::ProjectClass& project_class : store::list_classes(store)) {
    present.insert(project_class.id);
    by_name[project_class.name] = project_class.id;
  }
  std::vector<uint8_t> used(info.classes.size(), 0);
  for (const std::vector<int32_t>& labels : version.labels) {
    for (const int32_t code : labels) used[static_cast<size_t>(code)] = 1;
  }
  std::unordered_set<std::string_view> of_objects;
  for (const store::ObjectText& object : objects.objects) {
    const auto name = objects.class_names.find(object.class_id);
    if (name != objects.class_names.end()) of_objects.insert(name->second);
  }
  for (size_t c = 0; c < used.size(); ++c) {
    if (of_objects.contains(info.classes[c])) used[c] = 1;
  }
  std::vector<ClassId> ids(info.classes.size(), 0);
  for (size_t c = 0; c < ids.size(); ++c) {
    const auto named = by_name.find(info.classes[c]);
    if (c < info.class_ids.size() && present.count(info.class_ids[c]) != 0) {
      ids[c] = info.class_ids[c];
    } else if (named != by_name.end()) {
      ids[c] = named->second;
    } else if (used[c] != 0) {
      ids[c] = add_missing_class(store, info, c, who);
      added.push_back(info.classes[c]);
    }
  }
  return ids;
}

// The edits that bring one sample to the version's state.
void add_edits(const store::SampleFile& file, const store::SampleState& now,
               std::vector<ClassId> labels, const std::string& split,
               std::vector<store::Edit>& edits, RestoreReport& report) {
  std::sort(labels.begin(), labels.end());
  const auto edit = [&](store::EditKind kind) -> store::Edit& {
    store::Edit& added = edits.emplace_back();
    added.sample = file.id;
    added.kind = kind;
    return added;
  };
  if (now.review == store::Review::kExcluded) {
    edit(store::EditKind::kInclude);
    ++report.included;
  }
  if (now.labels != labels) {
    edit(store::EditKind::kSetLabel).labels = std::move(labels);
    ++report.relabelled;
  }
  if (now.split != split) {
    edit(store::EditKind::kSetSplit).text = split;
    ++report.moved;
  }
}

std::unordered_map<SampleId, SampleId> found_by_sample(const DatasetState& version,
                                                       const std::vector<SampleId>& found) {
  std::unordered_map<SampleId, SampleId> now;
  for (size_t row = 0; row < found.size(); ++row) {
    if (found[row] != 0) now.emplace(version.samples[row], found[row]);
  }
  return now;
}

// An import may have come while contents were hashed.
void check_same_samples(store::Store& store, const std::vector<store::SampleFile>& files) {
  const std::vector<store::SampleFile> now = store::all_sample_files(store);
  const bool same = std::equal(
      files.begin(), files.end(), now.begin(), now.end(), [](const auto& a, const auto& b) {
        return a.id == b.id && a.size_bytes == b.size_bytes && a.mtime_ns == b.mtime_ns;
      });
  if (same) return;
  throw Error(ErrorCategory::kConflict, "an import changed the samples meanwhile",
              "nothing was changed: restore once more");
}

}  // namespace

RestoreReport restore_version(store::Store& store, const std::string& name, const std::string& who,
                              const std::string& why, const VersionContext& context) {
  const store::VersionInfo info = store::read_version(store, name);
  const DatasetState version = state_of(info, store::read_version_columns(store, info.id));
  const std::vector<store::SampleFile> files = store::all_sample_files(store);
  std::vector<SampleId> ids;
  ids.reserve(files.size());
  for (const store::SampleFile& file : files) ids.push_back(file.id);
  const auto contents = ensure_content_hashes(store, ids, context);
  context.cancel.check();

  RestoreReport report;
  const store::ObjectTexts objects = store::read_object_texts(store, info.id);
  const std::vector<ClassId> class_ids =
      find_classes(store, info, version, objects, who, report.classes_added);
  const std::vector<SampleId> found = find_samples(version, files, contents);
  std::unordered_map<SampleId, size_t> row_of;
  for (size_t row = 0; row < found.size(); ++row) {
    if (found[row] != 0) {
      row_of[found[row]] = row;
      continue;
    }
    ++report.missing;
    context.issues.warn("missing-sample", shown_path(version, row), {}, {},
                        "the version has this sample, the store has no such content any more",
                        "import its source again and restore once more");
  }
  const auto by_sample = found_by_sample(version, found);
  const auto decide = [&] {
    check_same_samples(store, files);
    store::EditsOfBoth edits;
    const std::vector<store::SampleState> states = store::read_states(store, ids);
    for (size_t i = 0; i < files.size(); ++i) {
      const auto row = row_of.find(files[i].id);
      if (row == row_of.end()) {
        if (states[i].review == store::Review::kExcluded) continue;
        store::Edit& edit = edits.samples.emplace_back();
        edit.sample = files[i].id;
        edit.kind = store::EditKind::kExclude;
        ++report.excluded;
        continue;
      }
      std::vector<ClassId> labels;
      for (const int32_t code : version.labels[row->second]) {
        labels.push_back(class_ids[static_cast<size_t>(code)]);
      }
      const int32_t split = version.splits[row->second];
      add_edits(files[i], states[i], std::move(labels),
                split < 0 ? std::string() : version.split_names[static_cast<size_t>(split)],
                edits.samples, report);
    }
    edits.objects = restored_objects(store, objects, by_sample, info.classes, class_ids, report);
    return edits;
  };
  report.batch = store::apply_edits_and_objects(store, decide, who,
                                                why.empty() ? "restore version " + name : why);
  return report;
}

}  // namespace errata::versions

#include "export/version_input.h"

#include "base/error.h"
#include "base/text.h"
#include "export/annotation_input.h"
#include "store/sample_files.h"
#include "store/versions.h"
#include "versions/version.h"

namespace errata::exports {

namespace {

ExportItem item_of(const store::SampleFile& file, const std::string& source_name) {
  ExportItem item;
  item.absolute_path = file.absolute_path;
  item.member = file.member;
  item.size_bytes = file.size_bytes;
  item.mtime_ns = file.mtime_ns;
  item.sample = file.id;
  item.source_path = source_name + "/" + file.path;
  item.raw_id = file.raw_id;
  item.width_px = file.width_px;
  item.height_px = file.height_px;
  item.orientation = file.orientation;
  return item;
}

void check_version(const store::VersionInfo& info, const versions::DatasetState& state,
                   const ParallelFor& parallel_for, InputOf what) {
  if (versions::hash_of(state, parallel_for) != info.hash) {
    throw Error(ErrorCategory::kCorrupt,
                "the stored version '" + info.name + "' does not have the hash it was made with",
                "run errata doctor");
  }
  if (what == InputOf::kObjects) return;
  uint64_t several = 0;
  for (const auto& labels : state.labels) several += labels.size() > 1 ? 1 : 0;
  if (several == 0) return;
  throw Error(
      ErrorCategory::kUnsupported,
      with_thousands(several) + " samples of version '" + info.name + "' have more than one label",
      "this format holds one label per image: decide those samples first");
}

}  // namespace

ExportInput read_version_input(store::Store& store, const std::string& version,
                               const ParallelFor& parallel_for, InputOf what) {
  const store::VersionInfo info = store::read_version(store, version);
  store::VersionColumns columns = store::read_version_columns(store, info.id);
  const std::vector<std::string> source_names = columns.source_names;
  const std::vector<int32_t> sources = columns.sources;
  const versions::DatasetState state = versions::state_of(info, std::move(columns));
  check_version(info, state, parallel_for, what);

  const std::vector<store::SampleFile> files = store::sample_files(store, state.samples);
  const auto contents = store::read_content_hashes(store, state.samples);
  ExportInput input;
  input.class_names = state.class_names;
  input.split_names = state.split_names;
  input.version_name = info.name;
  input.version_hash = info.hash;
  input.recipe_json = info.recipe_json;
  input.items.reserve(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    ExportItem& item =
        input.items.emplace_back(item_of(files[i], source_names[static_cast<size_t>(sources[i])]));
    item.label = state.labels[i].size() == 1 ? state.labels[i][0] : kNoClass;
    item.several_labels = state.labels[i].size() > 1;
    item.split = state.splits[i];
    item.has_sha256 = true;
    item.sha256 = state.content[i];
    item.check_content = contents[i] != state.content[i];
  }
  if (what == InputOf::kObjects) add_objects(store, info.id, info.class_ids, input);
  return input;
}

void add_free_columns(const Snapshot& snapshot, ExportInput& input) {
  constexpr std::string_view kPrefix = "attr.";
  for (const auto& column : snapshot.samples.columns()) {
    const bool is_attribute = column->name.starts_with(kPrefix);
    if (!is_attribute && column->name != "tags") continue;
    ExportColumn free;
    free.name = is_attribute ? column->name.substr(kPrefix.size()) : column->name;
    free.values.reserve(input.items.size());
    bool any = is_attribute;
    for (const ExportItem& item : input.items) {
      const size_t row = snapshot.row_of(item.sample);
      free.values.push_back(row == SIZE_MAX ? std::string()
                                            : column->display(static_cast<RowIndex>(row)));
      any = any || !free.values.back().empty();
    }
    if (any) input.columns.push_back(std::move(free));
  }
}

}  // namespace errata::exports

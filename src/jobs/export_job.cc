#include "jobs/export_job.h"

#include <fmt/format.h>

#include "base/text.h"
#include "export/annotation_input.h"
#include "export/version_input.h"
#include "jobs/loaded_state.h"
#include "jobs/member_reader.h"
#include "jobs/score_job.h"
#include "store/sample_files.h"

namespace errata::jobs {

namespace {

void reject_several_labels(std::string_view path, JobContext& context, ExportJobReport& report) {
  ++report.several_labels;
  context.issues.reject("several-labels", std::string(path), "", "",
                        "the sample has several labels, this format holds one",
                        "settle on one with `errata edit set CLASS SAMPLE`, or exclude it");
}

// The store as it is now: the rows that the filter selects, less the excluded ones.
exports::ExportInput current_input(LoadedState& state, exports::InputOf what, JobContext& context,
                                   ExportJobReport& report) {
  const Snapshot& snapshot = state.snapshot;
  const Table& table = snapshot.samples;
  exports::ExportInput input;
  input.class_names = snapshot.classes.names();
  const std::vector<ClassIndex> labels = project_labels(snapshot);
  const Column* split = table.find("split");
  const Column* several = table.find("labels");
  const Column* excluded = table.find("excluded");
  const Column* path = table.find("path");
  if (split != nullptr) input.split_names = split->dictionary->texts();
  const Column* source = table.find("source");
  std::vector<SampleId> ids;
  std::vector<std::string> sources;
  state.selection.for_each([&](RowIndex row) {
    if (excluded != nullptr && excluded->bytes[row] != 0) return;
    const bool has_several =
        several != nullptr && several->offsets[row + 1] - several->offsets[row] > 1;
    if (has_several && what == exports::InputOf::kLabels) {
      return reject_several_labels(path->text(row), context, report);
    }
    ids.push_back(snapshot.ids[row]);
    sources.push_back(source == nullptr ? "" : source->display(row));
    exports::ExportItem item;
    item.label = has_several ? kNoClass : labels[row];
    item.several_labels = has_several;
    item.split = split == nullptr || split->is_null(row) ? -1 : split->codes[row];
    input.items.push_back(std::move(item));
  });
  const std::vector<store::SampleFile> files = store::sample_files(state.store, ids);
  for (size_t i = 0; i < files.size(); ++i) {
    exports::ExportItem& item = input.items[i];
    const store::SampleFile& file = files[i];
    item.absolute_path = file.absolute_path;
    item.member = file.member;
    item.size_bytes = file.size_bytes;
    item.mtime_ns = file.mtime_ns;
    item.sample = file.id;
    item.source_path = sources[i] + "/" + file.path;
    item.raw_id = file.raw_id;
    item.width_px = file.width_px;
    item.height_px = file.height_px;
    item.orientation = file.orientation;
  }
  if (what == exports::InputOf::kObjects) {
    exports::add_objects(state.store, 0, snapshot.class_ids, input);
  }
  return input;
}

// "voc cannot hold masks: only the box is written (12 objects, the first is 7)"
std::string loss_line(const exports::ExportFormat& format, const exports::Loss& loss) {
  const bool of_objects = !loss.objects.empty();
  const std::string of = of_objects ? "object" : "sample";
  const int64_t first = of_objects ? loss.objects.front() : loss.samples.front();
  if (loss.count() == 1)
    return fmt::format("{} cannot hold {} ({} {})", format.name(), loss.what, of, first);
  return fmt::format("{} cannot hold {} ({} {}s, the first is {})", format.name(), loss.what,
                     with_thousands(loss.count()), of, first);
}

}  // namespace

void ExportJobOptions::check() const {
  if (target.empty()) {
    throw Error(ErrorCategory::kUsage, "no target folder was given", "Use --to DIR.");
  }
  exports::find_format(format);
  exports::parse_file_mode(files);
  if (!version.empty() && !where.empty()) {
    throw Error(ErrorCategory::kUsage, "a version is exported whole",
                "Leave out --where, or --version.");
  }
}

ExportJobReport run_export(const ExportJobOptions& options, JobContext& context) {
  options.check();
  const exports::ExportFormat& format = exports::find_format(options.format);
  ExportJobReport report;
  LoadedState state = load_state({options.store_path, "", options.where, false});
  const auto what = format.holds_objects() ? exports::InputOf::kObjects : exports::InputOf::kLabels;
  exports::ExportInput input =
      options.version.empty()
          ? current_input(state, what, context, report)
          : exports::read_version_input(state.store, options.version,
                                        context.workers.as_parallel_for(), what);
  exports::add_free_columns(state.snapshot, input);

  exports::ExportOptions export_options;
  export_options.target = options.target;
  export_options.files = exports::parse_file_mode(options.files);
  export_options.check_content = options.check_content;
  export_options.skip_unreadable = options.skip_unreadable;
  export_options.dry_run = options.dry_run;
  const exports::ExportContext export_context{context.workers.as_parallel_for(),
                                              context.progress,
                                              context.cancel,
                                              context.issues,
                                              make_member_reader(),
                                              [&](std::span<const exports::Loss> losses) {
                                                for (const exports::Loss& loss : losses)
                                                  context.tell(loss_line(format, loss));
                                              }};
  report.written = exports::export_dataset(format, input, export_options, export_context);
  report.format = format.name();
  report.version = input.version_name;
  report.hash = input.version_hash;
  report.classes = input.class_names.size();
  report.issue_kinds = context.issues.count_by_kind();
  return report;
}

}  // namespace errata::jobs

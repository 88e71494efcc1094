#include "export/exporter.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "export/coco.h"
#include "export/csv.h"
#include "export/file_writer.h"
#include "export/imagefolder.h"
#include "export/losses.h"
#include "export/manifest.h"
#include "export/names.h"
#include "export/staging.h"
#include "export/voc.h"
#include "export/yolo.h"

namespace errata::exports {

namespace {

constexpr size_t kFilesPerRange = 64;

struct ModeName {
  FileMode mode;
  std::string_view name;
};
constexpr std::array kModes{
    ModeName{FileMode::kCopy, "copy"}, ModeName{FileMode::kHardlink, "hardlink"},
    ModeName{FileMode::kSymlink, "symlink"}, ModeName{FileMode::kReflink, "reflink"},
    ModeName{FileMode::kNone, "none"}};

void check_input(const ExportFormat& format, const ExportInput& input,
                 const ExportOptions& options) {
  if (!format.supports(options.files)) {
    throw Error(ErrorCategory::kUsage,
                "the format " + std::string(format.name()) + " needs files: --files " +
                    std::string(file_mode_name(options.files)) + " is for " +
                    formats_that_support(options.files),
                "use --files copy, hardlink or symlink");
  }
  if (format.holds_objects() && !input.objects.present) {
    throw Error(ErrorCategory::kBadInput,
                "there are no objects to export as " + std::string(format.name()),
                "this format is for boxes; labels of whole images go into imagefolder or csv. "
                "`errata import` reads boxes of COCO, VOC and YOLO");
  }
  for (const ExportItem& item : input.items) {
    if (item.label >= static_cast<ClassIndex>(input.class_names.size()) ||
        item.split >= static_cast<int32_t>(input.split_names.size())) {
      throw Error(ErrorCategory::kInternal, "an exported sample of an unknown class or split", {},
                  item.absolute_path);
    }
  }
}

void make_folders(const Layout& layout, const StagingFolder& staging) {
  for (const std::string& folder : layout.folders) {
    if (::mkdirat(staging.fd(), folder.c_str(), 0777) != 0 && errno != EEXIST) {
      throw io_error("create the folder", join_path(staging.path(), folder), errno);
    }
  }
}

// A format that lets a name out of its folder is a bug; it must not become a written file.
void check_paths(const Layout& layout) {
  for (const std::string& path : layout.paths) {
    if (!path.empty() && !is_safe_relative_path(path)) {
      throw Error(ErrorCategory::kInternal, "an export path that leaves its folder", {}, path);
    }
  }
}

// 1 for each item that is there. After the first failure the others are only checked, so that one
// message tells all that is wrong, unless what is unreadable may be left out.
std::vector<uint8_t> write_files(const ExportInput& input, const ExportOptions& options,
                                 const ExportContext& context, const Layout& layout,
                                 FileWriter& writer) {
  context.progress.start_stage("writing files", input.items.size());
  std::vector<uint8_t> written(input.items.size(), 0);
  std::atomic<bool> failed{false};
  context.parallel_for(input.items.size(), kFilesPerRange, [&](size_t begin, size_t end) {
    static thread_local FileWriter::Buffers buffers;
    for (size_t i = begin; i < end; ++i) {
      context.cancel.check();
      const bool only_check = failed.load(std::memory_order_relaxed) && !options.skip_unreadable;
      const WriteStatus status = writer.write(input.items[i], layout.paths[i], only_check, buffers);
      written[i] = status == WriteStatus::kWritten ? 1 : 0;
      if (written[i] == 0) failed.store(true, std::memory_order_relaxed);
    }
    context.progress.add(end - begin);
  });
  return written;
}

uint64_t count_objects(const ExportInput& input, std::span<const uint8_t> written,
                       std::span<const Loss> losses) {
  const std::vector<uint8_t> objects = written_objects(input, written, losses);
  return static_cast<uint64_t>(std::count(objects.begin(), objects.end(), 1));
}

}  // namespace

FileMode parse_file_mode(std::string_view text) {
  for (const ModeName& mode : kModes) {
    if (mode.name == text) return mode.mode;
  }
  throw Error(ErrorCategory::kUsage, "there is no file mode '" + std::string(text) + "'",
              "use copy, hardlink, symlink, reflink or none");
}

std::string_view file_mode_name(FileMode mode) {
  for (const ModeName& known : kModes) {
    if (known.mode == mode) return known.name;
  }
  return "";
}

std::span<const ExportFormat* const> all_formats() {
  static const std::array<const ExportFormat*, 5> formats{
      &imagefolder_format(), &csv_format(), &coco_format(), &voc_format(), &yolo_format()};
  return formats;
}

const ExportFormat& find_format(std::string_view name) {
  std::string known;
  for (const ExportFormat* format : all_formats()) {
    if (format->name() == name) return *format;
    known += (known.empty() ? "" : ", ") + std::string(format->name());
  }
  throw Error(ErrorCategory::kUsage, "there is no export format '" + std::string(name) + "'",
              "known formats: " + known);
}

std::string formats_that_support(FileMode mode) {
  std::vector<std::string> names;
  for (const ExportFormat* format : all_formats()) {
    if (format->supports(mode)) names.emplace_back(format->name());
  }
  return join_words(names);
}

std::string how_written(const ExportReport& report) {
  if (report.manifest.empty()) return "nothing written";
  if (report.files == 0 && report.images > 0) return "images left where they are";
  if (report.bytes_written > 0 || report.images == 0) {
    return human_bytes(report.bytes_written) + " written";
  }
  return report.shared_blocks > 0 ? "sharing the blocks of the originals" : "linked";
}

ExportReport export_dataset(const ExportFormat& format, const ExportInput& input,
                            const ExportOptions& options, const ExportContext& context) {
  check_input(format, input, options);
  ExportReport report;
  report.target = usable_target(options.target);
  context.progress.start_stage("planning names", 0);
  const Layout layout = format.plan(input, options, context.issues);
  check_paths(layout);
  report.losses = format.losses(input);
  if (context.on_losses) context.on_losses(report.losses);
  for (const AnnotationFile& file : layout.annotations)
    report.annotation_files.push_back(file.path);
  if (options.dry_run) {
    const std::vector<uint8_t> all(input.items.size(), 1);
    if (format.holds_objects()) report.objects = count_objects(input, all, report.losses);
    report.images = input.items.size();
    report.files = options.files == FileMode::kNone ? 0 : report.images;
    return report;
  }

  StagingFolder staging(report.target);
  make_folders(layout, staging);
  FileWriter writer(options, context, staging.fd(), staging.path());
  const std::vector<uint8_t> written = write_files(input, options, context, layout, writer);
  report.images = static_cast<uint64_t>(std::count(written.begin(), written.end(), 1));
  report.files = options.files == FileMode::kNone ? 0 : report.images;
  report.left_out = written.size() - report.images;
  if (format.holds_objects()) report.objects = count_objects(input, written, report.losses);
  if (report.left_out > 0 && !options.skip_unreadable) {
    throw Error(ErrorCategory::kBadInput,
                with_thousands(report.left_out) + " of " + with_thousands(written.size()) +
                    " images are missing, changed or unreadable; nothing was exported",
                "see the issues, import the source again, or leave them out with --skip-unreadable",
                report.target);
  }
  context.progress.start_stage("writing tables", 0);
  format.write_tables(input, options, layout, written, staging.path());
  write_manifest(format, input, layout, written, report.losses, staging.path());
  context.cancel.check();
  context.progress.start_stage("syncing to disk", 0);
  staging.publish(options.sync);

  report.members = writer.members();
  report.bytes_written = writer.bytes_written();
  report.shared_blocks = writer.shared_blocks();
  report.manifest = join_path(report.target, kManifestFile);
  return report;
}

}  // namespace errata::exports

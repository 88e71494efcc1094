// Exports: a dataset written as files that other tools read.
//
// One engine writes files, one class a format says what goes where. An export is made in a
// temporary folder beside the target and renamed at the end: a killed export leaves no target, and
// the next export to that place removes what the dead one left.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/issue_log.h"
#include "base/progress.h"
#include "base/workers.h"
#include "export/objects.h"
#include "model/ids.h"
#include "versions/canonical_png.h"

namespace errata::exports {

using versions::MemberReader;

struct ExportItem {
  std::string absolute_path;
  int64_t member = -1;      // position in a container; -1: the file itself
  uint64_t size_bytes = 0;  // as imported
  // As imported; -1: not known. When size or time differ from the file's, the content decides, and
  // without sha256 the item counts as changed.
  int64_t mtime_ns = -1;
  ClassIndex label = kNoClass;  // into ExportInput::class_names
  int32_t split = -1;           // into ExportInput::split_names
  bool has_sha256 = false;
  Sha256Digest sha256{};       // of the content, when known
  bool check_content = false;  // compare the content even where size and time agree
  SampleId sample = 0;
  std::string source_path;  // source and path for the manifest: any bytes
  std::string raw_id;       // the source's own id; may be empty
  int32_t width_px = 0;     // as stored, before orientation; 0: not known
  int32_t height_px = 0;
  uint8_t orientation = 1;      // EXIF 1..8
  bool several_labels = false;  // `label` is none then: only formats of objects take it
};

// A free column of the csv format: one text per item.
struct ExportColumn {
  std::string name;
  std::vector<std::string> values;
};

// Everything an export needs, as plain values. Items are written in this order; it is the order of
// the manifest.
struct ExportInput {
  std::vector<std::string> class_names;  // training order, empty classes too
  std::vector<std::string> split_names;
  std::vector<ExportItem> items;
  std::vector<ExportColumn> columns;
  ExportObjects objects;     // for formats that hold objects
  std::string version_name;  // empty: not a version
  std::string version_hash;  // "errata1:...", or empty
  std::string recipe_json;   // of the split; may be empty
};

enum class FileMode : uint8_t {
  kCopy,      // shares blocks where the file system can (FICLONE), otherwise copies the bytes
  kHardlink,  // members of containers are written in every mode
  kSymlink,   // absolute links
  kReflink,   // only by sharing blocks: an error where the file system cannot
  kNone       // csv and coco only: images stay where they are, tables say where
};
// "copy", "hardlink", ...; throws Error(kUsage) for others.
FileMode parse_file_mode(std::string_view text);
std::string_view file_mode_name(FileMode mode);

struct ExportOptions {
  std::string target;
  FileMode files = FileMode::kCopy;
  // Hash what is exported and compare with sha256. Members of containers and copies up to 1 MiB are
  // always compared where sha256 is known: their bytes pass through memory anyway.
  bool check_content = false;
  bool skip_unreadable = false;  // leave out what cannot be read instead of failing
  // Data on disk before the rename, so that a finished export survives a power cut. Costs what the
  // disk costs (seconds for many copies). Without it a killed program is still safe, and after a
  // power cut the hashes in the manifest tell which files were lost, as with cp.
  bool sync = false;
  bool dry_run = false;  // says what would be written and lost, and writes nothing
};

struct ExportContext {
  ParallelFor parallel_for;
  Progress& progress;
  const CancelToken& cancel;
  IssueLog& issues;
  MemberReader read_member;  // needed when an item has a member
  // Told before the first file is written what the format cannot hold; may be empty.
  std::function<void(std::span<const Loss>)> on_losses = {};
};

struct ExportReport {
  std::string target;
  uint64_t images = 0;    // in what was exported
  uint64_t files = 0;     // of them, written or linked; none with FileMode::kNone
  uint64_t members = 0;   // of them, written from containers
  uint64_t left_out = 0;  // with skip_unreadable
  uint64_t bytes_written = 0;
  uint64_t shared_blocks = 0;                 // copies that cost no space
  std::string manifest;                       // path; empty after a dry run
  uint64_t objects = 0;                       // of formats that hold them: those that are written
  std::vector<std::string> annotation_files;  // relative to the target
  std::vector<Loss> losses;
};

// What became of the images: "58.7 MiB written", "linked", "images left where they are".
std::string how_written(const ExportReport& report);

// A file of annotations, a list of a split's images, or the folder of them.
struct AnnotationFile {
  std::string path;    // relative to the target
  int32_t split = -1;  // into ExportInput::split_names; -1: of images in none
};

// Where one item goes: relative to the target, '/' between parts. Empty: no file.
struct Layout {
  std::vector<std::string> paths;          // per item
  std::vector<std::string> folders;        // to be made, parents first, empty ones too
  std::vector<std::string> class_folders;  // per class; empty when the format has none
  std::vector<std::string> split_folders;  // per split; empty when the format has none
  std::string no_split_folder;             // empty when not needed
  std::string unlabelled_folder;           // empty when not needed
  std::string description;                 // "split/class/file"
  // Of formats that hold objects:
  std::vector<AnnotationFile> annotations;
  int voc_origin = -1;    // VOC: the number of the first pixel
  std::string yolo_rows;  // YOLO: what rows of four points are, "oriented" or "outlines"
};

class ExportFormat {
 public:
  virtual ~ExportFormat() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view description() const = 0;
  virtual bool supports(FileMode mode) const { return mode != FileMode::kNone; }
  // Whether it wants ExportInput::objects; it then holds objects instead of labels.
  virtual bool holds_objects() const { return false; }
  // Pure: what it cannot hold, kinds without a case left out.
  virtual std::vector<Loss> losses(const ExportInput&) const { return {}; }
  // Pure: names made safe and unique.
  virtual Layout plan(const ExportInput& input, const ExportOptions& options,
                      IssueLog& issues) const = 0;
  // Tables of the format, written into `folder` (which becomes the target). `written[i]` is 0 for
  // an item left out.
  virtual void write_tables(const ExportInput& input, const ExportOptions& options,
                            const Layout& layout, std::span<const uint8_t> written,
                            const std::string& folder) const = 0;
};

// In the order shown to people.
std::span<const ExportFormat* const> all_formats();
// Throws Error(kUsage) with the known names.
const ExportFormat& find_format(std::string_view name);
// "csv and coco"
std::string formats_that_support(FileMode mode);

// Writes the dataset. Errors: kConflict when the target holds anything or is a file; kUsage when
// the format cannot have the file mode or a name is unusable; kBadInput when an item is missing,
// changed since its import or unreadable (each is an issue; nothing is written unless
// skip_unreadable), or the format holds objects and there are none; kIo, kInterrupted. After an
// error the target is as it was and the temporary folder is gone.
ExportReport export_dataset(const ExportFormat& format, const ExportInput& input,
                            const ExportOptions& options, const ExportContext& context);

}  // namespace errata::exports

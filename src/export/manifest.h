// What an export says of itself. Two exports of the same version are equal byte for byte: no times,
// no absolute paths.
//
// errata-manifest.json
//   {"errata_manifest": 1, "format": "imagefolder", "layout": "split/class/file",
//    "version": "v1" | null, "hash": "errata1:..." | null, "samples": 70000,
//    "classes": [{"index": 0, "name": "T-shirt/top", "folder": "T-shirt%2Ftop", "samples": 7000}],
//    "splits": [{"name": "train", "folder": "train", "samples": 60000}],
//    "unlabelled_folder": "_unlabelled" | null, "no_split_folder": "_no_split" | null,
//    "split_recipe": {...} | null,
//    "objects": 36000,
//    "annotations": [{"file": "annotations/instances_val.json", "split": "val" | null}],
//    "voc_origin": 0 | 1,
//    "yolo_rows": "oriented" | "outlines",
//    "not_held": [{"kind": "mask", "what": "...", "count": 2, "objects": [7, 9]}],
//    "files": {"list": "errata-files.jsonl", "count": 70000, "sha256": "..."}}
//   index is the class's training index; classes without a sample are listed too. Formats that hold
//   objects have the five before files (voc_origin is VOC's; yolo_rows is YOLO's where it has rows
//   of points: oriented boxes when they are four) and count objects, not samples, a class.
//   not_held: what the format has no place for, by ids of objects or "samples" of the store.
// errata-files.jsonl: one object a line, in the order of the version:
//   {"path": "train/cat/a.jpg", "class": 3 | null, "label": "cat", "split": "train",
//    "sha256": "...", "source": "pets/cat/a.jpg", "member": 12, "id": "raw id"}
//   source is in escape_bytes form (base/text.h); fields that do not apply are left out, class is
//   null without a label.
// classes.csv: index,name
#pragma once

#include <span>
#include <string>

#include "base/files.h"
#include "export/exporter.h"

namespace errata::exports {

// Writes the three files into `folder`.
void write_manifest(const ExportFormat& format, const ExportInput& input, const Layout& layout,
                    std::span<const uint8_t> written, std::span<const Loss> losses,
                    const std::string& folder);

// `text` in double quotes for JSON; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
// One field of RFC 4180, in quotes when it needs them.
void append_csv_field(std::string& out, std::string_view field);
// A file that is written piece by piece, without fsync: publish() syncs the whole folder. Throws
// Error(kIo).
class PlainFile {
 public:
  explicit PlainFile(const std::string& path);
  void write(std::string_view bytes);
  void close();  // after the last write(): tells what the file system held back until then

 private:
  std::string path_;
  Fd fd_;
};

// Plain write without fsync: publish() syncs the whole folder. Throws Error(kIo).
void write_plain_file(const std::string& path, std::string_view bytes);

}  // namespace errata::exports

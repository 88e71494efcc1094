// The manifest that an export of ours leaves in its root, as far as importing it again needs it:
// class names that no folder can have, their order, and which folder is which split.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "model/class_map.h"

namespace errata::importers {

struct ExportManifest {
  ClassMap classes;
  std::unordered_map<std::string, ClassIndex> class_of_folder;
  bool has_splits = false;                                       // layout "split/class/file"
  std::unordered_map<std::string, std::string> split_of_folder;  // "" for the folder of no split
  std::optional<std::string> unlabelled_folder;
};

inline constexpr std::string_view kExportManifestName = "errata-manifest.json";
inline constexpr std::string_view kExportedTableName = "data.csv";  // of a csv export

// The format that the manifest in `root` says ("imagefolder", "csv"), or empty when there is none
// or it is broken. Never throws.
std::string exported_format(const std::string& root);

// Nothing when the folder holds no manifest, or one of another layout than imagefolder. Throws
// Error(kBadInput) when it is broken.
std::optional<ExportManifest> read_export_manifest(const std::string& root);

// What an export of objects says of its files of annotations.
struct ExportedAnnotations {
  std::unordered_map<std::string, std::string>
      split_of_file;      // by path below the root; "" for none
  int voc_origin = -1;    // -1: not said
  std::string yolo_rows;  // what rows of four points are: "oriented", "outlines"; empty: not said
};
// Nothing when the folder holds no manifest, or one of another format. Throws Error(kBadInput) when
// it is broken.
std::optional<ExportedAnnotations> read_exported_annotations(const std::string& root,
                                                             std::string_view format);
// The split that the manifest beside the file or one folder above says it is; "" for none. Nothing
// where there is no such manifest. Throws as above.
std::optional<std::string> exported_split(const std::string& file, std::string_view format);

}  // namespace errata::importers

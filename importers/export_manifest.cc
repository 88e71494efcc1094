#include "importers/export_manifest.h"

#include "base/error.h"
#include "base/files.h"
#include "text/json.h"

namespace errata::importers {

namespace {

using text::Json;

void read_classes(const Json& json, ExportManifest& manifest) {
  for (const Json& entry : json.at("classes").as_array()) {
    const ClassIndex index = manifest.classes.add(entry.at("name").as_string());
    if (entry.at("index").as_int() != index) {
      throw Error(ErrorCategory::kBadInput, "the classes are not numbered 0, 1, 2, ...");
    }
    manifest.class_of_folder[entry.at("folder").as_string()] = index;
  }
}

void read_splits(const Json& json, ExportManifest& manifest) {
  manifest.has_splits = json.get_string("layout", "class/file") == "split/class/file";
  if (const Json* splits = json.find("splits"); splits != nullptr && splits->is_array()) {
    for (const Json& entry : splits->as_array()) {
      manifest.split_of_folder[entry.at("folder").as_string()] = entry.at("name").as_string();
    }
  }
  const std::string none = json.get_string("no_split_folder");
  if (!none.empty()) manifest.split_of_folder[none] = "";
  const std::string unlabelled = json.get_string("unlabelled_folder");
  if (!unlabelled.empty()) manifest.unlabelled_folder = unlabelled;
}

}  // namespace

std::string exported_format(const std::string& root) {
  const std::string path = join_path(root, kExportManifestName);
  if (!file_exists(path)) return {};
  try {
    return text::read_json_file(path).get_string("format");
  } catch (const Error&) {
    return {};
  }
}

std::optional<ExportManifest> read_export_manifest(const std::string& root) {
  const std::string path = join_path(root, kExportManifestName);
  if (!file_exists(path)) return std::nullopt;
  const Json json = text::read_json_file(path);
  try {
    if (json.get_string("format") != "imagefolder") return std::nullopt;
    ExportManifest manifest;
    read_classes(json, manifest);
    read_splits(json, manifest);
    return manifest;
  } catch (const Error& error) {
    throw Error(ErrorCategory::kBadInput, std::string("the manifest is broken: ") + error.what(),
                "export again, or delete the manifest to read the folders as they are", path);
  }
}

std::optional<ExportedAnnotations> read_exported_annotations(const std::string& root,
                                                             std::string_view format) {
  const std::string path = join_path(root, kExportManifestName);
  if (!file_exists(path)) return std::nullopt;
  const Json json = text::read_json_file(path);
  try {
    if (json.get_string("format") != format) return std::nullopt;
    ExportedAnnotations exported;
    for (const Json& entry : json.at("annotations").as_array()) {
      exported.split_of_file[entry.at("file").as_string()] = entry.get_string("split");
    }
    exported.voc_origin = static_cast<int>(json.get_int("voc_origin", -1));
    exported.yolo_rows = json.get_string("yolo_rows");
    return exported;
  } catch (const Error& error) {
    throw Error(ErrorCategory::kBadInput, std::string("the manifest is broken: ") + error.what(),
                "export again, or delete the manifest to read the files as they are", path);
  }
}

std::optional<std::string> exported_split(const std::string& file, std::string_view format) {
  std::string below(base_name(file));
  std::string folder(parent_path(file));
  for (int i = 0; i < 2; ++i) {
    if (const auto exported = read_exported_annotations(folder, format)) {
      const auto found = exported->split_of_file.find(below);
      if (found != exported->split_of_file.end()) return found->second;
    }
    below = join_path(base_name(folder), below);
    folder = std::string(parent_path(folder));
  }
  return std::nullopt;
}

}  // namespace errata::importers

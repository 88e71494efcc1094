#include "importers/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "importers/container_import.h"
#include "importers/folder_walk.h"

namespace errata::importers {

namespace {

constexpr std::array<std::string_view, 10> kFashionNames = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

bool is_image_file_name(std::string_view name) {
  const std::string lower = to_lower_ascii(name);
  return lower.find("images") != std::string::npos && lower.find("idx3") != std::string::npos;
}

std::string without_gz(const std::string& name) {
  return name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

// Image files of a folder by name, each once.
std::vector<std::string> image_files_in(const std::string& folder) {
  std::vector<std::string> names;
  const FolderListing listing = list_folder(folder);
  for (size_t i = 0; i < listing.files.size(); ++i) {
    const std::string name(listing.files[i]);
    if (!is_image_file_name(name)) continue;
    const bool packed_too =
        name.ends_with(".gz") && file_exists(join_path(folder, without_gz(name)));
    if (!packed_too) names.push_back(name);
  }
  return names;
}

// Where the files are: the root and their names. Empty when there are none.
struct Place {
  std::string root;
  std::vector<std::string> names;
};

Place find_files(const std::string& path) {
  if (!is_directory(path)) {
    return {std::string(parent_path(path)), {std::string(base_name(path))}};
  }
  for (const std::string& folder : {path, join_path(path, "raw")}) {
    if (!is_directory(folder)) continue;
    std::vector<std::string> names = image_files_in(folder);
    if (!names.empty()) return {folder, std::move(names)};
  }
  return {path, {}};
}

// "train-labels-idx1-ubyte" of "train-images-idx3-ubyte.gz", packed or not; empty when not there.
std::string label_file_of(const std::string& root, const std::string& images) {
  std::string labels = without_gz(images);
  const auto replace = [&](std::string_view from, std::string_view to) {
    const size_t at = labels.rfind(from);
    if (at != std::string::npos) labels.replace(at, from.size(), to);
  };
  replace("images", "labels");
  replace("idx3", "idx1");
  if (labels == without_gz(images)) return {};
  for (const std::string& name : {labels, labels + ".gz"}) {
    if (file_exists(join_path(root, name))) return join_path(root, name);
  }
  return {};
}

ClassMap find_classes(const std::string& root, int32_t largest_label) {
  for (const char* name : {"classes.txt", "class_names.txt", "labels.txt"}) {
    const std::string path = join_path(root, name);
    if (file_exists(path)) return read_class_list(path);
  }
  if (largest_label < 0) return {};
  ClassMap classes;
  const bool fashion = to_lower_ascii(root).find("fashion") != std::string::npos;
  if (fashion && largest_label < 10) {
    for (size_t i = 0; i < kFashionNames.size(); ++i) {
      classes.add(std::string(kFashionNames[i]), std::to_string(i));
    }
    return classes;
  }
  for (int32_t i = 0; i <= std::max(9, largest_label); ++i) {
    classes.add(std::to_string(i), std::to_string(i));
  }
  return classes;
}

}  // namespace

DetectResult IdxImporter::detect(const std::string& path) const {
  try {
    const Place place = find_files(path);
    if (place.names.empty()) return {0, "no file in it is named *images*idx3*"};
    const std::string first = join_path(place.root, place.names.front());
    const media::ContainerKind kind = media::detect_container(first);
    if (kind == media::ContainerKind::kIdxImages) {
      return {95, fmt::format("'{}' is an IDX file of images", place.names.front())};
    }
    if (kind == media::ContainerKind::kIdxLabels) {
      return {90, fmt::format("'{}' is an IDX file of labels", place.names.front())};
    }
    if (is_image_file_name(place.names.front())) {
      return {70, fmt::format("'{}' is named like an IDX file", place.names.front())};
    }
    return {0, "not an IDX file"};
  } catch (const Error& error) {
    return {0, error.what()};
  }
}

void IdxImporter::run(const ImportInput& input, SampleSink& sink) const {
  const Place place = find_files(absolute_path(input.path));
  if (place.names.empty()) {
    throw Error(ErrorCategory::kBadInput, "the folder holds no IDX files",
                "expected train-images-idx3-ubyte and train-labels-idx1-ubyte, gzipped or not",
                place.root);
  }
  input.progress.start_stage("opening containers", place.names.size());
  SourceHeader header{"idx", place.root, {}};
  std::vector<ContainerPart> parts;
  int32_t largest_label = -1;
  for (const std::string& name : place.names) {
    input.cancel.check();
    const std::string path = join_path(place.root, name);
    ContainerPart part{name, split_of_container(name), media::Container::open(path), {}, {}};
    const std::string labels = label_file_of(place.root, name);
    if (labels.empty()) {
      input.issues.warn("no-label-file", path, "", "", "no file of labels lies beside the images",
                        "name it like the image file, with labels-idx1 for images-idx3");
    } else {
      part.labels = media::read_idx_labels(labels);
      for (const int32_t label : part.labels) largest_label = std::max(largest_label, label);
    }
    if (to_lower_ascii(name).find("emnist") != std::string::npos) {
      input.issues.warn("transposed-images", path, "", "",
                        "EMNIST stores its images transposed; they are read as they are stored");
    }
    parts.push_back(std::move(part));
    input.progress.add();
  }
  header.classes = find_classes(place.root, largest_label);
  emit_containers(input, header, parts, sink);
}

}  // namespace errata::importers

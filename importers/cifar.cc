#include "importers/cifar.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "importers/container_import.h"
#include "importers/folder_walk.h"
#include "text/lines.h"

namespace errata::importers {

namespace {

constexpr std::array<std::string_view, 10> kCifar10Names = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

bool is_cifar(media::ContainerKind kind) {
  return kind == media::ContainerKind::kCifar10 || kind == media::ContainerKind::kCifar100;
}

bool is_batch_name(std::string_view name) {
  return name.ends_with(".bin") && (name.starts_with("data_batch") || name == "test_batch.bin" ||
                                    name == "train.bin" || name == "test.bin");
}

struct Place {
  std::string root;
  std::vector<std::string> names;
};

Place find_files(const std::string& path) {
  if (!is_directory(path)) {
    return {std::string(parent_path(path)), {std::string(base_name(path))}};
  }
  for (const char* below : {"", "cifar-10-batches-bin", "cifar-100-binary"}) {
    const std::string folder = join_path(path, below);
    if (!is_directory(folder)) continue;
    Place place{folder, {}};
    const FolderListing listing = list_folder(folder);
    for (size_t i = 0; i < listing.files.size(); ++i) {
      if (is_batch_name(listing.files[i])) place.names.emplace_back(listing.files[i]);
    }
    if (!place.names.empty()) return place;
  }
  return {path, {}};
}

bool holds_pickles(const std::string& path) {
  for (const char* below : {"", "cifar-10-batches-py", "cifar-100-python"}) {
    const std::string folder = join_path(path, below);
    const bool ten = file_exists(join_path(folder, "data_batch_1")) &&
                     file_exists(join_path(folder, "batches.meta"));
    const bool hundred = file_exists(join_path(folder, "train")) &&
                         !is_directory(join_path(folder, "train")) &&
                         file_exists(join_path(folder, "meta"));
    if (ten || hundred) return true;
  }
  return false;
}

ClassMap find_classes(const std::string& root, media::ContainerKind kind, IssueLog& issues) {
  const bool hundred = kind == media::ContainerKind::kCifar100;
  const std::string path = join_path(root, hundred ? "fine_label_names.txt" : "batches.meta.txt");
  if (file_exists(path)) return read_class_list(path);
  ClassMap classes;
  if (!hundred) {
    for (const std::string_view name : kCifar10Names) classes.add(std::string(name));
    return classes;
  }
  issues.warn("no-class-names", path, "", "", "the classes are named by their numbers",
              "put fine_label_names.txt of the data set beside the files");
  for (int i = 0; i < 100; ++i) classes.add(std::to_string(i));
  return classes;
}

std::vector<std::string> coarse_labels(const media::Container& container,
                                       const std::vector<std::string>& names) {
  std::vector<std::string> labels;
  if (container.kind() != media::ContainerKind::kCifar100) return labels;
  labels.reserve(static_cast<size_t>(container.count()));
  for (int64_t i = 0; i < container.count(); ++i) {
    const auto label = static_cast<size_t>(container.coarse_label(i));
    labels.push_back(label < names.size() ? names[label] : std::to_string(label));
  }
  return labels;
}

}  // namespace

DetectResult CifarImporter::detect(const std::string& path) const {
  try {
    const Place place = find_files(path);
    if (!place.names.empty()) {
      const std::string& name = place.names.front();
      if (is_cifar(media::detect_container(join_path(place.root, name)))) {
        return {95, fmt::format("'{}' holds CIFAR records", name)};
      }
      if (is_batch_name(name)) return {70, fmt::format("'{}' is named like a CIFAR batch", name)};
    }
    if (holds_pickles(path)) return {90, "the folder holds CIFAR's Python version (pickles)"};
    return {0, "no CIFAR batch (data_batch_1.bin, train.bin, ...)"};
  } catch (const Error& error) {
    return {0, error.what()};
  }
}

void CifarImporter::run(const ImportInput& input, SampleSink& sink) const {
  const std::string given = absolute_path(input.path);
  const Place place = find_files(given);
  if (place.names.empty() && holds_pickles(given)) {
    throw Error(ErrorCategory::kUnsupported,
                "this is CIFAR's Python version, whose pickles are not read",
                "download the binary version of the data set (cifar-10-binary.tar.gz or "
                "cifar-100-binary.tar.gz)",
                given);
  }
  if (place.names.empty()) {
    throw Error(ErrorCategory::kBadInput, "the folder holds no CIFAR batches",
                "expected data_batch_1.bin ... test_batch.bin, or train.bin and test.bin", given);
  }
  input.progress.start_stage("opening containers", place.names.size());
  std::vector<std::string> coarse_names;
  const std::string coarse_path = join_path(place.root, "coarse_label_names.txt");
  if (file_exists(coarse_path)) coarse_names = text::read_lines(coarse_path);
  SourceHeader header{"cifar", place.root, {}};
  std::vector<ContainerPart> parts;
  for (const std::string& name : place.names) {
    input.cancel.check();
    ContainerPart part{name,
                       split_of_container(name),
                       media::Container::open(join_path(place.root, name)),
                       {},
                       {}};
    if (!is_cifar(part.container->kind())) {
      throw Error(ErrorCategory::kBadInput, "not a whole number of CIFAR records",
                  "a CIFAR-10 record has 3,073 bytes, one of CIFAR-100 3,074; copy it again",
                  join_path(place.root, name));
    }
    part.labels.reserve(static_cast<size_t>(part.container->count()));
    for (int64_t i = 0; i < part.container->count(); ++i) {
      part.labels.push_back(part.container->label(i));
    }
    part.coarse_labels = coarse_labels(*part.container, coarse_names);
    parts.push_back(std::move(part));
    input.progress.add();
  }
  header.classes = find_classes(place.root, parts.front().container->kind(), input.issues);
  emit_containers(input, header, parts, sink);
}

}  // namespace errata::importers

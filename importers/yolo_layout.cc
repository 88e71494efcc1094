#include "importers/yolo_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/export_manifest.h"
#include "importers/folder_tree.h"
#include "importers/folder_walk.h"
#include "importers/yolo_rows.h"
#include "text/csv.h"
#include "text/lines.h"
#include "text/yaml.h"

namespace errata::importers {

namespace {

using text::Json;
using text::last_member;

constexpr uint64_t kMostYamlBytes = uint64_t{4} << 20;
constexpr std::array<std::string_view, 13> kSuffixes{".avif", ".bmp",  ".dng", ".heic", ".heif",
                                                     ".jp2",  ".jpeg", ".jpg", ".mpo",  ".png",
                                                     ".tif",  ".tiff", ".webp"};

bool is_data_yaml(const Json& yaml) {
  const auto has = [&](std::string_view key) { return last_member(yaml, key) != nullptr; };
  const bool split = has("train") || has("val") || has("validation") || has("test");
  return split && (has("names") || has("nc"));
}

std::optional<Json> read_data_yaml(const std::string& path) {
  const std::string suffix = extension(path);
  if (suffix != ".yaml" && suffix != ".yml") return std::nullopt;
  try {
    Json yaml = text::parse_yaml(read_text_file(path, kMostYamlBytes), path);
    if (is_data_yaml(yaml)) return yaml;
  } catch (const Error&) {
    // Whoever asks wants to know whether this is one.
  }
  return std::nullopt;
}

std::vector<std::string> texts_of(const Json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.as_string());
  if (value.is_array()) {
    for (const Json& each : value.as_array()) {
      for (std::string& text : texts_of(each)) texts.push_back(std::move(text));
    }
  }
  return texts;
}

// Nothing where it is none that Ultralytics takes.
std::optional<YoloKeyPoints> key_points_of(const Json& yaml) {
  const Json* shape = last_member(yaml, "kpt_shape");
  if (shape == nullptr) return YoloKeyPoints{};
  const std::vector<std::string> numbers = texts_of(*shape);
  int64_t points = 0;
  int64_t values = 0;
  if (numbers.size() != 2 || !text::parse_int(numbers[0], points) ||
      !text::parse_int(numbers[1], values) || points < 1 || points > 100'000 || values < 2 ||
      values > 3) {
    return std::nullopt;
  }
  return YoloKeyPoints{static_cast<size_t>(points), static_cast<size_t>(values)};
}

class LayoutReader {
 public:
  explicit LayoutReader(const ImportInput& input) : input_(input) {}

  YoloLayout read() {
    const std::string path = absolute_path(input_.path);
    layout_.yaml_path = is_directory(path) ? find_yolo_yaml(path) : path;
    if (layout_.yaml_path.empty()) {
      root_ = input_.images_root.empty() ? path : absolute_path(input_.images_root);
      read_folders(path);
    } else {
      read_yaml();
    }
    uint64_t images = 0;
    for (const YoloSplit& split : layout_.splits) images += split.images.size();
    if (images == 0) {
      throw Error(ErrorCategory::kNotFound, "there are no images",
                  fmt::format("They were looked for in {}. Say where they are with --images DIR.",
                              to_valid_utf8(root_)),
                  input_.path);
    }
    choose_root();
    return std::move(layout_);
  }

 private:
  void read_yaml();
  void read_classes(const Json& yaml);
  void add_classes(std::vector<std::string> names, const std::string& file);
  void read_key_points(const Json& yaml);
  void find_root(const Json& yaml);
  void read_folders(const std::string& path);
  void read_class_file(const std::string& path);
  void choose_root();
  bool resolve(const std::string& base, const std::string& value, std::string& found) const;
  void add_split(const std::string& name, const std::vector<std::string>& values);
  void add_folder(const std::string& folder, std::vector<std::string>& images);
  void add_list(const std::string& file, std::vector<std::string>& images);
  bool find_listed(const std::string& line, const std::string& list, std::string& found);
  void keep_new(YoloSplit& split, std::vector<std::string> images);
  Error bad(const std::string& message, const std::string& hint = {}) const {
    return {ErrorCategory::kBadInput, message, hint, layout_.yaml_path};
  }

  const ImportInput& input_;
  YoloLayout layout_;
  std::string root_;                                  // where the yaml's paths start
  std::unordered_map<std::string, size_t> split_of_;  // by image: place in the layout's splits
  uint64_t foreign_paths_ = 0;
};

void LayoutReader::read_classes(const Json& yaml) {
  std::vector<std::string> names;
  const Json* given = last_member(yaml, "names");
  const auto name_of = [&](const Json& value) {
    if (!value.is_string()) throw bad("a class has no name, or one that is no text");
    return value.as_string();
  };
  if (given != nullptr && given->is_array()) {
    for (const Json& name : given->as_array()) names.push_back(name_of(name));
  } else if (given != nullptr && given->is_object()) {
    std::map<int64_t, std::string> by_index;
    for (const auto& [key, value] : given->as_object()) {
      int64_t index = 0;
      if (!text::parse_int(key, index)) {
        throw bad(fmt::format("'{}' is no index of a class", key), "names are 0: cat, 1: dog, ...");
      }
      by_index[index] = name_of(value);
    }
    int64_t due = 0;
    for (auto& [index, name] : by_index) {
      if (index != due++) {
        throw bad(fmt::format("the classes are not numbered 0, 1, 2, ...: {} is missing", due - 1));
      }
      names.push_back(std::move(name));
    }
  } else if (given != nullptr) {
    throw bad("names are neither a list nor numbered", "write names: [cat, dog]");
  }
  int64_t count = -1;
  const Json* nc = last_member(yaml, "nc");
  if (nc != nullptr && (!nc->is_string() || !text::parse_int(nc->as_string(), count) || count < 0 ||
                        count > 1'000'000)) {
    throw bad("nc is no number of classes");
  }
  for (int64_t i = 0; given == nullptr && i < count; ++i) {
    names.push_back(fmt::format("class_{}", i));
  }
  if (count >= 0 && static_cast<size_t>(count) != names.size()) {
    input_.issues.warn("class-count", layout_.yaml_path, "nc", nc->as_string(),
                       fmt::format("nc differs from the {} names, which count; Ultralytics refuses "
                                   "this file",
                                   names.size()),
                       "correct nc, or leave it out");
  }
  add_classes(std::move(names), layout_.yaml_path);
}

void LayoutReader::add_classes(std::vector<std::string> names, const std::string& file) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string place = fmt::format("class {}", i);
    if (names[i].empty()) {
      names[i] = fmt::format("class_{}", i);
      input_.issues.warn("empty-class", file, place, "",
                         fmt::format("the class has no name: it is called {}", names[i]), "");
    }
    if (layout_.classes.find(names[i]) != kNoClass) {
      input_.issues.warn("duplicate-class", file, place, names[i],
                         "two classes have the same name: they are one class here", "");
    }
    layout_.classes.add(names[i], fmt::format("{}", i));
  }
}

void LayoutReader::read_key_points(const Json& yaml) {
  const std::optional<YoloKeyPoints> key_points = key_points_of(yaml);
  if (!key_points) throw bad("kpt_shape is not [points, 2 or 3]");
  layout_.key_points = *key_points;
}

// `value` below `base`; Roboflow's exports begin with a ../ too many, and Windows has backslashes.
bool LayoutReader::resolve(const std::string& base, const std::string& value,
                           std::string& found) const {
  std::vector<std::string> tries{value};
  if (value.find('\\') != std::string::npos) {
    tries.push_back(value);
    std::replace(tries.back().begin(), tries.back().end(), '\\', '/');
  }
  if (tries.back().starts_with("../")) tries.push_back(tries.back().substr(3));
  for (const std::string& each : tries) {
    found = absolute_path(each.starts_with('/') ? each : join_path(base, each));
    FileStat stat;
    if (stat_file(found, stat)) return true;
  }
  found = absolute_path(value.starts_with('/') ? value : join_path(base, value));
  return false;
}

void LayoutReader::find_root(const Json& yaml) {
  const std::string own(parent_path(layout_.yaml_path));
  if (!input_.images_root.empty()) {
    root_ = absolute_path(input_.images_root);
    return;
  }
  root_ = own;
  const Json* path = last_member(yaml, "path");
  if (path == nullptr || !path->is_string() || path->as_string().empty()) return;
  // Relative, Ultralytics takes it from the working directory: here the file's own folder comes
  // first, since that does not depend on where the command is run.
  std::vector<std::string> folders;
  std::string folder;
  for (const std::string& base : {own, absolute_path("."), std::string(parent_path(own))}) {
    if (resolve(base, path->as_string(), folder)) folders.push_back(folder);
  }
  folders.push_back(own);
  std::vector<std::string> values;
  for (const char* key : {"train", "val", "validation", "test"}) {
    const Json* split = last_member(yaml, key);
    if (split == nullptr) continue;
    for (std::string& value : texts_of(*split)) values.push_back(std::move(value));
  }
  size_t most = 0;
  root_ = folders.front();
  for (const std::string& each : folders) {
    size_t found = 0;
    std::string place;
    for (const std::string& value : values) found += resolve(each, value, place) ? 1 : 0;
    if (found <= most) continue;
    most = found;
    root_ = each;
  }
  if (root_ == own && folders.size() == 1) {
    input_.issues.warn("dataset-path", layout_.yaml_path, "path", path->as_string(),
                       "the folder is not there; the file's own folder is taken in its place",
                       "correct path, or say where the images are with --images DIR");
  }
}

void LayoutReader::read_yaml() {
  layout_.yaml_text = read_text_file(layout_.yaml_path, kMostYamlBytes);
  const Json yaml = text::parse_yaml(layout_.yaml_text, layout_.yaml_path);
  if (!is_data_yaml(yaml)) {
    throw bad("the YAML describes no data set",
              "data.yaml has train, val and names, as Ultralytics wants it");
  }
  read_classes(yaml);
  read_key_points(yaml);
  find_root(yaml);
  if (const auto exported =
          read_exported_annotations(std::string(parent_path(layout_.yaml_path)), "yolo")) {
    const std::map<std::string, std::string> folders(exported->split_of_file.begin(),
                                                     exported->split_of_file.end());
    for (const auto& [folder, split] : folders) add_split(split, {folder});
    if (!exported->yolo_rows.empty()) {
      layout_.four_points_are_oriented = exported->yolo_rows == "oriented";
    }
    return;
  }
  const Json* val = last_member(yaml, "val");
  if (val == nullptr) val = last_member(yaml, "validation");
  const std::array<std::pair<const char*, const Json*>, 3> splits{
      {{"train", last_member(yaml, "train")}, {"val", val}, {"test", last_member(yaml, "test")}}};
  for (const auto& [name, value] : splits) {
    std::vector<std::string> values;
    if (value != nullptr) values = texts_of(*value);
    if (values.empty() && std::string_view(name) != "test") {
      input_.issues.warn("missing-split", layout_.yaml_path, name, "",
                         fmt::format("no images are named as {}, without which Ultralytics does "
                                     "not train",
                                     name),
                         fmt::format("add {}: FOLDER, which may be that of another split", name));
    }
    if (value != nullptr) add_split(name, values);
  }
}

void LayoutReader::add_split(const std::string& name, const std::vector<std::string>& values) {
  std::vector<std::string> images;
  for (const std::string& value : values) {
    input_.cancel.check();
    std::string place;
    const size_t before = images.size();
    const bool found = resolve(root_, value, place);
    if (!found) {
      input_.issues.warn("missing-split", layout_.yaml_path, name, value,
                         fmt::format("there is no {}", to_valid_utf8(place)),
                         "correct the path, or say where the images are with --images DIR");
    } else if (is_directory(place)) {
      add_folder(place, images);
    } else {
      add_list(place, images);
    }
    if (found && images.size() == before) {
      input_.issues.warn("empty-split", layout_.yaml_path, name, to_valid_utf8(value),
                         fmt::format("{} holds no image that can be read", to_valid_utf8(place)),
                         "correct the path, or say where the images are with --images DIR");
    }
  }
  std::sort(images.begin(), images.end(), python_less);
  YoloSplit split;
  split.name = name;
  keep_new(split, std::move(images));
}

void LayoutReader::add_folder(const std::string& folder, std::vector<std::string>& images) {
  WalkResult walk = walk_images(folder, "", input_.cancel, has_yolo_suffix);
  layout_.rejected += walk.unreadable_folders;
  for (Issue& issue : walk.issues) input_.issues.add(std::move(issue));
  for (const ImageFolder& each : walk.folders) {
    for (size_t i = 0; i < each.images.size(); ++i) {
      images.push_back(join_path(folder, join_relative(each.path, each.images[i])));
    }
  }
}

void LayoutReader::add_list(const std::string& file, std::vector<std::string>& images) {
  const std::vector<std::string> lines = text::read_lines(file);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string line(trim(lines[i]));
    std::string image;
    if (line.empty()) continue;
    if (find_listed(line, file, image)) {
      images.push_back(std::move(image));
      continue;
    }
    ++layout_.rejected;
    input_.issues.reject("missing-image", file, fmt::format("line {}", i + 1),
                         shorten_utf8(to_valid_utf8(line), 200), "the image is not there",
                         "correct the path, or say where the images are with --images DIR");
  }
}

// Ultralytics takes "./" from the list's folder and the rest from the working directory. Lists are
// carried from one machine to another: then the longest end of the path that is there counts.
bool LayoutReader::find_listed(const std::string& line, const std::string& list,
                               std::string& found) {
  std::string path = line;
  std::replace(path.begin(), path.end(), '\\', '/');
  const std::string folder(parent_path(list));
  for (const std::string& base : {folder, root_}) {
    found = absolute_path(line.starts_with('/') ? line : join_path(base, path));
    if (file_exists(found)) return true;
  }
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    found = absolute_path(join_path(root_, path.substr(slash + 1)));
    if (!file_exists(found)) continue;
    if (foreign_paths_++ == 0) {
      input_.issues.warn("foreign-path", list, "", shorten_utf8(to_valid_utf8(line), 200),
                         fmt::format("the path is of another place; {} is taken for it, and so for "
                                     "others of the list",
                                     to_valid_utf8(found)),
                         "");
    }
    return true;
  }
  return false;
}

void LayoutReader::keep_new(YoloSplit& split, std::vector<std::string> images) {
  std::map<size_t, std::pair<uint64_t, std::string>> again;
  const size_t own = layout_.splits.size();
  for (std::string& image : images) {
    const auto [known, is_new] = split_of_.emplace(image, own);
    if (is_new) {
      split.images.push_back(std::move(image));
      continue;
    }
    auto& [count, example] = again[known->second];
    if (count++ == 0) example = std::move(image);
  }
  for (const auto& [other, told] : again) {
    const bool twice = other == own;
    const std::string& name = twice ? split.name : layout_.splits[other].name;
    input_.issues.warn(
        twice ? "image-listed-twice" : "image-in-two-splits", told.second, "", split.name,
        twice
            ? fmt::format(
                  "{} listed more than once in {}: they are taken once",
                  told.first == 1 ? "1 image is" : with_thousands(told.first) + " images are", name)
            : fmt::format(
                  "{} in {} as well as in {}: they are taken as {}",
                  told.first == 1 ? "1 image is" : with_thousands(told.first) + " images are",
                  split.name, name, name),
        "");
  }
  layout_.splits.push_back(std::move(split));
}

// Names of classes beside the labels, one a line: what LabelImg writes.
void LayoutReader::read_class_file(const std::string& path) {
  for (const char* name : {"classes.txt", "labels/classes.txt", "obj.names"}) {
    const std::string file = join_path(path, name);
    if (!file_exists(file)) continue;
    std::vector<std::string> names;
    for (const std::string& line : text::read_lines(file, kMostYamlBytes)) {
      names.push_back(to_valid_utf8(trim(line)));
    }
    while (!names.empty() && names.back().empty()) names.pop_back();
    add_classes(std::move(names), file);
    return;
  }
}

// Without data.yaml: a folder in the path that is named like a split is one.
void LayoutReader::read_folders(const std::string& path) {
  read_class_file(path);
  std::vector<std::string> images;
  add_folder(root_, images);
  std::sort(images.begin(), images.end(), python_less);
  std::map<std::string, std::vector<std::string>> by_split;
  for (std::string& image : images) {
    std::string split;
    for (const std::string_view part :
         split_view(std::string_view(parent_path(image)).substr(root_.size()), '/')) {
      if (split.empty()) split = split_of_folder(part);
    }
    by_split[split].push_back(std::move(image));
  }
  for (const char* name : {"train", "val", "test", ""}) {
    YoloSplit split;
    split.name = name;
    if (by_split.contains(name)) keep_new(split, std::move(by_split[name]));
  }
}

void LayoutReader::choose_root() {
  layout_.root = root_;
  for (const YoloSplit& split : layout_.splits) {
    for (const std::string& image : split.images) widen_to_hold(layout_.root, parent_path(image));
  }
}

}  // namespace

bool has_yolo_suffix(std::string_view name) {
  const std::string lower = to_lower_ascii(name);
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view suffix) { return lower.ends_with(suffix); });
}

std::string yolo_label_path(const std::string& image) {
  std::string path = image;
  constexpr std::string_view kImages = "/images/";
  const size_t at = path.rfind(kImages);
  if (at != std::string::npos) path.replace(at, kImages.size(), "/labels/");
  const size_t dot = path.rfind('.');
  if (dot != std::string::npos && dot > path.rfind('/')) path.resize(dot);
  return path + ".txt";
}

YoloKeyPoints yolo_key_points(const std::string& yaml) {
  try {
    return key_points_of(text::parse_yaml(yaml, "")).value_or(YoloKeyPoints{});
  } catch (const Error&) {
    return {};
  }
}

std::string find_yolo_yaml(const std::string& path) {
  try {
    if (!is_directory(path)) return read_data_yaml(path) ? path : std::string();
    for (const char* name : {"data.yaml", "data.yml", "dataset.yaml"}) {
      const std::string file = join_path(path, name);
      if (file_exists(file) && read_data_yaml(file)) return file;
    }
    const FolderListing listing = list_folder(path);
    for (size_t i = 0; i < listing.files.size(); ++i) {
      const std::string file = join_path(path, listing.files[i]);
      if (read_data_yaml(file)) return file;
    }
  } catch (const Error&) {
    return {};
  }
  return {};
}

bool has_yolo_folders(const std::string& root) {
  const auto has_labels = [](const std::string& folder) {
    const FolderListing listing = list_folder(folder);
    size_t looked = 0;
    for (size_t i = 0; i < listing.files.size() && looked < 64; ++i) {
      if (!has_yolo_suffix(listing.files[i])) continue;
      ++looked;
      const std::string label = yolo_label_path(join_path(folder, listing.files[i]));
      if (!file_exists(label)) continue;
      const YoloText text = read_yolo_text(read_text_file(label, kMostYamlBytes));
      if (!text.rows.empty()) {
        return text.rows.front().problem.empty() && text.rows.front().values.size() >= 5;
      }
    }
    return false;
  };
  try {
    const std::string base = absolute_path(root);
    std::vector<std::string> folders;
    for (const std::string& below : {std::string("images"), std::string()}) {
      const std::string folder = below.empty() ? base : join_path(base, below);
      if (!is_directory(folder)) continue;
      if (!below.empty() && !is_directory(join_path(base, "labels"))) continue;
      if (has_labels(folder)) return true;
      const FolderListing listing = list_folder(folder);
      for (size_t i = 0; i < listing.folders.size(); ++i) {
        if (split_of_folder(listing.folders[i]).empty()) continue;
        const std::string split = join_path(folder, listing.folders[i]);
        for (const std::string& each : {split, join_path(split, "images")}) {
          if (is_directory(each) && has_labels(each)) return true;
        }
      }
    }
  } catch (const Error&) {
    return false;
  }
  return false;
}

YoloLayout read_yolo_layout(const ImportInput& input) {
  return LayoutReader(input).read();
}

}  // namespace errata::importers

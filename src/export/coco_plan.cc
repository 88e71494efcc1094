#include "export/coco_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "export/json_edit.h"
#include "export/layout.h"
#include "export/names.h"

namespace errata::exports {

namespace {

constexpr std::string_view kAnnotations = "annotations";
constexpr std::string_view kImages = "images";
constexpr std::string_view kDefaultStem = "instances";

std::string stem_of(std::string_view file) {
  const size_t dot = file.rfind('.');
  return std::string(dot == std::string_view::npos || dot == 0 ? file : file.substr(0, dot));
}

// The split that a file's name speaks of: "instances_val2017" -> "val"; where that word begins.
struct SplitWord {
  std::string split;
  size_t begin = std::string::npos;
};
SplitWord split_word(std::string_view stem) {
  const std::string lower = to_lower_ascii(stem);
  for (const std::string_view word : {"train", "valid", "val", "test"}) {
    const size_t at = lower.find(word);
    if (at == std::string::npos || (at > 0 && lower[at - 1] != '_' && lower[at - 1] != '-')) {
      continue;
    }
    if (lower.find_first_not_of("0123456789", at + word.size()) != std::string::npos) continue;
    return {word == "valid" ? "val" : std::string(word), at};
  }
  return {};
}

// "instances_train2017" -> "instances"; "train" -> "instances".
std::string base_stem(const std::string& stem) {
  const SplitWord word = split_word(stem);
  if (word.split.empty()) return stem;
  return word.begin < 2 ? std::string(kDefaultStem) : stem.substr(0, word.begin - 1);
}

class Planner {
 public:
  Planner(const ExportInput& input, bool in_place)
      : input_(input), objects_(input.objects), in_place_(in_place) {}

  CocoPlan plan() {
    group_source_images();
    add_other_items();
    if (plan_.files.empty()) add_empty_file();
    name_files();
    if (in_place_) {
      leave_images();
    } else {
      place_images();
    }
    return std::move(plan_);
  }

 private:
  struct Document {
    std::set<int32_t> splits;
    int32_t like = 0;  // the first of its source with the same text
  };
  using DocumentKey = std::pair<int32_t, int32_t>;

  bool is_coco(const SourceImage& image) const {
    return objects_.sources[static_cast<size_t>(image.source)].format == "coco";
  }
  void find_documents();
  bool gives_an_id_twice(int32_t source, int32_t like) const;
  void group_source_images();
  void add_other_items();
  void add_empty_file();
  void name_files();
  std::string name_of(const CocoFile& file) const;
  bool try_places(const std::vector<std::string>& folder_of_file);
  void place_images();
  void leave_images();

  const ExportInput& input_;
  const ExportObjects& objects_;
  bool in_place_;
  CocoPlan plan_;
  std::map<DocumentKey, Document> documents_;
  std::vector<std::string> ids_;  // of each source image, as JSON
  std::vector<std::string> names_;
};

void Planner::find_documents() {
  ids_.resize(objects_.images.size());
  names_.resize(objects_.images.size());
  for (size_t i = 0; i < objects_.images.size(); ++i) {
    const SourceImage& image = objects_.images[i];
    if (!is_coco(image)) continue;
    const JsonMembers members(
        image.raw_text.find('{') == std::string::npos
            ? std::string_view()
            : std::string_view(image.raw_text).substr(image.raw_text.find('{')));
    ids_[i] = members.value("id");
    names_[i] = members.text("file_name");
    documents_[{image.source, image.document}].splits.insert(input_.items[image.item].split);
  }
  for (auto& [key, document] : documents_) {
    const auto& all = objects_.sources[static_cast<size_t>(key.first)].documents;
    document.like = key.second;
    for (const auto& [other, unused] : documents_) {
      if (other.first != key.first || other.second >= document.like) continue;
      if (all[static_cast<size_t>(other.second)].text ==
          all[static_cast<size_t>(key.second)].text) {
        document.like = other.second;
      }
    }
  }
}

bool Planner::gives_an_id_twice(int32_t source, int32_t like) const {
  const auto of_these = [&](const SourceImage& image) {
    const auto found = documents_.find({image.source, image.document});
    return image.source == source && found != documents_.end() && found->second.like == like;
  };
  std::unordered_set<std::string_view> ids;
  for (size_t i = 0; i < objects_.images.size(); ++i) {
    if (of_these(objects_.images[i]) && !ids.insert(ids_[i]).second) return true;
  }
  ids.clear();
  for (const ExportObject& object : objects_.objects) {
    if (object.image < 0 || !of_these(objects_.images[static_cast<size_t>(object.image)])) continue;
    if (!object.raw_id.empty() && !ids.insert(object.raw_id).second) return true;
  }
  return false;
}

void Planner::group_source_images() {
  find_documents();
  // Whether the splits cut through the documents of one text.
  std::map<DocumentKey, bool> shared;
  for (const auto& [key, document] : documents_) {
    shared[{key.first, document.like}] |= document.splits.size() > 1;
  }
  for (auto& [key, cut] : shared) cut = cut && !gives_an_id_twice(key.first, key.second);
  std::map<std::tuple<int32_t, int32_t, int32_t>, size_t> file_of;
  for (size_t i = 0; i < objects_.images.size(); ++i) {
    const SourceImage& image = objects_.images[i];
    if (!is_coco(image)) continue;
    const Document& document = documents_.at({image.source, image.document});
    const bool share = shared.at({image.source, document.like});
    const int32_t like = share ? document.like : image.document;
    const int32_t split = input_.items[image.item].split;
    const auto [at, is_new] = file_of.try_emplace({image.source, like, split}, plan_.files.size());
    if (is_new) plan_.files.push_back({"", split, image.source, like, {}});
    plan_.files[at->second].images.push_back(
        {image.item, static_cast<int32_t>(i), ids_[i], names_[i], false});
  }
}

void Planner::add_other_items() {
  std::vector<uint8_t> listed(input_.items.size(), 0);
  for (const CocoFile& file : plan_.files) {
    for (const CocoImage& image : file.images) listed[image.item] = 1;
  }
  std::map<int32_t, size_t> file_of;
  for (size_t f = 0; f < plan_.files.size(); ++f) file_of.emplace(plan_.files[f].split, f);
  for (size_t i = 0; i < input_.items.size(); ++i) {
    if (listed[i] != 0) continue;
    const int32_t split = input_.items[i].split;
    const auto [at, is_new] = file_of.try_emplace(split, plan_.files.size());
    if (is_new) plan_.files.push_back({"", split, -1, -1, {}});
    plan_.files[at->second].images.push_back({static_cast<uint32_t>(i), -1, "", "", false});
  }
}

// So that what has no images can be imported again, with its categories.
void Planner::add_empty_file() {
  CocoFile file{"", -1, -1, -1, {}};
  for (size_t s = 0; s < objects_.sources.size() && file.source < 0; ++s) {
    if (objects_.sources[s].format != "coco" || objects_.sources[s].documents.empty()) continue;
    file.source = static_cast<int32_t>(s);
    file.document = 0;
    documents_[{file.source, file.document}].splits.insert(file.split);
  }
  plan_.files.push_back(std::move(file));
}

std::string Planner::name_of(const CocoFile& file) const {
  const std::string split =
      file.split < 0 ? std::string() : input_.split_names[static_cast<size_t>(file.split)];
  std::string stem(kDefaultStem);
  if (file.source >= 0) {
    const ObjectSource& source = objects_.sources[static_cast<size_t>(file.source)];
    const std::string own(base_name(source.documents[static_cast<size_t>(file.document)].name));
    stem = stem_of(own);
    const Document& document = documents_.at({file.source, file.document});
    const SplitWord word = split_word(stem);
    const bool other = !word.split.empty() && !split.empty() && word.split != split;
    if (document.splits.size() == 1 && !other) return own;
    stem = base_stem(stem);
  }
  return stem + (split.empty() ? "" : "_" + split) + ".json";
}

void Planner::name_files() {
  NameTable names;
  for (CocoFile& file : plan_.files) {
    const std::string name = name_of(file);
    const std::string stem = stem_of(name);
    const std::string taken = names.take("", safe_name(stem), name.substr(stem.size()), "");
    file.path = std::string(kAnnotations) + "/" + taken;
  }
}

// A file_name that says where the file is below the folder of the images, and nothing else.
bool is_plain_name(const std::string& name) {
  return !name.empty() && is_safe_relative_path(name) && name.find('\\') == std::string::npos &&
         name.find("./") == std::string::npos && name.find("//") == std::string::npos &&
         is_valid_utf8(name);
}

// Puts each image where its source's name says below its file's folder; false when two different
// images would lie in one place, or one in two.
bool Planner::try_places(const std::vector<std::string>& folder_of_file) {
  std::vector<std::string> paths(input_.items.size());
  std::unordered_map<std::string, uint32_t> item_at;
  for (size_t f = 0; f < plan_.files.size(); ++f) {
    for (const CocoImage& image : plan_.files[f].images) {
      if (image.source_image < 0 || !is_plain_name(names_[size_t(image.source_image)])) continue;
      if (input_.items[image.item].member >= 0) continue;
      const std::string path = folder_of_file[f] + "/" + names_[size_t(image.source_image)];
      if (!paths[image.item].empty() && paths[image.item] != path) return false;
      paths[image.item] = path;
      const auto [at, is_new] = item_at.emplace(path, image.item);
      if (at->second != image.item) return false;
    }
  }
  // No file where another's folder is.
  for (const auto& [path, item] : item_at) {
    for (std::string_view up = parent_path(path); up.size() > kImages.size();
         up = parent_path(up)) {
      if (item_at.contains(std::string(up))) return false;
    }
  }
  plan_.paths = std::move(paths);
  return true;
}

void Planner::place_images() {
  const std::string images(kImages);
  std::vector<std::string> folder_of_file(plan_.files.size(), images);
  bool placed = try_places(folder_of_file);
  if (!placed && plan_.files.size() > 1) {
    // By the part of the name that Detectron2 and others call the folder: images/val2017.
    std::set<std::string> distinct;
    for (size_t f = 0; f < plan_.files.size(); ++f) {
      const std::string stem = stem_of(base_name(plan_.files[f].path));
      folder_of_file[f] = images + "/" + stem.substr(stem.rfind('_') + 1);
      distinct.insert(folder_of_file[f]);
    }
    placed = distinct.size() == folder_of_file.size() && try_places(folder_of_file);
  }
  if (!placed) {
    folder_of_file.assign(plan_.files.size(), images);
    plan_.paths.assign(input_.items.size(), "");
  }
  // What has no place yet gets a name that nobody has.
  NameTable names;
  std::set<std::string> taken;
  for (const std::string& path : plan_.paths) {
    // No file where a folder is, either.
    for (std::string at = path; at.size() > images.size() && taken.insert(at).second;
         at = std::string(parent_path(at))) {
      names.take(std::string(parent_path(at)), base_name(at), "", "");
    }
  }
  for (size_t f = 0; f < plan_.files.size(); ++f) {
    const std::string& folder = folder_of_file[f];
    for (CocoImage& image : plan_.files[f].images) {
      std::string& path = plan_.paths[image.item];
      if (path.empty()) {
        const ExportItem& item = input_.items[image.item];
        const FileName name = file_name_of(item);
        const std::string hint = item.has_sha256 ? to_hex(item.sha256).substr(0, 8) : "";
        path = folder + "/" + names.take(folder, name.stem, name.extension, hint);
      }
      image.renamed = image.name != path.substr(folder.size() + 1);
      image.name = path.substr(std::min(path.size(), folder.size() + 1));
    }
  }
  std::set<std::string> folders{std::string(kAnnotations), images};
  for (const std::string& path : plan_.paths) {
    for (std::string up(parent_path(path)); up != "." && folders.insert(up).second;) {
      up = std::string(parent_path(up));
    }
  }
  plan_.folders.assign(folders.begin(), folders.end());
}

void Planner::leave_images() {
  plan_.paths.assign(input_.items.size(), "");
  plan_.folders = {std::string(kAnnotations)};
  for (CocoFile& file : plan_.files) {
    for (CocoImage& image : file.images) {
      const ExportItem& item = input_.items[image.item];
      if (item.member >= 0) {
        throw Error(ErrorCategory::kUsage,
                    "--files none leaves images where they are, and these are inside a container",
                    "use --files copy", item.absolute_path);
      }
      if (image.source_image < 0) image.name = item.absolute_path;
    }
  }
}

}  // namespace

CocoPlan plan_coco(const ExportInput& input, bool in_place) {
  return Planner(input, in_place).plan();
}

}  // namespace errata::exports

#include "importers/folder_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/export_manifest.h"
#include "importers/image_file.h"

namespace errata::importers {

namespace {

// A folder whose folders are classes: the root, or one split of it.
struct Tree {
  std::string path;
  std::string split;
  FolderListing listing;
  size_t first_class = 0;  // of its class folders in Reader::class_folders_
  size_t class_count = 0;
};

struct ClassFolder {
  std::string name;
  std::string path;
  WalkResult walk;
};

struct PythonLess {
  bool operator()(const std::string& a, const std::string& b) const { return python_less(a, b); }
};

class Reader {
 public:
  Reader(const std::string& root, const ParallelFor& parallel_for, const CancelToken& cancel)
      : root_(root), parallel_for_(parallel_for), cancel_(cancel) {}

  FolderTree read() {
    manifest_ = read_export_manifest(root_);
    find_trees(list_folder(root_));
    for (Tree& tree : trees_) add_class_folders(tree);
    parallel_for_(class_folders_.size(), 1, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        class_folders_[i].walk = walk_images(root_, class_folders_[i].path, cancel_);
      }
    });
    for (Tree& tree : trees_) settle_tree(tree);
    number_classes();
    for (const Tree& tree : trees_) emit(tree);
    warn_of_empty_classes();
    if (result_.images == 0) throw no_images();
    return std::move(result_);
  }

 private:
  void warn(std::string kind, const std::string& path, std::string text, std::string message,
            std::string fix = {}) {
    result_.issues.push_back({IssueSeverity::kWarning,
                              std::move(kind),
                              join_path(root_, path),
                              {},
                              std::move(text),
                              std::move(message),
                              std::move(fix)});
  }

  void find_trees(FolderListing listing) {
    const bool splits = manifest_ ? manifest_->has_splits : has_split_folders(listing.folders);
    if (!splits) {
      trees_.push_back({"", "", std::move(listing)});
      return;
    }
    for (size_t i = 0; i < listing.folders.size(); ++i) {
      const std::string name(listing.folders[i]);
      std::string split = split_of_folder(name);
      if (manifest_ && manifest_->split_of_folder.contains(name)) {
        split = manifest_->split_of_folder.at(name);
      } else if (manifest_ && !is_junk_folder(name)) {
        warn("not-in-manifest", name, name, "the manifest of the export does not list this folder");
      } else if (split.empty()) {
        warn_outside_splits(name);
        continue;
      }
      trees_.push_back({name, split, list_folder(join_path(root_, name))});
    }
    warn_loose_files(listing.files, "", "beside the split folders");
  }

  void warn_outside_splits(const std::string& name) {
    if (is_junk_folder(name)) {
      return warn("junk-folder", name, name, "a left-over beside the splits; it is not read",
                  "delete the folder");
    }
    if (holds_image(root_, name)) {
      warn("ignored-folder", name, name,
           "the folder lies beside split folders and is none by its name; its images are not read",
           "import it on its own with --split, or rename it");
    }
  }

  void warn_loose_files(const NameList& files, const std::string& folder, std::string_view where) {
    uint64_t count = 0;
    std::string example;
    for (size_t i = 0; i < files.size(); ++i) {
      if (is_hugging_face_metadata(files[i])) {
        result_.issues.push_back(metadata_issue(join_path(root_, join_relative(folder, files[i]))));
      }
      if (!has_image_suffix(files[i])) continue;
      if (count++ == 0) example = files[i];
    }
    if (count == 0) return;
    warn("loose-file", join_relative(folder, example), fmt::format("{} files", count),
         fmt::format("{} image files lie {}; they belong to no class and are not read, as in "
                     "torchvision",
                     count, where),
         "move them into class folders");
  }

  void add_class_folders(Tree& tree) {
    tree.first_class = class_folders_.size();
    tree.class_count = tree.listing.folders.size();
    for (size_t i = 0; i < tree.class_count; ++i) {
      const std::string name(tree.listing.folders[i]);
      class_folders_.push_back({name, join_relative(tree.path, name), {}});
    }
  }

  std::span<ClassFolder> class_folders_of(const Tree& tree) {
    return std::span(class_folders_).subspan(tree.first_class, tree.class_count);
  }

  // Junk is named; a tree whose folders hold no image, while it does itself, has no labels.
  void settle_tree(Tree& tree) {
    uint64_t in_classes = 0;
    for (const ClassFolder& folder : class_folders_of(tree)) in_classes += folder.walk.images;
    uint64_t loose = 0;
    for (size_t i = 0; i < tree.listing.files.size(); ++i) {
      loose += has_image_suffix(tree.listing.files[i]) ? 1 : 0;
    }
    if (in_classes == 0 && loose > 0) {
      tree.class_count = 0;
      return;
    }
    warn_loose_files(tree.listing.files, tree.path, "beside the class folders");
    for (const ClassFolder& folder : class_folders_of(tree)) {
      if (!is_junk_folder(folder.name)) continue;
      if (folder.walk.images == 0) {
        warn("junk-folder", folder.path, folder.name, "a left-over without images; it is no class",
             "delete the folder");
      } else {
        warn("junk-folder", folder.path, folder.name,
             fmt::format("a left-over with {} images; it counts as a class, as in torchvision, so "
                         "that the indices of the others agree with a model trained on this folder",
                         folder.walk.images),
             "delete the folder if no model was trained with it, and import again");
      }
    }
  }

  static std::string class_name(const std::string& folder) {
    return is_valid_utf8(folder) ? folder : escape_bytes(folder);
  }

  bool is_class(const ClassFolder& folder) const {
    if (manifest_ && manifest_->unlabelled_folder == folder.name) return false;
    return folder.walk.images > 0 || !is_junk_folder(folder.name);
  }

  // train's classes in their order, then what only other splits have: see imagefolder.h.
  void number_classes() {
    if (manifest_) result_.classes = manifest_->classes;
    std::set<std::string, PythonLess> in_train;
    std::set<std::string, PythonLess> all;
    bool has_train = false;
    for (const Tree& tree : trees_) {
      has_train = has_train || (tree.split == "train" && tree.class_count > 0);
      for (const ClassFolder& folder : class_folders_of(tree)) {
        if (!is_class(folder)) continue;
        if (manifest_ && manifest_->class_of_folder.contains(folder.name)) continue;
        all.insert(folder.name);
        if (tree.split == "train") in_train.insert(folder.name);
      }
    }
    for (const std::string& name : in_train) add_class(name);
    for (const std::string& name : all) {
      if (in_train.contains(name)) continue;
      add_class(name);
      if (has_train && !manifest_) {
        warn("class-not-in-train", name, name,
             "the class is in other splits but not in train; it comes after train's classes");
      }
    }
  }

  void add_class(const std::string& folder) {
    label_of_[folder] = result_.classes.add(class_name(folder), class_name(folder));
    if (manifest_) {
      warn("not-in-manifest", folder, class_name(folder),
           "the manifest of the export does not list this class");
    }
  }

  ClassIndex label_of(const std::string& folder) const {
    if (manifest_ && manifest_->unlabelled_folder == folder) return kNoClass;
    if (manifest_) {
      const auto found = manifest_->class_of_folder.find(folder);
      if (found != manifest_->class_of_folder.end()) return found->second;
    }
    return label_of_.at(folder);
  }

  void emit(const Tree& tree) {
    if (tree.class_count == 0) return emit_unlabelled(tree);
    for (ClassFolder& folder : class_folders_of(tree)) {
      // An empty junk folder is no class, but what was wrong inside still has to be told.
      const ClassIndex label =
          is_class(folder) || folder.walk.images > 0 ? label_of(folder.name) : kNoClass;
      result_.images += folder.walk.images;
      result_.folders.push_back({folder.path, tree.split, label, std::move(folder.walk)});
    }
  }

  void emit_unlabelled(const Tree& tree) {
    LabelledFolder folder{tree.path, tree.split, kNoClass, {}};
    ImageFolder images{tree.path, {}};
    for (size_t i = 0; i < tree.listing.files.size(); ++i) {
      const std::string_view name = tree.listing.files[i];
      if (has_image_suffix(name)) {
        images.images.add(name);
      } else {
        folder.walk.add_skipped(name, join_relative(tree.path, name));
      }
    }
    folder.walk.images = images.images.size();
    if (!images.images.empty()) folder.walk.folders.push_back(std::move(images));
    result_.images += folder.walk.images;
    result_.folders.push_back(std::move(folder));
  }

  void warn_of_empty_classes() {
    std::vector<uint64_t> counts(result_.classes.size());
    for (const LabelledFolder& folder : result_.folders) {
      if (folder.label != kNoClass) counts[static_cast<size_t>(folder.label)] += folder.walk.images;
    }
    if (manifest_) return;  // a class that became empty is what the manifest is there to tell
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) continue;
      const ClassEntry& entry = result_.classes[static_cast<ClassIndex>(i)];
      warn("empty-class", entry.raw_id, entry.name,
           fmt::format("the class has no image; it keeps its index {}", i));
    }
  }

  Error no_images() const {
    std::string seen;
    for (const LabelledFolder& folder : result_.folders) {
      for (const auto& [suffix, skipped] : folder.walk.skipped) {
        if (seen.size() < 120) seen += fmt::format(" {} {} files;", skipped.count, suffix);
      }
    }
    return Error(ErrorCategory::kBadInput, "the folder holds no images",
                 "expected CLASS/IMAGE.jpg, or train/CLASS/IMAGE.jpg (.jpg .jpeg .png .ppm .bmp "
                 ".pgm .tif .tiff .webp)" +
                     (seen.empty() ? "" : "; it has" + seen),
                 root_);
  }

  const std::string& root_;
  const ParallelFor& parallel_for_;
  const CancelToken& cancel_;
  std::optional<ExportManifest> manifest_;
  std::vector<Tree> trees_;
  std::vector<ClassFolder> class_folders_;
  std::unordered_map<std::string, ClassIndex> label_of_;  // by folder name
  FolderTree result_;
};

}  // namespace

std::string split_of_folder(std::string_view name) {
  const std::string lower = to_lower_ascii(name);
  if (lower == "train" || lower == "training") return "train";
  if (lower == "val" || lower == "valid" || lower == "validation") return "val";
  if (lower == "test" || lower == "testing") return "test";
  return {};
}

bool has_split_folders(const NameList& folders) {
  std::set<std::string> splits;
  size_t others = 0;
  for (size_t i = 0; i < folders.size(); ++i) {
    if (is_junk_folder(folders[i])) continue;
    const std::string split = split_of_folder(folders[i]);
    if (split.empty()) {
      ++others;
    } else {
      splits.insert(split);
    }
  }
  return splits.size() >= 2 || (splits.size() == 1 && others == 0);
}

FolderTree read_folder_tree(const std::string& root, const ParallelFor& parallel_for,
                            const CancelToken& cancel) {
  return Reader(root, parallel_for, cancel).read();
}

}  // namespace errata::importers

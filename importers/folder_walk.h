// Walking folders fast: names only, by getdents, links followed, loops found. No file is opened.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/issue_log.h"
#include "base/progress.h"

namespace errata::importers {

// Order of Python's str over file names: by code point, where a byte that is not UTF-8 counts as
// U+DC80..U+DCFF (surrogateescape). For valid UTF-8 that is the order of the bytes.
bool python_less(std::string_view a, std::string_view b);

// Names of one folder, packed into one string.
class NameList {
 public:
  void add(std::string_view name);
  void sort();  // by python_less
  size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  // Ends with a NUL in memory: data() is a C string.
  std::string_view operator[](size_t i) const {
    return std::string_view(heap_).substr(places_[i].begin, places_[i].length);
  }

 private:
  struct Place {
    uint32_t begin;
    uint32_t length;
  };
  std::string heap_;
  std::vector<Place> places_;
};

// One folder's own entries.
struct FolderListing {
  NameList folders;  // links to folders among them
  NameList files;    // all else, broken links among them
};

// Throws Error(kNotFound, kIo, kBadInput when it is no folder). Both lists sorted.
FolderListing list_folder(const std::string& path);

// The images of one folder; `path` is relative to where the walk began ("" for that folder).
struct ImageFolder {
  std::string path;
  NameList images;
};

struct WalkResult {
  std::vector<ImageFolder> folders;  // only those with images, by python_less of their paths
  uint64_t images = 0;
  uint64_t unreadable_folders = 0;
  struct Skipped {
    uint64_t count = 0;
    std::string example;
  };
  // Files without an image suffix, by suffix; metadata files by name.
  std::map<std::string, Skipped> skipped;
  std::vector<Issue> issues;  // junk, loops, folders that cannot be read

  void add_skipped(std::string_view file_name, const std::string& path);
};

// A file beside images in which Hugging Face keeps their labels, and the "metadata-file" warning
// that it was not read.
bool is_hugging_face_metadata(std::string_view file_name);
Issue metadata_issue(const std::string& path);

// Everything below root/start whose name `wanted` takes (none: has_image_suffix()). Paths in the
// result begin with `start`. Safe to call from several threads for different folders.
WalkResult walk_images(const std::string& root, const std::string& start, const CancelToken& cancel,
                       bool (*wanted)(std::string_view name) = nullptr);

// True at the first image found below root/start; gives up (false) after `most_entries` names.
bool holds_image(const std::string& root, const std::string& start, size_t most_entries = SIZE_MAX);

// Hidden folders, __MACOSX and __pycache__.
bool is_junk_folder(std::string_view name);

// "a/b" of "a" and "b"; "b" of "" and "b".
std::string join_relative(std::string_view folder, std::string_view name);

}  // namespace errata::importers

#include "importers/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/image_file.h"

namespace errata::importers {

namespace {

// Each level holds one descriptor open; deeper trees are not made by people.
constexpr size_t kMostLevels = 128;
constexpr size_t kMostSuffixes = 200;

struct Directory {
  DIR* handle;
  explicit Directory(int fd) : handle(fd < 0 ? nullptr : ::fdopendir(fd)) {
    if (handle == nullptr && fd >= 0) ::close(fd);
  }
  ~Directory() {
    if (handle != nullptr) ::closedir(handle);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  int fd() const { return ::dirfd(handle); }
};

int open_folder(int parent_fd, const char* name) {
  return ::openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool is_folder(int fd, const dirent& entry) {
  if (entry.d_type == DT_DIR) return true;
  if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return false;
  struct stat st {};
  return ::fstatat(fd, entry.d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

bool is_dot_or_dots(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

// fn(name, is folder) for each entry, until it returns false.
template <typename Fn>
void for_each_entry(const Directory& directory, const Fn& fn) {
  while (const dirent* entry = ::readdir(directory.handle)) {
    if (is_dot_or_dots(entry->d_name)) continue;
    if (!fn(std::string_view(entry->d_name), is_folder(directory.fd(), *entry))) return;
  }
}

// One step of decoding as Python does it with surrogateescape.
uint32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  const size_t length = lead < 0x80    ? 1
                        : lead >= 0xF0 ? 4
                        : lead >= 0xE0 ? 3
                        : lead >= 0xC2 ? 2
                                       : 0;
  if (length == 0 || at + length > text.size() || !is_valid_utf8(text.substr(at, length))) {
    ++at;
    return 0xDC00u + lead;
  }
  uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) code = (code << 6) | (byte(at + i) & 0x3Fu);
  at += length;
  return code;
}

}  // namespace

bool python_less(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  size_t at = 0;
  for (uint64_t x = 0, y = 0; at + sizeof x <= common; at += sizeof x) {
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    if (x != y) break;
  }
  while (at < common && a[at] == b[at]) ++at;
  if (at == common) return a.size() < b.size();
  const auto x = static_cast<uint8_t>(a[at]);
  const auto y = static_cast<uint8_t>(b[at]);
  if (x < 0x80 && y < 0x80) return x < y;
  // An ASCII byte is a character in any surrounding: go back to the last one and decode from there.
  while (at > 0 && static_cast<uint8_t>(a[at - 1]) >= 0x80) --at;
  size_t i = at;
  size_t j = at;
  while (i < a.size() && j < b.size()) {
    const uint32_t p = next_code_point(a, i);
    const uint32_t q = next_code_point(b, j);
    if (p != q) return p < q;
  }
  return i == a.size() && j < b.size();
}

void NameList::add(std::string_view name) {
  places_.push_back({static_cast<uint32_t>(heap_.size()), static_cast<uint32_t>(name.size())});
  heap_ += name;
  heap_ += '\0';
}

void NameList::sort() {
  const auto less = [&](const Place& a, const Place& b) {
    return python_less({heap_.data() + a.begin, a.length}, {heap_.data() + b.begin, b.length});
  };
  if (!std::is_sorted(places_.begin(), places_.end(), less)) {
    std::sort(places_.begin(), places_.end(), less);
  }
}

bool is_hugging_face_metadata(std::string_view file_name) {
  return file_name == "metadata.csv" || file_name == "metadata.jsonl" ||
         file_name == "metadata.parquet";
}

Issue metadata_issue(const std::string& path) {
  const std::string name(base_name(path));
  return {IssueSeverity::kWarning,
          "metadata-file",
          path,
          "",
          name,
          "Hugging Face's metadata was not read: labels are those of the folders",
          name == "metadata.csv"
              ? "`errata import` of that file reads the images it names and their labels"
              : "write it as CSV with the columns file_name and label, and import that file"};
}

void WalkResult::add_skipped(std::string_view file_name, const std::string& path) {
  const size_t dot = file_name.rfind('.');
  std::string suffix = dot == std::string_view::npos || dot == 0
                           ? "(no suffix)"
                           : escape_bytes(to_lower_ascii(file_name.substr(dot)));
  if (is_hugging_face_metadata(file_name)) suffix = file_name;
  if (skipped.size() >= kMostSuffixes && !skipped.contains(suffix)) suffix = "(others)";
  Skipped& group = skipped[suffix];
  if (group.count++ == 0) group.example = path;
}

std::string join_relative(std::string_view folder, std::string_view name) {
  std::string joined;
  joined.reserve(folder.size() + 1 + name.size());
  joined += folder;
  if (!folder.empty()) joined += '/';
  joined += name;
  return joined;
}

bool is_junk_folder(std::string_view name) {
  return name.starts_with('.') || name == "__MACOSX" || name == "__pycache__";
}

FolderListing list_folder(const std::string& path) {
  const Directory directory(open_folder(AT_FDCWD, path.c_str()));
  if (directory.handle == nullptr) {
    const int error_number = errno;
    if (error_number == ENOTDIR) {
      throw Error(ErrorCategory::kBadInput, "a folder is needed, this is a file", {}, path);
    }
    throw io_error("read the folder", path, error_number);
  }
  FolderListing listing;
  for_each_entry(directory, [&](std::string_view name, bool folder) {
    (folder ? listing.folders : listing.files).add(name);
    return true;
  });
  listing.folders.sort();
  listing.files.sort();
  return listing;
}

namespace {

class Walker {
 public:
  Walker(const std::string& root, const CancelToken& cancel, bool (*wanted)(std::string_view))
      : root_(root), cancel_(cancel), wanted_(wanted == nullptr ? has_image_suffix : wanted) {}

  WalkResult run(const std::string& start) {
    const std::string full = join_path(root_, start);
    // The folders above count as ancestors, so that a class that links to the root is a loop.
    for (size_t slash = 0; !start.empty() && slash != std::string::npos;) {
      add_ancestor(join_path(root_, std::string_view(start).substr(0, slash)));
      slash = start.find('/', slash + 1);
    }
    walk(Directory(open_folder(AT_FDCWD, full.c_str())), start);
    auto& folders = result_.folders;
    std::sort(folders.begin(), folders.end(), [](const ImageFolder& a, const ImageFolder& b) {
      return python_less(a.path, b.path);
    });
    return std::move(result_);
  }

 private:
  struct Identity {
    dev_t device;
    ino_t inode;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  void add_ancestor(const std::string& path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) == 0) ancestors_.push_back({st.st_dev, st.st_ino});
  }

  void issue(IssueSeverity severity, std::string kind, const std::string& path, std::string message,
             std::string fix) {
    result_.issues.push_back({severity,
                              std::move(kind),
                              join_path(root_, path),
                              {},
                              {},
                              std::move(message),
                              std::move(fix)});
  }

  void unreadable(const std::string& path, const std::string& why) {
    ++result_.unreadable_folders;
    issue(IssueSeverity::kRejected, "unreadable-folder", path, "cannot be read: " + why,
          "check the permissions");
  }

  void walk(const Directory& directory, const std::string& path) {
    cancel_.check();
    if (directory.handle == nullptr) return unreadable(path, std::strerror(errno));
    struct stat st {};
    ::fstat(directory.fd(), &st);
    const Identity identity{st.st_dev, st.st_ino};
    if (std::find(ancestors_.begin(), ancestors_.end(), identity) != ancestors_.end()) {
      return issue(IssueSeverity::kWarning, "link-loop", path,
                   "the link leads back to a folder that it lies in; it is not followed",
                   "remove the link");
    }
    if (ancestors_.size() == kMostLevels) {
      return unreadable(path, fmt::format("more than {} folders deep", kMostLevels));
    }
    ancestors_.push_back(identity);
    ImageFolder folder{path, {}};
    NameList inner;
    for_each_entry(directory, [&](std::string_view name, bool is_inner) {
      if (is_inner) {
        inner.add(name);
      } else if (wanted_(name)) {
        folder.images.add(name);
      } else {
        result_.add_skipped(name, join_relative(path, name));
      }
      return true;
    });
    if (!folder.images.empty()) {
      folder.images.sort();
      result_.images += folder.images.size();
      result_.folders.push_back(std::move(folder));
    }
    walk_inner(directory, path, inner);
    ancestors_.pop_back();
  }

  void walk_inner(const Directory& directory, const std::string& path, NameList& inner) {
    inner.sort();
    for (size_t i = 0; i < inner.size(); ++i) {
      const std::string inner_path = join_relative(path, inner[i]);
      const uint64_t before = result_.images;
      walk(Directory(open_folder(directory.fd(), inner[i].data())), inner_path);
      if (is_junk_folder(inner[i]) && result_.images > before) {
        issue(IssueSeverity::kWarning, "junk-folder", inner_path,
              fmt::format("{} images in a folder that looks like a left-over; they count for the "
                          "class, as in torchvision",
                          result_.images - before),
              "delete the folder and import again");
      }
    }
  }

  const std::string& root_;
  const CancelToken& cancel_;
  bool (*const wanted_)(std::string_view);
  std::vector<Identity> ancestors_;
  WalkResult result_;
};

bool holds_image_below(const Directory& directory, size_t& entries_left, size_t levels_left) {
  if (directory.handle == nullptr || levels_left == 0) return false;
  bool found = false;
  std::vector<std::string> inner;
  for_each_entry(directory, [&](std::string_view name, bool is_inner) {
    if (entries_left == 0) return false;
    --entries_left;
    if (is_inner) inner.emplace_back(name);
    found = !is_inner && has_image_suffix(name);
    return !found;
  });
  for (size_t i = 0; i < inner.size() && !found && entries_left > 0; ++i) {
    found = holds_image_below(Directory(open_folder(directory.fd(), inner[i].c_str())),
                              entries_left, levels_left - 1);
  }
  return found;
}

}  // namespace

WalkResult walk_images(const std::string& root, const std::string& start, const CancelToken& cancel,
                       bool (*wanted)(std::string_view)) {
  return Walker(root, cancel, wanted).run(start);
}

bool holds_image(const std::string& root, const std::string& start, size_t most_entries) {
  size_t entries_left = most_entries;
  constexpr size_t kLevels = 16;  // ends loops of links
  return holds_image_below(Directory(open_folder(AT_FDCWD, join_path(root, start).c_str())),
                           entries_left, kLevels);
}

}  // namespace errata::importers

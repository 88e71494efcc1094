// Checks of the store against the disk.
#include <fmt/format.h>

#include <filesystem>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/doctor_context.h"
#include "store/roots.h"
#include "store/sample_files.h"

namespace errata::store {

namespace {

enum class FileState : uint8_t { kFine, kGone, kOtherSize, kOtherTime, kOtherContent };

FileState look_at(const SampleFile& file, bool read_content) {
  FileStat stat;
  if (!stat_file(file.absolute_path, stat) || !stat.is_regular) return FileState::kGone;
  const bool container = file.member != SampleRecord::kNoMember;
  if (!container && stat.size_bytes != file.size_bytes) return FileState::kOtherSize;
  if (container) {
    return stat.mtime_ns == file.mtime_ns ? FileState::kFine : FileState::kOtherTime;
  }
  if (stat.mtime_ns == file.mtime_ns && !read_content) return FileState::kFine;
  // A new time alone is no change: a copy or a checkout does that.
  std::vector<uint8_t> bytes;
  if (!read_file_into(file.absolute_path, bytes)) return FileState::kGone;
  return xxh3_64(std::span<const uint8_t>(bytes)) == file.xxh3 ? FileState::kFine
                                                               : FileState::kOtherContent;
}

std::string shown_path(const SampleFile& file) {
  std::string path = escape_bytes(file.path);
  if (file.member != SampleRecord::kNoMember) path += fmt::format("#{}", file.member);
  return path;
}

// Files below the roots that are no sample's, by size, for sizes that a gone sample had.
class Strangers {
 public:
  Strangers(const std::vector<std::string>& roots, const std::vector<SampleFile>& files,
            const std::unordered_set<uint64_t>& sizes, const CancelToken& cancel) {
    std::unordered_set<std::string> known;
    for (const SampleFile& file : files) known.insert(file.absolute_path);
    for (const std::string& root : roots) {
      std::error_code failure;
      std::filesystem::recursive_directory_iterator entries(
          root, std::filesystem::directory_options::skip_permission_denied, failure);
      for (; !failure && entries != std::filesystem::end(entries); entries.increment(failure)) {
        cancel.check();
        const std::string path = entries->path().string();
        FileStat stat;
        if (!stat_file(path, stat) || !stat.is_regular) continue;
        if (sizes.contains(stat.size_bytes) && !known.contains(path)) {
          by_size_[stat.size_bytes].push_back(path);
        }
      }
    }
  }

  // Path of one with these bytes, or empty.
  std::string find(uint64_t size_bytes, uint64_t xxh3) const {
    const auto found = by_size_.find(size_bytes);
    if (found == by_size_.end()) return {};
    std::vector<uint8_t> bytes;
    for (const std::string& path : found->second) {
      if (read_file_into(path, bytes) && xxh3_64(std::span<const uint8_t>(bytes)) == xxh3) {
        return path;
      }
    }
    return {};
  }

 private:
  std::unordered_map<uint64_t, std::vector<std::string>> by_size_;
};

void report_gone(DoctorContext& context, const std::vector<SampleFile>& files,
                 const std::vector<size_t>& gone, const std::vector<std::string>& roots) {
  if (gone.empty()) return;
  std::unordered_set<uint64_t> sizes;
  for (const size_t i : gone) sizes.insert(files[i].size_bytes);
  const Strangers strangers(roots, files, sizes, context.cancel);
  for (const size_t i : gone) {
    const SampleFile& file = files[i];
    const std::string now = strangers.find(file.size_bytes, file.xxh3);
    if (now.empty()) {
      context.warn("vanished-file", shown_path(file), "its file is not there",
                   "bring it back, or import the source again");
    } else {
      context.warn("moved-file", shown_path(file),
                   fmt::format("its file is now {}", escape_bytes(now)),
                   "import the source again: the sample keeps its edits");
    }
  }
}

}  // namespace

void check_files(DoctorContext& context) {
  std::vector<std::string> roots;
  std::vector<std::string> missing;
  for (const RootInfo& root : list_roots(context.store)) {
    if (is_directory(root.path)) {
      roots.push_back(root.path);
      continue;
    }
    missing.push_back(root.path + "/");
    context.damage(
        "missing-root", escape_bytes(root.path),
        fmt::format("root {} with {} samples is not there", root.id, root.samples),
        fmt::format("mount it, or name its new place: errata root set {} FOLDER", root.id));
  }
  const std::vector<SampleFile> files = all_sample_files(context.store);
  std::vector<FileState> states(files.size(), FileState::kFine);
  const bool read_content = context.options.level == DoctorLevel::kContent;
  context.progress.start_stage("checking files", files.size());
  context.parallel_for(files.size(), 256, [&](size_t begin, size_t end) {
    context.cancel.check();
    for (size_t i = begin; i < end; ++i) {
      const auto below = [&](const std::string& root) {
        return files[i].absolute_path.starts_with(root);
      };
      // Said once for the root.
      if (std::any_of(missing.begin(), missing.end(), below)) continue;
      states[i] = look_at(files[i], read_content);
    }
    context.progress.add(end - begin);
  });
  std::vector<size_t> gone;
  for (size_t i = 0; i < files.size(); ++i) {
    if (states[i] == FileState::kGone) gone.push_back(i);
    if (states[i] == FileState::kFine || states[i] == FileState::kGone) continue;
    const std::string_view what = states[i] == FileState::kOtherSize   ? "size"
                                  : states[i] == FileState::kOtherTime ? "container's time"
                                                                       : "content";
    context.warn("changed-file", shown_path(files[i]),
                 fmt::format("its {} is not that of the import", what), "import the source again");
  }
  report_gone(context, files, gone, roots);
}

}  // namespace errata::store

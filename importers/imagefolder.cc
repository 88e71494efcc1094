#include "importers/imagefolder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/ordered_pipeline.h"
#include "base/text.h"
#include "importers/export_manifest.h"
#include "importers/folder_tree.h"
#include "importers/image_file.h"

namespace errata::importers {

namespace {

// Large enough that a batch pays for its insert, small enough that threads end together.
constexpr size_t kChunkFiles = 256;
// How far reading may run ahead of the sink: 16 k records, about 5 MB.
constexpr size_t kWindowChunks = 64;

// Images [first, first + images.size()) of the whole, in one folder.
struct Run {
  size_t first = 0;
  const LabelledFolder* labelled = nullptr;
  const ImageFolder* folder = nullptr;
};

struct Chunk {
  std::vector<SampleRecord> samples;
  std::vector<Issue> issues;
};

// An open folder, kept while the files read are in it.
class OpenFolder {
 public:
  ~OpenFolder() {
    if (fd_ >= 0) ::close(fd_);
  }
  // Negative, with errno set, when it has gone or was closed to us.
  int of(const std::string& root, const ImageFolder* folder) {
    if (folder == folder_) return fd_;
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open(join_path(root, folder->path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder_ = folder;
    return fd_;
  }

 private:
  int fd_ = -1;
  const ImageFolder* folder_ = nullptr;
};

class Reading {
 public:
  Reading(std::string root, const ImportInput& input, SampleSink& sink)
      : root_(std::move(root)), input_(input), sink_(sink) {}

  void run() {
    input_.progress.start_stage("listing folders", 0);
    tree_ = read_folder_tree(root_, input_.parallel_for, input_.cancel);
    for (Issue& issue : tree_.issues) input_.issues.add(std::move(issue));
    uint64_t unreadable_folders = 0;
    for (LabelledFolder& labelled : tree_.folders) {
      unreadable_folders += labelled.walk.unreadable_folders;
      for (Issue& issue : labelled.walk.issues) input_.issues.add(std::move(issue));
      for (const ImageFolder& folder : labelled.walk.folders) {
        runs_.push_back({total_, &labelled, &folder});
        total_ += folder.images.size();
      }
    }
    warn_of_skipped();
    sink_.begin({"imagefolder", root_, tree_.classes});
    input_.progress.start_stage("reading images", total_);
    const auto produce = [this](size_t number) { return read_chunk(number); };
    const auto consume = [this](Chunk&& chunk) {
      for (Issue& issue : chunk.issues) input_.issues.add(std::move(issue));
      if (!chunk.samples.empty()) sink_.samples(std::move(chunk.samples));
    };
    const size_t chunks = (total_ + kChunkFiles - 1) / kChunkFiles;
    run_ordered<Chunk>(input_.parallel_for, chunks, kWindowChunks, produce, consume);
    sink_.end(total_ + unreadable_folders);
  }

 private:
  Chunk read_chunk(size_t number) {
    input_.cancel.check();
    const size_t begin = number * kChunkFiles;
    const size_t end = std::min(total_, begin + kChunkFiles);
    auto run = std::prev(std::upper_bound(runs_.begin(), runs_.end(), begin,
                                          [](size_t i, const Run& r) { return i < r.first; }));
    thread_local ImageFileReader reader;
    Chunk chunk;
    chunk.samples.reserve(end - begin);
    OpenFolder open;
    for (size_t i = begin; i < end; ++i) {
      while (i - run->first >= run->folder->images.size()) ++run;
      const std::string_view name = run->folder->images[i - run->first];
      SampleRecord& record = chunk.samples.emplace_back();
      record.path = join_relative(run->folder->path, name);
      record.split = run->labelled->split;
      if (run->labelled->label != kNoClass) record.labels.push_back(run->labelled->label);
      const int fd = open.of(root_, run->folder);
      if (!reader.read(fd, name.data(), root_, record, chunk.issues)) chunk.samples.pop_back();
    }
    input_.progress.add(end - begin);
    return chunk;
  }

  void warn_of_skipped() {
    std::map<std::string, WalkResult::Skipped> skipped;
    for (const LabelledFolder& labelled : tree_.folders) {
      for (const auto& [suffix, group] : labelled.walk.skipped) {
        auto& sum = skipped[suffix];
        if (sum.count == 0) sum.example = group.example;
        sum.count += group.count;
      }
    }
    for (const auto& [suffix, group] : skipped) {
      if (is_hugging_face_metadata(suffix)) {
        input_.issues.add(metadata_issue(join_path(root_, group.example)));
        continue;
      }
      input_.issues.warn(
          "skipped-suffix", join_path(root_, group.example), "", suffix,
          fmt::format("{} {} {} not read: not a suffix that torchvision reads",
                      with_thousands(group.count), group.count == 1 ? "file with" : "files with",
                      suffix + (group.count == 1 ? " was" : " were")),
          "convert images among them to PNG or JPEG");
    }
  }

  const std::string root_;
  const ImportInput& input_;
  SampleSink& sink_;
  FolderTree tree_;
  std::vector<Run> runs_;
  size_t total_ = 0;
};

}  // namespace

DetectResult ImageFolderImporter::detect(const std::string& path) const {
  if (!is_directory(path)) return {0, "not a folder"};
  try {
    if (exported_format(path) == "imagefolder") {
      return {95, "the folder holds the manifest of an Errata export"};
    }
    const FolderListing listing = list_folder(path);
    constexpr size_t kMostFolders = 64;
    constexpr size_t kMostEntries = 4096;
    for (size_t i = 0; i < std::min(listing.folders.size(), kMostFolders); ++i) {
      if (!holds_image(path, std::string(listing.folders[i]), kMostEntries)) continue;
      const bool splits = has_split_folders(listing.folders);
      return {60,
              fmt::format("the folder holds {} {}, and '{}' has images", listing.folders.size(),
                          splits ? "split folders" : "folders", escape_bytes(listing.folders[i]))};
    }
    for (size_t i = 0; i < listing.files.size(); ++i) {
      if (has_image_suffix(listing.files[i])) {
        return {40, "the folder holds images and no folders with images: images without labels"};
      }
    }
    return {0, "the folder holds no images"};
  } catch (const Error& error) {
    return {0, error.what()};
  }
}

void ImageFolderImporter::run(const ImportInput& input, SampleSink& sink) const {
  Reading(absolute_path(input.path), input, sink).run();
}

}  // namespace errata::importers

#include "importers/container_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/ordered_pipeline.h"
#include "base/text.h"
#include "importers/folder_tree.h"

namespace errata::importers {

namespace {

constexpr size_t kChunkImages = 1024;
constexpr size_t kWindowChunks = 32;

struct Chunk {
  std::vector<SampleRecord> samples;
  std::vector<Issue> issues;
};

// Images [first, first + count) of one part.
struct Piece {
  const ContainerPart* part;
  int64_t first;
  int64_t count;
  int64_t mtime_ns;
};

// False when the label is none of the classes; the issue says so.
bool set_label(const ContainerPart& part, int64_t member, const SourceHeader& header,
               SampleRecord& record, std::vector<Issue>& issues) {
  if (part.labels.empty()) return true;
  const int32_t label = part.labels[static_cast<size_t>(member)];
  if (label < 0 || static_cast<size_t>(label) >= header.classes.size()) {
    issues.push_back(
        {IssueSeverity::kRejected, "label-out-of-range", join_path(header.root, part.path),
         fmt::format("image {}", member), std::to_string(label),
         fmt::format("the label is {}, there are {} classes", label, header.classes.size()),
         "correct the list of class names (classes.txt) or the label file"});
    return false;
  }
  record.labels.push_back(label);
  return true;
}

Chunk read_piece(const Piece& piece, const SourceHeader& header) {
  const ContainerPart& part = *piece.part;
  Chunk chunk;
  chunk.samples.reserve(static_cast<size_t>(piece.count));
  for (int64_t i = piece.first; i < piece.first + piece.count; ++i) {
    SampleRecord record;
    if (!set_label(part, i, header, record, chunk.issues)) continue;
    const std::span<const uint8_t> raw = part.container->raw(i);
    record.path = part.path;
    record.member = i;
    record.size_bytes = raw.size();
    record.mtime_ns = piece.mtime_ns;
    record.xxh3 = xxh3_64(raw);
    record.width_px = part.container->width_px();
    record.height_px = part.container->height_px();
    record.split = part.split;
    if (!part.coarse_labels.empty()) {
      record.attributes.emplace_back("coarse_label", part.coarse_labels[static_cast<size_t>(i)]);
    }
    chunk.samples.push_back(std::move(record));
  }
  return chunk;
}

}  // namespace

void emit_containers(const ImportInput& input, const SourceHeader& header,
                     const std::vector<ContainerPart>& parts, SampleSink& sink) {
  std::vector<Piece> pieces;
  uint64_t seen = 0;
  for (const ContainerPart& part : parts) {
    const int64_t count = part.container->count();
    if (!part.labels.empty() && static_cast<int64_t>(part.labels.size()) != count) {
      throw Error(ErrorCategory::kBadInput,
                  fmt::format("{} images but {} labels", count, part.labels.size()),
                  "the image file and the label file are not of one set",
                  join_path(header.root, part.path));
    }
    FileStat stat;
    stat_file(join_path(header.root, part.path), stat);
    for (int64_t first = 0; first < count; first += kChunkImages) {
      const int64_t size = std::min<int64_t>(kChunkImages, count - first);
      pieces.push_back({&part, first, size, stat.mtime_ns});
    }
    seen += static_cast<uint64_t>(count);
  }
  sink.begin(header);
  input.progress.start_stage("reading images", seen);
  const auto produce = [&](size_t number) {
    input.cancel.check();
    Chunk chunk = read_piece(pieces[number], header);
    input.progress.add(static_cast<uint64_t>(pieces[number].count));
    return chunk;
  };
  const auto consume = [&](Chunk&& chunk) {
    for (Issue& issue : chunk.issues) input.issues.add(std::move(issue));
    if (!chunk.samples.empty()) sink.samples(std::move(chunk.samples));
  };
  run_ordered<Chunk>(input.parallel_for, pieces.size(), kWindowChunks, produce, consume);
  sink.end(seen);
}

std::string split_of_container(std::string_view file_name) {
  std::string words = to_lower_ascii(file_name);
  for (char& c : words) {
    if (c == '-' || c == '_') c = '.';
  }
  for (const std::string_view word : split_view(words, '.')) {
    const std::string split = split_of_folder(word);
    if (!split.empty()) return split;
    if (word == "t10k") return "test";
    if (word == "data") return "train";  // data_batch_1.bin of CIFAR-10
  }
  return {};
}

}  // namespace errata::importers

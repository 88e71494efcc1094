#include "versions/content_hash.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace errata::versions {

namespace {

// Small enough that a worker does not sit on many large files, large enough for a counter.
constexpr size_t kFilesPerRange = 16;
// Larger files are hashed in pieces instead of being read whole.
constexpr uint64_t kWholeReadBytes = 4 << 20;
constexpr size_t kPieceBytes = 256 << 10;

std::string_view as_text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Buffers {
  std::vector<uint8_t> bytes;
  RawImage image;
  std::string why_not;
};

std::string member_place(const ContentFile& file) {
  return file.member < 0 ? std::string() : "image " + std::to_string(file.member);
}

class ContentHasher {
 public:
  ContentHasher(const MemberReader& read_member, IssueLog& issues)
      : read_member_(read_member), issues_(issues) {}

  bool hash(const ContentFile& file, Buffers& buffers, Sha256Digest& digest) const {
    return file.member >= 0 ? hash_member(file, buffers, digest) : hash_file(file, buffers, digest);
  }

 private:
  void reject(const ContentFile& file, const char* kind, const std::string& message,
              const char* fix) const {
    issues_.reject(kind, file.absolute_path, member_place(file), {}, message, fix);
  }

  bool hash_member(const ContentFile& file, Buffers& buffers, Sha256Digest& digest) const {
    if (!read_member_) {
      throw Error(ErrorCategory::kInternal, "no reader for images inside containers");
    }
    if (!read_member_(file.absolute_path, file.member, buffers.image, buffers.why_not)) {
      reject(file, "unreadable-member", buffers.why_not, "check the container file");
      return false;
    }
    write_canonical_png(buffers.image, buffers.bytes);
    digest = sha256(as_text(buffers.bytes));
    return true;
  }

  bool hash_file(const ContentFile& file, Buffers& buffers, Sha256Digest& digest) const {
    FileStat stat;
    if (!stat_file(file.absolute_path, stat)) {
      reject(file, "missing-file", "the file is not there any more",
             "import the source again, or set its root to where it lies now");
      return false;
    }
    if (!file.has_xxh3 && file.mtime_ns != -1 &&
        (stat.size_bytes != file.size_bytes || stat.mtime_ns != file.mtime_ns)) {
      return reject_changed(file);
    }
    uint64_t xxh3 = 0;
    if (stat.size_bytes > kWholeReadBytes) {
      if (!hash_mapped(file, digest, xxh3)) return false;
    } else {
      if (!read_file_into(file.absolute_path, buffers.bytes)) {
        const Error error = io_error("read", {}, errno);
        reject(file, "unreadable-file", error.what(), "check its permissions");
        return false;
      }
      digest = sha256(as_text(buffers.bytes));
      xxh3 = xxh3_64(std::span<const uint8_t>(buffers.bytes));
    }
    return !file.has_xxh3 || xxh3 == file.xxh3 || reject_changed(file);
  }

  bool reject_changed(const ContentFile& file) const {
    reject(file, "changed-file", "the file changed since it was imported",
           "import the source again");
    return false;
  }

  // In one pass over the pages, piece by piece.
  bool hash_mapped(const ContentFile& file, Sha256Digest& digest, uint64_t& xxh3) const {
    try {
      const MappedFile mapped(file.absolute_path);
      Sha256 sha;
      Xxh3 xxh;
      for (auto rest = mapped.bytes(); !rest.empty();) {
        const auto piece = rest.first(std::min<size_t>(rest.size(), kPieceBytes));
        sha.update(piece.data(), piece.size());
        xxh.update(piece.data(), piece.size());
        rest = rest.subspan(piece.size());
      }
      digest = sha.finish();
      xxh3 = xxh.digest();
      return true;
    } catch (const Error& error) {
      reject(file, "unreadable-file", error.what(), "check its permissions");
      return false;
    }
  }

  const MemberReader& read_member_;
  IssueLog& issues_;
};

}  // namespace

ContentHashes hash_contents(std::span<const ContentFile> files, const MemberReader& read_member,
                            const ParallelFor& parallel_for, Progress& progress,
                            const CancelToken& cancel, IssueLog& issues) {
  ContentHashes result;
  result.digests.resize(files.size());
  result.ok.assign(files.size(), 0);
  std::atomic<uint64_t> failed{0};
  const ContentHasher hasher(read_member, issues);
  parallel_for(files.size(), kFilesPerRange, [&](size_t begin, size_t end) {
    static thread_local Buffers buffers;
    cancel.check();
    for (size_t i = begin; i < end; ++i) {
      result.ok[i] = hasher.hash(files[i], buffers, result.digests[i]) ? 1 : 0;
      if (result.ok[i] == 0) failed.fetch_add(1, std::memory_order_relaxed);
    }
    progress.add(end - begin);
  });
  result.failed = failed;
  return result;
}

}  // namespace errata::versions

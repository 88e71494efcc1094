// Brings one image into the staging folder: copy, link, shared blocks, or a PNG of a member.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "export/exporter.h"

namespace errata::exports {

enum class WriteStatus : uint8_t { kWritten, kRejected };

// Thread-safe: one object for all workers, one Buffers each.
class FileWriter {
 public:
  struct Buffers {
    std::vector<uint8_t> bytes;
    versions::RawImage image;
    std::string why_not;
  };

  FileWriter(const ExportOptions& options, const ExportContext& context, int staging_fd,
             std::string staging_path);

  // kRejected: the item is missing, changed or unreadable, and an issue says so. Throws for what
  // concerns the target (disk full, a file system without links). With `only_check` nothing is
  // written.
  WriteStatus write(const ExportItem& item, const std::string& relative_path, bool only_check,
                    Buffers& buffers);

  uint64_t bytes_written() const { return bytes_written_; }
  uint64_t shared_blocks() const { return shared_blocks_; }
  uint64_t members() const { return members_; }

 private:
  bool check_source(const ExportItem& item, Buffers& buffers);
  bool check_kind_and_time(const ExportItem& item, const struct stat& st);
  static bool looks_changed(const ExportItem& item, const struct stat& st);
  bool must_check_content(const ExportItem& item, bool changed) const;
  WriteStatus write_member(const ExportItem& item, const std::string& to, bool only_check,
                           Buffers& buffers);
  WriteStatus copy(const ExportItem& item, const std::string& to, Buffers& buffers);
  WriteStatus copy_small(const ExportItem& item, int from, const std::string& to, Buffers& buffers);
  void copy_large(const ExportItem& item, int from, int out, const std::string& to,
                  Buffers& buffers);
  WriteStatus hardlink(const ExportItem& item, const std::string& to, Buffers& buffers);
  bool share_blocks(int from, int to, const std::string& to_path);
  bool content_matches(const ExportItem& item, const Sha256Digest& digest);
  void put_file(const std::string& to, const std::vector<uint8_t>& bytes);
  int create(const std::string& to) const;
  WriteStatus reject(const ExportItem& item, const char* kind, const std::string& message,
                     const char* fix) const;
  std::string target_path(const std::string& to) const;

  const ExportOptions& options_;
  const ExportContext& context_;
  const int staging_fd_;
  const std::string staging_path_;
  std::atomic<bool> can_share_blocks_{true};
  std::atomic<uint64_t> bytes_written_{0};
  std::atomic<uint64_t> shared_blocks_{0};
  std::atomic<uint64_t> members_{0};
};

}  // namespace errata::exports

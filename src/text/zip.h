// Reading members of a zip archive (stored or deflate, zip64 by the central directory).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace errata::text {

struct ZipEntry {
  std::string name;
  uint64_t size_bytes = 0;         // unpacked
  uint64_t packed_size_bytes = 0;  // as it lies in the archive
};

// Not for use from several threads at once; open one per thread.
class ZipReader {
 public:
  // Throws Error(kNotFound, kIo), and Error(kBadInput) when it is no zip.
  explicit ZipReader(const std::string& path);
  ~ZipReader();
  ZipReader(ZipReader&&) noexcept;
  ZipReader& operator=(ZipReader&&) noexcept;

  const std::vector<ZipEntry>& entries() const { return entries_; }
  // Index of the entry of that name, or SIZE_MAX.
  size_t find(std::string_view name) const;
  // The unpacked bytes, checked against the entry's CRC. Throws Error(kBadInput) when the data is
  // broken, encrypted, packed by a method other than deflate, or larger than `max_bytes`.
  std::vector<uint8_t> read(size_t index, uint64_t max_bytes = UINT64_MAX) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string path_;
  std::vector<ZipEntry> entries_;
};

// By the first four bytes of a file.
bool is_zip_file(const std::string& path);

}  // namespace errata::text

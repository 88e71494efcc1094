// A stream of bytes: a plain file, a gzip file or memory, read in pieces so that memory stays
// bounded.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace errata::text {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills up to `capacity` bytes of `to`; fewer only at the end, 0 when there is nothing left.
  // Throws Error(kIo) on a failed read, Error(kBadInput) on broken compression.
  virtual size_t read(char* to, size_t capacity) = 0;
};

// A file as it is, or unpacked when its first bytes are gzip's (whatever its name). Throws
// Error(kNotFound, kIo).
std::unique_ptr<ByteSource> open_byte_source(const std::string& path);
// `bytes` must outlive the source.
std::unique_ptr<ByteSource> memory_byte_source(std::string_view bytes);
// As UTF-8 without its mark: a UTF-8 byte order mark is dropped, UTF-16 with a mark (Excel's
// "Unicode text") is converted, anything else passes unchanged. Lone surrogates become U+FFFD.
std::unique_ptr<ByteSource> decode_to_utf8(std::unique_ptr<ByteSource> source);

}  // namespace errata::text

// gzip (RFC 1952), also several members one after the other, as `cat a.gz b.gz` makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "text/byte_source.h"

namespace errata::text {

// By the first two bytes.
bool is_gzip(std::span<const uint8_t> bytes);

// The unpacked bytes. `name` is for messages. Throws Error(kBadInput) when the data is truncated,
// fails its checksum, or would exceed `max_bytes`. Bytes after the last member that are not gzip
// are ignored, as gzip(1) does.
std::vector<uint8_t> gunzip(std::span<const uint8_t> packed, const std::string& name,
                            uint64_t max_bytes = UINT64_MAX);

// A whole file, unpacked when it is gzip. Throws Error(kNotFound, kIo, kBadInput).
std::vector<uint8_t> read_file_gunzipped(const std::string& path, uint64_t max_bytes = UINT64_MAX);

// Unpacks while it is read.
std::unique_ptr<ByteSource> gzip_byte_source(std::unique_ptr<ByteSource> packed, std::string name);

}  // namespace errata::text

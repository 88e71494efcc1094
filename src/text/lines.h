// Text files with one thing per line: file lists and class names.
#pragma once

#include <string>
#include <vector>

namespace errata::text {

// Lines without their ends (LF or CRLF), marks removed, gzip unpacked; empty lines at the end are
// dropped, others kept. Throws Error(kNotFound, kIo), and Error(kBadInput) above `max_bytes`.
std::vector<std::string> read_lines(const std::string& path, uint64_t max_bytes = 1ULL << 30);

}  // namespace errata::text

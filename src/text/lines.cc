#include "text/lines.h"

#include "base/error.h"
#include "base/text.h"
#include "text/byte_source.h"

namespace errata::text {

std::vector<std::string> read_lines(const std::string& path, uint64_t max_bytes) {
  const auto source = decode_to_utf8(open_byte_source(path));
  std::string all;
  constexpr size_t kPiece = 256 * 1024;
  while (true) {
    const size_t had = all.size();
    all.resize(had + kPiece);
    const size_t got = source->read(all.data() + had, kPiece);
    all.resize(had + got);
    if (all.size() > max_bytes) {
      throw Error(ErrorCategory::kBadInput, "the file is larger than " + human_bytes(max_bytes), {},
                  path);
    }
    if (got < kPiece) break;
  }
  std::vector<std::string> lines;
  for (std::string_view line : split_view(all, '\n')) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace errata::text

// Reads the tables that make_goldens.py writes.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "media/image.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

inline std::string golden_path(const std::string& relative) {
  return source_dir() + "/tests/media/data/" + relative;
}

// Rows of a tab-separated table, without its `#` lines.
inline std::vector<std::vector<std::string>> read_golden_table(const std::string& relative) {
  std::vector<std::vector<std::string>> rows;
  const std::string text = read_text_file(golden_path(relative));
  for (std::string_view line : split_view(text, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    rows.emplace_back();
    for (std::string_view cell : split_view(line, '\t')) rows.back().emplace_back(cell);
  }
  return rows;
}

// The first 24 hexadecimal digits of the SHA-256 of the pixels.
inline std::string pixel_hash(const media::Image& image) {
  return to_hex(sha256(std::string_view(reinterpret_cast<const char*>(image.pixels.data()),
                                        image.pixels.size())))
      .substr(0, 24);
}

}  // namespace errata::test

// The LIKE operator as SQLite has it: % is any run of characters, _ any one, A-Z and a-z are the
// same letters. A character is a UTF-8 sequence; a byte that starts none is one by itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace errata::query {

class LikePattern {
 public:
  // `escape` is empty or one character; the character after it stands for itself.
  LikePattern(std::string_view pattern, std::string_view escape);
  bool matches(std::string_view text) const;

 private:
  static constexpr uint32_t kAnyOne = 0xFFFFFFFF;
  static constexpr uint32_t kAnyRun = 0xFFFFFFFE;

  bool matches_characters(std::string_view text) const;

  std::vector<uint32_t> elements_;  // characters in lower case, kAnyOne, kAnyRun
  bool impossible_ = false;         // an escape with nothing after it
  // For patterns of ASCII with no _: the parts between the %, in lower case.
  bool has_parts_ = false;
  std::vector<std::string> parts_;
};

}  // namespace errata::query

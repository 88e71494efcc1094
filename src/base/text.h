// Small text helpers: UTF-8 safety, numbers as people read them, natural order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace errata {

bool is_valid_utf8(std::string_view text);
// Each byte that is not part of valid UTF-8 becomes U+FFFD. File names may be any bytes; what is
// shown or written as JSON may not.
std::string to_valid_utf8(std::string_view bytes);
// At most `max_bytes` bytes, cut at a character, with "…" where something was cut.
std::string shorten_utf8(std::string_view text, size_t max_bytes);

// Reversible text form of a file name that may hold any bytes: valid UTF-8 without control
// characters stays as it is, other bytes become \xHH and a backslash becomes \\.
std::string escape_bytes(std::string_view bytes);
std::string unescape_bytes(std::string_view text);

std::string with_thousands(uint64_t n);  // 1032 -> "1,032"
// "1 sample", "2,000 samples": of words whose plural ends in an s.
std::string plural(uint64_t count, std::string_view singular);
std::string join_words(std::span<const std::string> words);  // "a, b and c"
std::string human_bytes(uint64_t bytes);                     // 1536 -> "1.5 KiB"
std::string human_duration(double secs);                     // 136 -> "2 min 16 s"
std::string to_lower_ascii(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split_view(std::string_view text, char separator);

// The candidates nearest to `word` by edit distance (at most max(1, length/3) edits, a swap of
// neighbours is one), best first, at most three: for "did you mean".
std::vector<std::string> nearest_words(std::string_view word,
                                       const std::vector<std::string>& candidates);

// "2026-11-23T08:17:59.123Z"
std::string now_iso8601_utc();

}  // namespace errata

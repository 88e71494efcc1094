#include "viewer/widgets/display_text.h"

#include <fribidi/fribidi.h>

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/text.h"

namespace errata::viewer {

namespace {

constexpr size_t kMostCached = 8192;
constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kReturnKey = 0x23CE;  // "⏎": unlike the pictures of controls, fonts have it

// The character at text[at], moving past it. The text is valid UTF-8.
char32_t next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at++);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : (lead >= 0xE0 ? 2 : 1);
  char32_t character = lead & (0x3F >> more);
  for (int i = 0; i < more; ++i) character = character << 6 | (byte(at++) & 0x3FU);
  return character;
}

void append_utf8(std::string& text, char32_t character) {
  const auto push = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (character < 0x80) {
    push(character);
  } else if (character < 0x800) {
    push(0xC0 | character >> 6);
    push(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    push(0xE0 | character >> 12);
    push(0x80 | (character >> 6 & 0x3F));
    push(0x80 | (character & 0x3F));
  } else {
    push(0xF0 | character >> 18);
    push(0x80 | (character >> 12 & 0x3F));
    push(0x80 | (character >> 6 & 0x3F));
    push(0x80 | (character & 0x3F));
  }
}

bool is_right_to_left(char32_t character) {
  return (character >= 0x0590 && character <= 0x08FF) ||
         (character >= 0xFB1D && character <= 0xFDFF) ||
         (character >= 0xFE70 && character <= 0xFEFC) ||
         (character >= 0x10800 && character <= 0x10FFF) ||
         (character >= 0x1E800 && character <= 0x1EFFF);
}

// Orders that a name could use to look like another one.
bool overrides_direction(char32_t character) {
  return (character >= 0x202A && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

// Of meaning to the order and joining of others, without a shape of its own.
bool is_shapeless(char32_t character) {
  return (character >= 0x200B && character <= 0x200F) ||
         (character >= 0x2060 && character <= 0x2064) || character == 0xFEFF ||
         (character >= 0xFE00 && character <= 0xFE0F) || character == 0x061C ||
         character == 0x00AD || (character >= 0xE0000 && character <= 0xE01EF);
}

char32_t picture_of(char32_t character) {
  if (character == '\n' || character == 0x2028 || character == 0x2029) return kReturnKey;
  if (character == '\t') return ' ';
  const bool control = character < 0x20 || (character >= 0x7F && character < 0xA0);
  return control ? kReplacement : character;
}

std::vector<FriBidiChar> in_order_of_the_eye(const std::vector<FriBidiChar>& logical) {
  std::vector<FriBidiChar> visual(logical.size());
  FriBidiParType direction = FRIBIDI_PAR_ON;  // that of the first letter
  const auto length = static_cast<FriBidiStrIndex>(logical.size());
  const FriBidiLevel level =
      fribidi_log2vis(logical.data(), length, &direction, visual.data(), nullptr, nullptr, nullptr);
  return level == 0 ? logical : visual;  // 0: out of memory
}

std::string make_display_text(std::string_view text) {
  const std::string valid = to_valid_utf8(text);
  std::vector<FriBidiChar> characters;
  bool reorder = false;
  for (size_t at = 0; at < valid.size();) {
    const char32_t character = next_character(valid, at);
    reorder = reorder || is_right_to_left(character);
    if (!overrides_direction(character)) characters.push_back(picture_of(character));
  }
  if (reorder) characters = in_order_of_the_eye(characters);
  std::string shown;
  for (const FriBidiChar character : characters) {
    if (!is_shapeless(character)) append_utf8(shown, character);
  }
  return shown;
}

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

}  // namespace

bool needs_display_text(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7F) continue;
    // Latin with accents: C2 A0 to C9 BF, but for the soft hyphen.
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    const bool latin = byte >= 0xC2 && byte <= 0xC9 && next >= 0x80 && next < 0xC0 &&
                       (byte != 0xC2 || (next >= 0xA0 && next != 0xAD));
    if (!latin) return true;
    ++i;
  }
  return false;
}

std::string_view display_text(std::string_view text) {
  if (!needs_display_text(text)) return text;
  static std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> cache;
  if (const auto found = cache.find(text); found != cache.end()) return found->second;
  if (cache.size() >= kMostCached) cache.clear();
  return cache.emplace(text, make_display_text(text)).first->second;
}

std::string display_lines(std::string_view text) {
  std::string lines;
  for (const std::string_view line : split_view(text, '\n')) {
    if (!lines.empty()) lines.push_back('\n');
    lines += display_text(line);
  }
  return lines;
}

}  // namespace errata::viewer

// XML files in other encodings than UTF-8, converted by the C library's iconv.
#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "text/xml.h"

namespace errata::text {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

// XML 1.0, appendix F: how a file in units of two or four bytes begins; the longer ones first.
constexpr std::array<std::pair<std::string_view, const char*>, 8> kWideStarts{
    {{"\xFF\xFE\0\0"sv, "UTF-32LE"},
     {"\0\0\xFE\xFF"sv, "UTF-32BE"},
     {"<\0\0\0"sv, "UTF-32LE"},
     {"\0\0\0<"sv, "UTF-32BE"},
     {"\xFF\xFE"sv, "UTF-16LE"},
     {"\xFE\xFF"sv, "UTF-16BE"},
     {"<\0"sv, "UTF-16LE"},
     {"\0<"sv, "UTF-16BE"}}};

// What is declared as the first is written in the second, which holds all of it and more: the
// Encoding Standard (encoding.spec.whatwg.org, "Names and labels") reads them so.
constexpr std::array<std::pair<std::string_view, const char*>, 5> kWider{{{"gb2312", "GB18030"},
                                                                          {"gbk", "GB18030"},
                                                                          {"shift_jis", "CP932"},
                                                                          {"euc-kr", "CP949"},
                                                                          {"big5", "BIG5-HKSCS"}}};

Error unreadable(const std::string& message, const std::string& where) {
  return {ErrorCategory::kBadInput, message, "save it in UTF-8", where};
}

// The name in the declaration, in `text`; empty where none is declared.
std::string_view declared_encoding(std::string_view text) {
  const size_t end = text.starts_with("<?xml") ? text.find("?>") : std::string_view::npos;
  if (end == std::string_view::npos) return {};
  const std::string_view head = text.substr(0, end);
  const size_t key = head.find("encoding");
  const size_t open = key == std::string_view::npos ? key : head.find_first_of("\"'", key);
  const size_t close = open == std::string_view::npos ? open : head.find(head[open], open + 1);
  if (close == std::string_view::npos) return {};
  return head.substr(open + 1, close - open - 1);
}

std::string with_utf8_declared(std::string text) {
  const std::string_view name = declared_encoding(text);
  if (name.empty()) return text;
  return text.replace(static_cast<size_t>(name.data() - text.data()), name.size(), "UTF-8");
}

class Decoder {
 public:
  explicit Decoder(const std::string& encoding) : handle_(iconv_open("UTF-8", encoding.c_str())) {}
  ~Decoder() {
    if (is_known()) iconv_close(handle_);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  bool is_known() const { return handle_ != iconv_t(-1); }

  // `text` in UTF-8. Returns the byte that could not be read, text.size() where all could.
  size_t decode(std::string_view text, std::string& utf8) {
    iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    // The C library takes the bytes to read by a pointer to char, and only reads them.
    char* from = const_cast<char*>(text.data());
    size_t left = text.size();
    while (true) {
      const bool is_last = left == 0;
      std::array<char, 4096> part{};
      char* to = part.data();
      size_t room = part.size();
      const size_t result = is_last ? iconv(handle_, nullptr, nullptr, &to, &room)
                                    : iconv(handle_, &from, &left, &to, &room);
      const bool is_full = result == size_t(-1) && errno == E2BIG;
      utf8.append(part.data(), part.size() - room);
      if (result == size_t(-1) && !is_full) return text.size() - left;
      if (is_last && !is_full) return text.size();
    }
  }

 private:
  iconv_t handle_;
};

std::string decoded(std::string_view text, const std::string& encoding, const std::string& where) {
  Decoder decoder(encoding);
  std::string utf8;
  const size_t read = decoder.is_known() ? decoder.decode(text, utf8) : 0;
  if (read < text.size()) {
    throw unreadable(fmt::format("byte {} is not in the file's encoding, {}", read, encoding),
                     where);
  }
  constexpr std::string_view kMark = kUtf8Mark;
  if (utf8.starts_with(kMark)) utf8.erase(0, kMark.size());
  return with_utf8_declared(std::move(utf8));
}

void check_utf8(std::string_view text, const std::string& where) {
  if (is_valid_utf8(text)) return;
  const std::string valid = to_valid_utf8(text);
  const auto [at, other] = std::mismatch(text.begin(), text.end(), valid.begin(), valid.end());
  throw unreadable(fmt::format("byte {} is not in UTF-8, and the file declares no other encoding",
                               at - text.begin()),
                   where);
}

}  // namespace

std::string xml_in_utf8(std::string_view text, const std::string& where) {
  for (const auto& [start, encoding] : kWideStarts) {
    if (text.starts_with(start)) return decoded(text, encoding, where);
  }
  const std::string declared(declared_encoding(text));
  const std::string lower = to_lower_ascii(declared);
  if (declared.empty() || lower == "utf-8" || lower == "utf8" || text.starts_with(kUtf8Mark)) {
    check_utf8(text, where);
    return {};
  }
  const auto* const wider = std::find_if(kWider.begin(), kWider.end(),
                                         [&](const auto& each) { return each.first == lower; });
  const std::string encoding = wider == kWider.end() ? declared : wider->second;
  // The C library takes more than a name, and the locale's encoding for none.
  const bool is_name = std::all_of(encoding.begin(), encoding.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  Decoder decoder(is_name ? encoding : "no name");
  if (!decoder.is_known()) {
    throw unreadable(fmt::format("the file declares the encoding '{}', which cannot be read here",
                                 shorten_utf8(to_valid_utf8(declared), 40)),
                     where);
  }
  // The declaration's own bytes are none of UTF-16, which tools declare that write their texts to a
  // string first: then it is UTF-8 after all.
  std::string start;
  decoder.decode(text.substr(0, 4), start);
  if (start != "<?xm") {
    check_utf8(text, where);
    return with_utf8_declared(std::string(text));
  }
  return decoded(text, encoding, where);
}

}  // namespace errata::text

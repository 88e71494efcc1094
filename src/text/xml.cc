#include "text/xml.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace errata::text {

namespace {

constexpr int kDeepest = 64;

// Behind the tag that begins at `begin`: a '>' in quotes does not end it.
size_t end_of_tag(std::string_view text, size_t begin) {
  for (size_t at = begin; at < text.size(); ++at) {
    if (text[at] == '>') return at + 1;
    if (text[at] != '"' && text[at] != '\'') continue;
    at = text.find(text[at], at + 1);
    if (at == std::string_view::npos) break;
  }
  return XmlElement::kUnknown;
}

// Behind the end of the element that begins at `begin` and whose last child ends at `from`.
size_t end_of(std::string_view text, size_t begin, size_t from) {
  if (from == begin) {
    from = end_of_tag(text, begin);
    if (from == XmlElement::kUnknown || text[from - 2] == '/') return from;
  }
  // No elements are left, but what tags can stand in.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kPassed{
      {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}}};
  for (size_t at = text.find('<', from); at != std::string_view::npos; at = text.find('<', at)) {
    const std::string_view rest = text.substr(at);
    const auto passed = std::find_if(kPassed.begin(), kPassed.end(), [&](const auto& each) {
      return rest.starts_with(each.first);
    });
    if (passed == kPassed.end()) return end_of_tag(text, at);
    at = text.find(passed->second, at + passed->first.size());
    if (at == std::string_view::npos) break;
    at += passed->second.size();
  }
  return XmlElement::kUnknown;
}

XmlElement element_of(const pugi::xml_node& node, std::string_view text, int depth,
                      const std::string& where) {
  if (depth > kDeepest) {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("the XML is nested more than {} deep", kDeepest), "", where);
  }
  XmlElement element;
  element.name = node.name();
  element.text = std::string(trim(node.text().get()));
  const std::ptrdiff_t offset = node.offset_debug();
  // The offset is that of the name. Of a file that was converted it is another text's.
  const bool known = offset > 0 && static_cast<size_t>(offset) < text.size() &&
                     text.substr(static_cast<size_t>(offset)).starts_with(element.name);
  if (known) element.begin = static_cast<size_t>(offset) - 1;
  size_t last = element.begin;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    element.children.push_back(element_of(child, text, depth + 1, where));
    last = element.children.back().end;
  }
  if (known && last != XmlElement::kUnknown) {
    element.end = end_of(text, element.begin, last);
  }
  return element;
}

void append_utf8(std::string& out, uint32_t code) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// Units of `bytes` bytes each as code points; a lone surrogate becomes U+FFFD.
std::string utf8_of_units(std::string_view text, size_t bytes, bool big_endian) {
  const auto unit = [&](size_t at) {
    uint32_t value = 0;
    for (size_t k = 0; k < bytes; ++k) {
      const size_t place = big_endian ? k : bytes - 1 - k;
      value = value << 8 | static_cast<uint8_t>(text[at + place]);
    }
    return value;
  };
  constexpr uint32_t kNoCharacter = 0xFFFD;
  std::string out;
  for (size_t at = 0; at + bytes <= text.size(); at += bytes) {
    uint32_t code = unit(at);
    const bool more = at + 2 * bytes <= text.size();
    const uint32_t low = bytes == 2 && more ? unit(at + bytes) : 0;
    if (code >= 0xD800 && code < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += bytes;
    } else if ((code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) {
      code = kNoCharacter;
    }
    constexpr uint32_t kByteOrderMark = 0xFEFF;
    if (code != kByteOrderMark || !out.empty()) append_utf8(out, code);
  }
  return out;
}

// The encoding that the declaration names becomes UTF-8.
std::string with_utf8_declared(std::string text) {
  const size_t end = text.starts_with("<?xml") ? text.find("?>") : std::string::npos;
  if (end == std::string::npos) return text;
  const size_t key = text.find("encoding", 5);
  const size_t open = key < end ? text.find_first_of("\"'", key) : std::string::npos;
  const size_t close = open < end ? text.find(text[open], open + 1) : std::string::npos;
  if (close < end) text.replace(open + 1, close - open - 1, "UTF-8");
  return text;
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const XmlElement& each) { return each.name == child_name; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::child_text(std::string_view child_name) const {
  const XmlElement* found = child(child_name);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

XmlElement parse_xml(std::string_view text, const std::string& where) {
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size());
  if (!result) {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("this is no XML at byte {}: {}", result.offset, result.description()),
                "", where);
  }
  const pugi::xml_node root = document.document_element();
  if (!root) throw Error(ErrorCategory::kBadInput, "the XML has no element", "", where);
  return element_of(root, text, 0, where);
}

std::string xml_in_utf8(std::string_view text) {
  const bool is_wide = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
                       text.substr(0, 2).find('\0') != std::string_view::npos;
  constexpr size_t kMostDeclared = 256;
  const std::string_view head = text.substr(0, kMostDeclared);
  const std::string declared = to_lower_ascii(head.substr(0, head.find("?>")));
  const bool is_latin = declared.starts_with("<?xml") &&
                        declared.find("utf-8") == std::string::npos &&
                        declared.find("encoding") != std::string::npos;
  if (!is_wide && !is_latin) return {};
  pugi::xml_document document;
  switch (document.load_buffer(text.data(), text.size()).encoding) {
    case pugi::encoding_latin1: return with_utf8_declared(utf8_of_units(text, 1, false));
    case pugi::encoding_utf16_le: return with_utf8_declared(utf8_of_units(text, 2, false));
    case pugi::encoding_utf16_be: return with_utf8_declared(utf8_of_units(text, 2, true));
    case pugi::encoding_utf32_le: return with_utf8_declared(utf8_of_units(text, 4, false));
    case pugi::encoding_utf32_be: return with_utf8_declared(utf8_of_units(text, 4, true));
    default: return {};
  }
}

std::string xml_escaped(std::string_view text) {
  constexpr std::string_view kNoCharacter = "\xEF\xBF\xBD";
  const std::string valid = to_valid_utf8(text);
  std::string escaped;
  for (size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    const std::string_view rest = std::string_view(valid).substr(i);
    if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      escaped += kNoCharacter;
      i += 2;
      continue;
    }
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '\r': escaped += "&#13;"; break;
      default:
        const bool control = static_cast<uint8_t>(c) < 0x20 && c != '\t' && c != '\n';
        if (control) {
          escaped += kNoCharacter;
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

}  // namespace errata::text

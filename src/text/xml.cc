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

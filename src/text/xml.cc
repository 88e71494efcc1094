#include "text/xml.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace errata::text {

namespace {

constexpr int kDeepest = 64;

// Behind the end of the element that begins at `begin` and whose last child ends at `from`.
size_t end_of(std::string_view text, size_t begin, size_t from, const std::string& name) {
  if (from == begin) {
    const size_t close = text.find('>', begin);
    if (close == std::string_view::npos) return XmlElement::kUnknown;
    if (text[close - 1] == '/') return close + 1;
    from = close;
  }
  const size_t tag = text.find("</" + name, from);
  const size_t close = tag == std::string_view::npos ? tag : text.find('>', tag);
  return close == std::string_view::npos ? XmlElement::kUnknown : close + 1;
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
    element.end = end_of(text, element.begin, last, element.name);
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

}  // namespace errata::text

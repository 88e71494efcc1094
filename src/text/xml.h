// Small XML files as a tree that knows where each element stands in the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace errata::text {

struct XmlElement {
  static constexpr size_t kUnknown = SIZE_MAX;

  std::string name;
  std::string text;  // its own, in UTF-8, without white space around; empty with children only
  size_t begin = kUnknown;  // of "<name" in the text; kUnknown when the file is not in UTF-8
  size_t end = kUnknown;    // behind "</name>"
  std::vector<XmlElement> children;

  // The first child of that name, or nullptr. Grandchildren are not looked at.
  const XmlElement* child(std::string_view name) const;
  // Its text; empty when it is not there.
  std::string_view child_text(std::string_view name) const;
};

// The root element. Entities are resolved, doctypes left alone, nothing is fetched. Throws
// Error(kBadInput) with the byte for what is no XML; `where` names it.
XmlElement parse_xml(std::string_view text, const std::string& where);

// The file in UTF-8, its declaration too: nothing else is changed. Empty for what is in UTF-8
// already. UTF-16 and UTF-32 are known by their bytes, other encodings by the declaration alone:
// what is in GB2312 can be valid UTF-8 and another text. Throws Error(kBadInput) for an encoding
// that the C library does not know, and with the byte for what is not in the encoding.
std::string xml_in_utf8(std::string_view text, const std::string& where);

// `text` as the content of an element. What XML 1.0 has no place for (control characters, bytes
// that are no UTF-8) becomes U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace errata::text

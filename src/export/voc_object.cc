#include "export/voc_object.h"

#include <fmt/format.h>

#include "base/error.h"
#include "export/item_texts.h"
#include "export/json_edit.h"
#include "text/csv.h"
#include "text/xml.h"

namespace errata::exports {

namespace {

constexpr std::array<std::string_view, 4> kCorners{"xmin", "ymin", "xmax", "ymax"};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view indent_before(std::string_view text, size_t at) {
  size_t begin = at;
  while (begin > 0 && is_space(text[begin - 1])) --begin;
  return text.substr(begin, at - begin);
}

// The texts of an element's children changed, from behind so that places stay true.
std::string with_texts(std::string_view element, const text::XmlElement& parent,
                       const std::vector<std::pair<std::string_view, std::string>>& texts) {
  struct Change {
    size_t begin;
    size_t end;
    std::string text;
  };
  std::vector<Change> changes;
  std::string added;
  for (const auto& [name, text] : texts) {
    const text::XmlElement* child = parent.child(name);
    if (child != nullptr && child->end != text::XmlElement::kUnknown) {
      changes.push_back({child->begin, child->end, fmt::format("<{0}>{1}</{0}>", name, text)});
      continue;
    }
    const std::string_view indent = parent.children.empty()
                                        ? std::string_view()
                                        : indent_before(element, parent.children.front().begin);
    added += fmt::format("{0}<{1}>{2}</{1}>", indent, name, text);
  }
  if (!added.empty()) {
    size_t end = element.rfind("</", parent.end - 1);
    if (parent.children.empty() && end == std::string_view::npos) end = parent.end;
    const size_t at = end - indent_before(element, end).size();
    changes.push_back({at, at, added});
  }
  std::string result(element);
  while (!changes.empty()) {
    size_t last = 0;
    for (size_t i = 1; i < changes.size(); ++i) {
      if (changes[i].begin > changes[last].begin) last = i;
    }
    const Change& change = changes[last];
    result.replace(change.begin, change.end - change.begin, change.text);
    changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(last));
  }
  return result;
}

}  // namespace

VocCorners voc_corners(const std::array<double, 4>& box, int origin) {
  VocCorners corners;
  for (size_t axis = 0; axis < 2; ++axis) {
    double& low = corners.values[axis];
    corners.exact &= number_read_as(
        box[axis], box[axis] + origin, [&](double value) { return value - origin; }, low);
    corners.exact &= number_read_as(
        box[axis + 2], box[axis] + box[axis + 2],
        [&](double value) { return value - low + origin; }, corners.values[axis + 2]);
  }
  return corners;
}

std::string voc_object(const ExportObject& object, bool difficult, std::string_view name,
                       int origin, std::string_view indent) {
  const VocCorners corners = voc_corners(object.box_xywh_px, origin);
  const std::string step = indent.find('\t') != std::string_view::npos || indent.size() < 2
                               ? "\t"
                               : std::string(indent.substr(indent.find_last_of("\r\n") + 1));
  const std::string inner = std::string(indent) + step;
  std::string box;
  for (size_t k = 0; k < 4; ++k) {
    box += fmt::format("{0}{1}<{2}>{3}</{2}>", inner, step, kCorners[k],
                       json_number(corners.values[k]));
  }
  return fmt::format(
      "<object>{0}<name>{1}</name>{0}<pose>Unspecified</pose>{0}<truncated>{2}</truncated>"
      "{0}<difficult>{3}</difficult>{0}<bndbox>{4}{0}</bndbox>{5}</object>",
      inner, text::xml_escaped(name), object.truncated ? 1 : 0, difficult ? 1 : 0, box, indent);
}

std::string mended_voc_object(const ExportObject& object, std::string_view element,
                              std::string_view name, int origin, bool all_corners) {
  std::string result(element);
  const auto differs = [&](store::ObjectDifference bit) { return (object.differences & bit) != 0; };
  text::XmlElement root = text::parse_xml(result, "");
  const text::XmlElement* box = root.child("bndbox");
  if ((differs(store::kOtherBox) || all_corners) && box != nullptr) {
    const VocCorners corners = voc_corners(object.box_xywh_px, origin);
    std::vector<std::pair<std::string_view, std::string>> texts;
    for (size_t k = 0; k < 4; ++k) {
      double old = 0;
      const bool same =
          text::parse_double(box->child_text(kCorners[k]), old) && old == corners.values[k];
      if (!same) texts.emplace_back(kCorners[k], json_number(corners.values[k]));
    }
    result = with_texts(result, *box, texts);
    root = text::parse_xml(result, "");
  }
  std::vector<std::pair<std::string_view, std::string>> texts;
  if (root.child_text("name") != name) texts.emplace_back("name", text::xml_escaped(name));
  if (differs(store::kOtherTruncated))
    texts.emplace_back("truncated", object.truncated ? "1" : "0");
  if (differs(store::kOtherDifficult) || object.crowd) {
    texts.emplace_back("difficult", object.difficult || object.crowd ? "1" : "0");
  }
  return texts.empty() ? result : with_texts(result, root, texts);
}

std::string with_open_root(std::string_view text) {
  const text::XmlElement root = text::parse_xml(text, "");
  std::string open(text);
  constexpr std::string_view kClosed = "/>";
  if (root.end == text::XmlElement::kUnknown || !text.substr(0, root.end).ends_with(kClosed)) {
    return open;
  }
  return open.replace(root.end - kClosed.size(), kClosed.size(), "></" + root.name + ">");
}

std::string with_child_text(std::string_view element, std::string_view child,
                            std::string_view text) {
  const std::string open = with_open_root(element);
  const text::XmlElement root = text::parse_xml(open, "");
  return with_texts(open, root, {{child, text::xml_escaped(text)}});
}

}  // namespace errata::exports

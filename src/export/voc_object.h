// One object of Pascal VOC as XML: made, or mended where it was edited.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "export/exporter.h"

namespace errata::exports {

// xmin, ymin, xmax, ymax as the file has them.
struct VocCorners {
  std::array<double, 4> values{};
  bool exact = true;  // read again they give the box to the bit
};
// `origin` is the number of the first pixel, 1 or 0; the last pixel counts where it is 1.
VocCorners voc_corners(const std::array<double, 4>& box_xywh_px, int origin);

// `difficult` is what is written of it. `indent` begins a line of the element's depth: "\n\t".
std::string voc_object(const ExportObject& object, bool difficult, std::string_view name,
                       int origin, std::string_view indent);

// `element` with those children anew that say something else: the name, corners where the box is
// another than the source's (or `all_corners`), marks that were changed.
std::string mended_voc_object(const ExportObject& object, std::string_view element,
                              std::string_view name, int origin, bool all_corners);

// The document with a root that can take children: "<a/>" as "<a></a>".
std::string with_open_root(std::string_view text);

// `element` with the text of its child; a new child comes last where there is none.
std::string with_child_text(std::string_view element, std::string_view child,
                            std::string_view text);

}  // namespace errata::exports

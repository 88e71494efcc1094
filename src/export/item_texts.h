// Formats with a text of annotations for each image: VOC's XML, YOLO's rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "export/exporter.h"

namespace errata::exports {

// The objects of each item, and the text that a source of the format has of it.
struct ItemTexts {
  std::vector<int32_t> image;                  // into ExportObjects::images; -1: none of the format
  std::vector<std::vector<uint32_t>> objects;  // into ExportObjects::objects, in their order
};
ItemTexts texts_by_item(const ExportInput& input, std::string_view format);

// True when the object stands at a mark in the text of its item's image.
inline bool stands_at_mark(const ExportObject& object, int32_t image) {
  return image >= 0 && object.image == image;
}

// Calls text(piece) for what stands between the marks of `raw` and mark(n) for each of them.
void for_each_piece(std::string_view raw, const std::function<void(std::string_view)>& text,
                    const std::function<void(size_t)>& mark);

// A number that `read` makes `wanted` of: `first` or one of its neighbours. False where there is
// none; `number` is `first` then.
bool number_read_as(double wanted, double first, const std::function<double(double)>& read,
                    double& number);

}  // namespace errata::exports

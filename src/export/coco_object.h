// One annotation of COCO as JSON: made, or mended where it was edited.
#pragma once

#include <string>
#include <string_view>

#include "export/exporter.h"

namespace errata::exports {

// The object as a new element, with ids as JSON.
std::string coco_object(const ExportObject& object, std::string_view id, std::string_view image_id,
                        std::string_view category_id);

// `element` with those members anew that object.differences names; `category_id` as JSON is written
// where the class is another or its source's was merged away.
std::string mended_coco_object(const ExportObject& object, std::string_view element,
                               std::string_view category_id);

}  // namespace errata::exports

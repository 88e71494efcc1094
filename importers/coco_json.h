// COCO's JSON: ids, categories and single annotations as the format's files in the wild have them.
// Shared by the importer of annotations and the reader of results.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/issue_log.h"
#include "model/class_map.h"
#include "model/shape.h"
#include "text/json_outline.h"

namespace errata::importers {

inline constexpr size_t kCocoWindowSpans = 32;  // read ahead of the sink, at most
// How large the spans of an array are, and how many may be read ahead of the sink, so that what is
// read and not yet handed on takes about `memory_bytes`.
size_t coco_span_bytes(uint64_t memory_bytes);
size_t coco_window(uint64_t memory_bytes);

// An id as the file writes it: a whole number (also as 7.0 or "7") by its digits, else its text.
bool read_coco_id(text::JsonCursor& cursor, std::string& id, bool& odd);

// One annotation or result. What is absent keeps its first value.
struct CocoObject {
  std::string id;
  std::string image_id;
  std::string category_id;
  std::string file_name;  // of results: Ultralytics'
  bool odd_id = false;    // an id that is no whole number as JSON
  bool has_box = false;
  std::array<double, 4> box{};
  std::optional<double> area;
  std::optional<double> score;
  bool crowd = false;
  Shape shape;
  std::vector<std::string> oddities;  // kinds of what was passed over: "bad-polygon", ...
  std::string problem;                // kind of what makes it unusable, or empty
};

// What a kind of CocoObject::oddities means, as the message of an issue.
std::string coco_oddity_text(std::string_view kind);

// False when what stands there is no JSON object that can be read.
bool read_coco_object(text::JsonCursor& cursor, CocoObject& object);

// Gives an object without a box that of its outline. Sets `problem` where there is neither
// ("missing-box") and where width x height is not finite ("bad-box").
void settle_coco_box(CocoObject& object);

// A mask of another size (width, height) than its image is left out, a warning "mask-size"; where
// there is nothing else that says where the object is, `needed`, that goes too: rejected.
Issue coco_mask_size_issue(const std::string& file, const std::string& place,
                           const std::array<int32_t, 2>& mask_size,
                           const std::array<int32_t, 2>& image_size, bool needed);

// The first bytes of a file behind its mark and blanks; nullopt when it cannot be read.
std::optional<std::string> read_json_head(const std::string& path, size_t bytes);

// The categories in order of their ids (as Detectron2 and others number them), raw id and name.
ClassMap read_coco_categories(std::string_view text, const std::string& file, IssueLog& issues);

}  // namespace errata::importers

#include "export/coco_object.h"

#include "export/json_edit.h"
#include "export/manifest.h"
#include "model/shape.h"

namespace errata::exports {

namespace {

std::string runs_text(const MaskRuns& mask) {
  std::string text = "{\"size\": [" + std::to_string(mask.height_px) + ", " +
                     std::to_string(mask.width_px) + "], \"counts\": ";
  append_json_string(text, rle_to_string(mask));
  return text + "}";
}

// What COCO's segmentation holds of a shape: [] for none.
std::string segmentation_text(const Shape& shape, std::string_view old) {
  if (!shape.mask.counts.empty()) return runs_text(shape.mask);
  std::vector<std::vector<double>> polygons = shape.polygons;
  if (!shape.corners.empty()) polygons.push_back(shape.corners);
  const std::vector<JsonElement> parts =
      old.starts_with('[') ? json_elements(old) : std::vector<JsonElement>();
  const bool alike = parts.size() == polygons.size();
  std::string text;
  size_t at = 0;
  for (size_t i = 0; i < polygons.size(); ++i) {
    const std::string_view part =
        alike ? old.substr(parts[i].begin, parts[i].end - parts[i].begin) : std::string_view();
    if (alike) {
      text += old.substr(at, parts[i].begin - at);
      at = parts[i].end;
    } else {
      text += i == 0 ? "[" : ", ";
    }
    text += json_numbers(part, polygons[i].data(), polygons[i].size());
  }
  if (polygons.empty()) return "[]";
  return alike ? text + std::string(old.substr(at)) : text + "]";
}

std::string keypoint_count(const Shape& shape) {
  size_t count = 0;
  for (size_t i = 2; i < shape.keypoints.size(); i += 3) count += shape.keypoints[i] > 0 ? 1 : 0;
  return std::to_string(count);
}

}  // namespace

std::string coco_object(const ExportObject& object, std::string_view id, std::string_view image_id,
                        std::string_view category_id) {
  const auto& box = object.box_xywh_px;
  std::string text = "{\"id\": " + std::string(id) + ", \"image_id\": " + std::string(image_id) +
                     ", \"category_id\": " + std::string(category_id) +
                     ", \"bbox\": " + json_numbers("", box.data(), box.size()) +
                     ", \"area\": " + json_number(object.area_px) +
                     ", \"iscrowd\": " + (object.crowd ? "1" : "0");
  const Shape shape = decode_shape(object.shape);
  if (!shape.mask.counts.empty() || !shape.polygons.empty() || !shape.corners.empty()) {
    text += ", \"segmentation\": " + segmentation_text(shape, "");
  }
  if (!shape.keypoints.empty()) {
    text += ", \"keypoints\": " + json_numbers("", shape.keypoints.data(), shape.keypoints.size()) +
            ", \"num_keypoints\": " + keypoint_count(shape);
  }
  return text + "}";
}

std::string mended_coco_object(const ExportObject& object, std::string_view element,
                               std::string_view category_id) {
  JsonMembers members(element);
  const auto differs = [&](store::ObjectDifference bit) { return (object.differences & bit) != 0; };
  if (differs(store::kOtherClass) || object.given_merged) {
    members.set("category_id", std::string(category_id));
  }
  if (differs(store::kOtherBox)) {
    members.set("bbox", json_numbers(members.value("bbox"), object.box_xywh_px.data(), 4));
  }
  if (differs(store::kOtherArea)) members.set("area", json_number(object.area_px));
  if (differs(store::kOtherCrowd)) members.set("iscrowd", object.crowd ? "1" : "0");
  if (differs(store::kOtherShape)) {
    const Shape shape = decode_shape(object.shape);
    const bool outlined =
        !shape.mask.counts.empty() || !shape.polygons.empty() || !shape.corners.empty();
    const std::string_view old = members.value("segmentation");
    if (outlined || !old.empty()) members.set("segmentation", segmentation_text(shape, old));
    const std::string_view points = members.value("keypoints");
    if (!shape.keypoints.empty() || points.starts_with('[')) {
      members.set("keypoints",
                  json_numbers(points, shape.keypoints.data(), shape.keypoints.size()));
    }
  }
  return members.changed();
}

}  // namespace errata::exports

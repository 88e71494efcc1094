// What holds for a YOLO export as a whole: its classes, the form of its rows, its data.yaml.
#pragma once

#include <string>
#include <vector>

#include "export/exporter.h"
#include "export/yolo_object.h"

namespace errata::exports {

class YoloDataset {
 public:
  explicit YoloDataset(const ExportInput& input);

  const YoloPose& pose() const { return pose_; }
  // Some rows are outlines or oriented boxes; rows of four points then are `outline_form()`.
  bool writes_outlines() const;
  YoloForm outline_form() const;
  // Of the row that the object is to have. A box among outlines, and in a set of nothing else, is
  // written as its four corners.
  YoloForm form_of(const ExportObject& object) const;
  // The numbers in the object's own row hold.
  bool keeps_numbers(const ExportObject& object) const;
  size_t class_of(const ExportObject& object) const;
  // The classes and their indices are those of this source and no more.
  bool has_classes_of(int32_t source) const;
  UprightFrame frame_of(const ExportObject& object) const;

  // data.yaml for images in these folders. `folder_of_split` has one for each split, empty where
  // nobody is in it; `rest` that of images in none.
  std::string yaml(const std::vector<std::string>& folder_of_split, const std::string& rest) const;

 private:
  bool is_own(const ExportObject& object) const;
  void settle_classes();
  void settle_forms();
  void settle_own_row(const ExportObject& object);
  bool has_long_row(const ExportObject& object) const;

  const ExportInput& input_;
  int32_t source_ = -1;  // the YOLO source whose classes these are
  std::string source_yaml_;
  std::vector<std::string> names_;
  std::vector<size_t> index_of_label_;
  std::vector<uint8_t> same_classes_;  // of each source: its indices hold
  YoloPose pose_;
  bool all_outlined_ = false;
  bool all_oriented_ = false;
  // Of the rows of YOLO sources that are still there:
  bool any_long_row_ = false;  // of more values than a box has
  bool any_box_row_ = false;
  bool own_corners_ = false;
  bool own_outlines_ = false;
  std::vector<uint8_t> has_outlines_;  // of each item
};

}  // namespace errata::exports

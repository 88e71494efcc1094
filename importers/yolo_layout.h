// Where a YOLO data set has its images, labels and classes: data.yaml in the forms that Ultralytics
// takes (ultralytics/data/utils.py, check_det_dataset and img2label_paths), or folders alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/issue_log.h"
#include "base/progress.h"
#include "importers/importer.h"
#include "importers/yolo_rows.h"
#include "model/class_map.h"

namespace errata::importers {

struct YoloSplit {
  std::string name;                 // "train", "val", "test", or empty; of our exports any
  std::vector<std::string> images;  // absolute paths, each once in all splits, in Python's order
};

struct YoloLayout {
  std::string root;       // folder that holds all images
  std::string yaml_path;  // empty: there is none
  std::string yaml_text;
  ClassMap classes;  // raw ids are the indices; empty: nothing names them
  YoloKeyPoints key_points;
  // Whether rows of four points are oriented boxes, where the manifest of an export of ours says
  // it.
  std::optional<bool> four_points_are_oriented;
  std::vector<YoloSplit> splits;
  uint64_t rejected = 0;  // folders and images named that are not there: issues, one each
};

// Ultralytics' IMG_FORMATS.
bool has_yolo_suffix(std::string_view name);

// The last "/images/" of the path as "/labels/" and ".txt" for its suffix.
std::string yolo_label_path(const std::string& image);

// What the text of a data.yaml says of key points; none where it says nothing, or is no YAML.
YoloKeyPoints yolo_key_points(const std::string& yaml);

// The data.yaml of a folder or, for a file that is one, itself; empty when there is none. Looks at
// the folder's own files only. Never throws.
std::string find_yolo_yaml(const std::string& path);

// True when the folder has images with labels of YOLO's form where one looks for them: beside each
// other, in images/ and labels/, in train/images and train/labels. Never throws.
bool has_yolo_folders(const std::string& root);

// Reads data.yaml and lists the images; no image or label is opened. Issues:
//   rejected: "missing-image" (in a list of images), "missing-folder", and those of walking
//   warnings: "class-count", "empty-class", "duplicate-class", "dataset-path", "missing-split",
//   "foreign-path",
//     "image-in-two-splits", "image-listed-twice"
// Throws Error(kNotFound, kBadInput).
YoloLayout read_yolo_layout(const ImportInput& input);

}  // namespace errata::importers

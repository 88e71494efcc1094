// Which JSON files a COCO export has, which images are in each, and where the images lie.
//
// A document of a COCO source stays a file of its name while all of its images are in one split.
// Where splits cut through it, there is a file for each split, and documents of the source that
// differ in nothing but their images share it, unless they give an id twice. Images that no COCO
// source lists are added to the first file of their split.
//
// In place no image is written: a source's image keeps the name that the source gives it, so that
// the new file replaces the old one beside the images; any other is called by its absolute path.
#pragma once

#include <string>
#include <vector>

#include "export/exporter.h"

namespace errata::exports {

struct CocoImage {
  uint32_t item = 0;
  int32_t source_image = -1;  // into ExportObjects::images; -1: no COCO source lists it
  std::string id;             // as JSON; of source images
  std::string name;           // file_name, relative to the folder of the images, or absolute
  bool renamed = false;       // its source calls it otherwise
};

struct CocoFile {
  std::string path;       // relative to the target
  int32_t split = -1;     // into ExportInput::split_names
  int32_t source = -1;    // into ExportObjects::sources; -1: there was no such file
  int32_t document = -1;  // of the source: the one whose text this file has
  std::vector<CocoImage> images;
};

struct CocoPlan {
  std::vector<CocoFile> files;
  std::vector<std::string> paths;  // of each item
  std::vector<std::string> folders;
};

// Error(kUsage) for images inside containers in place: they are no files.
CocoPlan plan_coco(const ExportInput& input, bool in_place);

}  // namespace errata::exports

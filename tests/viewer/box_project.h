// A project of boxes with a detector's run: from a folder in YOLO's layout with predictions beside
// it, or drawn.
#pragma once

#include <string>

#include "tests/support/temp_dir.h"

namespace errata::test {

// labels/SPLIT/*.txt beside images/SPLIT/*.jpg below `yolo`, predictions/SPLIT/labels/*.txt with a
// confidence as the last number.
struct BoxProject {
  // A drawn set: a grid of coloured discs in each image, of three classes, with labels and
  // detections of which some are wrong.
  explicit BoxProject(size_t images);
  BoxProject(const std::string& yolo, const std::string& predictions, const std::string& split);

  TempDir folder;
  std::string store_path;
};

// The folder of the real set; empty, after a line that begins with SKIPPED:, when it is not there.
std::string real_box_data();

}  // namespace errata::test

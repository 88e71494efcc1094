// Outlines of the objects of one image, decoded for drawing. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/detection_match.h"
#include "model/objects.h"

namespace errata::viewer {

struct PointPx {
  float x = 0;
  float y = 0;
};

struct Keypoint {
  PointPx at;
  bool seen = true;  // else hidden: its place is known all the same
};

// In pixels of the image.
struct ObjectOutline {
  RowIndex row = 0;
  std::vector<std::vector<PointPx>> polygons;  // an oriented box is one of four corners
  std::vector<analysis::Box> runs;             // of a mask: columns of pixels, joined where equal
  std::vector<Keypoint> keypoints;
};

using ObjectOutlines = std::shared_ptr<const std::vector<ObjectOutline>>;

struct SampleOutlines {
  // As asked for; the outlines come a little later.
  std::optional<RowIndex> sample;
  uint64_t revision = 0;
  ObjectOutlines outlines;  // of the objects that have one, by row; null before the first
};

// An outline that cannot be read is left out: its box is drawn all the same.
std::vector<ObjectOutline> decode_outlines(const std::vector<std::string>& shapes,
                                           RowIndex first_row);

}  // namespace errata::viewer

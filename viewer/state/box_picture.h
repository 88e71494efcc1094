// Very many boxes and outlines over an image, drawn into a picture: a graphics card, or a software
// renderer in its place, is slow at tens of thousands of small shapes, and quick at one picture.
#pragma once

#include <cstdint>
#include <vector>

#include "viewer/state/object_outlines.h"

namespace errata::viewer {

// Colours are R, G, B, A from the lowest byte up.
struct BoxMark {
  analysis::Box box;
  uint32_t color = 0;
  bool dashed = false;
};

struct OutlineMark {
  size_t place = 0;  // in BoxScene::outlines
  uint32_t color = 0;
};

// In pixels of the image; what comes later lies over what comes before.
struct BoxScene {
  ObjectOutlines outlines;                 // may be null without marks
  std::vector<OutlineMark> outline_marks;  // below the boxes
  std::vector<BoxMark> boxes;
};

// A pixel (x, y) of the image is at corner + (x, y) * factor of the picture.
struct BoxPlace {
  int width_px = 0;
  int height_px = 0;
  double factor = 1;
  double corner_x = 0;
  double corner_y = 0;

  bool operator==(const BoxPlace&) const = default;
};

struct BoxPen {
  int line_px = 1;
  int dash_px = 6;
  int gap_px = 4;
  int least_px = 3;  // smaller boxes are drawn this large
  int point_px = 4;
  uint8_t fill_alpha = 56;

  bool operator==(const BoxPen&) const = default;
};

struct BoxPicture {
  uint64_t number = 0;
  BoxPlace place;
  std::vector<uint32_t> pixels;  // width x height; 0: nothing there
};

// Shapes whose corners are no numbers are left out.
BoxPicture draw_scene(const BoxScene& scene, const BoxPlace& place, const BoxPen& pen);

}  // namespace errata::viewer

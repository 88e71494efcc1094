// Outlines of boxes by the thousands in few vertices: a frame of eight for a solid one, four strips
// of a texture of dashes for a dashed one.
#pragma once

#include <imgui.h>

#include <vector>

namespace errata::viewer {

class BoxBatch {
 public:
  // Corners on the screen; the line lies inside of them.
  void solid(ImVec2 min, ImVec2 max, ImU32 color, float line);
  void dashed(ImVec2 min, ImVec2 max, ImU32 color, float line);

  // Boxes that lie outside the clip rectangle are left out. `halo` (0: none) is drawn below each,
  // a pixel wider on both sides, so that it stands out on any image.
  void draw(ImDrawList* list, ImTextureID dashes, float dashes_length, float dash_period,
            ImU32 halo);

 private:
  struct Outline {
    ImVec2 min;
    ImVec2 max;
    ImU32 color;
    float line;
  };
  static void draw_frames(ImDrawList* list, const std::vector<Outline>& boxes, float wider,
                          ImU32 color);
  static void draw_dashes(ImDrawList* list, const std::vector<Outline>& boxes, float length,
                          float period);

  std::vector<Outline> solid_;
  std::vector<Outline> dashed_;
};

}  // namespace errata::viewer

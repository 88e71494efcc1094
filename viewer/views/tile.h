// A tile of the grid: the thumbnail, what is said of it, what was decided.
#pragma once

#include "viewer/state/findings.h"
#include "viewer/views/view.h"

namespace errata::viewer {

inline constexpr float kTileCaption = 46;  // below the image; 1/96 inch
inline constexpr float kTileRounding = 7;

// The columns a tile shows, looked up once a frame.
struct TileColumns {
  const Column* path = nullptr;
  const Column* label = nullptr;
  const Column* given = nullptr;
  const Column* prediction = nullptr;
  const Column* confidence = nullptr;
  const Column* review = nullptr;
  const Column* split = nullptr;
  const Column* tags = nullptr;
  EvidenceColumns evidence;
  bool by_evidence = false;  // its suggestion stands in the prediction's place
};
TileColumns find_tile_columns(const AppState& state);

void draw_tile_content(const FrameContext& frame, const TileColumns& columns, RowIndex row,
                       const Rect& rect, float image_height_px, bool hovered);
// The path and the names in full.
void draw_tile_hover(const FrameContext& frame, const TileColumns& columns, RowIndex row);
// What can be done about the sample under the cursor, with the keys; opened with ImGui::OpenPopup.
void draw_tile_menu(const FrameContext& frame, const char* id);
// The same about objects.
void draw_object_menu(const FrameContext& frame, const char* id);

}  // namespace errata::viewer

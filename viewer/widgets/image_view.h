// One image, to be looked at closely.
#pragma once

#include <string_view>

#include "media/image.h"
#include "viewer/platform/texture.h"
#include "viewer/platform/theme.h"
#include "viewer/state/inspect_state.h"

namespace errata::viewer {

struct ImageViewState {
  float zoom = 1;             // 1: whole
  ImVec2 centre{0.5F, 0.5F};  // of the view, in parts of the image
};

// Dragged with the mouse, zoomed at the pointer with the wheel; a double click shows it whole
// again. Pixels are squares from four times their size on, have a grid and their values when very
// large. `region` is nullptr while there is no image: then `note` stands in its place. `pixels`
// may be nullptr. `wish` is done and taken back; nullptr when this view is not asked.
void image_view(const Theme& theme, const char* id, const TextureRegion* region,
                const media::Image* pixels, std::string_view note, ImVec2 size,
                ImageViewState& state, ImageWish* wish);

}  // namespace errata::viewer

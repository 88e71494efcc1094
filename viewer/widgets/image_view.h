// One image, to be looked at closely.
#pragma once

#include <string_view>

#include "media/image.h"
#include "viewer/platform/texture.h"
#include "viewer/platform/theme.h"
#include "viewer/state/inspect_state.h"

namespace errata::viewer {

// Where the image is on the screen: a point of the image, in its pixels, is at
// corner + point * factor.
struct ImagePlace {
  ImVec2 min;  // of the view
  ImVec2 max;
  float width = 0;  // of the image, in its pixels
  float height = 0;
  float factor = 1;
  ImVec2 corner;

  ImVec2 at(double x, double y) const {
    return ImVec2(corner.x + static_cast<float>(x) * factor,
                  corner.y + static_cast<float>(y) * factor);
  }
  double x_of(float screen) const { return static_cast<double>((screen - corner.x) / factor); }
  double y_of(float screen) const { return static_cast<double>((screen - corner.y) / factor); }
};

// What lies over the image, and may take the pointer from it.
class ImageLayer {
 public:
  virtual ~ImageLayer() = default;
  // Once a frame; `pressed`: a button is held down that was pressed in this view. True: the image
  // is not to be moved by this drag.
  virtual bool take_pointer(const ImagePlace& place, bool hovered, bool pressed) = 0;
  // Clipped to the view.
  virtual void draw(ImDrawList* list, const ImagePlace& place, bool hovered) = 0;
};

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
                ImageViewState& state, ImageWish* wish, ImageLayer* layer = nullptr);

}  // namespace errata::viewer

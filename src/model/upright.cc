#include "model/upright.h"

#include <utility>

namespace errata {

namespace {

bool from_right(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

bool from_bottom(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

}  // namespace

std::array<double, 2> UprightFrame::to_stored(std::array<double, 2> upright) const {
  auto [x, y] = upright;
  if (swaps_sides()) std::swap(x, y);
  if (from_right(orientation)) x = stored_width_px - x;
  if (from_bottom(orientation)) y = stored_height_px - y;
  return {x, y};
}

std::array<double, 2> UprightFrame::to_upright(std::array<double, 2> stored) const {
  auto [x, y] = stored;
  if (from_right(orientation)) x = stored_width_px - x;
  if (from_bottom(orientation)) y = stored_height_px - y;
  if (swaps_sides()) std::swap(x, y);
  return {x, y};
}

// Width and height are carried over, not taken from two corners: they come back to the bit.
std::array<double, 4> UprightFrame::box_to_stored(const std::array<double, 4>& upright) const {
  auto [x, y, width, height] = upright;
  if (swaps_sides()) {
    std::swap(x, y);
    std::swap(width, height);
  }
  if (from_right(orientation)) x = stored_width_px - (x + width);
  if (from_bottom(orientation)) y = stored_height_px - (y + height);
  return {x, y, width, height};
}

std::array<double, 4> UprightFrame::box_to_upright(const std::array<double, 4>& stored) const {
  auto [x, y, width, height] = stored;
  if (from_right(orientation)) x = stored_width_px - (x + width);
  if (from_bottom(orientation)) y = stored_height_px - (y + height);
  if (swaps_sides()) {
    std::swap(x, y);
    std::swap(width, height);
  }
  return {x, y, width, height};
}

}  // namespace errata

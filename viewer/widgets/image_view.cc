#include "viewer/widgets/image_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

// Screen pixels for each pixel of an image, from which on ...
constexpr float kSquaresFrom = 4;   // they are drawn as squares
constexpr float kValueFrom = 8;     // the one under the pointer says its value
constexpr float kGridFrom = 14;     // lines stand between them
constexpr float kNumbersFrom = 64;  // each says its value
constexpr float kMostFactor = 128;
constexpr float kWheelStep = 1.25F;

void use_wheel(const ImagePlace& view, float whole, ImageViewState& state) {
  const float wheel = ImGui::GetIO().MouseWheel;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  // The pixel under the pointer stays where it is.
  const ImVec2 offset((mouse.x - (view.min.x + view.max.x) / 2) / view.width,
                      (mouse.y - (view.min.y + view.max.y) / 2) / view.height);
  const float before = whole * state.zoom;
  const ImVec2 under(state.centre.x + offset.x / before, state.centre.y + offset.y / before);
  state.zoom *= std::pow(kWheelStep, wheel);
  state.zoom =
      std::clamp(state.zoom, std::min(1.0F, 1 / whole), std::max(1.0F, kMostFactor / whole));
  const float after = whole * state.zoom;
  state.centre = ImVec2(under.x - offset.x / after, under.y - offset.y / after);
}

// The image never leaves the view; along a side where it is smaller it stays in the middle.
ImagePlace place(ImVec2 min, ImVec2 max, float width, float height, float factor,
                 ImageViewState& state) {
  const ImVec2 half((max.x - min.x) / (2 * width * factor),
                    (max.y - min.y) / (2 * height * factor));
  state.centre.x = half.x >= 0.5F ? 0.5F : std::clamp(state.centre.x, half.x, 1 - half.x);
  state.centre.y = half.y >= 0.5F ? 0.5F : std::clamp(state.centre.y, half.y, 1 - half.y);
  return {min,
          max,
          width,
          height,
          factor,
          ImVec2((min.x + max.x) / 2 - state.centre.x * width * factor,
                 (min.y + max.y) / 2 - state.centre.y * height * factor)};
}

struct PixelRange {
  int first_x, last_x, first_y, last_y;
};

PixelRange seen_pixels(const ImagePlace& view) {
  const auto index = [&](float screen, float corner, float count) {
    return static_cast<int>(std::clamp(std::floor((screen - corner) / view.factor), 0.0F, count));
  };
  return {index(view.min.x, view.corner.x, view.width - 1),
          index(view.max.x, view.corner.x, view.width - 1),
          index(view.min.y, view.corner.y, view.height - 1),
          index(view.max.y, view.corner.y, view.height - 1)};
}

void draw_grid(const Theme& theme, ImDrawList* list, const ImagePlace& view,
               const PixelRange& seen) {
  const float share = std::clamp((view.factor - kGridFrom) / 24, 0.2F, 1.0F);
  const ImU32 color = with_alpha(IM_COL32(128, 128, 128, 255), 0.45F * share);
  const float line = theme.px(1);
  const float top = view.corner.y + static_cast<float>(seen.first_y) * view.factor;
  const float bottom = view.corner.y + static_cast<float>(seen.last_y + 1) * view.factor;
  const float left = view.corner.x + static_cast<float>(seen.first_x) * view.factor;
  const float right = view.corner.x + static_cast<float>(seen.last_x + 1) * view.factor;
  for (int x = seen.first_x; x <= seen.last_x + 1; ++x) {
    const float at = std::floor(view.corner.x + static_cast<float>(x) * view.factor);
    list->AddRectFilled(ImVec2(at, top), ImVec2(at + line, bottom), color);
  }
  for (int y = seen.first_y; y <= seen.last_y + 1; ++y) {
    const float at = std::floor(view.corner.y + static_cast<float>(y) * view.factor);
    list->AddRectFilled(ImVec2(left, at), ImVec2(right, at + line), color);
  }
}

const uint8_t* pixel_at(const media::Image& image, int x, int y) {
  return image.row(y) + static_cast<size_t>(x) * static_cast<size_t>(image.channels);
}

// Black or white, whichever reads better on a pixel.
ImU32 ink_on(const media::Image& image, const uint8_t* pixel) {
  const int green = pixel[image.channels > 1 ? 1 : 0];
  const int blue = pixel[image.channels > 1 ? 2 : 0];
  return pixel[0] * 299 + green * 587 + blue * 114 > 120'000 ? IM_COL32(0, 0, 0, 255)
                                                             : IM_COL32_WHITE;
}

void draw_numbers(const Theme& theme, ImDrawList* list, const ImagePlace& view,
                  const media::Image& image, const PixelRange& seen) {
  TextStyle style{theme.fonts.regular, Theme::kSmallSize, 0};
  const float line = theme.px(13);
  const int rows = image.channels > 1 ? 3 : 1;
  for (int y = seen.first_y; y <= seen.last_y; ++y) {
    for (int x = seen.first_x; x <= seen.last_x; ++x) {
      const uint8_t* pixel = pixel_at(image, x, y);
      style.color = ink_on(image, pixel);
      const float middle = view.corner.x + (static_cast<float>(x) + 0.5F) * view.factor;
      const float top = view.corner.y + (static_cast<float>(y) + 0.5F) * view.factor -
                        line * static_cast<float>(rows) / 2;
      for (int channel = 0; channel < rows; ++channel) {
        const std::string text = std::to_string(pixel[channel]);
        draw_text(theme, list,
                  ImVec2(middle - text_width(theme, style, text) / 2,
                         top + line * static_cast<float>(channel)),
                  style, text);
      }
    }
  }
}

// A word on a plate of its own, readable over any image. `at` is the lower left corner, or the
// lower right one.
void draw_plate(const Theme& theme, ImDrawList* list, ImVec2 at, bool from_right,
                std::string_view text) {
  const TextStyle style{theme.fonts.regular, Theme::kSmallSize, theme.text};
  const float pad = theme.px(6);
  const ImVec2 size(text_width(theme, style, text) + pad * 2, theme.px(20));
  const ImVec2 min(from_right ? at.x - size.x : at.x, at.y - size.y);
  list->AddRectFilled(min, ImVec2(min.x + size.x, min.y + size.y), theme.raised, theme.px(4));
  draw_text(theme, list, ImVec2(min.x + pad, min.y + (size.y - text_height(theme, style)) / 2),
            style, text);
}

std::string factor_text(float factor) {
  return factor < 9.95F ? fmt::format("{:.2g}\u00D7", factor) : fmt::format("{:.0f}\u00D7", factor);
}

void draw_pixel_value(const Theme& theme, ImDrawList* list, const ImagePlace& view,
                      const media::Image& image) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const int x = static_cast<int>(std::floor((mouse.x - view.corner.x) / view.factor));
  const int y = static_cast<int>(std::floor((mouse.y - view.corner.y) / view.factor));
  if (x < 0 || y < 0 || x >= image.width_px || y >= image.height_px) return;
  const uint8_t* pixel = pixel_at(image, x, y);
  const std::string value = image.channels > 1
                                ? fmt::format("{} {} {}", pixel[0], pixel[1], pixel[2])
                                : fmt::format("{}", pixel[0]);
  const ImVec2 corner(view.corner.x + static_cast<float>(x) * view.factor,
                      view.corner.y + static_cast<float>(y) * view.factor);
  list->AddRect(corner, ImVec2(corner.x + view.factor, corner.y + view.factor), theme.accent, 0,
                theme.px(1.5F));
  draw_plate(theme, list, ImVec2(view.min.x + theme.px(6), view.max.y - theme.px(6)), false,
             fmt::format("{}, {}  \u00B7  {}", x, y, value));
}

}  // namespace

void image_view(const Theme& theme, const char* id, const TextureRegion* region,
                const media::Image* pixels, std::string_view note, ImVec2 size,
                ImageViewState& state, ImageWish* wish, ImageLayer* layer) {
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + size.x, min.y + size.y);
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::InvisibleButton(id, size);
  const bool hovered = ImGui::IsItemHovered();
  list->AddRectFilled(min, max, theme.image_back, theme.px(6));
  if (region == nullptr || region->width_px <= 0) {
    const TextStyle style = dim(theme);
    const float width = std::min(text_width(theme, style, note), size.x - theme.px(16));
    draw_text_fit(theme, list,
                  ImVec2(min.x + (size.x - width) / 2, min.y + size.y / 2 - theme.px(6)), width + 1,
                  style, note);
    return;
  }
  const auto width = static_cast<float>(region->width_px);
  const auto height = static_cast<float>(region->height_px);
  const float whole = std::min(size.x / width, size.y / height);
  if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) state = ImageViewState();
  if (wish != nullptr) {
    if (*wish == ImageWish::kWhole) state = ImageViewState();
    if (*wish == ImageWish::kPixels) state.zoom = 1 / whole;
    *wish = ImageWish::kNone;
  }
  ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
  if (hovered && ImGui::GetIO().MouseWheel != 0) {
    use_wheel({min, max, width, height, 1, {}}, whole, state);
  }
  const bool active = ImGui::IsItemActive();
  const bool taken = layer != nullptr &&
                     layer->take_pointer(place(min, max, width, height, whole * state.zoom, state),
                                         hovered, active);
  if (active && !taken) {
    const ImVec2 moved = ImGui::GetIO().MouseDelta;
    state.centre.x -= moved.x / (width * whole * state.zoom);
    state.centre.y -= moved.y / (height * whole * state.zoom);
  }
  const ImagePlace view = place(min, max, width, height, whole * state.zoom, state);
  list->PushClipRect(min, max, true);
  const ImGuiPlatformIO& platform = ImGui::GetPlatformIO();
  const bool squares = view.factor >= kSquaresFrom && platform.DrawCallback_SetSamplerNearest;
  if (squares) list->AddCallback(platform.DrawCallback_SetSamplerNearest, nullptr);
  list->AddImage(region->texture, view.corner,
                 ImVec2(view.corner.x + width * view.factor, view.corner.y + height * view.factor),
                 region->uv_min, region->uv_max);
  if (squares) list->AddCallback(platform.DrawCallback_SetSamplerLinear, nullptr);
  // An image beyond what the graphics card holds is shown smaller: its pixels are others.
  const bool same = pixels != nullptr && pixels->width_px == region->width_px &&
                    pixels->height_px == region->height_px;
  if (view.factor >= theme.px(kGridFrom)) {
    const PixelRange seen = seen_pixels(view);
    draw_grid(theme, list, view, seen);
    if (same && view.factor >= theme.px(kNumbersFrom)) {
      draw_numbers(theme, list, view, *pixels, seen);
    }
  }
  if (layer != nullptr) layer->draw(list, view, hovered);
  if (same && hovered && view.factor >= theme.px(kValueFrom)) {
    draw_pixel_value(theme, list, view, *pixels);
  }
  if (hovered || state.zoom != 1) {
    draw_plate(theme, list, ImVec2(max.x - theme.px(6), max.y - theme.px(6)), true,
               factor_text(view.factor));
  }
  list->PopClipRect();
}

}  // namespace errata::viewer

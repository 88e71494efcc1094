// Centre: crops of the objects in their order, each with some of its surroundings.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/state/round_marks.h"
#include "viewer/views/box_layer.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/tile.h"
#include "viewer/views/tile_grid.h"
#include "viewer/views/view.h"
#include "viewer/widgets/box_batch.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kDash = 6;
constexpr float kDashGap = 4;

class ObjectGrid : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (frame.regions.centre.height() <= 0) return;  // the panels stand there
    const AppState& state = frame.state;
    if (!state.objects_shown() || state.layout.show_large) return;
    if (begin_region("Objects", frame.regions.centre, frame.theme.background, ImVec2(0, 0),
                     ImGuiWindowFlags_NoScrollWithMouse)) {
      if (!state.view) {
        draw_note(frame, state.objects.ready()           ? "Filtering"
                         : !state.filter.problem.empty() ? "The filter is not understood"
                                                         : "Loading the objects");
      } else if (state.view->order.empty()) {
        draw_note(frame, "No object passes the filter \u00B7 Shift M shows all of them");
      } else {
        draw_tiles(frame);
      }
    }
    ImGui::End();
  }

 private:
  static void draw_note(const FrameContext& frame, std::string_view text) {
    const Rect& rect = frame.regions.centre;
    const TextStyle style = dim(frame.theme);
    draw_text(frame.theme, ImGui::GetWindowDrawList(),
              ImVec2((rect.min.x + rect.max.x - text_width(frame.theme, style, text)) / 2,
                     (rect.min.y + rect.max.y) / 2),
              style, text);
  }

  void draw_tiles(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    Rect rect = frame.regions.centre;
    const float pad = theme.px(12);
    ImGui::SetCursorScreenPos(ImVec2(rect.min.x + pad, rect.min.y + theme.px(4)));
    rect.min.y += draw_box_controls(frame, rect.width() - pad * 2) + theme.px(2);
    const ObjectColumns columns(state.table());
    const Column* width = state.snapshot.samples.find("width");
    const Column* height = state.snapshot.samples.find("height");
    const auto wish = [&](RowIndex row) { return wish_of(frame, columns, row, width, height); };
    const auto content = [&](const GridTile& tile) {
      const auto& [min, max] = tile.rect;
      ImGui::GetWindowDrawList()->AddRectFilled(
          min, max, tile.hovered ? theme.hovered : theme.raised, theme.px(kTileRounding));
      const ImVec2 image_max(max.x, min.y + tile.image_height_px);
      draw_crop(frame, columns, tile.row, wish(tile.row), Rect{min, image_max});
      draw_caption(frame, columns, tile.row, ImVec2(min.x, image_max.y), max);
    };
    const TileGrid::Shown shown = tiles_.draw(frame, rect, 1, content, draw_object_menu);
    const std::vector<RowIndex>& order = state.view->order;
    for (size_t i = shown.last; i < std::min(order.size(), shown.last + shown.page); ++i) {
      frame.pictures.crop_soon(wish(order[i]));
    }
  }

  static CropWish wish_of(const FrameContext& frame, const ObjectColumns& columns, RowIndex row,
                          const Column* width, const Column* height) {
    const auto sample = static_cast<RowIndex>(columns.sample->ints[row]);
    const auto side = [&](const Column* column) {
      return column == nullptr || column->is_null(sample) ? 1e9 : column->number(sample);
    };
    return {columns.id->ints[row], frame.state.snapshot.ids[sample],
            context_of(columns.box(row), 1, side(width), side(height))};
  }

  static void draw_crop(const FrameContext& frame, const ObjectColumns& columns, RowIndex row,
                        const CropWish& wish, const Rect& rect) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(rect.min, rect.max, theme.image_back, theme.px(7),
                        ImDrawFlags_RoundCornersTop);
    const std::optional<Pictures::Crop> crop = frame.pictures.crop(wish);
    if (!crop) {
      if (frame.pictures.problem(wish.sample) == nullptr) return;
      draw_text_fit(theme, list, ImVec2(rect.min.x + theme.px(8), rect.min.y + theme.px(8)),
                    rect.width() - theme.px(16), small(theme),
                    frame.pictures.is_gone(wish.sample) ? "the file is gone" : "cannot be read");
      return;
    }
    // The crop fills the square; where the image ends, its own edge does.
    const float inset = 1;
    const ImVec2 min(rect.min.x + inset, rect.min.y + inset);
    const ImVec2 max(rect.max.x - inset, rect.max.y);
    const float factor = std::min((max.x - min.x) / static_cast<float>(crop->part.width),
                                  (max.y - min.y) / static_cast<float>(crop->part.height));
    const ImVec2 size(static_cast<float>(crop->part.width) * factor,
                      static_cast<float>(crop->part.height) * factor);
    const ImVec2 corner((min.x + max.x - size.x) / 2, (min.y + max.y - size.y) / 2);
    list->AddImageRounded(crop->region.texture, corner,
                          ImVec2(corner.x + size.x, corner.y + size.y), crop->region.uv_min,
                          crop->region.uv_max, IM_COL32_WHITE, theme.px(6),
                          ImDrawFlags_RoundCornersTop);
    if (frame.state.objects.shown.hidden) return;
    BoxBatch batch;
    const auto add = [&](RowIndex each, float line) {
      const Box box = columns.box(each);
      const ImVec2 from(corner.x + static_cast<float>(box.x - crop->part.x) * factor,
                        corner.y + static_cast<float>(box.y - crop->part.y) * factor);
      const ImVec2 to(from.x + static_cast<float>(box.width) * factor,
                      from.y + static_cast<float>(box.height) * factor);
      const ImU32 color = object_color(theme, columns, each);
      if (columns.is_given(each)) {
        batch.solid(from, to, color, line);
      } else {
        batch.dashed(from, to, color, line);
      }
    };
    const std::optional<RowIndex> match = columns.match_of(row);
    const std::optional<ObjectError> error = columns.error_of(row);
    const bool pair = match && error && *error != ObjectError::kBackground;
    if (pair) add(*match, std::max(1.0F, theme.px(1.2F)));
    add(row, theme.px(2));
    list->PushClipRect(corner, ImVec2(corner.x + size.x, corner.y + size.y), true);
    batch.draw(list,
               frame.pictures.dashes(static_cast<int>(theme.px(kDash)),
                                     static_cast<int>(theme.px(kDashGap))),
               DashTexture::kLengthPx, theme.px(kDash) + theme.px(kDashGap), IM_COL32(0, 0, 0, 90));
    list->PopClipRect();
  }

  static void draw_caption(const FrameContext& frame, const ObjectColumns& columns, RowIndex row,
                           ImVec2 min, ImVec2 max) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float pad = theme.px(8);
    const float room = max.x - min.x - pad * 2;
    const ImVec2 at(min.x + pad, min.y + theme.px(6));
    float left = room;
    if (!columns.is_given(row)) {
      const std::string confidence = fmt::format("{:.2f}", columns.confidence->doubles[row]);
      draw_text_right(theme, list, ImVec2(at.x + room, at.y), body(theme), confidence);
      left -= text_width(theme, body(theme), confidence) + theme.px(8);
    }
    draw_text_fit(theme, list, at, left, bold(theme),
                  columns.label->is_null(row) ? "no class" : columns.label->text(row));
    const ImVec2 second(at.x, at.y + theme.px(20));
    const TextStyle style = small(theme);
    const std::optional<ObjectError> error = columns.error_of(row);
    std::string_view review = review_of(columns, row);
    if (review == "kept" && !annotation_of(columns, row)) review = "left as it is";
    const bool decided = !review.empty() && review != "unseen";
    std::string text(decided ? review
                     : error ? object_error_name(*error)
                             : std::string_view(columns.is_given(row) ? "crowd" : "below"));
    if (!decided && error == ObjectError::kTrue) text = "correct";
    const ImU32 color = decided ? theme.accent
                        : error ? error_color(theme, *error)
                                : theme.text_faint;
    const float radius = theme.px(3.5F);
    list->AddCircleFilled(ImVec2(second.x + radius, second.y + text_height(theme, style) / 2 + 1),
                          radius, color);
    float rest = room;
    if (columns.iou != nullptr && !columns.iou->is_null(row)) {
      const std::string iou = fmt::format("IoU {:.2f}", columns.iou->doubles[row]);
      draw_text_right(theme, list, ImVec2(second.x + room, second.y), style, iou);
      rest -= text_width(theme, style, iou) + theme.px(6);
    }
    TextStyle marked = style;
    marked.color = theme.text_dim;
    const float from = radius * 2 + theme.px(5);
    draw_text_fit(theme, list, ImVec2(second.x + from, second.y), rest - from, marked, text);
  }

  TileGrid tiles_;
};

}  // namespace

std::unique_ptr<View> make_object_grid() {
  return std::make_unique<ObjectGrid>();
}

}  // namespace errata::viewer

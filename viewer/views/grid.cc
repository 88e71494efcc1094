// Centre: the thumbnails in their order. Only the tiles that are seen are touched in a frame.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/views/box_layer.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/tile.h"
#include "viewer/views/tile_grid.h"
#include "viewer/views/view.h"
#include "viewer/widgets/image_view.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

// Whole pages on either side whose thumbnails are decoded ahead.
constexpr size_t kPagesAhead = 1;

class GridView : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (frame.regions.centre.height() <= 0) return;  // the panels stand there
    const bool large = frame.state.layout.show_large && frame.state.cursor_row();
    if (frame.state.table_shown() || (frame.state.objects_shown() && !large)) return;
    const Theme& theme = frame.theme;
    if (begin_region("Grid", frame.regions.centre, theme.background, ImVec2(0, 0),
                     ImGuiWindowFlags_NoScrollWithMouse)) {
      if (large) {
        draw_large(frame);
      } else if (!frame.state.view) {
        draw_waiting(frame);
      } else if (frame.state.view->order.empty()) {
        draw_empty(frame);
      } else {
        draw_tiles(frame, below_banner(frame));
      }
    }
    ImGui::End();
  }

 private:
  static void draw_note(const FrameContext& frame, std::string_view text, std::string_view more) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.centre;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const TextStyle style = dim(theme);
    const TextStyle faint = small(theme);
    const float y = (rect.min.y + rect.max.y) / 2 - theme.px(20);
    const float middle = (rect.min.x + rect.max.x) / 2;
    draw_text(theme, list, ImVec2(middle - text_width(theme, style, text) / 2, y), style, text);
    draw_text(theme, list, ImVec2(middle - text_width(theme, faint, more) / 2, y + theme.px(24)),
              faint, more);
  }

  static void draw_waiting(const FrameContext& frame) {
    if (frame.state.view_pending) {
      draw_note(frame, frame.state.loaded ? "Filtering" : "Opening the store", "");
    } else if (!frame.state.loaded) {
      draw_note(frame, "The store could not be opened", "Ctrl R tries again");
    } else {
      draw_note(frame, "The filter is not understood", "what is wrong stands below it");
    }
  }

  static void draw_empty(const FrameContext& frame) {
    if (frame.state.view->total == 0) {
      draw_note(frame, "This store has no samples yet",
                "errata import FOLDER brings images in; then reload with Ctrl R");
    } else {
      draw_note(frame, "No sample passes the filter", "Shift M shows all of them");
    }
  }

  // Says once, above all tiles, why they are empty; returns the room that is left.
  static Rect below_banner(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    Rect rect = frame.regions.centre;
    const std::vector<std::string>& roots = frame.state.missing_roots;
    if (roots.empty()) return rect;
    const float height = theme.px(54);
    const ImVec2 min(rect.min.x + theme.px(12), rect.min.y + theme.px(10));
    const ImVec2 max(rect.max.x - theme.px(14), min.y + height);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(min, max, theme.raised, theme.px(7));
    list->AddRect(min, max, theme.caution, theme.px(7));
    const float x = min.x + theme.px(12);
    const float room = max.x - x - theme.px(12);
    std::string where = "The images are not in " + to_valid_utf8(roots.front());
    if (roots.size() > 1) where += fmt::format(" and {} more", roots.size() - 1);
    draw_text_fit(theme, list, ImVec2(x, min.y + theme.px(9)), room, body(theme), where);
    draw_words(theme, list, ImVec2(x, min.y + theme.px(30)), room, dim(theme),
               "errata root set ID FOLDER says where they are now");
    ImGui::SetCursorScreenPos(min);
    ImGui::InvisibleButton("missing images", ImVec2(max.x - min.x, height));
    if (ImGui::IsItemHovered()) {
      std::string all = "No folder is there:";
      for (const std::string& root : roots) all += "\n" + to_valid_utf8(root);
      draw_hover(theme, all +
                            "\n\n`errata root list` shows the folders and their IDs. After `errata "
                            "root set`, Ctrl R loads the store again. Labels and decisions are not "
                            "lost.");
    }
    rect.min.y = max.y;
    return rect;
  }

  void draw_tiles(const FrameContext& frame, const Rect& rect) {
    const TileColumns columns = find_tile_columns(frame.state);
    const auto content = [&](const GridTile& tile) {
      if (tile.rested_on) draw_tile_hover(frame, columns, tile.row);
      draw_tile_content(frame, columns, tile.row, tile.rect, tile.image_height_px, tile.hovered);
    };
    wish_ahead(frame, tiles_.draw(frame, rect, frame.state.tile_aspect, content, draw_tile_menu));
  }

  static void wish_ahead(const FrameContext& frame, const TileGrid::Shown& shown) {
    const std::vector<RowIndex>& order = frame.state.view->order;
    const size_t ahead = shown.page * kPagesAhead;
    for (size_t i = shown.last; i < std::min(order.size(), shown.last + ahead); ++i) {
      frame.pictures.thumbnail_soon(frame.state.snapshot.ids[order[i]]);
    }
    for (size_t i = shown.first; i-- > (shown.first > ahead ? shown.first - ahead : 0);) {
      frame.pictures.thumbnail_soon(frame.state.snapshot.ids[order[i]]);
    }
  }

  void draw_large(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.centre;
    const SampleId sample = frame.state.snapshot.ids[*frame.state.cursor_row()];
    if (sample != large_sample_) large_view_ = ImageViewState();
    large_sample_ = sample;
    const float pad = theme.px(12);
    ImGui::SetCursorScreenPos(ImVec2(rect.min.x + pad, rect.min.y + theme.px(4)));
    const float controls = draw_box_controls(frame, rect.width() - pad * 2);
    const float top = controls > 0 ? controls + theme.px(6) : pad;
    ImGui::SetCursorScreenPos(ImVec2(rect.min.x + pad, rect.min.y + top));
    BoxLayer boxes(frame, *frame.state.cursor_row(), boxes_, true);
    const TextureRegion* region = frame.pictures.image(sample);
    const std::string* problem = frame.pictures.problem(sample);
    image_view(theme, "large image", region, frame.pictures.pixels(sample),
               problem != nullptr ? std::string_view(*problem) : std::string_view(),
               ImVec2(rect.width() - pad * 2, rect.height() - top - pad), large_view_,
               &frame.session.state().inspect.image_wish, &boxes);
  }

  TileGrid tiles_;
  SampleId large_sample_ = 0;
  ImageViewState large_view_;
  BoxCanvas boxes_;
};

}  // namespace

std::unique_ptr<View> make_grid() {
  return std::make_unique<GridView>();
}

}  // namespace errata::viewer

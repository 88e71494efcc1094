// Centre: the thumbnails in their order. Only the tiles that are seen are touched in a frame.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "viewer/state/grid_layout.h"
#include "viewer/views/band_select.h"
#include "viewer/views/box_layer.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/tile.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/image_view.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kGap = 10;
constexpr float kScrollBar = 12;
// Whole pages on either side whose thumbnails are decoded ahead.
constexpr size_t kPagesAhead = 1;

class GridView : public View {
 public:
  void draw(const FrameContext& frame) override {
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
    const Theme& theme = frame.theme;
    AppState& state = frame.session.state();
    const float pad = theme.px(12);
    const float bar = theme.px(kScrollBar);
    const GridLayout layout =
        make_grid_layout(state.view->order.size(), rect.width() - pad - bar,
                         rect.height() - pad * 2, theme.px(state.layout.tile_width),
                         state.tile_aspect, theme.px(kTileCaption), theme.px(kGap));
    state.grid_columns = layout.columns;
    state.grid_page_rows = layout.rows_per_page();
    double& scroll = state.layout.grid_scroll;
    if (state.show_cursor_wanted) scroll = layout.scroll_to_show(state.cursor, scroll);
    state.show_cursor_wanted = false;
    if (ImGui::IsWindowHovered() && ImGui::GetIO().MouseWheel != 0) {
      constexpr double kRowsPerNotch = 0.6;
      scroll -= static_cast<double>(ImGui::GetIO().MouseWheel) * kRowsPerNotch;
    }
    scroll = layout.clamp_scroll(scroll);
    size_t first = 0;
    size_t last = 0;
    layout.visible_items(scroll, first, last);
    const TileColumns columns = find_tile_columns(state.snapshot.samples);
    for (size_t i = first; i < last; ++i) {
      const double row = static_cast<double>(i / layout.columns) - scroll;
      const float x =
          rect.min.x + pad +
          static_cast<float>(i % layout.columns) * (layout.tile_width_px + layout.gap_px);
      const float y =
          rect.min.y + pad + std::round(static_cast<float>(row * layout.row_pitch_px()));
      draw_tile(frame, columns, i, ImVec2(x, y), layout);
    }
    band_.draw(frame, layout, Rect{rect.min, ImVec2(rect.max.x - bar, rect.max.y)},
               ImVec2(rect.min.x + pad, rect.min.y + pad), scroll);
    wish_ahead(frame, layout, first, last);
    if (menu_wanted_) ImGui::OpenPopup("tile menu");
    menu_wanted_ = false;
    draw_tile_menu(frame, "tile menu");
    scroll_bar(theme, "scroll", ImVec2(rect.max.x - bar, rect.min.y + theme.px(4)),
               ImVec2(bar, rect.height() - theme.px(8)), static_cast<double>(layout.rows),
               static_cast<double>(layout.rows) - layout.max_scroll(), scroll);
  }

  static void wish_ahead(const FrameContext& frame, const GridLayout& layout, size_t first,
                         size_t last) {
    const std::vector<RowIndex>& order = frame.state.view->order;
    const size_t page = layout.columns * layout.rows_per_page() * kPagesAhead;
    for (size_t i = last; i < std::min(order.size(), last + page); ++i) {
      frame.pictures.thumbnail_soon(frame.state.snapshot.ids[order[i]]);
    }
    for (size_t i = first; i-- > (first > page ? first - page : 0);) {
      frame.pictures.thumbnail_soon(frame.state.snapshot.ids[order[i]]);
    }
  }

  void draw_tile(const FrameContext& frame, const TileColumns& columns, size_t position, ImVec2 min,
                 const GridLayout& layout) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    const RowIndex row = state.view->order[position];
    const ImVec2 max(min.x + layout.tile_width_px, min.y + layout.tile_height_px);
    ImGui::SetCursorScreenPos(min);
    ImGui::PushID(static_cast<int>(position));
    if (ImGui::InvisibleButton("tile", ImVec2(layout.tile_width_px, layout.tile_height_px)) &&
        !band_.active()) {
      const ImGuiIO& io = ImGui::GetIO();
      const SelectMode mode = io.KeyShift  ? SelectMode::kRange
                              : io.KeyCtrl ? SelectMode::kToggle
                                           : SelectMode::kOne;
      frame.session.set_cursor(position, mode);
    }
    const bool hovered = ImGui::IsItemHovered();
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal | ImGuiHoveredFlags_NoSharedDelay)) {
      draw_tile_hover(frame, columns, row);
    }
    if (hovered && ImGui::IsMouseClicked(ImGuiMouseButton_Right)) {
      // The menu is about what was clicked, or about all that are selected with it.
      if (!state.selection.has(row)) frame.session.set_cursor(position);
      menu_wanted_ = true;
    }
    if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) frame.run("view.open");
    ImGui::PopID();

    draw_tile_content(frame, columns, row, {min, max}, layout.image_height_px, hovered);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float rounding = theme.px(kTileRounding);
    const bool selected = state.selection.has(row);
    if (selected) {
      list->AddRectFilled(min, max, with_alpha(theme.accent, 0.16F), rounding);
      list->AddRect(min, max, theme.accent, rounding, theme.px(1.5F));
    }
    if (position == state.cursor) {
      const float out = theme.px(2);
      list->AddRect(ImVec2(min.x - out, min.y - out), ImVec2(max.x + out, max.y + out),
                    theme.accent, rounding + out, theme.px(2));
    } else if (!selected) {
      list->AddRect(min, max, theme.border, rounding);
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
    BoxLayer boxes(frame, *frame.state.cursor_row(), drag_, true);
    const TextureRegion* region = frame.pictures.image(sample);
    const std::string* problem = frame.pictures.problem(sample);
    image_view(theme, "large image", region, frame.pictures.pixels(sample),
               problem != nullptr ? std::string_view(*problem) : std::string_view(),
               ImVec2(rect.width() - pad * 2, rect.height() - top - pad), large_view_,
               &frame.session.state().inspect.image_wish, &boxes);
  }

  bool menu_wanted_ = false;
  BandSelect band_;
  SampleId large_sample_ = 0;
  ImageViewState large_view_;
  BoxDrag drag_;
};

}  // namespace

std::unique_ptr<View> make_grid() {
  return std::make_unique<GridView>();
}

}  // namespace errata::viewer

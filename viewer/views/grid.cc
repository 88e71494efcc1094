// Centre: the thumbnails in their order. Only the tiles that are seen are touched in a frame.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/state/grid_layout.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/image_view.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kGap = 10;
constexpr float kCaption = 46;
constexpr float kScrollBar = 12;
// Whole pages on either side whose thumbnails are decoded ahead.
constexpr size_t kPagesAhead = 1;

// The columns a tile shows, looked up once a frame.
struct TileColumns {
  const Column* label = nullptr;
  const Column* given = nullptr;
  const Column* prediction = nullptr;
  const Column* confidence = nullptr;
  const Column* review = nullptr;
  const Column* split = nullptr;
};

TileColumns find_columns(const Table& samples) {
  return {samples.find("label"),      samples.find("label_given"), samples.find("prediction"),
          samples.find("confidence"), samples.find("review"),      samples.find("split")};
}

std::string_view text_or(const Column* column, RowIndex row, std::string_view otherwise) {
  return column == nullptr || column->is_null(row) ? otherwise : column->text(row);
}

class GridView : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (frame.state.table_shown()) return;
    const Theme& theme = frame.theme;
    if (begin_region("Grid", frame.regions.centre, theme.background, ImVec2(0, 0),
                     ImGuiWindowFlags_NoScrollWithMouse)) {
      if (frame.state.layout.show_large && frame.state.cursor_row()) {
        draw_large(frame);
      } else if (!frame.state.view) {
        draw_waiting(frame);
      } else if (frame.state.view->order.empty()) {
        draw_empty(frame);
      } else {
        draw_tiles(frame);
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

  void draw_tiles(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    AppState& state = frame.session.state();
    const Rect& rect = frame.regions.centre;
    const float pad = theme.px(12);
    const float bar = theme.px(kScrollBar);
    const GridLayout layout = make_grid_layout(
        state.view->order.size(), rect.width() - pad - bar, rect.height() - pad * 2,
        theme.px(state.layout.tile_width), state.tile_aspect, theme.px(kCaption), theme.px(kGap));
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
    const TileColumns columns = find_columns(state.snapshot.samples);
    for (size_t i = first; i < last; ++i) {
      const double row = static_cast<double>(i / layout.columns) - scroll;
      const float x =
          rect.min.x + pad +
          static_cast<float>(i % layout.columns) * (layout.tile_width_px + layout.gap_px);
      const float y =
          rect.min.y + pad + std::round(static_cast<float>(row * layout.row_pitch_px()));
      draw_tile(frame, columns, i, ImVec2(x, y), layout);
    }
    wish_ahead(frame, layout, first, last);
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
    const SampleId sample = state.snapshot.ids[row];
    const ImVec2 max(min.x + layout.tile_width_px, min.y + layout.tile_height_px);
    ImGui::SetCursorScreenPos(min);
    ImGui::PushID(static_cast<int>(position));
    if (ImGui::InvisibleButton("tile", ImVec2(layout.tile_width_px, layout.tile_height_px))) {
      const ImGuiIO& io = ImGui::GetIO();
      const SelectMode mode = io.KeyShift  ? SelectMode::kRange
                              : io.KeyCtrl ? SelectMode::kToggle
                                           : SelectMode::kOne;
      frame.session.set_cursor(position, mode);
    }
    const bool hovered = ImGui::IsItemHovered();
    if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) frame.run("view.open");
    ImGui::PopID();

    ImDrawList* list = ImGui::GetWindowDrawList();
    const float rounding = theme.px(7);
    list->AddRectFilled(min, max, hovered ? theme.hovered : theme.raised, rounding);
    const std::string_view review = text_or(columns.review, row, "unseen");
    draw_tile_image(frame, sample, review == "excluded", min,
                    ImVec2(max.x, min.y + layout.image_height_px));
    draw_caption(frame, columns, row, ImVec2(min.x, min.y + layout.image_height_px), max);
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

  static void draw_tile_image(const FrameContext& frame, SampleId sample, bool faded, ImVec2 min,
                              ImVec2 max) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(min, max, theme.image_back, theme.px(7), ImDrawFlags_RoundCornersTop);
    if (const std::optional<TextureRegion> region = frame.pictures.thumbnail(sample)) {
      const float inset = 1;
      draw_fitted(list, *region, ImVec2(min.x + inset, min.y + inset), ImVec2(max.x - inset, max.y),
                  faded ? IM_COL32(255, 255, 255, 70) : IM_COL32_WHITE, theme.px(6));
      return;
    }
    const std::string* problem = frame.pictures.problem(sample);
    if (problem == nullptr) return;
    const TextStyle style = small(theme);
    const float room = max.x - min.x - theme.px(16);
    const std::string_view text = "cannot be read";
    const float width = std::min(room, text_width(theme, style, text));
    draw_text_fit(theme, list,
                  ImVec2((min.x + max.x - width) / 2, (min.y + max.y) / 2 - theme.px(6)), room,
                  style, text);
    if (ImGui::IsMouseHoveringRect(min, max)) ImGui::SetTooltip("%s", problem->c_str());
  }

  static void draw_caption(const FrameContext& frame, const TileColumns& columns, RowIndex row,
                           ImVec2 min, ImVec2 max) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float pad = theme.px(8);
    const float room = max.x - min.x - pad * 2;
    float y = min.y + theme.px(6);
    const std::string_view label = text_or(columns.label, row, "no label");
    const std::string_view predicted = text_or(columns.prediction, row, "");
    const TextStyle label_style = label == "no label" ? small(theme) : bold(theme);
    TextStyle wrong = body(theme);
    wrong.color = theme.wrong;
    const bool differs = !predicted.empty() && predicted != label;
    const float label_width = text_width(theme, label_style, label);
    const float wrong_width = differs ? text_width(theme, wrong, predicted) : 0;
    float label_room = room;
    if (differs) {
      const float between = theme.px(8);
      // Each gets what it needs; when both do not fit, each at least half.
      const float half = (room - between) / 2;
      label_room = label_width + between + wrong_width <= room
                       ? label_width
                       : std::max(half, room - between - wrong_width);
      label_room = std::min(label_room, std::max(label_width, half));
      const float wrong_room =
          std::min(wrong_width, room - between - std::min(label_width, label_room));
      draw_text_fit(theme, list, ImVec2(min.x + pad + room - wrong_width, y), wrong_room, wrong,
                    wrong_width <= wrong_room ? predicted : std::string_view());
      if (wrong_width > wrong_room) {
        draw_text_fit(theme, list, ImVec2(min.x + pad + room - wrong_room, y), wrong_room, wrong,
                      predicted);
      }
    }
    draw_text_fit(theme, list, ImVec2(min.x + pad, y), label_room + 1, label_style, label);

    y += theme.px(20);
    draw_second_line(frame, columns, row, ImVec2(min.x + pad, y), room, label);
  }

  static void draw_second_line(const FrameContext& frame, const TileColumns& columns, RowIndex row,
                               ImVec2 at, float room, std::string_view label) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const TextStyle style = small(theme);
    float left_room = room;
    if (columns.confidence != nullptr && !columns.confidence->is_null(row)) {
      const std::string text = fmt::format("{:.3f}", columns.confidence->number(row));
      draw_text_right(theme, list, ImVec2(at.x + room, at.y), style, text);
      left_room -= text_width(theme, style, text) + theme.px(8);
    }
    const std::string_view review = text_or(columns.review, row, "unseen");
    if (review == "unseen") {
      draw_text_fit(theme, list, at, left_room, style, text_or(columns.split, row, ""));
      return;
    }
    const ImU32 color = review_color(theme, review);
    const float radius = theme.px(3.5F);
    list->AddCircleFilled(ImVec2(at.x + radius, at.y + text_height(theme, style) / 2 + 1), radius,
                          color);
    const std::string_view given = text_or(columns.given, row, "");
    const bool relabelled = review == "relabelled" && !given.empty() && given != label;
    TextStyle marked = style;
    marked.color = theme.text_dim;
    draw_text_fit(theme, list, ImVec2(at.x + radius * 2 + theme.px(5), at.y),
                  left_room - radius * 2 - theme.px(5), marked,
                  relabelled ? fmt::format("was {}", given) : std::string(review));
  }

  void draw_large(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.centre;
    const SampleId sample = frame.state.snapshot.ids[*frame.state.cursor_row()];
    if (sample != large_sample_) large_view_ = ImageViewState();
    large_sample_ = sample;
    const float pad = theme.px(12);
    ImGui::SetCursorScreenPos(ImVec2(rect.min.x + pad, rect.min.y + pad));
    const TextureRegion* region = frame.pictures.image(sample);
    const std::string* problem = frame.pictures.problem(sample);
    image_view(theme, "large image", region, frame.pictures.pixels(sample),
               problem != nullptr ? std::string_view(*problem) : std::string_view(),
               ImVec2(rect.width() - pad * 2, rect.height() - pad * 2), large_view_,
               &frame.session.state().inspect.image_wish);
  }

  SampleId large_sample_ = 0;
  ImageViewState large_view_;
};

}  // namespace

std::unique_ptr<View> make_grid() {
  return std::make_unique<GridView>();
}

}  // namespace errata::viewer

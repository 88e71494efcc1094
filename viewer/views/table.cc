// Centre: the samples in their order as lines, a column for everything that is known of them. Only
// the lines that are seen are touched in a frame.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "viewer/state/grid_layout.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kRowHeight = 30;
constexpr float kHeaderHeight = 30;
constexpr float kThumbWidth = 38;
constexpr float kScrollBar = 12;
constexpr float kCellPad = 8;
constexpr float kLeastWidth = 44;
constexpr float kMostWidth = 800;

// The end of a path tells samples apart: it is its beginning that gives way.
std::string end_of(const Theme& theme, const TextStyle& style, const std::string& text,
                   float room) {
  const std::string dots = "\u2026";
  size_t low = 0;
  size_t high = text.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (text_width(theme, style, dots + text.substr(middle)) <= room) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  while (low < text.size() && (static_cast<unsigned char>(text[low]) & 0xC0) == 0x80) ++low;
  return dots + text.substr(low);
}

struct Shown {
  TableColumn choice;
  const Column* column = nullptr;
  float x = 0;  // from the left of all columns
  float width = 0;
};

class TableView : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (frame.regions.centre.height() <= 0) return;  // the panels stand there
    if (!frame.state.table_shown()) return;
    if (begin_region("Table", frame.regions.centre, frame.theme.background, ImVec2(0, 0),
                     ImGuiWindowFlags_NoScrollWithMouse)) {
      draw_table(frame);
    }
    ImGui::End();
  }

 private:
  void draw_table(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    AppState& state = frame.session.state();
    const Rect& rect = frame.regions.centre;
    find_columns(frame);
    const float total = shown_.empty() ? 0 : shown_.back().x + shown_.back().width;
    const float view_width = rect.width() - theme.px(kThumbWidth + kScrollBar);
    const bool wide = total > view_width;
    const float foot = wide ? theme.px(kScrollBar) : 0;
    const Rect body{ImVec2(rect.min.x, rect.min.y + theme.px(kHeaderHeight)),
                    ImVec2(rect.max.x, rect.max.y - foot)};
    GridLayout layout;
    layout.items = layout.rows = state.view->order.size();
    layout.tile_height_px = theme.px(kRowHeight);
    layout.view_height_px = std::max(1.0F, body.height());
    state.grid_columns = 1;
    state.grid_page_rows = layout.rows_per_page();
    double& scroll = state.layout.table_scroll;
    if (state.show_cursor_wanted) scroll = layout.scroll_to_show(state.cursor, scroll);
    state.show_cursor_wanted = false;
    take_wheel(frame, scroll);
    scroll = layout.clamp_scroll(scroll);
    float& across = state.layout.table_scroll_x;
    const float across_px =
        std::floor(std::clamp(theme.px(across), 0.0F, std::max(0.0F, total - view_width)));
    across = across_px / theme.scale;
    const float left = rect.min.x + theme.px(kThumbWidth) - across_px;
    draw_rows(frame, layout, scroll, body, left);
    draw_header(frame, left);
    scroll_bar(theme, "scroll", ImVec2(rect.max.x - theme.px(kScrollBar), body.min.y),
               ImVec2(theme.px(kScrollBar), body.height()), static_cast<double>(layout.rows),
               static_cast<double>(layout.rows) - layout.max_scroll(), scroll);
    if (wide) {
      const float track = view_width;
      draw_across(frame, ImVec2(rect.min.x + theme.px(kThumbWidth), body.max.y), track, total,
                  across);
    }
  }

  void find_columns(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    shown_.clear();
    all_ = table_columns(state.snapshot.samples, state.layout.table_columns);
    float x = 0;
    for (const TableColumn& choice : all_) {
      if (!choice.shown) continue;
      const float width = theme.px(choice.width);
      shown_.push_back({choice, state.snapshot.samples.find(choice.column), x, width});
      x += width;
    }
  }

  static void take_wheel(const FrameContext& frame, double& scroll) {
    if (!ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem)) return;
    const ImGuiIO& io = ImGui::GetIO();
    constexpr double kRowsPerNotch = 3;
    constexpr float kAcrossPerNotch = 60;
    float& across = frame.session.state().layout.table_scroll_x;
    across -= io.MouseWheelH * kAcrossPerNotch;
    if (io.KeyShift) {
      across -= io.MouseWheel * kAcrossPerNotch;
    } else {
      scroll -= static_cast<double>(io.MouseWheel) * kRowsPerNotch;
    }
  }

  void draw_rows(const FrameContext& frame, const GridLayout& layout, double scroll,
                 const Rect& body, float left) {
    size_t first = 0;
    size_t last = 0;
    layout.visible_items(scroll, first, last);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(body.min, body.max, true);
    ImGui::PushClipRect(body.min, body.max, true);
    for (size_t i = first; i < last; ++i) {
      const double row = static_cast<double>(i) - scroll;
      const float y = body.min.y + std::round(static_cast<float>(row * layout.row_pitch_px()));
      draw_row(frame, i, body, y, left);
    }
    ImGui::PopClipRect();
    list->PopClipRect();
    constexpr size_t kAhead = 40;
    const std::vector<RowIndex>& order = frame.state.view->order;
    for (size_t i = last; i < std::min(order.size(), last + kAhead); ++i) {
      frame.pictures.thumbnail_soon(frame.state.snapshot.ids[order[i]]);
    }
  }

  void draw_row(const FrameContext& frame, size_t position, const Rect& body, float y, float left) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    const RowIndex row = state.view->order[position];
    const float height = theme.px(kRowHeight);
    const ImVec2 min(body.min.x, y);
    const ImVec2 max(body.max.x - theme.px(kScrollBar), y + height);
    ImGui::SetCursorScreenPos(min);
    ImGui::PushID(static_cast<int>(position));
    if (ImGui::InvisibleButton("row", ImVec2(max.x - min.x, height))) {
      const ImGuiIO& io = ImGui::GetIO();
      frame.session.set_cursor(position, io.KeyShift  ? SelectMode::kRange
                                         : io.KeyCtrl ? SelectMode::kToggle
                                                      : SelectMode::kOne);
    }
    const bool hovered = ImGui::IsItemHovered();
    if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) frame.run("view.open");
    ImGui::PopID();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const bool selected = state.selection.has(row);
    if (selected) {
      list->AddRectFilled(min, max, with_alpha(theme.accent, 0.16F));
    } else if (hovered) {
      list->AddRectFilled(min, max, theme.hovered);
    }
    list->AddLine(ImVec2(min.x, max.y - 1), ImVec2(max.x, max.y - 1),
                  with_alpha(theme.border, 0.6F));
    draw_thumb(frame, state.snapshot.ids[row], min, height);
    const ImVec2 cells_min(min.x + theme.px(kThumbWidth), body.min.y);
    list->PushClipRect(cells_min, ImVec2(max.x, body.max.y), true);
    const bool differs = is_wrong(state.snapshot.samples, row);
    for (const Shown& each : shown_) {
      const float x = left + each.x;
      if (x + each.width < cells_min.x || x > max.x) continue;
      draw_cell(frame, each, row, ImVec2(x, y), differs, hovered);
    }
    list->PopClipRect();
    if (position == state.cursor) {
      list->AddRect(ImVec2(min.x + 1, min.y), ImVec2(max.x, max.y - 1), theme.accent, theme.px(3),
                    theme.px(2));
    }
  }

  static bool is_wrong(const Table& samples, RowIndex row) {
    const Column* outcome = samples.find("outcome");
    return outcome != nullptr && !outcome->is_null(row) && outcome->text(row) == "wrong";
  }

  static void draw_thumb(const FrameContext& frame, SampleId sample, ImVec2 min, float height) {
    const Theme& theme = frame.theme;
    const float inset = theme.px(2);
    const ImVec2 from(min.x + theme.px(6), min.y + inset);
    const ImVec2 to(from.x + theme.px(kThumbWidth - 10), min.y + height - inset - 1);
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (const std::optional<TextureRegion> region = frame.pictures.thumbnail(sample)) {
      draw_fitted(list, *region, from, to);
    } else {
      list->AddRectFilled(from, to, theme.image_back, theme.px(2));
      if (const std::string* problem = frame.pictures.problem(sample)) {
        const float r = theme.px(3.5F);
        const ImVec2 at((from.x + to.x) / 2, (from.y + to.y) / 2);
        list->AddCircleFilled(at, r, theme.wrong);
        if (ImGui::IsMouseHoveringRect(from, to)) ImGui::SetTooltip("%s", problem->c_str());
      }
    }
  }

  static void draw_cell(const FrameContext& frame, const Shown& each, RowIndex row, ImVec2 min,
                        bool differs, bool hovered) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float pad = theme.px(kCellPad);
    float room = each.width - pad * 2;
    TextStyle style = body(theme);
    const std::string_view name = each.choice.column;
    if (name == "prediction" && differs) style.color = theme.wrong;
    const std::string text = to_valid_utf8(cell_text(*each.column, row));
    if (text.empty()) return;
    const float y = min.y + (theme.px(kRowHeight) - text_height(theme, style)) / 2;
    float x = min.x + pad;
    if (name == "review") {
      if (text == "unseen") {
        style.color = theme.text_faint;
      } else {
        const float r = theme.px(3.5F);
        list->AddCircleFilled(ImVec2(x + r, min.y + theme.px(kRowHeight) / 2), r,
                              review_color(theme, text));
        x += r * 2 + theme.px(5);
        room -= r * 2 + theme.px(5);
      }
    }
    if (is_number_column(*each.column)) {
      const float width = text_width(theme, style, text);
      if (width <= room) x = min.x + each.width - pad - width;
    }
    const bool cut_in_front = name == "path" && text_width(theme, style, text) > room;
    draw_text_fit(theme, list, ImVec2(x, y), room, style,
                  cut_in_front ? end_of(theme, style, text, room) : text);
    const ImVec2 max(min.x + each.width, min.y + theme.px(kRowHeight));
    if (hovered && ImGui::IsMouseHoveringRect(min, max) && text_width(theme, style, text) > room &&
        ImGui::BeginTooltip()) {
      ImGui::PushTextWrapPos(theme.px(480));
      ImGui::TextUnformatted(text.c_str());
      ImGui::PopTextWrapPos();
      ImGui::EndTooltip();
    }
  }

  void draw_header(const FrameContext& frame, float left) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.centre;
    const ImVec2 max(rect.max.x, rect.min.y + theme.px(kHeaderHeight));
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(rect.min, max, theme.panel);
    list->AddLine(ImVec2(rect.min.x, max.y - 1), ImVec2(max.x, max.y - 1), theme.border);
    const float menu = theme.px(30);
    const ImVec2 cells_min(rect.min.x + theme.px(kThumbWidth), rect.min.y);
    const ImVec2 cells_max(max.x - menu, max.y);
    ImGui::PushClipRect(cells_min, cells_max, true);
    list->PushClipRect(cells_min, cells_max, true);
    for (const Shown& each : shown_) {
      const float x = left + each.x;
      if (x + each.width < cells_min.x || x > cells_max.x) continue;
      draw_title(frame, each, ImVec2(x, rect.min.y), cells_max.x);
    }
    list->PopClipRect();
    ImGui::PopClipRect();
    draw_menu_button(frame, ImVec2(cells_max.x, rect.min.y), menu);
  }

  // Nothing is drawn right of `end`.
  static void draw_title(const FrameContext& frame, const Shown& each, ImVec2 min, float end) {
    const Theme& theme = frame.theme;
    const float height = theme.px(kHeaderHeight);
    const float grip = theme.px(7);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::string& name = each.choice.column;
    const SortChoice& sort = frame.state.sort;
    ImGui::SetCursorScreenPos(min);
    if (ImGui::InvisibleButton(name.c_str(), ImVec2(each.width - grip, height)) &&
        is_sortable(*each.column)) {
      frame.session.set_sort(next_sort(sort, name));
    }
    if (ImGui::IsItemClicked(ImGuiMouseButton_Right)) ImGui::OpenPopup("columns");
    const bool hovered = ImGui::IsItemHovered();
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal) && ImGui::BeginTooltip()) {
      ImGui::PushTextWrapPos(theme.px(420));
      ImGui::TextUnformatted(table_title(name).c_str());
      ImGui::TextUnformatted(column_sentence(name, *each.column).c_str());
      ImGui::PopTextWrapPos();
      ImGui::EndTooltip();
    }
    resize(frame, each, ImVec2(min.x + each.width - grip, min.y), ImVec2(grip, height));
    const bool sorted = sort.column == name;
    TextStyle style = heading(theme);
    if (sorted) {
      style.color = theme.accent;
    } else if (hovered) {
      style.color = theme.text;
    }
    const float pad = theme.px(kCellPad);
    const float arrow = sorted ? theme.px(12) : 0;
    const float room = each.width - pad * 2 - arrow;
    const std::string title = table_title(name);
    const float width = std::min(room, text_width(theme, style, title));
    const bool to_right = is_number_column(*each.column);
    const float x = to_right ? min.x + each.width - pad - width : min.x + pad;
    const float y = min.y + (height - text_height(theme, style)) / 2;
    draw_text_fit(theme, list, ImVec2(x, y), std::min(room, end - x), style, title);
    if (sorted) {
      const float r = theme.px(3.5F);
      const ImVec2 at(to_right ? x - theme.px(8) : x + width + theme.px(9), min.y + height / 2);
      const float turn = sort.descending ? 1.0F : -1.0F;
      list->AddTriangleFilled(ImVec2(at.x - r, at.y - r * 0.6F * turn),
                              ImVec2(at.x + r, at.y - r * 0.6F * turn),
                              ImVec2(at.x, at.y + r * 0.8F * turn), theme.accent);
    }
    list->AddLine(ImVec2(min.x + each.width - 1, min.y + theme.px(8)),
                  ImVec2(min.x + each.width - 1, min.y + height - theme.px(8)), theme.border);
  }

  static void resize(const FrameContext& frame, const Shown& each, ImVec2 min, ImVec2 size) {
    ImGui::SetCursorScreenPos(min);
    ImGui::InvisibleButton(("resize " + each.choice.column).c_str(), size);
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) {
      ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    }
    if (!ImGui::IsItemActive() || ImGui::GetIO().MouseDelta.x == 0) return;
    TableColumn changed = each.choice;
    changed.width = std::clamp(changed.width + ImGui::GetIO().MouseDelta.x / frame.theme.scale,
                               kLeastWidth, kMostWidth);
    remember_column(frame.session.state().layout.table_columns, changed);
  }

  // Which columns are shown.
  void draw_menu_button(const FrameContext& frame, ImVec2 min, float width) {
    const Theme& theme = frame.theme;
    const float height = theme.px(kHeaderHeight);
    ImGui::SetCursorScreenPos(min);
    if (ImGui::InvisibleButton("choose columns", ImVec2(width, height))) {
      ImGui::OpenPopup("columns");
    }
    const bool hovered = ImGui::IsItemHovered();
    if (hovered) ImGui::SetTooltip("Which columns are shown");
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 color = hovered ? theme.text : theme.text_faint;
    const ImVec2 at(min.x + width / 2, min.y + height / 2);
    for (int i = -1; i <= 1; ++i) {
      const float x = at.x + static_cast<float>(i) * theme.px(5);
      list->AddRectFilled(ImVec2(x - theme.px(1.5F), at.y - theme.px(5)),
                          ImVec2(x + theme.px(1.5F), at.y + theme.px(5)), color, theme.px(1));
    }
    ImGui::SetNextWindowPos(ImVec2(min.x + width, min.y + height), ImGuiCond_Appearing,
                            ImVec2(1, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(10), theme.px(8)));
    ImGui::SetNextWindowSizeConstraints(ImVec2(theme.px(200), 0),
                                        ImVec2(theme.px(420), frame.regions.all.height() * 0.7F));
    if (ImGui::BeginPopup("columns")) {
      for (const TableColumn& each : all_) {
        const std::string title = to_valid_utf8(table_title(each.column)) + "###" + each.column;
        bool on = each.shown;
        if (!ImGui::Checkbox(title.c_str(), &on)) continue;
        TableColumn changed = each;
        changed.shown = on;
        remember_column(frame.session.state().layout.table_columns, changed);
      }
      ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
  }

  static void draw_across(const FrameContext& frame, ImVec2 at, float track, float total,
                          float& across) {
    const Theme& theme = frame.theme;
    const float height = theme.px(kScrollBar);
    ImGui::SetCursorScreenPos(at);
    ImGui::InvisibleButton("scroll across", ImVec2(track, height));
    const float grip = std::max(theme.px(28), track * track / total);
    const float room = track - grip;
    if (ImGui::IsItemActive() && room > 0) {
      const float wanted = ImGui::GetIO().MousePos.x - at.x - grip / 2;
      across = std::clamp(wanted / room, 0.0F, 1.0F) * (total - track) / theme.scale;
    }
    const float share = std::clamp(theme.px(across) / std::max(1.0F, total - track), 0.0F, 1.0F);
    const bool lit = ImGui::IsItemHovered() || ImGui::IsItemActive();
    ImGui::GetWindowDrawList()->AddRectFilled(
        ImVec2(at.x + share * room, at.y + theme.px(2)),
        ImVec2(at.x + share * room + grip, at.y + height - theme.px(2)),
        lit ? theme.text_faint : theme.border, theme.px(4));
  }

  std::vector<TableColumn> all_;
  std::vector<Shown> shown_;
};

}  // namespace

std::unique_ptr<View> make_table() {
  return std::make_unique<TableView>();
}

}  // namespace errata::viewer

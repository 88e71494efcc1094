// The map of all samples: the wheel zooms at the pointer, a drag encircles, another button moves.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/scores.h"
#include "viewer/state/map_picture.h"
#include "viewer/views/panels/find_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kHeadHeight = 34;
constexpr float kLegendWidth = 168;
constexpr float kHoverPicture = 144;

Rgb rgb_of(ImU32 color) {
  return {static_cast<uint8_t>(color >> IM_COL32_R_SHIFT & 0xFF),
          static_cast<uint8_t>(color >> IM_COL32_G_SHIFT & 0xFF),
          static_cast<uint8_t>(color >> IM_COL32_B_SHIFT & 0xFF)};
}

ImU32 color_of(const Rgb& rgb) {
  return IM_COL32(rgb[0], rgb[1], rgb[2], 255);
}

class MapPanel : public Panel {
 public:
  std::string_view id() const override { return "map"; }
  std::string title(const AppState&) const override { return "Map"; }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    if (!frame.state.map.exists) {
      return draw_nothing_found_yet(
          frame, Overlay::kMap, "No map yet",
          "All samples in the plane, those that look alike together: islands of copies, labels "
          "that "
          "lie among others, pictures that lie alone. It is made once, and kept in the store.");
    }
    draw_find_progress(frame, Overlay::kMap);
    draw_head(frame);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const ImVec2 size(std::max(1.0F, room.x - theme.px(kLegendWidth)), std::max(1.0F, room.y));
    frame.session.map().set_canvas({static_cast<int>(size.x), static_cast<int>(size.y),
                                    double{theme.scale}, rgb_of(theme.image_back),
                                    rgb_of(theme.text_faint),
                                    frame.state.theme == ThemeName::kDark});
    draw_canvas(frame, at, size);
    draw_legend(frame, ImVec2(at.x + size.x + theme.px(14), at.y), size.y);
  }

 private:
  static void draw_head(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const MapState& map = frame.state.map;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (choice_button(theme, "color", "Colour: " + column_title(map.color), theme.px(260))) {
      ImGui::OpenPopup("colors");
    }
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(10), theme.px(8)));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.px(12), theme.px(6)));
    if (ImGui::BeginPopup("colors")) {
      for (const std::string& name : map_colors(frame.state.snapshot.samples)) {
        if (ImGui::MenuItem((column_title(name) + "##" + name).c_str(), nullptr,
                            name == map.color)) {
          frame.session.map().set_color(name);
        }
        const ScoreInfo* score = find_score(name);
        if (score != nullptr && ImGui::IsItemHovered()) {
          ImGui::SetTooltip("%s", std::string(score->sentence).c_str());
        }
      }
      ImGui::EndPopup();
    }
    ImGui::PopStyleVar(2);
    ImGui::SameLine(0, theme.px(8));
    if (choice_button(theme, "all", "Whole map", theme.px(120))) frame.session.map().show_all();
    if (!map.lasso.empty()) {
      ImGui::SameLine(0, theme.px(8));
      if (choice_button(theme, "drop", "Drop the lasso", theme.px(140))) {
        frame.session.map().drop_lasso();
      }
    }
    ImGui::SameLine(0, theme.px(12));
    const ImVec2 text = ImGui::GetCursorScreenPos();
    std::string line =
        "drag encircles \u00B7 wheel zooms \u00B7 right button or Shift and drag moves";
    if (map.picture) {
      const MapPicture& picture = *map.picture;
      const std::string placed = with_thousands(picture.placed);
      line = (picture.shown == picture.placed
                  ? placed + " samples"
                  : fmt::format("{} of {} in the filter", with_thousands(picture.shown), placed)) +
             " \u00B7 " + line;
    }
    draw_text_fit(theme, ImGui::GetWindowDrawList(), ImVec2(text.x, at.y + theme.px(7)),
                  ImGui::GetContentRegionAvail().x, small(theme), line);
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(kHeadHeight)));
  }

  void draw_canvas(const FrameContext& frame, ImVec2 at, ImVec2 size) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 max(at.x + size.x, at.y + size.y);
    list->AddRectFilled(at, max, theme.image_back);
    list->PushClipRect(at, max, true);
    draw_picture(frame.state.map, at, size);
    ImGui::InvisibleButton("canvas", size,
                           ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight |
                               ImGuiButtonFlags_MouseButtonMiddle);
    const bool hovered = ImGui::IsItemHovered();
    if (hovered) ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
    const ImGuiIO& io = ImGui::GetIO();
    const MapPixel mouse{static_cast<double>(io.MousePos.x - at.x),
                         static_cast<double>(io.MousePos.y - at.y)};
    MapDesk& desk = frame.session.map();
    if (hovered && io.MouseWheel != 0) {
      desk.zoom(std::pow(0.8, static_cast<double>(io.MouseWheel)), mouse);
    }
    const bool moves = ImGui::IsItemActive() && (ImGui::IsMouseDown(ImGuiMouseButton_Right) ||
                                                 ImGui::IsMouseDown(ImGuiMouseButton_Middle) ||
                                                 (io.KeyShift && lasso_.empty()));
    if (moves) desk.pan(io.MouseDelta.x, io.MouseDelta.y);
    const bool encircling = !moves && draw_lasso(frame, at, size, mouse);
    draw_encircled(frame, at, size);
    mark_cursor(frame, at, size);
    list->PopClipRect();
    list->AddRect(at, max, theme.border);
    if (!hovered || encircling || moves) return;
    const std::optional<RowIndex> row = desk.row_near(mouse);
    if (!row) return;
    ring(frame, place_on(frame, *row, at, size), theme.text);
    draw_hover_picture(frame, *row);
    if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) frame.session.inspector().visit(*row);
  }

  // Where it was drawn for, in what is seen now.
  void draw_picture(const MapState& map, ImVec2 at, ImVec2 size) {
    if (!map.picture) return;
    const MapPicture& picture = *map.picture;
    if (static_cast<SampleId>(picture.number) != texture_.sample()) {
      media::Image image(picture.width_px, picture.height_px, 3);
      image.pixels = picture.rgb;
      texture_.upload(static_cast<SampleId>(picture.number), image);
    }
    const MapView view = map.view.units_per_px > 0 ? map.view : picture.view;
    const auto scale = static_cast<float>(picture.view.units_per_px / view.units_per_px);
    const MapPixel middle =
        view.pixel_of(picture.view.middle, static_cast<int>(size.x), static_cast<int>(size.y));
    const ImVec2 on_screen(std::round(at.x + static_cast<float>(middle.x)),
                           std::round(at.y + static_cast<float>(middle.y)));
    const ImVec2 half(static_cast<float>(picture.width_px) * scale / 2,
                      static_cast<float>(picture.height_px) * scale / 2);
    const ImVec2 min(std::floor(on_screen.x - half.x), std::floor(on_screen.y - half.y));
    const TextureRegion& region = texture_.region();
    ImGui::GetWindowDrawList()->AddImage(region.texture, min,
                                         ImVec2(min.x + half.x * 2, min.y + half.y * 2),
                                         region.uv_min, region.uv_max);
  }

  // True while one is drawn, and in the frame that ends it.
  bool draw_lasso(const FrameContext& frame, ImVec2 at, ImVec2 size, MapPixel mouse) {
    const Theme& theme = frame.theme;
    constexpr double kStep = 3;
    if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left, theme.px(6))) {
      if (lasso_.empty()) {
        const ImVec2 pressed = ImGui::GetIO().MouseClickedPos[ImGuiMouseButton_Left];
        lasso_.push_back(
            {static_cast<double>(pressed.x - at.x), static_cast<double>(pressed.y - at.y)});
      }
      if (std::hypot(lasso_.back().x - mouse.x, lasso_.back().y - mouse.y) > kStep) {
        lasso_.push_back(mouse);
      }
    }
    if (lasso_.empty()) return false;
    std::vector<ImVec2> line;
    for (const MapPixel& each : lasso_) {
      line.emplace_back(at.x + static_cast<float>(each.x), at.y + static_cast<float>(each.y));
    }
    outline(frame, line, theme.accent);
    if (ImGui::IsMouseDown(ImGuiMouseButton_Left)) return true;
    if (frame.state.map.view.units_per_px == 0) {  // taken away meanwhile: it is over nothing
      lasso_.clear();
      return false;
    }
    std::vector<MapPlace> polygon;
    for (const MapPixel& each : lasso_) {
      polygon.push_back(
          frame.state.map.view.place_at(each, static_cast<int>(size.x), static_cast<int>(size.y)));
    }
    lasso_.clear();
    frame.session.map().lasso(std::move(polygon));
    return true;
  }

  static void outline(const FrameContext& frame, const std::vector<ImVec2>& line, ImU32 color) {
    ImGui::GetWindowDrawList()->AddPolyline(line.data(), static_cast<int>(line.size()), color,
                                            frame.theme.px(1.5F), ImDrawFlags_Closed);
  }

  // What was encircled last, for as long as the filter has it.
  void draw_encircled(const FrameContext& frame, ImVec2 at, ImVec2 size) const {
    const MapState& map = frame.state.map;
    if (map.lasso.empty() || !lasso_.empty() || map.view.units_per_px <= 0) return;
    std::vector<ImVec2> line;
    for (const MapPlace& each : map.lasso) {
      const MapPixel pixel =
          map.view.pixel_of(each, static_cast<int>(size.x), static_cast<int>(size.y));
      line.emplace_back(at.x + static_cast<float>(pixel.x), at.y + static_cast<float>(pixel.y));
    }
    outline(frame, line, with_alpha(frame.theme.accent, 0.75F));
  }

  static ImVec2 place_on(const FrameContext& frame, RowIndex row, ImVec2 at, ImVec2 size) {
    const Table& samples = frame.state.snapshot.samples;
    const MapPixel pixel = frame.state.map.view.pixel_of(
        {samples.find("map_x")->floats[row], samples.find("map_y")->floats[row]},
        static_cast<int>(size.x), static_cast<int>(size.y));
    return ImVec2(at.x + static_cast<float>(pixel.x), at.y + static_cast<float>(pixel.y));
  }

  static void ring(const FrameContext& frame, ImVec2 place, ImU32 color) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddCircle(place, frame.theme.px(8), frame.theme.image_back, 0, frame.theme.px(4));
    list->AddCircle(place, frame.theme.px(8), color, 0, frame.theme.px(2));
  }

  static void mark_cursor(const FrameContext& frame, ImVec2 at, ImVec2 size) {
    const std::optional<RowIndex> row = frame.state.cursor_row();
    if (!row || frame.state.map.view.units_per_px <= 0) return;
    if (frame.state.snapshot.samples.find("map_x")->is_null(*row)) return;
    ring(frame, place_on(frame, *row, at, size), frame.theme.accent);
  }

  static void draw_hover_picture(const FrameContext& frame, RowIndex row) {
    const Theme& theme = frame.theme;
    const Table& samples = frame.state.snapshot.samples;
    ImGui::BeginTooltip();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 side(theme.px(kHoverPicture), theme.px(kHoverPicture));
    if (const auto picture = frame.pictures.thumbnail(frame.state.snapshot.ids[row])) {
      draw_fitted(ImGui::GetWindowDrawList(), *picture, at, ImVec2(at.x + side.x, at.y + side.y));
    }
    ImGui::Dummy(side);
    const auto line = [&](std::string_view name) {
      const Column* column = samples.find(name);
      if (column == nullptr || column->is_null(row)) return;
      const std::string value = column->type == ColumnType::kFloat
                                    ? fmt::format("{:.3f}", column->number(row))
                                    : to_valid_utf8(column->display(row));
      const ImVec2 text = ImGui::GetCursorScreenPos();
      ImDrawList* list = ImGui::GetWindowDrawList();
      const float name_width =
          draw_text_fit(theme, list, text, side.x * 0.55F, small(theme), column_title(name));
      draw_text_fit(theme, list, ImVec2(text.x + name_width + theme.px(8), text.y),
                    side.x - name_width - theme.px(8), small_bright(theme), value);
      ImGui::Dummy(ImVec2(side.x, theme.px(12)));
    };
    line("label");
    line("prediction");
    if (frame.state.map.color != "label" && frame.state.map.color != "prediction") {
      line(frame.state.map.color);
    }
    ImGui::EndTooltip();
  }

  static TextStyle small_bright(const Theme& theme) {
    TextStyle style = small(theme);
    style.color = theme.text;
    return style;
  }

  static void draw_legend(const FrameContext& frame, ImVec2 at, float height) {
    if (!frame.state.map.picture) return;
    ImGui::SetCursorScreenPos(at);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGui::BeginChild("legend", ImVec2(frame.theme.px(kLegendWidth - 14), height));
    if (frame.state.map.picture->scale) {
      draw_scale(frame, *frame.state.map.picture->scale, height);
    } else {
      draw_values(frame);
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

  // A click filters on the value, and again drops that.
  static void draw_values(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const MapState& map = frame.state.map;
    const FacetChoice chosen = facet_choice(frame.state.sample_filter(), map.color);
    for (const MapLegend& each : map.picture->legend) {
      if (chosen.has(each.name)) {
        const ImVec2 min = ImGui::GetCursorScreenPos();
        ImGui::GetWindowDrawList()->AddRectFilled(
            min, ImVec2(min.x + ImGui::GetContentRegionAvail().x, min.y + theme.px(22)),
            theme.accent_soft, theme.px(4));
      }
      const bool pressed =
          facet_row(theme, each.name.c_str(), to_valid_utf8(each.name), with_thousands(each.count),
                    FacetMark::kNone, each.count == 0, color_of(each.color),
                    each.is_value ? "Click to show these" : "");
      if (!pressed || !each.is_value) continue;
      if (frame.state.objects_shown()) frame.session.show_rows_of(CentreMode::kGrid);
      frame.session.toggle_facet(map.color, each.name, false);
    }
    const MapPicture& picture = *map.picture;
    if (picture.shown == picture.placed) return;
    facet_row(theme, "outside", "outside the filter",
              with_thousands(picture.placed - picture.shown), FacetMark::kNone, true,
              theme.text_faint);
  }

  static void draw_scale(const FrameContext& frame, const MapScale& scale, float height) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float bar_height = std::min(height - theme.px(8), theme.px(180));
    const float step = bar_height / static_cast<float>(scale.colors.size());
    for (size_t i = 0; i < scale.colors.size(); ++i) {
      const float top = at.y + theme.px(4) + step * static_cast<float>(i);
      list->AddRectFilled(ImVec2(at.x, top), ImVec2(at.x + theme.px(14), top + step + 1),
                          color_of(scale.colors[scale.colors.size() - 1 - i]));
    }
    const auto label = [&](float share, double value, std::string_view word) {
      const float y = at.y + theme.px(4) + (bar_height - theme.px(14)) * share;
      const std::string number = fmt::format("{:.3g}", value);
      draw_text(theme, list, ImVec2(at.x + theme.px(22), y), small_bright(theme), number);
      draw_text(theme, list,
                ImVec2(at.x + theme.px(30) + text_width(theme, small(theme), number), y),
                small(theme), word);
    };
    label(0, scale.worst, "worst");
    label(0.5F, (scale.worst + scale.best) / 2, "");
    label(1, scale.best, "best");
  }

  ImageTexture texture_;
  std::vector<MapPixel> lasso_;  // on the canvas
};

}  // namespace

std::unique_ptr<Panel> make_map_panel() {
  return std::make_unique<MapPanel>();
}

}  // namespace errata::viewer

// Bad pictures: the kinds with their counts, and of the chosen one the worst.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/views/panels/find_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/views/thumb.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kKindsWidth = 250;
constexpr float kSide = 92;

class QualityPanel : public Panel {
 public:
  std::string_view id() const override { return "quality"; }
  std::string title(const AppState&) const override { return "Quality"; }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const auto& quality = frame.state.findings.quality;
    if (!quality) {
      return draw_nothing_found_yet(
          frame, Overlay::kFindQuality, "Pictures were not measured yet",
          "Dark, light, blurry and empty pictures, odd sizes and shapes, pictures without colour. "
          "Every picture is decoded once; the scores stay in the store.");
    }
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float width = theme.px(kKindsWidth);
    const QualityKindView& chosen = chosen_kind(frame.state.findings, *quality);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGui::BeginChild("kinds", ImVec2(width - theme.px(16), room.y));
    draw_kinds(frame, *quality, chosen, ImGui::GetContentRegionAvail().x);
    ImGui::EndChild();
    ImGui::GetWindowDrawList()->AddLine(ImVec2(at.x + width, at.y),
                                        ImVec2(at.x + width, at.y + room.y), theme.border);
    ImGui::SetCursorScreenPos(ImVec2(at.x + width + theme.px(18), at.y));
    ImGui::BeginChild("worst", ImVec2(room.x - width - theme.px(18), room.y));
    draw_worst(frame, chosen);
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static const QualityKindView& chosen_kind(const FindingsState& findings,
                                            const QualityAnswer& quality) {
    for (const QualityKindView& kind : quality.kinds) {
      if (kind.column == findings.quality_kind) return kind;
    }
    return quality.kinds.front();
  }

  static void draw_kinds(const FrameContext& frame, const QualityAnswer& quality,
                         const QualityKindView& chosen, float width) {
    const Theme& theme = frame.theme;
    draw_find_progress(frame, Overlay::kFindQuality);
    draw_text_fit(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), width,
                  small(theme),
                  fmt::format("{} pictures measured", with_thousands(quality.measured)));
    ImGui::Dummy(ImVec2(width, theme.px(20)));
    for (const QualityKindView& kind : quality.kinds) {
      if (&kind == &chosen) {
        const ImVec2 min = ImGui::GetCursorScreenPos();
        ImGui::GetWindowDrawList()->AddRectFilled(min, ImVec2(min.x + width, min.y + theme.px(22)),
                                                  theme.accent_soft, theme.px(4));
      }
      ImGui::PushID(kind.column.c_str());
      const ImU32 dot = kind.common || kind.found == 0 ? theme.text_faint : theme.caution;
      if (facet_row(theme, "row", kind.title, with_thousands(kind.found), FacetMark::kNone,
                    kind.found == 0 || kind.common, dot)) {
        frame.session.findings().choose_quality(kind.column);
      }
      if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
        ImGui::SetTooltip("%s%s", kind.meaning.c_str(),
                          kind.common ? "; most pictures here are so" : "");
      }
      ImGui::PopID();
    }
    ImGui::Dummy(ImVec2(0, theme.px(8)));
    if (choice_button(theme, "find", "Measure again ...", width)) frame.run("find.quality");
  }

  static void draw_worst(const FrameContext& frame, const QualityKindView& kind) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x - theme.px(12);
    const std::string button = fmt::format("Show all {} in the grid", with_thousands(kind.found));
    const float button_width = text_width(theme, body(theme), button) + theme.px(24);
    if (kind.found > 0) {
      ImGui::SetCursorScreenPos(ImVec2(at.x + width - button_width, at.y));
      if (choice_button(theme, "show", button, button_width)) {
        frame.session.findings().show_quality(kind);
      }
    }
    std::string says = kind.meaning;
    if (kind.common) says += " \u00B7 most are so: how this set is, rather than an error";
    draw_text_fit(theme, list, ImVec2(at.x, at.y + theme.px(6)),
                  width - button_width - theme.px(12), dim(theme), says);
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(36)));
    if (kind.worst.empty()) return draw_none(frame, "None is left");
    draw_thumbs(frame, kind, width);
  }

  static void draw_thumbs(const FrameContext& frame, const QualityKindView& kind, float width) {
    const Theme& theme = frame.theme;
    const Column* scores = frame.state.snapshot.samples.find(kind.column);
    const Column* label = frame.state.snapshot.samples.find("label");
    const float gap = theme.px(10);
    const float side = theme.px(kSide);
    const auto in_row = std::max<size_t>(1, static_cast<size_t>((width + gap) / (side + gap)));
    const ImVec2 start = ImGui::GetCursorScreenPos();
    float pitch = 0;
    for (size_t i = 0; i < kind.worst.size(); ++i) {
      const RowIndex row = kind.worst[i];
      const std::string score = fmt::format("{:.3f}", scores->number(row));
      Thumb thumb;
      thumb.row = row;
      thumb.side = side;
      thumb.first = score;
      thumb.second =
          label == nullptr || label->is_null(row) ? std::string_view("no label") : label->text(row);
      pitch = thumb_height(theme, thumb) + theme.px(8);
      ImGui::SetCursorScreenPos(ImVec2(start.x + static_cast<float>(i % in_row) * (side + gap),
                                       start.y + static_cast<float>(i / in_row) * pitch));
      if (draw_thumb(frame, thumb)) frame.session.findings().show_quality(kind, row);
    }
    const size_t lines = (kind.worst.size() + in_row - 1) / in_row;
    ImGui::SetCursorScreenPos(start);
    ImGui::Dummy(ImVec2(width, pitch * static_cast<float>(lines)));
  }
};

}  // namespace

std::unique_ptr<Panel> make_quality_panel() {
  return std::make_unique<QualityPanel>();
}

}  // namespace errata::viewer

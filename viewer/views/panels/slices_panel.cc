// Weak slices: groups of samples, in the words of the filter, on which the run is worse.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/panels/find_parts.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/rows.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr std::array kColumns{RowColumn{"Samples", 70, true}, RowColumn{"Accuracy", 72, true},
                              RowColumn{"95 % interval", 130, false, true},
                              RowColumn{"p", 62, true, true}, RowColumn{"Where", 0, false}};

class SlicesPanel : public Panel {
 public:
  std::string_view id() const override { return "slices"; }
  std::string title(const AppState& state) const override {
    const auto& slices = state.findings.slices;
    return slices && !slices->slices.empty()
               ? fmt::format("Slices \u00B7 {}", slices->slices.size())
               : "Slices";
  }
  bool offered(const AppState& state) const override { return has_classifier(state); }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const auto& slices = frame.state.findings.slices;
    if (!slices) {
      return draw_nothing_found_yet(
          frame, Overlay::kFindSlices, "Weak slices were not looked for yet",
          "Groups of samples on which the model is worse than on the others: found on one half of "
          "the data, measured and confirmed on the other, in words that filter.");
    }
    draw_find_progress(frame, Overlay::kFindSlices);
    draw_head(frame, *slices);
    if (slices->slices.empty()) {
      return draw_none(frame, "No group is weaker than chance explains");
    }
    Rows rows(theme, kColumns, theme.px(8));
    rows.draw_heads();
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    for (size_t i = 0; i < slices->slices.size(); ++i) draw_slice(frame, rows, *slices, i);
    ImGui::PopStyleVar();
  }

 private:
  static void draw_head(const FrameContext& frame, const SlicesAnswer& slices) {
    const Theme& theme = frame.theme;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float right = at.x + ImGui::GetContentRegionAvail().x;
    const std::string again = "Find again ...";
    const float width = text_width(theme, body(theme), again) + theme.px(24);
    ImGui::SetCursorScreenPos(ImVec2(right - width, at.y));
    if (choice_button(theme, "find", again, width)) frame.run("find.slices");
    std::string text = fmt::format(
        "Run {}: {} of all right; {} groups of {} samples compared, each confirmed on the half it "
        "was not found on",
        to_valid_utf8(slices.run), percent(slices.accuracy), with_thousands(slices.groups),
        with_thousands(slices.looked_at));
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float room = right - width - theme.px(16) - at.x;
    draw_text_fit(theme, list, ImVec2(at.x, at.y + theme.px(6)), room, dim(theme), text);
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(30)));
    const std::string outdated = FindingsDesk::slices_outdated(frame.state);
    if (!outdated.empty()) paragraph(theme, outdated, theme.caution, right - at.x);
    if (!slices.lacks.empty()) paragraph(theme, slices.lacks, theme.text_dim, right - at.x);
  }

  static void draw_slice(const FrameContext& frame, Rows& rows, const SlicesAnswer& slices,
                         size_t i) {
    const Theme& theme = frame.theme;
    const SliceView& slice = slices.slices[i];
    const bool chosen = frame.state.sample_filter() == slice.filter;
    if (rows.begin_row(static_cast<int>(i), chosen)) frame.session.findings().show_slice(slice);
    const bool told = ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal);
    rows.cell(0, body(theme), with_thousands(slice.rows));
    TextStyle accuracy = bold(theme);
    accuracy.color = theme.wrong;
    rows.cell(1, accuracy, percent(slice.accuracy));
    if (rows.width(2) > 0) draw_interval(frame, rows, slices, slice);
    rows.cell(3, dim(theme), fmt::format("{:.2g}", slice.p_value));
    TextStyle words = body(theme);
    words.font = theme.fonts.mono;
    rows.cell(4, words, slice.filter);
    rows.end_row();
    if (!told) return;
    draw_hover(
        theme,
        fmt::format("{} of {} right on the half it was not found on, 95 % interval {} to {}; the "
                    "line marks all samples, {}. p: the chance of so weak a group where none is "
                    "weaker, corrected for the number of groups compared.",
                    percent(slice.accuracy), with_thousands(slice.confirmed_rows),
                    percent(slice.low), percent(slice.high), percent(slices.accuracy)));
  }

  // The slice's interval on the scale from 0 to 1, and a line where all samples are.
  static void draw_interval(const FrameContext& frame, const Rows& rows, const SlicesAnswer& slices,
                            const SliceView& slice) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float left = rows.row_min().x + rows.left(2);
    const float width = theme.px(112);
    const float middle = rows.row_min().y + theme.px(Rows::kHeight) / 2;
    const auto at = [&](double share) {
      return left + width * static_cast<float>(std::clamp(share, 0.0, 1.0));
    };
    list->AddRectFilled(ImVec2(left, middle - theme.px(2)),
                        ImVec2(left + width, middle + theme.px(2)), theme.track, theme.px(2));
    list->AddRectFilled(ImVec2(at(slice.low), middle - theme.px(3)),
                        ImVec2(std::max(at(slice.high), at(slice.low) + 1), middle + theme.px(3)),
                        theme.wrong, theme.px(2));
    list->AddLine(ImVec2(at(slices.accuracy), middle - theme.px(6)),
                  ImVec2(at(slices.accuracy), middle + theme.px(6)), theme.text, theme.px(1.5F));
  }
};

}  // namespace

std::unique_ptr<Panel> make_slices_panel() {
  return std::make_unique<SlicesPanel>();
}

}  // namespace errata::viewer

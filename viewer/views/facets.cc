// Left: values of the facets with their counts, and histograms whose ranges filter.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

// More values than this are folded until asked for.
constexpr size_t kFoldedValues = 12;

class FacetsView : public View {
 public:
  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    if (!begin_region("Facets", frame.regions.left, theme.panel,
                      ImVec2(theme.px(4), theme.px(0)))) {
      ImGui::End();
      return;
    }
    ImGui::GetWindowDrawList()->AddLine(
        ImVec2(frame.regions.left.max.x - 1, frame.regions.left.min.y),
        ImVec2(frame.regions.left.max.x - 1, frame.regions.left.max.y), theme.border);
    // Room for the highlight of a chosen line, which is wider than its text.
    ImGui::BeginChild("list", ImVec2(0, 0), ImGuiChildFlags_AlwaysUseWindowPadding,
                      ImGuiWindowFlags_NoNav);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    if (frame.state.view) draw_all(frame);
    ImGui::PopStyleVar();
    ImGui::EndChild();
    ImGui::End();
  }

 private:
  void draw_all(const FrameContext& frame) {
    const ViewAnswer& view = *frame.state.view;
    bool histograms_drawn = false;
    for (const FacetView& facet : view.facets) {
      if (facet.column == "label" && !histograms_drawn) {
        draw_histograms(frame);
        histograms_drawn = true;
      }
      draw_facet(frame, facet);
    }
    if (!histograms_drawn) draw_histograms(frame);
  }

  static void draw_heading(const FrameContext& frame, std::string_view title) {
    const Theme& theme = frame.theme;
    ImGui::Dummy(ImVec2(0, theme.px(12)));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_words(theme, ImGui::GetWindowDrawList(), at, ImGui::GetContentRegionAvail().x,
               heading(theme), title);
    ImGui::Dummy(ImVec2(0, theme.px(19)));
  }

  void draw_facet(const FrameContext& frame, const FacetView& facet) {
    // Nothing to choose from: no values, or only samples without one.
    if (facet.values.empty() || facet.values[0].null) return;
    draw_heading(frame, facet.title);
    ImGui::PushID(facet.column.c_str());
    const FacetChoice choice = facet_choice(frame.state.filter.draft, facet.column);
    const bool folds = facet.values.size() > kFoldedValues + 1;
    const bool open = open_.contains(facet.column);
    const size_t shown = folds && !open ? kFoldedValues : facet.values.size();
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(shown), frame.theme.px(22));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        ImGui::PushID(i);  // names from data may be anything, alike and empty too
        draw_value(frame, facet, facet.values[static_cast<size_t>(i)], choice);
        ImGui::PopID();
      }
    }
    if (folds) {
      const std::string text =
          open ? std::string("show fewer")
               : fmt::format("show all {}", with_thousands(facet.values.size()));
      if (facet_row(frame.theme, "fold", text, "", false, true, frame.theme.panel)) {
        if (open) {
          open_.erase(facet.column);
        } else {
          open_.insert(facet.column);
        }
      }
    }
    ImGui::PopID();
  }

  static void draw_value(const FrameContext& frame, const FacetView& facet, const FacetValue& value,
                         const FacetChoice& choice) {
    ImU32 dot = 0;
    if (facet.column == "review" && !value.null) dot = review_color(frame.theme, value.text);
    if (facet.column == "outcome" && !value.null) {
      dot = value.text == "wrong" ? frame.theme.wrong : frame.theme.right;
    }
    const bool chosen = value.null ? choice.null : choice.has(value.text);
    if (facet_row(frame.theme, value.text.c_str(), value.null ? "none" : value.text,
                  with_thousands(value.count), chosen, value.count == 0, dot)) {
      frame.session.toggle_facet(facet.column, value.text, value.null);
    }
  }

  static void draw_histograms(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    for (const HistogramView& histogram : frame.state.view->histograms) {
      if (histogram.total == 0) continue;
      draw_heading(frame, histogram.title);
      NumberRange range = number_range(frame.state.filter.draft, histogram.column);
      const float width = ImGui::GetContentRegionAvail().x;
      if (histogram_range(theme, histogram.column.c_str(), histogram, range, width, theme.px(44))) {
        frame.session.set_range(histogram.column, range);
      }
      ImGui::Dummy(ImVec2(0, theme.px(4)));
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const std::string text =
          range.empty() ? fmt::format("{:.2f} to {:.2f}", histogram.low, histogram.high)
                        : fmt::format("{:.2f} to {:.2f}", range.low.value_or(histogram.low),
                                      range.high.value_or(histogram.high));
      ImDrawList* list = ImGui::GetWindowDrawList();
      draw_text(theme, list, at, range.empty() ? small(theme) : dim(theme), text);
      draw_text_right(theme, list, ImVec2(at.x + width, at.y),
                      range.empty() ? small(theme) : dim(theme),
                      with_thousands(count_in_range(histogram, range)));
      ImGui::Dummy(ImVec2(0, theme.px(16)));
    }
  }

  std::set<std::string> open_;
};

}  // namespace

std::unique_ptr<View> make_facets() {
  return std::make_unique<FacetsView>();
}

}  // namespace errata::viewer

// Left: values of the facets with their counts, and histograms whose ranges filter.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/text.h"
#include "viewer/state/table_layout.h"
#include "viewer/views/box_layer.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

// More values than this are shown in part until asked for.
constexpr size_t kFewValues = 12;
// More than this are searched.
constexpr size_t kSearchedAbove = 20;
constexpr float kRowHeight = 22;
constexpr float kHeadingHeight = 24;

// What the filter says of one column.
struct Terms {
  FacetChoice choice;
  std::vector<std::string> excluded;
  NumberRange range;

  bool any() const { return !choice.empty() || !excluded.empty() || !range.empty(); }
  FacetMark mark(const FacetValue& value) const {
    if (value.null) return choice.null ? FacetMark::kChosen : FacetMark::kNone;
    if (choice.has(value.text)) return FacetMark::kChosen;
    const bool out = std::find(excluded.begin(), excluded.end(), value.text) != excluded.end();
    return out ? FacetMark::kExcluded : FacetMark::kNone;
  }
};

Terms terms_of(std::string_view filter, std::string_view column) {
  if (filter.empty()) return {};
  return {facet_choice(filter, column), facet_exclusions(filter, column),
          number_range(filter, column)};
}

// Which values of a facet with many of them are listed, in which order.
struct Listing {
  std::string typed;
  bool by_name = false;
  bool all = false;

  // What the order was made for.
  std::shared_ptr<const ViewAnswer> view;
  std::string made_for;
  std::vector<size_t> order;
};

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
    for (const ViewAnswer::Entry& entry : view.side) {
      if (entry.kind == SectionKind::kFacet) {
        draw_facet(frame, view.facets[entry.index]);
      } else {
        draw_histogram(frame, view.histograms[entry.index]);
      }
    }
    ImGui::Dummy(ImVec2(0, frame.theme.px(16)));
  }

  // Folds when clicked; the cross takes the column's terms out of the filter.
  static void draw_heading(const FrameContext& frame, const std::string& column,
                           std::string_view title, bool folded, const Terms& terms) {
    const Theme& theme = frame.theme;
    ImGui::Dummy(ImVec2(0, theme.px(8)));
    const ImVec2 min = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const float height = theme.px(kHeadingHeight);
    const float cross = terms.any() ? theme.px(20) : 0;
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (ImGui::InvisibleButton(("fold " + column).c_str(), ImVec2(width - cross, height))) {
      frame.session.filters().toggle_folded(column);
    }
    const bool hovered = ImGui::IsItemHovered();
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
      tell_about(frame, column, folded);
    }
    TextStyle style = heading(theme);
    if (hovered) style.color = theme.text;
    const float y = min.y + (height - text_height(theme, style)) / 2;
    const float room = width - cross - theme.px(16);
    draw_text_fit(theme, list, ImVec2(min.x, y), room, style, title);
    // The arrow only says something where it is needed: when folded, and under the pointer.
    if (folded || hovered) {
      const float r = theme.px(3.5F);
      const ImVec2 at(min.x + std::min(room, text_width(theme, style, title)) + theme.px(11),
                      min.y + height / 2);
      const ImVec2 right[] = {ImVec2(at.x - r / 2, at.y - r), ImVec2(at.x + r / 2, at.y),
                              ImVec2(at.x - r / 2, at.y + r)};
      const ImVec2 down[] = {ImVec2(at.x - r, at.y - r / 2), ImVec2(at.x, at.y + r / 2),
                             ImVec2(at.x + r, at.y - r / 2)};
      list->AddPolyline(folded ? right : down, 3, style.color, theme.px(1.5F));
    }
    if (terms.any()) draw_cross(frame, column, ImVec2(min.x + width - cross, min.y), cross);
    ImGui::SetCursorScreenPos(ImVec2(min.x, min.y + height));
  }

  static void tell_about(const FrameContext& frame, const std::string& column, bool folded) {
    const Column* found = frame.state.table().find(column);
    if (found == nullptr || !ImGui::BeginTooltip()) return;
    ImGui::PushTextWrapPos(frame.theme.px(360));
    ImGui::TextUnformatted(column_sentence(column, *found).c_str());
    ImGui::TextUnformatted(folded ? "Click to open" : "Click to fold");
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }

  static void draw_cross(const FrameContext& frame, const std::string& column, ImVec2 min,
                         float width) {
    const Theme& theme = frame.theme;
    const float height = theme.px(kHeadingHeight);
    ImGui::SetCursorScreenPos(min);
    if (ImGui::InvisibleButton(("clear " + column).c_str(), ImVec2(width, height))) {
      frame.session.filters().clear_column(column);
    }
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("take it out of the filter");
    const ImU32 color = ImGui::IsItemHovered() ? theme.text : theme.accent;
    const ImVec2 at(min.x + width - theme.px(5), min.y + height / 2);
    const float r = theme.px(4);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddLine(ImVec2(at.x - r, at.y - r), ImVec2(at.x + r, at.y + r), color, theme.px(1.5F));
    list->AddLine(ImVec2(at.x - r, at.y + r), ImVec2(at.x + r, at.y - r), color, theme.px(1.5F));
  }

  void draw_facet(const FrameContext& frame, const FacetView& facet) {
    // Nothing to choose from: only samples without a value.
    if (!facet.folded && (facet.values.empty() || facet.values[0].null)) return;
    const Terms terms = terms_of(frame.state.filter.draft, facet.column);
    draw_heading(frame, facet.column, facet.title, facet.folded, terms);
    if (facet.folded) return;
    ImGui::PushID(facet.column.c_str());
    if (facet.values.size() > kFewValues + 1) {
      draw_many(frame, facet, terms);
    } else {
      for (size_t i = 0; i < facet.values.size(); ++i) {
        draw_value(frame, facet, i, terms);
      }
    }
    ImGui::PopID();
  }

  void draw_many(const FrameContext& frame, const FacetView& facet, const Terms& terms) {
    Listing& listing = listings_[facet.column];
    if (facet.values.size() > kSearchedAbove) draw_search(frame, facet, listing);
    make_order(frame, facet, terms, listing);
    const size_t found = listing.order.size();
    const bool cut = !listing.all && found > kFewValues + 1;
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(cut ? kFewValues : found), frame.theme.px(kRowHeight));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_value(frame, facet, listing.order[static_cast<size_t>(i)], terms);
      }
    }
    if (found == 0) {
      const ImVec2 at = ImGui::GetCursorScreenPos();
      draw_text(frame.theme, ImGui::GetWindowDrawList(), at, small(frame.theme),
                "nothing of that name");
      ImGui::Dummy(ImVec2(0, frame.theme.px(kRowHeight)));
    }
    if (found <= kFewValues + 1) return;
    const std::string text =
        cut ? fmt::format("show all {}", with_thousands(found)) : std::string("show fewer");
    if (facet_row(frame.theme, "more", text, "", FacetMark::kNone, true, frame.theme.panel)) {
      listing.all = !listing.all;
    }
  }

  static void draw_search(const FrameContext& frame, const FacetView& facet, Listing& listing) {
    const Theme& theme = frame.theme;
    const FontScope font(theme.fonts.regular, Theme::kSmallSize);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(theme.px(7), theme.px(4)));
    const char* order = listing.by_name ? "by name" : "by count";
    const float button = theme.px(66);
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - button - theme.px(4));
    const std::string hint = fmt::format("Search {}", with_thousands(facet.values.size()));
    ImGui::InputTextWithHint(("##search " + facet.column).c_str(), hint.c_str(), &listing.typed);
    ImGui::SameLine(0, theme.px(4));
    if (ImGui::Button(fmt::format("{}###order", order).c_str(), ImVec2(button, 0))) {
      listing.by_name = !listing.by_name;
    }
    ImGui::PopStyleVar();
    ImGui::Dummy(ImVec2(0, theme.px(4)));
  }

  // Once for each change of what it depends on, not in every frame. What the filter names comes
  // first, so that it can be dropped again.
  static void make_order(const FrameContext& frame, const FacetView& facet, const Terms& terms,
                         Listing& listing) {
    const std::string made_for =
        fmt::format("{}\n{}\n{}", listing.typed, listing.by_name, frame.state.filter.draft);
    if (listing.view == frame.state.view && listing.made_for == made_for) return;
    listing.view = frame.state.view;
    listing.made_for = made_for;
    listing.order.clear();
    const std::string wanted = to_lower_ascii(trim(listing.typed));
    for (size_t i = 0; i < facet.values.size(); ++i) {
      if (wanted.empty() || to_lower_ascii(facet.values[i].text).find(wanted) != std::string::npos)
        listing.order.push_back(i);
    }
    if (listing.by_name) {
      std::sort(listing.order.begin(), listing.order.end(),
                [&](size_t a, size_t b) { return facet.values[a].text < facet.values[b].text; });
    }
    if (!terms.any()) return;
    std::stable_partition(listing.order.begin(), listing.order.end(), [&](size_t i) {
      return terms.mark(facet.values[i]) != FacetMark::kNone;
    });
  }

  static void draw_value(const FrameContext& frame, const FacetView& facet, size_t at,
                         const Terms& terms) {
    const FacetValue& value = facet.values[at];
    ImU32 dot = 0;
    if (facet.column == "review" && !value.null) dot = review_color(frame.theme, value.text);
    if (facet.column == "outcome" && !value.null) {
      dot = value.text == "wrong" ? frame.theme.wrong : frame.theme.right;
    }
    if (facet.column == "error" && !value.null) {
      const int32_t code = object_error_dictionary()->find(value.text);
      if (code >= 0) dot = error_color(frame.theme, static_cast<ObjectError>(code));
    }
    const std::string name = value.null ? std::string("none") : to_valid_utf8(value.text);
    ImGui::PushID(static_cast<int>(at));  // names from data may be anything, alike and empty too
    if (facet_row(frame.theme, value.text.c_str(), name, with_thousands(value.count),
                  terms.mark(value), value.count == 0, dot,
                  value.null ? "Click to show these"
                             : "Click to show these, right click to leave them out")) {
      frame.session.toggle_facet(facet.column, value.text, value.null);
    }
    if (!value.null && ImGui::IsItemClicked(ImGuiMouseButton_Right)) {
      frame.session.filters().toggle_exclusion(facet.column, value.text);
    }
    ImGui::PopID();
  }

  static void draw_histogram(const FrameContext& frame, const HistogramView& histogram) {
    const Theme& theme = frame.theme;
    Terms terms;
    terms.range = number_range(frame.state.filter.draft, histogram.column);
    if (!histogram.folded && histogram.total == 0 && terms.range.empty()) return;
    draw_heading(frame, histogram.column, histogram.title, histogram.folded, terms);
    if (histogram.folded || histogram.bins.empty()) return;
    const float width = ImGui::GetContentRegionAvail().x;
    NumberRange range = terms.range;
    if (histogram_range(theme, histogram.column.c_str(), histogram, range, width, theme.px(44))) {
      frame.session.set_range(histogram.column, range);
    }
    ImGui::Dummy(ImVec2(0, theme.px(4)));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string text = range_text(histogram, range);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const TextStyle style = range.empty() ? small(theme) : dim(theme);
    draw_text(theme, list, at, style, text);
    draw_text_right(theme, list, ImVec2(at.x + width, at.y), style,
                    with_thousands(count_in_range(histogram, range)));
    ImGui::Dummy(ImVec2(0, theme.px(16)));
  }

  std::map<std::string, Listing> listings_;  // by column
};

}  // namespace

std::unique_ptr<View> make_facets() {
  return std::make_unique<FacetsView>();
}

}  // namespace errata::viewer

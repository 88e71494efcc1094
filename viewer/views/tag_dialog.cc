// Tags of the selection or of the sample under the cursor: type one, Enter puts it on or takes it
// off.
#include <fmt/format.h>

#include "base/text.h"
#include "viewer/views/overlay.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr size_t kMostVisible = 9;

class TagDialog : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kTag, "Tags", 460, 0.16F)) return;
    const Theme& theme = frame.theme;
    const size_t targets = frame.state.target_count();
    const std::string head =
        targets == 1 ? std::string("Tags of this sample")
                     : fmt::format("Tags of the {} selected samples", with_thousands(targets));
    draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
               ImGui::GetContentRegionAvail().x, heading(theme), head);
    ImGui::Dummy(ImVec2(0, theme.px(20)));
    overlay_search(frame, "Type a tag");
    match(frame.state);
    int taken = -1;
    if (lines_.empty() && matched_for_.empty()) {
      ImGui::Dummy(ImVec2(0, theme.px(2)));
      draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                 ImGui::GetContentRegionAvail().x, dim(theme), "There is no tag yet");
      ImGui::Dummy(ImVec2(0, theme.px(24)));
    } else {
      taken = overlay_list(
          frame, lines_.size(), theme.px(30), kMostVisible,
          [&](size_t i, ImVec2 min, ImVec2 max, bool) { draw_line(theme, lines_[i], min, max); });
    }
    draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
               ImGui::GetContentRegionAvail().x, small(theme),
               "Enter adds the tag, or takes it off where it is on \u00B7 Esc closes");
    ImGui::Dummy(ImVec2(0, theme.px(16)));
    end_overlay(frame);
    if (taken < 0) return;
    const std::string tag = lines_[static_cast<size_t>(taken)].tag;
    frame.session.state().overlay_text.clear();
    frame.session.log().toggle_tag(tag);
  }

 private:
  // Made anew only when the tags or the typed text are others.
  void match(const AppState& state) {
    const std::string typed(trim(state.overlay_text));
    if (typed == matched_for_ && state.tags.number == number_) return;
    matched_for_ = typed;
    number_ = state.tags.number;
    lines_.clear();
    bool exact = false;
    for (const TagChoice& choice : state.tags.tags) {
      if (to_lower_ascii(choice.tag).find(to_lower_ascii(typed)) == std::string::npos) continue;
      exact = exact || choice.tag == typed;
      lines_.push_back(choice);
    }
    if (!typed.empty() && !exact) lines_.insert(lines_.begin(), {typed, 0, false});
  }

  static void draw_line(const Theme& theme, const TagChoice& line, ImVec2 min, ImVec2 max) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const TextStyle style = body(theme);
    const float y = min.y + (max.y - min.y - text_height(theme, style)) / 2;
    const std::string count = line.count == 0 ? "new" : with_thousands(line.count);
    draw_text_right(theme, list, ImVec2(max.x - theme.px(10), y), dim(theme), count);
    const float box = theme.px(13);
    const ImVec2 at(min.x + theme.px(10), (min.y + max.y - box) / 2);
    const ImVec2 to(at.x + box, at.y + box);
    if (line.on) list->AddRectFilled(at, to, theme.accent, theme.px(3));
    list->AddRect(at, to, line.on ? theme.accent : theme.text_faint, theme.px(3));
    const float x = to.x + theme.px(9);
    draw_text_fit(theme, list, ImVec2(x, y), max.x - theme.px(90) - x, style, line.tag);
  }

  std::string matched_for_ = "\n";
  uint64_t number_ = 0;
  std::vector<TagChoice> lines_;
};

}  // namespace

std::unique_ptr<View> make_tag_dialog() {
  return std::make_unique<TagDialog>();
}

}  // namespace errata::viewer

// Ctrl P: every command by its name.
#include "viewer/views/overlay.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

class Palette : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kPalette, "Palette", 560, 0.14F)) {
      found_for_ = "\n";  // no one-line field holds this: search anew when it opens again
      return;
    }
    const Theme& theme = frame.theme;
    overlay_search(frame, "What do you want to do?");
    if (frame.state.overlay_text != found_for_) {
      found_for_ = frame.state.overlay_text;
      found_ = frame.commands.search(found_for_);
    }
    const int taken = overlay_list(
        frame, found_.size(), theme.px(30), 14,
        [&](size_t i, ImVec2 min, ImVec2 max, bool) { draw_line(frame, *found_[i], min, max); });
    end_overlay(frame);
    if (taken < 0) return;
    const std::string id = found_[static_cast<size_t>(taken)]->id;
    frame.session.show_overlay(Overlay::kNone);
    frame.run(id);
  }

 private:
  static void draw_line(const FrameContext& frame, const Command& command, ImVec2 min, ImVec2 max) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    TextStyle style = body(theme);
    if (!command.enabled(frame.state)) style.color = theme.text_faint;
    const float y = min.y + (max.y - min.y - text_height(theme, style)) / 2;
    const float menu_width = theme.px(64);
    draw_text(theme, list, ImVec2(min.x + theme.px(10), y + theme.px(1)), small(theme),
              menu_title(command.menu));
    float right = max.x - theme.px(10);
    if (!command.keys.empty()) {
      const std::string key = key_text(command.keys[0]);
      right -= key_cap_width(theme, key);
      draw_key_cap(theme, list, ImVec2(right, min.y + (max.y - min.y - key_cap_height(theme)) / 2),
                   key);
    }
    const float x = min.x + theme.px(10) + menu_width;
    draw_words(theme, list, ImVec2(x, y), right - x - theme.px(10), style, command.title);
  }

  std::string found_for_ = "\n";
  std::vector<const Command*> found_;
};

}  // namespace

std::unique_ptr<View> make_palette() {
  return std::make_unique<Palette>();
}

}  // namespace errata::viewer

// ?: every key on one page, from the registry.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "viewer/views/overlay.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/display_text.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLineHeight = 22;
constexpr size_t kColumns = 3;
constexpr std::array kMenus{Menu::kReview, Menu::kFind, Menu::kObjects, Menu::kEdit,
                            Menu::kView,   Menu::kFile, Menu::kRun,     Menu::kHelp};

class KeyHelp : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kKeyHelp, "Key help", 1180, 0.03F)) return;
    const Theme& theme = frame.theme;
    if (lines_.empty()) make_lines(frame.commands);
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const float gap = theme.px(32);
    const float column_width = (width - gap) / kColumns;
    const float line = theme.px(kLineHeight);
    const size_t in_column = (lines_.size() + kColumns - 1) / kColumns;
    for (size_t i = 0; i < lines_.size(); ++i) {
      const auto column = static_cast<float>(i / in_column);
      const auto row = static_cast<float>(i % in_column);
      draw_line(frame, lines_[i],
                ImVec2(start.x + column * (column_width + gap), start.y + row * line),
                column_width);
    }
    ImGui::Dummy(ImVec2(width, line * static_cast<float>(in_column)));
    end_overlay(frame);
  }

 private:
  struct Line {
    const Command* command = nullptr;  // null: a heading
    std::string_view title;
  };

  void make_lines(const CommandRegistry& commands) {
    for (const Menu menu : kMenus) {
      const auto has_key = [&](const Command& each) {
        return each.menu == menu && !each.keys.empty();
      };
      if (std::none_of(commands.all().begin(), commands.all().end(), has_key)) continue;
      lines_.push_back({nullptr, menu_title(menu)});
      for (const Command& command : commands.all()) {
        if (command.menu != menu || command.keys.empty()) continue;
        // What each of the four arrows does alike is one line.
        if (command.id.starts_with("object.nudge_") || command.id.starts_with("object.size_")) {
          if (command.keys[0].key != Key::kLeft) continue;
          lines_.push_back({&command, command.id.starts_with("object.nudge_")
                                          ? "Move the box, with any arrow"
                                          : "Resize the box, with any arrow"});
          continue;
        }
        lines_.push_back({&command, command.title});
      }
    }
  }

  static void draw_line(const FrameContext& frame, const Line& line, ImVec2 at, float width) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (line.command == nullptr) {
      draw_words(theme, list, ImVec2(at.x, at.y + theme.px(8)), width, heading(theme), line.title);
      return;
    }
    const float keys_width = theme.px(122);
    float x = at.x;
    for (const KeyChord& chord : line.command->keys) {
      x += draw_key_cap(theme, list, ImVec2(x, at.y + theme.px(3)), key_text(chord)) + theme.px(5);
    }
    draw_words(theme, list, ImVec2(at.x + keys_width, at.y + theme.px(5)), width - keys_width,
               body(theme), line.title);
  }

  std::vector<Line> lines_;
};

}  // namespace

std::unique_ptr<View> make_key_help() {
  return std::make_unique<KeyHelp>();
}

}  // namespace errata::viewer

// An error or a note above the status bar: what happened and what to do, until it is dismissed.
#include <algorithm>

#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr double kNoteSecs = 4;
constexpr double kOfferSecs = 30;

class MessageView : public View {
 public:
  void draw(const FrameContext& frame) override {
    AppState& state = frame.session.state();
    if (!state.message) {
      shown_since_secs_ = -1;
      return;
    }
    if (shown_since_secs_ < 0 || state.message->text != shown_) {
      shown_since_secs_ = frame.now_secs;
      shown_ = state.message->text;
    }
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.centre;
    const bool is_error = state.message->is_error;
    const float width = std::min(theme.px(620), rect.width() - theme.px(40));
    ImGui::SetNextWindowPos(ImVec2((rect.min.x + rect.max.x) / 2, rect.max.y - theme.px(16)), 0,
                            ImVec2(0.5F, 1.0F));
    ImGui::SetNextWindowSizeConstraints(ImVec2(0, 0), ImVec2(width, rect.height()));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, theme.raised);
    ImGui::PushStyleColor(ImGuiCol_Border, is_error ? theme.wrong : theme.border);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, theme.px(7));
    if (ImGui::Begin("Message", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_AlwaysAutoResize |
                         ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav |
                         ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoDocking)) {
      ImGui::PushTextWrapPos(width - theme.px(24));
      ImGui::PushStyleColor(ImGuiCol_Text, is_error ? theme.wrong : theme.text);
      ImGui::TextUnformatted(state.message->text.c_str());
      ImGui::PopStyleColor();
      if (!state.message->hint.empty()) {
        ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
        ImGui::TextUnformatted(state.message->hint.c_str());
        ImGui::PopStyleColor();
      }
      ImGui::PopTextWrapPos();
      if (is_error && ImGui::SmallButton("Dismiss")) dismissed_ = true;
      draw_next(frame);
    }
    ImGui::End();
    ImGui::PopStyleVar(2);
    ImGui::PopStyleColor(2);
    // What a note offers stays long enough to be read and clicked.
    const double secs = state.message->command.empty() ? kNoteSecs : kOfferSecs;
    const bool over = !is_error && frame.now_secs - shown_since_secs_ > secs;
    if (dismissed_ || over) state.message.reset();
    dismissed_ = false;
  }

 private:
  void draw_next(const FrameContext& frame) {
    const Command* command = frame.commands.find(frame.state.message->command);
    if (command == nullptr || !command->enabled(frame.state)) return;
    const Theme& theme = frame.theme;
    const std::string key = command->keys.empty() ? std::string() : key_text(command->keys[0]);
    const float width = action_button_width(theme, key, command->title);
    if (action_button(theme, "next", key, command->title, width, true, true)) {
      frame.run(command->id);
      dismissed_ = true;
    }
  }

  double shown_since_secs_ = -1;
  std::string shown_;
  bool dismissed_ = false;
};

}  // namespace

std::unique_ptr<View> make_message() {
  return std::make_unique<MessageView>();
}

}  // namespace errata::viewer

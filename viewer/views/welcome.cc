// The first steps: from an empty store to the first ranked mistakes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kWidth = 660;
constexpr float kStepHeight = 96;
constexpr float kStepGap = 12;
constexpr size_t kMostRecent = 5;

enum class StepState : uint8_t { kDone, kNext, kLater };

struct Step {
  std::string_view title;
  std::string text;
  StepState state = StepState::kLater;
  std::array<std::string_view, 2> commands{};  // what does it; the first is the usual one
};

class Welcome : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!frame.state.jobs.welcome) return;
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.centre;
    if (begin_region("Welcome", rect, theme.background, ImVec2(0, 0))) {
      const float width = std::min(theme.px(kWidth), rect.width() - theme.px(60));
      const float x = rect.min.x + (rect.width() - width) / 2;
      const float height = theme.px(84 + 3 * (kStepHeight + kStepGap) + 120);
      float y = rect.min.y + std::max(theme.px(20), (rect.height() - height) * 0.4F);
      y = draw_head(frame, ImVec2(x, y), width);
      size_t number = 1;
      for (const Step& step : steps(frame.state)) {
        draw_step(frame, step, number++, ImVec2(x, y), width);
        y += theme.px(kStepHeight + kStepGap);
      }
      draw_foot(frame, ImVec2(x, y + theme.px(6)), width);
    }
    ImGui::End();
  }

 private:
  static std::array<Step, 3> steps(const AppState& state) {
    const bool images = !state.snapshot.ids.empty();
    const bool run = state.active_run() != nullptr;
    const bool boxes =
        state.objects.ready() && state.snapshot.samples.find("prediction") == nullptr;
    std::array<Step, 3> steps{
        Step{
            "Open a folder of images",
            "One folder a class, boxes of COCO, YOLO or VOC, a CSV, IDX or CIFAR files. Or drop it "
            "onto this window.",
            StepState::kNext,
            {"file.import"}},
        Step{"Say what a model thinks of them",
             "Attach the predictions you have, or run a TorchScript model here.",
             StepState::kLater,
             {"run.predictions", "run.infer"}},
        Step{"Look at the mistakes",
             "Where prediction and label differ, the most confident first.",
             StepState::kLater,
             {"view.mistakes"}}};
    if (boxes) {
      steps[2].title = "Look at the objects";
      steps[2].text = "Each label and detection as a crop, the most doubtful first.";
      steps[2].commands = {"view.objects"};
    }
    if (images) {
      steps[0].state = StepState::kDone;
      steps[0].text =
          fmt::format("{} images of {} classes", with_thousands(state.snapshot.ids.size()),
                      with_thousands(state.snapshot.classes.size()));
      steps[1].state = StepState::kNext;
    }
    if (images && run) {
      steps[1].state = StepState::kDone;
      steps[1].text = fmt::format("{} predicts {} samples", to_valid_utf8(state.active_run()->name),
                                  with_thousands(state.active_run()->predicted_samples));
      steps[2].state = StepState::kNext;
    }
    return steps;
  }

  static float draw_head(const FrameContext& frame, ImVec2 at, float width) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    constexpr float kTitleSize = 24;
    const TextStyle title{theme.fonts.bold, kTitleSize, theme.text};
    draw_words(theme, list, at, width, title, "Find what is wrong in your dataset");
    draw_text_fit(theme, list, ImVec2(at.x, at.y + theme.px(36)), width, dim(theme),
                  frame.state.no_store
                      ? to_valid_utf8(frame.state.store_name) + " is made by the first import"
                      : to_valid_utf8(frame.state.store_name));
    return at.y + theme.px(72);
  }

  static void draw_step(const FrameContext& frame, const Step& step, size_t number, ImVec2 min,
                        float width) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 max(min.x + width, min.y + theme.px(kStepHeight));
    const bool next = step.state == StepState::kNext;
    const bool done = step.state == StepState::kDone;
    list->AddRectFilled(min, max, theme.panel, theme.px(9));
    list->AddRect(min, max, next ? theme.accent : theme.border, theme.px(9));
    const float radius = theme.px(13);
    const ImVec2 centre(min.x + theme.px(30), min.y + theme.px(28));
    list->AddCircleFilled(centre, radius, done ? theme.right : next ? theme.accent : theme.track);
    TextStyle digit = bold(theme);
    digit.color = done || next ? theme.panel : theme.text_dim;
    const std::string text = std::to_string(number);
    if (done) {
      const float s = theme.px(5);
      const std::array<ImVec2, 3> tick{ImVec2(centre.x - s, centre.y),
                                       ImVec2(centre.x - s * 0.2F, centre.y + s * 0.8F),
                                       ImVec2(centre.x + s, centre.y - s * 0.8F)};
      list->AddPolyline(tick.data(), 3, theme.panel, theme.px(2));
    } else {
      draw_text(theme, list,
                ImVec2(centre.x - text_width(theme, digit, text) / 2,
                       centre.y - text_height(theme, digit) / 2),
                digit, text);
    }
    const float x = min.x + theme.px(58);
    const float room = max.x - theme.px(16) - x;
    TextStyle title = bold(theme);
    if (step.state == StepState::kLater) title.color = theme.text_dim;
    draw_words(theme, list, ImVec2(x, min.y + theme.px(12)), room, title, step.title);
    draw_words(theme, list, ImVec2(x, min.y + theme.px(32)), room, dim(theme), step.text);
    ImGui::SetCursorScreenPos(ImVec2(x, min.y + theme.px(56)));
    for (const std::string_view id : step.commands) {
      const Command* command = frame.commands.find(id);
      if (command == nullptr) continue;
      const std::string key = command->keys.empty() ? std::string() : key_text(command->keys[0]);
      const float button = action_button_width(theme, key, command->title);
      const bool first = id == step.commands[0];
      if (action_button(theme, command->id.c_str(), key, command->title, button, next && first,
                        step.state != StepState::kLater)) {
        if (id == "view.mistakes" || id == "view.objects") {
          frame.session.state().jobs.welcome = false;
        }
        frame.run(id);
      }
      ImGui::SameLine(0, theme.px(8));
    }
    ImGui::NewLine();
  }

  static void draw_foot(const FrameContext& frame, ImVec2 at, float width) {
    const Theme& theme = frame.theme;
    ImGui::SetCursorScreenPos(at);
    if (choice_button(theme, "open", "Open a store ...", theme.px(240))) frame.run("file.open");
    if (!frame.state.snapshot.ids.empty()) {
      ImGui::SameLine(0, theme.px(8));
      if (choice_button(theme, "skip", "Just look at the images", theme.px(260))) {
        frame.session.state().jobs.welcome = false;
      }
    }
    const std::vector<std::string>& recent = frame.state.jobs.recent_stores;
    float y = at.y + theme.px(40);
    if (recent.empty() || y > frame.regions.centre.max.y - theme.px(50)) return;
    draw_words(theme, ImGui::GetWindowDrawList(), ImVec2(at.x, y), width, heading(theme),
               "Recent stores");
    y += theme.px(20);
    for (size_t i = 0; i < recent.size() && i < kMostRecent; ++i, y += theme.px(24)) {
      ImGui::PushID(static_cast<int>(i));
      ImGui::SetCursorScreenPos(ImVec2(at.x, y));
      if (ImGui::InvisibleButton("recent", ImVec2(width, theme.px(24)))) {
        frame.session.jobs().open_store(recent[i]);
      }
      TextStyle style = body(theme);
      style.color = ImGui::IsItemHovered() ? theme.text : theme.accent;
      ImDrawList* list = ImGui::GetWindowDrawList();
      const float used = draw_text_fit(theme, list, ImVec2(at.x, y + theme.px(4)), width * 0.4F,
                                       style, to_valid_utf8(base_name(recent[i])));
      draw_text_fit(theme, list, ImVec2(at.x + used + theme.px(10), y + theme.px(4)),
                    width - used - theme.px(10), small(theme),
                    to_valid_utf8(parent_path(recent[i])));
      ImGui::PopID();
    }
  }
};

}  // namespace

std::unique_ptr<View> make_welcome() {
  return std::make_unique<Welcome>();
}

}  // namespace errata::viewer

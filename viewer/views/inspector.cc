// Right: the sample under the cursor, what the models say of it, and what can be done about it.
#include <algorithm>
#include <array>
#include <span>

#include "viewer/views/box_layer.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/image_view.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kActionHeight = 32;
constexpr float kActionGap = 6;
constexpr float kActionsTop = 12;  // below what scrolls
// A low window leaves room for fewer bars; there are never more than digits to take one.
constexpr float kTallFrom = 760;
constexpr size_t kFewBars = 5;
constexpr size_t kFewestBars = 3;  // beside neighbours
constexpr size_t kMostBars = 9;
// Samples after the cursor whose images are decoded ahead.
constexpr size_t kAhead = 2;

struct Action {
  const char* id;
  const char* command;
};
constexpr std::array kActions{
    Action{"accept", "review.accept"},   Action{"keep", "review.keep"},
    Action{"relabel", "review.relabel"}, Action{"ambiguous", "review.ambiguous"},
    Action{"exclude", "review.exclude"}, Action{"undo", "edit.undo"},
};

constexpr std::array kObjectActions{
    Action{"accept", "review.accept"},      Action{"draw", "object.draw"},
    Action{"class", "review.relabel"},      Action{"ambiguous", "review.ambiguous"},
    Action{"alike", "object.accept_alike"}, Action{"keep", "review.keep"},
    Action{"delete", "object.delete"},      Action{"undo", "edit.undo"},
};

class Inspector : public View {
 public:
  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    if (begin_region("Inspector", frame.regions.right, theme.panel,
                     ImVec2(theme.px(14), theme.px(12)))) {
      ImGui::GetWindowDrawList()->AddLine(
          frame.regions.right.min, ImVec2(frame.regions.right.min.x, frame.regions.right.max.y),
          theme.border);
      const std::optional<RowIndex> row = frame.state.cursor_row();
      const std::span<const Action> shown = frame.state.objects_addressed()
                                                ? std::span<const Action>(kObjectActions)
                                                : std::span<const Action>(kActions);
      const auto lines = static_cast<float>((shown.size() + 1) / 2);
      const float actions = theme.px(kActionHeight + kActionGap) * lines + theme.px(kActionsTop);
      const float room = ImGui::GetContentRegionAvail().y - actions;
      ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
      ImGui::BeginChild("sample", ImVec2(0, std::max(room, theme.px(80))));
      if (row) draw_sample(frame, *row);
      ImGui::EndChild();
      draw_actions(frame, shown);
      ImGui::PopStyleVar();
    }
    ImGui::End();
  }

 private:
  void draw_sample(const FrameContext& frame, RowIndex row) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    const SampleId id = state.snapshot.ids[row];
    if (id != shown_) {
      view_ = ImageViewState();
      ImGui::SetScrollY(0);
    }
    shown_ = id;
    // The scroll bar's place is kept free, so that nothing moves when it comes.
    const float width = ImGui::GetWindowWidth() - ImGui::GetStyle().ScrollbarSize - theme.px(2);
    const bool tall = frame.regions.right.height() >= theme.px(kTallFrom);
    const bool embedded = InspectDesk::has_embeddings(state);
    const float share = embedded ? 0.32F : 0.38F;
    const float height = std::clamp(ImGui::GetWindowHeight() * share, theme.px(140), width);
    BoxLayer boxes(frame, row, boxes_, false);
    ImageWish& wish = frame.session.state().inspect.image_wish;
    const TextureRegion* region = frame.pictures.image(id);
    const std::string* problem = frame.pictures.problem(id);
    image_view(theme, "image", region, frame.pictures.pixels(id),
               problem != nullptr ? std::string_view(*problem) : std::string_view(),
               ImVec2(width, height), view_, state.layout.show_large ? nullptr : &wish, &boxes);
    wish_next(frame);
    const Inspected sample{frame, row, width};
    draw_sample_name(sample);
    if (const std::optional<RowIndex> object = state.current_object();
        object && state.objects.ready()) {
      draw_object(sample, *object);
      draw_tags(sample);
    } else {
      draw_decision(sample);
      draw_tags(sample);
      draw_probabilities(sample, tall ? kMostBars : embedded ? kFewestBars : kFewBars);
      draw_evidence(sample);
      draw_scores(sample);
      draw_attributes(sample);
    }
    draw_history(sample);
    ImGui::Dummy(ImVec2(0, theme.px(8)));
  }

  // The samples the cursor goes to next, so that they are there when it does.
  static void wish_next(const FrameContext& frame) {
    const AppState& state = frame.state;
    for (size_t i = state.cursor + 1; i <= state.cursor + kAhead && i < state.view->order.size();
         ++i) {
      frame.pictures.image_soon(state.snapshot.ids[state.sample_of(state.view->order[i])]);
    }
  }

  static void draw_actions(const FrameContext& frame, std::span<const Action> actions) {
    const Theme& theme = frame.theme;
    const float gap = theme.px(kActionGap);
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float whole = ImGui::GetContentRegionAvail().x;
    const float width = (whole - gap) / 2;
    ImGui::GetWindowDrawList()->AddLine(start, ImVec2(start.x + whole, start.y), theme.border);
    for (size_t i = 0; i < actions.size(); ++i) {
      const Command* command = frame.commands.find(actions[i].command);
      const auto column = static_cast<float>(i % 2);
      const auto line_number = static_cast<float>(i / 2);
      ImGui::SetCursorScreenPos(
          ImVec2(start.x + column * (width + gap),
                 start.y + theme.px(kActionsTop) + line_number * (theme.px(kActionHeight) + gap)));
      const std::string title =
          command->title_now ? command->title_now(frame.state) : command->title;
      if (action_button(theme, actions[i].id, key_text(command->keys[0]), title, width, i == 0,
                        command->enabled(frame.state))) {
        frame.run(command->id);
      }
      if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
        draw_hover(theme, title + "\n" + command->help);
      }
    }
  }

  SampleId shown_ = 0;
  ImageViewState view_;
  BoxCanvas boxes_;
};

}  // namespace

std::unique_ptr<View> make_inspector() {
  return std::make_unique<Inspector>();
}

}  // namespace errata::viewer

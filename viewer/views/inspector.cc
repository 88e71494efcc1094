// Right: the sample under the cursor, what the model says of it, and what can be done about it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"
#include "model/scores.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr size_t kMostBars = 9;  // as many as there are digits to take one
constexpr float kActionHeight = 32;
constexpr float kActionGap = 6;

struct Action {
  const char* id;
  const char* command;
};
constexpr std::array kActions{
    Action{"accept", "review.accept"},   Action{"keep", "review.keep"},
    Action{"relabel", "review.relabel"}, Action{"ambiguous", "review.ambiguous"},
    Action{"exclude", "review.exclude"}, Action{"undo", "edit.undo"},
};

std::string text_of(const Table& samples, const char* column, RowIndex row) {
  const Column* found = samples.find(column);
  return found == nullptr || found->is_null(row) ? std::string()
                                                 : to_valid_utf8(found->display(row));
}

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
      const float actions = theme.px(kActionHeight + kActionGap) * 3 + theme.px(4);
      const float room = ImGui::GetContentRegionAvail().y - actions;
      ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
      ImGui::BeginChild("sample", ImVec2(0, std::max(room, theme.px(80))));
      if (row) draw_sample(frame, *row);
      ImGui::EndChild();
      draw_actions(frame);
      ImGui::PopStyleVar();
    }
    ImGui::End();
  }

 private:
  void draw_sample(const FrameContext& frame, RowIndex row) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    const SampleId sample = state.snapshot.ids[row];
    if (sample != shown_) view_ = ImageViewState();
    shown_ = sample;
    const float width = ImGui::GetContentRegionAvail().x;
    const float height = std::clamp(ImGui::GetWindowHeight() * 0.38F, theme.px(140), width);
    const std::string* problem = frame.pictures.problem(sample);
    image_view(theme, "image", frame.pictures.image(sample),
               problem != nullptr ? std::string_view(*problem) : std::string_view(),
               ImVec2(width, height), view_);
    wish_neighbours(frame);
    ImGui::Dummy(ImVec2(0, theme.px(10)));
    draw_name(frame, row, width);
    draw_decision(frame, row, width);
    draw_probabilities(frame, row, width);
    draw_scores(frame, row, width);
  }

  // The samples the cursor goes to next, so that they are there when it does.
  static void wish_neighbours(const FrameContext& frame) {
    const AppState& state = frame.state;
    constexpr size_t kAhead = 2;
    for (size_t i = state.cursor + 1; i <= state.cursor + kAhead && i < state.view->order.size();
         ++i) {
      frame.pictures.image_soon(state.snapshot.ids[state.view->order[i]]);
    }
  }

  static void draw_name(const FrameContext& frame, RowIndex row, float width) {
    const Theme& theme = frame.theme;
    const Table& samples = frame.state.snapshot.samples;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string path = text_of(samples, "path", row);
    const std::string split = text_of(samples, "split", row);
    std::string facts = fmt::format("{} \u00D7 {}", text_of(samples, "width", row),
                                    text_of(samples, "height", row));
    if (!split.empty()) facts += " \u00B7 " + split;
    const float facts_width = text_width(theme, dim(theme), facts);
    // The last part of the path says most; the whole of it stands in the hover.
    std::string name = path;
    if (text_width(theme, bold(theme), name) > width - facts_width - theme.px(12)) {
      name = std::string(base_name(path));
    }
    ImGui::InvisibleButton("path", ImVec2(width, theme.px(20)));
    if (ImGui::IsItemHovered()) {
      const std::string& absolute = frame.state.detail.absolute_path;
      ImGui::SetTooltip("%s\nclick to copy the path",
                        absolute.empty() ? path.c_str() : to_valid_utf8(absolute).c_str());
    }
    if (ImGui::IsItemClicked()) {
      const std::string& absolute = frame.state.detail.absolute_path;
      ImGui::SetClipboardText(absolute.empty() ? path.c_str() : absolute.c_str());
      frame.session.show_note("The path was copied");
    }
    draw_text_fit(theme, list, at, width - facts_width - theme.px(12), bold(theme), name);
    draw_text_right(theme, list, ImVec2(at.x + width, at.y), dim(theme), facts);
  }

  static void section(const FrameContext& frame, std::string_view title) {
    const Theme& theme = frame.theme;
    ImGui::Dummy(ImVec2(0, theme.px(12)));
    draw_text_fit(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                  ImGui::GetContentRegionAvail().x, heading(theme), title);
    ImGui::Dummy(ImVec2(0, theme.px(19)));
  }

  static void line(const FrameContext& frame, std::string_view name, std::string_view value,
                   ImU32 color, float width) {
    const Theme& theme = frame.theme;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    TextStyle style = body(theme);
    draw_text(theme, list, at, dim(theme), name);
    if (color != 0) style.color = color;
    const float room = width - text_width(theme, style, name) - theme.px(12);
    const float value_width = std::min(room, text_width(theme, style, value));
    draw_text_fit(theme, list, ImVec2(at.x + width - value_width, at.y), value_width + 1, style,
                  value);
    ImGui::Dummy(ImVec2(width, theme.px(20)));
  }

  static void draw_decision(const FrameContext& frame, RowIndex row, float width) {
    const Theme& theme = frame.theme;
    const Table& samples = frame.state.snapshot.samples;
    ImGui::Dummy(ImVec2(0, theme.px(6)));
    const std::string label = text_of(samples, "label", row);
    const std::string given = text_of(samples, "label_given", row);
    const std::string review = text_of(samples, "review", row);
    const std::string predicted = text_of(samples, "prediction", row);
    line(frame, "label", label.empty() ? "none" : label, label.empty() ? theme.text_faint : 0,
         width);
    if (given != label && !given.empty()) line(frame, "was imported as", given, 0, width);
    if (!predicted.empty()) {
      line(frame, "prediction", predicted, predicted == label ? theme.right : theme.wrong, width);
    }
    if (!review.empty() && review != "unseen") {
      line(frame, "review", review, review_color(theme, review), width);
    }
  }

  static void draw_probabilities(const FrameContext& frame, RowIndex row, float width) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    const RunSummary* run = state.active_run();
    const SampleDetail& detail = state.detail;
    if (run == nullptr || run->kind != "probabilities") return;
    section(frame, fmt::format("Probability \u00B7 run {}", to_valid_utf8(run->name)));
    const std::string label = text_of(state.snapshot.samples, "label", row);
    if (detail.ready && detail.by_probability.empty()) {
      draw_text(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), small(theme),
                "this run has no prediction for the sample");
    }
    const size_t bars = std::min({kMostBars, detail.by_probability.size(), run->classes.size()});
    float name_width = theme.px(60);
    for (size_t k = 0; k < bars; ++k) {
      const std::string& name = run->classes[detail.by_probability[k]].name;
      const std::string_view mark = name == label ? " \u00B7 label" : "";
      name_width = std::max(
          name_width, text_width(theme, body(theme), name) + text_width(theme, body(theme), mark));
    }
    name_width = std::min(name_width + theme.px(12), width * 0.42F);
    for (size_t k = 0; k < bars; ++k) {
      const ClassIndex index = detail.by_probability[k];
      const std::string& name = run->classes[index].name;
      draw_probability(frame, k, name, detail.probabilities[static_cast<size_t>(index)],
                       name == label, name_width, width);
    }
    // While the next row is on its way the lines below keep their place.
    if (!detail.ready) {
      const size_t expected = std::min(kMostBars, run->classes.size());
      ImGui::Dummy(ImVec2(0, theme.px(22) * static_cast<float>(expected)));
    }
  }

  static void draw_probability(const FrameContext& frame, size_t k, const std::string& name,
                               float probability, bool is_label, float name_width, float width) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = theme.px(22);
    ImGui::PushID(static_cast<int>(k));
    if (ImGui::InvisibleButton("class", ImVec2(width, height))) {
      frame.run(fmt::format("review.probable_{}", k + 1));
    }
    if (ImGui::IsItemHovered()) {
      list->AddRectFilled(ImVec2(at.x - theme.px(4), at.y), ImVec2(at.x + width, at.y + height),
                          theme.hovered, theme.px(4));
      ImGui::SetTooltip("%s", fmt::format("{}: {:.6f}\nclick or press {} to make it the label",
                                          name, probability, k + 1)
                                  .c_str());
    }
    ImGui::PopID();
    const float key_width = theme.px(16);
    const float text_y = at.y + (height - text_height(theme, body(theme))) / 2;
    draw_text(theme, list, ImVec2(at.x, text_y + theme.px(1)), small(theme), std::to_string(k + 1));
    const float name_x = at.x + key_width;
    const float used = draw_text_fit(theme, list, ImVec2(name_x, text_y), name_width - theme.px(8),
                                     body(theme), name);
    if (is_label) {
      draw_text_fit(theme, list, ImVec2(name_x + used, text_y), name_width - used + theme.px(4),
                    dim(theme), " \u00B7 label");
    }
    const float value_width = theme.px(44);
    const float bar_left = at.x + key_width + name_width;
    const float middle = at.y + height / 2;
    ImU32 color = with_alpha(theme.text_faint, 0.8F);
    if (k == 0) color = is_label ? theme.right : theme.wrong;
    if (k != 0 && is_label) color = theme.accent;
    draw_bar(theme, list, ImVec2(bar_left, middle - theme.px(4)),
             ImVec2(at.x + width - value_width, middle + theme.px(4)), probability, color);
    draw_text_right(theme, list, ImVec2(at.x + width, text_y), body(theme),
                    fmt::format("{:.3f}", probability));
  }

  static void draw_scores(const FrameContext& frame, RowIndex row, float width) {
    const Table& samples = frame.state.snapshot.samples;
    bool any = false;
    for (const ScoreInfo& score : all_scores()) {
      const Column* column = samples.find(score.name);
      if (column == nullptr || column->is_null(row)) continue;
      if (!any) section(frame, "Scores");
      any = true;
      const ImVec2 at = ImGui::GetCursorScreenPos();
      line(frame, column_title(score.name), fmt::format("{:.3f}", column->number(row)), 0, width);
      const ImVec2 end(at.x + width, at.y + frame.theme.px(20));
      if (ImGui::IsMouseHoveringRect(at, end) && ImGui::IsWindowHovered()) {
        ImGui::BeginTooltip();
        ImGui::PushTextWrapPos(frame.theme.px(360));
        ImGui::TextUnformatted(score.sentence.data(),
                               score.sentence.data() + score.sentence.size());
        ImGui::PopTextWrapPos();
        ImGui::EndTooltip();
      }
    }
  }

  static void draw_actions(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const float gap = theme.px(kActionGap);
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float width = (ImGui::GetContentRegionAvail().x - gap) / 2;
    for (size_t i = 0; i < kActions.size(); ++i) {
      const Command* command = frame.commands.find(kActions[i].command);
      const auto column = static_cast<float>(i % 2);
      const auto line_number = static_cast<float>(i / 2);
      ImGui::SetCursorScreenPos(
          ImVec2(start.x + column * (width + gap),
                 start.y + theme.px(4) + line_number * (theme.px(kActionHeight) + gap)));
      const std::string title =
          command->title_now ? command->title_now(frame.state) : command->title;
      if (action_button(theme, kActions[i].id, key_text(command->keys[0]), title, width, i == 0,
                        command->enabled(frame.state))) {
        frame.run(command->id);
      }
      if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
        ImGui::SetTooltip("%s", command->help.c_str());
      }
    }
  }

  SampleId shown_ = 0;
  ImageViewState view_;
};

}  // namespace

std::unique_ptr<View> make_inspector() {
  return std::make_unique<Inspector>();
}

}  // namespace errata::viewer

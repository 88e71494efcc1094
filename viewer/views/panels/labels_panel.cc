// Suspected labels: how many, the queue to review, and all evidence about the one under the cursor
// in one glance.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/verdict.h"
#include "viewer/views/evidence_parts.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/panels/find_parts.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/views/tile.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kSummaryWidth = 232;
constexpr float kQuestionWidth = 250;
constexpr float kTallFrom = 420;
constexpr float kGap = 22;

class LabelsPanel : public Panel {
 public:
  std::string_view id() const override { return "labels"; }
  std::string title(const AppState& state) const override {
    const auto& labels = state.findings.labels;
    if (!labels || labels->queues.empty() || !labels->combined) return "Label errors";
    const LabelQueue& all = labels->queues.front();
    return fmt::format("Label errors \u00B7 {}", with_thousands(all.found - all.decided));
  }
  bool offered(const AppState& state) const override { return has_classifier(state); }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    if (!frame.state.findings.labels) {
      if (frame.state.findings.pending) return draw_waiting(frame);
      return draw_nothing_found_yet(
          frame, Overlay::kFindLabels, "No label errors yet",
          "Labels that the evidence speaks against: a classifier on embeddings that did not see "
          "the "
          "sample, its neighbours, the model's runs, and copies with other labels.");
    }
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    const float summary = theme.px(kSummaryWidth);
    ImGui::BeginChild("summary", ImVec2(summary - theme.px(14), room.y));
    draw_summary(frame, ImGui::GetContentRegionAvail().x);
    ImGui::EndChild();
    ImGui::GetWindowDrawList()->AddLine(ImVec2(at.x + summary, at.y),
                                        ImVec2(at.x + summary, at.y + room.y), theme.border);
    ImGui::SetCursorScreenPos(ImVec2(at.x + summary + theme.px(18), at.y));
    ImGui::BeginChild("evidence", ImVec2(room.x - summary - theme.px(18), room.y));
    if (const std::optional<RowIndex> row = frame.state.cursor_row()) draw_card(frame, *row);
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static void draw_waiting(const FrameContext& frame) {
    draw_words(frame.theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
               ImGui::GetContentRegionAvail().x, dim(frame.theme), "Looking at the labels");
  }

  static void heading_line(const FrameContext& frame, std::string_view text, float width) {
    draw_words(frame.theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), width,
               heading(frame.theme), text);
    ImGui::Dummy(ImVec2(width, frame.theme.px(18)));
  }

  static void draw_summary(const FrameContext& frame, float width) {
    const Theme& theme = frame.theme;
    const LabelsAnswer& labels = *frame.state.findings.labels;
    const LabelQueue& all = labels.queues.front();
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_find_progress(frame, Overlay::kFindLabels);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const TextStyle big{theme.fonts.bold, 24, theme.text};
    const std::string number = with_thousands(all.found);
    draw_text(theme, list, at, big, number);
    const float x = text_width(theme, big, number) + theme.px(10);
    draw_text_fit(theme, list, ImVec2(at.x + x, at.y), width - x, small(theme),
                  labels.combined ? "labels or images wrong" : "label and run differ");
    draw_text_fit(theme, list, ImVec2(at.x + x, at.y + theme.px(14)), width - x, small(theme),
                  with_thousands(all.decided) + " reviewed");
    if (labels.combined && ImGui::IsWindowHovered() &&
        ImGui::IsMouseHoveringRect(at, ImVec2(at.x + width, at.y + theme.px(33)))) {
      draw_hover(theme,
                 "Verdict label wrong or not a valid image. Find labels also tells how many labels "
                 "it suspects: those that the evidence speaks against most, as many as are "
                 "estimated to be wrong; of them, label wrong is where it is sure enough.");
    }
    const float y = at.y + theme.px(33);
    draw_bar(theme, list, ImVec2(at.x, y), ImVec2(at.x + width, y + theme.px(4)),
             all.found == 0 ? 0 : static_cast<float>(all.decided) / static_cast<float>(all.found),
             theme.accent);
    ImGui::Dummy(ImVec2(width, theme.px(44)));
    const Command& review = frame.commands.at("round.labels");
    if (action_button(theme, "review", key_text(review.keys[0]), "Review them", width, true,
                      review.enabled(frame.state))) {
      frame.run(review.id);
    }
    ImGui::Dummy(ImVec2(0, theme.px(4)));
    for (size_t i = 1; i < labels.queues.size(); ++i) draw_queue(frame, labels.queues[i]);
    ImGui::Dummy(ImVec2(0, theme.px(4)));
    if (choice_button(theme, "find", labels.combined ? "Find again ..." : "Find label errors ...",
                      width)) {
      frame.run("find.labels");
    }
    if (labels.combined) return;
    paragraph(theme,
              "Ranked by what one run gives the label. Find label errors weighs embeddings, "
              "neighbours and all runs, and names the cause.",
              theme.text_dim, width);
  }

  static void draw_queue(const FrameContext& frame, const LabelQueue& queue) {
    const Theme& theme = frame.theme;
    if (facet_row(theme, queue.title.c_str(), queue.title, with_thousands(queue.found),
                  FacetMark::kNone, queue.found == 0, verdict_color(theme, queue.title))) {
      frame.session.findings().show(queue);
    }
    hover_verdict(theme, queue.title);
  }

  // What the verdict means, on the item before.
  static void hover_verdict(const Theme& theme, std::string_view verdict) {
    const auto found = std::find(kVerdictNames.begin(), kVerdictNames.end(), verdict);
    if (found == kVerdictNames.end()) return;
    if (!ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) return;
    draw_hover(theme, kVerdictMeanings[static_cast<size_t>(found - kVerdictNames.begin())]);
  }

  // The image, the question beside it, and its look-alikes beside those or, with room, below.
  static void draw_card(const FrameContext& frame, RowIndex row) {
    const Theme& theme = frame.theme;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const LabelQuestion question = label_question(frame.state, row);
    const float gap = theme.px(kGap);
    const bool tall = room.y > theme.px(kTallFrom);
    const float question_width = std::min(theme.px(kQuestionWidth), room.x);
    const bool has_image = room.x > theme.px(560);
    float side = 0;
    if (has_image) {
      side = tall ? std::min({room.x - question_width - gap, room.y * 0.52F, theme.px(520)})
                  : std::min(room.y - theme.px(4), room.x * 0.25F);
      draw_image(frame, row, at, side);
    }
    const float left = at.x + (has_image ? side + gap : 0);
    const float height = tall ? std::max(side, theme.px(250)) : room.y;
    ImGui::SetCursorScreenPos(ImVec2(left, at.y));
    ImGui::BeginChild("question", ImVec2(question_width, height));
    draw_question(frame, question, question_width - theme.px(12));
    ImGui::EndChild();
    const ImVec2 rest_min =
        tall ? ImVec2(at.x, at.y + height + gap) : ImVec2(left + question_width + gap, at.y);
    const ImVec2 rest(at.x + room.x - rest_min.x, at.y + room.y - rest_min.y);
    if (rest.x < theme.px(110)) return;
    ImGui::SetCursorScreenPos(rest_min);
    ImGui::BeginChild("neighbours", rest);
    draw_look_alikes(frame, question, rest.x - theme.px(4), tall);
    ImGui::EndChild();
  }

  static void draw_image(const FrameContext& frame, RowIndex row, ImVec2 at, float side) {
    const Theme& theme = frame.theme;
    const SampleId sample = frame.state.snapshot.ids[row];
    const ImVec2 max(at.x + side, at.y + side);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, max, theme.image_back, theme.px(5));
    if (const TextureRegion* image = frame.pictures.image(sample)) {
      draw_fitted(list, *image, at, max, IM_COL32_WHITE, theme.px(5));
    } else if (const auto thumbnail = frame.pictures.thumbnail(sample)) {
      draw_fitted(list, *thumbnail, at, max, IM_COL32_WHITE, theme.px(5));
    }
  }

  // "given  cat  [bar] 0.031"
  static void draw_class(const FrameContext& frame, std::string_view what, const std::string& name,
                         double probability, bool weighed, ImU32 color, float width) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_text(theme, list, ImVec2(at.x, at.y + theme.px(2)), small(theme), what);
    TextStyle style = bold(theme);
    style.size = Theme::kLargeSize;
    style.color = color;
    const float number_width = theme.px(52);
    draw_text_fit(theme, list, ImVec2(at.x + theme.px(66), at.y - theme.px(1)),
                  width - theme.px(66) - number_width, style, name);
    if (!std::isnan(probability)) {
      draw_text_right(theme, list, ImVec2(at.x + width, at.y + theme.px(1)), body(theme),
                      fmt::format("{:.3f}", probability));
      const float y = at.y + theme.px(22);
      draw_bar(theme, list, ImVec2(at.x + theme.px(66), y), ImVec2(at.x + width, y + theme.px(5)),
               static_cast<float>(probability), color);
    }
    ImGui::Dummy(ImVec2(width, theme.px(32)));
    if (!std::isnan(probability) && ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
      draw_hover(theme, weighed ? "How much all evidence believes this label, 0 to 1; the image's "
                                  "own label is no part of it"
                                : "The probability that the run gives this class, 0 to 1");
    }
  }

  static void draw_question(const FrameContext& frame, const LabelQuestion& question, float width) {
    const Theme& theme = frame.theme;
    draw_class(frame, "given", question.label.empty() ? "no label" : question.label,
               question.p_label, question.weighed,
               question.suggested.empty() ? theme.right : theme.text, width);
    if (!question.suggested.empty()) {
      draw_class(frame, "suggested", question.suggested, question.p_suggested, question.weighed,
                 theme.wrong, width);
    }
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (!question.verdict.empty()) {
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const ImU32 color = verdict_color(theme, question.verdict);
      list->AddCircleFilled(ImVec2(at.x + theme.px(4), at.y + theme.px(9)), theme.px(4), color);
      draw_text_fit(theme, list, ImVec2(at.x + theme.px(15), at.y), width - theme.px(15),
                    bold(theme), question.verdict);
      ImGui::Dummy(ImVec2(width, theme.px(22)));
      hover_verdict(theme, question.verdict);
    }
    draw_evidence_lines(frame, evidence_lines(frame, question), width);
    ImGui::Dummy(ImVec2(0, theme.px(4)));
    // The other keys stand beside it, in the inspector.
    const Command& alike = frame.commands.at("edit.select_alike");
    if (action_button(theme, "alike", key_text(alike.keys[0]), "select all alike", width, false,
                      alike.enabled(frame.state))) {
      frame.run(alike.id);
    }
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
      ImGui::SetTooltip("%s", alike.help.c_str());
    }
  }

  static void draw_look_alikes(const FrameContext& frame, const LabelQuestion& question,
                               float width, bool tall) {
    const Theme& theme = frame.theme;
    const SampleEvidence* evidence = InspectDesk::evidence(frame.state);
    if (evidence == nullptr) return;
    const float bottom = ImGui::GetCursorScreenPos().y + ImGui::GetContentRegionAvail().y;
    const float gap = theme.px(8);
    const float columns = tall ? 10 : 5;
    const float side =
        std::clamp((width - gap * (columns - 1)) / columns, theme.px(44), theme.px(112));
    const auto in_row = std::max<size_t>(1, static_cast<size_t>((width + gap) / (side + gap)));
    if (!evidence->copies.empty()) {
      heading_line(frame, "Copies", width);
      draw_copies(frame, question, width, side, in_row);
    }
    if (evidence->alike.empty()) {
      if (!InspectDesk::has_embeddings(frame.state)) draw_no_embeddings(frame, width);
      if (!evidence->lacks.empty()) paragraph(theme, evidence->lacks, theme.text_dim, width);
      return;
    }
    constexpr std::string_view kWhole = "Nearest neighbours and their labels";
    heading_line(frame, text_width(theme, heading(theme), kWhole) < width ? kWhole : "Neighbours",
                 width);
    // Whole rows only: what is cut off at the bottom says nothing.
    const float pitch = side + theme.px(25);
    const float room = bottom - ImGui::GetCursorScreenPos().y;
    const auto rows = std::max<size_t>(1, static_cast<size_t>(room / pitch));
    draw_neighbours(frame, question, width, side,
                    std::min(in_row * rows, tall ? size_t{20} : SampleEvidence::kShown));
  }

  static void draw_no_embeddings(const FrameContext& frame, float width) {
    paragraph(frame.theme,
              "Neighbours need embeddings: run a model, which keeps what goes into its last layer.",
              frame.theme.text_dim, width);
  }
};

}  // namespace

std::unique_ptr<Panel> make_labels_panel() {
  return std::make_unique<LabelsPanel>();
}

}  // namespace errata::viewer

// The log, newest first: one line a batch, with what it did, by whom and why.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/state/history_words.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/rows.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

class HistoryPanel : public Panel {
 public:
  std::string_view id() const override { return "history"; }
  std::string title(const AppState&) const override { return "History"; }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const HistoryState& history = frame.state.history;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float width = ImGui::GetContentRegionAvail().x;
    if (!history.ready || history.batches.empty()) {
      draw_words(theme, list, ImGui::GetCursorScreenPos(), width, dim(theme),
                 history.ready ? "Nothing was changed yet" : "Reading the log");
      return;
    }
    const float height = theme.px(26);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(history.batches.size()), height);
    size_t seen = 0;
    while (clipper.Step()) {
      seen = std::max(seen, static_cast<size_t>(clipper.DisplayEnd));
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_line(frame, history.batches[static_cast<size_t>(i)], width, height);
      }
    }
    ImGui::PopStyleVar();
    frame.session.state().history.seen_lines = seen;
  }

 private:
  static void draw_line(const FrameContext& frame, const store::LogBatch& batch, float width,
                        float height) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 min = ImGui::GetCursorScreenPos();
    const ImVec2 max(min.x + width, min.y + height);
    const bool undoable = (batch.kind == "edit" || batch.kind == "redo") && batch.undone_by == 0;
    const float button = theme.px(80);
    ImGui::PushID(static_cast<int>(batch.batch));
    if (ImGui::InvisibleButton("batch", ImVec2(width - button, height)) && batch.kind != "import") {
      frame.session.log().show_batch(batch.batch);
    }
    const bool hovered = ImGui::IsItemHovered();
    if (hovered) {
      list->AddRectFilled(ImVec2(min.x - theme.px(6), min.y), ImVec2(max.x - button, max.y),
                          theme.hovered, theme.px(5));
    }
    TextStyle style = body(theme);
    const bool faded = batch.undone_by != 0;
    if (faded) style.color = theme.text_faint;
    const TextStyle faint = small(theme);
    const float y = min.y + (height - text_height(theme, style)) / 2;
    const float small_y = min.y + (height - text_height(theme, faint)) / 2;
    const float when = theme.px(126);
    const float who = theme.px(90);
    draw_text_fit(theme, list, ImVec2(min.x, small_y), when - theme.px(8), faint,
                  short_time(batch.at));
    draw_text_fit(theme, list, ImVec2(min.x + when, small_y), who - theme.px(8), faint, batch.who);
    const float rest = width - when - who - button;
    const std::string words = batch_words(batch);
    draw_text_fit(theme, list, ImVec2(min.x + when + who, y), rest * 0.6F - theme.px(8), style,
                  words);
    const std::string why =
        faded ? (batch.kind == "undo" ? "made again" : "taken back") : batch.why;
    draw_text_fit(theme, list, ImVec2(min.x + when + who + rest * 0.6F, small_y),
                  rest * 0.4F - theme.px(8), faint, why);
    if (hovered) {
      ImGui::SetTooltip(
          "%s\n%s", to_valid_utf8(words).c_str(),
          batch.why.empty() ? "click to show the samples" : to_valid_utf8(batch.why).c_str());
    }
    if (undoable) {
      ImGui::SetCursorScreenPos(ImVec2(max.x - button + theme.px(4), min.y + theme.px(2)));
      if (small_button(theme, "take back", "take back")) frame.session.undo_batch(batch.batch);
    }
    ImGui::PopID();
    ImGui::SetCursorScreenPos(ImVec2(min.x, min.y));
    ImGui::Dummy(ImVec2(width, height));
  }
};

}  // namespace

std::unique_ptr<Panel> make_history_panel() {
  return std::make_unique<HistoryPanel>();
}

}  // namespace errata::viewer

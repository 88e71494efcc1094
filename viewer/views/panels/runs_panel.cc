// Every run: what made it, on which device, how far it came. A click shows its predictions.
#include <fmt/format.h>

#include <array>

#include "base/files.h"
#include "base/text.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/rows.h"

namespace errata::viewer {

namespace {

constexpr std::array kColumns{RowColumn{"Run"},
                              RowColumn{"State", 84},
                              RowColumn{"Samples", 70, true},
                              RowColumn{"Boxes", 60, true},
                              RowColumn{"Model"},
                              RowColumn{"Device", 70},
                              RowColumn{"Trained on"},
                              RowColumn{"Started", 116, false, /*spare=*/true},
                              RowColumn{"Finished", 116, false, /*spare=*/true}};
constexpr float kActionsWidth = 130;

std::string_view state_text(RunState state) {
  switch (state) {
    case RunState::kRunning: return "running";
    case RunState::kInterrupted: return "interrupted";
    case RunState::kComplete: return "complete";
  }
  return "";
}

class RunsPanel : public Panel {
 public:
  std::string_view id() const override { return "runs"; }
  std::string title(const AppState&) const override { return "Runs"; }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const std::vector<store::RunInfo>& runs = frame.state.lists.lists.runs;
    if (runs.empty()) {
      draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                 ImGui::GetContentRegionAvail().x, dim(theme),
                 "No model has been run yet: attach predictions, or run a model");
      ImGui::Dummy(ImVec2(0, theme.px(24)));
      if (choice_button(theme, "predictions", "Attach predictions ...", theme.px(240))) {
        frame.run("run.predictions");
      }
      ImGui::SameLine();
      if (choice_button(theme, "infer", "Run a model ...", theme.px(240))) frame.run("run.infer");
      return;
    }
    Rows rows(theme, kColumns, kActionsWidth);
    rows.draw_heads();
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(runs.size()), theme.px(Rows::kHeight));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_run(frame, rows, runs[runs.size() - 1 - static_cast<size_t>(i)]);
      }
    }
    ImGui::PopStyleVar();
  }

 private:
  static void draw_run(const FrameContext& frame, Rows& rows, const store::RunInfo& run) {
    const Theme& theme = frame.theme;
    const std::string& active = frame.state.snapshot.samples.active_run;
    const bool shown = run.summary.name == active;
    const bool pressed = rows.begin_row(static_cast<int>(run.summary.id), shown);
    const bool deletes =
        rows.action("delete", "Delete", "Deletes the run and gives its space back");
    const bool compares =
        !shown && !active.empty() &&
        rows.action("compare", "Compare", "Which of the two is right where they differ");
    if (deletes) {
      frame.session.jobs().delete_run(run.summary.name);
    } else if (compares) {
      frame.session.jobs().compare_with_shown(run.summary.name);
    } else if (pressed && !shown) {
      frame.session.set_run(run.summary.name);
    }
    rows.cell(0, shown ? bold(theme) : body(theme), to_valid_utf8(run.summary.name));
    TextStyle state = dim(theme);
    if (run.summary.state != RunState::kComplete) state.color = theme.caution;
    rows.cell(1, state, state_text(run.summary.state));
    rows.cell(2, body(theme), with_thousands(run.summary.predicted_samples));
    if (run.summary.kind == "detections") {
      rows.cell(3, body(theme), with_thousands(run.detections));
    }
    rows.cell(4, dim(theme), to_valid_utf8(base_name(run.summary.model_path)));
    rows.cell(5, dim(theme),
              run.spec.device.empty() ? std::string()
                                      : fmt::format("{} {}", run.spec.device, run.spec.precision));
    draw_trained_on(frame, rows, run.summary);
    rows.cell(7, dim(theme), short_time(run.summary.started_at));
    rows.cell(8, dim(theme), short_time(run.summary.finished_at));
    rows.end_row();
  }

  static void draw_trained_on(const FrameContext& frame, Rows& rows, const RunSummary& run) {
    const Theme& theme = frame.theme;
    const auto warning = frame.state.jobs.run_warnings.find(run.name);
    const bool warned = warning != frame.state.jobs.run_warnings.end();
    TextStyle style = run.trained_on.empty() ? small(theme) : dim(theme);
    if (warned) style.color = theme.caution;
    rows.cell(6, style,
              run.trained_on.empty() ? std::string("not said") : to_valid_utf8(run.trained_on));
    const ImVec2 min(rows.row_min().x + rows.left(6), rows.row_min().y);
    const ImVec2 max(min.x + rows.width(6), min.y + theme.px(Rows::kHeight));
    if (warned && ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(min, max)) {
      ImGui::SetTooltip("%s", warning->second.c_str());
    }
  }
};

}  // namespace

std::unique_ptr<Panel> make_runs_panel() {
  return std::make_unique<RunsPanel>();
}

}  // namespace errata::viewer

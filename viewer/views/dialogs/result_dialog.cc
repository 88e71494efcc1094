// What a job found, as a table: two runs compared, what changed between two versions.
#include "base/text.h"
#include "viewer/views/overlay.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/rows.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kWidth = 700;
constexpr float kMostHeight = 380;

class ResultDialog : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kResult, "Result", kWidth, 0.14F)) return;
    const JobsState& jobs = frame.state.jobs;
    const auto found = jobs.tables.find(jobs.shown_table);
    if (found != jobs.tables.end()) draw_table(frame, found->second);
    const bool close =
        action_button(frame.theme, "close", "Enter", "Close", frame.theme.px(110), true, true) ||
        (ImGui::IsKeyPressed(ImGuiKey_Enter, false) && !ImGui::IsWindowAppearing());
    end_overlay(frame);
    if (close) frame.session.show_overlay(Overlay::kNone);
  }

 private:
  static void draw_table(const FrameContext& frame, const ResultTable& table) {
    const Theme& theme = frame.theme;
    {
      const FontScope font(theme.fonts.bold, Theme::kLargeSize);
      ImGui::TextWrapped("%s", table.title.c_str());
    }
    std::vector<RowColumn> columns;
    for (size_t i = 0; i < table.heads.size(); ++i) {
      columns.push_back({table.heads[i], 0, i > 0 && is_number(table, i)});
    }
    const float line = theme.px(Rows::kHeight);
    const float height = std::min(theme.px(kMostHeight),
                                  line * static_cast<float>(table.rows.size() + 1) + theme.px(6));
    ImGui::BeginChild("rows", ImVec2(0, height), 0, ImGuiWindowFlags_NoNav);
    Rows rows(theme, columns, 0);
    rows.draw_heads();
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(table.rows.size()), line);
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const std::vector<std::string>& cells = table.rows[static_cast<size_t>(i)];
        rows.begin_row(i, false);
        for (size_t column = 0; column < cells.size(); ++column) {
          rows.cell(column, column == 0 ? dim(theme) : body(theme), cells[column]);
        }
        rows.end_row();
      }
    }
    ImGui::PopStyleVar();
    ImGui::EndChild();
    ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
    ImGui::TextWrapped("%s", table.foot.c_str());
    ImGui::PopStyleColor();
    ImGui::Dummy(ImVec2(0, theme.px(2)));
  }

  // A column of counts ends at the right.
  static bool is_number(const ResultTable& table, size_t column) {
    for (const std::vector<std::string>& row : table.rows) {
      const std::string& cell = row[column];
      if (cell.empty() || cell.find_first_not_of("0123456789,") != std::string::npos) return false;
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<View> make_result_dialog() {
  return std::make_unique<ResultDialog>();
}

}  // namespace errata::viewer

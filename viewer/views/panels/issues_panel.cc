// What imports, predictions, models and exports had to complain about, by kind.
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/issue_rows.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

class IssuesPanel : public Panel {
 public:
  std::string_view id() const override { return "issues"; }
  std::string title(const AppState& state) const override {
    const uint64_t count = state.lists.lists.issue_count();
    return count == 0 ? "Issues" : fmt::format("Issues \u00B7 {}", with_thousands(count));
  }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const ListsState& lists = frame.state.lists;
    if (lists.lists.issues.empty()) {
      draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                 ImGui::GetContentRegionAvail().x, dim(theme),
                 "Nothing was complained about: all that was imported and predicted is whole");
      return;
    }
    draw_kinds(frame);
    const auto issue_at = [&](size_t i) -> const Issue& {
      return lists.lists.issues[lists.shown_issues[i]].issue;
    };
    draw_issues(theme, lists.shown_issues.size(), issue_at);
  }

 private:
  static void draw_kinds(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const ListsState& lists = frame.state.lists;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    std::optional<std::string> wanted;
    const auto kind = [&](const std::string& name, const std::string& text) {
      const bool chosen = lists.issue_kind == name;
      if (pill(theme, ("kind=" + name).c_str(), text, chosen, right)) wanted = name;
    };
    kind("", fmt::format("all {}", with_thousands(lists.lists.issue_count())));
    for (const auto& [name, count] : lists.lists.issue_counts) {
      kind(name, fmt::format("{} {}", name, with_thousands(count)));
    }
    ImGui::NewLine();
    if (wanted) frame.session.lists().show_issues(*wanted);
  }
};

}  // namespace

std::unique_ptr<Panel> make_issues_panel() {
  return std::make_unique<IssuesPanel>();
}

}  // namespace errata::viewer

// Versions of the dataset, newest first: what each holds, what changed since, a way back.
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/rows.h"

namespace errata::viewer {

namespace {

constexpr std::array kColumns{RowColumn{"Version"},   RowColumn{"Samples", 70, true},
                              RowColumn{"Why"},       RowColumn{"From"},
                              RowColumn{"Made", 124}, RowColumn{"Hash", 76}};
constexpr float kActionsWidth = 210;
constexpr std::string_view kHashPrefix = "errata1:";
constexpr size_t kShortHash = 8;

class VersionsPanel : public Panel {
 public:
  std::string_view id() const override { return "versions"; }
  std::string title(const AppState&) const override { return "Versions"; }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const std::vector<store::VersionInfo>& versions = frame.state.lists.lists.versions;
    if (choice_button(theme, "make", "Make a version ...", theme.px(240))) {
      frame.run("file.version");
    }
    ImGui::SameLine();
    if (choice_button(theme, "export", "Export ...", theme.px(240))) frame.run("file.export");
    if (versions.empty()) {
      draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                 ImGui::GetContentRegionAvail().x, dim(theme),
                 "No version yet: a version fixes the dataset as it is now, for exports");
      return;
    }
    Rows rows(theme, kColumns, kActionsWidth);
    rows.draw_heads();
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(versions.size()), theme.px(Rows::kHeight));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_version(frame, rows, versions, versions.size() - 1 - static_cast<size_t>(i));
      }
    }
    ImGui::PopStyleVar();
  }

 private:
  static void draw_version(const FrameContext& frame, Rows& rows,
                           const std::vector<store::VersionInfo>& all, size_t at) {
    const Theme& theme = frame.theme;
    const store::VersionInfo& version = all[at];
    JobDesk& jobs = frame.session.jobs();
    rows.begin_row(static_cast<int>(version.id), false);
    if (rows.action("restore", "Restore",
                    "Labels, exclusions, splits and boxes become those of this version")) {
      jobs.restore_version(version.name);
    }
    if (rows.action("export", "Export", "Writes this version as files")) {
      jobs.set(jobs.form(Overlay::kExport), "version", version.name);
      jobs.show_form(Overlay::kExport);
    }
    if (rows.action("changes", "Changes", "What changed from this version to now")) {
      jobs.show_changes_since(version.name);
    }
    rows.cell(0, bold(theme), to_valid_utf8(version.name));
    rows.cell(1, body(theme), with_thousands(version.samples));
    rows.cell(2, dim(theme), to_valid_utf8(version.message));
    // A parent is older than its child.
    for (size_t i = 0; version.parent != 0 && i < at; ++i) {
      if (all[i].id == version.parent) rows.cell(3, dim(theme), to_valid_utf8(all[i].name));
    }
    rows.cell(4, dim(theme), short_time(version.created_at));
    std::string_view hash = version.hash;
    if (hash.starts_with(kHashPrefix)) hash.remove_prefix(kHashPrefix.size());
    TextStyle style = dim(theme);
    style.font = theme.fonts.mono;
    rows.cell(5, style, hash.substr(0, kShortHash));
    rows.end_row();
  }
};

}  // namespace

std::unique_ptr<Panel> make_versions_panel() {
  return std::make_unique<VersionsPanel>();
}

}  // namespace errata::viewer

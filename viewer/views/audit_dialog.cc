// Draws a random sample to audit.
#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "viewer/views/overlay.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr size_t kUsualSize = 200;

class AuditDialog : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kAudit, "Audit", 500, 0.2F)) return;
    const Theme& theme = frame.theme;
    AppState& state = frame.session.state();
    line(theme, bold(theme), "Audit a random sample");
    line(theme, dim(theme),
         "Confident mistakes are no fair sample: they overstate how many labels");
    line(theme, dim(theme), "are wrong. Review these instead, and the estimate has no bias.");
    ImGui::Dummy(ImVec2(0, theme.px(4)));
    line(theme, small(theme), "Samples to draw (200 when empty), then Enter");
    overlay_search(frame, "200");
    const std::string population =
        state.audit_population.empty() ? "every sample" : state.audit_population;
    ImGui::Dummy(ImVec2(0, theme.px(2)));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_text_fit(theme, ImGui::GetWindowDrawList(), at, ImGui::GetContentRegionAvail().x,
                  small(theme), fmt::format("drawn from: {}, less excluded ones", population));
    ImGui::Dummy(ImVec2(0, theme.px(18)));
    if (state.audit_drawn > 0) {
      line(theme, small(theme),
           fmt::format("It takes the place of the audit of {}, of which {} are reviewed",
                       with_thousands(state.audit_drawn), with_thousands(state.audit_reviewed)));
    }
    const std::string_view typed = trim(state.overlay_text);
    size_t size = kUsualSize;
    const auto parsed = std::from_chars(typed.data(), typed.data() + typed.size(), size);
    const bool fine = typed.empty() || (parsed.ec == std::errc() && size > 0 &&
                                        parsed.ptr == typed.data() + typed.size());
    if (!fine) line(theme, wrong(theme), "That is not a number of samples");
    // The key that opened it from the palette is not meant for it.
    const bool enter =
        !ImGui::IsWindowAppearing() && (ImGui::IsKeyPressed(ImGuiKey_Enter, false) ||
                                        ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false));
    ImGui::Dummy(ImVec2(0, theme.px(2)));
    const bool pressed =
        action_button(theme, "draw", "Enter", "draw and begin", theme.px(190), true, fine);
    end_overlay(frame);
    if (!fine || !(pressed || enter)) return;
    frame.session.show_overlay(Overlay::kNone);
    frame.session.round().replace_by(
        [size](Session& session) { session.round().start_audit(size); });
  }

 private:
  static TextStyle wrong(const Theme& theme) {
    TextStyle style = dim(theme);
    style.color = theme.wrong;
    return style;
  }

  static void line(const Theme& theme, const TextStyle& style, std::string_view text) {
    draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
               ImGui::GetContentRegionAvail().x, style, text);
    ImGui::Dummy(ImVec2(0, theme.px(18)));
  }
};

}  // namespace

std::unique_ptr<View> make_audit_dialog() {
  return std::make_unique<AuditDialog>();
}

}  // namespace errata::viewer

// Shapes for every script, and cutting, with the fonts of this machine.
#include <doctest/doctest.h>
#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>

#include "base/files.h"
#include "tests/viewer/window_fixture.h"
#include "viewer/platform/theme.h"
#include "viewer/widgets/display_text.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

TEST_CASE("a shape is there for every script whose font is installed, and long names are cut") {
  if (!test::has_virtual_display()) return;
  test::WindowFixture window;
  const Theme theme = make_theme(ThemeName::kDark, 1, load_fonts());
  const bool dejavu = file_exists("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf");
  const auto has_all = [&](ImFont* font, std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      unsigned int character = 0;
      at += static_cast<size_t>(
          ImTextCharFromUtf8(&character, text.data() + at, text.data() + text.size()));
      if (!font->IsGlyphInFont(static_cast<ImWchar>(character))) return false;
    }
    return true;
  };
  for (ImFont* font : {theme.fonts.regular, theme.fonts.bold, theme.fonts.mono}) {
    CHECK(has_all(font, "Aé0"));
    if (dejavu) {
      for (const char* text : {"שלום", "قط", "Кошка", "γάτα", "a\nb"}) {
        CAPTURE(text);
        CHECK(has_all(font, display_text(text)));
      }
    }
    if (file_exists("/usr/share/fonts/truetype/nanum/NanumGothic.ttf")) {
      CHECK(has_all(font, "고양이"));
    }
    if (theme.fonts.has_cjk) CHECK(has_all(font, "猫犬ねこ"));
  }

  ImDrawList list(ImGui::GetDrawListSharedData());
  list._ResetForNewFrame();
  list.PushTexture(ImGui::GetIO().Fonts->TexRef);
  list.PushClipRectFullScreen();
  std::string long_hebrew;
  std::string long_cjk;
  for (int i = 0; i < 60; ++i) {
    long_hebrew += "שלום ";
    long_cjk += "猫";
  }
  for (const std::string& text : {std::string(200, 'w'), long_hebrew, long_cjk,
                                  std::string("cat\n") + std::string(99, 'x')}) {
    for (const float room : {10.0F, 60.0F, 200.0F}) {
      const float used = draw_text_fit(theme, &list, ImVec2(0, 0), room, body(theme), text);
      CHECK(used <= std::max(room, text_width(theme, body(theme), "\u2026")) + 0.5F);
      CHECK(used > 0);
    }
  }
  CHECK(draw_text_fit(theme, &list, ImVec2(0, 0), 500, body(theme), "שלום") ==
        text_width(theme, body(theme), "שלום"));
}

}  // namespace errata::viewer

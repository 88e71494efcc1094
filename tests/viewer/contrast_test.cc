// Contrast as WCAG 2.1 defines it: of the theme's colours with each other, and of every text that
// the windows draw with what lies under it in the picture; and that no letter is cut.
#include <doctest/doctest.h>
#include <imgui_internal.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "tests/viewer/cut_glyphs.h"
#include "tests/viewer/window_fixture.h"
#include "viewer/views/panel.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr double kText = 4.5;
constexpr double kFaintAndMarks = 3.0;

double luminance(ImU32 color) {
  const auto linear = [](unsigned value) {
    const double share = value / 255.0;
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color & 0xFF) + 0.7152 * linear(color >> 8 & 0xFF) +
         0.0722 * linear(color >> 16 & 0xFF);
}

double contrast(ImU32 one, ImU32 other) {
  const double a = luminance(one);
  const double b = luminance(other);
  return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

ImU32 blend(ImU32 over, ImU32 under) {
  const double alpha = (over >> 24) / 255.0;
  ImU32 mixed = 0xFF000000U;
  for (const int shift : {0, 8, 16}) {
    const double value = alpha * (over >> shift & 0xFF) + (1 - alpha) * (under >> shift & 0xFF);
    mixed |= static_cast<ImU32>(std::lround(value)) << shift;
  }
  return mixed;
}

// The colour that most of a rectangle has: text covers less of its box than what is behind it.
ImU32 background_of(const media::Image& picture, const DrawnText& text) {
  std::map<ImU32, size_t> counts;
  const int right = std::min(picture.width_px, static_cast<int>(text.max.x) + 2);
  const int bottom = std::min(picture.height_px, static_cast<int>(text.max.y) + 2);
  for (int y = std::max(0, static_cast<int>(text.min.y) - 1); y < bottom; ++y) {
    for (int x = std::max(0, static_cast<int>(text.min.x) - 2); x < right; ++x) {
      const uint8_t* pixel = picture.row(y) + static_cast<size_t>(x) * 3;
      ++counts[IM_COL32(pixel[0], pixel[1], pixel[2], 255)];
    }
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? 0 : most->first;
}

bool is_faint(const Theme& theme, ImU32 color) {
  return color == theme.text_faint;
}

// Texts of the last frame that a person cannot read well, but for those in the windows
// `behind`, which lie dimmed under a dialog.
std::vector<std::string> hard_to_read(test::WindowFixture& window, const Theme& theme,
                                      const std::set<std::string>& behind) {
  window.settle();
  CHECK(window.app().settled());
  record_texts(true);
  window.frame();
  const std::vector<DrawnText> texts = take_drawn_texts();
  record_texts(false);
  std::vector<std::string> found;
  for (const std::string& row : test::cut_glyphs(*ImGui::GetDrawData())) {
    found.push_back("cut: " + row);
  }
  const media::Image picture = window.capture();
  for (const DrawnText& text : texts) {
    if (behind.contains(text.window) || text.color >> 24 == 0) continue;       // measured only
    if (text.max.x - text.min.x < 4 || text.max.y - text.min.y < 6) continue;  // clipped away
    const ImU32 background = background_of(picture, text);
    const double measured = contrast(blend(text.color, background), background);
    const double least = is_faint(theme, text.color) ? kFaintAndMarks : kText;
    if (measured < least) {
      found.push_back(text.window + ": \"" + text.text + "\" " + std::to_string(measured));
    }
  }
  CHECK(texts.size() > 5);
  return found;
}

std::set<std::string> windows_drawn(test::WindowFixture& window) {
  record_texts(true);
  window.frame();
  std::set<std::string> names;
  for (const DrawnText& text : take_drawn_texts()) names.insert(text.window);
  record_texts(false);
  return names;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + "\n";
  return all;
}

}  // namespace

TEST_CASE("contrast is computed as WCAG says") {
  CHECK(contrast(IM_COL32_BLACK, IM_COL32_WHITE) == doctest::Approx(21));
  CHECK(contrast(IM_COL32(119, 119, 119, 255), IM_COL32_WHITE) ==
        doctest::Approx(4.48).epsilon(0.01));
}

TEST_CASE("every colour of text stands out from every ground it is drawn on") {
  for (const ThemeName name : {ThemeName::kDark, ThemeName::kLight}) {
    const Theme theme = make_theme(name, 1, {});
    CAPTURE(static_cast<int>(name));
    const std::map<std::string, ImU32> grounds{
        {"background", theme.background},  {"panel", theme.panel}, {"raised", theme.raised},
        {"hovered", theme.hovered},        {"well", theme.well},   {"image_back", theme.image_back},
        {"accent_soft", theme.accent_soft}};
    const std::map<std::string, ImU32> texts{{"text", theme.text}, {"text_dim", theme.text_dim}};
    // Of meaning: a prediction that differs, an error, a state. Not drawn on what is chosen.
    const std::map<std::string, ImU32> meanings{{"wrong", theme.wrong},
                                                {"right", theme.right},
                                                {"caution", theme.caution},
                                                {"doubt", theme.doubt},
                                                {"accent", theme.accent}};
    for (const auto& [ground_name, ground] : grounds) {
      CAPTURE(ground_name);
      for (const auto& [text_name, text] : texts) {
        CAPTURE(text_name);
        CHECK(contrast(text, ground) >= kText);
      }
      CHECK(contrast(theme.text_faint, ground) >= kFaintAndMarks);
      for (const auto& [meaning_name, meaning] : meanings) {
        CAPTURE(meaning_name);
        const bool read_there = ground == theme.panel || ground == theme.raised ||
                                ground == theme.background || ground == theme.hovered;
        CHECK(contrast(meaning, ground) >= (read_there ? kText : kFaintAndMarks));
      }
    }
    CHECK(contrast(theme.on_accent, theme.accent_soft) >= kText);
    CHECK(contrast(theme.string_text, theme.well) >= kText);
    CHECK(contrast(theme.accent, theme.well) >= kText);
    // Signs on the marks of decisions.
    for (const char* review : {"kept", "relabelled", "excluded", "ambiguous"}) {
      CHECK(contrast(review_color(theme, review), theme.background) >= kFaintAndMarks);
      CHECK(contrast(review_color(theme, review), theme.raised) >= kFaintAndMarks);
    }
  }
}

TEST_CASE("a letter cut by its window or by its button is found") {
  if (!test::has_virtual_display()) return;
  test::WindowFixture window;
  window.settle();
  CHECK(joined(test::cut_glyphs(*ImGui::GetDrawData())) == "");
  const auto found_with = [&](const std::function<void()>& draw) {
    window.window().begin_frame();
    ImGui::SetNextWindowSize({300, 100});
    ImGui::Begin("narrow", nullptr, ImGuiWindowFlags_NoSavedSettings);
    draw();
    ImGui::End();
    window.window().end_frame();
    return joined(test::cut_glyphs(*ImGui::GetDrawData()));
  };
  CHECK(found_with([] { ImGui::Button("fits its button"); }) == "");
  CHECK(found_with([] { ImGui::Button("wwwwwwwwwwww", {40, 0}); }).starts_with("narrow: www"));
  CHECK(found_with([] {
          ImGui::TextUnformatted("wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
        }).starts_with("narrow: www"));
}

TEST_CASE("every text in every window, panel and dialog can be read") {
  if (!test::has_virtual_display()) return;
  for (const ThemeName name : {ThemeName::kDark, ThemeName::kLight}) {
    for (const float scale : {1.0F, 2.0F}) {
      CAPTURE(static_cast<int>(name));
      CAPTURE(scale);
      test::WindowFixture window(test::scaled_window(scale, name));
      const Theme theme = make_theme(name, scale, {});
      AppState& state = window.session().state();
      for (const ReviewKind kind :
           {ReviewKind::kKeep, ReviewKind::kExclude, ReviewKind::kAmbiguous}) {
        window.session().decide(kind);
      }
      window.session().tag("blurry", true);
      for (const std::unique_ptr<Panel>& panel : all_panels()) {
        state.layout.bottom_tab = panel->id();
        CHECK(joined(hard_to_read(window, theme, {})) == "");
      }
      state.layout.show_large = true;
      CHECK(joined(hard_to_read(window, theme, {})) == "");
      state.layout.show_large = false;
      state.layout.centre = CentreMode::kTable;
      CHECK(joined(hard_to_read(window, theme, {})) == "");
      state.layout.centre = CentreMode::kGrid;
      window.session().set_filter("labell = 'cat'");
      CHECK(joined(hard_to_read(window, theme, {})) == "");
      window.session().set_filter("");
      window.settle();
      const std::set<std::string> behind = windows_drawn(window);
      state.jobs.question = Question{"Really?", "It cannot be undone.", "Do it", nullptr};
      state.jobs.shown_table = 1;
      state.jobs.tables[1] = {"two runs", {"", "one", "two"}, {{"right", "1", "2"}}, "p = 0.5"};
      take_clipped_words();
      for (int overlay = 1; overlay <= static_cast<int>(Overlay::kQuestion); ++overlay) {
        CAPTURE(overlay);
        window.session().show_overlay(static_cast<Overlay>(overlay));
        CHECK(joined(hard_to_read(window, theme, behind)) == "");
        CHECK(joined(take_clipped_words()) == "");
      }
      window.session().show_overlay(Overlay::kNone);
      CHECK(window.misuse() == "");
    }
  }
}

TEST_CASE("every text of what was found can be read, below the grid and in its place") {
  if (!test::has_virtual_display()) return;
  for (const ThemeName name : {ThemeName::kDark, ThemeName::kLight}) {
    for (const float scale : {1.0F, 2.0F}) {
      CAPTURE(static_cast<int>(name));
      CAPTURE(scale);
      test::WindowSetup setup = test::scaled_window(scale, name);
      setup.findings = true;
      test::WindowFixture window(setup);
      const Theme theme = make_theme(name, scale, {});
      AppState& state = window.session().state();
      take_clipped_words();
      for (const bool tall : {false, true}) {
        state.layout.tall_bottom = tall;
        for (const char* panel : {"labels", "map", "duplicates", "quality", "slices"}) {
          CAPTURE(panel);
          state.layout.bottom_tab = panel;
          CHECK(joined(hard_to_read(window, theme, {})) == "");
          CHECK(joined(take_clipped_words()) == "");
        }
        state.layout.bottom_tab = "duplicates";
        window.session().findings().show_between(true);
        CHECK(joined(hard_to_read(window, theme, {})) == "");
        CHECK(joined(take_clipped_words()) == "");
        window.session().findings().show_between(false);
      }
      CHECK(window.misuse() == "");
    }
  }
}

TEST_CASE("a display of another scale is followed, between 1 and 2") {
  if (!test::has_virtual_display()) return;
  test::WindowFixture window;
  const auto widest = [&] {
    record_texts(true);
    window.frame();
    float width = 0;
    for (const DrawnText& text : take_drawn_texts()) {
      if (text.text == "commands") width = std::max(width, text.max.x - text.min.x);
    }
    record_texts(false);
    return width;
  };
  const float before = widest();
  CHECK(before > 10);
  window.window().set_scale(2);
  window.settle();
  CHECK(ImGui::GetStyle().FontScaleDpi == 2);
  CHECK(widest() == doctest::Approx(before * 2).epsilon(0.05));
  window.window().set_scale(7);
  CHECK(window.window().scale() == 2);
  window.window().set_scale(0.5F);
  window.settle();
  CHECK(ImGui::GetStyle().FontScaleDpi == 1);
  CHECK(widest() == before);
  CHECK(window.misuse() == "");
}

}  // namespace errata::viewer

#include "viewer/platform/fonts.h"

#include <imgui.h>

#include <array>
#include <span>
#include <string>

#include "base/files.h"

namespace errata::viewer {

namespace {

constexpr std::array kRegular{"/usr/share/fonts/opentype/inter/Inter-Regular.otf",
                              "/usr/share/fonts/truetype/inter/Inter-Regular.ttf",
                              "/usr/share/fonts/inter/Inter-Regular.otf",
                              "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};
constexpr std::array kBold{"/usr/share/fonts/opentype/inter/Inter-SemiBold.otf",
                           "/usr/share/fonts/truetype/inter/Inter-SemiBold.ttf",
                           "/usr/share/fonts/inter/Inter-SemiBold.otf",
                           "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"};
constexpr std::array kMono{"/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
                           "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"};
constexpr std::array kCjk{"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
                          "/usr/share/fonts/opentype/noto/NotoSansCJKsc-Regular.otf",
                          "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
                          "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
                          "/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf",
                          "/usr/share/fonts/truetype/arphic/uming.ttc"};
// Droid's has no Hangul.
constexpr std::array kHangul{"/usr/share/fonts/truetype/nanum/NanumGothic.ttf",
                             "/usr/share/fonts/truetype/unfonts-core/UnDotum.ttf",
                             "/usr/share/fonts/truetype/baekmuk/dotum.ttf"};
// Hebrew, Arabic, Cyrillic, Greek and symbols where the first font lacks them.
constexpr std::array kRest{"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};
constexpr std::array kRestBold{"/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
                               "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};

const char* first_present(std::span<const char* const> candidates) {
  for (const char* path : candidates) {
    if (file_exists(path)) return path;
  }
  return nullptr;
}

void merge(const char* path) {
  if (path == nullptr) return;
  ImFontConfig config;
  config.MergeMode = true;
  ImGui::GetIO().Fonts->AddFontFromFileTTF(path, 0, &config);
}

ImFont* load(std::span<const char* const> candidates, std::span<const char* const> rest,
             const char* cjk) {
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  const char* path = first_present(candidates);
  ImFont* font = nullptr;
  if (path != nullptr) font = atlas->AddFontFromFileTTF(path);
  if (font == nullptr) font = atlas->AddFontDefaultVector();
  merge(first_present(rest));
  merge(cjk);
  merge(first_present(kHangul));
  return font;
}

}  // namespace

Fonts load_fonts() {
  Fonts fonts;
  const char* cjk = first_present(kCjk);
  fonts.has_cjk = cjk != nullptr;
  const char* regular = first_present(kRegular);
  fonts.has_inter = regular != nullptr && std::string(regular).find("Inter") != std::string::npos;
  fonts.regular = load(kRegular, kRest, cjk);
  fonts.bold = load(kBold, kRestBold, cjk);
  fonts.mono = load(kMono, kRest, cjk);
  return fonts;
}

}  // namespace errata::viewer

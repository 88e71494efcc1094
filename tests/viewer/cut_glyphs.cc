#include "tests/viewer/cut_glyphs.h"

#include <imgui_internal.h>

#include <cmath>
#include <map>
#include <utility>

namespace errata::test {

namespace {

constexpr float kPixel = 0.75F;  // less than this is rounding

// Where a letter lies in the texture: its upper left and lower right corner.
struct Letter {
  ImVec2 from;
  ImVec2 to;
  ImWchar code = 0;
};

// By the upper and by the lower edge, which no cut at the sides changes, and by one side.
class Letters {
 public:
  explicit Letters(ImFontAtlas& atlas) : width_px_(static_cast<float>(atlas.TexData->Width)) {
    for (int i = 0; i < atlas.Builder->BakedPool.Size; ++i) {
      for (const ImFontGlyph& glyph : atlas.Builder->BakedPool[i].Glyphs) {
        if (!glyph.Visible) continue;
        const Letter letter{
            {glyph.U0, glyph.V0}, {glyph.U1, glyph.V1}, static_cast<ImWchar>(glyph.Codepoint)};
        by_left_[{glyph.U0, glyph.V0}] = letter;
        by_right_[{glyph.U1, glyph.V0}] = letter;
      }
    }
  }

  const Letter* find(const ImVec2& from, const ImVec2& to) const {
    const auto left = by_left_.find({from.x, from.y});
    if (left != by_left_.end()) return &left->second;
    const auto right = by_right_.find({to.x, from.y});
    return right == by_right_.end() ? nullptr : &right->second;
  }

  // How many pixels of the letter the rectangle of the texture leaves out.
  float missing_px(const Letter& letter, const ImVec2& from, const ImVec2& to) const {
    return ((letter.to.x - letter.from.x) - (to.x - from.x)) * width_px_;
  }

 private:
  float width_px_;
  std::map<std::pair<float, float>, Letter> by_left_;
  std::map<std::pair<float, float>, Letter> by_right_;
};

void append_utf8(std::string& text, ImWchar code) {
  char bytes[5];
  ImTextCharToUtf8(bytes, code);
  text += bytes;
}

// Follows the letters of one draw list and keeps the rows of which one was cut.
class Rows {
 public:
  Rows(const char* window, std::vector<std::string>& found) : window_(window), found_(found) {}
  ~Rows() { end(); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  void add(const Letter& letter, const ImVec2& min, const ImVec2& max, bool cut) {
    if (std::abs(min.y - last_.y) > 2 * (max.y - min.y) || min.x < last_.x) end();
    append_utf8(text_, letter.code);
    last_ = min;
    cut_ = cut_ || cut;
  }
  void end() {
    if (cut_) found_.push_back(std::string(window_) + ": " + text_);
    text_.clear();
    cut_ = false;
  }

 private:
  const char* window_;
  std::vector<std::string>& found_;
  std::string text_;
  ImVec2 last_{0, 0};
  bool cut_ = false;
};

void look_at(const ImDrawList& list, const Letters& letters, ImTextureID font,
             std::vector<std::string>& found) {
  Rows rows(list._OwnerName != nullptr ? list._OwnerName : "?", found);
  for (const ImDrawCmd& command : list.CmdBuffer) {
    if (command.UserCallback != nullptr || command.GetTexID() != font) continue;
    const ImVec4& clip = command.ClipRect;
    for (unsigned i = 0; i + 6 <= command.ElemCount;) {
      const ImDrawIdx* index = list.IdxBuffer.Data + command.IdxOffset + i;
      // A rectangle's six indices, as ImDrawList::PrimRectUV() and ImFont::RenderText() lay them.
      if (index[1] != index[0] + 1 || index[2] != index[0] + 2 || index[3] != index[0] ||
          index[4] != index[2] || index[5] != index[0] + 3) {
        i += 3;
        continue;
      }
      i += 6;
      const ImDrawVert* corner = list.VtxBuffer.Data + command.VtxOffset + index[0];
      const ImVec2 min = corner[0].pos;
      const ImVec2 max = corner[2].pos;
      const Letter* letter = letters.find(corner[0].uv, corner[2].uv);
      if (letter == nullptr || max.y <= clip.y || min.y >= clip.w) continue;
      const bool by_window = min.x < clip.x - kPixel || max.x > clip.z + kPixel;
      const bool by_draw = letters.missing_px(*letter, corner[0].uv, corner[2].uv) > kPixel;
      rows.add(*letter, min, max, by_window || by_draw);
    }
  }
}

}  // namespace

std::vector<std::string> cut_glyphs(const ImDrawData& frame) {
  std::vector<std::string> found;
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  const Letters letters(atlas);
  for (const ImDrawList* list : frame.CmdLists) {
    look_at(*list, letters, atlas.TexRef.GetTexID(), found);
  }
  return found;
}

}  // namespace errata::test

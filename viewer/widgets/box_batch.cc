#include "viewer/widgets/box_batch.h"

#include <algorithm>
#include <cmath>

namespace errata::viewer {

namespace {

// Boxes of one reservation: their vertices stay within what 16 bits can count.
constexpr size_t kAtOnce = 2048;

ImDrawVert vertex(float x, float y, ImVec2 uv, ImU32 color) {
  ImDrawVert made;
  made.pos = ImVec2(x, y);
  made.uv = uv;
  made.col = color;
  return made;
}

// A quad between four vertices that were written already, counted from `first`.
void quad(ImDrawList* list, unsigned first, unsigned a, unsigned b, unsigned c, unsigned d) {
  for (const unsigned index : {a, b, c, a, c, d}) {
    list->PrimWriteIdx(static_cast<ImDrawIdx>(first + index));
  }
}

}  // namespace

void BoxBatch::solid(ImVec2 min, ImVec2 max, ImU32 color, float line) {
  solid_.push_back({min, max, color, line});
}

void BoxBatch::dashed(ImVec2 min, ImVec2 max, ImU32 color, float line) {
  dashed_.push_back({min, max, color, line});
}

void BoxBatch::draw_frames(ImDrawList* list, const std::vector<Outline>& boxes, float wider,
                           ImU32 color) {
  const ImVec2 white =
      ImGui::GetDrawListSharedData() != nullptr ? ImGui::GetFontTexUvWhitePixel() : ImVec2(0, 0);
  for (size_t begin = 0; begin < boxes.size(); begin += kAtOnce) {
    const size_t count = std::min(kAtOnce, boxes.size() - begin);
    list->PrimReserve(static_cast<int>(count * 24), static_cast<int>(count * 8));
    for (size_t i = begin; i < begin + count; ++i) {
      const Outline& box = boxes[i];
      const ImU32 ink = color != 0 ? color : box.color;
      const float half_x = (box.max.x - box.min.x) / 2;
      const float half_y = (box.max.y - box.min.y) / 2;
      const float in_x = std::min(box.line + wider, half_x);
      const float in_y = std::min(box.line + wider, half_y);
      const float l = box.min.x - wider;
      const float t = box.min.y - wider;
      const float r = box.max.x + wider;
      const float b = box.max.y + wider;
      const unsigned first = list->_VtxCurrentIdx;
      quad(list, first, 0, 1, 5, 4);
      quad(list, first, 1, 2, 6, 5);
      quad(list, first, 2, 3, 7, 6);
      quad(list, first, 3, 0, 4, 7);
      const ImDrawVert corners[8] = {vertex(l, t, white, ink),
                                     vertex(r, t, white, ink),
                                     vertex(r, b, white, ink),
                                     vertex(l, b, white, ink),
                                     vertex(box.min.x + in_x, box.min.y + in_y, white, ink),
                                     vertex(box.max.x - in_x, box.min.y + in_y, white, ink),
                                     vertex(box.max.x - in_x, box.max.y - in_y, white, ink),
                                     vertex(box.min.x + in_x, box.max.y - in_y, white, ink)};
      std::copy_n(corners, 8, list->_VtxWritePtr);
      list->_VtxWritePtr += 8;
      list->_VtxCurrentIdx += 8;
    }
  }
}

void BoxBatch::draw_dashes(ImDrawList* list, const std::vector<Outline>& boxes, float length,
                           float period) {
  const ImVec2 clip_min = list->GetClipRectMin();
  const ImVec2 clip_max = list->GetClipRectMax();
  // Where an edge is seen, and the texture's place for its two ends: a dash stays where it is when
  // the edge is cut by the view.
  const auto seen = [&](float from, float to, float low, float high, float& u0, float& u1) {
    const float begin = std::clamp(low, from, to);
    const float end = std::clamp(high, from, to);
    u0 = std::fmod(begin - from, period) / length;
    u1 = u0 + (end - begin) / length;
    return ImVec2(begin, end);
  };
  for (size_t begin = 0; begin < boxes.size(); begin += kAtOnce) {
    const size_t count = std::min(kAtOnce, boxes.size() - begin);
    list->PrimReserve(static_cast<int>(count * 24), static_cast<int>(count * 16));
    for (size_t i = begin; i < begin + count; ++i) {
      const Outline& box = boxes[i];
      const unsigned first = list->_VtxCurrentIdx;
      float u0 = 0;
      float u1 = 0;
      float v0 = 0;
      float v1 = 0;
      const ImVec2 x = seen(box.min.x, box.max.x, clip_min.x, clip_max.x, u0, u1);
      const ImVec2 y = seen(box.min.y, box.max.y, clip_min.y, clip_max.y, v0, v1);
      const float line_x = std::min(box.line, box.max.x - box.min.x);
      const float line_y = std::min(box.line, box.max.y - box.min.y);
      for (unsigned edge = 0; edge < 4; ++edge) {
        quad(list, first, edge * 4, edge * 4 + 1, edge * 4 + 2, edge * 4 + 3);
      }
      ImDrawVert* to = list->_VtxWritePtr;
      for (const float top : {box.min.y, box.max.y - line_y}) {
        *to++ = vertex(x.x, top, ImVec2(u0, 0.5F), box.color);
        *to++ = vertex(x.y, top, ImVec2(u1, 0.5F), box.color);
        *to++ = vertex(x.y, top + line_y, ImVec2(u1, 0.5F), box.color);
        *to++ = vertex(x.x, top + line_y, ImVec2(u0, 0.5F), box.color);
      }
      for (const float left : {box.min.x, box.max.x - line_x}) {
        *to++ = vertex(left, y.x, ImVec2(v0, 0.5F), box.color);
        *to++ = vertex(left + line_x, y.x, ImVec2(v0, 0.5F), box.color);
        *to++ = vertex(left + line_x, y.y, ImVec2(v1, 0.5F), box.color);
        *to++ = vertex(left, y.y, ImVec2(v1, 0.5F), box.color);
      }
      list->_VtxWritePtr += 16;
      list->_VtxCurrentIdx += 16;
    }
  }
}

void BoxBatch::draw(ImDrawList* list, ImTextureID dashes, float dashes_length, float dash_period,
                    ImU32 halo) {
  const ImVec2 min = list->GetClipRectMin();
  const ImVec2 max = list->GetClipRectMax();
  const auto outside = [&](const Outline& box) {
    return box.max.x < min.x || box.min.x > max.x || box.max.y < min.y || box.min.y > max.y;
  };
  std::erase_if(solid_, outside);
  std::erase_if(dashed_, outside);
  if (halo != 0) {
    draw_frames(list, solid_, 1, halo);
    draw_frames(list, dashed_, 1, halo);
  }
  draw_frames(list, solid_, 0, 0);
  if (dashed_.empty()) return;
  list->PushTexture(dashes);
  draw_dashes(list, dashed_, dashes_length, dash_period);
  list->PopTexture();
}

}  // namespace errata::viewer

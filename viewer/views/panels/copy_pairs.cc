#include "viewer/views/panels/copy_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/text.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/panels/duplicate_parts.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kListWidth = 222;
constexpr float kRowHeight = 50;
constexpr float kRowThumb = 36;
constexpr float kActionsWidth = 196;
constexpr float kGap = 14;
constexpr float kTallFrom = 400;
constexpr float kTextHeight = 54;
constexpr float kActionsHeight = 142;  // below the pictures
constexpr float kSideWidth = 230;      // of a picture with its words, where there is room

ImU32 pair_color(const Theme& theme, const CopyPairView& pair) {
  if (!pair.open) return theme.right;
  return pair.conflict ? theme.wrong : theme.caution;
}

void draw_pair_words(const FrameContext& frame, const CopyPairView& pair, ImVec2 at, float width,
                     TextStyle style) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddCircleFilled(ImVec2(at.x + theme.px(4), at.y + theme.px(8)), theme.px(3.5F),
                        pair_color(theme, pair));
  draw_words(theme, list, ImVec2(at.x + theme.px(13), at.y), width - theme.px(13), style,
             pair_words(pair));
}

void draw_row(const FrameContext& frame, size_t index, ImVec2 size) {
  const Theme& theme = frame.theme;
  const CopyPairView& pair = frame.state.findings.copies->pairs[index];
  const bool chosen = index == frame.state.findings.pair;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + size.x, min.y + size.y - theme.px(4));
  ImGui::PushID(static_cast<int>(index));
  if (ImGui::InvisibleButton("pair", ImVec2(size.x, size.y))) {
    frame.session.findings().choose_pair(index);
    frame.session.map().go_to(frame.state.findings.kept.front());
  }
  const bool hovered = ImGui::IsItemHovered();
  ImGui::PopID();
  if (chosen || hovered) {
    list->AddRectFilled(min, max, chosen ? theme.panel : theme.hovered, theme.px(5));
  }
  if (chosen) {
    list->AddRect(ImVec2(min.x + theme.px(1), min.y), ImVec2(max.x - theme.px(1), max.y),
                  theme.accent, theme.px(5), theme.px(1.5F));
  }
  const float side = theme.px(kRowThumb);
  float x = min.x + theme.px(7);
  const float y = min.y + (max.y - min.y - side) / 2;
  for (const RowIndex row : {pair.a, pair.b}) {
    const ImVec2 corner(x, y);
    const ImVec2 end(x + side, y + side);
    list->AddRectFilled(corner, end, theme.image_back, theme.px(3));
    if (const auto region = frame.pictures.thumbnail(frame.state.snapshot.ids[row])) {
      const ImU32 tint =
          is_excluded_copy(frame.state, row) ? IM_COL32(255, 255, 255, 70) : IM_COL32_WHITE;
      draw_fitted(list, *region, corner, end, tint, theme.px(3));
    }
    x += side + theme.px(4);
  }
  x += theme.px(5);
  const std::string a = copy_label(frame.state, pair.a);
  const std::string b = copy_label(frame.state, pair.b);
  const float room = max.x - theme.px(6) - x;
  draw_text_fit(theme, list, ImVec2(x, min.y + theme.px(4)), room, body(theme),
                pair.conflict ? a + " / " + b : a);
  TextStyle words = small(theme);
  words.color = theme.text_dim;
  draw_pair_words(frame, pair, ImVec2(x, min.y + theme.px(24)), room, words);
}

void draw_list(const FrameContext& frame) {
  const Theme& theme = frame.theme;
  const float width = ImGui::GetContentRegionAvail().x - theme.px(8);
  const float height = theme.px(kRowHeight);
  if (frame.state.findings.show_group) {
    scroll_to_row(frame.state.findings.pair, height);
    frame.session.state().findings.show_group = false;
  }
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(frame.state.findings.copies->pairs.size()), height);
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      draw_row(frame, static_cast<size_t>(i), ImVec2(width, height));
    }
  }
}

// Why the two are copies.
std::string why(const CopyPairView& pair) {
  std::string text;
  if (pair.hash_bits == 0) text = "Their hashes are equal, their pixels agree.";
  if (pair.hash_bits > 0) {
    text = fmt::format("Hashes differ in {} of 64 bits, the pixels agree.", pair.hash_bits);
  }
  if (!std::isnan(pair.similarity)) {
    text += fmt::format("{}Embeddings alike to {:.3f}.", text.empty() ? "" : " ", pair.similarity);
  }
  return text;
}

// "group 3, stays"
std::string place_of(const AppState& state, RowIndex row) {
  const Column* group = state.snapshot.samples.find("duplicate_group");
  const Column* kept = state.snapshot.samples.find("duplicate_kept");
  if (group == nullptr || group->is_null(row)) return "in no group";
  const auto number = static_cast<int64_t>(group->number(row));
  const bool stays = kept != nullptr && !kept->is_null(row) && kept->number(row) > 0;
  return fmt::format("{} group {}", stays ? "kept of" : "copy in", with_thousands(number));
}

void key_button(const FrameContext& frame, const char* id, std::string_view command_id,
                const std::string& title, float width, bool primary) {
  const Command& command = frame.commands.at(command_id);
  if (action_button(frame.theme, id, key_text(command.keys[0]), title, width, primary,
                    command.enabled(frame.state))) {
    frame.run(command.id);
  }
  if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) draw_hover(frame.theme, command.help);
}

// Buttons from the left, in as many lines as they need.
class ButtonLines {
 public:
  ButtonLines(ImVec2 at, float width, float gap) : left_(at.x), at_(at), width_(width), gap_(gap) {}

  // The next one is so wide and high.
  void place(float width, float height) {
    if (at_.x > left_ && at_.x + width > left_ + width_ + 0.5F) {
      at_ = ImVec2(left_, at_.y + height_ + gap_);
      height_ = 0;
    }
    height_ = std::max(height_, height);
    ImGui::SetCursorScreenPos(ImVec2(at_.x, at_.y + (height_ - height) / 2));
    at_.x += width + gap_;
  }

 private:
  float left_;
  ImVec2 at_;  // of the next
  float width_;
  float gap_;
  float height_ = 0;  // of the line
};

// What can be done, in a column beside the pictures or below them.
void draw_actions(const FrameContext& frame, const CopyPairView& pair, ImVec2 at, float width) {
  const Theme& theme = frame.theme;
  draw_pair_words(frame, pair, at, width, body(theme));
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(20)));
  paragraph(theme, why(pair), theme.text_dim, width);
  ButtonLines lines(ImVec2(at.x, ImGui::GetCursorScreenPos().y + theme.px(7)), width, theme.px(6));
  const float key_width = std::min(width, theme.px(kActionsWidth));
  if (pair.open) {
    lines.place(key_width, theme.px(32));
    key_button(frame, "others", "review.keep_one", "keep marked", key_width, true);
    const std::vector<RowIndex>& kept = frame.state.findings.kept;
    if (pair.conflict && !kept.empty()) {
      lines.place(key_width, theme.px(32));
      key_button(frame, "label", "review.label_as_kept",
                 "label both " + copy_label(frame.state, kept.front()), key_width, false);
    }
  }
  constexpr std::string_view kShow = "In the grid";
  const auto button_width = [&](std::string_view text) {
    return text_width(theme, body(theme), text) + theme.px(22);
  };
  lines.place(button_width(kShow), theme.px(28));
  if (choice_button(theme, "show", kShow, width)) frame.session.findings().show_pair();
  if (pair.chain.number < 0) return;
  lines.place(button_width("Chain of " + with_thousands(pair.chain.pictures)), theme.px(28));
  draw_chain_button(frame, pair.chain, "Chain of", width);
}

// Of the two pictures the largest height over width, or width over height.
float most_aspect(const AppState& state, const CopyPairView& pair, bool of_height) {
  const Column* width = state.snapshot.samples.find("width");
  const Column* height = state.snapshot.samples.find("height");
  float most = 0;
  for (const RowIndex row : {pair.a, pair.b}) {
    if (width == nullptr || height == nullptr || width->is_null(row) || height->is_null(row)) {
      return 1;
    }
    const double aspect = width->number(row) / height->number(row);
    most = std::max(most, static_cast<float>(of_height ? 1 / aspect : aspect));
  }
  return most;
}

}  // namespace

std::string_view pair_words(const CopyPairView& pair) {
  if (!pair.open) return "decided";
  if (pair.conflict && pair.leak) return "label and split differ";
  return pair.conflict ? "labels differ" : "across splits";
}

void CopyPairs::draw(const FrameContext& frame) {
  const Theme& theme = frame.theme;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float list_width = theme.px(kListWidth);
  ImGui::BeginChild("pairs", ImVec2(list_width, room.y));
  draw_list(frame);
  ImGui::EndChild();
  const float line = at.x + list_width + theme.px(4);
  ImGui::GetWindowDrawList()->AddLine(ImVec2(line, at.y), ImVec2(line, at.y + room.y),
                                      theme.border);
  const float left = line + theme.px(kGap);
  ImGui::SetCursorScreenPos(ImVec2(left, at.y));
  ImGui::BeginChild("chosen", ImVec2(at.x + room.x - left, room.y));
  if (const CopyPairView* pair = FindingsDesk::chosen_pair(frame.state)) draw_chosen(frame, *pair);
  ImGui::EndChild();
}

void CopyPairs::draw_chosen(const FrameContext& frame, const CopyPairView& pair) {
  const Theme& theme = frame.theme;
  const SampleId a = frame.state.snapshot.ids[pair.a];
  const SampleId b = frame.state.snapshot.ids[pair.b];
  if (a != zoomed_a_ || b != zoomed_b_) zoom_ = ImageViewState();
  zoomed_a_ = a;
  zoomed_b_ = b;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const bool tall = room.y > theme.px(kTallFrom);
  const float gap = theme.px(kGap);
  const float text = theme.px(kTextHeight);
  const float beside = tall ? 0 : theme.px(kActionsWidth) + gap;
  // No wider and no higher than the pictures need, so that they are near each other.
  ImVec2 size((room.x - gap - beside) / 2, room.y - (tall ? theme.px(kActionsHeight) : 0));
  size.x = std::min(size.x, std::max(theme.px(kSideWidth),
                                     (size.y - text) * most_aspect(frame.state, pair, false)));
  size.y = std::min(size.y, text + std::max(theme.px(kSideWidth) / 2,
                                            size.x * most_aspect(frame.state, pair, true)));
  draw_side(frame, pair, pair.a, at, size);
  draw_side(frame, pair, pair.b, ImVec2(at.x + size.x + gap, at.y), size);
  if (tall) {
    draw_actions(frame, pair, ImVec2(at.x, at.y + size.y + theme.px(10)), room.x);
  } else {
    draw_actions(frame, pair, ImVec2(at.x + 2 * (size.x + gap), at.y), theme.px(kActionsWidth));
  }
}

void CopyPairs::draw_side(const FrameContext& frame, const CopyPairView& pair, RowIndex row,
                          ImVec2 at, ImVec2 size) {
  const Theme& theme = frame.theme;
  const AppState& state = frame.state;
  const SampleId sample = state.snapshot.ids[row];
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 image(size.x, size.y - theme.px(kTextHeight));
  const ImVec2 max(at.x + image.x, at.y + image.y);
  const auto thumbnail = frame.pictures.thumbnail(sample);
  const TextureRegion* whole = frame.pictures.image(sample);
  const std::string* problem = frame.pictures.problem(sample);
  ImGui::PushID(row == pair.a ? "a" : "b");
  ImGui::SetCursorScreenPos(at);
  image_view(theme, "picture",
             whole != nullptr ? whole
             : thumbnail      ? &*thumbnail
                              : nullptr,
             frame.pictures.pixels(sample), problem != nullptr ? std::string_view(*problem) : "",
             image, zoom_, nullptr);
  // A drag moves both pictures and marks neither.
  const float still = ImGui::GetIO().MouseDragThreshold;
  bool clicked = ImGui::IsItemHovered() && ImGui::IsMouseReleased(ImGuiMouseButton_Left) &&
                 ImGui::GetIO().MouseDragMaxDistanceSqr[ImGuiMouseButton_Left] < still * still;
  ImGui::SetCursorScreenPos(ImVec2(at.x, max.y));
  clicked = ImGui::InvisibleButton("name", ImVec2(size.x, theme.px(kTextHeight))) || clicked;
  const std::string path = copy_text(state, "path", row);
  if (ImGui::IsItemHovered()) draw_hover(theme, path);
  ImGui::PopID();
  const bool excluded = is_excluded_copy(state, row);
  const bool kept = pair.open && state.findings.keeps(row);
  if (excluded) list->AddRectFilled(at, max, with_alpha(theme.raised, 0.6F), theme.px(6));
  if (kept) list->AddRect(at, max, theme.right, theme.px(6), theme.px(2));
  const char* mark = excluded ? "excluded" : kept ? "stays" : "";
  TextStyle mark_style = dim(theme);
  if (kept) mark_style.color = theme.right;
  const float mark_width = *mark == 0 ? 0 : text_width(theme, mark_style, mark) + theme.px(10);
  TextStyle label = bold(theme);
  if (pair.conflict && !kept) label.color = theme.wrong;
  draw_text_fit(theme, list, ImVec2(at.x, max.y + theme.px(4)), size.x - mark_width, label,
                copy_label(state, row));
  draw_text_right(theme, list, ImVec2(at.x + size.x, max.y + theme.px(4)), mark_style, mark);
  TextStyle facts = small(theme);
  facts.color = theme.text_dim;
  draw_text_fit(theme, list, ImVec2(at.x, max.y + theme.px(22)), size.x, facts,
                fmt::format("{} \u00B7 {}", copy_facts(state, row), place_of(state, row)));
  const bool fits = text_width(theme, small(theme), path) <= size.x;
  draw_text_fit(theme, list, ImVec2(at.x, max.y + theme.px(38)), size.x, small(theme),
                fits ? path : std::string(base_name(path)));
  if (!clicked) return;
  frame.session.findings().keep(row, ImGui::GetIO().KeyCtrl || ImGui::GetIO().KeyShift);
  frame.session.findings().go_to(row);
}

}  // namespace errata::viewer

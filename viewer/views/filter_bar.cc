#include "viewer/views/filter_bar.h"

#include <imgui.h>
#include <imgui_internal.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

// A problem is shown once the typing pauses, not in the middle of a word.
constexpr double kProblemDelaySecs = 0.6;
constexpr float kButtonWidth = 26;
constexpr float kOfferHeight = 25;
constexpr size_t kMostOffersSeen = 10;
constexpr float kOffersWidth = 540;

ImU32 span_color(const Theme& theme, FilterSpanKind kind) {
  switch (kind) {
    case FilterSpanKind::kKeyword: return theme.accent;
    case FilterSpanKind::kOperator: return theme.accent;
    case FilterSpanKind::kString: return theme.string_text;
    case FilterSpanKind::kNumber: return theme.string_text;
    default: return theme.text;
  }
}

TextStyle mono(const Theme& theme) {
  return {theme.fonts.mono, Theme::kBodySize - 1, theme.text};
}

void draw_star(ImDrawList* list, ImVec2 centre, float radius, ImU32 color, bool filled) {
  constexpr int kPoints = 10;
  constexpr float kInner = 0.45F;
  constexpr float kPi = 3.14159265F;
  std::array<ImVec2, kPoints> points;
  for (int i = 0; i < kPoints; ++i) {
    const float angle = kPi * (static_cast<float>(i) / 5.0F - 0.5F);
    const float r = i % 2 == 0 ? radius : radius * kInner;
    points[static_cast<size_t>(i)] =
        ImVec2(centre.x + r * std::cos(angle), centre.y + r * std::sin(angle));
  }
  if (filled) {
    list->AddConcavePolyFilled(points.data(), kPoints, color);
  } else {
    list->AddPolyline(points.data(), kPoints, color, radius * 0.18F, ImDrawFlags_Closed);
  }
}

// A small window that hangs from the bar; ends with ImGui::End() and pop_hanging().
bool begin_hanging(const Theme& theme, const char* name, ImU32 border, ImVec2 at) {
  ImGui::SetNextWindowPos(at);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme.raised);
  ImGui::PushStyleColor(ImGuiCol_Border, border);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, theme.px(6));
  return ImGui::Begin(name, nullptr,
                      ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_AlwaysAutoResize |
                          ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav |
                          ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                          ImGuiWindowFlags_NoDocking);
}

void end_hanging() {
  ImGui::End();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor(2);
}

bool is_inside(const Rect& rect, ImVec2 at) {
  return at.x >= rect.min.x && at.x < rect.max.x && at.y >= rect.min.y && at.y < rect.max.y;
}

bool is_saved(const AppState& state) {
  const std::string sort = (state.sort.descending ? "-" : "") + state.sort.column;
  return std::any_of(state.lists.lists.saved_views.begin(), state.lists.lists.saved_views.end(),
                     [&](const store::SavedView& view) {
                       return view.filter == state.filter.applied && view.sort == sort;
                     });
}

}  // namespace

void FilterBar::draw(const FrameContext& frame, const Rect& rect) {
  const Theme& theme = frame.theme;
  field_ = rect;
  const FilterState& filter = frame.state.filter;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(rect.min, rect.max, theme.well, theme.px(6));
  const ImU32 border = !filter.problem.empty() ? theme.wrong
                       : active_               ? theme.accent
                                               : theme.border;
  list->AddRect(rect.min, rect.max, border, theme.px(6));
  const float right = draw_buttons(frame);
  text_ = Rect{rect.min, ImVec2(right, rect.max.y)};
  draw_field(frame, right - rect.min.x);
}

void FilterBar::draw_below(const FrameContext& frame) {
  draw_offers(frame);
  draw_problem(frame);
}

// Returns where the room for the text ends.
float FilterBar::draw_buttons(const FrameContext& frame) const {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float width = theme.px(kButtonWidth);
  const float height = field_.height();
  float x = field_.max.x - theme.px(3);
  const auto button = [&](const char* id, const char* about, const auto& draw) {
    x -= width;
    ImGui::SetCursorScreenPos(ImVec2(x, field_.min.y));
    const bool pressed = ImGui::InvisibleButton(id, ImVec2(width, height));
    const bool hovered = ImGui::IsItemHovered();
    if (hovered) ImGui::SetTooltip("%s", about);
    draw(ImVec2(x + width / 2, field_.min.y + height / 2), hovered ? theme.text : theme.text_faint);
    return pressed;
  };
  const auto hint = [&](std::string_view id) {
    const Command* command = frame.commands.find(id);
    return command->title + "  (" + key_text(command->keys[0]) + ")";
  };
  const float thick = theme.px(1.5F);
  if (button("saved views", hint("view.saved").c_str(), [&](ImVec2 at, ImU32 color) {
        const float r = theme.px(4);
        const ImVec2 points[] = {ImVec2(at.x - r, at.y - r / 2), ImVec2(at.x, at.y + r / 2),
                                 ImVec2(at.x + r, at.y - r / 2)};
        list->AddPolyline(points, 3, color, thick);
      })) {
    frame.run("view.saved");
  }
  const bool saved = is_saved(frame.state);
  if (button("save view", hint("view.save").c_str(), [&](ImVec2 at, ImU32 color) {
        draw_star(list, at, theme.px(7), saved ? theme.accent : color, saved);
      })) {
    frame.run("view.save");
  }
  if (!frame.state.filter.draft.empty() &&
      button("clear filter", hint("view.all").c_str(), [&](ImVec2 at, ImU32 color) {
        const float r = theme.px(4);
        list->AddLine(ImVec2(at.x - r, at.y - r), ImVec2(at.x + r, at.y + r), color, thick);
        list->AddLine(ImVec2(at.x - r, at.y + r), ImVec2(at.x + r, at.y - r), color, thick);
      })) {
    frame.run("view.all");
  }
  return x;
}

int FilterBar::on_edit(ImGuiInputTextCallbackData* data) {
  auto& bar = *static_cast<FilterBar*>(data->UserData);
  if (bar.unselect_) {
    data->CursorPos = data->BufTextLen;
    data->ClearSelection();
    bar.unselect_ = false;
  }
  if (bar.insertion_.wanted) {
    const Insertion& insertion = bar.insertion_;
    const size_t length = static_cast<size_t>(data->BufTextLen);
    const size_t begin = std::min(insertion.begin, length);
    const size_t end = std::clamp(insertion.end, begin, length);
    data->DeleteChars(static_cast<int>(begin), static_cast<int>(end - begin));
    data->InsertChars(static_cast<int>(begin), insertion.text.c_str());
    data->CursorPos = static_cast<int>(begin + insertion.text.size());
    data->ClearSelection();
    bar.insertion_.wanted = false;
  }
  bar.cursor_ = static_cast<size_t>(data->CursorPos);
  return 0;
}

// Puts an offer into the text, with a space behind it, ready for what follows.
void FilterBar::take(const FrameContext& frame, size_t choice) {
  const CompletionState& now = frame.state.completion;
  if (!now.can_take() || choice >= now.offer.items.size()) return;
  insertion_ = {true, now.offer.begin, now.offer.end, now.offer.items[choice].text};
  const char last = insertion_.text.empty() ? ' ' : insertion_.text.back();
  const bool more = last != '(' && last != '\'';
  const bool is_value = now.offer.items[choice].kind == query::CompletionKind::kValue;
  if (now.offer.end >= now.text.size() && (more || is_value)) insertion_.text += ' ';
}

// Before the text field sees them: the keys that mean the list while it is open.
void FilterBar::take_keys(const FrameContext& frame) {
  const CompletionState& now = frame.state.completion;
  if (!active_ || !now.shown()) return;
  FilterDesk& desk = frame.session.filters();
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) desk.move_choice(1);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) desk.move_choice(-1);
  const ImGuiID mine = ImGui::GetID("offers");
  if (ImGui::IsKeyPressed(ImGuiKey_Escape, false)) {
    ImGui::SetKeyOwner(ImGuiKey_Escape, mine, ImGuiInputFlags_LockThisFrame);
    desk.close_completion();
    return;
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Tab, false)) {
    take(frame, now.choice);
    return;
  }
  for (const ImGuiKey key : {ImGuiKey_Enter, ImGuiKey_KeypadEnter}) {
    if (!ImGui::IsKeyPressed(key, false) || !now.enter_takes()) continue;
    ImGui::SetKeyOwner(key, mine, ImGuiInputFlags_LockThisFrame);
    take(frame, now.choice);
    return;
  }
}

void FilterBar::draw_field(const FrameContext& frame, float width) {
  const Theme& theme = frame.theme;
  AppState& state = frame.session.state();
  take_keys(frame);
  const FontScope font(theme.fonts.mono, Theme::kBodySize - 1);
  ImGui::SetCursorScreenPos(field_.min);
  ImGui::SetNextItemWidth(width);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                      ImVec2(theme.px(10), (field_.height() - ImGui::GetFontSize()) / 2));
  ImGui::PushStyleColor(ImGuiCol_FrameBg, IM_COL32(0, 0, 0, 0));
  ImGui::PushStyleColor(ImGuiCol_FrameBgHovered, IM_COL32(0, 0, 0, 0));
  ImGui::PushStyleColor(ImGuiCol_FrameBgActive, IM_COL32(0, 0, 0, 0));
  // The text is drawn again, coloured, over the field's own.
  ImGui::PushStyleColor(ImGuiCol_Text, IM_COL32(0, 0, 0, 0));
  ImGui::PushStyleColor(ImGuiCol_InputTextCursor, theme.text);
  if (state.filter.focus_wanted) ImGui::SetKeyboardFocusHere();
  state.filter.focus_wanted = false;
  // Tab completes rather than going to the next field.
  const bool changed = ImGui::InputText(
      "##filter", &state.filter.draft,
      ImGuiInputTextFlags_CallbackAlways | ImGuiInputTextFlags_CallbackCompletion, &on_edit, this);
  active_ = ImGui::IsItemActive();
  ImGui::PopStyleColor(5);
  ImGui::PopStyleVar();
  draw_coloured(frame, ImGui::GetItemID());
  if (changed) {
    changed_secs_ = frame.now_secs;
    frame.session.set_filter(state.filter.draft);
  }
  if (active_) frame.session.filters().complete(state.filter.draft, cursor_);
}

// What stands in the field, in colours; the hint when it is empty.
void FilterBar::draw_coloured(const FrameContext& frame, ImGuiID id) const {
  const Theme& theme = frame.theme;
  const FilterState& filter = frame.state.filter;
  ImDrawList* list = ImGui::GetWindowDrawList();
  TextStyle style = mono(theme);
  const float y = text_.min.y + (text_.height() - text_height(theme, style)) / 2;
  float x = text_.min.x + theme.px(10);
  list->PushClipRect(ImVec2(x, text_.min.y), ImVec2(text_.max.x - theme.px(4), text_.max.y), true);
  if (filter.draft.empty() && !active_) {
    style.color = theme.text_faint;
    draw_text_fit(theme, list, ImVec2(x, y), text_.max.x - theme.px(6) - x, style,
                  frame.state.objects_shown()
                      ? "filter, as error = 'missed' and area_px < 1024"
                      : "filter, as label != prediction and confidence > 0.9");
  }
  if (const ImGuiInputTextState* input = ImGui::GetInputTextState(id); active_ && input) {
    x -= input->Scroll.x;
  }
  for (const FilterSpan& span : filter_spans(filter.draft)) {
    style.color = span_color(theme, span.kind);
    const auto text = std::string_view(filter.draft).substr(span.begin, span.end - span.begin);
    list->AddText(style.font, style.size * theme.scale, ImVec2(x, y), style.color, text.data(),
                  text.data() + text.size());
    const float width = text_width(theme, style, text);
    if (!filter.problem.empty() && filter.problem_end > filter.problem_begin &&
        span.begin < filter.problem_end && span.end > filter.problem_begin) {
      const float line = y + text_height(theme, style) + theme.px(1);
      list->AddLine(ImVec2(x, line), ImVec2(x + width, line), theme.wrong, theme.px(1.5F));
    }
    x += width;
  }
  list->PopClipRect();
}

bool FilterBar::draw_offer(const FrameContext& frame, size_t at, float width) const {
  const Theme& theme = frame.theme;
  const CompletionState& now = frame.state.completion;
  const query::CompletionItem& item = now.offer.items[at];
  const float height = theme.px(kOfferHeight);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + width, min.y + height);
  ImGui::PushID(static_cast<int>(at));
  ImGui::InvisibleButton("offer", ImVec2(width, height));
  ImGui::PopID();
  // On the press: by the release the text field has lost the keyboard.
  const bool taken = ImGui::IsItemHovered() && ImGui::IsMouseClicked(ImGuiMouseButton_Left);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool chosen = at == now.choice;
  if (chosen || ImGui::IsItemHovered()) {
    list->AddRectFilled(min, max, chosen ? theme.accent_soft : theme.hovered, theme.px(4));
  }
  TextStyle style = mono(theme);
  if (item.kind == query::CompletionKind::kValue) style.color = theme.string_text;
  if (item.kind == query::CompletionKind::kOperator || item.kind == query::CompletionKind::kWord) {
    style.color = theme.accent;
  }
  if (chosen) style.color = theme.on_accent;
  const float pad = theme.px(8);
  const float name_room = item.detail.empty() ? width - pad * 2 : theme.px(150);
  draw_text_fit(theme, list, ImVec2(min.x + pad, min.y + (height - text_height(theme, style)) / 2),
                name_room, style, to_valid_utf8(item.text));
  if (item.detail.empty()) return taken;
  TextStyle about = small(theme);
  if (chosen) about.color = theme.on_accent;
  const float x = min.x + pad + name_room + theme.px(10);
  const float room = max.x - pad - x;
  draw_text_fit(theme, list, ImVec2(x, min.y + (height - text_height(theme, about)) / 2), room,
                about, item.detail);
  if (ImGui::IsItemHovered() && text_width(theme, about, item.detail) > room) {
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(theme.px(420));
    ImGui::TextUnformatted(item.detail.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
  return taken;
}

void FilterBar::draw_offers(const FrameContext& frame) {
  const Theme& theme = frame.theme;
  const CompletionState& now = frame.state.completion;
  const bool pointed = offers_.width() > 0 && is_inside(offers_, ImGui::GetIO().MousePos);
  if (!now.shown() || !(active_ || pointed)) {
    offers_ = {};
    return;
  }
  if (now.fresh) {
    const std::string_view before =
        std::string_view(now.text).substr(0, std::min(now.offer.begin, now.text.size()));
    offers_x_ = text_.min.x + text_width(theme, mono(theme), before);
  }
  bool with_details = false;
  for (const query::CompletionItem& item : now.offer.items) with_details |= !item.detail.empty();
  const float width =
      std::min(theme.px(with_details ? kOffersWidth : 260.0F), field_.width() + theme.px(200));
  const float x =
      std::clamp(offers_x_, field_.min.x, frame.regions.all.max.x - width - theme.px(20));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(5), theme.px(5)));
  if (begin_hanging(theme, "Completions", theme.border, ImVec2(x, field_.max.y + theme.px(6)))) {
    ImGui::BringWindowToDisplayFront(ImGui::GetCurrentWindow());
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    const float line = theme.px(kOfferHeight);
    const float height =
        line * static_cast<float>(std::min(now.offer.items.size(), kMostOffersSeen));
    ImGui::BeginChild("lines", ImVec2(width, height), 0, ImGuiWindowFlags_NoNav);
    const float top = line * static_cast<float>(now.choice);
    if (top < ImGui::GetScrollY() && now.moved) ImGui::SetScrollY(top);
    if (top + line > ImGui::GetScrollY() + height && now.moved) {
      ImGui::SetScrollY(top + line - height);
    }
    size_t taken = SIZE_MAX;
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(now.offer.items.size()), line);
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const auto at = static_cast<size_t>(i);
        if (draw_offer(frame, at, ImGui::GetContentRegionAvail().x)) taken = at;
      }
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
    if (taken != SIZE_MAX) {
      take(frame, taken);
      frame.session.state().filter.focus_wanted = true;
      unselect_ = true;
    }
    const ImVec2 at = ImGui::GetWindowPos();
    const ImVec2 size = ImGui::GetWindowSize();
    offers_ = Rect{at, ImVec2(at.x + size.x, at.y + size.y)};
  }
  end_hanging();
  ImGui::PopStyleVar();
}

void FilterBar::draw_problem(const FrameContext& frame) const {
  const FilterState& filter = frame.state.filter;
  const Theme& theme = frame.theme;
  if (filter.problem.empty() || offers_.width() > 0) return;
  if (active_ && frame.now_secs - changed_secs_ < kProblemDelaySecs) return;
  ImGui::SetNextWindowSizeConstraints(ImVec2(field_.width() * 0.5F, 0),
                                      ImVec2(field_.width(), FLT_MAX));
  if (begin_hanging(theme, "Filter problem", theme.wrong,
                    ImVec2(field_.min.x, field_.max.y + theme.px(6)))) {
    ImGui::PushStyleColor(ImGuiCol_Text, theme.wrong);
    ImGui::PushTextWrapPos(field_.width() - theme.px(24));
    ImGui::TextUnformatted(filter.problem.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
    if (!filter.problem_hint.empty()) {
      const FontScope font(theme.fonts.mono, Theme::kSmallSize);
      ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
      ImGui::TextUnformatted(filter.problem_hint.c_str());
      ImGui::PopStyleColor();
    }
  }
  end_hanging();
}

}  // namespace errata::viewer

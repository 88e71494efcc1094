// Above an image: which of its objects are drawn, and from which confidence and overlap on a
// detection counts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "base/text.h"
#include "viewer/views/box_layer.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kHeight = 34;
constexpr float kSlider = 84;
constexpr float kLeastSlider = 44;
constexpr float kSliderGaps = 34;  // beside its word and its number
constexpr std::array kErrors{ObjectError::kMissed,       ObjectError::kBackground,
                             ObjectError::kLocalisation, ObjectError::kClass,
                             ObjectError::kBoth,         ObjectError::kDuplicate};

// Draws from the left to the right of one line.
class Line {
 public:
  Line(const FrameContext& frame, float width)
      : frame_(frame),
        theme_(frame.theme),
        start_(ImGui::GetCursorScreenPos()),
        x_(start_.x),
        right_(start_.x + width) {}

  float room() const { return right_ - x_; }
  void gap(float px) { x_ += theme_.px(px); }

  // A word with a mark before it, bright when it is on. True when clicked.
  bool toggle(const char* id, std::string_view word, bool on, ImU32 color, bool dashed,
              std::string_view help) {
    const TextStyle style = on ? body(theme_) : small(theme_);
    const float mark = theme_.px(14);
    const float width = mark + (word.empty() ? 0 : theme_.px(5) + text_width(theme_, style, word));
    ImGui::SetCursorScreenPos(ImVec2(x_, start_.y));
    const bool clicked = ImGui::InvisibleButton(id, ImVec2(width, theme_.px(kHeight)));
    if (ImGui::IsItemHovered()) {
      ImGui::SetTooltip("%s\nclick to %s", std::string(help).c_str(), on ? "hide" : "show");
    }
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float middle = start_.y + theme_.px(kHeight) / 2;
    const ImU32 ink = on ? color : theme_.text_faint;
    const float half = theme_.px(5);
    const ImVec2 min(x_ + theme_.px(1), middle - half);
    const ImVec2 max(min.x + half * 2, middle + half);
    if (dashed) {
      const float dash = theme_.px(3);
      for (const float y : {min.y, max.y}) {
        list->AddLine(ImVec2(min.x, y), ImVec2(min.x + dash, y), ink, theme_.px(1.6F));
        list->AddLine(ImVec2(max.x - dash, y), ImVec2(max.x, y), ink, theme_.px(1.6F));
      }
      for (const float x : {min.x, max.x}) {
        list->AddLine(ImVec2(x, min.y), ImVec2(x, min.y + dash), ink, theme_.px(1.6F));
        list->AddLine(ImVec2(x, max.y - dash), ImVec2(x, max.y), ink, theme_.px(1.6F));
      }
    } else {
      list->AddRect(min, max, ink, 0, theme_.px(1.6F));
    }
    if (!word.empty()) {
      draw_text(theme_, list,
                ImVec2(x_ + mark + theme_.px(5), middle - text_height(theme_, style) / 2), style,
                word);
    }
    x_ += width + theme_.px(12);
    return clicked;
  }

  // A small dot that turns an error kind on and off.
  bool dot(const char* id, bool on, ImU32 color, std::string_view help) {
    const float width = theme_.px(16);
    ImGui::SetCursorScreenPos(ImVec2(x_, start_.y));
    const bool clicked = ImGui::InvisibleButton(id, ImVec2(width, theme_.px(kHeight)));
    if (ImGui::IsItemHovered()) {
      ImGui::SetTooltip("%s\nclick to %s", std::string(help).c_str(), on ? "hide" : "show");
    }
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 middle(x_ + width / 2, start_.y + theme_.px(kHeight) / 2);
    if (on) {
      list->AddCircleFilled(middle, theme_.px(5), color);
    } else {
      list->AddCircle(middle, theme_.px(4.5F), theme_.text_faint, 0, theme_.px(1.2F));
    }
    x_ += width + theme_.px(2);
    return clicked;
  }

  // Makes sliders as short as all of these words need to stand in the line with one each; false
  // where even short ones have no room.
  bool fit_sliders(std::initializer_list<std::string_view> words) {
    float others = 0;
    for (const std::string_view word : words) {
      others += text_width(theme_, dim(theme_), word) + text_width(theme_, body(theme_), "0.00") +
                theme_.px(kSliderGaps);
    }
    const float each = (room() - others) / static_cast<float>(words.size());
    slider_width_ = std::min(theme_.px(kSlider), each);
    return each >= theme_.px(kLeastSlider);
  }

  // "confidence 0.25" with its slider; true when the value changed.
  bool slider(const char* id, std::string_view word, double& value, std::string_view help) {
    const TextStyle style = dim(theme_);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float middle = start_.y + theme_.px(kHeight) / 2;
    const float word_width = text_width(theme_, style, word);
    draw_text(theme_, list, ImVec2(x_, middle - text_height(theme_, style) / 2), style, word);
    x_ += word_width + theme_.px(8);
    const float width = slider_width_;
    ImGui::SetCursorScreenPos(ImVec2(x_, start_.y));
    ImGui::InvisibleButton(id, ImVec2(width, theme_.px(kHeight)));
    const double before = value;
    if (ImGui::IsItemActive()) {
      const float share = std::clamp((ImGui::GetIO().MousePos.x - x_) / width, 0.0F, 1.0F);
      value = std::round(static_cast<double>(share) * 100) / 100;
    }
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", std::string(help).c_str());
    const float at = x_ + static_cast<float>(value) * width;
    list->AddRectFilled(ImVec2(x_, middle - theme_.px(1.5F)),
                        ImVec2(x_ + width, middle + theme_.px(1.5F)), theme_.track, theme_.px(2));
    list->AddRectFilled(ImVec2(x_, middle - theme_.px(1.5F)), ImVec2(at, middle + theme_.px(1.5F)),
                        theme_.accent, theme_.px(2));
    list->AddCircleFilled(ImVec2(at, middle), theme_.px(6), theme_.text_dim);
    x_ += width + theme_.px(10);
    const TextStyle number = body(theme_);
    draw_text(theme_, list, ImVec2(x_, middle - text_height(theme_, number) / 2), number,
              fmt::format("{:.2f}", value));
    x_ += text_width(theme_, number, "0.00") + theme_.px(16);
    return value != before;
  }

  bool button(const char* id, std::string_view word) {
    ImGui::SetCursorScreenPos(ImVec2(x_, start_.y + theme_.px(6)));
    const bool clicked = small_button(theme_, id, word);
    x_ += ImGui::GetItemRectSize().x + theme_.px(10);
    return clicked;
  }

 private:
  const FrameContext& frame_;
  const Theme& theme_;
  ImVec2 start_;
  float x_;
  float right_;
  float slider_width_ = 0;
};

void draw_class_menu(const FrameContext& frame) {
  const Theme& theme = frame.theme;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(10), theme.px(8)));
  if (ImGui::BeginPopup("classes shown")) {
    std::set<int32_t>& hidden = frame.session.state().objects.shown.hidden_labels;
    if (ImGui::MenuItem("show all", nullptr, false, !hidden.empty())) hidden.clear();
    ImGui::Separator();
    const ClassMap& classes = frame.state.snapshot.classes;
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(classes.size()));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        bool on = !hidden.contains(i);
        ImGui::PushID(i);
        if (ImGui::Checkbox(to_valid_utf8(classes[i].name).c_str(), &on)) {
          if (on) {
            hidden.erase(i);
          } else {
            hidden.insert(i);
          }
        }
        ImGui::PopID();
      }
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

}  // namespace

float draw_box_controls(const FrameContext& frame, float width) {
  const Theme& theme = frame.theme;
  ObjectsState& state = frame.session.state().objects;
  if (!state.ready()) return 0;
  const ImVec2 start = ImGui::GetCursorScreenPos();
  ImGui::PushID("box controls");
  Line line(frame, width);
  ObjectFilter& shown = state.shown;
  if (line.toggle("given", "given", shown.given, theme.right, false,
                  "Boxes of the labels: solid lines")) {
    shown.given = !shown.given;
  }
  if (line.toggle("predicted", "predicted", shown.predicted, theme.accent, true,
                  "Boxes of the model: dashed lines, blue where they match a label")) {
    shown.predicted = !shown.predicted;
  }
  for (const ObjectError error : kErrors) {
    bool& hidden = shown.hidden_errors[static_cast<size_t>(error)];
    const std::string name(object_error_name(error));
    if (line.dot(name.c_str(), !hidden, error_color(theme, error), "Error: " + name)) {
      hidden = !hidden;
    }
  }
  line.gap(8);
  if (frame.state.snapshot.classes.size() > 1) {
    const size_t off = shown.hidden_labels.size();
    const std::string word = off == 0 ? std::string("classes") : fmt::format("{} hidden", off);
    if (line.button("classes", word)) ImGui::OpenPopup("classes shown");
    draw_class_menu(frame);
  }
  line.gap(4);
  MatchChoice choice = state.wanted;
  bool changed = false;
  const bool both = line.fit_sliders({"from", "IoU"});
  if (both || line.fit_sliders({"from"})) {
    changed |= line.slider("confidence", "from", choice.confidence,
                           "Confidence from which a detection is drawn and counts");
  }
  if (both) {
    changed |= line.slider("overlap", "IoU", choice.overlap,
                           "Overlap from which a box is in the right place");
  }
  if (changed) {
    choice.overlap = std::clamp(choice.overlap, 0.05, 0.95);
    frame.session.objects().set_match(choice);
  }
  ImGui::PopID();
  ImGui::SetCursorScreenPos(ImVec2(start.x, start.y + theme.px(kHeight)));
  return theme.px(kHeight);
}

}  // namespace errata::viewer

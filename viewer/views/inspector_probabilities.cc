// What the models say of a sample: bars of the active run, the other runs' numbers beside them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kRowHeight = 22;
constexpr float kValueWidth = 44;
constexpr float kKeyWidth = 16;
constexpr size_t kMostKeys = 9;

const RunSummary* find_run(const AppState& state, const std::string& name) {
  for (const RunSummary& run : state.snapshot.runs) {
    if (run.name == name) return &run;
  }
  return nullptr;
}

// One run beside the active one.
struct Beside {
  const RunAnswer* answer = nullptr;
  const RunSummary* run = nullptr;

  bool says(const std::string& class_name) const {
    return !answer->by_probability.empty() &&
           run->classes[answer->by_probability[0]].name == class_name;
  }
};

// Where the columns of a row stand.
struct Columns {
  float name_width = 0;
  float bar_right = 0;  // from the left edge
  float beside_width = 0;
};

class Bars {
 public:
  Bars(const Inspected& sample, const RunSummary& run, size_t most)
      : sample_(sample), run_(run), label_(sample.text("label")) {
    const SampleDetail& detail = sample.frame.state.detail;
    for (const RunAnswer& answer : detail.others) {
      const RunSummary* other = find_run(sample.frame.state, answer.run);
      if (other != nullptr && other->classes.size() >= answer.probabilities.size()) {
        beside_.push_back({&answer, other});
      }
    }
    const size_t known = std::min(detail.by_probability.size(), run.classes.size());
    for (size_t k = 0; k < std::min(most, known); ++k) ranks_.push_back(k);
    add_rank_of(label_, known);
    for (const Beside& each : beside_) {
      if (each.answer->by_probability.empty()) continue;
      add_rank_of(each.run->classes[each.answer->by_probability[0]].name, known);
    }
    measure();
  }

  void draw() const {
    if (!beside_.empty()) draw_head();
    for (const size_t rank : ranks_) draw_row(rank);
  }

 private:
  // The label and what another run takes it for are always among the rows.
  void add_rank_of(const std::string& class_name, size_t known) {
    const std::vector<ClassIndex>& order = sample_.frame.state.detail.by_probability;
    for (size_t k = 0; k < known; ++k) {
      if (run_.classes[order[k]].name != class_name) continue;
      if (std::find(ranks_.begin(), ranks_.end(), k) == ranks_.end()) ranks_.push_back(k);
      return;
    }
  }

  const std::string& name_of(size_t rank) const {
    return run_.classes[sample_.frame.state.detail.by_probability[rank]].name;
  }

  void measure() {
    const Theme& theme = sample_.frame.theme;
    const TextStyle style = body(theme);
    float widest = theme.px(60);
    for (const size_t rank : ranks_) {
      float width = text_width(theme, style, name_of(rank));
      if (name_of(rank) == label_) width += text_width(theme, style, " \u00B7 label");
      widest = std::max(widest, width);
    }
    columns_.beside_width = beside_.empty() ? 0 : theme.px(52);
    columns_.bar_right = sample_.width - columns_.beside_width * static_cast<float>(beside_.size());
    columns_.name_width = std::min(widest + theme.px(12), columns_.bar_right * 0.5F);
  }

  void draw_head() const {
    const Theme& theme = sample_.frame.theme;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    for (size_t i = 0; i < beside_.size(); ++i) {
      const std::string name = to_valid_utf8(beside_[i].run->name);
      const float right = columns_.bar_right + columns_.beside_width * static_cast<float>(i + 1);
      const float room = columns_.beside_width - theme.px(6);
      const float width = std::min(room, text_width(theme, small(theme), name));
      draw_text_fit(theme, list, ImVec2(at.x + right - width, at.y), width + 1, small(theme), name);
      ImGui::SetCursorScreenPos(ImVec2(at.x + right - room, at.y));
      ImGui::Dummy(ImVec2(room, theme.px(16)));
      if (ImGui::IsItemHovered()) draw_hover(theme, "run " + name);
    }
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(sample_.width, theme.px(17)));
  }

  void draw_row(size_t rank) const {
    const FrameContext& frame = sample_.frame;
    const Theme& theme = frame.theme;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = theme.px(kRowHeight);
    const std::string& name = name_of(rank);
    const float probability =
        frame.state.detail
            .probabilities[static_cast<size_t>(frame.state.detail.by_probability[rank])];
    const bool has_key = rank < kMostKeys;
    ImGui::PushID(static_cast<int>(rank));
    const bool pressed = ImGui::InvisibleButton("class", ImVec2(sample_.width, height));
    ImGui::PopID();
    if (pressed && has_key) frame.run(fmt::format("review.probable_{}", rank + 1));
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (ImGui::IsItemHovered()) {
      list->AddRectFilled(ImVec2(at.x - theme.px(4), at.y),
                          ImVec2(at.x + sample_.width + theme.px(2), at.y + height), theme.hovered,
                          theme.px(4));
      draw_hover(theme, hover_text(rank, probability));
    }
    const float text_y = at.y + (height - text_height(theme, body(theme))) / 2;
    if (has_key) {
      draw_text(theme, list, ImVec2(at.x, text_y + theme.px(1)), small(theme),
                std::to_string(rank + 1));
    }
    draw_name(list, ImVec2(at.x + theme.px(kKeyWidth), text_y), name);
    draw_share(list, at, rank == 0, name == label_, probability);
    for (size_t i = 0; i < beside_.size(); ++i) draw_beside(list, ImVec2(at.x, text_y), i, name);
  }

  void draw_name(ImDrawList* list, ImVec2 at, const std::string& name) const {
    const Theme& theme = sample_.frame.theme;
    const float room = columns_.name_width - theme.px(8);
    const std::string_view mark = name == label_ ? " \u00B7 label" : "";
    const float mark_width = text_width(theme, dim(theme), mark);
    const float used = draw_text_fit(theme, list, at, room - mark_width, body(theme), name);
    draw_text(theme, list, ImVec2(at.x + used, at.y), dim(theme), mark);
  }

  void draw_share(ImDrawList* list, ImVec2 at, bool is_first, bool is_label,
                  float probability) const {
    const Theme& theme = sample_.frame.theme;
    const float middle = at.y + theme.px(kRowHeight) / 2;
    const float right = at.x + columns_.bar_right;
    ImU32 color = with_alpha(theme.text_faint, 0.8F);
    if (is_first) color = is_label ? theme.right : theme.wrong;
    if (!is_first && is_label) color = theme.accent;
    draw_bar(theme, list,
             ImVec2(at.x + theme.px(kKeyWidth) + columns_.name_width, middle - theme.px(4)),
             ImVec2(right - theme.px(kValueWidth), middle + theme.px(4)), probability, color);
    draw_text_right(theme, list, ImVec2(right, middle - text_height(theme, body(theme)) / 2),
                    body(theme), fmt::format("{:.3f}", probability));
  }

  void draw_beside(ImDrawList* list, ImVec2 at, size_t i, const std::string& name) const {
    const Theme& theme = sample_.frame.theme;
    const Beside& each = beside_[i];
    const ClassIndex index = each.run->classes.find(name);
    const float right =
        at.x + columns_.bar_right + columns_.beside_width * static_cast<float>(i + 1);
    TextStyle style = dim(theme);
    std::string text = "\u2013";
    if (index != kNoClass && static_cast<size_t>(index) < each.answer->probabilities.size()) {
      text = fmt::format("{:.3f}", each.answer->probabilities[static_cast<size_t>(index)]);
    }
    // What this run takes the sample for.
    if (each.says(name)) {
      style = bold(theme);
      style.color = name == label_ ? theme.right : theme.wrong;
    }
    draw_text_right(theme, list, ImVec2(right, at.y), style, text);
  }

  std::string hover_text(size_t rank, float probability) const {
    std::string text = fmt::format("{}\n{:.6f} by {}", to_valid_utf8(name_of(rank)), probability,
                                   to_valid_utf8(run_.name));
    for (const Beside& each : beside_) {
      const ClassIndex index = each.run->classes.find(name_of(rank));
      if (index == kNoClass || each.answer->probabilities.empty()) continue;
      text += fmt::format("\n{:.6f} by {}", each.answer->probabilities[static_cast<size_t>(index)],
                          to_valid_utf8(each.run->name));
    }
    if (rank < kMostKeys) text += fmt::format("\nclick or press {} to make it the label", rank + 1);
    return text;
  }

  const Inspected& sample_;
  const RunSummary& run_;
  std::string label_;
  std::vector<Beside> beside_;
  std::vector<size_t> ranks_;
  Columns columns_;
};

// Which runs stand beside the active one.
void draw_choice(const Inspected& sample) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  const std::vector<std::string> others = frame.session.inspector().other_runs();
  if (others.empty()) return;
  const std::string_view text = "Runs";
  const ImVec2 back = ImGui::GetCursorScreenPos();
  const float width = text_width(theme, small(theme), text) + theme.px(16);
  ImGui::SetCursorScreenPos(ImVec2(back.x + sample.width - width, back.y - theme.px(24)));
  if (small_button(theme, "runs beside", text)) ImGui::OpenPopup("runs beside");
  ImGui::SetCursorScreenPos(back);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.px(8), theme.px(6)));
  if (ImGui::BeginPopup("runs beside")) {
    const std::vector<std::string> beside = frame.session.inspector().runs_beside();
    for (const std::string& run : others) {
      const bool shown = std::find(beside.begin(), beside.end(), run) != beside.end();
      if (ImGui::MenuItem(to_valid_utf8(run).c_str(), nullptr, shown)) {
        frame.session.inspector().show_run_beside(run, !shown);
      }
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

}  // namespace

void draw_probabilities(const Inspected& sample, size_t most_bars) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  const RunSummary* run = frame.state.active_run();
  const SampleDetail& detail = frame.state.detail;
  if (run == nullptr || run->kind != "probabilities") return;
  draw_section_title(sample, fmt::format("Probability \u00B7 run {}", to_valid_utf8(run->name)));
  draw_choice(sample);
  // While the next row is on its way the lines below keep their place.
  if (!detail.ready) {
    const size_t expected = std::min(most_bars, run->classes.size());
    ImGui::Dummy(ImVec2(0, theme.px(kRowHeight) * static_cast<float>(expected)));
    return;
  }
  if (detail.by_probability.empty()) {
    draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), sample.width,
               small(theme), "this run has no prediction for the sample");
    ImGui::Dummy(ImVec2(sample.width, theme.px(kRowHeight)));
    return;
  }
  Bars(sample, *run, most_bars).draw();
}

}  // namespace errata::viewer

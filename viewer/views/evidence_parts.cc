#include "viewer/views/evidence_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "viewer/state/findings.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/thumb.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLine = 19;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::string text_of(const AppState& state, std::string_view name, RowIndex row) {
  const Column* column = state.snapshot.samples.find(name);
  return column == nullptr || column->is_null(row) ? std::string() : std::string(column->text(row));
}

double number_of(const AppState& state, std::string_view name, RowIndex row) {
  const Column* column = state.snapshot.samples.find(name);
  return column == nullptr || column->is_null(row) ? double{kNaN} : column->number(row);
}

// What the active run gives a class; NaN when it says nothing.
double probability_of(const AppState& state, const std::string& name) {
  const RunSummary* run = state.active_run();
  const ClassIndex index = run == nullptr ? kNoClass : run->classes.find(name);
  const std::vector<float>& all = state.detail.probabilities;
  const bool known = index != kNoClass && static_cast<size_t>(index) < all.size();
  return known ? double{all[static_cast<size_t>(index)]} : double{kNaN};
}

// How many of the runs that know a class and say anything name it first.
struct Runs {
  size_t say = 0;
  size_t for_class = 0;
};
Runs runs_that_say(const AppState& state, const std::string& name) {
  Runs runs;
  const auto count = [&](const RunSummary* run, const std::vector<ClassIndex>& order) {
    if (run == nullptr || order.empty() || run->classes.find(name) == kNoClass) return;
    ++runs.say;
    runs.for_class += run->classes[order[0]].name == name;
  };
  count(state.active_run(), state.detail.by_probability);
  for (const RunAnswer& answer : state.detail.others) {
    const auto run = std::find_if(state.snapshot.runs.begin(), state.snapshot.runs.end(),
                                  [&](const RunSummary& each) { return each.name == answer.run; });
    count(run == state.snapshot.runs.end() ? nullptr : &*run, answer.by_probability);
  }
  return runs;
}

std::vector<RowIndex> rows_of(const AppState& state, const std::vector<SampleId>& samples) {
  std::vector<RowIndex> rows;
  for (const SampleId sample : samples) {
    const size_t row = state.snapshot.row_of(sample);
    if (row != SIZE_MAX) rows.push_back(static_cast<RowIndex>(row));
  }
  return rows;
}

void draw_row_of_thumbs(const FrameContext& frame, const LabelQuestion& question,
                        const std::vector<RowIndex>& rows, const std::vector<std::string>& notes,
                        float width, float side) {
  const Theme& theme = frame.theme;
  const float gap = theme.px(8);
  const auto in_row = std::max<size_t>(1, static_cast<size_t>((width + gap) / (side + gap)));
  const ImVec2 start = ImGui::GetCursorScreenPos();
  float height = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string label = text_of(frame.state, "label", rows[i]);
    Thumb thumb;
    thumb.row = rows[i];
    thumb.side = side;
    const std::string shown = label.empty() ? std::string("no label") : label;
    thumb.first = shown;
    thumb.second = notes.empty() ? std::string_view() : std::string_view(notes[i]);
    if (label == question.suggested && !label.empty()) thumb.first_color = theme.wrong;
    if (label == question.label && !label.empty()) thumb.first_color = theme.text;
    thumb.faded = text_of(frame.state, "review", rows[i]) == "excluded";
    height = thumb_height(theme, thumb) + theme.px(6);
    ImGui::SetCursorScreenPos(ImVec2(start.x + static_cast<float>(i % in_row) * (side + gap),
                                     start.y + static_cast<float>(i / in_row) * height));
    if (draw_thumb(frame, thumb)) frame.session.inspector().visit(rows[i]);
  }
  const size_t lines = (rows.size() + in_row - 1) / in_row;
  ImGui::SetCursorScreenPos(start);
  ImGui::Dummy(ImVec2(width, height * static_cast<float>(lines)));
}

}  // namespace

LabelQuestion label_question(const AppState& state, RowIndex row) {
  LabelQuestion question;
  question.label = text_of(state, "label", row);
  const std::string suggested(suggested_label(state.snapshot.samples, row).value_or(""));
  if (suggested != question.label) question.suggested = suggested;
  question.verdict = text_of(state, "verdict", row);
  // The evidence's belief in the two, where it was weighed.
  const double error = number_of(state, "label_error", row);
  const double belief = number_of(state, "p_suggested", row);
  question.weighed = error > 0 && text_of(state, "suggested", row) == suggested;
  question.p_suggested = question.weighed ? belief : probability_of(state, suggested);
  question.p_label = question.weighed ? 1 - error : probability_of(state, question.label);
  return question;
}

std::vector<EvidenceLine> evidence_lines(const FrameContext& frame, const LabelQuestion& question) {
  const Theme& theme = frame.theme;
  const AppState& state = frame.state;
  std::vector<EvidenceLine> lines;
  const bool contested = !question.suggested.empty();
  const std::string& asked = contested ? question.suggested : question.label;
  const ImU32 against = contested ? theme.wrong : theme.right;
  const SampleEvidence* evidence = InspectDesk::evidence(state);
  if (evidence != nullptr && !evidence->alike.empty() && !asked.empty()) {
    const size_t shown = std::min(SampleEvidence::kShown, evidence->alike.size());
    size_t same = 0;
    for (size_t i = 0; i < shown; ++i) {
      const size_t other = state.snapshot.row_of(evidence->alike[i].sample);
      same += other != SIZE_MAX && text_of(state, "label", static_cast<RowIndex>(other)) == asked;
    }
    lines.push_back({fmt::format("{} of {} neighbours say {}", same, shown, to_valid_utf8(asked)),
                     fmt::format("{:.2f}", evidence->alike.front().similarity),
                     same * 2 > shown ? against : theme.text_faint,
                     "The number is the cosine between the embeddings of this image and of its "
                     "nearest neighbour: 1 for the same direction"});
  }
  const Runs runs = runs_that_say(state, asked);
  if (runs.say > 0 && !asked.empty()) {
    const std::string name = to_valid_utf8(asked);
    std::string text = fmt::format("{} of {} runs say {}", runs.for_class, runs.say, name);
    if (runs.say == 1) {
      text = fmt::format("the run {} {}", runs.for_class == 1 ? "says" : "does not say", name);
    }
    lines.push_back({text, "", runs.for_class * 2 > runs.say ? against : theme.text_faint});
  }
  if (evidence == nullptr) return lines;
  if (!evidence->copies.empty()) {
    size_t other = 0;
    std::vector<std::string> names;
    for (const RowIndex copy : rows_of(state, evidence->copies)) {
      const std::string label = text_of(state, "label", copy);
      if (label == question.label) continue;
      ++other;
      const std::string name = label.empty() ? "nothing" : to_valid_utf8(label);
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    constexpr size_t kNamed = 3;
    if (names.size() > kNamed) {
      names[kNamed - 1] = fmt::format("{} others", names.size() - kNamed + 1);
      names.resize(kNamed);
    }
    const std::string copies = evidence->copies.size() == 1
                                   ? "one copy"
                                   : fmt::format("{} copies", evidence->copies.size());
    lines.push_back(
        {other == 0 ? copies + " with the same label"
                    : fmt::format("{}, {} labelled {}", copies, other, fmt::join(names, " and ")),
         "", other == 0 ? theme.text_faint : theme.caution});
  }
  if (evidence->quality_known) {
    lines.push_back({evidence->quality.empty()
                         ? std::string("image quality normal")
                         : fmt::format("the image is {}", fmt::join(evidence->quality, ", ")),
                     "", evidence->quality.empty() ? theme.text_faint : theme.caution});
  }
  return lines;
}

void draw_evidence_lines(const FrameContext& frame, const std::vector<EvidenceLine>& lines,
                         float width) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (const EvidenceLine& line : lines) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    list->AddCircleFilled(ImVec2(at.x + theme.px(4), at.y + theme.px(9)), theme.px(3.5F), line.dot);
    const float value = line.value.empty() ? 0 : theme.px(44);
    const float left = theme.px(15);
    const TextStyle style = body(theme);
    const std::string_view text = line.text;
    const size_t first = first_line_bytes(theme, style, text, width - left - value);
    draw_text_fit(theme, list, ImVec2(at.x + left, at.y + theme.px(1)), width - left - value, style,
                  text.substr(0, first));
    if (value > 0) {
      draw_text_right(theme, list, ImVec2(at.x + width, at.y + theme.px(1)), dim(theme),
                      line.value);
    }
    ImGui::Dummy(ImVec2(width, theme.px(kLine)));
    if (!line.means.empty() && ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
      draw_hover(theme, line.means);
    }
    if (first == text.size()) continue;
    draw_text_fit(theme, list, ImVec2(at.x + left, at.y + theme.px(kLine)), width - left, style,
                  text.substr(first + 1));
    ImGui::Dummy(ImVec2(width, theme.px(kLine - 3)));
  }
}

bool draw_neighbours(const FrameContext& frame, const LabelQuestion& question, float width,
                     float side, size_t most) {
  const SampleEvidence* evidence = InspectDesk::evidence(frame.state);
  if (evidence == nullptr || evidence->alike.empty()) return false;
  std::vector<RowIndex> rows;
  for (const Alike& each : evidence->alike) {
    const size_t row = frame.state.snapshot.row_of(each.sample);
    if (row == SIZE_MAX) continue;
    if (rows.size() == most) break;
    rows.push_back(static_cast<RowIndex>(row));
  }
  draw_row_of_thumbs(frame, question, rows, {}, width, side);
  return true;
}

bool draw_copies(const FrameContext& frame, const LabelQuestion& question, float width, float side,
                 size_t most) {
  const SampleEvidence* evidence = InspectDesk::evidence(frame.state);
  if (evidence == nullptr || evidence->copies.empty()) return false;
  std::vector<RowIndex> rows = rows_of(frame.state, evidence->copies);
  if (rows.size() > most) rows.resize(most);
  std::vector<std::string> splits;
  for (const RowIndex row : rows) splits.push_back(text_of(frame.state, "split", row));
  draw_row_of_thumbs(frame, question, rows, splits, width, side);
  return true;
}

ImU32 verdict_color(const Theme& theme, std::string_view verdict) {
  if (verdict.starts_with("label")) return theme.wrong;
  if (verdict.starts_with("model")) return theme.caution;
  if (verdict.starts_with("ambiguous")) return theme.doubt;
  return theme.error_duplicate;
}

}  // namespace errata::viewer

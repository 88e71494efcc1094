#include "viewer/views/panels/measure_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text.h"
#include "viewer/state/filter_text.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLine = 20;
constexpr float kBigSize = 24;

// A warning in words, below a panel's first line.
void warning_line(const FrameContext& frame, std::string_view warning) {
  if (warning.empty()) return;
  std::string sentence(warning);
  sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
  paragraph(frame.theme, sentence, frame.theme.caution, ImGui::GetContentRegionAvail().x);
  ImGui::Dummy(ImVec2(0, frame.theme.px(4)));
}

void title_line(const FrameContext& frame, std::string_view title, float width) {
  const Theme& theme = frame.theme;
  draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), width, heading(theme),
             title);
  ImGui::Dummy(ImVec2(width, theme.px(18)));
}

void big_number(const FrameContext& frame, const std::string& number, const std::string& beside,
                ImU32 beside_color, float width) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const TextStyle big{theme.fonts.bold, kBigSize, theme.text};
  draw_text(theme, list, at, big, number);
  TextStyle style = dim(theme);
  style.color = beside_color;
  const float x = text_width(theme, big, number) + theme.px(8);
  draw_text_fit(
      theme, list,
      ImVec2(at.x + x, at.y + text_height(theme, big) - text_height(theme, style) - theme.px(3)),
      width - x, style, beside);
  ImGui::Dummy(ImVec2(width, theme.px(32)));
}

std::string interval_text(double low, double high) {
  if (std::isnan(low)) return {};
  return fmt::format("95 % interval {:.1f} to {:.1f}", low * 100, high * 100);
}

void draw_corrections(const FrameContext& frame, const PanelAnswer& answer, float width) {
  const Theme& theme = frame.theme;
  if (answer.reviewed == 0) {
    paragraph(theme, "Nothing here has been reviewed yet.", theme.text_faint, width);
    return;
  }
  const double gain = (answer.accuracy_after - answer.accuracy_before) * 100;
  title_line(frame, "With the accepted corrections", width);
  big_number(frame, percent(answer.accuracy_after),
             fmt::format("{:+.1f} from {}", gain, percent(answer.accuracy_before)),
             gain > 0.005 ? theme.right : theme.text_dim, width);
  std::string how = fmt::format("{} of {} reviewed, {} relabelled, {} excluded.",
                                with_thousands(static_cast<uint64_t>(answer.reviewed)),
                                with_thousands(static_cast<uint64_t>(answer.samples_given)),
                                with_thousands(static_cast<uint64_t>(answer.corrected)),
                                with_thousands(static_cast<uint64_t>(answer.excluded)));
  const bool chosen = answer.reviewed_where_they_differ * 2 > answer.reviewed;
  how += chosen ? fmt::format(
                      " {} of them where label and prediction differ: looking only there "
                      "can only raise the number.",
                      with_thousands(static_cast<uint64_t>(answer.reviewed_where_they_differ)))
                : std::string(" What was not reviewed counts as it was given.");
  if (answer.excluded > 0) how += " Excluded ones count in neither number.";
  paragraph(theme, how, theme.text_dim, width);
}

void draw_audit(const FrameContext& frame, const PanelAnswer& answer, float width) {
  const Theme& theme = frame.theme;
  ImGui::Dummy(ImVec2(0, theme.px(4)));
  if (answer.audit_estimate) {
    const analysis::AuditEstimate& estimate = *answer.audit_estimate;
    title_line(frame, "Estimate from the random audit", width);
    big_number(frame, percent(estimate.accuracy.value),
               interval_text(estimate.accuracy.low, estimate.accuracy.high), theme.text_dim, width);
    paragraph(theme,
              fmt::format("{} of {} audited: {} of the labels wrong ({:.1f} to {:.1f} %).",
                          with_thousands(static_cast<uint64_t>(answer.audit.audited)),
                          with_thousands(static_cast<uint64_t>(answer.audit_drawn)),
                          percent(estimate.label_error.value), estimate.label_error.low * 100,
                          estimate.label_error.high * 100),
              theme.text_dim, width);
    return;
  }
  if (answer.audit_drawn > 0) {
    const std::string text =
        answer.audit_elsewhere
            ? std::string(
                  "The random audit was drawn from other samples than these, or its tags were "
                  "changed since: it says nothing of them.")
            : fmt::format(
                  "{} of {} of the random audit reviewed: the estimate comes with the last "
                  "of them, since those looked at first are no random sample.",
                  with_thousands(static_cast<uint64_t>(answer.audit.audited)),
                  with_thousands(static_cast<uint64_t>(answer.audit_drawn)));
    paragraph(theme, text, theme.text_faint, width);
    return;
  }
  paragraph(theme, "An unbiased estimate wants a random sample, reviewed whole.", theme.text_faint,
            width);
  const Command* command = frame.commands.find("round.audit");
  if (command != nullptr && command->enabled(frame.state)) {
    if (small_button(theme, "audit", "Draw a random audit ...")) frame.run("round.audit");
  }
}

}  // namespace

std::string percent(double share, int decimals) {
  return std::isnan(share) ? std::string("n/a") : fmt::format("{:.{}f} %", share * 100, decimals);
}

bool has_classifier(const AppState& state) {
  return !state.objects.ready() || state.snapshot.samples.find("prediction") != nullptr;
}

bool has_detector(const AppState& state) {
  return state.objects.ready();
}

const ObjectMeasures* measures_or_note(const FrameContext& frame) {
  const ObjectsState& objects = frame.state.objects;
  const ObjectMeasures* measures = objects.measures.get();
  if (measures != nullptr && measures->detections > 0) return measures;
  std::string_view text =
      "There are no detections to measure yet: errata predictions brings them in";
  if (objects.measures_pending || measures == nullptr) {
    text = "Measuring";
  } else if (!measures->filter.empty()) {
    text = "The images of the filter have no labels and detections to compare";
  }
  draw_words(frame.theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
             ImGui::GetContentRegionAvail().x, dim(frame.theme), text);
  return nullptr;
}

void draw_measures_line(const FrameContext& frame, const ObjectMeasures& measures,
                        bool thresholds) {
  const Theme& theme = frame.theme;
  const std::string over = measures.filter.empty() ? "" : measures.filter + ": ";
  std::string text =
      fmt::format("Over {}{} with {} and {}", over, plural(measures.images, "image"),
                  plural(measures.objects, "label"), plural(measures.detections, "detection"));
  if (thresholds) {
    text += fmt::format(" \u00B7 detections from {:.2f} on, IoU {:.2f}", measures.choice.confidence,
                        measures.choice.overlap);
  } else {
    text += fmt::format(" \u00B7 IoU {:.2f}", measures.choice.overlap);
  }
  draw_text_fit(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                ImGui::GetContentRegionAvail().x, small(theme), text);
  ImGui::Dummy(ImVec2(0, theme.px(22)));
  for (const std::string& line : {corrections_text(measures), audit_text(measures)}) {
    if (line.empty()) continue;
    draw_text_fit(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                  ImGui::GetContentRegionAvail().x, small(theme), line);
    ImGui::Dummy(ImVec2(ImGui::GetContentRegionAvail().x, theme.px(20)));
    if (ImGui::IsItemHovered()) draw_hover(theme, line);
  }
  for (const std::string& warning : measures.warnings) warning_line(frame, warning);
}

void show_objects(const FrameContext& frame, std::string_view error, int32_t label) {
  std::string filter;
  if (!error.empty()) filter = with_facet_choice(filter, "error", {{std::string(error)}, false});
  const Column* labels = frame.state.objects.table.table.find("label");
  if (label >= 0 && labels != nullptr) {
    filter = with_facet_choice(filter, "label", {{(*labels->dictionary)[label]}, false});
  }
  try {
    frame.session.objects().show(filter);
  } catch (const Error& problem) {
    frame.session.show_error(problem);
  }
}

const PanelAnswer* answer_or_note(const FrameContext& frame) {
  const PanelState& panels = frame.state.panels;
  if (panels.answer && panels.answer->samples > 0) return panels.answer.get();
  const Theme& theme = frame.theme;
  std::string text = panels.problem;
  if (text.empty()) {
    text = panels.pending || !panels.answer ? "Measuring"
                                            : "No sample here has both a label and a prediction";
  }
  if (frame.state.snapshot.runs.empty()) {
    text = "There are no predictions yet: run a model, or attach predictions from a file";
  }
  draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
             ImGui::GetContentRegionAvail().x, dim(theme), text);
  return nullptr;
}

void draw_measured_line(const FrameContext& frame, const PanelAnswer& answer) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  std::string text = answer.measured_filter.empty()
                         ? std::string("Measured over all samples: ")
                         : "Measured over " + answer.measured_filter + ": ";
  text += with_thousands(static_cast<uint64_t>(answer.samples));
  if (answer.terms_left_out) {
    text += " \u00B7 terms about predictions and reviews are left out";
  }
  const char* other = frame.state.panels.exactly_shown ? "measure what the filter speaks of"
                                                       : "measure what is shown";
  TextStyle link = small(theme);
  const bool offers = answer.terms_left_out || frame.state.panels.exactly_shown;
  const float link_width = offers ? text_width(theme, link, other) + theme.px(12) : 0;
  const float used = draw_text_fit(theme, list, at, width - link_width, small(theme), text);
  if (ImGui::IsMouseHoveringRect(at, ImVec2(at.x + used, at.y + theme.px(kLine))) &&
      ImGui::IsWindowHovered()) {
    ImGui::SetTooltip("%s\nexcluded %lld, without label %lld, without prediction %lld",
                      text.c_str(), static_cast<long long>(answer.excluded),
                      static_cast<long long>(answer.without_label),
                      static_cast<long long>(answer.without_prediction));
  }
  if (offers) {
    ImGui::SetCursorScreenPos(ImVec2(at.x + used + theme.px(12), at.y));
    if (ImGui::InvisibleButton("exactly shown", ImVec2(link_width, theme.px(kLine - 4)))) {
      frame.session.panels().set_exactly_shown(!frame.state.panels.exactly_shown);
    }
    link.color = ImGui::IsItemHovered() ? theme.text : theme.accent;
    draw_text(theme, list, ImVec2(at.x + used + theme.px(12), at.y), link, other);
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(kLine + 2)));
  warning_line(frame, answer.class_order);
}

int choice_words(const FrameContext& frame, const char* id, const char* const* words, int count,
                 int chosen) {
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  int clicked = -1;
  ImGui::PushID(id);
  ImVec2 at = ImGui::GetCursorScreenPos();
  for (int i = 0; i < count; ++i) {
    TextStyle style = i == chosen ? bold(theme) : dim(theme);
    style.size = Theme::kSmallSize;
    const float width = text_width(theme, style, words[i]);
    ImGui::SetCursorScreenPos(at);
    if (ImGui::InvisibleButton(words[i], ImVec2(width, theme.px(18)))) clicked = i;
    if (i == chosen) {
      list->AddLine(ImVec2(at.x, at.y + theme.px(17)), ImVec2(at.x + width, at.y + theme.px(17)),
                    theme.accent, theme.px(1.5F));
      style.color = theme.text;
    } else if (ImGui::IsItemHovered()) {
      style.color = theme.text;
    }
    draw_text(theme, list, at, style, words[i]);
    at.x += width + theme.px(14);
  }
  ImGui::PopID();
  ImGui::SetCursorScreenPos(at);
  return clicked;
}

void draw_accuracy(const FrameContext& frame, const PanelAnswer& answer, float width) {
  const Theme& theme = frame.theme;
  title_line(frame, "Accuracy", width);
  big_number(frame, percent(answer.accuracy.value),
             interval_text(answer.accuracy.low, answer.accuracy.high), theme.text_dim, width);
  std::string balanced = "balanced " + percent(answer.balanced_accuracy.value);
  if (!std::isnan(answer.balanced_accuracy.low)) {
    balanced += fmt::format(" ({:.1f} to {:.1f})", answer.balanced_accuracy.low * 100,
                            answer.balanced_accuracy.high * 100);
  }
  paragraph(theme, balanced, theme.text_dim, width);
  if (answer.trained_on > 0) {
    paragraph(theme,
              fmt::format("The run was trained on {} of these: it repeats their labels, errors "
                          "included.",
                          with_thousands(static_cast<uint64_t>(answer.trained_on))),
              theme.caution, width);
  }
  ImGui::Dummy(ImVec2(0, theme.px(4)));
  draw_corrections(frame, answer, width);
  draw_audit(frame, answer, width);
}

}  // namespace errata::viewer

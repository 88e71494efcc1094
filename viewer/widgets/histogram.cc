#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

double step_of(const HistogramView& histogram) {
  return (histogram.high - histogram.low) / static_cast<double>(histogram.bins.size());
}

// Decimals that tell the edges of the bins apart.
int decimals_of(const HistogramView& histogram) {
  const double step = step_of(histogram);
  constexpr int kMostDecimals = 12;
  return step <= 0 ? 0
                   : std::clamp(static_cast<int>(std::ceil(-std::log10(step))), 0, kMostDecimals);
}

std::string edge_text(const HistogramView& histogram, double value) {
  const int decimals = decimals_of(histogram);
  if (decimals > 0) return fmt::format("{:.{}f}", value, decimals);
  const int64_t whole = std::llround(value);
  return (whole < 0 ? "-" : "") + with_thousands(static_cast<uint64_t>(std::abs(whole)));
}

// The bin edge nearest to a pointer position, as a number a person would write.
double edge_at(const HistogramView& histogram, float x, float left, float width) {
  const auto bins = static_cast<double>(histogram.bins.size());
  const double share = std::clamp(static_cast<double>((x - left) / width), 0.0, 1.0);
  const double edge = histogram.low + std::round(share * bins) * step_of(histogram);
  const double scale = std::pow(10.0, decimals_of(histogram) + 2);
  return std::round(edge * scale) / scale;
}

bool in_range(const NumberRange& range, double low, double high) {
  const double middle = (low + high) / 2;
  return (!range.low || middle >= *range.low) && (!range.high || middle <= *range.high);
}

void draw_bins(const Theme& theme, const HistogramView& histogram, const NumberRange& range,
               ImVec2 min, ImVec2 max) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const auto bins = static_cast<float>(histogram.bins.size());
  const float step = (max.x - min.x) / bins;
  const double width = (histogram.high - histogram.low) / static_cast<double>(bins);
  for (size_t i = 0; i < histogram.bins.size(); ++i) {
    const float x = min.x + step * static_cast<float>(i);
    const double low = histogram.low + width * static_cast<double>(i);
    const bool chosen = !range.empty() && in_range(range, low, low + width);
    float height = theme.px(1);
    if (histogram.bins[i] > 0 && histogram.largest > 0) {
      // Square root: a bin with few samples is still seen beside one with many.
      const double share =
          static_cast<double>(histogram.bins[i]) / static_cast<double>(histogram.largest);
      height = std::max(theme.px(2), (max.y - min.y) * static_cast<float>(std::sqrt(share)));
    }
    ImU32 color = chosen ? theme.accent : with_alpha(theme.text_faint, 0.75F);
    if (histogram.bins[i] == 0) color = chosen ? with_alpha(theme.accent, 0.5F) : theme.track;
    list->AddRectFilled(ImVec2(std::floor(x), max.y - height),
                        ImVec2(std::max(std::floor(x) + 1, std::floor(x + step) - 1), max.y),
                        color);
  }
}

}  // namespace

std::string range_text(const HistogramView& histogram, const NumberRange& range) {
  return fmt::format("{} to {}", edge_text(histogram, range.low.value_or(histogram.low)),
                     edge_text(histogram, range.high.value_or(histogram.high)));
}

uint64_t count_in_range(const HistogramView& histogram, const NumberRange& range) {
  const double width = step_of(histogram);
  uint64_t count = 0;
  for (size_t i = 0; i < histogram.bins.size(); ++i) {
    const double low = histogram.low + width * static_cast<double>(i);
    if (in_range(range, low, low + width)) count += histogram.bins[i];
  }
  return count;
}

bool histogram_range(const Theme& theme, const char* id, const HistogramView& histogram,
                     NumberRange& range, float width, float height) {
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + width, min.y + height);
  ImGui::InvisibleButton(id, ImVec2(width, height));
  bool changed = false;
  const ImGuiIO& io = ImGui::GetIO();
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left, theme.px(3))) {
    const float from = io.MouseClickedPos[ImGuiMouseButton_Left].x;
    const auto [left, right] = std::minmax(from, io.MousePos.x);
    const double low = edge_at(histogram, left, min.x, width);
    const double high = edge_at(histogram, right, min.x, width);
    if (low < high && (range.low != low || range.high != high)) {
      range = {low, high};
      changed = true;
    }
  } else if (ImGui::IsItemHovered() && !range.empty() &&
             ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    range = {};
    changed = true;
  }
  if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) {
    const auto bins = static_cast<float>(histogram.bins.size());
    const auto bin =
        static_cast<size_t>(std::clamp((io.MousePos.x - min.x) / width * bins, 0.0F, bins - 1));
    const double low = histogram.low + step_of(histogram) * static_cast<double>(bin);
    const std::string about = fmt::format(
        "{} to {}: {} samples\n{}", edge_text(histogram, low),
        edge_text(histogram, low + step_of(histogram)), with_thousands(histogram.bins[bin]),
        range.empty() ? "Drag to choose a range" : "Double click to drop the range");
    ImGui::SetTooltip("%s", about.c_str());
    ImGui::GetWindowDrawList()->AddRectFilled(
        ImVec2(min.x + width / bins * static_cast<float>(bin), min.y),
        ImVec2(min.x + width / bins * static_cast<float>(bin + 1), max.y), theme.hovered);
  }
  draw_bins(theme, histogram, range, min, max);
  return changed;
}

}  // namespace errata::viewer

// L: the project's classes, the most probable ones first until something is typed.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/views/overlay.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

struct Candidate {
  std::string name;
  float probability = -1;  // below 0: the run does not know it
};

class ClassPicker : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kClassPicker, "Class picker", 420, 0.14F)) {
      found_for_ = "\n";
      return;
    }
    const Theme& theme = frame.theme;
    const size_t targets = frame.state.target_count();
    const char* thing = frame.state.objects_addressed() ? "object" : "sample";
    const std::string hint = targets > 1 ? fmt::format("Class of {} {}s", targets, thing)
                                         : fmt::format("Class of this {}", thing);
    overlay_search(frame, hint.c_str());
    if (frame.state.overlay_text != found_for_) {
      found_for_ = frame.state.overlay_text;
      find(frame.state);
    }
    const int taken = overlay_list(
        frame, found_.size(), theme.px(30), 12,
        [&](size_t i, ImVec2 min, ImVec2 max, bool) { draw_line(frame, found_[i], min, max); });
    end_overlay(frame);
    if (taken < 0) return;
    const std::string name = found_[static_cast<size_t>(taken)].name;
    frame.session.show_overlay(Overlay::kNone);
    try {
      if (frame.state.objects_addressed()) {
        frame.session.objects().set_class(name);
      } else {
        frame.session.relabel(name);
      }
    } catch (const Error& error) {
      frame.session.show_error(error);
    }
  }

 private:
  // Once for each change of the text, not in every frame.
  void find(const AppState& state) {
    found_.clear();
    const std::string wanted = to_lower_ascii(trim(found_for_));
    const RunSummary* run = state.active_run();
    std::vector<std::pair<int, Candidate>> ranked;
    for (const ClassEntry& entry : state.snapshot.classes.entries()) {
      const std::string name = to_lower_ascii(entry.name);
      const size_t at = name.find(wanted);
      if (at == std::string::npos) continue;
      const int rank = name == wanted ? 0 : (at == 0 ? 1 : 2);
      ranked.push_back({rank, {entry.name, probability(state, run, entry.name)}});
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      return a.second.probability > b.second.probability;
    });
    for (auto& [rank, candidate] : ranked) found_.push_back(std::move(candidate));
  }

  static float probability(const AppState& state, const RunSummary* run, const std::string& name) {
    if (run == nullptr) return -1;
    const ClassIndex index = run->classes.find(name);
    if (index == kNoClass) return -1;
    const auto at = static_cast<size_t>(index);
    return at < state.detail.probabilities.size() ? state.detail.probabilities[at] : -1;
  }

  static void draw_line(const FrameContext& frame, const Candidate& candidate, ImVec2 min,
                        ImVec2 max) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const TextStyle style = body(theme);
    const float y = min.y + (max.y - min.y - text_height(theme, style)) / 2;
    float right = max.x - theme.px(10);
    if (candidate.probability >= 0) {
      draw_text_right(theme, list, ImVec2(right, y), dim(theme),
                      fmt::format("{:.3f}", candidate.probability));
      right -= theme.px(56);
    }
    const float x = min.x + theme.px(10);
    draw_text_fit(theme, list, ImVec2(x, y), right - x, style, candidate.name);
  }

  std::string found_for_ = "\n";
  std::vector<Candidate> found_;
};

}  // namespace

std::unique_ptr<View> make_class_picker() {
  return std::make_unique<ClassPicker>();
}

}  // namespace errata::viewer

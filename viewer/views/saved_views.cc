// Saving the filter and the order under a name, and the list of what was saved.

#include <algorithm>

#include "base/text.h"
#include "viewer/views/overlay.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

SortChoice sort_of(const store::SavedView& view) {
  const std::string first = view.sort.substr(0, view.sort.find(','));
  return first.starts_with("-") ? SortChoice{first.substr(1), true} : SortChoice{first, false};
}

std::string filter_words(std::string_view filter) {
  return filter.empty() ? std::string("all samples") : to_valid_utf8(filter);
}

class SaveView : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kSaveView, "Save view", 460, 0.2F)) return;
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    overlay_search(frame, "Name of the view");
    const std::string name(trim(state.overlay_text));
    const bool replaces =
        std::any_of(state.lists.lists.saved_views.begin(), state.lists.lists.saved_views.end(),
                    [&](const store::SavedView& view) { return view.name == name; });
    ImGui::Dummy(ImVec2(0, theme.px(2)));
    draw_line(theme, "shows", filter_words(state.filter.applied));
    draw_line(theme, "order", sort_text(state.sort));
    if (replaces) draw_line(theme, "note", "this replaces the view of that name");
    const bool enter = ImGui::IsKeyPressed(ImGuiKey_Enter, false) ||
                       ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false);
    ImGui::Dummy(ImVec2(0, theme.px(2)));
    const bool pressed = action_button(theme, "save", "Enter", replaces ? "replace" : "save",
                                       theme.px(150), true, !name.empty());
    end_overlay(frame);
    if (name.empty() || !(pressed || enter)) return;
    frame.session.show_overlay(Overlay::kNone);
    frame.session.lists().save_view(name);
  }

 private:
  static void draw_line(const Theme& theme, std::string_view title, std::string_view text) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float column = theme.px(56);
    draw_words(theme, list, at, column, small(theme), title);
    draw_text_fit(theme, list, ImVec2(at.x + column, at.y - theme.px(1)), width - column,
                  dim(theme), text);
    ImGui::Dummy(ImVec2(width, theme.px(16)));
  }
};

class SavedViews : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kSavedViews, "Saved views", 620, 0.14F)) {
      asked_.clear();
      return;
    }
    const Theme& theme = frame.theme;
    overlay_search(frame, "Saved views");
    find(frame.state);
    const bool remove = ImGui::IsKeyPressed(ImGuiKey_Delete, false);
    std::string to_delete;
    int taken = -1;
    if (found_.empty() && frame.state.lists.lists.saved_views.empty()) {
      draw_none(frame);
    } else {
      taken = overlay_list(frame, found_.size(), theme.px(44), 9,
                           [&](size_t i, ImVec2 min, ImVec2 max, bool chosen) {
                             if (draw_line(frame, *found_[i], min, max, chosen && remove)) {
                               to_delete = found_[i]->name;
                             }
                           });
      draw_foot(frame);
    }
    end_overlay(frame);
    if (!to_delete.empty()) {
      // Asked once more: there is no undo for it.
      if (asked_ == to_delete) frame.session.lists().delete_view(to_delete);
      asked_ = asked_ == to_delete ? std::string() : to_delete;
      return;
    }
    if (taken < 0) return;
    const store::SavedView view = *found_[static_cast<size_t>(taken)];
    frame.session.show_overlay(Overlay::kNone);
    frame.session.lists().use_view(view);
  }

 private:
  void find(const AppState& state) {
    found_.clear();
    const std::string wanted = to_lower_ascii(trim(state.overlay_text));
    for (const store::SavedView& view : state.lists.lists.saved_views) {
      if (to_lower_ascii(view.name).find(wanted) != std::string::npos) found_.push_back(&view);
    }
  }

  static void draw_none(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    ImGui::Dummy(ImVec2(0, theme.px(4)));
    ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
    const Command* save = frame.commands.find("view.save");
    ImGui::TextWrapped("No view was saved yet. %s saves the filter and the order of now.",
                       key_text(save->keys[0]).c_str());
    ImGui::PopStyleColor();
  }

  static void draw_foot(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_words(theme, ImGui::GetWindowDrawList(), ImVec2(at.x + theme.px(10), at.y + theme.px(2)),
               ImGui::GetContentRegionAvail().x - theme.px(10), small(theme),
               "Enter uses the view, Delete deletes it");
    ImGui::Dummy(ImVec2(0, theme.px(16)));
  }

  // True when its deletion is asked for.
  bool draw_line(const FrameContext& frame, const store::SavedView& view, ImVec2 min, ImVec2 max,
                 bool key) const {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float pad = theme.px(10);
    float right = max.x - pad;
    const bool asked = asked_ == view.name;
    const TextStyle style = body(theme);
    if (asked) {
      TextStyle ask = small(theme);
      ask.color = theme.wrong;
      const std::string_view words = "Delete again deletes it";
      right -= text_width(theme, ask, words);
      draw_words(theme, list, ImVec2(right, min.y + theme.px(7)), max.x - right, ask, words);
      right -= pad;
    }
    draw_text_fit(theme, list, ImVec2(min.x + pad, min.y + theme.px(5)), right - min.x - pad, style,
                  to_valid_utf8(view.name));
    const std::string sort = view.sort.empty() ? std::string() : sort_text(sort_of(view));
    const TextStyle faint = small(theme);
    const float sort_width = std::min(theme.px(220), text_width(theme, faint, sort));
    const float y = min.y + theme.px(25);
    draw_text_fit(theme, list, ImVec2(max.x - pad - sort_width, y), sort_width + 1, faint, sort);
    draw_text_fit(theme, list, ImVec2(min.x + pad, y), max.x - min.x - pad * 3 - sort_width, faint,
                  filter_words(view.filter));
    return key;
  }

  std::string asked_;  // the view whose deletion was asked for once
  std::vector<const store::SavedView*> found_;
};

}  // namespace

std::unique_ptr<View> make_save_view() {
  return std::make_unique<SaveView>();
}

std::unique_ptr<View> make_saved_views() {
  return std::make_unique<SavedViews>();
}

}  // namespace errata::viewer

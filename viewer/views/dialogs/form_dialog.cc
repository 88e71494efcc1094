// The dialogs that start something: import, predictions, inference, split, version, export, and
// another store. Each is a form of the state; Tab moves, Enter starts, Esc closes.
#include <imgui_internal.h>

#include <algorithm>
#include <array>

#include "viewer/platform/file_dialog.h"
#include "viewer/state/find_kinds.h"
#include "viewer/views/overlay.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/form_field.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr std::array kForms{Overlay::kImport,   Overlay::kPredictions, Overlay::kInfer,
                            Overlay::kSplit,    Overlay::kVersion,     Overlay::kExport,
                            Overlay::kOpenStore};

bool is_form(Overlay which) {
  return find_kind(which) != nullptr ||
         std::find(kForms.begin(), kForms.end(), which) != kForms.end();
}

constexpr float kWidth = 680;
constexpr float kLabelWidth = 128;
constexpr float kButtonsHeight = 46;

class FormDialog : public View {
 public:
  void draw(const FrameContext& frame) override {
    const Overlay which = frame.state.overlay;
    if (!is_form(which)) {
      drawn_ = Overlay::kNone;
      return;
    }
    if (!begin_overlay(frame, which, "Form", kWidth, 0.06F)) return;
    const Theme& theme = frame.theme;
    Form& form = frame.session.jobs().form(which);
    if (which != drawn_) begin(which);
    {
      const FontScope font(theme.fonts.bold, Theme::kLargeSize);
      ImGui::TextUnformatted(form.title().c_str());
    }
    help_.clear();
    draw_fields(frame, form);
    if (which == Overlay::kOpenStore) draw_recent(frame, form);
    draw_buttons(frame, form);
    take_keys(frame, form);
    if (const auto chosen = file_dialog_.take()) {
      frame.session.jobs().set(form, browsed_, *chosen);
      reload_ = browsed_;
    }
    end_overlay(frame);
    if (submit_) {
      submit_ = false;
      frame.session.jobs().submit(form);
    }
  }

 private:
  void begin(Overlay which) {
    drawn_ = which;
    focus_ = 0;
    focus_wanted_ = true;
  }

  // Stops of the Tab key: the fields that are seen, and among them the line that folds the rest.
  static size_t stops(const Form& form) {
    return static_cast<size_t>(
        std::count_if(form.fields().begin(), form.fields().end(),
                      [&](const FormField& each) { return !each.more || form.more_open; }) +
        (has_more(form) ? 1 : 0));
  }
  static bool has_more(const Form& form) {
    return std::any_of(form.fields().begin(), form.fields().end(),
                       [](const FormField& each) { return each.more; });
  }

  void draw_fields(const FrameContext& frame, Form& form) {
    const Theme& theme = frame.theme;
    const ImVec2 start = ImGui::GetCursorScreenPos();
    // The buttons stay in sight; the fields scroll when the window is low.
    const float room = frame.regions.all.max.y - start.y - theme.px(kButtonsHeight + 34);
    ImGui::SetNextWindowSizeConstraints(ImVec2(0, 0), ImVec2(FLT_MAX, std::max(room, 60.0F)));
    ImGui::BeginChild("fields", ImVec2(0, 0), ImGuiChildFlags_AutoResizeY, ImGuiWindowFlags_NoNav);
    ImGui::Dummy(ImVec2(0, theme.px(2)));
    size_t stop = 0;
    current_.clear();
    for (const bool more : {false, true}) {
      if (more && has_more(form)) draw_fold(frame, form, stop++);
      if (more && !form.more_open) break;
      for (size_t i = 0; i < form.fields().size(); ++i) {
        if (form.fields()[i].more == more) draw_field(frame, form, form.fields()[i], stop++);
      }
    }
    focus_wanted_ = false;
    ImGui::EndChild();
  }

  void draw_field(const FrameContext& frame, Form& form, const FormField& field, size_t stop) {
    const Theme& theme = frame.theme;
    FieldLook look;
    look.label_width = theme.px(kLabelWidth);
    look.chosen = stop == focus_;
    look.focus_wanted = look.chosen && focus_wanted_;
    look.reload = reload_ == field.id;
    look.can_browse = FileDialog::available();
    if (look.reload) reload_.clear();
    if (look.chosen) current_ = field.id;
    if (look.focus_wanted &&
        (field.kind == FieldKind::kChoice || field.kind == FieldKind::kCheck)) {
      ImGui::ClearActiveID();
    }
    const FieldEvents events = form_field(theme, field, look);
    if (events.focused) focus_ = stop;
    if (look.focus_wanted) ImGui::SetScrollHereY();
    if (events.hovered || (look.chosen && help_.empty())) help_ = field.help;
    if (events.browse) {
      browsed_ = field.id;
      file_dialog_.open(field.kind == FieldKind::kFile || field.kind == FieldKind::kStore
                            ? FileDialog::Kind::kFile
                            : FileDialog::Kind::kFolder,
                        field.label, field.value);
    }
    if (events.value) {
      const bool typed = events.focused && field.kind != FieldKind::kChoice;
      if (!typed) reload_ = field.id;
      frame.session.jobs().set(form, std::string(field.id), *events.value);
    }
  }

  void draw_fold(const FrameContext& frame, Form& form, size_t stop) {
    const Theme& theme = frame.theme;
    const bool chosen = stop == focus_;
    if (chosen && focus_wanted_) ImGui::ClearActiveID();
    const std::string text = form.more_open ? "Fewer options" : "More options";
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 size(text_width(theme, body(theme), text) + theme.px(24), theme.px(26));
    const bool pressed = ImGui::InvisibleButton("more", size);
    if (pressed || (chosen && ImGui::IsKeyPressed(ImGuiKey_Space, false))) {
      form.more_open = !form.more_open;
      focus_ = stop;
    }
    TextStyle style = body(theme);
    style.color = chosen || ImGui::IsItemHovered() ? theme.text : theme.accent;
    ImDrawList* list = ImGui::GetWindowDrawList();
    ImGui::RenderArrow(list, ImVec2(at.x, at.y + theme.px(8)), style.color,
                       form.more_open ? ImGuiDir_Down : ImGuiDir_Right, 0.8F);
    draw_text(theme, list,
              ImVec2(at.x + theme.px(18), at.y + (size.y - text_height(theme, style)) / 2), style,
              text);
    ImGui::Dummy(ImVec2(0, theme.px(2)));
  }

  static void draw_recent(const FrameContext& frame, Form& form) {
    const Theme& theme = frame.theme;
    const std::vector<std::string>& recent = frame.state.jobs.recent_stores;
    if (recent.empty()) return;
    draw_text(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), heading(theme),
              "Recent");
    ImGui::Dummy(ImVec2(0, theme.px(18)));
    constexpr size_t kMostShown = 8;
    for (size_t i = 0; i < recent.size() && i < kMostShown; ++i) {
      ImGui::PushID(static_cast<int>(i));
      if (choice_button(theme, "recent", recent[i], ImGui::GetContentRegionAvail().x)) {
        frame.session.jobs().set(form, "store", recent[i]);
        frame.session.show_overlay(Overlay::kNone);
        frame.session.jobs().open_store(recent[i]);
      }
      ImGui::PopID();
    }
  }

  void draw_buttons(const FrameContext& frame, Form& form) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    ImGui::Dummy(ImVec2(0, theme.px(2)));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float right = at.x + ImGui::GetContentRegionAvail().x;
    list->AddLine(ImVec2(at.x, at.y), ImVec2(right, at.y), theme.border);
    const float width = action_button_width(theme, "Enter", form.action());
    const float left = right - width;
    const float y = at.y + theme.px(10);
    ImGui::SetCursorScreenPos(ImVec2(left, y));
    // It is lit once it can start; pressed before, it shows what is missing.
    if (action_button(theme, "start", "Enter", form.action(), width, form.ready(), true)) {
      submit_ = true;
    }
    const bool wrong = !form.problem().empty();
    TextStyle style = wrong ? body(theme) : small(theme);
    style.color = wrong ? theme.wrong : theme.text_dim;
    ImGui::SetCursorScreenPos(ImVec2(at.x, y + theme.px(wrong ? 2 : 3)));
    const FontScope scope(style.font, style.size);
    ImGui::PushStyleColor(ImGuiCol_Text, style.color);
    ImGui::PushTextWrapPos(left - theme.px(16) - ImGui::GetWindowPos().x);
    ImGui::TextUnformatted(wrong ? form.problem().c_str() : help_.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
    ImGui::SetCursorScreenPos(ImVec2(at.x, y + theme.px(34)));
    ImGui::Dummy(ImVec2(1, 1));
  }

  void take_keys(const FrameContext& frame, Form& form) {
    const bool enter = ImGui::IsKeyPressed(ImGuiKey_Enter, false) ||
                       ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false);
    if (enter && !ImGui::IsWindowAppearing()) submit_ = true;
    if (!ImGui::IsKeyPressed(ImGuiKey_Tab)) return;
    if (!current_.empty() && !ImGui::GetIO().KeyShift) {
      const FormField& field = form.field(current_);
      if (is_path(field.kind) && field.look.path == field.value && !field.look.completion.empty()) {
        reload_ = field.id;
        frame.session.jobs().set(form, std::string(field.id), std::string(field.look.completion));
        return;
      }
    }
    const size_t count = stops(form);
    focus_ = (focus_ + (ImGui::GetIO().KeyShift ? count - 1 : 1)) % count;
    focus_wanted_ = true;
  }

  Overlay drawn_ = Overlay::kNone;
  size_t focus_ = 0;
  bool focus_wanted_ = false;
  bool submit_ = false;
  std::string current_;  // id of the field with the keyboard
  std::string reload_;   // id of a field whose value came from elsewhere
  std::string browsed_;
  std::string help_;
  FileDialog file_dialog_;
};

class QuestionDialog : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kQuestion, "Question", 460, 0.28F)) return;
    const Theme& theme = frame.theme;
    bool yes = false;
    if (const auto& question = frame.state.jobs.question) {
      {
        const FontScope font(theme.fonts.bold, Theme::kLargeSize);
        ImGui::TextWrapped("%s", question->title.c_str());
      }
      ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
      ImGui::TextWrapped("%s", question->text.c_str());
      ImGui::PopStyleColor();
      ImGui::Dummy(ImVec2(0, theme.px(4)));
      const auto button = [&](const char* id, const char* key, const std::string& text,
                              bool primary) {
        const float width = action_button_width(theme, key, text);
        return action_button(theme, id, key, text, width, primary, true);
      };
      yes = button("yes", "Enter", question->action, true);
      ImGui::SameLine();
      if (button("no", "Esc", "No", false)) frame.session.show_overlay(Overlay::kNone);
      yes = yes || (ImGui::IsKeyPressed(ImGuiKey_Enter, false) && !ImGui::IsWindowAppearing());
    }
    end_overlay(frame);
    if (yes) frame.session.jobs().answer(true);
  }
};

}  // namespace

std::unique_ptr<View> make_form_dialog() {
  return std::make_unique<FormDialog>();
}
std::unique_ptr<View> make_question() {
  return std::make_unique<QuestionDialog>();
}

}  // namespace errata::viewer

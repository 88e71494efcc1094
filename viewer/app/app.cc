#include "viewer/app/app.h"

#include <imgui_internal.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "viewer/app/keyboard.h"

namespace errata::viewer {

namespace {

constexpr float kTopHeight = 44;
constexpr float kStatusHeight = 30;
constexpr float kLeastSide = 200;
constexpr float kMostSide = 640;
constexpr float kLeastBottom = 120;
constexpr float kMostBottom = 900;
constexpr float kMostBottomShare = 0.6F;
constexpr float kBorderGrip = 6;
// Frames drawn after something happened: Dear ImGui settles hovers and sizes over a few.
constexpr size_t kFramesAfterNews = 4;

// A person does something in this frame, or holds a key or button down.
bool has_input() {
  const ImGuiIO& io = ImGui::GetIO();
  const bool mouse =
      io.MouseDelta.x != 0 || io.MouseDelta.y != 0 || io.MouseWheel != 0 || ImGui::IsAnyMouseDown();
  if (mouse || io.InputQueueCharacters.Size > 0) return true;
  for (int key = ImGuiKey_NamedKey_BEGIN; key < ImGuiKey_NamedKey_END; ++key) {
    if (ImGui::IsKeyDown(static_cast<ImGuiKey>(key))) return true;
  }
  return false;
}

size_t image_threads() {
  return std::clamp<size_t>(hardware_threads(), 2, 8);
}

}  // namespace

std::unique_ptr<Session> make_session(std::unique_ptr<Backend> backend, ThemeName theme) {
  auto session = std::make_unique<Session>(std::move(backend), &Window::wake, image_threads());
  session->state().theme = theme;
  return session;
}

App::App(Window& window, std::unique_ptr<Session> session, BackendFactory open_store)
    : window_(window),
      open_store_(std::move(open_store)),
      session_(std::move(session)),
      pictures_(std::make_unique<Pictures>(*session_, window.scale())),
      views_(all_views()),
      workspace_(workspace_views()),
      fonts_(load_fonts()) {
  apply_theme_if_changed();
}

App::App(Window& window, std::unique_ptr<Backend> backend, ThemeName theme,
         BackendFactory open_store)
    : App(window, make_session(std::move(backend), theme), std::move(open_store)) {}

App::~App() {
  session_->close();
}

void App::change_store() {
  const std::string path = std::exchange(session_->state().open_wanted, {});
  if (path.empty() || !open_store_) return;
  std::unique_ptr<Backend> backend;
  try {
    backend = open_store_(path);
  } catch (const Error& error) {
    session_->show_error(error);
    return;
  }
  const ThemeName theme = session_->state().theme;
  const std::vector<std::string> recent = session_->state().jobs.recent_stores;
  const std::string memory = session_->memory().folder();
  session_->close();
  // Views and pictures point into the session and end before it.
  views_.clear();
  workspace_.clear();
  pictures_.reset();
  session_ = make_session(std::move(backend), theme);
  session_->state().jobs.recent_stores = recent;
  pictures_ = std::make_unique<Pictures>(*session_, window_.scale());
  views_ = all_views();
  workspace_ = workspace_views();
  session_->memory().use_folder(memory);
  session_->state().theme = theme;
  session_->open_remembered();
}

void App::apply_theme_if_changed() {
  const ThemeName wanted = session_->state().theme;
  if (theme_applied_ && wanted == applied_theme_ && window_.scale() == theme_.scale) return;
  theme_ = make_theme(wanted, window_.scale(), fonts_);
  apply_theme(theme_, wanted);
  applied_theme_ = wanted;
  theme_applied_ = true;
}

Regions App::layout_regions() const {
  const ImGuiViewport* viewport = ImGui::GetMainViewport();
  const LayoutState& layout = session_->state().layout;
  const ImVec2 min = viewport->Pos;
  const ImVec2 max(min.x + viewport->Size.x, min.y + viewport->Size.y);
  const float top = min.y + theme_.px(kTopHeight);
  const float bottom = max.y - theme_.px(kStatusHeight);
  // On a narrow window the side panels give way before the grid does.
  const float room = viewport->Size.x * 0.62F;
  const float sides = theme_.px(layout.left_width) + theme_.px(layout.right_width);
  const float shrink = std::min(1.0F, room / sides);
  const float left = min.x + ImFloor(theme_.px(layout.left_width) * shrink);
  const float right = max.x - ImFloor(theme_.px(layout.right_width) * shrink);
  // The panel gives way to the grid on a low window.
  const float panel = std::min(theme_.px(layout.bottom_height), (bottom - top) * kMostBottomShare);
  // The first steps have the window to themselves until something was started.
  const bool welcome = session_->state().jobs.welcome;
  const bool panels = layout.show_bottom && (!welcome || session_->jobs().started() > 0);
  const float split = panels ? bottom - ImFloor(panel) : bottom;
  Regions regions;
  regions.all = {min, max};
  regions.top = {min, ImVec2(max.x, top)};
  regions.left = {ImVec2(min.x, top), ImVec2(left, split)};
  const float strip = top + theme_.px(round_bar_height(session_->state().round));
  regions.round = {ImVec2(left, top), ImVec2(right, strip)};
  regions.centre = {ImVec2(left, strip), ImVec2(right, split)};
  regions.bottom = {ImVec2(min.x, split), ImVec2(right, bottom)};
  regions.right = {ImVec2(right, top), ImVec2(max.x, bottom)};
  regions.status = {ImVec2(min.x, bottom), max};
  if (panels && layout.tall_bottom) {
    regions.left.max.y = bottom;
    regions.bottom = {ImVec2(left, strip), ImVec2(right, bottom)};
    regions.centre.max.y = strip;
  }
  if (welcome) {
    regions.left = {ImVec2(min.x, top), ImVec2(min.x, split)};
    regions.centre = {ImVec2(min.x, top), ImVec2(max.x, split)};
    regions.bottom = {ImVec2(min.x, split), ImVec2(max.x, bottom)};
    regions.right = {ImVec2(max.x, top), ImVec2(max.x, bottom)};
  }
  return regions;
}

void App::drag_borders(const Regions& regions) {
  LayoutState& layout = session_->state().layout;
  const float grip = theme_.px(kBorderGrip);
  const auto border = [&](const char* name, const Rect& rect, float& size, float moved, float least,
                          float most, ImGuiMouseCursor cursor) {
    ImGui::SetNextWindowPos(rect.min);
    ImGui::SetNextWindowSize(ImVec2(rect.width(), rect.height()));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
    ImGui::Begin(name, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                     ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoDocking |
                     ImGuiWindowFlags_NoFocusOnAppearing);
    ImGui::InvisibleButton("grip", ImVec2(rect.width(), rect.height()));
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) {
      ImGui::SetMouseCursor(cursor);
    }
    if (ImGui::IsItemActive()) {
      size = std::clamp(size + moved / theme_.scale, least, most);
    }
    ImGui::End();
    ImGui::PopStyleVar(2);
  };
  const ImVec2 moved = ImGui::GetIO().MouseDelta;
  const auto upright = [&](float x, const Rect& beside) {
    return Rect{ImVec2(x - grip / 2, beside.min.y), ImVec2(x + grip / 2, beside.max.y)};
  };
  const auto draggable = [](const Rect& rect) { return rect.width() > 0 && rect.height() > 0; };
  if (draggable(regions.left)) {
    border("Left border", upright(regions.left.max.x, regions.left), layout.left_width, moved.x,
           kLeastSide, kMostSide, ImGuiMouseCursor_ResizeEW);
  }
  if (draggable(regions.right)) {
    border("Right border", upright(regions.right.min.x, regions.right), layout.right_width,
           -moved.x, kLeastSide, kMostSide, ImGuiMouseCursor_ResizeEW);
  }
  if (!draggable(regions.bottom) || layout.tall_bottom) return;
  const Rect& bottom = regions.bottom;
  border("Bottom border",
         Rect{ImVec2(bottom.min.x, bottom.min.y - grip / 2),
              ImVec2(bottom.max.x, bottom.min.y + grip / 2)},
         layout.bottom_height, -moved.y, kLeastBottom, kMostBottom, ImGuiMouseCursor_ResizeNS);
}

void App::handle_keys() {
  const AppState& state = session_->state();
  // Held down: the command that it presses is taken back when it is let go.
  if (hides_boxes_ && ImGui::IsKeyReleased(ImGuiKey_H)) {
    hides_boxes_ = false;
    session_->state().objects.shown.hidden = false;
  }
  if (state.overlay != Overlay::kNone || ImGui::GetIO().WantTextInput) return;
  if (ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup)) return;
  for (const Command& command : commands_.all()) {
    const bool pressed =
        std::any_of(command.keys.begin(), command.keys.end(),
                    [&](const KeyChord& chord) { return chord_pressed(chord, command.repeats); });
    if (!pressed) continue;
    const bool ran = commands_.run(command.id, *session_);
    hides_boxes_ = hides_boxes_ || (ran && command.id == "view.hide_boxes");
    return;  // one key, one command
  }
}

void App::draw_frame() {
  change_store();
  session_->jobs().take_dropped(window_.take_dropped());
  const bool news = session_->drain() > 0 || has_input();
  frames_since_change_ = news ? 0 : frames_since_change_ + 1;
  session_->frame(ImGui::GetTime());
  apply_theme_if_changed();
  const std::string title = "Errata \u2013 " + to_valid_utf8(session_->state().store_name);
  if (title != title_) {
    title_ = title;
    window_.set_title(title);
  }
  if (std::string& text = session_->state().inspect.clipboard; !text.empty()) {
    ImGui::SetClipboardText(text.c_str());
    text.clear();
  }
  if (session_->state().loads != loads_) {
    loads_ = session_->state().loads;
    pictures_->forget_problems();
  }
  pictures_->begin_frame();
  handle_keys();
  const FrameContext frame{*session_,  session_->state(), commands_,       theme_,
                           *pictures_, layout_regions(),  ImGui::GetTime()};
  if (!session_->state().jobs.welcome) {
    for (const std::unique_ptr<View>& view : workspace_) view->draw(frame);
  }
  for (const std::unique_ptr<View>& view : views_) view->draw(frame);
  if (session_->state().overlay == Overlay::kNone) drag_borders(frame.regions);
  pictures_->end_frame();
}

bool App::settled() const {
  const AppState& state = session_->state();
  return (state.loaded || state.message.has_value()) && !state.view_pending &&
         !state.panels.pending && !state.map.pending && !state.findings.pending &&
         session_->tasks().pending() == 0 && pictures_->complete() &&
         session_->inspector().complete() && session_->objects().complete() &&
         frames_since_change_ > 1;
}

double App::patience_secs() const {
  constexpr double kFrameSecs = 1.0 / 60;
  constexpr double kIdleSecs = 0.5;
  constexpr double kRunningSecs = 0.1;
  if (frames_since_change_ < kFramesAfterNews) return kFrameSecs;
  if (session_->jobs().runner().busy() || ImGui::GetIO().WantTextInput ||
      session_->tasks().pending() > 0)
    return kRunningSecs;
  return kIdleSecs;
}

}  // namespace errata::viewer

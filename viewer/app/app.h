// The program's frame: theme, regions, keys, views, over a session and a window.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "viewer/platform/pictures.h"
#include "viewer/platform/theme.h"
#include "viewer/platform/window.h"
#include "viewer/state/commands.h"
#include "viewer/state/session.h"
#include "viewer/views/view.h"

namespace errata::viewer {

// Opens another store. Throws Error.
using BackendFactory = std::function<std::unique_ptr<Backend>(const std::string& store_path)>;

// As the program has it. Needs no window.
std::unique_ptr<Session> make_session(std::unique_ptr<Backend> backend, ThemeName theme);

class App {
 public:
  // Without `open_store` the window stays with its first store. `session` may be at work already:
  // a store loads while the window opens.
  App(Window& window, std::unique_ptr<Session> session, BackendFactory open_store = nullptr);
  App(Window& window, std::unique_ptr<Backend> backend, ThemeName theme,
      BackendFactory open_store = nullptr);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Between Window::begin_frame and end_frame.
  void draw_frame();
  // Nothing that the last frame wanted to show is still missing or under way.
  bool settled() const;
  // The last frame had every picture it wanted to show.
  bool shows_all_pictures() const { return pictures_->complete(); }
  // Seconds the loop may sleep when no event comes.
  double patience_secs() const;

  Session& session() { return *session_; }
  const CommandRegistry& commands() const { return commands_; }

 private:
  void apply_theme_if_changed();
  Regions layout_regions() const;
  void handle_keys();
  // Puts another store in place of this one, when asked for.
  void change_store();
  void drag_borders(const Regions& regions);

  Window& window_;
  BackendFactory open_store_;
  CommandRegistry commands_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Pictures> pictures_;
  std::vector<std::unique_ptr<View>> views_;
  std::vector<std::unique_ptr<View>> workspace_;  // not drawn while the first steps are
  Fonts fonts_;
  Theme theme_;
  ThemeName applied_theme_ = ThemeName::kDark;
  bool theme_applied_ = false;
  size_t loads_ = 0;          // as of the last frame
  bool hides_boxes_ = false;  // H is held down
  std::string title_;
  size_t frames_since_change_ = 0;
};

}  // namespace errata::viewer

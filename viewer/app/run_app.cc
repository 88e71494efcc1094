#include "viewer/app/run_app.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "media/reader.h"
#include "viewer/app/script.h"
#include "viewer/platform/virtual_display.h"

namespace errata::viewer {

namespace {

// A picture of a store whose images never arrive is written all the same.
constexpr double kSettleLimitSecs = 60;
// Dear ImGui hides a new window for its first frame and sizes it over the next.
constexpr int kLeastFrames = 4;

// Then filter and order are about objects.
bool begins_with_objects(const ViewerOptions& options) {
  return !options.script.empty() && !options.script.front().is_command &&
         options.script.front().name == "objects";
}

// Loads from here on, while the window opens.
void start(Session& session, const ViewerOptions& options) {
  if (options.screenshot.empty()) {
    session.memory().use_folder(Memory::default_folder());
    if (options.theme_given) session.state().theme = options.theme;
  }
  const bool of_objects = begins_with_objects(options);
  if (!options.sort.empty() && !of_objects) session.state().sort = parse_sort(options.sort);
  if (!options.filter.empty() && !of_objects) session.state().filter.draft = options.filter;
  if (options.run.empty()) {
    session.open_remembered();
  } else {
    session.open(options.run);
  }
  OtherQuestion& objects = session.state().objects.other;
  if (!options.sort.empty() && of_objects) objects.sort = parse_sort(options.sort);
  if (!options.filter.empty() && of_objects) objects.filter = options.filter;
}

void draw(Window& window, App& app, double patience_secs) {
  window.wait_events(patience_secs);
  window.begin_frame();
  app.draw_frame();
  window.end_frame();
}

bool ended(Window& window, App& app) {
  if (!window.close_wanted() && !app.session().state().quit_wanted) return false;
  if (app.session().jobs().may_quit()) return true;
  window.refuse_close();  // a person is asked whether what runs may stop
  return false;
}

void draw_until_settled(Window& window, App& app) {
  const auto began = std::chrono::steady_clock::now();
  for (int frames = 1; !ended(window, app); ++frames) {
    draw(window, app, app.patience_secs());
    const bool busy = !app.settled() || app.session().jobs().runner().busy();
    if (!busy && frames >= kLeastFrames) return;
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - began;
    if (waited.count() > kSettleLimitSecs) return;
  }
}

// Throws what stands in the message line or below the filter.
void throw_problem(const AppState& state) {
  if (state.message && state.message->is_error) {
    throw Error(state.message->category, state.message->text, state.message->hint);
  }
  if (!state.filter.problem.empty()) {
    throw Error(ErrorCategory::kUsage, state.filter.problem, state.filter.problem_hint);
  }
}

// A step that fails ends a picture, and is told in a window that stays.
void run_script(Window& window, App& app, const ViewerOptions& options, bool stays) {
  for (const ScriptStep& step : options.script) {
    draw_until_settled(window, app);
    if (ended(window, app)) return;
    if (!stays) throw_problem(app.session().state());
    try {
      if (step.is_command) {
        run_command(app, step.name);
      } else {
        show_view(app.session(), step.name);
      }
    } catch (const Error& error) {
      if (!stays) throw;
      app.session().show_error(error);
    }
  }
}

void run_window(Window& window, App& app) {
  while (!ended(window, app)) draw(window, app, app.patience_secs());
}

void write_picture(Window& window, App& app, const std::string& path) {
  draw_until_settled(window, app);
  throw_problem(app.session().state());
  const std::vector<uint8_t> png = media::encode_png(window.capture());
  write_file_atomic(path, std::string_view(reinterpret_cast<const char*>(png.data()), png.size()));
}

}  // namespace

void run_app(const ViewerOptions& options, const BackendFactory& open_store) {
  const bool picture = !options.screenshot.empty();
  const bool of_welcome = std::any_of(
      options.script.begin(), options.script.end(),
      [](const ScriptStep& step) { return !step.is_command && step.name == kWelcomeView; });
  // A window leads from there to a first import; a picture would be of nothing.
  if (picture && !of_welcome && !file_exists(options.store)) {
    throw Error(ErrorCategory::kNotFound, "there is no such store",
                "`errata import FOLDER` makes one; --view welcome shows the first steps",
                options.store);
  }
  std::unique_ptr<Session> session = make_session(open_store(options.store), options.theme);
  start(*session, options);
  std::optional<VirtualDisplay> display;
  if (picture && std::getenv("DISPLAY") == nullptr) {
    display.emplace(options.width_px, options.height_px);
  }
  WindowOptions window_options;
  window_options.width_px = options.width_px;
  window_options.height_px = options.height_px;
  window_options.visible = !picture;
  window_options.scale = options.scale > 0 || !picture ? options.scale : 1.0F;
  Window window(window_options);
  App app(window, std::move(session), open_store);
  run_script(window, app, options, !picture);
  if (picture) {
    write_picture(window, app, options.screenshot);
  } else {
    run_window(window, app);
  }
}

}  // namespace errata::viewer

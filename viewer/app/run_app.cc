#include "viewer/app/run_app.h"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "media/reader.h"
#include "viewer/app/app.h"
#include "viewer/platform/virtual_display.h"

namespace errata::viewer {

namespace {

// A picture of a store whose images never arrive is written all the same.
constexpr double kPictureLimitSecs = 60;

void start(App& app, const ViewerOptions& options) {
  Session& session = app.session();
  if (!options.sort.empty()) session.state().sort = parse_sort(options.sort);
  session.state().filter.draft = options.filter;
  session.open(options.run);
}

void run_window(Window& window, App& app) {
  while (!window.close_wanted() && !app.session().state().quit_wanted) {
    window.wait_events(app.patience_secs());
    window.begin_frame();
    app.draw_frame();
    window.end_frame();
  }
}

void write_picture(Window& window, App& app, const std::string& path) {
  const auto began = std::chrono::steady_clock::now();
  for (;;) {
    window.wait_events(0.005);
    window.begin_frame();
    app.draw_frame();
    window.end_frame();
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - began;
    if (app.settled() || waited.count() > kPictureLimitSecs) break;
  }
  const AppState& state = app.session().state();
  if (state.message && state.message->is_error) {
    throw Error(state.message->category, state.message->text, state.message->hint);
  }
  if (!state.filter.problem.empty()) {
    throw Error(ErrorCategory::kUsage, state.filter.problem, state.filter.problem_hint);
  }
  const std::vector<uint8_t> png = media::encode_png(window.capture());
  write_file_atomic(path, std::string_view(reinterpret_cast<const char*>(png.data()), png.size()));
}

}  // namespace

void run_app(const ViewerOptions& options, std::unique_ptr<Backend> backend) {
  const bool picture = !options.screenshot.empty();
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
  App app(window, std::move(backend), options.theme);
  start(app, options);
  if (picture) {
    write_picture(window, app, options.screenshot);
  } else {
    run_window(window, app);
  }
}

}  // namespace errata::viewer

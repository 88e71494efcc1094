// The program's window, over a synthetic store when no other is given, on a virtual display, driven
// by Dear ImGui Test Engine.
#pragma once

#include <imgui_te_context.h>
#include <imgui_te_engine.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/viewer/synthetic_backend.h"
#include "viewer/app/app.h"
#include "viewer/platform/virtual_display.h"

namespace errata::test {

struct WindowSetup {
  int width_px = 1280;
  int height_px = 800;
  float scale = 1;
  viewer::ThemeName theme = viewer::ThemeName::kDark;
  size_t samples = 500;
  bool findings = false;       // with a map, embeddings and what the menu Find would have stored
  bool nothing_found = false;  // with findings, of searches that found nothing
  std::string memory = {};     // folder of what is remembered between two starts; empty: nothing is
};

// 1280x720 at any scale: as much room for words.
WindowSetup scaled_window(float scale, viewer::ThemeName theme = viewer::ThemeName::kDark);

class WindowFixture {
 public:
  explicit WindowFixture(const WindowSetup& setup = {});
  // Over another backend than the synthetic one.
  WindowFixture(const WindowSetup& setup, std::unique_ptr<viewer::Backend> backend);
  ~WindowFixture();

  // Runs `steps` as one test of the engine; returns the engine's log when it failed, else nothing.
  std::string run(std::function<void(ImGuiTestContext*)> steps);
  // Draws until nothing is pending any more.
  void settle();
  void frame();

  viewer::Session& session() { return app_->session(); }
  const viewer::AppState& state() { return app_->session().state(); }
  viewer::App& app() { return *app_; }
  // Of the first constructor only.
  SyntheticBackend& backend() { return *backend_; }
  // What Dear ImGui found wrong with how it was called: unbalanced pushes, double ids, ...
  const std::string& misuse() const { return misuse_; }
  viewer::Window& window() { return *window_; }
  media::Image capture() { return window_->capture(); }

 private:
  std::unique_ptr<viewer::VirtualDisplay> display_;
  std::unique_ptr<viewer::Window> window_;
  std::string misuse_;
  ImGuiTestEngine* engine_ = nullptr;
  SyntheticBackend* backend_ = nullptr;  // the session's
  std::unique_ptr<viewer::App> app_;
};

// False, after a line that begins with SKIPPED:, when this machine has no Xvfb.
bool has_virtual_display();

}  // namespace errata::test

#include "tests/viewer/window_fixture.h"

#include <imgui_internal.h>

#include <cstdio>

#include "base/error.h"

namespace errata::test {

namespace {

constexpr int kMostFrames = 4000;

}  // namespace

WindowSetup scaled_window(float scale, viewer::ThemeName theme) {
  WindowSetup setup;
  setup.width_px = static_cast<int>(1280 * scale);
  setup.height_px = static_cast<int>(720 * scale);
  setup.scale = scale;
  setup.theme = theme;
  return setup;
}

namespace {

std::unique_ptr<SyntheticBackend> make_backend(const WindowSetup& setup) {
  auto backend = std::make_unique<SyntheticBackend>(setup.samples);
  backend->with_map_ = backend->with_embeddings_ = backend->with_findings_ = setup.findings;
  backend->nothing_found_ = setup.nothing_found;
  return backend;
}

}  // namespace

WindowFixture::WindowFixture(const WindowSetup& setup) : WindowFixture(setup, make_backend(setup)) {
  backend_ = dynamic_cast<SyntheticBackend*>(&app_->session().backend());
}

WindowFixture::WindowFixture(const WindowSetup& setup, std::unique_ptr<viewer::Backend> backend)
    : display_(std::make_unique<viewer::VirtualDisplay>(setup.width_px, setup.height_px)) {
  viewer::WindowOptions options;
  options.width_px = setup.width_px;
  options.height_px = setup.height_px;
  options.visible = false;
  options.scale = setup.scale;
  window_ = std::make_unique<viewer::Window>(options);
  ImGuiContext* imgui = ImGui::GetCurrentContext();
  imgui->ErrorCallbackUserData = &misuse_;
  imgui->ErrorCallback = [](ImGuiContext*, void* misuse, const char* text) {
    *static_cast<std::string*>(misuse) += std::string(text) + "\n";
  };
  engine_ = ImGuiTestEngine_CreateContext();
  ImGuiTestEngineIO& io = ImGuiTestEngine_GetIO(engine_);
  io.ConfigRunSpeed = ImGuiTestRunSpeed_Fast;
  io.ConfigVerboseLevel = ImGuiTestVerboseLevel_Info;
  io.ConfigVerboseLevelOnError = ImGuiTestVerboseLevel_Debug;
  io.ConfigLogToTTY = false;
  io.ConfigNoThrottle = true;
  io.ConfigSavedSettings = false;
  ImGuiTestEngine_Start(engine_, ImGui::GetCurrentContext());
  const auto open_store = [](const std::string& path) -> std::unique_ptr<viewer::Backend> {
    if (path == "broken.db") throw Error(ErrorCategory::kCorrupt, "the store is damaged");
    constexpr size_t kSamplesOfOthers = 7;
    return std::make_unique<SyntheticBackend>(kSamplesOfOthers, path);
  };
  app_ = std::make_unique<viewer::App>(*window_, std::move(backend), setup.theme, open_store);
  if (setup.memory.empty()) {
    app_->session().open();
  } else {
    app_->session().memory().use_folder(setup.memory);
    app_->session().open_remembered();
  }
  settle();
}

WindowFixture::~WindowFixture() {
  app_.reset();
  ImGuiTestEngine_Stop(engine_);
  window_.reset();  // ends the Dear ImGui context, as the engine wants before its own
  ImGuiTestEngine_DestroyContext(engine_);
}

void WindowFixture::frame() {
  window_->wait_events(0.001);
  window_->begin_frame();
  app_->draw_frame();
  window_->end_frame();
  ImGuiTestEngine_PostSwap(engine_);
}

void WindowFixture::settle() {
  for (int i = 0; i < kMostFrames; ++i) {
    frame();
    if (i > 3 && app_->settled()) return;
  }
}

std::string WindowFixture::run(std::function<void(ImGuiTestContext*)> steps) {
  ImGuiTest* test = ImGuiTestEngine_RegisterTest(engine_, "viewer", "steps", __FILE__, __LINE__);
  test->UserData = &steps;
  test->TestFunc = [](ImGuiTestContext* context) {
    (*static_cast<std::function<void(ImGuiTestContext*)>*>(context->Test->UserData))(context);
  };
  ImGuiTestEngine_QueueTest(engine_, test);
  for (int i = 0; i < kMostFrames && !ImGuiTestEngine_IsTestQueueEmpty(engine_); ++i) frame();
  settle();
  std::string problem;
  if (test->Output.Status != ImGuiTestStatus_Success) {
    problem = test->Output.Log.Buffer.c_str();
    if (problem.empty()) problem = "the test did not finish";
  }
  ImGuiTestEngine_UnregisterTest(engine_, test);
  return problem;
}

bool has_virtual_display() {
  static const std::string problem = [] {
    try {
      const viewer::VirtualDisplay display(640, 480);
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  }();
  if (!problem.empty()) std::printf("SKIPPED: %s\n", problem.c_str());
  return problem.empty();
}

}  // namespace errata::test

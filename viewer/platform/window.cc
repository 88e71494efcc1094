#include "viewer/platform/window.h"

#include <GLFW/glfw3.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>
#include <imgui_impl_opengl3.h>
#include <implot.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "viewer/platform/gl.h"

namespace errata::viewer {

namespace {

std::string glfw_problem() {
  const char* text = nullptr;
  glfwGetError(&text);
  return text == nullptr ? "no reason given" : text;
}

std::atomic<bool> is_there{false};  // between glfwInit and glfwTerminate

constexpr float kLeastScale = 1;
constexpr float kMostScale = 2;

float display_scale(GLFWwindow* window) {
  float across = 1;
  float down = 1;
  glfwGetWindowContentScale(window, &across, &down);
  return std::max(across, down);
}

}  // namespace

Window::Window(const WindowOptions& options) : visible_(options.visible) {
  if (glfwInit() == GLFW_FALSE) {
    throw Error(ErrorCategory::kUnsupported, "cannot open a display: " + glfw_problem(),
                "set DISPLAY, or install Xvfb and use --screenshot");
  }
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_VISIBLE, options.visible ? GLFW_TRUE : GLFW_FALSE);
  window_ = glfwCreateWindow(options.width_px, options.height_px, options.title.c_str(), nullptr,
                             nullptr);
  if (window_ == nullptr) {
    const std::string problem = glfw_problem();
    glfwTerminate();
    throw Error(ErrorCategory::kUnsupported, "cannot open a window with OpenGL 3.3: " + problem,
                "install libgl1-mesa-dri for software drawing");
  }
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(options.visible ? 1 : 0);
  glfwSetWindowUserPointer(window_, this);
  glfwSetDropCallback(window_, [](GLFWwindow* window, int count, const char** paths) {
    auto* self = static_cast<Window*>(glfwGetWindowUserPointer(window));
    self->dropped_.insert(self->dropped_.end(), paths, paths + count);
  });
  scale_given_ = options.scale > 0;
  if (scale_given_) {
    scale_ = options.scale;
  } else {
    set_scale(display_scale(window_));
  }

  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImPlot::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;  // the layout is the state's
  io.ConfigWindowsMoveFromTitleBarOnly = true;
  // A misuse of the library is the tests' to catch, no message for who reviews images.
  io.ConfigErrorRecoveryEnableTooltip = false;
  ImGui_ImplGlfw_InitForOpenGL(window_, true);
  ImGui_ImplOpenGL3_Init("#version 330 core");
  if (!visible_) bind_target(options.width_px, options.height_px);
  is_there = true;
}

Window::~Window() {
  is_there = false;
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImPlot::DestroyContext();
  ImGui::DestroyContext();
  glfwDestroyWindow(window_);
  glfwTerminate();
}

void Window::bind_target(int width_px, int height_px) {
  const FramebufferFunctions gl = load_framebuffer_functions();
  glGenTextures(1, &target_texture_);
  glBindTexture(GL_TEXTURE_2D, target_texture_);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width_px, height_px, 0, GL_RGBA, GL_UNSIGNED_BYTE,
               nullptr);
  gl.gen_framebuffers(1, &framebuffer_);
  gl.bind_framebuffer(kGlFramebuffer, framebuffer_);
  gl.framebuffer_texture(kGlFramebuffer, kGlColorAttachment0, GL_TEXTURE_2D, target_texture_, 0);
  target_width_px_ = width_px;
  target_height_px_ = height_px;
}

void Window::wait_events(double timeout_secs) {
  if (timeout_secs <= 0) {
    glfwPollEvents();
  } else {
    glfwWaitEventsTimeout(timeout_secs);
  }
}

void Window::set_scale(float scale) {
  scale_ = std::clamp(scale, kLeastScale, kMostScale);
}

void Window::begin_frame() {
  // The event of a move to another display has woken the loop; asking costs nothing.
  if (!scale_given_) set_scale(display_scale(window_));
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  if (!visible_) {  // a window manager or a small screen may have given another size
    ImGui::GetIO().DisplaySize =
        ImVec2(static_cast<float>(target_width_px_), static_cast<float>(target_height_px_));
    ImGui::GetIO().DisplayFramebufferScale = ImVec2(1, 1);
  }
  ImGui::NewFrame();
}

void Window::end_frame() {
  ImGui::Render();
  int width = target_width_px_;
  int height = target_height_px_;
  if (visible_) glfwGetFramebufferSize(window_, &width, &height);
  target_width_px_ = width;
  target_height_px_ = height;
  glViewport(0, 0, width, height);
  glClearColor(0, 0, 0, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (visible_) {
    glfwSwapBuffers(window_);
  } else {
    glFinish();  // as a swap would: frames must not pile up in a software renderer
  }
}

bool Window::close_wanted() const {
  return glfwWindowShouldClose(window_) == GLFW_TRUE;
}

void Window::refuse_close() {
  glfwSetWindowShouldClose(window_, GLFW_FALSE);
}

std::vector<std::string> Window::take_dropped() {
  return std::exchange(dropped_, {});
}

media::Image Window::capture() const {
  media::Image upside_down(target_width_px_, target_height_px_, 3);
  if (visible_) glReadBuffer(GL_FRONT);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, target_width_px_, target_height_px_, GL_RGB, GL_UNSIGNED_BYTE,
               upside_down.pixels.data());
  media::Image image(target_width_px_, target_height_px_, 3);
  for (int32_t y = 0; y < target_height_px_; ++y) {
    std::copy_n(upside_down.row(target_height_px_ - 1 - y), image.row_bytes(), image.row(y));
  }
  return image;
}

void Window::set_title(const std::string& title) {
  glfwSetWindowTitle(window_, title.c_str());
}

void Window::wake() {
  // Before the window is there nobody sleeps that would have to be woken.
  if (is_there.load()) glfwPostEmptyEvent();
}

}  // namespace errata::viewer

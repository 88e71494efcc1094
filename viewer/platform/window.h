// The window: GLFW with OpenGL 3.3 and Dear ImGui's backends. One per program; main thread.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"

struct GLFWwindow;

namespace errata::viewer {

struct WindowOptions {
  std::string title = "Errata";
  int width_px = 1440;
  int height_px = 900;
  bool visible = true;  // false: for pictures; drawn off screen
  float scale = 0;      // pixels for each 1/96 inch; 0: what the display says
};

class Window {
 public:
  // Makes the Dear ImGui context too. Error(kUnsupported) without a display or OpenGL 3.3.
  explicit Window(const WindowOptions& options);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  // Call order, each frame: wait_events, begin_frame, the drawing, end_frame.
  // Returns at once when there are events; else after `timeout_secs`.
  void wait_events(double timeout_secs);
  void begin_frame();
  void end_frame();
  bool close_wanted() const;
  void refuse_close();  // the window stays, after all
  // Paths of files and folders dropped onto the window since the last call.
  std::vector<std::string> take_dropped();

  // What end_frame drew last, RGB.
  media::Image capture() const;
  void set_title(const std::string& title);
  // Pixels for each 1/96 inch: what was asked for, else of the display that the window is on, which
  // may become another between two frames.
  float scale() const { return scale_; }
  // As if the window had come to a display of this scale.
  void set_scale(float scale);
  // Makes a waiting wait_events return. From any thread.
  static void wake();

 private:
  void bind_target(int width_px, int height_px);

  GLFWwindow* window_ = nullptr;
  std::vector<std::string> dropped_;
  float scale_ = 1;
  bool scale_given_ = false;
  bool visible_ = true;
  unsigned framebuffer_ = 0;  // pictures only: hidden windows own no pixels
  unsigned target_texture_ = 0;
  int target_width_px_ = 0;
  int target_height_px_ = 0;
};

}  // namespace errata::viewer

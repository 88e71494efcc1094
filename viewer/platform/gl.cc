#include "viewer/platform/gl.h"

#include <GLFW/glfw3.h>

#include "base/error.h"

namespace errata::viewer {

namespace {

template <typename Function>
void load(Function& function, const char* name) {
  function = reinterpret_cast<Function>(glfwGetProcAddress(name));
  if (function == nullptr) {
    throw Error(ErrorCategory::kUnsupported, std::string("OpenGL lacks ") + name,
                "install libgl1-mesa-dri for software drawing");
  }
}

}  // namespace

FramebufferFunctions load_framebuffer_functions() {
  FramebufferFunctions gl{};
  load(gl.gen_framebuffers, "glGenFramebuffers");
  load(gl.bind_framebuffer, "glBindFramebuffer");
  load(gl.framebuffer_texture, "glFramebufferTexture2D");
  return gl;
}

std::string gl_renderer() {
  const GLubyte* name = glGetString(GL_RENDERER);
  return name == nullptr ? "OpenGL" : reinterpret_cast<const char*>(name);
}

}  // namespace errata::viewer

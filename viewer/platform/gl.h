// The little OpenGL the viewer calls itself: what the system's library exports (1.1), and three
// functions of framebuffer objects, which have to be asked for.
#pragma once

#define GL_GLEXT_PROTOTYPES 0
#include <GL/gl.h>

#include <string>

namespace errata::viewer {

inline constexpr unsigned kGlFramebuffer = 0x8D40;
inline constexpr unsigned kGlColorAttachment0 = 0x8CE0;
inline constexpr int kGlClampToEdge = 0x812F;

struct FramebufferFunctions {
  void (*gen_framebuffers)(int count, unsigned* names);
  void (*bind_framebuffer)(unsigned target, unsigned name);
  void (*framebuffer_texture)(unsigned target, unsigned attachment, unsigned texture_target,
                              unsigned texture, int level);
};

// Needs a current context. Error(kUnsupported) when one is missing.
FramebufferFunctions load_framebuffer_functions();
// What draws, as the driver names it. Needs a current context.
std::string gl_renderer();

}  // namespace errata::viewer

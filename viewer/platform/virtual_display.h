// A display without a screen, for pictures and tests where there is none: Xvfb on a free number,
// ended with this object.
#pragma once

#include <sys/types.h>

#include <string>

namespace errata::viewer {

class VirtualDisplay {
 public:
  // Starts Xvfb and sets DISPLAY in this process. Error(kUnsupported) when it is not installed or
  // does not start within some seconds.
  VirtualDisplay(int width_px, int height_px);
  ~VirtualDisplay();
  VirtualDisplay(const VirtualDisplay&) = delete;
  VirtualDisplay& operator=(const VirtualDisplay&) = delete;

  const std::string& name() const { return name_; }  // ":99"

 private:
  pid_t pid_ = -1;
  std::string name_;
};

}  // namespace errata::viewer

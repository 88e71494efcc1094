// A tab below the grid: one small class in viewer/views/panels, one line in all_panels(). Like a
// View, it only draws what the state holds.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/views/view.h"

namespace errata::viewer {

class Panel {
 public:
  virtual ~Panel() = default;
  virtual std::string_view id() const = 0;  // stable: "confusion"; --view takes it
  // On the tab; may carry a count ("Issues · 3").
  virtual std::string title(const AppState& state) const = 0;
  // Whether there is a tab of it: those about objects need some.
  virtual bool offered(const AppState&) const { return true; }
  // Inside a scrolling Dear ImGui child that fills the panel.
  virtual void draw(const FrameContext& frame) = 0;
};

// In the order of the tabs.
std::vector<std::unique_ptr<Panel>> all_panels();

}  // namespace errata::viewer

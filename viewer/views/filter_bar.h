// The filter bar: the text in colours, what may stand at its cursor, its problem in place, and the
// buttons that clear it, save it as a view and list the saved ones.
#pragma once

#include <string>

#include "viewer/views/view.h"

struct ImGuiInputTextCallbackData;

namespace errata::viewer {

class FilterBar {
 public:
  // In the window of the top bar.
  void draw(const FrameContext& frame, const Rect& rect);
  // After that window's end: what hangs below the bar.
  void draw_below(const FrameContext& frame);

 private:
  static int on_edit(ImGuiInputTextCallbackData* data);

  void take_keys(const FrameContext& frame);
  void take(const FrameContext& frame, size_t choice);
  void draw_field(const FrameContext& frame, float width);
  void draw_coloured(const FrameContext& frame, ImGuiID id) const;
  float draw_buttons(const FrameContext& frame) const;
  void draw_offers(const FrameContext& frame);
  bool draw_offer(const FrameContext& frame, size_t at, float width) const;
  void draw_problem(const FrameContext& frame) const;

  Rect field_;   // with the buttons
  Rect text_;    // where the text stands
  Rect offers_;  // of the last frame; empty when nothing was offered
  float offers_x_ = 0;
  bool active_ = false;
  double changed_secs_ = 0;
  size_t cursor_ = 0;
  // An offer that was taken, put in by the text field's callback.
  struct Insertion {
    bool wanted = false;
    size_t begin = 0;
    size_t end = 0;
    std::string text;
  };
  Insertion insertion_;
  bool unselect_ = false;  // the field was focused by us: no selected text
};

}  // namespace errata::viewer

// The popup of the Sort button: every score and column with what it means.
#pragma once

#include <string>
#include <vector>

#include "viewer/views/view.h"

namespace errata::viewer {

class SortMenu {
 public:
  static constexpr const char* kId = "sort menu";

  // Between ImGui::OpenPopup(kId) and its closing, in the window that opened it.
  void draw(const FrameContext& frame);

 private:
  struct Line {
    std::string column;
    std::string title;
    std::string sentence;
    bool after_gap = false;
  };
  void find(const Table& samples);
  static bool draw_line(const FrameContext& frame, const Line& line, float width);

  std::string typed_;
  std::vector<Line> lines_;
};

}  // namespace errata::viewer

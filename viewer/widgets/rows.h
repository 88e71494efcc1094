// Lines of a list in columns: heads, cells that end in an ellipsis and show the whole in a hover,
// words at the right that act.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/platform/theme.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

struct RowColumn {
  std::string_view title;
  float width = 0;     // 1/96 inch; 0 takes a share of what is left
  bool right = false;  // numbers end at the right
  bool spare = false;  // left out where the columns that share would be too narrow to read
};

class Rows {
 public:
  static constexpr float kHeight = 24;

  // As wide as what is left of the window; the last `actions_width` stays free for words that act.
  Rows(const Theme& theme, std::span<const RowColumn> columns, float actions_width);

  void draw_heads();
  // One line at the cursor. True when it was clicked. Cells and actions follow.
  bool begin_row(int id, bool chosen);
  void cell(size_t column, const TextStyle& style, std::string_view text);
  // From the right to the left, on the line under the pointer or the chosen one. True when clicked.
  bool action(const char* id, std::string_view word, std::string_view help);
  void end_row();
  bool hovered() const { return hovered_; }
  float left(size_t column) const { return lefts_[column]; }
  float width(size_t column) const { return widths_[column]; }
  ImVec2 row_min() const { return min_; }

 private:
  const Theme& theme_;
  std::span<const RowColumn> columns_;
  std::vector<float> lefts_;
  std::vector<float> widths_;  // 0: left out
  float whole_width_ = 0;
  ImVec2 min_;
  float actions_right_ = 0;
  bool hovered_ = false;
  bool shows_actions_ = false;
};

// "2026-11-25 12:40" of an ISO 8601 time.
std::string short_time(const std::string& iso);

}  // namespace errata::viewer

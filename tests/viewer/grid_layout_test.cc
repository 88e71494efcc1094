#include "viewer/state/grid_layout.h"

#include <doctest/doctest.h>

namespace errata::viewer {

TEST_CASE("a grid fits whole columns into its width") {
  const GridLayout layout = make_grid_layout(1000, 620, 400, 100, 1, 40, 10);
  CHECK(layout.columns == 5);
  CHECK(layout.rows == 200);
  CHECK(layout.tile_width_px * 5 + 10 * 4 <= 620);
  CHECK(layout.tile_height_px == layout.image_height_px + 40);
}

TEST_CASE("only rows that are seen are touched") {
  const GridLayout layout = make_grid_layout(1000, 620, 400, 100, 1, 40, 10);
  size_t first = 0;
  size_t last = 0;
  layout.visible_items(10.5, first, last);
  CHECK(first == 50);
  CHECK(last <= 50 + 5 * 5);
  CHECK(last >= 50 + 5 * 3);
  layout.visible_items(layout.max_scroll(), first, last);
  CHECK(last == 1000);
}

TEST_CASE("scrolling shows the cursor with the least move") {
  const GridLayout layout = make_grid_layout(1000, 620, 400, 100, 1, 40, 10);
  CHECK(layout.scroll_to_show(0, 0) == 0);
  CHECK(layout.scroll_to_show(5, 0) == 0);
  CHECK(layout.scroll_to_show(50, 20) == 10);
  const double down = layout.scroll_to_show(500, 0);
  CHECK(down > 97);
  CHECK(down < 100);
  CHECK(layout.scroll_to_show(999, 0) == doctest::Approx(layout.max_scroll()));
}

TEST_CASE("ten million samples keep their places exactly") {
  const GridLayout layout = make_grid_layout(10'000'000, 620, 400, 100, 1, 40, 10);
  const double scroll = layout.scroll_to_show(9'876'543, 0);
  size_t first = 0;
  size_t last = 0;
  layout.visible_items(scroll, first, last);
  CHECK(first <= 9'876'543);
  CHECK(last > 9'876'543);
}

TEST_CASE("an empty grid and a tiny window are legal") {
  const GridLayout empty = make_grid_layout(0, 620, 400, 100, 1, 40, 10);
  size_t first = 1;
  size_t last = 1;
  empty.visible_items(0, first, last);
  CHECK(first == 0);
  CHECK(last == 0);
  CHECK(empty.max_scroll() == 0);
  const GridLayout tiny = make_grid_layout(3, 2, 1, 100, 1, 40, 10);
  CHECK(tiny.columns == 1);
  CHECK(tiny.tile_width_px >= 1);
}

}  // namespace errata::viewer

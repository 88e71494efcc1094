#include "viewer/state/box_edit.h"

#include <doctest/doctest.h>

#include "media/image.h"
#include "viewer/state/crop_queue.h"

namespace errata::viewer {

TEST_CASE("each part of a box is taken where it lies, from both sides of an edge") {
  const Box box{10, 20, 40, 30};
  CHECK(box_part_at(box, 30, 35, 3) == BoxPart::kInside);
  CHECK(box_part_at(box, 8, 35, 3) == BoxPart::kLeft);
  CHECK(box_part_at(box, 52, 35, 3) == BoxPart::kRight);
  CHECK(box_part_at(box, 30, 22, 3) == BoxPart::kTop);
  CHECK(box_part_at(box, 30, 51, 3) == BoxPart::kBottom);
  CHECK(box_part_at(box, 9, 19, 3) == BoxPart::kTopLeft);
  CHECK(box_part_at(box, 51, 51, 3) == BoxPart::kBottomRight);
  CHECK(box_part_at(box, 60, 35, 3) == BoxPart::kNone);
  // A reach wider than the box leaves its middle to be moved.
  CHECK(box_part_at({10, 10, 6, 6}, 13, 13, 8) == BoxPart::kInside);
}

TEST_CASE("a dragged box stays in its image and keeps a pixel") {
  const Box box{10, 20, 40, 30};
  const Box moved = drag_box(box, BoxPart::kInside, -100, 5, 100, 80);
  CHECK(moved.x == 0);
  CHECK(moved.y == 25);
  CHECK(moved.width == 40);
  const Box larger = drag_box(box, BoxPart::kBottomRight, 500, 10, 100, 80);
  CHECK(larger.width == 90);
  CHECK(larger.height == 40);
  // The left edge dragged over the right one.
  const Box turned = drag_box(box, BoxPart::kLeft, 60, 0, 100, 80);
  CHECK(turned.x == 50);
  CHECK(turned.width == 20);
  CHECK(drag_box(box, BoxPart::kLeft, 40, 0, 100, 80).width == 1);
  const Box drawn = box_between(90, 70, 20, 200, 100, 80);
  CHECK(drawn.x == 20);
  CHECK(drawn.y == 70);
  CHECK(drawn.width == 70);
  CHECK(drawn.height == 10);
}

TEST_CASE("a crop has its context where the image has it") {
  const Box part = context_of({40, 40, 20, 10}, 1, 100, 100);
  CHECK(part.width == doctest::Approx(part.height));
  CHECK(part.x < 40);
  CHECK(part.x + part.width > 60);
  // In a corner it is moved inside rather than cut.
  const Box corner = context_of({0, 0, 20, 10}, 1, 100, 100);
  CHECK(corner.x == 0);
  CHECK(corner.width == doctest::Approx(part.width));
  CHECK(context_of({0, 0, 100, 100}, 2, 100, 100).width == 100);

  media::Image image(100, 50, 3);
  image.row(10)[20 * 3] = 200;
  const media::Image cut = cut_crop(image, {20, 10, 30, 20}, 64);
  CHECK(cut.width_px == 30);
  CHECK(cut.height_px == 20);
  CHECK(cut.row(0)[0] == 200);
  CHECK(cut_crop(image, {0, 0, 100, 50}, 20).width_px == 20);
  CHECK(cut_crop(image, {200, 0, 10, 10}, 20).empty());
}

}  // namespace errata::viewer

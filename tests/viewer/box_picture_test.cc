#include "viewer/state/box_picture.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "viewer/state/box_painter.h"

namespace errata::viewer {
namespace {

constexpr uint32_t kRed = 0xFF0000FF;
constexpr uint32_t kBlue = 0xFFFF0000;

size_t count(const BoxPicture& picture, uint32_t color) {
  return static_cast<size_t>(std::count(picture.pixels.begin(), picture.pixels.end(), color));
}
uint32_t pixel(const BoxPicture& picture, int x, int y) {
  return picture.pixels.at(static_cast<size_t>(y * picture.place.width_px + x));
}

BoxScene scene_of(std::vector<ObjectOutline> outlines, const std::vector<uint32_t>& colors) {
  BoxScene scene;
  scene.outlines = std::make_shared<std::vector<ObjectOutline>>(std::move(outlines));
  for (size_t i = 0; i < colors.size(); ++i) scene.outline_marks.push_back({i, colors[i]});
  return scene;
}

TEST_CASE("a box has its edges inside of it, at the place and size that the view has") {
  BoxScene scene;
  scene.boxes.push_back({{2, 3, 10, 6}, kRed, false});
  const BoxPicture picture = draw_scene(scene, {60, 40, 2, 5, 1}, {});
  // From (9, 7) to (29, 19), 20 x 12 pixels.
  CHECK(count(picture, kRed) == 2 * 20 + 2 * 10);
  CHECK(pixel(picture, 9, 7) == kRed);
  CHECK(pixel(picture, 28, 18) == kRed);
  CHECK(pixel(picture, 29, 18) == 0);
  CHECK(pixel(picture, 8, 7) == 0);
  CHECK(pixel(picture, 15, 12) == 0);
  BoxPen thick;
  thick.line_px = 2;
  CHECK(count(draw_scene(scene, {60, 40, 2, 5, 1}, thick), kRed) == 20 * 12 - 16 * 8);
}

TEST_CASE("dashes begin at the box's corner, also where that is outside the picture") {
  BoxScene scene;
  scene.boxes.push_back({{0, 5, 100, 20}, kBlue, true});
  const BoxPicture whole = draw_scene(scene, {120, 40, 1, 0, 0}, {});
  for (int x = 0; x < 99; ++x) CHECK((pixel(whole, x, 5) == kBlue) == (x % 10 < 6));
  const BoxPicture moved = draw_scene(scene, {120, 40, 1, -13, 0}, {});
  for (int x = 0; x < 87; ++x) CHECK(pixel(moved, x, 5) == pixel(whole, x + 13, 5));
}

TEST_CASE("what is small, large, outside or no number is drawn as far as it can be seen") {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  constexpr double kHuge = 1e300;
  BoxScene scene;
  scene.boxes.push_back({{10, 10, 0.1, 0.1}, kRed, false});
  CHECK(count(draw_scene(scene, {40, 40, 1, 0, 0}, {}), kRed) == 8);  // three by three, hollow
  scene.boxes = {{{kNone, 1, 2, 3}, kRed, false},
                 {{1, 1, kHuge * kHuge, 3}, kRed, true},
                 {{-50, -50, 10, 10}, kRed, false},
                 {{900, 3, 10, 10}, kRed, true}};
  CHECK(count(draw_scene(scene, {40, 40, 1, 0, 0}, {}), kRed) == 0);
  scene.boxes = {{{-kHuge, 7, 2 * kHuge, kHuge}, kRed, false}};
  CHECK(count(draw_scene(scene, {40, 40, 1, 0, 0}, {}), kRed) == 40);  // its upper edge
  ObjectOutline outline;
  outline.polygons = {{{-1e6F, 20}, {1e6F, 20}, {1e30F, 1e30F}},
                      {{std::nanf(""), 1}, {2, 2}, {3, 9}}};
  scene = scene_of({outline}, {kBlue});
  CHECK(count(draw_scene(scene, {40, 40, 1, 0, 0}, {}), kBlue) >= 40);
  CHECK(draw_scene(scene, {0, 0, 1, 0, 0}, {}).pixels.empty());
}

TEST_CASE("an outline is filled within, its line over every fill, boxes over all") {
  ObjectOutline square;
  square.polygons = {{{5, 5}, {25, 5}, {25, 25}, {5, 25}}};
  ObjectOutline run;
  run.runs = {{10, 10, 4, 4}};
  run.keypoints = {{{30, 30}, true}, {{40, 30}, false}};
  BoxScene scene = scene_of({square, run}, {kRed, kBlue});
  BoxPen pen;
  pen.fill_alpha = 0x40;
  const BoxPicture picture = draw_scene(scene, {50, 50, 1, 0, 0}, pen);
  CHECK(pixel(picture, 7, 7) == 0x400000FF);
  CHECK(pixel(picture, 5, 15) == kRed);
  CHECK(count(picture, 0x40FF0000) == 16);
  CHECK(count(picture, kBlue) == 16 + 12);  // two points; the hidden one is hollow
  CHECK(pixel(picture, 30, 30) == kBlue);
  CHECK(pixel(picture, 40, 30) == 0);
  CHECK(pixel(picture, 26, 15) == 0);
  // A ring with a hole: the even-odd rule.
  square.polygons = {
      {{0, 0}, {20, 0}, {20, 20}, {0, 20}, {0, 0}, {5, 5}, {5, 15}, {15, 15}, {15, 5}, {5, 5}}};
  scene = scene_of({square}, {kRed});
  scene.boxes.push_back({{8, 8, 4, 4}, kBlue, false});
  const BoxPicture ring = draw_scene(scene, {50, 50, 1, 0, 0}, pen);
  CHECK(pixel(ring, 10, 10) == 0);
  CHECK(pixel(ring, 10, 2) == 0x400000FF);
  CHECK(pixel(ring, 8, 8) == kBlue);
}

TEST_CASE("a view has its scene drawn again when it or its place changes, one at a time") {
  Tasks tasks(1, [] {});
  BoxPainter painter;
  int asked = 0;
  const auto scene = [&] {
    ++asked;
    BoxScene made;
    made.boxes.push_back({{1, 1, 5, 5}, kRed, false});
    return made;
  };
  BoxSceneKey key;
  key.sample = 3;
  BoxPlace place{80, 40, 1, 0, 0};
  painter.want(tasks, key, place, {}, scene);
  CHECK(painter.picture() == nullptr);
  tasks.finish_all();
  REQUIRE(painter.picture() != nullptr);
  const uint64_t first = painter.picture()->number;
  CHECK(painter.picture()->place.width_px == 100);  // a margin of an eighth on both sides
  CHECK(pixel(*painter.picture(), 11, 6) == kRed);
  painter.want(tasks, key, place, {}, scene);
  tasks.finish_all();
  CHECK(painter.picture()->number == first);
  CHECK(asked == 1);
  place.corner_x = 4;
  painter.want(tasks, key, place, {}, scene);
  place.corner_x = 5;
  painter.want(tasks, key, place, {}, scene);  // while the one before is being drawn
  tasks.finish_all();
  CHECK(painter.picture()->place.corner_x == 14);
  painter.want(tasks, key, place, {}, scene);
  tasks.finish_all();
  CHECK(painter.picture()->place.corner_x == 15);
  CHECK(asked == 1);
  key.confidence = 0.5;
  painter.want(tasks, key, place, {}, scene);
  tasks.finish_all();
  CHECK(asked == 2);
  // Outlines come after the sample is there; others of it after an edit.
  for (int i = 0; i < 2; ++i) {
    key.outlines = std::make_shared<std::vector<ObjectOutline>>();
    painter.want(tasks, key, place, {}, scene);
    tasks.finish_all();
    CHECK(asked == 3 + i);
  }
  // Few are in view meanwhile, a lane still draws: nothing comes of it.
  place.corner_x = 9;
  painter.want(tasks, key, place, {}, scene);
  painter.forget();
  tasks.finish_all();
  painter.want(tasks, key, place, {}, scene);
  CHECK(painter.picture() == nullptr);
  tasks.finish_all();
  REQUIRE(painter.picture() != nullptr);
  CHECK(painter.picture()->number > first + 4);
  // Of another sample nothing is shown until its own picture is there.
  key.sample = 4;
  painter.want(tasks, key, place, {}, scene);
  CHECK(painter.picture() == nullptr);
  tasks.finish_all();
  CHECK(painter.picture() != nullptr);
}

}  // namespace
}  // namespace errata::viewer

#include <doctest/doctest.h>

#include "base/files.h"
#include "tests/viewer/box_job.h"
#include "tests/viewer/window_fixture.h"

namespace errata::test {

TEST_CASE("the same over photographs of blood cells and a really trained detector's run") {
  if (!has_virtual_display()) return;
  const std::string data = real_box_data();
  if (data.empty()) return;
  const BoxProject project(join_path(data, "yolo"), join_path(data, "predictions"), "test");
  take_pictures(project, "bccd");
  do_box_job(project);
}

TEST_CASE("a review round over objects of the photographs, and what a restart finds of it") {
  if (!has_virtual_display()) return;
  const std::string data = real_box_data();
  if (data.empty()) return;
  do_box_round(BoxProject(join_path(data, "yolo"), join_path(data, "predictions"), "test"));
}

}  // namespace errata::test

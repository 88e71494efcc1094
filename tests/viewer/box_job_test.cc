#include "tests/viewer/box_job.h"

#include <doctest/doctest.h>

#include "tests/viewer/window_fixture.h"

namespace errata::test {

TEST_CASE("a detector's job through the windows over a real store of drawn images") {
  if (!has_virtual_display()) return;
  const BoxProject project(12);
  take_pictures(project, "drawn");
  do_box_job(project);
}

TEST_CASE("a review round over objects through the windows, and what a restart finds of it") {
  if (!has_virtual_display()) return;
  do_box_round(BoxProject(12));
}

}  // namespace errata::test

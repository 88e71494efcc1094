// A detector's job through the windows over a real store: a missing label is found and accepted, a
// class mended, a decision undone, a version made.
#pragma once

#include "tests/viewer/box_project.h"

namespace errata::test {

void do_box_job(const BoxProject& project);

// A review round over objects: a missing label accepted, a detection left as it is, a class mended,
// a box drawn and moved by the mouse, undone and made again, a version exported; a restart finds
// all as it was.
void do_box_round(const BoxProject& project);

// Pictures of the windows for a person to look at, in the folder that ERRATA_TEST_PICTURES names;
// nothing without it.
void take_pictures(const BoxProject& project, const std::string& name);

}  // namespace errata::test

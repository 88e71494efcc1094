#include "viewer/platform/virtual_display.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/temp_dir.h"

namespace errata::test {

TEST_CASE("a display that does not heed the first signal to end is ended all the same") {
  const TempDir folder;
  const std::string program = folder.write("Xvfb",
                                           "#!/bin/sh\n"
                                           "trap 'trap - TERM' TERM\n"
                                           "eval \"echo 99 >&$2\"\n"
                                           "while :; do sleep 0.01; done\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const std::string path_before = getenv("PATH");
  setenv("PATH", (folder.path() + ":" + path_before).c_str(), 1);
  {
    const viewer::VirtualDisplay display(64, 64);
    CHECK(std::string(getenv("DISPLAY")) == ":99");
  }
  setenv("PATH", path_before.c_str(), 1);
  CHECK(getenv("DISPLAY") == nullptr);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

}  // namespace errata::test

#include "store/lease.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

using namespace errata;

namespace {

std::string this_host() {
  char name[256] = {};
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

// The 22nd field of /proc/PID/stat; the test's own processes have names without spaces.
int64_t start_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  for (int i = 0; i < 22; ++i) file >> word;
  return std::stoll(word);
}

}  // namespace

TEST_CASE("a lease is stale once its process has ended, collected by its parent or not") {
  int ends_when_closed[2];
  REQUIRE(::pipe(ends_when_closed) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends_when_closed[1]);
    char byte;
    while (::read(ends_when_closed[0], &byte, 1) > 0) {
    }
    ::_exit(0);
  }
  ::close(ends_when_closed[0]);
  const store::LeaseRow lease{"run 'x'", this_host(), child, start_of(child), ""};
  CHECK_FALSE(store::lease_is_stale(lease));
  store::LeaseRow another = lease;
  another.process_start += 1;  // the id was given to a later process
  CHECK(store::lease_is_stale(another));

  ::close(ends_when_closed[1]);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  CHECK(store::lease_is_stale(lease));
  ::waitpid(child, nullptr, 0);
  CHECK(store::lease_is_stale(lease));
}

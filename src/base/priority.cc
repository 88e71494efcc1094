#include "base/priority.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace errata {

void give_way() {
  constexpr int kBelow = 10;
  thread_local bool done = false;
  if (done) return;
  done = true;
  // Linux keeps a nice value for each thread.
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  ::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, thread) + kBelow);
}

}  // namespace errata

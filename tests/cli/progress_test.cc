#include <doctest/doctest.h>
#include <signal.h>

#include "cli/progress_display.h"
#include "cli/signals.h"

namespace errata::cli {

TEST_CASE("the progress line says how far, how fast and how long still") {
  CHECK(progress_line("reading images", 0, 0, 1) == "reading images");
  CHECK(progress_line("reading", 1000, 4000, 2) ==
        "reading  1,000 of 4,000  25 %  500/s  6 s left");
  CHECK(progress_line("reading", 1000, 0, 2) == "reading  1,000  500/s");
  CHECK(progress_line("reading", 5, 5, 2) == "reading  5 of 5  100 %  2.5/s");
}

TEST_CASE("a display that is not enabled draws nothing and ends") {
  const Progress progress;
  const ProgressDisplay display(progress, false);
}

TEST_CASE("the first signal asks to stop") {
  CancelToken cancel;
  {
    const CancelOnSignal on_signal(cancel);
    CHECK(!cancel.cancelled());
    ::raise(SIGINT);
    CHECK(cancel.cancelled());
  }
  CHECK_THROWS_AS(cancel.check(), Error);
}

}  // namespace errata::cli

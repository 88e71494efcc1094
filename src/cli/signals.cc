#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace errata::cli {

namespace {

std::atomic<CancelToken*> cancel_on_signal{nullptr};

void handle_signal(int) {
  CancelToken* const cancel = cancel_on_signal.load();
  if (cancel == nullptr || cancel->cancelled())
    ::_exit(static_cast<int>(ErrorCategory::kInterrupted));
  cancel->cancel();
}

void set_handler(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

CancelOnSignal::CancelOnSignal(CancelToken& cancel) {
  cancel_on_signal.store(&cancel);
  set_handler(handle_signal);
}

CancelOnSignal::~CancelOnSignal() {
  set_handler(SIG_DFL);
  cancel_on_signal.store(nullptr);
}

}  // namespace errata::cli

// How far a running job is, in words.
#pragma once

#include <string>

#include "jobs/job_runner.h"

namespace errata::viewer {

// "reading images: 31,200 of 60,000 · 212/s · 2 min 16 s left"
std::string job_progress_text(const jobs::JobStatus& job);

}  // namespace errata::viewer

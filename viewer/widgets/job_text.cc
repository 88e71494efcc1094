#include "viewer/widgets/job_text.h"

#include <fmt/format.h>

#include "base/text.h"

namespace errata::viewer {

std::string job_progress_text(const jobs::JobStatus& job) {
  std::string text = job.stage.empty() ? std::string("starting") : job.stage;
  if (job.done == 0 && job.total == 0) return text;
  text += ": " + with_thousands(job.done);
  if (job.total > 0) text += " of " + with_thousands(job.total);
  if (job.elapsed_secs < 1 || job.done == 0) return text;
  const double rate = static_cast<double>(job.done) / job.elapsed_secs;
  text += fmt::format(" \u00B7 {:.0f}/s", rate);
  if (job.total > job.done) {
    text += fmt::format(" \u00B7 {} left",
                        human_duration(static_cast<double>(job.total - job.done) / rate));
  }
  return text;
}

}  // namespace errata::viewer

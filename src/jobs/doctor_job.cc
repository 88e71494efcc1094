#include "jobs/doctor_job.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/files.h"
#include "infer/load_runner.h"

namespace errata::jobs {

namespace {

EnvironmentLine check_display() {
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') {
      return {"display", true, fmt::format("{}={}", name, value)};
    }
  }
  return {"display", false,
          "none: `errata view --screenshot FILE` draws all the same where Xvfb is installed"};
}

EnvironmentLine check_viewer(const std::string& folder) {
  const std::string program = join_path(folder, "errata-view");
  if (file_exists(program)) return {"viewer", true, program};
  return {"viewer", false, fmt::format("{} is not there: built without it?", program)};
}

}  // namespace

DoctorReport run_doctor(const DoctorOptions& options, JobContext& context) {
  DoctorReport report;
  if (!options.store_path.empty() && file_exists(options.store_path)) {
    if (options.upgrade) store::Store::open(options.store_path, store::Access::kWrite);
    store::Store store = store::Store::open(options.store_path, store::Access::kRead);
    store::DoctorOptions store_options;
    store_options.level = options.level;
    report.findings = store::check_store(store, store_options, context.workers.as_parallel_for(),
                                         context.progress, context.cancel);
    report.store_checked = true;
  }
  for (const store::Finding& finding : report.findings) {
    ++(finding.severity == store::FindingSeverity::kDamage ? report.damages : report.warnings);
  }
  const infer::InferEnvironment environment = infer::probe_environment();
  report.environment.push_back({"LibTorch", environment.available, environment.text});
  report.environment.push_back(check_viewer(options.program_folder));
  report.environment.push_back(check_display());
  report.environment.push_back({"cores", true, fmt::format("{}", hardware_threads())});
  return report;
}

}  // namespace errata::jobs

// Is the store whole, and can this machine do what Errata offers?
#pragma once

#include <string>
#include <vector>

#include "jobs/job_context.h"
#include "store/doctor.h"

namespace errata::jobs {

struct DoctorOptions {
  std::string store_path = "errata.db";  // empty, or absent: the environment only
  store::DoctorLevel level = store::DoctorLevel::kFiles;
  bool upgrade = false;        // brings a store of an older schema up to date first
  std::string program_folder;  // where errata-view lies beside errata
};

struct EnvironmentLine {
  std::string name;   // "LibTorch", "display", ...
  bool good = false;  // what is missing is no damage
  std::string text;
};

struct DoctorReport {
  bool store_checked = false;
  std::vector<store::Finding> findings;
  size_t damages = 0;
  size_t warnings = 0;
  std::vector<EnvironmentLine> environment;
};

DoctorReport run_doctor(const DoctorOptions& options, JobContext& context);

}  // namespace errata::jobs

// Versions of the dataset: created, compared, restored. Listing and showing only read the store
// (store/versions.h, versions/version.h).
#pragma once

#include <string>

#include "jobs/job_context.h"
#include "versions/version.h"

namespace errata::jobs {

struct VersionJobOptions {
  std::string store_path = "errata.db";
  std::string name;
  std::string message;  // create: why this version
  std::string parent;   // create: empty: the newest version
  std::string who;
  std::string why;  // restore: for the log

  // Throws Error(kUsage).
  void check() const;
};

// What src/versions needs of a job. `context` must outlive it.
versions::VersionContext version_context(JobContext& context);

versions::CreatedVersion create_version(const VersionJobOptions& options, JobContext& context);
versions::RestoreReport restore_version(const VersionJobOptions& options, JobContext& context);
// An empty name means the store as it is now.
versions::StateDiff diff_versions(const std::string& store_path, const std::string& from,
                                  const std::string& to, JobContext& context);

}  // namespace errata::jobs

// Export: a version, or the store as it is now, as files that other tools read.
#pragma once

#include <map>
#include <string>

#include "export/exporter.h"
#include "jobs/job_context.h"

namespace errata::jobs {

struct ExportJobOptions {
  std::string store_path = "errata.db";
  std::string version;  // empty: the store as it is now, excluded samples left out
  std::string format = "imagefolder";
  std::string target;            // folder that is not there, or is empty
  std::string files = "copy";    // copy, hardlink, symlink, reflink, none
  std::string where;             // filter; only without a version
  bool check_content = false;    // compare what was written with the content hash
  bool skip_unreadable = false;  // leave out what cannot be read, instead of failing
  bool dry_run = false;          // says what would be written and lost, and writes nothing

  // Throws Error(kUsage).
  void check() const;
};

struct ExportJobReport {
  exports::ExportReport written;
  std::string format;
  std::string version;
  std::string hash;  // of the version
  size_t classes = 0;
  uint64_t several_labels = 0;  // left out: these formats hold one label per image; an issue each
  std::map<std::string, uint64_t> issue_kinds;
};

// What the format cannot hold is told (JobContext::say) before anything is written, and kept in the
// manifest. Killed or interrupted, the target is not there. Throws Error(kConflict) for a target
// that is not empty, Error(kBadInput) when a file is gone or is not what the version holds (each an
// issue).
ExportJobReport run_export(const ExportJobOptions& options, JobContext& context);

}  // namespace errata::jobs

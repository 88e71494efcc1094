// What the windows can start: the functions of src/jobs, each with a title in words, a summary of
// its report in one line, and what the windows do once it is over.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/export_job.h"
#include "jobs/import_job.h"
#include "jobs/infer_job.h"
#include "jobs/job_context.h"
#include "jobs/predictions_job.h"
#include "jobs/split_job.h"
#include "jobs/version_job.h"
#include "viewer/state/jobs_state.h"

namespace errata::viewer {

// Filled on the job's thread, read once it has ended.
struct JobResult {
  std::optional<std::string> show_run;  // whose predictions to show now; empty: the newest run's
  ResultTable table;                    // shown once it is over
};

struct JobWork {
  std::string title;
  bool changes_store = true;  // the store is loaded again afterwards, also when it failed
  std::string after_stop;     // how to go on when it was stopped; may be empty
  std::string next;           // command that shows what it made; empty: the mistakes, if any
  // Returns the summary. Throws Error.
  std::function<std::string(jobs::JobContext&, JobResult&)> run;
};

// ", 12 moved" behind a summary; nothing for none.
void append_count(std::string& text, uint64_t count, std::string_view what);

JobWork import_work(const jobs::ImportJobOptions& options);
JobWork predictions_work(const jobs::PredictionsJobOptions& options);
JobWork infer_work(const jobs::InferJobOptions& options);
JobWork split_work(const jobs::SplitJobOptions& options);
JobWork version_work(const jobs::VersionJobOptions& options);
JobWork restore_work(const jobs::VersionJobOptions& options);
JobWork export_work(const jobs::ExportJobOptions& options);
// An empty name means the store as it is now.
JobWork diff_work(const std::string& store_path, const std::string& from, const std::string& to);
JobWork compare_work(const std::string& store_path, const std::string& run_a,
                     const std::string& run_b);
// `shown`: its predictions are the ones shown now.
JobWork delete_run_work(const std::string& store_path, const std::string& run, bool shown);

}  // namespace errata::viewer

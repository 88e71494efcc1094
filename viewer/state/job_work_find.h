// The jobs of the menu Find.
#pragma once

#include "jobs/find_dataset_job.h"
#include "jobs/find_duplicates_job.h"
#include "jobs/find_labels_job.h"
#include "jobs/find_outliers_job.h"
#include "jobs/find_quality_job.h"
#include "jobs/find_slices_job.h"
#include "jobs/map_job.h"
#include "jobs/probe_job.h"
#include "viewer/state/job_work.h"

namespace errata::viewer {

JobWork labels_work(const jobs::FindLabelsOptions& options);
JobWork duplicates_work(const jobs::FindDuplicatesOptions& options);
JobWork quality_work(const jobs::FindQualityOptions& options);
JobWork outliers_work(const jobs::FindOutliersOptions& options);
JobWork slices_work(const jobs::FindSlicesOptions& options);
JobWork dataset_work(const jobs::FindDatasetOptions& options);
JobWork probe_work(const jobs::ProbeJobOptions& options);
JobWork map_work(const jobs::MapJobOptions& options);

}  // namespace errata::viewer

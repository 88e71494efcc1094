// How the numbers of a run of detections are printed: errata metrics, where the run holds boxes.
#pragma once

#include "cli/command.h"
#include "jobs/detection_metrics_job.h"

namespace errata::cli {

void print_detection_metrics(CommandContext& context, const jobs::DetectionMetricsReport& report,
                             const std::string& format);

// Number by number, with the difference.
void print_detection_comparison(CommandContext& context, const jobs::DetectionMetricsReport& a,
                                const jobs::DetectionMetricsReport& b, const std::string& format);

}  // namespace errata::cli

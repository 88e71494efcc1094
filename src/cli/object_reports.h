// Objects as rows of a table: errata rank --objects and errata find boxes.
#pragma once

#include <span>
#include <string>

#include "cli/command.h"
#include "jobs/judged_objects.h"

namespace errata::cli {

// Rank, id, image, kind, label, confidence, error, iou, label_doubt, doubt, suggested, verdict and
// the box, with `score` among them.
ResultTable object_table(const jobs::JudgedObjects& judged, std::span<const RowIndex> rows,
                         const std::string& score);

// "matched at confidence 0.25 and IoU 0.5", and when, where it was stored.
std::string thresholds_text(const jobs::JudgedObjects& judged);

// --run, --confidence and --iou; `run_help` where the run need not be one of detections.
void add_judge_options(CLI::App& app, jobs::JudgeOptions& options,
                       const char* run_help = "Run of detections (default: the newest)");

}  // namespace errata::cli

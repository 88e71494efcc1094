// What to tell a person before the numbers of a run are believed: its classes stand in another
// order than their names say, or it never saw a part of the images.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/class_order.h"
#include "analysis/detection_confusion.h"
#include "jobs/judge_columns.h"

namespace errata::jobs {

// Empty when the classes agree as they are named. `names`: of the classes that `pairs` count.
std::string class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                                const std::vector<std::string>& names);
void add_class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                             const std::vector<std::string>& names,
                             std::vector<std::string>& warnings);

// Of images without any detection, which count as missed whole: when a split has none at all, or a
// tenth of the images. Empty otherwise, and when the run has no detections.
std::string unseen_images_warning(const DetectionInput& input, const Table& samples);

// All of these, for the run whose detections `input` holds.
void add_detection_warnings(const DetectionInput& input, const Table& samples,
                            const analysis::DetectionConfusion& confusion,
                            std::vector<std::string>& warnings);

}  // namespace errata::jobs

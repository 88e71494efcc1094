// What corrections mean for a detector when only some of the images were looked at.
//
// Corrections are mostly made where label and model differ, which can only raise the model's
// numbers. A simple random sample of images, each reviewed whole, gives estimates without that
// bias: what is counted over all images with the annotations as imported, plus the number of images
// times the mean over the audited of what the corrections changed (the difference estimator:
// Cochran 1977, chapter 7). Images, not boxes, are drawn, so that what boxes of one image have in
// common is in the intervals.
#pragma once

#include <cstdint>
#include <span>

#include "analysis/audit_estimate.h"

namespace errata::analysis {

// One image of the population. Crowds, and detections on them, count nowhere.
struct ImageAudit {
  int64_t detections = 0;     // of at least the confidence
  int64_t right_given = 0;    // of them true with the annotations as imported
  int64_t objects_given = 0;  // annotations as imported
  bool audited = false;       // drawn, and reviewed whole; the rest is of such images
  int64_t right_now = 0;      // detections that are true with the annotations as corrected
  int64_t objects_now = 0;
  int64_t wrong = 0;  // imported annotations that were changed or deleted
  int64_t added = 0;  // annotations that were missing
};

// The detector as the annotations were imported.
struct DetectionRates {
  double precision = 0;  // NaN without detections
  double recall = 0;     // NaN without annotations
  double f1 = 0;
};

struct DetectionAudit {
  int64_t images = 0;
  int64_t audited = 0;
  DetectionRates given;
  // With every image corrected. Precision without bias, recall and F1 but for terms of one over the
  // number of audited images (ratios of two such estimates).
  Estimate precision;
  Estimate recall;
  Estimate f1;
  Estimate wrong_labels;    // share of the imported annotations that are wrong
  Estimate missing_labels;  // annotations that are missing, as a share of those imported
};

// Normal intervals of the linearised ratios with the finite population's variance, at Student's
// quantile; where fewer than ten audited images changed, no narrower than the exact bounds of
// the boxes that changed, so that they are never a false point. Within [0, 1] but for
// missing_labels, which may be above 1. NaN with fewer than two images audited.
DetectionAudit estimate_from_image_audit(std::span<const ImageAudit> images, double level);

}  // namespace errata::analysis

// COCO results: a list of detections, as Detectron2, MMDetection, pycocotools and Ultralytics
// (predictions.json) write them; boxes, masks, keypoints.
//
// Images are named by `file_name` where the file has it (Ultralytics), else by `image_id`, a number
// or a stem. Category ids are those of the annotations, or classes counted from 0 or from 1
// (Ultralytics changed this between 8.3.44 and 8.3.50): decided over the whole file, and said in
// the header's reason; Error(kUsage) where both fit. Issues: rejected "bad-result" (with the byte),
// "bad-box", "negative-box", "missing-box", "bad-score", "unknown-category"; warnings "bad-mask",
// "bad-polygon", "bytes-as-text". The box of a result that has only a mask is NaN: it is that of
// the mask, if that is of its image's size.
//
// The file is read in spans, by all threads of the input. What category ids mean is known at its
// end only: until then half of PredictionInput::memory_bytes may be held; what is beyond is read
// again.
#pragma once

#include "importers/predictions.h"

namespace errata::importers {

class CocoResultsReader : public PredictionReader {
 public:
  std::string_view name() const override { return "coco"; }
  std::string_view description() const override {
    return "COCO results: Detectron2, MMDetection, Ultralytics' predictions.json";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const PredictionInput& input, PredictionSink& sink) const override;
};

}  // namespace errata::importers

// Annotations of a second source (another annotator, an older file) read as detections, each with a
// confidence of 1: what two sources of the same images disagree in is then named as errors are.
#pragma once

#include "importers/predictions.h"

namespace errata::importers {

// Takes what the importers of boxes take: COCO annotations, VOC's and YOLO's layout. Images are
// named by their paths below `images_root`, or by the format's rule. Crowds are left out, with a
// warning that counts them: a detection is one object.
class AnnotationReader : public PredictionReader {
 public:
  std::string_view name() const override { return "annotations"; }
  std::string_view description() const override {
    return "annotations of a second source (COCO, VOC, YOLO), each as a sure detection";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const PredictionInput& input, PredictionSink& sink) const override;
};

}  // namespace errata::importers

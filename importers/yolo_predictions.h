// YOLO's text predictions: a folder of them as Ultralytics writes it with save_txt and save_conf
// (runs/detect/val/labels, or the folder above it), one file for each image with a detection.
//
// A file's stem names the image. Rows: class, box, confidence, track where there is one; class,
// points, confidence for polygons, or for oriented boxes when all rows have four points; class,
// box, key points, confidence where the project has poses (PredictionInput::key_points) and at
// least half of the rows longer than a box's have as many values. Classes are counted from 0, in
// the order of the model's (--class-map) or of the training. Values are parts of the upright
// image's sides: PredictionHeader::parts_of_upright. Error(kBadInput) for a folder without rows, or
// whose rows have no confidence. Issues: rejected "bad-row", "bad-class", "unknown-class",
// "bad-score", "negative-box", "out-of-range", "bad-labels"; warnings "oriented-boxes", "no-poses"
// (of a project that has poses).
#pragma once

#include "importers/predictions.h"

namespace errata::importers {

class YoloPredictionReader : public PredictionReader {
 public:
  std::string_view name() const override { return "yolo"; }
  std::string_view description() const override {
    return "YOLO: a folder of text files with a confidence in each row";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const PredictionInput& input, PredictionSink& sink) const override;
};

}  // namespace errata::importers

// YOLO's text labels in Ultralytics' layout: a data.yaml, a folder that holds one, or the folders
// alone. Boxes, polygons, oriented boxes and poses (kpt_shape).
//
// The labels of an image are where its path has /labels/ for the last /images/; without such a
// file, or with an empty one, it is an image without objects. Numbers are of the upright image:
// boxes here are turned back into the image as stored where EXIF says so (model/upright.h). Rows of
// nine values are oriented boxes when all rows of more than six are, in the first 4,096 label
// files, or when the manifest of an Errata export says so; else polygons; the area is that of their
// mask. Exact repeats of a row (as floats) are dropped, as Ultralytics drops them. The first
// document is data.yaml, where there is one; an image's raw text its label file, with kObjectsMark
// for each object that was taken. Issues:
//   rejected: "bad-row", "six-values" (predictions as labels), "bad-class", "unknown-class",
//     "negative-box", "out-of-range", "duplicate-row", "unknown-image" (of a row whose image was
//     not taken), "bad-labels" (a file that is no text, or cannot be read), those of image files
//     and of the layout (yolo_layout.h)
//   warnings: "missing-labels", "left-out-by-ultralytics" (images it does not train on, and why),
//     "mixed-rows", "oriented-boxes", "empty-box", "outside-image", "comment", "mark",
//     "classes-from-one", "labels-without-image", "unread-text" (beside labels, of no image)
#pragma once

#include "importers/importer.h"

namespace errata::importers {

class YoloImporter : public Importer {
 public:
  std::string_view name() const override { return "yolo"; }
  std::string_view description() const override {
    return "YOLO: data.yaml and a text file of labels for each image";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const ImportInput& input, SampleSink& sink) const override;
};

}  // namespace errata::importers

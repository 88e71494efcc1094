// COCO annotations: detection, instances, keypoints.
//
// One JSON, or a folder with several (and its folder `annotations`). Raw texts are kept, so that an
// export can give back what nobody edited. Of the annotations only spans that are being read are in
// memory (ImportInput::memory_bytes). Error(kBadInput) for a file without a list of images, or
// with "annotations" that are no list, or either key twice. Issues:
//   rejected: "missing-image", "unsafe-path", "duplicate-image-id", "bad-image" and those of image
//     files; "unknown-image", "unknown-category", "missing-box", "bad-box", "negative-box",
//     "bad-annotation" (with the byte), "mask-size" without a box
//   warnings: "odd-id" (no whole number), "derived-area", "empty-box",
//     "box-outside" (no part of it on its image), "bad-polygon",
//     "nested-polygon", "bad-mask", "mask-size", "bad-keypoints", "duplicate-annotation-id",
//     "corners-as-box" (most boxes end outside their image), "size-mismatch", and of categories
#pragma once

#include "importers/importer.h"

namespace errata::importers {

class CocoImporter : public Importer {
 public:
  std::string_view name() const override { return "coco"; }
  std::string_view description() const override {
    return "COCO annotations: boxes, masks, crowds, keypoints";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const ImportInput& input, SampleSink& sink) const override;
};

}  // namespace errata::importers

// Pascal VOC: a folder Annotations with an XML file for each image, ImageSets/Main with the splits,
// JPEGImages (or --images DIR, at any depth) with the images.
//
// An image is found by its XML file's stem, else by its element `filename`. Classes in alphabetical
// order, as VOC has its own. VOC counts pixels from 1 and includes the last one: x0 = xmin - 1,
// x1 = xmax. Most tools write x0 and x1 from 0 into the same elements; which it is, is decided for
// the whole source by --voc-origin or the rule that a coordinate of 0 says 0, and told. The
// manifest of an Errata export says it too, and which list is which split. Issues:
//   rejected: "bad-xml", "missing-image", those of image files (each with all of its objects);
//     "missing-class", "bad-box", "negative-box"
//   warnings: "voc-origin", "no-boxes", "empty-box", "box-outside", "ambiguous-image",
//   "similar-class", "size-mismatch", "unlisted-image", "encoding" (a file that is kept as UTF-8)
#pragma once

#include "importers/importer.h"

namespace errata::importers {

class VocImporter : public Importer {
 public:
  std::string_view name() const override { return "voc"; }
  std::string_view description() const override {
    return "Pascal VOC: an XML file for each image, below Annotations";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const ImportInput& input, SampleSink& sink) const override;
};

}  // namespace errata::importers

// MNIST and its kin: IDX files of images and labels, gzipped or not.
// - A folder (or its subfolder raw/, as torchvision downloads them) with files named
//   *images*idx3*; the labels stand in the file of the same name with "labels" and "idx1". Or one
//   image file. A file that is there packed and unpacked is read once, unpacked.
// - train-... is the split train, t10k-... and test-... the split test.
// - Class names: a file classes.txt, class_names.txt or labels.txt beside the files; else
//   Fashion-MNIST's ten when a folder of the path has "fashion" in its name; else the numbers
//   0..9, or 0..max where a label is larger.
// - Images without a label file: "no-label-file" warning, samples without labels.
// - EMNIST's images are stored transposed: "transposed-images" warning; they are read as stored.
#pragma once

#include "importers/importer.h"

namespace errata::importers {

class IdxImporter : public Importer {
 public:
  std::string_view name() const override { return "idx"; }
  std::string_view description() const override {
    return "MNIST's IDX files of images and labels, gzipped or not";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const ImportInput& input, SampleSink& sink) const override;
};

}  // namespace errata::importers

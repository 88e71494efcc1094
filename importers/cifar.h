// CIFAR-10 and CIFAR-100 in their binary versions.
// - A folder with data_batch_*.bin and test_batch.bin, or train.bin and test.bin; or one below it
//   named cifar-10-batches-bin or cifar-100-binary; or one .bin file.
// - Class names: batches.meta.txt (CIFAR-10) or fine_label_names.txt (CIFAR-100) beside the files,
//   empty lines at the end dropped; without it CIFAR-10's ten, or the numbers 0..99 with a
//   "no-class-names" warning. CIFAR-100's coarse label becomes the attribute coarse_label.
// - Splits by the file names: train and test.
// - The Python version (pickles) is recognised and refused with a hint.
#pragma once

#include "importers/importer.h"

namespace errata::importers {

class CifarImporter : public Importer {
 public:
  std::string_view name() const override { return "cifar"; }
  std::string_view description() const override { return "CIFAR-10 and CIFAR-100, binary version"; }
  DetectResult detect(const std::string& path) const override;
  void run(const ImportInput& input, SampleSink& sink) const override;
};

}  // namespace errata::importers

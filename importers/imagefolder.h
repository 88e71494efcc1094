// Folders of images, the folder being the class, by the rules of torchvision's ImageFolder
// (torchvision/datasets/folder.py, as its documentation states them):
// - Classes are the first-level folders, sorted by code point; an empty one keeps its index. Below
//   a class folder any depth, links followed.
// - Images are files whose path ends, in any case, in .jpg .jpeg .png .ppm .bmp .pgm .tif .tiff
//   .webp. Others are not samples; they are counted per suffix in a "skipped-suffix" warning;
//   "metadata-file" for Hugging Face's metadata.csv, .jsonl and .parquet.
// - Order: class by class; within one the folders by full path, within a folder the files by name.
// Beyond torchvision:
// - Splits: when the root's folders (junk aside) are all named train, training, val, valid,
//   validation, test or testing (any case), each is such a tree of its own and its samples get the
//   split train, val or test. The class list is shared: train's classes in order, then those that
//   only other splits have ("class-not-in-train" warning), so that a model trained on train keeps
//   its indices.
// - A root (or split) that holds images and no folder with images is a dataset without labels.
//   Images beside class folders are not samples, as in torchvision: "loose-file" warning.
// - Junk folders (hidden ones, __MACOSX, __pycache__): torchvision gives them a class index. Here
// too when
//   they hold images, so that indices agree with a model trained on the tree; an empty one is left
//   out. Both are told by a "junk-folder" warning.
// - A link to a folder that is its own ancestor is not followed ("link-loop" warning).
// - Rejected, one issue each: "empty-file" (no bytes), "not-an-image" (content of no known image
//   format), "truncated-image" (the header ends before the size), "corrupt-image" (a header that
//   contradicts itself), "image-too-large" (more pixels than media's limit),
//   "unreadable-file", "unreadable-folder".
// - Accepted with a warning: "mislabelled-image" (a .png that holds a JPEG: it decodes all the
// same),
//   "truncated-image" (whole header, but no end marker at the end of a JPEG or PNG).
#pragma once

#include "importers/importer.h"

namespace errata::importers {

class ImageFolderImporter : public Importer {
 public:
  std::string_view name() const override { return "imagefolder"; }
  std::string_view description() const override {
    return "folders of images, one per class, optionally under train/, val/ and test/";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const ImportInput& input, SampleSink& sink) const override;
};

}  // namespace errata::importers

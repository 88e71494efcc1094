// A CSV that names images: path, label, split and free columns. Or the folder of an Errata export
// of the format csv.
// - Columns are found by name, in any case. Path: path filename file_name filepath file image_path
//   image img image_id id ...; label: label class class_name category target ...; split: split set
//   subset fold. All others become attributes. Without a path column it is an error; a file whose
//   first row names an image has no header: then path, label, split in this order.
// - Relative paths start at --images, else at the CSV's folder. A name without an image suffix is
//   tried with .jpg, .jpeg and .png where it does not exist as it stands.
// - Classes: those of classes.txt, classes.csv or classes.json beside the CSV, in that order; a
// label
//   outside is an "unknown-class" issue and its row rejected. Without such a file: all labels
//   found, sorted by number when all are whole numbers, else by code point.
// - An empty label (or NaN, NA, null, None) means no label: "missing-label" warning, when others
//   have one.
// - A free column is whole numbers, numbers, true/false or text, whichever all its values are;
//   numbers with leading zeros are text. An empty value (or NaN, ...) is NULL.
// - A column named member gives the position of the image inside the container (IDX, CIFAR) that
// the
//   path names, as our own exports without files write it; where it is empty the path is an image.
//   A title attr.NAME means the attribute NAME.
// - A path named twice is a "duplicate-path" issue: the second row is rejected. A row with more or
//   fewer fields than the header is a "wrong-field-count" issue and rejected.
// - Files: as in imagefolder.h; the place of such an issue is the row.
#pragma once

#include "importers/importer.h"

namespace errata::importers {

class CsvImporter : public Importer {
 public:
  std::string_view name() const override { return "csv"; }
  std::string_view description() const override {
    return "a CSV with a path column, and label, split and free columns";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const ImportInput& input, SampleSink& sink) const override;
};

}  // namespace errata::importers

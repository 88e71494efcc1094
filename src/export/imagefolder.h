// The layout of torchvision's ImageFolder: [split/]class/file.
//
// - Split folders when any item is in a split; items in none then go to _no_split.
// - Every split has a folder for every class, empty ones too: ImageFolder numbers classes by their
//   sorted folders, so a missing folder would shift the numbers of one split (torchvision then
//   wants allow_empty=True; an issue says which). The training index is in classes.csv.
// - Items without a label go to _unlabelled.
// - Files whose extension ImageFolder does not read are named in issues.
#pragma once

#include "export/exporter.h"

namespace errata::exports {

const ExportFormat& imagefolder_format();

}  // namespace errata::exports

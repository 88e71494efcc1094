// COCO annotations: annotations/<name>.json with the images below images/.
//
// - What a COCO source said comes out as it came in, byte for byte: ids, order, categories with
//   gaps, crowds, fields nobody knows. Of an edited object only the members that changed are
//   written anew; new objects get ids above all that the source ever gave; deleted ones drop out.
// - Categories are renamed with their class and dropped when it was merged away; a class that a
//   file lacks is added to it with an id above its others.
// - One JSON a document of the source, or one a split where splits cut through it (coco_plan.h).
//   The manifest says which file is which split.
// - An image whose file_name cannot be a path below images/ (absolute, with backslashes) gets
//   another: an issue "file-name-changed" each. Images left where they are have absolute paths: an
//   issue "path-not-utf8" for each that JSON cannot hold.
//
// Memory: at most 64 MiB of the objects' texts, the rest waits in a nameless file; beside them what
// is known of each object and image, about 150 bytes and its raw id.
#pragma once

#include "export/exporter.h"

namespace errata::exports {

const ExportFormat& coco_format();

}  // namespace errata::exports

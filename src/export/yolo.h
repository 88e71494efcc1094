// YOLO in Ultralytics' layout: data.yaml, images/<split>/, labels/<split>/<image>.txt.
//
// - The rows of a YOLO source come out as they came in, byte for byte, comments and blanks too; of
//   an edited one only the numbers that changed are written anew, new ones come last, deleted ones
//   drop out with their line. Rows that the import rejected stay only where nothing was edited
//   (yolo_labels.h). Classes keep their index; those that were merged away keep their place.
//   data.yaml is the source's where it says the same of classes and splits; else it is made, with
//   the source's other keys (yolo_yaml.h).
// - Objects of other sources are rows of polygons where all objects of the export have one outline,
//   of corners where all are oriented boxes, else of boxes; but a box among polygons or oriented
//   boxes is written as its four corners. What rows of four points are, the manifest says.
// - Crowds are left out, as Ultralytics' own converter leaves them out. What reaches so far beyond
//   the image that Ultralytics would drop the image with it is cut off.
#pragma once

#include "export/exporter.h"

namespace errata::exports {

const ExportFormat& yolo_format();

}  // namespace errata::exports

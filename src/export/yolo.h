// YOLO in Ultralytics' layout: data.yaml, images/<split>/, labels/<split>/<image>.txt.
//
// - The rows of a YOLO source come out as they came in, byte for byte, comments and blanks too; of
//   an edited one only the numbers that changed are written anew, new ones come last, deleted ones
//   drop out with their line. Classes keep their index; those that were merged away keep their
//   place. data.yaml is the source's where it says the same of classes and splits; else it is made,
//   with the source's other keys (kpt_shape, flip_idx, ...).
// - Objects of other sources are rows of polygons where all objects of the export have one outline,
//   of corners where all are oriented boxes, else of boxes.
// - Crowds are left out, as Ultralytics' own converter leaves them out. What reaches beyond the
// image
//   so far that Ultralytics would drop the image with it is cut off.
#pragma once

#include "export/exporter.h"

namespace errata::exports {

const ExportFormat& yolo_format();

}  // namespace errata::exports

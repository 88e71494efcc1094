// Pascal VOC: Annotations/<image>.xml, JPEGImages/, ImageSets/Main/<split>.txt.
//
// - What a VOC source said comes out as it came in, byte for byte; of an edited object only those
//   elements that changed are written anew, new ones come last, deleted ones drop out.
// - Pixels are counted as the first VOC source counts them, from 1 (the last one included) where
//   there is none; the manifest says which.
// - A crowd becomes a difficult object, which evaluation passes over as well.
#pragma once

#include "export/exporter.h"

namespace errata::exports {

const ExportFormat& voc_format();

}  // namespace errata::exports

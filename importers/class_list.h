// Class names from a side file: what --class-map takes.
#pragma once

#include <string>

#include "model/class_map.h"

namespace errata::importers {

// Understands: text with one name per line (empty lines at the end dropped); a JSON array of names;
// a JSON object from index to name ({"0": "cat"}) or from name to index ({"cat": 0}), the indices
// being exactly 0..n-1; a JSON object that holds one of these under "classes", "class_names",
// "names", "labels", "id2label" or "label2id"; YAML likewise (YOLO's data.yaml); CSV with the
// columns index and name, as our own exports have it. Throws Error(kNotFound, kBadInput): no names,
// an empty or doubled name, gaps in the indices.
ClassMap read_class_list(const std::string& path);

// The order in which a model counts classes: by rank of the raw ids where all have a whole number
// (Detectron2 and others number COCO's categories so, and YOLO's ids are the order itself), else
// the order given.
ClassMap in_training_order(const ClassMap& classes);

}  // namespace errata::importers

// The data.yaml of a YOLO export.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "text/json.h"

namespace errata::exports {

struct YoloData {
  std::array<std::vector<std::string>, 3> folders;  // of train, val and test; empty: no such line
  std::vector<std::string> names;                   // of the classes, by their index
};

// Null where it is no YAML.
text::Json parsed_yaml(const std::string& yaml);

// The source's own file, byte for byte, where it says the same of splits and classes. Else one that
// says it, with the source's other keys (kpt_shape, flip_idx, ...): as they are written there or,
// where that would not be read as it was meant (a file in braces, several documents, references),
// made from what they mean. `source` may be empty.
std::string yolo_yaml(const YoloData& data, const std::string& source);

}  // namespace errata::exports

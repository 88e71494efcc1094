// What the tests of YOLO's import ask of what came in.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/importers/collecting_sink.h"

namespace errata::importers {

inline std::vector<ObjectRecord> objects_of(const Imported& result, uint32_t sample) {
  std::vector<ObjectRecord> objects;
  for (const ObjectRecord& object : result.sink.object_records) {
    if (object.sample == sample) objects.push_back(object);
  }
  return objects;
}

// The file of labels as it came, out of the texts that were kept.
inline std::string put_together(const Imported& result, uint32_t sample) {
  const std::vector<ObjectRecord> objects = objects_of(result, sample);
  std::string text;
  size_t next = 0;
  for (const char c : result.sink.records[sample].raw_text) {
    if (c == SourceHeader::kObjectsMark) {
      text += objects.at(next++).raw_text;
    } else {
      text += c;
    }
  }
  CHECK(next == objects.size());
  return text;
}

inline std::string root_of(const Imported& result) {
  return result.sink.header.root;
}

}  // namespace errata::importers

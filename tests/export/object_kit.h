// Small datasets of boxes, and their objects by the source's own id.
#pragma once

#include <map>
#include <string>

#include "store/object_texts.h"
#include "tests/export/round_trip_kit.h"
#include "tests/support/synthetic_dataset.h"

namespace errata::test {

// A PNG whose content depends on `seed`.
inline std::string picture(uint8_t seed, uint32_t width = 40, uint32_t height = 30) {
  std::vector<uint8_t> pixels(size_t{width} * height);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 7 + seed);
  return encode_png(width, height, 1, pixels);
}

// Ids in the store of objects by the raw id of their source.
inline std::map<std::string, ObjectId> object_ids(store::Store& store) {
  std::map<std::string, ObjectId> ids;
  for (const auto& object : store::read_object_texts(store, 0).objects) {
    ids[object.raw_id] = object.id;
  }
  return ids;
}

// Ids in the order of the source.
inline std::vector<ObjectId> ids_of(store::Store& store) {
  std::vector<ObjectId> ids;
  for (const auto& object : store::read_object_texts(store, 0).objects) ids.push_back(object.id);
  return ids;
}

// "mask:1 crowd:2 "
inline std::string kinds_of(const std::vector<exports::Loss>& losses) {
  std::string kinds;
  for (const exports::Loss& loss : losses)
    kinds += loss.kind + ":" + std::to_string(loss.count()) + " ";
  return kinds;
}

}  // namespace errata::test

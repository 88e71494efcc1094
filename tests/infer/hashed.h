// The made-up numbers of make_detector_references.py.
#pragma once

#include <cstdint>
#include <vector>

namespace errata::test {

inline std::vector<uint8_t> hashed(size_t count, uint32_t seed) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i) {
    uint32_t h = static_cast<uint32_t>(i) * 2654435761u + seed;
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    bytes[i] = static_cast<uint8_t>(h >> 24);
  }
  return bytes;
}

inline std::vector<float> hashed_floats(size_t count, uint32_t seed, double low, double high) {
  const std::vector<uint8_t> bytes = hashed(count, seed);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(low + bytes[i] * ((high - low) / 256));
  }
  return values;
}

// n boxes x0, y0, x1, y1.
inline std::vector<float> hashed_boxes(size_t n, uint32_t seed, double spread) {
  const std::vector<float> corner = hashed_floats(2 * n, seed, 0, spread);
  const std::vector<float> size = hashed_floats(2 * n, seed + 1, 0, 64);
  std::vector<float> boxes;
  for (size_t i = 0; i < n; ++i) {
    const float x = corner[2 * i];
    const float y = corner[2 * i + 1];
    boxes.insert(boxes.end(), {x, y, x + size[2 * i], y + size[2 * i + 1]});
  }
  return boxes;
}

}  // namespace errata::test

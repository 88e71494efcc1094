// Non-maximum suppression, shared by the pass (infer/detect.h) and by torchvision::nms in the
// shared library (infer/torch/detector_ops.cc). Plain C++, nothing of Errata in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace errata::infer {

inline std::vector<uint32_t> by_falling_score(const auto* scores, size_t n) {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
  return order;
}

// Indices of the boxes that stay (the first `most`), by falling score (equal scores: the first one
// first), as torchvision::nms gives them on a processor: a box goes when its IoU with one that
// stays, computed in T, is above `iou`, compared in double. `boxes` is n x 4: x0, y0, x1, y1.
template <typename T>
std::vector<uint32_t> suppress(const T* boxes, const T* scores, size_t n, double iou,
                               size_t most = SIZE_MAX) {
  const std::vector<uint32_t> order = by_falling_score(scores, n);
  // By falling score, so that what is compared lies side by side.
  std::vector<T> x0(n), y0(n), x1(n), y1(n), area(n);
  for (size_t i = 0; i < n; ++i) {
    const T* box = boxes + size_t{order[i]} * 4;
    x0[i] = box[0];
    y0[i] = box[1];
    x1[i] = box[2];
    y1[i] = box[3];
    area[i] = (box[2] - box[0]) * (box[3] - box[1]);
  }
  std::vector<uint8_t> gone(n, 0);
  std::vector<uint32_t> keep;
  for (size_t i = 0; i < n && keep.size() < most; ++i) {
    if (gone[i] != 0) continue;
    keep.push_back(order[i]);
    for (size_t j = i + 1; j < n; ++j) {
      const T width = std::max(T{0}, std::min(x1[i], x1[j]) - std::max(x0[i], x0[j]));
      const T height = std::max(T{0}, std::min(y1[i], y1[j]) - std::max(y0[i], y0[j]));
      const T both = width * height;
      const T overlap = both / (area[i] + area[j] - both);
      gone[j] |= static_cast<uint8_t>(static_cast<double>(overlap) > iou);
    }
  }
  return keep;
}

}  // namespace errata::infer

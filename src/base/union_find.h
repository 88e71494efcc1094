#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace errata {

// Groups of the numbers below `count` that grow together. The root of a group is its lowest number,
// so that it does not depend on the order of joining.
class UnionFind {
 public:
  explicit UnionFind(size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0u);
  }

  uint32_t root(uint32_t at) {
    while (parent_[at] != at) {
      parent_[at] = parent_[parent_[at]];
      at = parent_[at];
    }
    return at;
  }
  void join(uint32_t a, uint32_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }
  std::vector<uint32_t> roots() {
    std::vector<uint32_t> all(parent_.size());
    for (uint32_t i = 0; i < all.size(); ++i) all[i] = root(i);
    return all;
  }

 private:
  std::vector<uint32_t> parent_;
};

}  // namespace errata

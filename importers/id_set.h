// Which ids of a large file have been seen, in little memory: a bit each where they are whole
// numbers close together, two bytes where they are not, a hash for texts.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace errata::importers {

class IdSet {
 public:
  // False when it was there already. Two texts of one hash (XXH3, 64 bits) count as one.
  bool insert(std::string_view id);
  uint64_t held_bytes() const { return held_bytes_; }

 private:
  // The ids that agree but for their last 16 bits.
  struct Page {
    std::vector<uint16_t> few;   // sorted, until they are as large as all
    std::vector<uint64_t> bits;  // a bit for each of 65,536
  };
  bool insert_number(int64_t id);

  std::unordered_map<int64_t, Page> pages_;
  std::unordered_set<uint64_t> hashes_;
  uint64_t held_bytes_ = 0;
};

}  // namespace errata::importers

#include "importers/id_set.h"

#include <algorithm>

#include "base/hash.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

constexpr int kPageBits = 16;
constexpr size_t kWords = (size_t{1} << kPageBits) / 64;
constexpr size_t kMostFew = 4096;  // as large as the bits
constexpr uint64_t kNodeBytes = 96;

}  // namespace

bool IdSet::insert_number(int64_t id) {
  const auto [place, is_new] = pages_.try_emplace(id >> kPageBits);
  if (is_new) held_bytes_ += kNodeBytes;
  Page& page = place->second;
  const auto low = static_cast<uint16_t>(id & 0xFFFF);
  if (page.bits.empty()) {
    const auto at = std::lower_bound(page.few.begin(), page.few.end(), low);
    if (at != page.few.end() && *at == low) return false;
    const size_t capacity = page.few.capacity();
    page.few.insert(at, low);
    held_bytes_ += (page.few.capacity() - capacity) * sizeof(uint16_t);
    if (page.few.size() < kMostFew) return true;
    page.bits.resize(kWords);
    for (const uint16_t each : page.few) page.bits[each / 64] |= uint64_t{1} << (each % 64);
    held_bytes_ += kWords * sizeof(uint64_t) - page.few.capacity() * sizeof(uint16_t);
    page.few = {};
    return true;
  }
  uint64_t& word = page.bits[low / 64];
  const uint64_t bit = uint64_t{1} << (low % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  return true;
}

bool IdSet::insert(std::string_view id) {
  int64_t number = 0;
  const bool plain = id.size() <= 18 && !id.empty() && id.front() != '+' &&
                     !(id.size() > 1 && id.front() == '0') && text::parse_int(id, number);
  if (plain) return insert_number(number);
  const bool is_new = hashes_.insert(xxh3_64(id)).second;
  held_bytes_ += is_new ? kNodeBytes / 2 : 0;
  return is_new;
}

}  // namespace errata::importers

#include "analysis/perceptual_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

namespace errata::analysis {

namespace {

constexpr size_t kSide = kHashSidePx;
constexpr size_t kLow = 8;             // coefficients kept on each axis
constexpr double kLeastDeviation = 1;  // grey levels

using Basis = std::array<std::array<double, kSide>, kLow>;

// DCT-II without norm, as scipy.fftpack.dct: 2 sum x_n cos(pi k (2n + 1) / 2N).
const Basis& basis() {
  static const Basis made = [] {
    Basis cosines{};
    for (size_t k = 0; k < kLow; ++k) {
      for (size_t n = 0; n < kSide; ++n) {
        cosines[k][n] = 2 * std::cos(std::numbers::pi * static_cast<double>(k * (2 * n + 1)) /
                                     static_cast<double>(2 * kSide));
      }
    }
    return cosines;
  }();
  return made;
}

bool has_contrast(std::span<const uint8_t> grey) {
  uint64_t sum = 0;
  uint64_t squares = 0;
  for (const uint8_t value : grey) {
    sum += value;
    squares += uint64_t{value} * value;
  }
  const double mean = static_cast<double>(sum) / static_cast<double>(grey.size());
  const double variance =
      static_cast<double>(squares) / static_cast<double>(grey.size()) - mean * mean;
  return variance > kLeastDeviation * kLeastDeviation;
}

// How the 64 bits are cut into bands, and how far one band may be off.
struct Bands {
  int count = 1;
  int slack = 0;  // bits that the nearest band of a near pair differs in, at most
  int bits_of(int band) const { return 64 * (band + 1) / count - 64 * band / count; }
  int shift_of(int band) const { return 64 * band / count; }
  uint64_t mask_of(int band) const { return (uint64_t{1} << bits_of(band)) - 1; }
};

double ways(int bits, int slack) {
  double sum = 1;
  double term = 1;
  for (int k = 1; k <= slack; ++k) {
    term = term * (bits - k + 1) / k;
    sum += term;
  }
  return sum;
}

// The fewest looks at a bucket and comparisons in it, were the hashes spread evenly. At least three
// bands, so that a table of a band's values has at most 2^22 entries.
Bands choose_bands(size_t hashes, int radius) {
  Bands best;
  double least = INFINITY;
  for (int count = 3; count <= std::max(3, radius + 1); ++count) {
    const Bands bands{count, radius / count};
    const int bits = 64 / count;
    const double cost =
        count * (std::exp2(bits) / static_cast<double>(hashes) +
                 ways(bits, bands.slack) * (1 + static_cast<double>(hashes) / std::exp2(bits)));
    if (cost < least) {
      least = cost;
      best = bands;
    }
  }
  return best;
}

// All patterns of at most `slack` set bits among `bits`.
std::vector<uint64_t> patterns(int bits, int slack) {
  std::vector<uint64_t> made{0};
  size_t begin = 0;
  for (int k = 0; k < slack; ++k) {
    const size_t end = made.size();
    for (size_t i = begin; i < end; ++i) {
      const int lowest = made[i] == 0 ? bits : std::countr_zero(made[i]);
      for (int bit = 0; bit < lowest; ++bit) made.push_back(made[i] | uint64_t{1} << bit);
    }
    begin = end;
  }
  return made;
}

// Hashes sorted by one band's value.
struct BandIndex {
  std::vector<uint32_t> begins;  // of each value, and one behind the last
  std::vector<uint64_t> hashes;
  std::vector<uint32_t> places;  // in the caller's order; rising within a bucket

  void build(std::span<const uint64_t> all, int shift, uint64_t mask) {
    begins.assign(mask + 2, 0);
    hashes.resize(all.size());
    places.resize(all.size());
    for (const uint64_t hash : all) ++begins[(hash >> shift & mask) + 1];
    for (size_t value = 1; value < begins.size(); ++value) begins[value] += begins[value - 1];
    std::vector<uint32_t> next(begins.begin(), begins.end() - 1);
    for (size_t i = 0; i < all.size(); ++i) {
      const uint32_t at = next[all[i] >> shift & mask]++;
      hashes[at] = all[i];
      places[at] = static_cast<uint32_t>(i);
    }
  }
};

// Positions of `bucket` within `radius` bits of `hash`.
[[gnu::always_inline]] inline void scan(std::span<const uint64_t> bucket, uint64_t hash, int radius,
                                        std::vector<uint32_t>& near) {
  for (size_t i = 0; i < bucket.size(); ++i) {
    if (std::popcount(bucket[i] ^ hash) <= radius) near.push_back(static_cast<uint32_t>(i));
  }
}
void scan_plain(std::span<const uint64_t> bucket, uint64_t hash, int radius,
                std::vector<uint32_t>& near) {
  scan(bucket, hash, radius, near);
}
#if defined(__x86_64__)
[[gnu::target("popcnt")]] void scan_popcnt(std::span<const uint64_t> bucket, uint64_t hash,
                                           int radius, std::vector<uint32_t>& near) {
  scan(bucket, hash, radius, near);
}
bool has_popcnt() {
  static const bool has = __builtin_cpu_supports("popcnt") != 0;
  return has;
}
#else
constexpr auto* scan_popcnt = scan_plain;
constexpr bool has_popcnt() {
  return false;
}
#endif

// A pair is told by the first band that would find it.
bool told_before(const Bands& bands, int band, uint64_t differing) {
  for (int earlier = 0; earlier < band; ++earlier) {
    const uint64_t bits = differing >> bands.shift_of(earlier) & bands.mask_of(earlier);
    if (std::popcount(bits) <= bands.slack) return true;
  }
  return false;
}

class PairSearch {
 public:
  PairSearch(std::span<const uint64_t> hashes, int radius)
      : hashes_(hashes), radius_(radius), bands_(choose_bands(hashes.size(), radius)) {}

  void run(const ParallelFor& parallel_for,
           const std::function<void(std::span<const HashPair>)>& found) {
    constexpr size_t kGrain = 2048;
    for (int band = 0; band < bands_.count; ++band) {
      index_.build(hashes_, bands_.shift_of(band), bands_.mask_of(band));
      flips_ = patterns(bands_.bits_of(band), bands_.slack);
      parallel_for(hashes_.size(), kGrain, [&](size_t begin, size_t end) {
        std::vector<HashPair> pairs;
        std::vector<uint32_t> near;
        for (size_t at = begin; at < end; ++at) look_from(at, band, near, pairs);
        if (!pairs.empty()) found(pairs);
      });
    }
  }

 private:
  void look_from(size_t at, int band, std::vector<uint32_t>& near,
                 std::vector<HashPair>& pairs) const {
    const uint64_t hash = index_.hashes[at];
    const uint32_t place = index_.places[at];
    const uint64_t value = hash >> bands_.shift_of(band) & bands_.mask_of(band);
    for (const uint64_t flip : flips_) {
      const size_t begin = flip == 0 ? at + 1 : index_.begins[value ^ flip];
      const size_t end = index_.begins[(value ^ flip) + 1];
      if (begin >= end) continue;
      near.clear();
      (has_popcnt() ? scan_popcnt : scan_plain)(
          std::span(index_.hashes).subspan(begin, end - begin), hash, radius_, near);
      for (const uint32_t offset : near) {
        const uint32_t other = index_.places[begin + offset];
        // Within its own bucket a hash looks ahead only; from another, both see each other.
        if (other < place || told_before(bands_, band, index_.hashes[begin + offset] ^ hash)) {
          continue;
        }
        pairs.emplace_back(place, other);
      }
    }
  }

  std::span<const uint64_t> hashes_;
  int radius_;
  Bands bands_;
  BandIndex index_;
  std::vector<uint64_t> flips_;
};

}  // namespace

std::optional<uint64_t> perceptual_hash(std::span<const uint8_t> grey) {
  if (grey.size() != kSide * kSide || !has_contrast(grey)) return std::nullopt;
  std::array<std::array<double, kSide>, kLow> columns{};  // the DCT down each column
  for (size_t k = 0; k < kLow; ++k) {
    for (size_t y = 0; y < kSide; ++y) {
      for (size_t x = 0; x < kSide; ++x) columns[k][x] += basis()[k][y] * grey[y * kSide + x];
    }
  }
  std::array<double, kLow * kLow> low{};
  for (size_t k = 0; k < kLow; ++k) {
    for (size_t l = 0; l < kLow; ++l) {
      for (size_t x = 0; x < kSide; ++x) low[k * kLow + l] += columns[k][x] * basis()[l][x];
    }
  }
  std::array<double, kLow* kLow> sorted = low;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[31] + sorted[32]) / 2;
  uint64_t hash = 0;
  for (const double coefficient : low) hash = hash << 1 | uint64_t{coefficient > median};
  return hash;
}

void for_each_near_pair(std::span<const uint64_t> hashes, int radius,
                        const ParallelFor& parallel_for,
                        const std::function<void(std::span<const HashPair>)>& found) {
  if (hashes.size() < 2) return;
  PairSearch(hashes, std::clamp(radius, 0, kMaxHashRadius)).run(parallel_for, found);
}

}  // namespace errata::analysis

// Grouping of copies among many pictures, once they were read and hashed:
//   bench_duplicates PICTURES [COLUMNS]
// A twentieth of the pictures are copies of others: equal pixels, or hashes a few bits away with a
// changed thumbnail, or near embeddings of COLUMNS values. Prints seconds, recall and precision.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "analysis/duplicate_groups.h"
#include "analysis/near_embeddings.h"
#include "base/random.h"

namespace {

using namespace errata;
using namespace errata::analysis;

constexpr size_t kCopyEvery = 20;
constexpr int kRadius = 6;

double secs_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Each twentieth picture is a copy of the one before it.
bool is_copy(size_t i) {
  return i % kCopyEvery == kCopyEvery - 1;
}

// Each picture is 8 x 8 random patches; a copy that is near has others by up to 4 grey levels.
PictureIdentity picture(size_t i, SmallPicture& small) {
  Rng rng(1, is_copy(i) ? i - 1 : i);
  PictureIdentity made;
  made.pixels = static_cast<int32_t>(i);
  uint64_t hash = rng.next();
  std::array<uint8_t, 64> patches;
  for (uint8_t& value : patches) value = static_cast<uint8_t>(rng.below(200));
  made.area_px = 100 * 100;
  if (is_copy(i)) {
    Rng change(2, i);
    if (i / kCopyEvery % 2 == 0) {
      made.pixels = static_cast<int32_t>(i - 1);
    } else {
      for (uint64_t bits = change.below(kRadius + 1); bits > 0; --bits) {
        hash ^= uint64_t{1} << change.below(64);
      }
      for (uint8_t& value : patches) value = static_cast<uint8_t>(value + change.below(4));
    }
  }
  std::array<uint8_t, kHashSidePx * kHashSidePx> grey;
  for (size_t p = 0; p < grey.size(); ++p) {
    grey[p] = patches[p / kHashSidePx / 4 * 8 + p % kHashSidePx / 4];
  }
  const std::array<uint8_t, 3> rgb{100, 100, 100};
  small = small_picture(grey, rgb, 1, 1);
  small.width_px = small.height_px = kHashSidePx;
  made.small = &small;
  made.hash = hash;
  return made;
}

void tell(const char* what, double secs, size_t found, size_t right, size_t planted) {
  fmt::print("{:12} {:7.1f} s   recall {:.4f}   precision {:.4f}\n", what, secs,
             static_cast<double>(right) / static_cast<double>(planted),
             found == 0 ? 1.0 : static_cast<double>(right) / static_cast<double>(found));
  std::fflush(stdout);
}

void measure_hashes(size_t count, const ParallelFor& parallel_for) {
  std::vector<PictureIdentity> pictures(count);
  std::vector<SmallPicture> small(count);
  parallel_for(count, 4096, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) pictures[i] = picture(i, small[i]);
  });
  const auto begin = std::chrono::steady_clock::now();
  const Duplicates duplicates = group_duplicates(pictures, kRadius, parallel_for);
  const double secs = secs_since(begin);
  size_t found = 0, right = 0;
  for (const DuplicateGroup& group : duplicates.groups) {
    for (const uint32_t member : group.members) {
      if (member == group.kept()) continue;
      ++found;
      right += is_copy(member) && group.kept() + 1 == member;
    }
  }
  tell("hashes", secs, found, right, count / kCopyEvery);
}

void measure_embeddings(size_t count, size_t columns, const ParallelFor& parallel_for) {
  constexpr size_t kDirections = 12;
  Rng seed(3);
  std::vector<float> bases(100 * (kDirections + 1) * columns);
  for (float& value : bases) value = static_cast<float>(seed.uniform() - 0.5);
  std::vector<float> values(count * columns);
  parallel_for(count, 1024, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      Rng rng(4, is_copy(i) ? i - 1 : i);
      const float* base = bases.data() + rng.below(100) * (kDirections + 1) * columns;
      float* to = values.data() + i * columns;
      std::copy_n(base, columns, to);
      for (size_t d = 1; d <= kDirections; ++d) {
        const auto along = static_cast<float>(2 * (rng.uniform() - 0.5));
        for (size_t c = 0; c < columns; ++c) to[c] += along * base[d * columns + c];
      }
      Rng noise(5, i);
      for (size_t c = 0; c < columns; ++c) {
        to[c] += static_cast<float>(0.02 * (noise.uniform() - 0.5));
      }
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  const NearCopies near = find_near_copies({values, count, columns}, {}, parallel_for);
  const double secs = secs_since(begin);
  size_t right = 0;
  for (const auto& [a, b] : near.pairs) right += is_copy(b) && a + 1 == b;
  tell("embeddings", secs, near.pairs.size(), right, count / kCopyEvery);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("bench_duplicates PICTURES [COLUMNS]\n", stderr);
    return 2;
  }
  try {
    WorkerGroup workers(hardware_threads() - 1, "bench");
    const size_t count = std::stoul(argv[1]);
    measure_hashes(count, workers.as_parallel_for());
    if (argc > 2) measure_embeddings(count, std::stoul(argv[2]), workers.as_parallel_for());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

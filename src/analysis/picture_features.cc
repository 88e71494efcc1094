#include "analysis/picture_features.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/dense.h"
#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr size_t kPatchSide = 6;
constexpr size_t kPatch = kPatchSide * kPatchSide * 3;
constexpr size_t kStep = 2;                                          // from patch to patch
constexpr size_t kPlaces = (kPictureSide - kPatchSide) / kStep + 1;  // of a patch along a side
constexpr size_t kFilters = 256;                                     // a multiple of kDenseWidth
constexpr size_t kQuarters = 4;
constexpr size_t kColumns = 2 * kFilters * kQuarters;
constexpr size_t kDrawn = 20000;      // patches that the whitening rests on
constexpr size_t kAskedDrawn = 1000;  // of them the threshold
constexpr size_t kMostAxisRows = 16384;
constexpr size_t kBlock = 256;  // pictures whose features are held at once
constexpr double kContrast = 10.0 / 255;
constexpr double kWhitening = 0.01;

// The values of one patch, 0..1, and what makes them normal: (value - mean) * scale.
struct Normal {
  float mean = 0;
  float scale = 0;
};

Normal read_patch(const uint8_t* picture, size_t y, size_t x, float* values) {
  float sum = 0;
  float squares = 0;
  for (size_t dy = 0; dy < kPatchSide; ++dy) {
    const uint8_t* row = picture + ((y + dy) * kPictureSide + x) * 3;
    for (size_t i = 0; i < kPatchSide * 3; ++i) {
      const float value = static_cast<float>(row[i]) * (1.0f / 255);
      *values++ = value;
      sum += value;
      squares += value * value;
    }
  }
  constexpr auto kCount = static_cast<float>(kPatch);
  const float mean = sum / kCount;
  const float variance = std::max(squares / kCount - mean * mean, 0.0f);
  return {mean, 1 / std::sqrt(variance + static_cast<float>(kContrast * kContrast))};
}

struct Filters {
  std::vector<float> weights;  // kPatch x kFilters
  std::vector<float> sums;     // kFilters: of a filter's weights
  std::vector<float> offsets;  // kFilters: the response of the mean patch
  float threshold = 0;
};

// Normalised patches at places drawn by the seed: kDrawn x kPatch.
std::vector<float> draw_patches(std::span<const uint8_t> pictures, std::span<const uint32_t> rows,
                                uint64_t seed) {
  Rng rng(seed);
  std::vector<float> patches(kDrawn * kPatch);
  for (size_t i = 0; i < kDrawn; ++i) {
    const uint8_t* picture = pictures.data() + rows[rng.below(rows.size())] * kPictureBytes;
    const size_t y = rng.below(kPictureSide - kPatchSide + 1);
    const size_t x = rng.below(kPictureSide - kPatchSide + 1);
    float* patch = patches.data() + i * kPatch;
    const Normal normal = read_patch(picture, y, x, patch);
    for (size_t j = 0; j < kPatch; ++j) patch[j] = (patch[j] - normal.mean) * normal.scale;
  }
  return patches;
}

// The symmetric matrix that whitens patches of this covariance: kPatch x kPatch.
std::vector<double> whitening_of(const std::vector<float>& patches,
                                 const std::vector<double>& mean) {
  std::vector<double> covariance(kPatch * kPatch, 0);
  std::vector<double> centred(kPatch);
  for (size_t i = 0; i < kDrawn; ++i) {
    for (size_t j = 0; j < kPatch; ++j) centred[j] = patches[i * kPatch + j] - mean[j];
    for (size_t j = 0; j < kPatch; ++j) {
      for (size_t k = 0; k < kPatch; ++k) covariance[j * kPatch + k] += centred[j] * centred[k];
    }
  }
  for (double& value : covariance) value /= kDrawn;
  const EigenPairs eigen = symmetric_eigen(std::move(covariance), kPatch);
  std::vector<double> whitening(kPatch * kPatch, 0);
  for (size_t e = 0; e < kPatch; ++e) {
    const double scale = 1 / std::sqrt(std::max(eigen.values[e], 0.0) + kWhitening);
    for (size_t j = 0; j < kPatch; ++j) {
      const double part = eigen.vectors[j * kPatch + e] * scale;
      for (size_t k = 0; k < kPatch; ++k) {
        whitening[j * kPatch + k] += part * eigen.vectors[k * kPatch + e];
      }
    }
  }
  return whitening;
}

std::vector<double> times(const std::vector<double>& matrix, const std::vector<double>& vector) {
  std::vector<double> result(kPatch, 0);
  for (size_t j = 0; j < kPatch; ++j) {
    result[j] = std::inner_product(vector.begin(), vector.end(),
                                   matrix.begin() + static_cast<ptrdiff_t>(j * kPatch), 0.0);
  }
  return result;
}

// Half the deviation of the absolute responses of drawn patches.
float threshold_of(const Filters& filters, const std::vector<float>& patches) {
  std::vector<float> responses(kAskedDrawn * kFilters, 0);
  add_product({patches.data(), kPatch, 1}, kAskedDrawn, kPatch, filters.weights.data(), kFilters,
              kFilters, responses.data(), kFilters);
  double sum = 0;
  double squares = 0;
  for (size_t i = 0; i < responses.size(); ++i) {
    const double size = std::abs(responses[i] - filters.offsets[i % kFilters]);
    sum += size;
    squares += size * size;
  }
  const double count = static_cast<double>(responses.size());
  const double variance = squares / count - sum / count * sum / count;
  return static_cast<float>(0.5 * std::sqrt(std::max(variance, 0.0)));
}

Filters make_filters(std::span<const uint8_t> pictures, std::span<const uint32_t> rows,
                     uint64_t seed) {
  const std::vector<float> patches = draw_patches(pictures, rows, seed);
  std::vector<double> mean(kPatch, 0);
  for (size_t i = 0; i < patches.size(); ++i) mean[i % kPatch] += patches[i] / double{kDrawn};
  const std::vector<double> whitening = whitening_of(patches, mean);
  Filters filters;
  filters.weights.assign(kPatch * kFilters, 0);
  filters.sums.assign(kFilters, 0);
  filters.offsets.assign(kFilters, 0);
  size_t made = 0;
  for (size_t i = 0; i < kDrawn && made < kFilters; ++i) {
    std::vector<double> patch(kPatch);
    for (size_t j = 0; j < kPatch; ++j) patch[j] = patches[i * kPatch + j] - mean[j];
    std::vector<double> white = times(whitening, patch);
    const double length =
        std::sqrt(std::inner_product(white.begin(), white.end(), white.begin(), 0.0));
    if (length < 1e-3) continue;  // a plain patch says nothing
    for (double& value : white) value /= length;
    const std::vector<double> filter = times(whitening, white);
    for (size_t j = 0; j < kPatch; ++j) {
      filters.weights[j * kFilters + made] = static_cast<float>(filter[j]);
    }
    filters.sums[made] = static_cast<float>(std::accumulate(filter.begin(), filter.end(), 0.0));
    filters.offsets[made] =
        static_cast<float>(std::inner_product(filter.begin(), filter.end(), mean.begin(), 0.0));
    ++made;
  }
  filters.threshold = threshold_of(filters, patches);
  return filters;
}

// Room for one picture's patches and responses.
struct Scratch {
  std::vector<float> patches = std::vector<float>(kPlaces * kPlaces * kPatch);
  std::vector<Normal> normals = std::vector<Normal>(kPlaces * kPlaces);
  std::vector<float> responses = std::vector<float>(kPlaces * kPlaces * kFilters);
};

void features_of(const uint8_t* picture, const Filters& filters, Scratch& scratch, float* out) {
  constexpr size_t kAll = kPlaces * kPlaces;
  for (size_t place = 0; place < kAll; ++place) {
    scratch.normals[place] = read_patch(picture, place / kPlaces * kStep, place % kPlaces * kStep,
                                        scratch.patches.data() + place * kPatch);
  }
  std::fill(scratch.responses.begin(), scratch.responses.end(), 0.0f);
  add_product({scratch.patches.data(), kPatch, 1}, kAll, kPatch, filters.weights.data(), kFilters,
              kFilters, scratch.responses.data(), kFilters);
  std::fill(out, out + kColumns, 0.0f);
  size_t counts[kQuarters] = {};
  for (size_t place = 0; place < kAll; ++place) {
    const size_t quarter = place / kPlaces * 2 / kPlaces * 2 + place % kPlaces * 2 / kPlaces;
    ++counts[quarter];
    const Normal normal = scratch.normals[place];
    const float* response = scratch.responses.data() + place * kFilters;
    float* above = out + quarter * 2 * kFilters;
    float* below = above + kFilters;
    for (size_t k = 0; k < kFilters; ++k) {
      const float value =
          (response[k] - normal.mean * filters.sums[k]) * normal.scale - filters.offsets[k];
      above[k] += std::max(value - filters.threshold, 0.0f);
      below[k] += std::max(-value - filters.threshold, 0.0f);
    }
  }
  for (size_t quarter = 0; quarter < kQuarters; ++quarter) {
    float* part = out + quarter * 2 * kFilters;
    const float share = 1 / static_cast<float>(counts[quarter]);
    for (size_t k = 0; k < 2 * kFilters; ++k) part[k] = std::sqrt(part[k] * share);
  }
}

// rows x kColumns.
std::vector<float> features_of(std::span<const uint8_t> pictures, std::span<const uint32_t> rows,
                               const Filters& filters, const ParallelFor& parallel_for,
                               const std::function<void()>& tick) {
  std::vector<float> values(rows.size() * kColumns);
  for (size_t first = 0; first < rows.size(); first += kBlock) {
    tick();
    const size_t count = std::min(kBlock, rows.size() - first);
    parallel_for(count, 16, [&](size_t begin, size_t end) {
      Scratch scratch;
      for (size_t i = first + begin; i < first + end; ++i) {
        features_of(pictures.data() + rows[i] * kPictureBytes, filters, scratch,
                    values.data() + i * kColumns);
      }
    });
  }
  return values;
}

}  // namespace

EmbeddingSpace make_picture_space(std::span<const uint8_t> pictures, std::span<const uint8_t> known,
                                  uint64_t seed, const ParallelFor& parallel_for,
                                  const std::function<void()>& tick) {
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < known.size(); ++row) {
    if (known[row] != 0) rows.push_back(static_cast<uint32_t>(row));
  }
  EmbeddingSpace space;
  if (rows.empty()) return space;
  const Filters filters = make_filters(pictures, rows, seed);
  const size_t sampled = std::min(rows.size(), kMostAxisRows);
  std::vector<uint32_t> sample;
  for (size_t i = 0; i < sampled; ++i) sample.push_back(rows[i * rows.size() / sampled]);
  std::vector<float> values = features_of(pictures, sample, filters, parallel_for, tick);
  // What a feature that hardly ever answers says is chance.
  constexpr double kLeastVariance = 1e-8;
  const SpaceAxes axes(values, kColumns, SpaceScaling::kColumns, parallel_for, kLeastVariance);
  const size_t width = axes.width();
  std::vector<float> coordinates(known.size() * width, 0);
  const auto place = [&](std::span<const uint32_t> of) {
    const std::vector<float> projected = axes.coordinates(values, parallel_for);
    for (size_t i = 0; i < of.size(); ++i) {
      std::copy_n(projected.data() + i * width, width, coordinates.data() + of[i] * width);
    }
  };
  place(sample);
  for (size_t first = 0; sampled < rows.size() && first < rows.size(); first += kBlock) {
    const auto block = std::span(rows).subspan(first, std::min(kBlock, rows.size() - first));
    values = features_of(pictures, block, filters, parallel_for, tick);
    axes.scale(values, parallel_for);
    place(block);
  }
  return axes.space(known.size(), std::move(coordinates));
}

}  // namespace errata::analysis

#include "analysis/matrix.h"

#include <algorithm>
#include <cstring>

#include "analysis/fma.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define ERRATA_PRODUCTS_AVX2 1
#else
#define ERRATA_PRODUCTS_AVX2 0
#endif

namespace errata::analysis {

namespace {

// A tile of the product is 6 x 16: twelve registers of eight floats, and three more for its
// factors.
constexpr size_t kLeftPanel = 6;
constexpr size_t kRightPanel = 16;
// Columns that a panel holds at once: 16 KiB of the right one stay in the first cache.
constexpr size_t kChunk = 256;

size_t round_up(size_t value, size_t step) {
  return (value + step - 1) / step * step;
}

// One tile: adds (or, with `fresh`, stores) the products over `columns` columns.
void tile_plain(const float* left, const float* right, size_t columns, bool fresh, float* out,
                size_t stride) {
  float sums[kLeftPanel][kRightPanel] = {};
  for (size_t c = 0; c < columns; ++c, left += kLeftPanel, right += kRightPanel) {
    for (size_t i = 0; i < kLeftPanel; ++i) {
      for (size_t j = 0; j < kRightPanel; ++j) sums[i][j] += left[i] * right[j];
    }
  }
  for (size_t i = 0; i < kLeftPanel; ++i) {
    for (size_t j = 0; j < kRightPanel; ++j) {
      out[i * stride + j] = sums[i][j] + (fresh ? 0.0f : out[i * stride + j]);
    }
  }
}

#if ERRATA_PRODUCTS_AVX2
__attribute__((target("avx2,fma"))) void tile_avx2(const float* left, const float* right,
                                                   size_t columns, bool fresh, float* out,
                                                   size_t stride) {
  __m256 sums[kLeftPanel][2];
  for (auto& row : sums) row[0] = row[1] = _mm256_setzero_ps();
  for (size_t c = 0; c < columns; ++c, left += kLeftPanel, right += kRightPanel) {
    const __m256 low = _mm256_loadu_ps(right);
    const __m256 high = _mm256_loadu_ps(right + 8);
#pragma GCC unroll 6
    for (size_t i = 0; i < kLeftPanel; ++i) {
      const __m256 factor = _mm256_broadcast_ss(left + i);
      sums[i][0] = _mm256_fmadd_ps(factor, low, sums[i][0]);
      sums[i][1] = _mm256_fmadd_ps(factor, high, sums[i][1]);
    }
  }
#pragma GCC unroll 6
  for (size_t i = 0; i < kLeftPanel; ++i) {
    float* to = out + i * stride;
    if (!fresh) {
      sums[i][0] = _mm256_add_ps(sums[i][0], _mm256_loadu_ps(to));
      sums[i][1] = _mm256_add_ps(sums[i][1], _mm256_loadu_ps(to + 8));
    }
    _mm256_storeu_ps(to, sums[i][0]);
    _mm256_storeu_ps(to + 8, sums[i][1]);
  }
}
#else
constexpr auto* tile_avx2 = tile_plain;
#endif

}  // namespace

void PackedRows::pack(const FloatMatrix& matrix, const RowList& rows,
                      const RowTransform& transform) {
  const size_t panel = side_ == Side::kLeft ? kLeftPanel : kRightPanel;
  rows_ = rows.count;
  padded_rows_ = round_up(rows.count, panel);
  columns_ = matrix.columns;
  values_ = storage_.need(padded_rows_ * columns_);
  for (size_t first = 0; first < columns_; first += kChunk) {
    const size_t columns = std::min(kChunk, columns_ - first);
    float* out = values_ + padded_rows_ * first;
    for (size_t i = 0; i < padded_rows_; ++i) {
      float* to = out + i / panel * panel * columns + i % panel;
      if (i >= rows_) {
        for (size_t c = 0; c < columns; ++c) to[c * panel] = 0;
        continue;
      }
      const size_t row = rows[i];
      const float* from = matrix.values.data() + row * columns_ + first;
      const float scale = transform.scale.empty() ? 1.0f : transform.scale[row];
      if (transform.offset.empty()) {
        for (size_t c = 0; c < columns; ++c) to[c * panel] = from[c] * scale;
      } else {
        const float* offset = transform.offset.data() + first;
        for (size_t c = 0; c < columns; ++c) to[c * panel] = (from[c] - offset[c]) * scale;
      }
    }
  }
}

void block_products(const PackedRows& left, const PackedRows& right, float* products,
                    size_t stride) {
  const auto tile = has_fma() ? tile_avx2 : tile_plain;
  for (size_t first = 0; first < left.columns(); first += kChunk) {
    const size_t columns = std::min(kChunk, left.columns() - first);
    const float* lefts = left.values() + left.padded_rows() * first;
    const float* rights = right.values() + right.padded_rows() * first;
    for (size_t j = 0; j < right.padded_rows(); j += kRightPanel) {
      for (size_t i = 0; i < left.padded_rows(); i += kLeftPanel) {
        tile(lefts + i * columns, rights + j * columns, columns, first == 0,
             products + i * stride + j, stride);
      }
    }
  }
}

double product_error(size_t columns) {
  constexpr double kRoundOff = 0x1p-24;
  const size_t chunks = (columns + kChunk - 1) / kChunk;
  // A sum over a chunk, the sums added, and six roundings of the two factors.
  return static_cast<double>(std::min(columns, kChunk) + chunks + 6) * kRoundOff;
}

}  // namespace errata::analysis

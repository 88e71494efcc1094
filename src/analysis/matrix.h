// A matrix of floats that someone else holds, and products of its rows in blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/scratch_array.h"

namespace errata::analysis {

// Row-major; values.size() == rows * columns.
struct FloatMatrix {
  std::span<const float> values;
  size_t rows = 0;
  size_t columns = 0;

  std::span<const float> row(size_t at) const { return values.subspan(at * columns, columns); }
};

// Some rows of a matrix: `picked`, or without it those from `first` on.
struct RowList {
  size_t count = 0;
  size_t first = 0;
  const uint32_t* picked = nullptr;

  size_t operator[](size_t at) const { return picked == nullptr ? first + at : picked[at]; }
};

// What happens to a row before it is multiplied: less `offset`, times scale[row]. Empty: nothing.
struct RowTransform {
  std::span<const float> offset;  // columns
  std::span<const float> scale;   // rows of the matrix
};

// Rows in the layout that block_products reads: panels of a few rows, column by column. Kept from
// one use to the next: it grows to the largest block.
class PackedRows {
 public:
  enum class Side : uint8_t { kLeft, kRight };
  explicit PackedRows(Side side) : side_(side) {}

  void pack(const FloatMatrix& matrix, const RowList& rows, const RowTransform& transform);
  size_t rows() const { return rows_; }
  size_t padded_rows() const { return padded_rows_; }
  size_t columns() const { return columns_; }
  const float* values() const { return values_; }

 private:
  Side side_;
  size_t rows_ = 0;
  size_t padded_rows_ = 0;
  size_t columns_ = 0;
  ScratchArray<float> storage_;
  float* values_ = nullptr;
};

// products[i * stride + j] = left row i . right row j, for all padded rows: stride is at least
// right.padded_rows(), and there is room for left.padded_rows() of them. Each product is within
// product_error(columns) times the product of the norms of what is exact; the last bits depend on
// the processor.
void block_products(const PackedRows& left, const PackedRows& right, float* products,
                    size_t stride);

// A bound of the relative error of a product, the rounding of offset and scale included.
double product_error(size_t columns);

}  // namespace errata::analysis

// Embeddings and other features as a head wants them: principal coordinates. Their axes come of a
// sample, so that of many rows no more than their coordinates has to be held.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dense.h"
#include "analysis/linear_head.h"
#include "analysis/matrix.h"
#include "base/workers.h"

namespace errata::analysis {

// Principal coordinates (at most kMostAxes: more changes next to nothing and costs time), scaled to
// a total variance of 1.
struct EmbeddingSpace {
  static constexpr size_t kMostAxes = 256;

  std::vector<float> values;
  size_t rows = 0;
  size_t axes = 0;
  size_t width = 0;          // floats from one row to the next
  double kept_variance = 0;  // share of the variance that the axes hold, 0..1
  std::vector<double> squares;
  // Squared length of what the axes leave out of each row, in the same units; empty: not known.
  std::vector<float> left_out;

  Coordinates coordinates() const { return {values, rows, axes, width, squares}; }
  FloatMatrix matrix() const { return {values, rows, width}; }
};

enum class SpaceScaling : uint8_t {
  kLength,   // embeddings: each row to length 1; at most kMostAxes
  kColumns,  // features of any units: each column to a mean of 0 and a variance of 1; at most one
             // axis for every four rows besides
};

class SpaceAxes {
 public:
  // Of more rows than this it is enough to look at so many, spread over all.
  static constexpr size_t kMostRows = 50000;

  // `sample` (rows x columns, finite) is scaled in place. Columns of a variance below
  // `least_variance`, or of no more than their rounding, are left out. Memory: see principal_axes.
  SpaceAxes(std::span<float> sample, size_t columns, SpaceScaling scaling,
            const ParallelFor& parallel_for, double least_variance = 0);

  size_t width() const { return padded_columns(axes_.axes); }
  // As the sample was, in place.
  void scale(std::span<float> rows, const ParallelFor& parallel_for) const;
  // Of scaled rows: rows x width().
  std::vector<float> coordinates(std::span<const float> scaled,
                                 const ParallelFor& parallel_for) const;
  // Of scaled rows at these coordinates, the squared length of what the axes leave out of each.
  std::vector<float> left_out(std::span<const float> scaled, std::span<const float> coordinates,
                              const ParallelFor& parallel_for) const;
  // All rows at their coordinates (rows x width()).
  EmbeddingSpace space(size_t rows, std::vector<float> coordinates,
                       std::vector<float> left_out = {}) const;

 private:
  size_t columns_;
  SpaceScaling scaling_;
  std::vector<double> mean_;  // kColumns
  std::vector<double> factor_;
  PrincipalAxes axes_;
};

// Of rows that are held anyway (rows x columns, finite), changed in place.
EmbeddingSpace make_embedding_space(std::span<float> embeddings, size_t columns,
                                    const ParallelFor& parallel_for);
EmbeddingSpace make_feature_space(std::span<float> features, size_t columns,
                                  const ParallelFor& parallel_for);

// The coordinates of all, each space weighing the same, turned until they are uncorrelated again.
// Memory: the result.
EmbeddingSpace join_spaces(std::span<const EmbeddingSpace* const> spaces,
                           const ParallelFor& parallel_for);

// Some rows of a space, without left_out.
EmbeddingSpace take_rows(const EmbeddingSpace& space, std::span<const size_t> rows);

// The same space with rows[i] at places[i] of `rows` rows; the others have no coordinates and stand
// in the middle of all. Without left_out.
EmbeddingSpace place_rows(EmbeddingSpace space, std::span<const size_t> places, size_t rows);

}  // namespace errata::analysis

// Rows of a matrix as points of a metric: what searches for neighbours share.
#pragma once

#include <vector>

#include "analysis/neighbours.h"

namespace errata::analysis {

// Mean of the rows by column, summed in an order that does not depend on threads.
std::vector<float> column_means(const FloatMatrix& points, const ParallelFor& parallel_for);

// What makes the nearest rows those of the highest score = left . right + bias(right): cosine is a
// product of rows of norm 1; |a - b|^2 is |a|^2 - 2 score with bias -|b|^2 / 2.
class RowGeometry {
 public:
  RowGeometry(const FloatMatrix& points, Distance distance, const ParallelFor& parallel_for);

  const FloatMatrix& points() const { return points_; }
  Distance distance() const { return distance_; }
  RowTransform transform() const { return {offset_, scale_}; }
  float bias(size_t row) const { return bias_.empty() ? 0.0f : bias_[row]; }
  double norm(size_t row) const { return norm_[row]; }  // after the offset

  // In double precision.
  double between(size_t a, size_t b) const;
  // The score that a distance from `row` stands for.
  double score_of(size_t row, double distance) const;
  // How far a score found by block_products may be off, for rows no farther than `distance`.
  double score_error(size_t row, double distance) const;

 private:
  FloatMatrix points_;
  Distance distance_;
  std::vector<float> offset_;
  std::vector<float> scale_;
  std::vector<float> bias_;
  std::vector<double> norm_;
  std::vector<double> inverse_;  // 1 / norm, 0 for a row of zeros
};

// The best candidates of a row as a heap whose first is the worst. Which are kept depends only on
// which were offered, not on the order: of equal scores the lower row is better.
struct Candidate {
  float score = 0;
  uint32_t row = 0;

  bool worse_than(const Candidate& other) const {
    return score != other.score ? score < other.score : row > other.row;
  }
};
// Puts `candidate` in the place of the worst of a full heap.
void replace_worst(std::span<Candidate> heap, Candidate candidate);

// Exact distances of candidates (without `row` itself), the nearest k of them in order.
struct Near {
  double distance = 0;
  uint32_t row = 0;

  bool operator<(const Near& other) const {
    return distance != other.distance ? distance < other.distance : row < other.row;
  }
};

// Equal rows by their first: found by their bits.
struct EqualRows {
  std::vector<uint32_t> firsts;   // rows that equal none before them, rising
  std::vector<uint32_t> group;    // of each row, into firsts
  std::vector<uint32_t> begins;   // of each group's members in `members`, and one behind the last
  std::vector<uint32_t> members;  // rising within a group
};
EqualRows find_equal_rows(const FloatMatrix& points);

// The k nearest of each of `firsts` among them, as indices into it: all compared, or as
// approximate_neighbours does.
Neighbours nearest_of_firsts(const FloatMatrix& points, const EqualRows& equal,
                             const NeighbourOptions& options, const ParallelFor& parallel_for);
Neighbours approximate_of_firsts(const FloatMatrix& points, const EqualRows& equal,
                                 const NeighbourOptions& options,
                                 const ApproximateOptions& approximate,
                                 const ParallelFor& parallel_for);

// From the neighbours among `firsts` (indices into it) to those among all rows.
Neighbours spread_to_equals(Neighbours among_firsts, const EqualRows& equal, size_t k);

}  // namespace errata::analysis

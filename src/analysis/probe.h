// Out-of-sample probabilities from embeddings alone: a regularised multinomial head, trained on
// all folds but one and asked about that one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "analysis/embedding_space.h"
#include "analysis/linear_head.h"
#include "analysis/matrix.h"
#include "analysis/neighbours.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

// Groups of rows that are nearly the same picture: those that find_near_copies (near_embeddings.h)
// pairs, among neighbours as near_copies_among wants them. What hangs together by copies of copies
// is one group here: nothing is thrown away by it, a group too large only makes folds less even,
// and a copy in another fold would answer with its own label. The number of its group for each row;
// a row alone is a group.
std::vector<uint32_t> near_duplicate_groups(const FloatMatrix& points, const Neighbours& neighbours,
                                            const ParallelFor& parallel_for);
// How many rows are in a group of more than one.
size_t grouped_rows(std::span<const uint32_t> groups);

// Deals the rows out to folds: groups stay together, and each class is spread evenly. kNoFold for
// rows without a label.
std::vector<uint8_t> stratified_folds(std::span<const ClassIndex> labels,
                                      std::span<const uint32_t> groups, size_t classes,
                                      size_t folds, uint64_t seed);

// The folds that a row with a label is in, rising; and whether two classes or more lie outside each
// of them: else what is asked there has nothing to learn from.
struct FoldsInUse {
  std::vector<uint8_t> folds;
  bool all_taught = true;
};
FoldsInUse folds_in_use(std::span<const uint8_t> fold, std::span<const ClassIndex> labels,
                        size_t folds);

struct ProbeOptions {
  size_t folds = 5;  // 2..50
  uint64_t seed = 1;
  double strongest = 1e-2;  // of the strengths tried
};

struct TriedStrength {
  double lambda = 0;
  double log_loss = 0;  // of the given labels, held out
};

struct Probe {
  std::vector<float> probabilities;  // rows x classes
  std::vector<uint8_t> fold;
  std::vector<TriedStrength> tried;  // strongest first
  double lambda = 0;                 // the one chosen: least held-out log loss
};

// `labels`: class per row or kNoClass; `groups`: of near_duplicate_groups. Rows without a label get
// the mean of all folds' heads. The strength of the regularisation is the one of least held-out log
// loss over all folds. Throws Error(kBadInput) when fewer than two classes have a label.
Probe run_probe(const EmbeddingSpace& space, std::span<const ClassIndex> labels,
                std::span<const uint32_t> groups, size_t classes, const ProbeOptions& options,
                const HeadMathFactory& make_math, const std::function<void()>& tick);

}  // namespace errata::analysis

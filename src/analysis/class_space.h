// Embeddings seen through their labels: coordinates in which every class is about as wide in all
// directions, so that what tells classes apart counts and what varies within them does not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/matrix.h"
#include "analysis/probe.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

struct ClassSpace {
  std::vector<float> values;  // rows x width, zeros behind the axes
  size_t rows = 0;
  size_t width = 0;

  FloatMatrix matrix() const { return {values, rows, width}; }
};

// The principal axes of the rows less the mean of their class, each divided by the deviation along
// it (within-class covariance normalisation: Hatch, Kajarekar, Stolcke 2006); to each variance 0.3
// of the mean one is added, as in regularised discriminant analysis (Friedman 1989). Of the space's
// axes the first rows / 8 take part at most: more would learn the labels by heart. Rows without a
// label have coordinates and no say. Memory: twice the space.
ClassSpace make_class_space(const EmbeddingSpace& space, std::span<const ClassIndex> labels,
                            size_t classes, const ParallelFor& parallel_for);

// Linear discriminant analysis (Fisher 1936), held out: rows x classes, the probabilities by the
// distance to the classes' means, which are of the rows of other folds, `weights` (0..1) each; at
// the temperature of least log loss. Class means forgive wrong labels that a head bends to (Lee et
// al. 2019, "Robust inference via generative classifiers"). Rows of kNoFold: by all rows.
std::vector<float> held_out_class_means(const ClassSpace& space, std::span<const ClassIndex> labels,
                                        std::span<const float> weights,
                                        std::span<const uint8_t> fold, size_t folds, size_t classes,
                                        const ParallelFor& parallel_for);

}  // namespace errata::analysis

// The cause of a mistake (model/verdict.h), from what the evidence believes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/embedding_space.h"
#include "analysis/neighbours.h"
#include "model/verdict.h"

namespace errata::analysis {

// What is known of one sample (analysis/label_errors.h).
struct VerdictEvidence {
  bool contradicted = false;   // a prediction differs from the label
  bool suspect = false;        // among the labels that the data's own cut takes
  float score = 0;             // of the rival against the label, 0..1
  float highest_belief = 0;    // of any class
  bool isolated = false;       // far from every neighbour
  bool shows_nothing = false;  // the picture is dark, washed out, blurry or empty
};

// None where nothing contradicts the label. Not a valid image: far from all others or a picture
// that shows nothing, and no class has half of the belief. Label wrong: a suspect whose rival is
// believed twice as much as the label. Model wrong: the label is believed twice as much as any
// rival. Ambiguous: what is left.
std::optional<Verdict> verdict_of(const VerdictEvidence& evidence);

// Rows whose mean squared distance to their `neighbours` lies above Q3 + 1.7 (Q3 - Q1) of all:
// Datalab's rule for outliers (of rows of length 1 the square is twice its cosine distance). What
// the axes leave out counts, as if it were another direction for each row: the axes are those of
// the many, and what is none of the classes lies off them.
std::vector<uint8_t> isolated_rows(const EmbeddingSpace& space, const Neighbours& neighbours,
                                   const ParallelFor& parallel_for);

}  // namespace errata::analysis

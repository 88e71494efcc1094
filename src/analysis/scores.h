// Scores of single predictions: what each sample's probabilities say of it and of its label.
//
// All functions are pure. Rows are independent: hand over a chunk of any size, in any order. The
// result does not depend on the number of workers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/workers.h"
#include "model/class_map.h"
#include "model/ids.h"

namespace errata::analysis {

// Rows of one model's outputs as they are stored: row-major, `columns` values each.
struct ProbabilityRows {
  std::span<const float> values;
  size_t columns = 0;   // classes of the model
  bool logits = false;  // softmax still to be applied
  size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

// How the classes of a model lie in the project. Several classes of a model may map onto one class
// of the project: their probabilities are added. A class the project lacks keeps a place of its own
// behind the project's classes, so that no probability gets lost.
struct ClassMapping {
  size_t project_classes = 0;
  std::vector<ClassIndex> target;  // per class of the model: [0, project_classes) or an extra place
  std::vector<ClassIndex> extra;   // class of the model behind each extra place
  bool one_to_one = true;          // no two classes of the model share a place
  size_t places() const { return project_classes + extra.size(); }
  // True when the model can predict this class of the project.
  bool knows(ClassIndex project_class) const {
    return static_cast<size_t>(project_class) < known.size() &&
           known[static_cast<size_t>(project_class)];
  }
  std::vector<uint8_t> known;  // per class of the project
};

// By `to_project`, one entry per class of the model: its class in the project or kNoClass.
// Throws Error(kInternal) for an index outside [kNoClass, project_classes).
ClassMapping make_class_mapping(std::span<const ClassIndex> to_project, size_t project_classes);
// By name.
ClassMapping map_classes_by_name(const ClassMap& model, const ClassMap& project);

// One value per row; NaN (kNoClass for `top`) where there is none. A row that holds a NaN or an
// infinity has nothing at all. What needs a label is NaN where the row has none, and where the
// model does not know the label's class (its probability there is not small, it does not exist).
//
// With p the row's probabilities over the places of the mapping, y the label:
//   top               argmax p; the lowest place when several share the maximum
//   confidence        p[top]
//   margin            p[top] less the second largest p; 1 when there is only one place
//   entropy           -sum p ln p, in nats
//   loss              -ln p[y]; p[y] below 1.2e-38 (FLT_MIN) counts as that, so at most 87.34
//   self_confidence   p[y]                                 (Northcutt et al. 2021, confident
//   learning) brier             sum_k (p[k] - [k = y])^2, in 0..2    (Brier 1950; scikit-learn's
//                     brier_score_loss with scale_by_half=False)
//   label_rank        how many places come before y when sorted by p, larger first and ties by
//                     place: 0 when y is the top; -1 where there is none
// Logits go through a softmax in double precision; -ln p[y] then comes from the logits themselves.
struct RowScores {
  std::vector<ClassIndex> top;  // a class of the project, or >= project_classes: an extra place
  std::vector<float> confidence;
  std::vector<float> margin;
  std::vector<float> entropy;
  std::vector<float> loss;
  std::vector<float> self_confidence;
  std::vector<float> brier;
  std::vector<int32_t> label_rank;

  uint64_t not_finite_rows = 0;  // rows with a NaN or an infinity
  uint64_t not_normalised_rows =
      0;                            // probabilities outside [0, 1] or a sum off 1 by more than 1e-3
  uint64_t unknown_label_rows = 0;  // labelled with a class the model does not know

  void resize(size_t rows);
};

// `labels`: class of the project per row, or kNoClass; empty when no row has one.
RowScores score_rows(const ProbabilityRows& rows, const ClassMapping& mapping,
                     std::span<const ClassIndex> labels, const ParallelFor& parallel_for);

// confident_mistake of model/scores.h: the confidence where the prediction is not the label, NaN
// where it agrees or either is missing.
std::vector<float> confident_mistakes(std::span<const ClassIndex> top,
                                      std::span<const float> confidence,
                                      std::span<const ClassIndex> labels);

}  // namespace errata::analysis

// Predictions as NumPy arrays: a matrix of probabilities or logits with a row per image and a
// column per class, class indices (1-D, whole numbers), or embeddings; as .npy or inside an .npz.
// - The rows' keys: see PredictionInput::files_list. A file list is text with one path per line, a
//   CSV with a path column, or an NPY of texts. Its length must be that of the array.
// - Which array of an NPZ: --array; else the one named probs, probabilities, pred_probs, logits,
//   predictions, outputs, scores, embeddings, features (in this order); else the only numeric one.
// - Places are "row 17", counted from 0 as in Python.
// - Kind: as asked for; else embedding when the array or the file is named so (embeddings,
//   embedding, features, embeds); else by the values (prediction_values.h).
// - One column (or 1-D floats) for two classes: the second class's probability, or its logit.
// - Refused with what to do: Python objects, structured, complex and text dtypes, more than two
//   dimensions (other than of size 1), a transposed matrix, a number of columns that is not that of
//   the classes. Float16, bfloat16, big-endian, Fortran order and whole numbers are read.
#pragma once

#include "importers/predictions.h"

namespace errata::importers {

class NpyPredictionReader : public PredictionReader {
 public:
  std::string_view name() const override { return "npy"; }
  std::string_view description() const override {
    return "NPY or NPZ: probabilities, logits, class indices or embeddings, with a file list";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const PredictionInput& input, PredictionSink& sink) const override;
};

}  // namespace errata::importers

// Predictions as CSV, one row per image, in one of two shapes:
// - a class and, optionally, its confidence: path,prediction,confidence
// - a column per class, holding probabilities or logits: path,cat,dog or path,prob_cat,prob_dog or
//   path,logit_0,logit_1
// The key is the first column named path, filename, file, image, id, ... (as in csv_importer.h), or
// the first column when it has no name. A class column is named prediction, predicted, pred, class,
// label, ...; a confidence column confidence, score, prob, probability, conf. In the second shape
// columns of texts (a label, say) are passed over, with an "ignored-column" warning.
// The k best in one cell, as timm writes them ("['cat' 'dog']", "[0.9 0.05]"): the first is taken.
// A class is looked up by name, then, when it is a whole number, by raw id and by index.
#pragma once

#include "importers/predictions.h"

namespace errata::importers {

class CsvPredictionReader : public PredictionReader {
 public:
  std::string_view name() const override { return "csv"; }
  std::string_view description() const override {
    return "a CSV with path, class and confidence, or with a column per class";
  }
  DetectResult detect(const std::string& path) const override;
  void run(const PredictionInput& input, PredictionSink& sink) const override;
};

}  // namespace errata::importers

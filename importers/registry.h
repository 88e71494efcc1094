// All importers and prediction readers, and the choice between them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "importers/importer.h"
#include "importers/predictions.h"

namespace errata::importers {

// In detect order; registry.cc says why in that order.
std::span<const Importer* const> all_importers();
std::span<const PredictionReader* const> all_prediction_readers();

template <typename Reader>
struct Choice {
  const Reader* reader = nullptr;
  int confidence = 0;
  std::string reason;  // why this one: "imagefolder, because the folder holds 10 folders of images"
};

// `format` is "auto" or a name. With "auto" the one most sure of itself is taken, the first in
// detect order among equals. Throws Error(kNotFound) when nothing is at `path`, Error(kUsage) for
// an unknown name (with the known ones), and Error(kBadInput) when nobody claims the path: the hint
// holds each one's reason.
Choice<Importer> choose_importer(const std::string& path, std::string_view format = "auto");
Choice<PredictionReader> choose_prediction_reader(const std::string& path,
                                                  std::string_view format = "auto");

}  // namespace errata::importers

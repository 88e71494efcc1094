// Opens a model whose own weights are to be trained.
#pragma once

#include <memory>
#include <string>

#include "infer/model_spec.h"
#include "infer/tuner.h"

namespace errata::infer {

// Throws Error: kNotFound without the model, kBadInput for one that cannot be opened or whose
// embedding its weights do not reach, kUnsupported without LibTorch or the device.
std::unique_ptr<Tuner> load_tuner(const std::string& model_path, const ModelSpec& spec,
                                  const RunnerOptions& options, size_t classes);

}  // namespace errata::infer

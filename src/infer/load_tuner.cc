#include "infer/load_tuner.h"

#include "base/error.h"
#include "base/files.h"
#include "infer/library.h"
#include "infer/load_runner.h"

namespace errata::infer {

std::unique_ptr<Tuner> load_tuner(const std::string& model_path, const ModelSpec& spec,
                                  const RunnerOptions& options, size_t classes) {
  if (!file_exists(model_path)) {
    throw Error(ErrorCategory::kNotFound, "there is no such model", "", model_path);
  }
  const InferLibrary& torch = infer_library();
  if (!torch.problem.empty()) {
    throw Error(ErrorCategory::kUnsupported,
                "models cannot be trained by this build: " + torch.problem, kNoLibraryHint);
  }
  RunnerFailure failure;
  std::unique_ptr<Tuner> tuner(
      torch.open_tuner({make_request(model_path, spec, options), classes}, failure));
  if (!tuner) {
    throw Error(static_cast<ErrorCategory>(failure.category), failure.message, failure.hint,
                model_path);
  }
  return tuner;
}

}  // namespace errata::infer

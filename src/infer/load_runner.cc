#include "infer/load_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "infer/library.h"

namespace errata::infer {

namespace {

const std::string kNoModelHint =
    std::string(kNoLibraryHint) +
    ", or bring the predictions of your own script with `errata predictions FILE`";

// Throws unless the outputs of a detector can hold its boxes and the classes that are named.
void check_detector(const std::string& model_path, const ModelSpec& spec, const RunnerInfo& info) {
  if (spec.output_kind == OutputKind::kTorchvision) return;
  const bool anchors = spec.output_kind == OutputKind::kYolo;
  const size_t columns = info.output_shape.at(anchors ? 0 : 1);
  const size_t needed = anchors ? 4 + std::max<size_t>(spec.class_names.size(), 1) : size_t{6};
  if (columns >= needed) return;
  throw Error(ErrorCategory::kBadInput,
              anchors
                  ? fmt::format("the detector gives {} values for each place: too few for a box "
                                "and {} class scores",
                                columns, needed - 4)
                  : fmt::format("the detector gives {} values for each box, not corners, score "
                                "and class",
                                columns),
              "look at \"output\" and at the class names in the model description", model_path);
}

OutputForm form_of(OutputKind kind) {
  switch (kind) {
    case OutputKind::kLogits:
    case OutputKind::kProbabilities: return OutputForm::kClasses;
    case OutputKind::kYolo: return OutputForm::kAnchors;
    case OutputKind::kYoloNms: return OutputForm::kBoxes;
    case OutputKind::kTorchvision: return OutputForm::kObjects;
  }
  return OutputForm::kClasses;
}

}  // namespace

RunnerRequest make_request(const std::string& model_path, const ModelSpec& spec,
                           const RunnerOptions& options) {
  RunnerRequest request;
  request.model_path = model_path;
  request.options = options;
  request.channels = spec.input_channels;
  request.height_px = spec.input_px.height_px;
  request.width_px = spec.input_px.width_px;
  request.form = form_of(spec.output_kind);
  request.output_index = spec.output_index;
  request.output_name = spec.output_name;
  request.mirror = spec.mirror;
  request.embedding = static_cast<uint8_t>(spec.embedding);
  request.embedding_output = spec.embedding_output;
  request.embedding_output_name = spec.embedding_output_name;
  request.embedding_layer = spec.embedding_layer;
  if (spec.is_detector()) request.options.want_embedding = false;
  return request;
}

std::unique_ptr<Runner> load_runner(const std::string& model_path, const ModelSpec& spec,
                                    const RunnerOptions& options) {
  if (!file_exists(model_path)) {
    throw Error(ErrorCategory::kNotFound, "there is no such model", "", model_path);
  }
  if (options.slots < 1 || options.threads_per_slot < 1) {
    throw Error(ErrorCategory::kUsage, "workers and threads must be at least 1");
  }
  if (spec.is_detector() && options.precision != Precision::kFp32) {
    throw Error(ErrorCategory::kUnsupported,
                fmt::format("detectors run in fp32: {} is too coarse for the corners of boxes",
                            precision_name(options.precision)),
                "--precision fp32", model_path);
  }
  const InferLibrary& torch = infer_library();
  if (!torch.problem.empty()) {
    throw Error(ErrorCategory::kUnsupported, "models cannot be run by this build: " + torch.problem,
                kNoModelHint);
  }
  RunnerFailure failure;
  std::unique_ptr<Runner> runner(
      torch.open_runner(make_request(model_path, spec, options), failure));
  if (!runner) {
    throw Error(static_cast<ErrorCategory>(failure.category), failure.message, failure.hint,
                model_path);
  }
  if (spec.is_detector()) {
    check_detector(model_path, spec, runner->info());
    return runner;
  }
  const size_t classes = runner->info().classes;
  if (!spec.class_names.empty() && spec.class_names.size() != classes) {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("the model gives {} values for each image, but its description lists "
                            "{} class names",
                            classes, spec.class_names.size()),
                "list one name for each output, in the order of the outputs, or choose another "
                "output with the key \"output\"",
                model_path);
  }
  return runner;
}

std::string describe_runner(const RunnerInfo& info) {
  std::string text = info.device;
  if (!info.device_name.empty()) text += " (" + info.device_name + ")";
  text += fmt::format(", {}, {} worker{}, batch {}, {}, {}", info.precision, info.slots,
                      info.slots == 1 ? "" : "s", info.batch, info.engine, info.optimisation);
  if (info.form != OutputForm::kClasses) return text;
  if (info.embedding_columns > 0) {
    text +=
        fmt::format("; embedding: {} values, {}", info.embedding_columns, info.embedding_source);
  } else {
    text += "; no embedding";
  }
  if (info.stage_columns > 0) {
    text += fmt::format("; {} values of the stages before", info.stage_columns);
  }
  return text;
}

bool parse_precision(std::string_view name, Precision& precision) {
  for (const Precision candidate : {Precision::kFp32, Precision::kBf16, Precision::kFp16}) {
    if (name == precision_name(candidate)) {
      precision = candidate;
      return true;
    }
  }
  return false;
}

std::string_view precision_name(Precision precision) {
  switch (precision) {
    case Precision::kFp32: return "fp32";
    case Precision::kBf16: return "bf16";
    case Precision::kFp16: return "fp16";
  }
  return "fp32";
}

InferEnvironment probe_environment() {
  InferEnvironment environment;
  const InferLibrary& torch = infer_library();
  if (!torch.problem.empty()) {
    environment.text = torch.problem + "; " + kNoModelHint;
    return environment;
  }
  environment.available = true;
  torch.describe_devices(environment.text);
  return environment;
}

}  // namespace errata::infer

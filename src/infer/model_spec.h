// What a model file does not say by itself: how an image becomes its input, and what its outputs
// mean. Read from a JSON file beside the model or inside it; the keys are listed in
// model_spec.cc. timm's config.json / pretrained_cfg is taken as it is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/resize.h"

namespace errata::infer {

// How an image is brought to the size from which the input is cut.
enum class ResizeMode : uint8_t {
  kNone,         // not at all; an image of another size is cropped or padded as `crop` says
  kShorterSide,  // the shorter side becomes resize_px.height, the other int(that * long / short)
  kExact,        // to resize_px, whatever the aspect (timm: squash)
  kCover,        // aspect kept, covering resize_px (timm: center, for an input that is not square)
  kFit,          // aspect kept, inside resize_px, the rest filled with the mean (timm: border)
  kLetterbox     // Ultralytics': OpenCV's resize into the input, the rest filled with 114
};

// Whether the centre of what `resize` gave is cut (or padded) to the input size. kNone: it must
// have the input size already; an image that has not is an issue.
enum class CropMode : uint8_t { kNone, kCenter };

enum class OutputKind : uint8_t {
  kLogits,
  kProbabilities,
  // Detectors:
  kYolo,     // Ultralytics' raw head: n x (4 + classes + others) x anchors, to be suppressed here
  kYoloNms,  // its end-to-end heads and exports with nms=True: n x boxes x (4 + score, class, ...)
  kTorchvision  // a list of images of any size in, for each a dictionary of boxes, labels and
                // scores
};

std::string_view output_kind_name(OutputKind kind);  // "logits", ..., "yolo_nms", "torchvision"

// Where the embedding is taken from.
enum class EmbeddingSource : uint8_t {
  kNone,
  kAuto,        // a second output of n x D values, else the input of the last linear layer
  kOutput,      // the output at embedding_output
  kNamedLayer,  // the output of the module embedding_layer ("layer4.1", "avgpool")
  kLastLinear   // the input of the last linear layer
};

struct ModelSpec {
  int32_t input_channels = 3;  // 3, or 1: grey as Pillow's convert("L")
  media::Size input_px;        // what the model takes; 0 x 0 for kTorchvision: any

  ResizeMode resize = ResizeMode::kShorterSide;
  media::Size resize_px;  // kShorterSide uses the height; kNone neither
  media::Filter filter = media::Filter::kBilinear;
  media::PillowOrder pillow_order = media::PillowOrder::kUpTo12_1;
  CropMode crop = CropMode::kCenter;
  bool apply_orientation = false;  // turn by EXIF first; torchvision and timm do not

  // input = (value / scale - mean) / std in float32, per channel in `bgr ? B,G,R : R,G,B` order.
  double scale = 255.0;
  std::vector<double> mean;  // input_channels values
  std::vector<double> std;
  bool bgr = false;
  // The picture's mirror image is seen too, and what both give is averaged. Classifiers only.
  bool mirror = false;

  std::vector<std::string> class_names;  // in output order; empty when the file lists none

  OutputKind output_kind = OutputKind::kLogits;
  int32_t first_label = 1;   // kTorchvision: the label of the first class; 0 is the background
  int32_t output_index = 0;  // which output, when the model gives several
  std::string output_name;   // which, when it gives a dictionary; wins over the index

  EmbeddingSource embedding = EmbeddingSource::kAuto;
  int32_t embedding_output = 1;
  std::string embedding_output_name;
  std::string embedding_layer;

  bool is_detector() const { return output_kind >= OutputKind::kYolo; }
  bool operator==(const ModelSpec&) const = default;
};

struct ResolvedSpec {
  ModelSpec spec;
  std::string origin;              // "model.json", "model.pt: extra file config.json"
  std::string detector;            // how a detector was recognised, as a phrase; empty for others
  std::vector<std::string> notes;  // defaults taken and keys not known, one sentence each
};

// Finds and reads the description of `model_path`: `config_path` when given, else the file of the
// same name with .json instead of its extension (or added to it), else an extra file inside the
// TorchScript archive (errata.json, config.json, model.json, config.txt). A detector whose forward
// takes a list of images needs none. `use_test_size`: timm's test_input_size and test_crop_pct
// instead of input_size and crop_pct.
// Throws Error: kNotFound (model or config), kBadInput (no description, not JSON, a key of the
// wrong type or value), each naming file and key.
ResolvedSpec resolve_model_spec(const std::string& model_path,
                                const std::optional<std::string>& config_path,
                                bool use_test_size = false);

// The same for JSON text; `where` names it in errors. `takes_list`: the model's forward takes a
// list of images, so that it is a torchvision detector unless the text says otherwise. Throws
// Error(kBadInput).
ResolvedSpec parse_model_spec(std::string_view json_text, const std::string& where,
                              bool use_test_size = false, bool takes_list = false);

// The spec as JSON with every value written out, what a run stores; parse_model_spec of it gives
// an equal spec.
std::string model_spec_to_json(const ModelSpec& spec);

// One line for people: "shorter side to 256 (bicubic), centre crop 224x224, mean ..., std ...".
std::string describe_preprocessing(const ModelSpec& spec);

}  // namespace errata::infer

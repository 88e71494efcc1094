// The keys of a model description. Ours, with every form each takes:
//
//   input_size      28 | [28, 28] (height, width) | [3, 28, 28] (channels first)
//   resize          null or "none" | 256 (the shorter side) | [256, 256] (height, width, exactly) |
//                   {"shorter_side": 256} | {"exact" or "cover" or "fit": 256 or [256, 256]} |
//                   {"letterbox": 640 or [640, 640]} (the input's size)
//   interpolation   "nearest" "bilinear" "bicubic" "box" "hamming" "lanczos"
//   crop            "center" or true | "none", null or false
//   scale           255: what values are divided by first
//   mean, std       0.5 | [0.485, 0.456, 0.406]
//   channel_order   "RGB" | "BGR"
//   exif_orientation  false | true: turn images upright first
//   mirror          false | true: see each picture's mirror image too, and average what both give
//   pillow          "12.1" (and before) | "12.2" (and 12.3) | "13.0": whose resize of tall images
//   classes         ["cat", "dog"] | {"0": "cat", "1": "dog"}; also class_names, label_names,
//   labels,
//                   names
//   num_classes     2: checked against the names
//   output          "logits" | "probabilities" | "yolo" | "yolo_nms" | "torchvision" | 0 |
//                   {"index": 0 or "name": "logits", "kind": "logits"}
//   first_label     1: the label of the first class, for "torchvision"
//   embedding       "auto" | "none" or null | "last_linear" | 1 (an output) |
//                   {"output": 1 or "name"} | {"layer": "avgpool"}
//
// And timm's, alone or below "pretrained_cfg" (timm/data/config.py, transforms_factory.py):
// input_size, test_input_size, interpolation, crop_pct, test_crop_pct, crop_mode, mean, std,
// num_classes. And config.txt inside the models that Ultralytics exports: imgsz, names, task,
// end2end, channels, args.nms.
#include "infer/model_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "text/json.h"

namespace errata::infer {

using text::Json;

namespace {

constexpr std::array<std::string_view, 5> kOutputKinds{
    "logits", "probabilities", "yolo", "yolo_nms", "torchvision"};  // in OutputKind's order

constexpr int64_t kMaxSidePx = 8192;

const std::vector<std::string> kOwnKeys = {
    "input_size", "channels",    "resize",        "interpolation",   "crop",
    "scale",      "mean",        "std",           "channel_order",   "exif_orientation",
    "pillow",     "classes",     "class_names",   "label_names",     "labels",
    "names",      "num_classes", "output",        "first_label",     "embedding",
    "crop_pct",   "crop_mode",   "test_crop_pct", "test_input_size", "pretrained_cfg",
    "mirror"};

// What timm and Ultralytics write that does not matter here.
const std::set<std::string> kKnownElsewhere = {"architecture",
                                               "num_features",
                                               "global_pool",
                                               "label_descriptions",
                                               "model_args",
                                               "url",
                                               "file",
                                               "hf_hub_id",
                                               "hf_hub_filename",
                                               "source",
                                               "tag",
                                               "custom_load",
                                               "min_input_size",
                                               "fixed_input_size",
                                               "pool_size",
                                               "test_pool_size",
                                               "first_conv",
                                               "classifier",
                                               "license",
                                               "label_offset",
                                               "origin_url",
                                               "paper_name",
                                               "paper_ids",
                                               "notes",
                                               "state_dict",
                                               "description",
                                               "date",
                                               "version",
                                               "author",
                                               "docs",
                                               "stride",
                                               "task",
                                               "batch",
                                               "imgsz",
                                               "args",
                                               "channels",
                                               "end2end",
                                               "kpt_shape",
                                               "kpt_names",
                                               "dla",
                                               "head",
                                               "name",
                                               "hf_hub_revision"};

// Keys by which timm's file is known, so that timm's defaults are the ones to take.
const std::set<std::string> kTimmSigns = {
    "pretrained_cfg",  "architecture", "crop_pct",         "crop_mode",  "test_crop_pct",
    "test_input_size", "pool_size",    "min_input_size",   "first_conv", "classifier",
    "hf_hub_id",       "custom_load",  "fixed_input_size", "global_pool"};

class Parser {
 public:
  Parser(const Json& root, std::string where, bool use_test_size, bool takes_list)
      : root_(root),
        where_(std::move(where)),
        use_test_size_(use_test_size),
        takes_list_(takes_list) {}

  ResolvedSpec parse();

 private:
  [[noreturn]] void fail(std::string_view key, const std::string& wrong,
                         const std::string& hint = {}) const {
    throw Error(ErrorCategory::kBadInput, fmt::format("\"{}\" {}", key, wrong), hint, where_);
  }
  [[noreturn]] void wrong_type(std::string_view key, const Json& value,
                               std::string_view expected) const {
    fail(key, fmt::format("should be {}, and is {}", expected, shown(value)));
  }
  static std::string shown(const Json& value) { return shorten_utf8(value.dump(), 60); }

  // The top level's, else pretrained_cfg's. A key that is there as null is found.
  const Json* find(std::string_view key) const {
    const Json* value = root_.find(key);
    return value == nullptr && cfg_ != nullptr ? cfg_->find(key) : value;
  }
  const Json* find_value(std::string_view key) const {
    const Json* value = find(key);
    return value != nullptr && value->is_null() ? nullptr : value;
  }

  double number(std::string_view key, const Json& value) const;
  int32_t side(std::string_view key, const Json& value) const;
  media::Size sides(std::string_view key, const Json& value) const;
  bool boolean(std::string_view key, const Json& value) const;
  std::string word(std::string_view key, const Json& value,
                   const std::vector<std::string>& allowed) const;
  std::vector<double> per_channel(std::string_view key, const Json& value) const;

  void find_style();
  void tell_unknown_keys();
  void read_input_size();
  void read_ultralytics();
  void read_ultralytics_detector(const std::string& task);
  void read_torchvision();
  void read_picture_model();
  void read_interpolation();
  void read_resize();
  void read_timm_resize();
  void read_crop();
  void read_values();
  void read_classes();
  std::vector<std::string> class_list(std::string_view key, const Json& value) const;
  void read_output();
  void read_embedding();
  void note(std::string text) { result_.notes.push_back(std::move(text)); }

  const Json& root_;
  const std::string where_;
  const bool use_test_size_;
  const bool takes_list_;
  const Json* cfg_ = nullptr;
  bool timm_ = false;
  bool ultralytics_ = false;
  ResolvedSpec result_;
  ModelSpec& spec_ = result_.spec;
};

double Parser::number(std::string_view key, const Json& value) const {
  if (!value.is_number() || !std::isfinite(value.as_double())) wrong_type(key, value, "a number");
  return value.as_double();
}

int32_t Parser::side(std::string_view key, const Json& value) const {
  const double side_px = number(key, value);
  if (side_px != std::floor(side_px) || side_px < 1 || side_px > kMaxSidePx) {
    wrong_type(key, value, fmt::format("a whole number of pixels from 1 to {}", kMaxSidePx));
  }
  return static_cast<int32_t>(side_px);
}

// 256 or [height, width].
media::Size Parser::sides(std::string_view key, const Json& value) const {
  if (value.is_array()) {
    if (value.size() != 2) wrong_type(key, value, "[height, width]");
    return {side(key, value.at(1)), side(key, value.at(0))};
  }
  const int32_t both = side(key, value);
  return {both, both};
}

bool Parser::boolean(std::string_view key, const Json& value) const {
  if (!value.is_bool()) wrong_type(key, value, "true or false");
  return value.as_bool();
}

std::string Parser::word(std::string_view key, const Json& value,
                         const std::vector<std::string>& allowed) const {
  std::string list;
  for (const std::string& name : allowed)
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", name);
  if (!value.is_string()) wrong_type(key, value, "one of " + list);
  const std::string lower = to_lower_ascii(value.as_string());
  for (const std::string& name : allowed) {
    if (to_lower_ascii(name) == lower) return name;
  }
  wrong_type(key, value, "one of " + list);
}

std::vector<double> Parser::per_channel(std::string_view key, const Json& value) const {
  const auto channels = static_cast<size_t>(spec_.input_channels);
  std::vector<double> values;
  if (value.is_array()) {
    for (const Json& member : value.as_array()) values.push_back(number(key, member));
    if (values.size() == 1) values.resize(channels, values.front());
  } else {
    values.assign(channels, number(key, value));
  }
  if (values.size() != channels) {
    fail(key, fmt::format("has {} values for {} channels", values.size(), channels));
  }
  return values;
}

void Parser::find_style() {
  if (!root_.is_object()) {
    throw Error(ErrorCategory::kBadInput, "a model description is a JSON object", "", where_);
  }
  const Json* cfg = root_.find("pretrained_cfg");
  if (cfg != nullptr && !cfg->is_null()) {
    if (!cfg->is_object()) wrong_type("pretrained_cfg", *cfg, "an object");
    cfg_ = cfg;
  }
  std::set<std::string_view> seen;
  for (const auto& [key, value] : root_.as_object()) {
    if (!seen.insert(key).second) fail(key, "is there twice");
    timm_ = timm_ || kTimmSigns.count(key) > 0;
  }
  ultralytics_ = root_.contains("imgsz") && root_.contains("names");
}

void Parser::tell_unknown_keys() {
  for (const auto& [key, value] : root_.as_object()) {
    if (std::find(kOwnKeys.begin(), kOwnKeys.end(), key) != kOwnKeys.end()) continue;
    if (kKnownElsewhere.count(key) > 0) continue;
    std::string text = fmt::format("the key \"{}\" is not known and was ignored", key);
    const std::vector<std::string> near = nearest_words(key, kOwnKeys);
    if (!near.empty()) text += fmt::format("; did you mean \"{}\"?", near.front());
    note(std::move(text));
  }
}

void Parser::read_input_size() {
  const Json* size = nullptr;
  std::string key = "input_size";
  if (use_test_size_ && find_value("test_input_size") != nullptr) key = "test_input_size";
  size = find_value(key);
  if (size == nullptr) {
    if (!timm_) {
      fail("input_size", "is missing",
           "write what the model takes, channels first: \"input_size\": [3, 224, 224]");
    }
    spec_.input_px = {224, 224};
    note("no input_size: timm's default, 3x224x224");
    return;
  }
  if (size->is_array() && size->size() == 3) {
    const int32_t channels = side(key, size->at(0));
    if (channels != 1 && channels != 3) {
      fail(key, fmt::format("has {} channels first; 1 and 3 are possible: [3, height, width]",
                            channels));
    }
    spec_.input_channels = channels;
    spec_.input_px = {side(key, size->at(2)), side(key, size->at(1))};
  } else if (size->is_array() && size->size() != 2) {
    wrong_type(key, *size, "[channels, height, width], [height, width] or a number");
  } else {
    spec_.input_px = sides(key, *size);
  }
}

void Parser::read_ultralytics() {
  const std::string task = root_.get_string("task", "classify");
  const Json& size = root_.at("imgsz");
  spec_.input_px = sides("imgsz", size);
  spec_.mean = {0, 0, 0};
  spec_.std = {1, 1, 1};
  spec_.class_names = class_list("names", root_.at("names"));
  if (task != "classify") return read_ultralytics_detector(task);
  spec_.resize = spec_.input_px.width_px == spec_.input_px.height_px ? ResizeMode::kShorterSide
                                                                     : ResizeMode::kCover;
  spec_.resize_px = spec_.input_px;
  spec_.output_kind = OutputKind::kProbabilities;
}

void Parser::read_ultralytics_detector(const std::string& task) {
  if (task != "detect" && task != "segment" && task != "pose") {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("this is an Ultralytics model for the task \"{}\"", task),
                "Classifiers and models that detect, segment or find poses can be run here.",
                where_);
  }
  const Json* channels = root_.find("channels");
  if (channels != nullptr && channels->is_int() && channels->as_int() != 3) {
    fail("channels",
         fmt::format("is {}: detectors of RGB images can be run here", channels->as_int()));
  }
  const Json* args = root_.find("args");
  const Json* nms = args != nullptr && args->is_object() ? args->find("nms") : nullptr;
  const Json* end_to_end = root_.find("end2end");
  const auto says = [](const Json* flag) {
    return flag != nullptr && flag->is_bool() && flag->as_bool();
  };
  const bool suppressed = says(nms) || says(end_to_end);
  spec_.output_kind = suppressed ? OutputKind::kYoloNms : OutputKind::kYolo;
  spec_.resize = ResizeMode::kLetterbox;
  spec_.resize_px = spec_.input_px;
  spec_.crop = CropMode::kNone;
  spec_.apply_orientation = true;
  result_.detector = fmt::format("Ultralytics' description says task \"{}\"{}", task,
                                 suppressed ? " and that it suppresses overlaps itself" : "");
  if (task == "segment") note("its masks are left out: boxes are kept");
  if (task == "pose") note("its keypoints are left out: boxes are kept");
}

// Sizes, scaling and suppression are in the model: what is left to say are the classes.
void Parser::read_torchvision() {
  spec_.input_px = {0, 0};
  spec_.resize = ResizeMode::kNone;
  spec_.crop = CropMode::kNone;
  spec_.mean = {0, 0, 0};
  spec_.std = {1, 1, 1};
  for (const char* key : {"input_size", "resize", "crop", "mean", "std", "scale", "channel_order",
                          "exif_orientation", "mirror"}) {
    if (find_value(key) == nullptr) continue;
    note(fmt::format("the key \"{}\" was ignored: the model takes images as they are", key));
  }
  read_classes();
  if (const Json* first = find_value("first_label")) {
    const double label = number("first_label", *first);
    if (label != 0 && label != 1) wrong_type("first_label", *first, "0 or 1");
    spec_.first_label = static_cast<int32_t>(label);
  } else if (!spec_.class_names.empty() && (spec_.class_names.front() == "__background__" ||
                                            spec_.class_names.front() == "background")) {
    spec_.class_names.erase(spec_.class_names.begin());
  }
  result_.detector = takes_list_
                         ? "its forward takes a list of images, as torchvision's detectors do"
                         : "its description says \"torchvision\"";
}

void Parser::read_interpolation() {
  const Json* value = find_value("interpolation");
  if (value == nullptr) {
    spec_.filter = timm_ ? media::Filter::kBicubic : media::Filter::kBilinear;
    return;
  }
  const std::vector<std::string> names = {"nearest", "bilinear", "bicubic",
                                          "box",     "hamming",  "lanczos"};
  media::parse_filter_name(word("interpolation", *value, names), spec_.filter);
}

void Parser::read_resize() {
  const Json* value = find("resize");
  const bool square = spec_.input_px.width_px == spec_.input_px.height_px;
  if (value == nullptr && timm_) return read_timm_resize();
  if (value == nullptr && spec_.is_detector()) {
    spec_.resize = ResizeMode::kLetterbox;
    spec_.resize_px = spec_.input_px;
    spec_.crop = CropMode::kNone;
    return;
  }
  if (value == nullptr) {
    spec_.resize = square ? ResizeMode::kShorterSide : ResizeMode::kCover;
    spec_.resize_px = spec_.input_px;
    note(fmt::format("no \"resize\": images are brought to {} and the centre is cut",
                     square ? fmt::format("a shorter side of {}", spec_.input_px.height_px)
                            : "the size that covers the input"));
    return;
  }
  if (value->is_null() || (value->is_string() && value->as_string() == "none")) {
    spec_.resize = ResizeMode::kNone;
    spec_.crop = CropMode::kNone;
  } else if (value->is_number()) {
    spec_.resize = ResizeMode::kShorterSide;
    spec_.resize_px = sides("resize", *value);
  } else if (value->is_array()) {
    spec_.resize = ResizeMode::kExact;
    spec_.resize_px = sides("resize", *value);
  } else if (value->is_object() && value->size() == 1) {
    const auto& [kind, size] = value->as_object().front();
    const std::string key = "resize." + kind;
    if (kind == "shorter_side") {
      const int32_t shorter = side(key, size);
      spec_.resize = ResizeMode::kShorterSide;
      spec_.resize_px = {shorter, shorter};
    } else if (kind == "letterbox") {
      spec_.resize = ResizeMode::kLetterbox;
      spec_.resize_px = sides(key, size);
      spec_.crop = CropMode::kNone;
      if (spec_.resize_px != spec_.input_px) fail(key, "has to be the size of the input");
    } else if (kind == "exact" || kind == "cover" || kind == "fit") {
      spec_.resize = kind == "exact"   ? ResizeMode::kExact
                     : kind == "cover" ? ResizeMode::kCover
                                       : ResizeMode::kFit;
      spec_.resize_px = sides(key, size);
    } else {
      fail("resize",
           "knows \"shorter_side\", \"exact\", \"cover\", \"fit\" and \"letterbox\", not \"" +
               kind + "\"");
    }
  } else {
    wrong_type("resize", *value,
               "null, a number, [height, width] or an object like {\"shorter_side\": 256}");
  }
}

void Parser::read_timm_resize() {
  const char* pct_key =
      use_test_size_ && find_value("test_crop_pct") != nullptr ? "test_crop_pct" : "crop_pct";
  double crop_pct = 0.875;
  if (const Json* value = find_value(pct_key)) {
    crop_pct = number(pct_key, *value);
    if (!(crop_pct > 0.01 && crop_pct <= 4)) wrong_type(pct_key, *value, "a number above 0");
  } else {
    note("no crop_pct: timm's default, 0.875");
  }
  const media::Size scaled{media::timm_scale_size(spec_.input_px.width_px, crop_pct),
                           media::timm_scale_size(spec_.input_px.height_px, crop_pct)};
  std::string mode = "center";
  if (const Json* value = find_value("crop_mode")) {
    mode = word("crop_mode", *value, {"center", "squash", "border"});
  }
  const bool square = scaled.width_px == scaled.height_px;
  spec_.resize_px = scaled;
  spec_.resize = mode == "squash"   ? ResizeMode::kExact
                 : mode == "border" ? ResizeMode::kFit
                 : square           ? ResizeMode::kShorterSide
                                    : ResizeMode::kCover;
}

void Parser::read_crop() {
  const Json* value = find("crop");
  if (value == nullptr) return;
  if (value->is_null() || (value->is_bool() && !value->as_bool())) {
    spec_.crop = CropMode::kNone;
  } else if (value->is_bool()) {
    spec_.crop = CropMode::kCenter;
  } else if (value->is_string()) {
    spec_.crop =
        word("crop", *value, {"center", "none"}) == "none" ? CropMode::kNone : CropMode::kCenter;
  } else {
    if (sides("crop", *value) != spec_.input_px) {
      fail("crop", fmt::format("is {}, and the input is {}x{}: the crop has the input's size",
                               shown(*value), spec_.input_px.height_px, spec_.input_px.width_px));
    }
    spec_.crop = CropMode::kCenter;
  }
  const bool fits = spec_.resize == ResizeMode::kNone || spec_.resize == ResizeMode::kLetterbox ||
                    (spec_.resize == ResizeMode::kExact && spec_.resize_px == spec_.input_px);
  if (spec_.crop == CropMode::kNone && !fits) {
    fail("crop", "is \"none\", but the resize does not give the input size",
         "resize to exactly the input size, or crop the centre");
  }
}

void Parser::read_values() {
  const Json* mean = find_value("mean");
  const Json* std = find_value("std");
  if (mean == nullptr && std == nullptr && spec_.is_detector()) {
    spec_.mean.assign(static_cast<size_t>(spec_.input_channels), 0);
    spec_.std.assign(static_cast<size_t>(spec_.input_channels), 1);
  } else if (mean == nullptr || std == nullptr) {
    if (!timm_ || (mean == nullptr) != (std == nullptr)) {
      fail(mean == nullptr ? "mean" : "std", "is missing",
           "write what training used; [0, 0, 0] and [1, 1, 1] for a model that takes values "
           "from 0 to 1");
    }
    if (spec_.input_channels != 3) fail("mean", "is missing");
    spec_.mean = {0.485, 0.456, 0.406};
    spec_.std = {0.229, 0.224, 0.225};
    note("no mean and std: timm's defaults, ImageNet's");
  } else {
    spec_.mean = per_channel("mean", *mean);
    spec_.std = per_channel("std", *std);
  }
  for (const double value : spec_.std) {
    if (!(value > 0)) fail("std", "has a value that is not above 0");
  }
  for (const double value : spec_.mean) {
    if (std::abs(value) > 1.5 && !root_.contains("scale")) {
      note(
          "mean is far outside 0..1, where values are after the division by 255: write \"scale\": "
          "1 "
          "if the model takes 0..255");
      break;
    }
  }
  if (const Json* scale = find_value("scale")) {
    spec_.scale = number("scale", *scale);
    if (!(spec_.scale > 0)) wrong_type("scale", *scale, "a number above 0");
  }
  if (const Json* order = find_value("channel_order")) {
    spec_.bgr = word("channel_order", *order, {"RGB", "BGR"}) == "BGR";
  }
  spec_.apply_orientation = spec_.is_detector();  // Ultralytics does
  if (const Json* exif = find_value("exif_orientation")) {
    spec_.apply_orientation = boolean("exif_orientation", *exif);
  }
  if (const Json* mirror = find_value("mirror")) {
    spec_.mirror = boolean("mirror", *mirror);
    if (spec_.mirror && spec_.is_detector()) fail("mirror", "is for classifiers");
  }
  if (const Json* pillow = find_value("pillow")) {
    const std::string name = word("pillow", *pillow, {"12.1", "12.2", "13.0"});
    spec_.pillow_order = name == "13.0"   ? media::PillowOrder::k13_0
                         : name == "12.2" ? media::PillowOrder::k12_2
                                          : media::PillowOrder::kUpTo12_1;
  }
}

// A list of names, or an object index -> name that may leave some out (timm's sparse label_names).
std::vector<std::string> Parser::class_list(std::string_view key, const Json& value) const {
  std::vector<std::string> names;
  if (value.is_array()) {
    for (const Json& name : value.as_array()) {
      if (!name.is_string() && !name.is_int()) wrong_type(key, name, "a list of texts");
      names.push_back(name.is_string() ? name.as_string() : std::to_string(name.as_int()));
    }
    return names;
  }
  if (!value.is_object()) wrong_type(key, value, "a list of names");
  constexpr size_t kMostClasses = 10'000'000;
  for (const auto& [index_text, name] : value.as_object()) {
    size_t index = 0;
    const char* end = index_text.data() + index_text.size();
    const auto [at, error] = std::from_chars(index_text.data(), end, index);
    if (error != std::errc() || at != end || index >= kMostClasses || !name.is_string()) {
      fail(key, fmt::format("should map indices to names, and has \"{}\": {}",
                            shorten_utf8(index_text, 40), shown(name)));
    }
    while (names.size() <= index) names.push_back(std::to_string(names.size()));
    names[index] = name.as_string();
  }
  return names;
}

void Parser::read_classes() {
  for (const char* key : {"classes", "class_names", "label_names", "labels", "names"}) {
    const Json* value = find_value(key);
    if (value == nullptr) continue;
    spec_.class_names = class_list(key, *value);
    break;
  }
  const Json* count = find_value("num_classes");
  if (count == nullptr) return;
  const double wanted = number("num_classes", *count);
  if (spec_.class_names.empty()) {
    note(fmt::format("{} classes without names", wanted));
  } else if (wanted != static_cast<double>(spec_.class_names.size())) {
    fail("num_classes",
         fmt::format("is {}, but {} class names are listed", wanted, spec_.class_names.size()));
  }
}

void Parser::read_output() {
  if (takes_list_) spec_.output_kind = OutputKind::kTorchvision;
  const Json* value = find_value("output");
  if (value == nullptr) return;
  const std::vector<std::string> kinds(kOutputKinds.begin(), kOutputKinds.end());
  const auto kind_of = [&](std::string_view key, const Json& kind) {
    const auto found = std::find(kinds.begin(), kinds.end(), word(key, kind, kinds));
    return static_cast<OutputKind>(found - kinds.begin());
  };
  const auto index_of = [&](std::string_view key, const Json& index) {
    const double number_of = number(key, index);
    if (number_of < 0 || number_of > 1000 || number_of != std::floor(number_of)) {
      wrong_type(key, index, "the place of an output, counted from 0");
    }
    return static_cast<int32_t>(number_of);
  };
  if (value->is_number()) {
    spec_.output_index = index_of("output", *value);
  } else if (value->is_object()) {
    for (const auto& [key, member] : value->as_object()) {
      if (key == "index") {
        spec_.output_index = index_of("output.index", member);
      } else if (key == "name") {
        if (!member.is_string()) wrong_type("output.name", member, "a text");
        spec_.output_name = member.as_string();
      } else if (key == "kind") {
        spec_.output_kind = kind_of("output.kind", member);
      } else {
        fail("output", "knows \"index\", \"name\" and \"kind\", not \"" + key + "\"");
      }
    }
  } else {
    spec_.output_kind = kind_of("output", *value);
  }
}

void Parser::read_embedding() {
  const Json* value = find("embedding");
  if (value == nullptr) return;
  if (value->is_null()) {
    spec_.embedding = EmbeddingSource::kNone;
    return;
  }
  const auto take_output = [&](const Json& output) {
    spec_.embedding = EmbeddingSource::kOutput;
    if (output.is_string()) {
      spec_.embedding_output_name = output.as_string();
      return;
    }
    if (!output.is_int() || output.as_int() < 0 || output.as_int() > 1000) {
      wrong_type("embedding", output, "the place of an output, counted from 0, or its name");
    }
    spec_.embedding_output = static_cast<int32_t>(output.as_int());
  };
  if (value->is_number()) {
    take_output(*value);
  } else if (value->is_object() && value->size() == 1) {
    const auto& [key, member] = value->as_object().front();
    if (key == "output") {
      take_output(member);
    } else if (key == "layer" && member.is_string() && !member.as_string().empty()) {
      spec_.embedding = EmbeddingSource::kNamedLayer;
      spec_.embedding_layer = member.as_string();
    } else {
      fail("embedding", "knows {\"output\": 1} and {\"layer\": \"name\"}, and is " + shown(*value));
    }
  } else if (value->is_string()) {
    const std::string name = word("embedding", *value, {"auto", "none", "last_linear"});
    spec_.embedding = name == "auto"   ? EmbeddingSource::kAuto
                      : name == "none" ? EmbeddingSource::kNone
                                       : EmbeddingSource::kLastLinear;
  } else {
    wrong_type("embedding", *value,
               "\"auto\", \"none\", \"last_linear\", an output or {\"layer\": \"name\"}");
  }
}

void Parser::read_picture_model() {
  read_input_size();
  if (const Json* channels = root_.find("channels")) {
    const int32_t count = side("channels", *channels);
    if (count != 1 && count != 3) wrong_type("channels", *channels, "1 or 3");
    spec_.input_channels = count;
  }
  read_interpolation();
  read_resize();
  read_crop();
  read_values();
  read_classes();
  if (spec_.is_detector()) {
    result_.detector = fmt::format("its description says \"{}\"",
                                   spec_.output_kind == OutputKind::kYolo ? "yolo" : "yolo_nms");
    if (spec_.resize != ResizeMode::kLetterbox) {
      fail("resize", "of a detector has to be {\"letterbox\": size}");
    }
  }
}

ResolvedSpec Parser::parse() {
  find_style();
  tell_unknown_keys();
  if (ultralytics_) {
    read_ultralytics();
  } else {
    read_output();
    if (spec_.output_kind == OutputKind::kTorchvision) {
      read_torchvision();
    } else {
      read_picture_model();
    }
  }
  if (spec_.is_detector()) {
    spec_.embedding = EmbeddingSource::kNone;
  } else {
    read_embedding();
  }
  if (timm_ && find_value("test_input_size") != nullptr) {
    note(fmt::format("timm names two sizes: this is {}",
                     use_test_size_ ? "test_input_size, as its validate.py takes"
                                    : "input_size, as resolve_model_data_config takes"));
  }
  result_.origin = where_;
  return std::move(result_);
}

}  // namespace

ResolvedSpec parse_model_spec(std::string_view json_text, const std::string& where,
                              bool use_test_size, bool takes_list) {
  const Json root = text::parse_json(json_text, where);
  return Parser(root, where, use_test_size, takes_list).parse();
}

std::string_view output_kind_name(OutputKind kind) {
  return kOutputKinds.at(static_cast<size_t>(kind));
}

}  // namespace errata::infer

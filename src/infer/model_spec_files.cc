// Where a model description is found, and how it is written out.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "infer/model_spec.h"
#include "text/json.h"
#include "text/zip.h"

namespace errata::infer {

using text::Json;

namespace {

constexpr uint64_t kMaxDescriptionBytes = uint64_t{64} << 20;

// The JSON inside a TorchScript archive: <archive>/extra/<name>.
std::optional<std::pair<std::string, std::string>> find_extra_file(const text::ZipReader& zip) {
  for (const char* name : {"errata.json", "config.json", "model.json", "config.txt"}) {
    const std::string ending = std::string("/extra/") + name;
    for (size_t i = 0; i < zip.entries().size(); ++i) {
      const std::string& entry = zip.entries()[i].name;
      if (entry.size() <= ending.size() || !entry.ends_with(ending)) continue;
      const std::vector<uint8_t> bytes = zip.read(i, kMaxDescriptionBytes);
      return std::pair(std::string(name), std::string(bytes.begin(), bytes.end()));
    }
  }
  return std::nullopt;
}

// Whether forward of a scripted model takes a list of images, by the source of its class inside the
// archive: data.pkl begins with that class's name. One too large to look into says nothing.
bool forward_takes_list(const text::ZipReader& zip) {
  const auto entry_ending = [&](const std::string& ending) -> std::string {
    for (size_t i = 0; i < zip.entries().size(); ++i) {
      if (!zip.entries()[i].name.ends_with(ending)) continue;
      if (zip.entries()[i].size_bytes > kMaxDescriptionBytes) return "";
      const std::vector<uint8_t> bytes = zip.read(i, kMaxDescriptionBytes);
      return std::string(bytes.begin(), bytes.end());
    }
    return "";
  };
  // PROTO 2, GLOBAL "__torch__.package.module\nClass\n".
  const std::string pickle = entry_ending("/data.pkl");
  if (pickle.size() < 4 || pickle[2] != 'c') return false;
  const size_t module_end = pickle.find('\n');
  const size_t class_end = pickle.find('\n', module_end + 1);
  if (module_end == std::string::npos || class_end == std::string::npos) return false;
  std::string module = pickle.substr(3, module_end - 3);
  const std::string name = pickle.substr(module_end + 1, class_end - module_end - 1);
  std::replace(module.begin(), module.end(), '.', '/');
  const std::string code = entry_ending("/code/" + module + ".py");
  const size_t begin = code.find("class " + name + "(");
  const size_t forward = begin == std::string::npos ? begin : code.find("def forward(", begin);
  if (forward == std::string::npos) return false;
  // "def forward(self: ...,\n    images: List[Tensor],"
  const size_t comma = code.find(',', forward);
  const size_t end = code.find_first_of(",)", comma == std::string::npos ? comma : comma + 1);
  if (end == std::string::npos) return false;
  return code.substr(comma, end - comma).find(": List[Tensor]") != std::string::npos;
}

std::string size_text(media::Size size) {
  return fmt::format("{}x{}", size.width_px, size.height_px);
}

Json size_json(media::Size size) {
  return Json(Json::Array{Json(size.height_px), Json(size.width_px)});
}

Json resize_json(const ModelSpec& spec) {
  switch (spec.resize) {
    case ResizeMode::kNone: return Json();
    case ResizeMode::kShorterSide:
      return Json::object({{"shorter_side", Json(spec.resize_px.height_px)}});
    case ResizeMode::kExact: return Json::object({{"exact", size_json(spec.resize_px)}});
    case ResizeMode::kCover: return Json::object({{"cover", size_json(spec.resize_px)}});
    case ResizeMode::kFit: return Json::object({{"fit", size_json(spec.resize_px)}});
    case ResizeMode::kLetterbox: return Json::object({{"letterbox", size_json(spec.resize_px)}});
  }
  return Json();
}

Json embedding_json(const ModelSpec& spec) {
  switch (spec.embedding) {
    case EmbeddingSource::kNone: return Json("none");
    case EmbeddingSource::kAuto: return Json("auto");
    case EmbeddingSource::kLastLinear: return Json("last_linear");
    case EmbeddingSource::kNamedLayer: return Json::object({{"layer", Json(spec.embedding_layer)}});
    case EmbeddingSource::kOutput:
      return Json::object(
          {{"output", spec.embedding_output_name.empty() ? Json(spec.embedding_output)
                                                         : Json(spec.embedding_output_name)}});
  }
  return Json();
}

}  // namespace

ResolvedSpec resolve_model_spec(const std::string& model_path,
                                const std::optional<std::string>& config_path, bool use_test_size) {
  if (!file_exists(model_path)) {
    throw Error(ErrorCategory::kNotFound, "there is no such model", "", model_path);
  }
  std::optional<text::ZipReader> zip;
  if (!is_directory(model_path) && text::is_zip_file(model_path)) zip.emplace(model_path);
  const bool takes_list = zip && forward_takes_list(*zip);
  if (config_path) {
    return parse_model_spec(read_text_file(*config_path, kMaxDescriptionBytes), *config_path,
                            use_test_size, takes_list);
  }
  const std::string ending = extension(model_path);
  const std::string stem = model_path.substr(0, model_path.size() - ending.size());
  for (const std::string& candidate : {stem + ".json", model_path + ".json"}) {
    if (candidate == model_path || !file_exists(candidate)) continue;
    return parse_model_spec(read_text_file(candidate, kMaxDescriptionBytes), candidate,
                            use_test_size, takes_list);
  }
  if (!zip) {
    throw Error(ErrorCategory::kBadInput, "this is not a TorchScript file",
                "make one with torch.jit.trace(model, example).save(FILE)", model_path);
  }
  if (const auto extra = find_extra_file(*zip)) {
    return parse_model_spec(extra->second, model_path + ": " + extra->first, use_test_size,
                            takes_list);
  }
  if (takes_list) return parse_model_spec("{}", model_path, use_test_size, takes_list);
  throw Error(ErrorCategory::kBadInput, "the model says nothing of its preprocessing",
              fmt::format("write {}, for example {{\"input_size\": [3, 224, 224], \"resize\": 256, "
                          "\"interpolation\": \"bilinear\", \"mean\": [0.485, 0.456, 0.406], "
                          "\"std\": [0.229, 0.224, 0.225], \"classes\": [\"cat\", \"dog\"]}}, or "
                          "give one with --config",
                          base_name(stem + ".json")),
              model_path);
}

std::string model_spec_to_json(const ModelSpec& spec) {
  Json json = Json::object();
  const Json classes(Json::Array(spec.class_names.begin(), spec.class_names.end()));
  if (spec.output_kind == OutputKind::kTorchvision) {
    json["output"] = Json(output_kind_name(spec.output_kind));
    json["first_label"] = Json(spec.first_label);
    if (!spec.class_names.empty()) json["classes"] = classes;
    return json.dump();
  }
  json["input_size"] = Json(Json::Array{Json(spec.input_channels), Json(spec.input_px.height_px),
                                        Json(spec.input_px.width_px)});
  json["resize"] = resize_json(spec);
  json["interpolation"] = Json(media::filter_name(spec.filter));
  json["crop"] = Json(spec.crop == CropMode::kCenter ? "center" : "none");
  json["scale"] = Json(spec.scale);
  json["mean"] = Json(Json::Array(spec.mean.begin(), spec.mean.end()));
  json["std"] = Json(Json::Array(spec.std.begin(), spec.std.end()));
  json["channel_order"] = Json(spec.bgr ? "BGR" : "RGB");
  json["exif_orientation"] = Json(spec.apply_orientation);
  if (spec.mirror) json["mirror"] = Json(true);
  json["pillow"] = Json(spec.pillow_order == media::PillowOrder::k13_0   ? "13.0"
                        : spec.pillow_order == media::PillowOrder::k12_2 ? "12.2"
                                                                         : "12.1");
  if (!spec.class_names.empty()) json["classes"] = classes;
  Json output = Json::object();
  if (spec.output_name.empty()) {
    output["index"] = Json(spec.output_index);
  } else {
    output["name"] = Json(spec.output_name);
  }
  output["kind"] = Json(output_kind_name(spec.output_kind));
  json["output"] = std::move(output);
  json["embedding"] = embedding_json(spec);
  return json.dump();
}

std::string describe_preprocessing(const ModelSpec& spec) {
  if (spec.output_kind == OutputKind::kTorchvision) {
    return "images as they are, RGB, values from 0 to 1";
  }
  std::string text;
  const std::string filter(media::filter_name(spec.filter));
  switch (spec.resize) {
    case ResizeMode::kNone: text = "no resize"; break;
    case ResizeMode::kShorterSide:
      text = fmt::format("shorter side to {} ({})", spec.resize_px.height_px, filter);
      break;
    case ResizeMode::kExact:
      text = fmt::format("resized to {} ({})", size_text(spec.resize_px), filter);
      break;
    case ResizeMode::kCover:
      text = fmt::format("resized to cover {} ({})", size_text(spec.resize_px), filter);
      break;
    case ResizeMode::kFit:
      text = fmt::format("resized to fit {} ({})", size_text(spec.resize_px), filter);
      break;
    case ResizeMode::kLetterbox:
      text = "letterbox (OpenCV's linear resize, filled with 114)";
      break;
  }
  text += spec.crop == CropMode::kCenter ? ", centre crop " : ", input ";
  text += size_text(spec.input_px);
  text += spec.input_channels == 1 ? ", grey" : spec.bgr ? ", BGR" : ", RGB";
  text += fmt::format(", mean {}, std {}", fmt::join(spec.mean, " "), fmt::join(spec.std, " "));
  if (spec.scale != 255) text += fmt::format(", values divided by {}", spec.scale);
  if (spec.apply_orientation) text += ", turned upright by EXIF";
  if (spec.mirror) text += ", averaged with the mirror image";
  return text;
}

}  // namespace errata::infer

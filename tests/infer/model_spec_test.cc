// Model descriptions: every form of every key, timm's files, and what is wrong with a wrong one.
#include "infer/model_spec.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::infer;
using test::TempDir;

namespace {

ModelSpec parse(const std::string& json) {
  return parse_model_spec(json, "model.json").spec;
}

// Our shortest description, with more keys.
std::string with(const std::string& more) {
  return R"({"input_size": [3, 32, 32], "resize": 32, "mean": 0.5, "std": 0.25)" +
         (more.empty() ? "" : ", " + more) + "}";
}

std::string error_of(const std::string& json) {
  try {
    parse_model_spec(json, "model.json");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kBadInput);
    CHECK(error.path() == "model.json");
    return error.what();
  }
  FAIL("accepted: " << json);
  return "";
}

}  // namespace

TEST_CASE("our own keys, every form") {
  const ResolvedSpec resolved = parse_model_spec(with(""), "model.json");
  CHECK(resolved.notes.empty());
  CHECK(resolved.origin == "model.json");
  const ModelSpec& spec = resolved.spec;
  CHECK(spec.input_px == media::Size{32, 32});
  CHECK(spec.resize == ResizeMode::kShorterSide);
  CHECK(spec.resize_px.height_px == 32);
  CHECK(spec.crop == CropMode::kCenter);
  CHECK(spec.filter == media::Filter::kBilinear);
  CHECK(spec.mean == std::vector<double>{0.5, 0.5, 0.5});
  CHECK(spec.std == std::vector<double>{0.25, 0.25, 0.25});
  CHECK(spec.output_kind == OutputKind::kLogits);
  CHECK(spec.embedding == EmbeddingSource::kAuto);
  CHECK(spec.class_names.empty());

  const ModelSpec grey = parse(
      R"({"input_size": [1, 28, 20], "resize": null, "mean": [0.2], "std": [0.3],
          "channel_order": "BGR", "scale": 1, "exif_orientation": true, "pillow": "13.0"})");
  CHECK(grey.input_channels == 1);
  CHECK(grey.input_px == media::Size{20, 28});
  CHECK(grey.resize == ResizeMode::kNone);
  CHECK(grey.crop == CropMode::kNone);
  CHECK(grey.bgr);
  CHECK(grey.scale == 1);
  CHECK(grey.apply_orientation);
  CHECK_FALSE(grey.mirror);
  CHECK(grey.pillow_order == media::PillowOrder::k13_0);

  const ModelSpec exact = parse(
      R"({"input_size": [20, 30], "resize": [20, 30], "crop": "none", "mean": 0, "std": 1,
          "interpolation": "Lanczos"})");
  CHECK(exact.resize == ResizeMode::kExact);
  CHECK(exact.resize_px == media::Size{30, 20});
  CHECK(exact.crop == CropMode::kNone);
  CHECK(exact.filter == media::Filter::kLanczos);
  const ModelSpec fit =
      parse(R"({"input_size": 64, "resize": {"fit": [40, 50]}, "mean": 0, "std": 1})");
  CHECK(fit.resize == ResizeMode::kFit);
  CHECK(fit.resize_px == media::Size{50, 40});
}

TEST_CASE("class names as a list or by index, and their count") {
  CHECK(parse(with(R"("classes": ["cat", "T-shirt/top"])")).class_names[1] == "T-shirt/top");
  CHECK(parse(with(R"("label_names": {"1": "dog", "3": "cow"})")).class_names ==
        std::vector<std::string>{"0", "dog", "2", "cow"});
  CHECK(error_of(with(R"("classes": ["a"], "num_classes": 2)")) ==
        "\"num_classes\" is 2, but 1 class names are listed");
  CHECK(error_of(with(R"("classes": {"a": "b"})")).find("should map indices to names") !=
        std::string::npos);
  CHECK(error_of(with(R"("classes": "cat")")) ==
        "\"classes\" should be a list of names, and is \"cat\"");
}

TEST_CASE("outputs and embeddings") {
  CHECK(parse(with(R"("output": "probabilities")")).output_kind == OutputKind::kProbabilities);
  CHECK(parse(with(R"("output": 2)")).output_index == 2);
  const ModelSpec named = parse(with(R"("output": {"name": "logits", "kind": "probabilities"})"));
  CHECK(named.output_name == "logits");
  CHECK(named.output_kind == OutputKind::kProbabilities);
  CHECK(parse(with(R"("embedding": null)")).embedding == EmbeddingSource::kNone);
  CHECK(parse(with(R"("embedding": "last_linear")")).embedding == EmbeddingSource::kLastLinear);
  CHECK(parse(with(R"("embedding": 0)")).embedding_output == 0);
  CHECK(parse(with(R"("embedding": {"output": "features"})")).embedding_output_name == "features");
  CHECK(parse(with(R"("embedding": {"layer": "layer4.1"})")).embedding_layer == "layer4.1");
  CHECK(error_of(with(R"("embedding": {"layers": "x"})")).find("\"embedding\" knows") == 0);
  CHECK(error_of(with(R"("output": "softmax")")) ==
        "\"output\" should be one of \"logits\", \"probabilities\", \"yolo\", \"yolo_nms\", "
        "\"torchvision\", and is \"softmax\"");
}

TEST_CASE("wrong values and types name the key") {
  CHECK(error_of("[1]").find("JSON object") != std::string::npos);
  error_of("{");
  CHECK(error_of(R"({"mean": 0, "std": 1})") == "\"input_size\" is missing");
  CHECK(error_of(R"({"input_size": 32, "std": 1})") == "\"mean\" is missing");
  CHECK(error_of(R"({"input_size": 32, "mean": 0})") == "\"std\" is missing");
  CHECK(error_of(R"({"input_size": [224, 224, 3], "mean": 0, "std": 1})").find("224 channels") !=
        std::string::npos);
  CHECK(
      error_of(R"({"input_size": "224", "mean": 0, "std": 1})").find("\"input_size\" should be") ==
      0);
  CHECK(error_of(R"({"input_size": 0, "mean": 0, "std": 1})").find("\"input_size\" should be") ==
        0);
  CHECK(error_of(R"({"input_size": 32, "mean": [0, 0], "std": 1})") ==
        "\"mean\" has 2 values for 3 channels");
  CHECK(error_of(R"({"input_size": 32, "mean": 0, "std": [1, 0, 1]})") ==
        "\"std\" has a value that is not above 0");
  CHECK(error_of(with(R"("interpolation": "area")")).find("\"interpolation\" should be one of") ==
        0);
  CHECK(error_of(with(R"("crop": 24)")).find("the crop has the input's size") != std::string::npos);
  CHECK(error_of(with(R"("crop": "none")")).find("does not give the input size") !=
        std::string::npos);
  CHECK(error_of(with(R"("exif_orientation": 1)")).find("true or false") != std::string::npos);
  CHECK(
      error_of(with(R"("mirror": true, "output": "yolo")")).find("\"mirror\" is for classifiers") ==
      0);
  CHECK(error_of(with(R"("resize": 16)")) == "\"resize\" is there twice");
  CHECK(error_of(R"({"input_size": 32, "resize": {"longest": 4}, "mean": 0, "std": 1})")
            .find("\"resize\" knows") == 0);
}

TEST_CASE("a key that is not known is told, with what was meant") {
  const ResolvedSpec resolved = parse_model_spec(with(R"("interpolatoin": "bicubic")"), "m.json");
  REQUIRE(resolved.notes.size() == 1);
  CHECK(resolved.notes[0] ==
        "the key \"interpolatoin\" is not known and was ignored; did you mean \"interpolation\"?");
}

TEST_CASE("timm's config.json, as it is") {
  const std::string config = R"({
    "architecture": "resnet50", "num_classes": 3, "num_features": 2048, "global_pool": "avg",
    "label_names": ["a", "b", "c"],
    "pretrained_cfg": {"tag": "a1_in1k", "custom_load": false, "input_size": [3, 224, 224],
      "test_input_size": [3, 288, 288], "fixed_input_size": false, "interpolation": "bicubic",
      "crop_pct": 0.95, "test_crop_pct": 1.0, "crop_mode": "center",
      "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "num_classes": 1000,
      "pool_size": [7, 7], "first_conv": "conv1", "classifier": "fc"}})";
  const ResolvedSpec train = parse_model_spec(config, "config.json");
  CHECK(train.spec.input_px == media::Size{224, 224});
  CHECK(train.spec.resize == ResizeMode::kShorterSide);
  CHECK(train.spec.resize_px.height_px == 235);
  CHECK(train.spec.filter == media::Filter::kBicubic);
  CHECK(train.spec.class_names.size() == 3);
  REQUIRE(train.notes.size() == 1);
  CHECK(train.notes[0].find("timm names two sizes: this is input_size") == 0);

  const ModelSpec test = parse_model_spec(config, "config.json", true).spec;
  CHECK(test.input_px == media::Size{288, 288});
  CHECK(test.resize_px.height_px == 288);
}

TEST_CASE("timm's defaults and crop modes") {
  const ResolvedSpec bare = parse_model_spec(R"({"pretrained_cfg": {}})", "config.json");
  CHECK(bare.spec.input_px == media::Size{224, 224});
  CHECK(bare.spec.resize_px.height_px == 256);
  CHECK(bare.spec.filter == media::Filter::kBicubic);
  CHECK(bare.spec.mean == std::vector<double>{0.485, 0.456, 0.406});
  CHECK(bare.notes.size() == 3);

  const auto resize_of = [](const std::string& more) {
    return parse(
        R"({"pretrained_cfg": {"input_size": [3, 224, 160], "crop_pct": 0.9, "mean": [0,0,0],
                     "std": [1,1,1])" +
        more + "}}");
  };
  CHECK(resize_of("").resize == ResizeMode::kCover);
  CHECK(resize_of("").resize_px == media::Size{177, 248});
  CHECK(resize_of(R"(, "crop_mode": "squash")").resize == ResizeMode::kExact);
  CHECK(resize_of(R"(, "crop_mode": "border")").resize == ResizeMode::kFit);
  CHECK(resize_of(R"(, "crop_mode": "border")").crop == CropMode::kCenter);
}

TEST_CASE("the resolved description reads back equal") {
  for (const char* more :
       {"", R"("mirror": true)",
        R"("embedding": {"layer": "a.b"}, "output": {"name": "z", "kind": "probabilities"})",
        R"("embedding": 3, "channel_order": "BGR", "classes": ["ü", "\"q\""], "scale": 1)"}) {
    const ModelSpec spec = parse(with(more));
    CHECK(parse(model_spec_to_json(spec)) == spec);
  }
  const ModelSpec none = parse(
      R"({"input_size": 32, "resize": null, "mean": 0.1307, "std": 0.3081, "pillow": "12.2"})");
  CHECK(parse(model_spec_to_json(none)) == none);
  const ModelSpec cover =
      parse(R"({"input_size": [20, 30], "resize": {"cover": [22, 33]}, "mean": 0.1, "std": 1})");
  CHECK(parse(model_spec_to_json(cover)) == cover);
  const std::string cover_text =
      "resized to cover 33x22 (bilinear), centre crop 30x20, RGB, mean 0.1 0.1 0.1, std 1 1 1";
  CHECK(describe_preprocessing(cover) == cover_text);
  ModelSpec mirrored = cover;
  mirrored.mirror = true;
  CHECK(describe_preprocessing(mirrored) == cover_text + ", averaged with the mirror image");
}

TEST_CASE("the file is found beside the model, or given") {
  const TempDir dir;
  const std::string text = dir.write("text.torchscript", "no archive");
  try {
    resolve_model_spec(text, std::nullopt);
    FAIL("took it");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "this is not a TorchScript file");
  }
  // An archive without members.
  const std::string model =
      dir.write("net.torchscript", std::string("PK\5\6") + std::string(18, '\0'));
  try {
    resolve_model_spec(model, std::nullopt);
    FAIL("found one");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "the model says nothing of its preprocessing");
    CHECK(error.hint().find("write net.json") == 0);
  }
  dir.write("net.json", with(R"("classes": ["beside"])"));
  CHECK(resolve_model_spec(model, std::nullopt).spec.class_names[0] == "beside");
  const std::string other = dir.write("other.json", with(R"("classes": ["given"])"));
  const ResolvedSpec given = resolve_model_spec(model, other);
  CHECK(given.spec.class_names[0] == "given");
  CHECK(given.origin == other);
  CHECK_THROWS_AS(resolve_model_spec(model, dir / "absent.json"), Error);
  CHECK_THROWS_AS(resolve_model_spec(dir / "absent.pt", std::nullopt), Error);
}

TEST_CASE("an archive whose data.pkl is too large to look into has its description beside it") {
  // A zip of one packed entry that says to hold 100 MB.
  const std::string name = "m/data.pkl";
  std::string zip;
  const auto put = [&](uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) zip += static_cast<char>(value >> 8 * i & 0xff);
  };
  const auto put_entry = [&] {
    put(20, 2);           // version to unpack it
    put(0, 2);            // flags
    put(8, 2);            // deflate
    put(0x5a210000, 4);   // time and day
    put(0, 4);            // CRC
    put(2, 4);            // packed
    put(100'000'000, 4);  // unpacked
    put(name.size(), 2);
    put(0, 2);  // no extra field
  };
  put(0x04034b50, 4);
  put_entry();
  zip += name + std::string("\x03\0", 2);
  const size_t directory = zip.size();
  put(0x02014b50, 4);
  put(20, 2);
  put_entry();
  put(0, 10);  // comment, disk, attributes
  put(0, 4);
  put(0, 2);
  zip.resize(directory + 46);
  zip += name;
  const size_t end = zip.size();
  put(0x06054b50, 4);
  put(0, 4);
  put(1, 2);
  put(1, 2);
  put(end - directory, 4);
  put(directory, 4);
  put(0, 2);
  const TempDir dir;
  write_file_atomic(dir / "m.pt", zip);
  write_file_atomic(dir / "m.json", with(""));
  CHECK(resolve_model_spec(dir / "m.pt", std::nullopt).spec.output_kind == OutputKind::kLogits);
}

TEST_CASE("Ultralytics' classifiers carry config.txt, and other tasks are refused") {
  const ModelSpec spec = parse(
      R"({"description": "d", "author": "Ultralytics", "date": "2026", "stride": 1,
          "task": "classify", "batch": 1, "imgsz": [224, 224], "names": {"0": "cat", "1": "dog"},
          "args": {}})");
  CHECK(spec.output_kind == OutputKind::kProbabilities);
  CHECK(spec.class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(spec.resize == ResizeMode::kShorterSide);
  CHECK(error_of(R"({"task": "obb", "imgsz": [320, 320], "names": {"0": "RBC"}})").find("obb") !=
        std::string::npos);
}

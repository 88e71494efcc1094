// Preprocessing against Pillow and torch, byte for byte: goldens/ is written by make_goldens.py.
#include "infer/preprocess.h"

#include <doctest/doctest.h>

#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "media/decode.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"
#include "text/npy.h"

using namespace errata;
using namespace errata::infer;

namespace {

std::string goldens() {
  return join_path(test::source_dir(), "tests/infer/goldens");
}

std::string sha256_of(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return to_hex(sha256(bytes));
}

// How many bytes of `picture` are not the golden's.
size_t differing(const media::Image& picture, const text::NpyArray& golden) {
  std::vector<float> expected(golden.header().count());
  golden.read_rows(0, golden.header().rows(), expected.data());
  if (expected.size() != picture.pixels.size()) return SIZE_MAX;
  size_t count = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    count += expected[i] != static_cast<float>(picture.pixels[i]);
  }
  return count;
}

}  // namespace

TEST_CASE("every golden picture and every float of it is Pillow's and torch's") {
  const text::Json cases = text::read_json_file(join_path(goldens(), "cases.json"));
  const auto pictures = text::NpzFile::open(join_path(goldens(), "pictures.npz"));
  REQUIRE(cases.at("cases").size() > 60);
  for (const text::Json& test_case : cases.at("cases").as_array()) {
    const std::string name = test_case.at("name").as_string();
    CAPTURE(name);
    const auto bytes =
        read_file(join_path(goldens(), "sources/" + test_case.at("source").as_string()));
    const ModelSpec spec = parse_model_spec(test_case.at("description").dump(), name).spec;
    media::DecodeOptions decode;
    decode.apply_orientation = spec.apply_orientation;
    const media::Decoded decoded = media::decode_rgb(bytes, decode);
    REQUIRE_MESSAGE(decoded.ok(), decoded.message);
    const Preprocessor preprocessor(spec);
    media::Image picture;
    std::string why;
    REQUIRE_MESSAGE(preprocessor.picture(decoded.image, picture, why), why);
    CHECK(differing(picture, pictures.read(test_case.at("picture").as_string())) == 0);

    std::vector<float> chw(preprocessor.value_count());
    REQUIRE(preprocessor.run(decoded.image, TensorLayout::kChannelsFirst, chw.data(), why));
    CHECK(sha256_of(chw) == test_case.at("sha256").as_string());

    std::vector<float> hwc(chw.size());
    REQUIRE(preprocessor.run(decoded.image, TensorLayout::kChannelsLast, hwc.data(), why));
    const size_t channels = static_cast<size_t>(spec.input_channels);
    const size_t pixels = chw.size() / channels;
    size_t moved_wrong = 0;
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t c = 0; c < channels; ++c) {
        moved_wrong += hwc[p * channels + c] != chw[c * pixels + p];
      }
    }
    CHECK(moved_wrong == 0);
  }
}

TEST_CASE("grey is Pillow's convert(\"L\")") {
  media::Image rgb(2, 1, 3);
  rgb.pixels = {255, 255, 255, 200, 100, 50};
  CHECK(to_grey(rgb).pixels == std::vector<uint8_t>{255, 124});
}

TEST_CASE("an image of another size is refused when nothing resizes, in words") {
  ModelSpec spec;
  spec.input_px = {32, 32};
  spec.resize = ResizeMode::kNone;
  spec.crop = CropMode::kNone;
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  std::vector<float> values(3 * 32 * 32);
  CHECK_THROWS_WITH_AS(preprocess(media::Image(31, 32, 3), spec, values.data()),
                       "the image is 31x32, the model takes 32x32 and does not resize", Error);
  spec.mean.pop_back();
  CHECK_THROWS_AS(Preprocessor{spec}, Error);
}

TEST_CASE("an image so thin that its other side would vanish is refused, not crashed on") {
  ModelSpec spec;
  spec.input_px = {24, 24};
  spec.resize = ResizeMode::kFit;
  spec.resize_px = {24, 24};
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  std::vector<float> values(3 * 24 * 24);
  std::string why;
  const Preprocessor preprocessor(spec);
  CHECK_FALSE(
      preprocessor.run(media::Image(1, 5000, 3), TensorLayout::kChannelsFirst, values.data(), why));
  CHECK(why == "a 1x5000 image cannot be resized for this model");
}

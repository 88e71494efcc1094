// Detectors through the pass: toy ones made here, and a trained one on real photographs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/files.h"
#include "infer/load_runner.h"
#include "infer/pipeline.h"
#include "media/reader.h"
#include "tests/infer/hashed.h"
#include "tests/infer/toy_detectors.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

using namespace errata;
using namespace errata::infer;
using test::TempDir;
using text::Json;

namespace {

class Collect : public OutputSink {
 public:
  void begin(const RunnerInfo&) override {}
  void batch(const InferBatch& batch) override {
    CHECK(batch.probabilities.empty());
    REQUIRE(batch.detection_counts.size() == batch.items.size());
    size_t at = 0;
    for (const uint32_t count : batch.detection_counts) {
      found.emplace_back(batch.detections.begin() + static_cast<std::ptrdiff_t>(at),
                         batch.detections.begin() + static_cast<std::ptrdiff_t>(at + count));
      at += count;
    }
    CHECK(at == batch.detections.size());
    status.insert(status.end(), batch.status.begin(), batch.status.end());
  }
  std::vector<std::vector<Detection>> found;  // of each item
  std::vector<RowStatus> status;
};

struct Ran {
  Collect sink;
  PipelineReport report;
  RunnerInfo info;
  ResolvedSpec resolved;
  uint64_t rejected = 0;
};

Ran run(const std::string& model, const std::vector<InferItem>& plan,
        const DetectOptions& detect = {}, const std::vector<std::string>& names = {},
        size_t batch = 0) {
  Ran ran;
  ran.resolved = resolve_model_spec(model, std::nullopt);
  if (!names.empty()) ran.resolved.spec.class_names = names;
  RunnerOptions options;
  options.device = "cpu";
  options.slots = 2;
  options.batch = batch;
  const auto runner = load_runner(model, ran.resolved.spec, options);
  media::SampleReader reader;
  WorkerGroup workers(2);
  Progress progress;
  IssueLog issues;
  PipelineOptions pipeline;
  pipeline.detect = detect;
  ran.report = run_pipeline(plan, ran.resolved.spec, *runner, reader, pipeline, workers, progress,
                            CancelToken(), issues, ran.sink);
  ran.info = runner->info();
  ran.rejected = issues.rejected();
  return ran;
}

// A dark picture with squares of the toys' grid: {cell x, cell y, channel}.
using Squares = std::vector<std::array<int, 3>>;
InferItem draw(const TempDir& dir, const std::string& name, int width, int height,
               const Squares& squares) {
  media::Image image(width, height, 3);
  for (const auto& [cell_x, cell_y, channel] : squares) {
    for (int y = 0; y < test::kToyCell; ++y) {
      for (int x = 0; x < test::kToyCell; ++x) {
        image.row(cell_y * test::kToyCell + y)[(cell_x * test::kToyCell + x) * 3 + channel] = 255;
      }
    }
  }
  const std::vector<uint8_t> png = media::encode_png(image);
  dir.write(name, {reinterpret_cast<const char*>(png.data()), png.size()});
  return {1, dir / name, SampleRecord::kNoMember};
}

void check_box(const Detection& d, float x0, float y0, float x1, float y1, ClassIndex index) {
  CHECK(d.x0 == doctest::Approx(x0));
  CHECK(d.y0 == doctest::Approx(y0));
  CHECK(d.x1 == doctest::Approx(x1));
  CHECK(d.y1 == doctest::Approx(y1));
  CHECK(d.class_index == index);
  CHECK(d.confidence == doctest::Approx(1.0f));
}

std::string toy_yolo(const TempDir& dir, const std::string& variant = "") {
  const std::string path = dir / ("toy" + variant + ".torchscript");
  test::write_toy_yolo(path, variant,
                       {{"config.txt", test::toy_yolo_config(128, variant == "suppressed")}});
  return path;
}

double iou_of(const Detection& d, const Json& box) {
  const double x0 = box.at(0).as_double(), y0 = box.at(1).as_double();
  const double x1 = box.at(2).as_double(), y1 = box.at(3).as_double();
  const double both = std::max(0.0, std::min<double>(d.x1, x1) - std::max<double>(d.x0, x0)) *
                      std::max(0.0, std::min<double>(d.y1, y1) - std::max<double>(d.y0, y0));
  const double own = (double{d.x1} - d.x0) * (double{d.y1} - d.y0);
  return both / (own + (x1 - x0) * (y1 - y0) - both);
}

}  // namespace

TEST_CASE("a detector with Ultralytics' description finds its squares in pixels of the image") {
  const TempDir dir;
  // 128 x 96 pads 16 rows above and below; 64 x 64 is doubled; the third has none.
  const std::vector<InferItem> plan = {
      draw(dir, "a.png", 128, 96, {{1, 2, 0}, {6, 0, 2}}),
      draw(dir, "b.png", 64, 64, {{3, 3, 2}}),
      draw(dir, "c.png", 128, 128, {}),
      {4, dir / "gone.png", SampleRecord::kNoMember},
  };
  for (const char* variant : {"", "one_image", "suppressed"}) {
    CAPTURE(variant);
    DetectOptions options;
    options.confidence = variant == std::string("suppressed") ? 0.95 : 0.5;
    const Ran ran = run(toy_yolo(dir, variant), plan, options);
    CHECK(ran.resolved.detector.find("task \"detect\"") != std::string::npos);
    CHECK(ran.info.batch == (variant == std::string("one_image") ? 1 : 16));
    REQUIRE(ran.sink.found.size() == 4);
    REQUIRE(ran.sink.found[0].size() == 2);
    const bool red_first = ran.sink.found[0][0].class_index == 0;
    check_box(ran.sink.found[0][red_first ? 0 : 1], 16, 32, 32, 48, 0);
    check_box(ran.sink.found[0][red_first ? 1 : 0], 96, 0, 112, 16, 1);
    REQUIRE(ran.sink.found[1].size() == 4);  // a square of 32 pixels in the input is four cells
    CHECK(ran.sink.found[2].empty());
    CHECK(ran.sink.status[2] == RowStatus::kOk);  // seen, and nothing in it
    CHECK(ran.sink.found[3].empty());
    CHECK(ran.sink.status[3] == RowStatus::kUnreadable);
    CHECK(ran.report.ok == 3);
    CHECK(ran.report.detections == 6);
    CHECK(ran.rejected == 1);
  }
}

TEST_CASE("a detector that mixes its images is run one by one") {
  const TempDir dir;
  const InferItem one = draw(dir, "a.png", 128, 128, {{1, 2, 0}, {6, 0, 2}});
  const InferItem other = draw(dir, "b.png", 128, 128, {{1, 1, 0}, {1, 2, 0}, {1, 3, 0}});
  const std::string model = toy_yolo(dir, "mixes");
  const Ran alone = run(model, {one});
  const Ran together = run(model, {one, other});
  CHECK(together.info.batch == 1);
  REQUIRE(alone.sink.found[0].size() == 2);
  CHECK(alone.sink.found[0][0].confidence == together.sink.found[0][0].confidence);
}

TEST_CASE("suppression is by class unless it is agnostic, and keeps at most so many") {
  const TempDir dir;
  // Red and blue in one cell.
  const std::vector<InferItem> plan = {draw(dir, "a.png", 128, 128, {{2, 2, 0}, {5, 5, 2}})};
  const std::string model = toy_yolo(dir);
  DetectOptions options;
  options.iou = 0.95;  // the twin one pixel beside overlaps by 15/17
  CHECK(run(model, plan, options).sink.found[0].size() == 4);
  options.iou = 0.5;
  CHECK(run(model, plan, options).sink.found[0].size() == 2);
  options.max_detections = 1;
  CHECK(run(model, plan, options).sink.found[0].size() == 1);
}

TEST_CASE("an image for which a detector gives NaN is rejected") {
  const TempDir dir;
  const InferItem bad = draw(dir, "a.png", 128, 128, {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}});
  const InferItem good = draw(dir, "b.png", 128, 128, {{1, 1, 0}});
  const Ran ran = run(toy_yolo(dir, "nan"), {bad, good});
  CHECK(ran.sink.status[0] == RowStatus::kNotFinite);
  CHECK(ran.sink.found[0].empty());
  CHECK(ran.sink.found[1].size() == 1);
  CHECK(ran.report.not_finite == 1);
}

TEST_CASE("a detector is refused in a coarse precision, and with more names than scores") {
  const TempDir dir;
  const std::string model = toy_yolo(dir);
  ModelSpec spec = resolve_model_spec(model, std::nullopt).spec;
  RunnerOptions options;
  options.device = "cpu";
  options.precision = Precision::kBf16;
  CHECK_THROWS_AS(load_runner(model, spec, options), Error);
  options.precision = Precision::kFp32;
  spec.class_names = {"a", "b", "c"};
  CHECK_THROWS_AS(load_runner(model, spec, options), Error);
}

TEST_CASE("the operators of torchvision give torchvision's values") {
  REQUIRE(probe_environment().available);
  const Json references =
      text::read_json_file(join_path(test::source_dir(), "tests/infer/goldens/detector.json"));
  for (const Json& test_case : references.at("nms").as_array()) {
    const auto n = static_cast<size_t>(test_case.at("n").as_int());
    const auto seed = static_cast<uint32_t>(test_case.at("seed").as_int());
    std::vector<int64_t> expected;
    for (const Json& index : test_case.at("keep").as_array()) expected.push_back(index.as_int());
    CHECK(test::call_nms(test::hashed_boxes(n, seed, test_case.at("spread").as_double()),
                         test::hashed_floats(n, seed + 2, 0, 1),
                         test_case.at("iou").as_double()) == expected);
  }
  for (const Json& test_case : references.at("roi_align").as_array()) {
    CAPTURE(test_case.at("seed").dump());
    const auto seed = static_cast<uint32_t>(test_case.at("seed").as_int());
    test::RoiAlignCall call;
    call.sizes = {2, 3, 9, 11};
    call.input = test::hashed_floats(2 * 3 * 9 * 11, seed, -1, 1);
    const std::vector<uint8_t> images = test::hashed(6, seed + 50);
    const std::vector<float> boxes = test::hashed_boxes(6, seed + 60, 64);
    for (size_t k = 0; k < 6; ++k) {
      call.rois.push_back(static_cast<float>(images[k] % 2));
      for (size_t side = 0; side < 4; ++side) call.rois.push_back(boxes[4 * k + side] - 8);
    }
    call.scale = test_case.at("scale").as_double();
    call.height = test_case.at("height").as_int();
    call.width = test_case.at("width").as_int();
    call.sampling_ratio = test_case.at("ratio").as_int();
    call.aligned = test_case.at("aligned").as_bool();
    const std::vector<float> values = test::call_roi_align(call);
    const Json& expected = test_case.at("values");
    REQUIRE(values.size() == expected.size());
    double largest = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      largest = std::max(largest, std::abs(values[i] - expected.at(i).as_double()));
    }
    CHECK(largest < 1e-6);
  }
}

TEST_CASE(
    "a scripted torchvision detector is recognised by its forward and run picture by picture") {
  REQUIRE(probe_environment().available);
  const TempDir dir;
  const std::vector<InferItem> plan = {draw(dir, "a.png", 96, 64, {{1, 2, 0}, {4, 0, 2}}),
                                       draw(dir, "b.png", 32, 80, {{0, 3, 2}}),
                                       draw(dir, "c.png", 48, 48, {})};
  for (const char* variant : {"", "masks"}) {
    CAPTURE(variant);
    const std::string model = dir / "toy.pt";
    test::write_toy_torchvision(model, variant);
    const Ran ran = run(model, plan, {}, {"red", "blue"});
    CHECK(ran.resolved.spec.output_kind == OutputKind::kTorchvision);
    CHECK(ran.resolved.detector.find("list of images") != std::string::npos);
    REQUIRE(ran.sink.found.size() == 3);
    REQUIRE(ran.sink.found[0].size() == 2);
    const bool red_first = ran.sink.found[0][0].class_index == 0;
    const Detection& red = ran.sink.found[0][red_first ? 0 : 1];
    check_box(red, 16, 32, 32, 48, 0);
    check_box(ran.sink.found[0][red_first ? 1 : 0], 64, 0, 80, 16, 1);
    REQUIRE(ran.sink.found[1].size() == 1);
    check_box(ran.sink.found[1][0], 0, 48, 16, 64, 1);
    CHECK(ran.sink.found[2].empty());
    CHECK(ran.report.ok == 3);
    if (variant == std::string("masks")) {
      // Column by column: 16 columns without, then 16 pixels of each column of the square.
      CHECK(red.mask.height_px == 64);
      REQUIRE(red.mask.counts.size() == 33);
      CHECK(red.mask.counts[0] == 16 * 64 + 32);
      CHECK(red.mask.counts[1] == 16);
      CHECK(red.mask.counts[2] == 48);
    } else {
      CHECK(red.mask.counts.empty());
    }
  }
}

TEST_CASE("what is no torchvision detector is told") {
  REQUIRE(probe_environment().available);
  const TempDir dir;
  ModelSpec spec;
  spec.output_kind = OutputKind::kTorchvision;
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  RunnerOptions options;
  options.device = "cpu";
  for (const char* variant : {"no_scores", "tensor"}) {
    const std::string model = dir / (std::string(variant) + ".pt");
    test::write_toy_torchvision(model, variant);
    CHECK_THROWS_AS(load_runner(model, spec, options), Error);
  }
  CHECK_THROWS_AS(resolve_model_spec(dir / "tensor.pt", std::nullopt), Error);
}

TEST_CASE("the boxes of a trained YOLO are those of Ultralytics' own steps") {
  const std::string shared = test::shared_data_dir();
  if (shared.empty()) {
    std::puts("SKIPPED: the folder of real data is not beside this checkout");
    return;
  }
  const std::string folder = join_path(shared, "bccd");
  const Json expected =
      text::read_json_file(join_path(folder, "predictions/torchscript_test.json"));
  std::vector<InferItem> plan;
  for (const Json& image : expected.as_array()) {
    const std::string file = "yolo/images/" + image.at("file_name").as_string();
    plan.push_back(
        {static_cast<SampleId>(plan.size() + 1), join_path(folder, file), SampleRecord::kNoMember});
  }
  const Ran ran = run(join_path(folder, "yolov8n.torchscript"), plan);
  CHECK(ran.report.ok == plan.size());
  double worst_iou = 1;
  double worst_score = 0;
  size_t boxes = 0;
  for (size_t i = 0; i < plan.size(); ++i) {
    const Json& image = expected.at(i);
    const std::vector<Detection>& found = ran.sink.found[i];
    size_t sure = 0;
    for (size_t k = 0; k < image.at("scores").size(); ++k) {
      const double score = image.at("scores").at(k).as_double();
      if (score <= 0.25) continue;
      ++sure;
      double best = 0;
      for (const Detection& d : found) {
        if (std::abs(d.confidence - score) > 1e-3 ||
            d.class_index != image.at("classes").at(k).as_int()) {
          continue;
        }
        const double iou = iou_of(d, image.at("boxes_xyxy_px").at(k));
        if (iou <= best) continue;
        best = iou;
        worst_score = std::max(worst_score, std::abs(d.confidence - score));
      }
      worst_iou = std::min(worst_iou, best);
    }
    const auto own = std::count_if(found.begin(), found.end(),
                                   [](const Detection& d) { return d.confidence > 0.25f; });
    CHECK(static_cast<size_t>(own) == sure);
    CHECK(found.size() == image.at("scores").size());
    boxes += sure;
  }
  CHECK(worst_iou > 0.99);
  MESSAGE(boxes, " boxes above 0.25: smallest IoU ", worst_iou, ", largest difference of scores ",
          worst_score, "; ", ran.info.optimisation);
}

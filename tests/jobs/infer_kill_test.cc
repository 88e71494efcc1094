// The inference pass as a command: killed at fifty random points and resumed, refused, resumed
// wrongly, over images that cannot be read.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/random.h"
#include "base/text.h"
#include "infer/load_runner.h"
#include "media/image.h"
#include "media/reader.h"
#include "store/dump.h"
#include "store/store.h"
#include "tests/infer/toy_detectors.h"
#include "tests/infer/toy_models.h"
#include "tests/jobs/program.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

namespace {

constexpr int kKills = 50;

std::string dump_of(const std::string& path) {
  store::Store store = store::Store::open(path, store::Access::kRead);
  return store::dump_store(store);
}

void copy_store(const std::string& from, const std::string& to) {
  for (const char* suffix : {"-wal", "-shm"}) remove_all(to + suffix);
  write_file_atomic(to, read_text_file(from));
}

// A model and a store with images; `classes` of the model.
struct Bench {
  explicit Bench(int64_t classes = 3, const std::string& variant = "halves") {
    SyntheticOptions options;
    options.images_per_class = 200;
    make_synthetic_dataset(dir / "photos", options);
    ToyOptions toy;
    toy.classes = classes;
    toy.variant = variant;
    write_toy_model(dir / "toy.pt", toy);
    dir.write("toy.json", R"({"input_size": [3, 32, 32], "resize": {"exact": 32},
      "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]})");
    REQUIRE(run_errata({"-s", base, "import", dir / "photos"}).exit_code == 0);
  }

  std::vector<std::string> infer(const std::string& store, const std::string& how = "") const {
    std::vector<std::string> arguments{"-s",      store, "infer",     "--model", dir / "toy.pt",
                                       "--batch", "16",  "--workers", "2"};
    if (!how.empty()) arguments.push_back(how);
    return arguments;
  }

  TempDir dir;
  std::string base = dir / "base.db";
};

// The same with a detector, over pictures with squares: as many as the picture's number says, so
// that some have none.
struct DetectorBench {
  DetectorBench() {
    for (int i = 0; i < kPictures; ++i) {
      media::Image image(96, 64, 3);
      for (int square = 0; square < i % 4; ++square) {
        for (int y = 0; y < kToyCell; ++y) {
          uint8_t* row = image.row(kToyCell * (square % 3) + y) + 3 * 2 * kToyCell * square;
          for (int x = 0; x < kToyCell; ++x) row[3 * x + 2 * (i % 2)] = 255;
        }
      }
      const std::vector<uint8_t> png = media::encode_png(image);
      dir.write(fmt::format("photos/a/{:04}.png", i),
                {reinterpret_cast<const char*>(png.data()), png.size()});
    }
    write_toy_yolo(dir / "toy.torchscript", "", {{"config.txt", toy_yolo_config(96)}});
    REQUIRE(run_errata({"-s", base, "import", dir / "photos"}).exit_code == 0);
  }

  std::vector<std::string> infer(const std::string& store,
                                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{
        "-s",        store, "infer",        "--model", dir / "toy.torchscript", "--batch", "8",
        "--workers", "2",   "--confidence", "0.5"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  static constexpr int kPictures = 400;
  TempDir dir;
  std::string base = dir / "base.db";
};

}  // namespace

TEST_CASE("a detector's pass that is killed is resumed to the same boxes") {
  const DetectorBench bench;
  const std::string whole = bench.dir / "whole.db";
  copy_store(bench.base, whole);
  const Ended ended = run_errata(bench.infer(whole));
  INFO(ended.output);
  REQUIRE(ended.exit_code == 0);
  CHECK(ended.output.find("task \"detect\"") != std::string::npos);
  CHECK(ended.output.find("600 boxes in 400 images") != std::string::npos);
  CHECK(ended.output.find("accepted 400, rejected 0") != std::string::npos);
  const std::string expected = dump_of(whole);
  Rng rng(12);
  int killed = 0;
  for (int i = 0; i < kKills / 2; ++i) {
    const std::string store = bench.dir / "killed.db";
    copy_store(bench.base, store);
    RunLimits limits;
    limits.kill_after_us = static_cast<int64_t>(rng.uniform() * ended.elapsed_secs * 1e6);
    killed += run_errata(bench.infer(store), limits).killed;
    const Ended again = run_errata(bench.infer(store, {"--resume"}));
    INFO(again.output);
    REQUIRE(again.exit_code == 0);
    REQUIRE(dump_of(store) == expected);
  }
  MESSAGE("killed ", killed, " of ", kKills / 2);
  CHECK(killed > 0);
}

TEST_CASE("a detector's thresholds are part of its run, and a filter chooses its images") {
  const DetectorBench bench;
  REQUIRE(run_errata(bench.infer(bench.base)).exit_code == 0);
  std::vector<std::string> other = bench.infer(bench.base, {"--resume"});
  other[10] = "0.6";
  CHECK(run_errata(other).exit_code == 5);
  const Ended some =
      run_errata(bench.infer(bench.base, {"--run", "some", "--where", "path like '%1.png'"}));
  INFO(some.output);
  CHECK(some.exit_code == 0);
  CHECK(some.output.find(" in 40 images") != std::string::npos);
  const Ended runs = run_errata({"-s", bench.base, "runs", "list"});
  CHECK(runs.output.find("some") != std::string::npos);
  CHECK(runs.output.find("detections") != std::string::npos);
}

TEST_CASE("mirror images are refused for a detector") {
  const DetectorBench bench;
  const Ended ended = run_errata(bench.infer(bench.base, {"--mirror"}));
  INFO(ended.output);
  CHECK(ended.exit_code == 2);
  CHECK(ended.output.find("--mirror is for classifiers") != std::string::npos);
}

TEST_CASE("thresholds are refused for a classifier") {
  const Bench bench;
  std::vector<std::string> arguments = bench.infer(bench.base, "--agnostic");
  const Ended ended = run_errata(arguments);
  INFO(ended.output);
  CHECK(ended.exit_code == 2);
  CHECK(ended.output.find("for detectors") != std::string::npos);
}

TEST_CASE("a pass that is killed is resumed to the same content") {
  const Bench bench;
  const std::string whole = bench.dir / "whole.db";
  copy_store(bench.base, whole);
  const Ended ended = run_errata(bench.infer(whole));
  INFO(ended.output);
  REQUIRE(ended.exit_code == 0);
  const std::string expected = dump_of(whole);
  Rng rng(11);
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    const std::string store = bench.dir / "killed.db";
    copy_store(bench.base, store);
    RunLimits limits;
    limits.kill_after_us = static_cast<int64_t>(rng.uniform() * ended.elapsed_secs * 1e6);
    killed += run_errata(bench.infer(store), limits).killed;
    const Ended again = run_errata(bench.infer(store, "--resume"));
    INFO(again.output);
    REQUIRE(again.exit_code == 0);
    REQUIRE(dump_of(store) == expected);
  }
  MESSAGE("killed ", killed, " of ", kKills);
  CHECK(killed > 0);
}

TEST_CASE("weights are laid out for the processor when the model is loaded, not in every batch") {
  const Bench bench(3, "wide");
  const auto layings = [&](const char* where, int64_t images) {
    std::vector<std::string> arguments = bench.infer(bench.base, "--replace");
    arguments.insert(arguments.end(), {"--where", where});
    ::setenv("ONEDNN_VERBOSE", "1", 1);
    const Ended ended = run_errata(arguments);
    ::unsetenv("ONEDNN_VERBOSE");
    CHECK(ended.exit_code == 0);
    CHECK(ended.output.find(fmt::format("accepted {}", images)) != std::string::npos);
    size_t lines = 0;
    for (const std::string_view line : split_view(ended.output, '\n')) {
      lines += line.find("exec,cpu,reorder") != std::string_view::npos &&
                       line.find(",1152x192x1x1,") != std::string_view::npos
                   ? 1
                   : 0;
    }
    return lines;
  };
  const size_t of_two_batches = layings("id <= 32", 32);
  CHECK(of_two_batches > 0);
  CHECK(layings("id <= 320", 320) == of_two_batches);
}

TEST_CASE("a run is not overwritten by mistake, and not resumed as something else") {
  const Bench bench;
  REQUIRE(run_errata(bench.infer(bench.base)).exit_code == 0);
  const Ended twice = run_errata(bench.infer(bench.base));
  CHECK(twice.exit_code == 5);
  CHECK(twice.output.find("--replace") != std::string::npos);
  CHECK(run_errata(bench.infer(bench.base, "--replace")).exit_code == 0);
  CHECK(run_errata(bench.infer(bench.base, "--resume")).exit_code == 0);
  std::vector<std::string> other = bench.infer(bench.base, "--resume");
  other[6] = "8";  // another batch
  CHECK(run_errata(other).exit_code == 5);
  std::vector<std::string> mirrored = bench.infer(bench.base, "--resume");
  mirrored.emplace_back("--mirror");
  CHECK(run_errata(mirrored).exit_code == 5);
  mirrored[mirrored.size() - 2] = "--replace";
  const Ended seen = run_errata(mirrored);
  CHECK(seen.exit_code == 0);
  CHECK(seen.output.find("averaged with the mirror image") != std::string::npos);
}

TEST_CASE("a run that is named and not there is not resumed") {
  const Bench bench;
  const auto resume = [&](const char* run) {
    std::vector<std::string> arguments = bench.infer(bench.base, "--resume");
    arguments.insert(arguments.end(), {"--run", run});
    return run_errata(arguments);
  };
  const Ended none = resume("resnet");
  CHECK(none.exit_code == 3);
  CHECK(none.output.find("there is no run 'resnet' to resume") != std::string::npos);
  CHECK(none.output.find("The store has no runs yet.") != std::string::npos);
  std::vector<std::string> first = bench.infer(bench.base, "--run");
  first.emplace_back("first");
  REQUIRE(run_errata(first).exit_code == 0);
  first.back() = "resnet";
  REQUIRE(run_errata(first).exit_code == 0);
  const Ended typo = resume("resnte");
  CHECK(typo.exit_code == 3);
  CHECK(typo.output.find("There are: resnet, first.") != std::string::npos);
  CHECK(resume("resnet").exit_code == 0);
}

TEST_CASE("a model with another number of classes than its list is refused") {
  const Bench bench(5);
  const Ended ended = run_errata(bench.infer(bench.base));
  INFO(ended.output);
  CHECK(ended.exit_code == 4);
  CHECK(ended.output.find("5 values per image") != std::string::npos);
  bench.dir.write("names.txt", "a\nb\nc\nd\ne\n");
  std::vector<std::string> named = bench.infer(bench.base, "--class-map");
  named.push_back(bench.dir / "names.txt");
  const Ended good = run_errata(named);
  INFO(good.output);
  CHECK(good.exit_code == 0);
  CHECK(good.output.find("classes that the project lacks: a, b, c, d, e") != std::string::npos);
}

TEST_CASE("a torchvision detector whose list names only the background is refused") {
  const DetectorBench bench;
  REQUIRE(infer::probe_environment().available);  // brings torchvision's operators
  write_toy_torchvision(bench.dir / "toy.pt", "");
  bench.dir.write("names.txt", "background\n");
  const Ended ended = run_errata({"-s", bench.base, "infer", "--model", bench.dir / "toy.pt",
                                  "--class-map", bench.dir / "names.txt"});
  INFO(ended.output);
  CHECK(ended.exit_code == 4);
  CHECK(ended.output.find("names no class but the background") != std::string::npos);
  bench.dir.write("names.txt", "background\nred\nblue\n");
  const Ended named = run_errata({"-s", bench.base, "infer", "--model", bench.dir / "toy.pt",
                                  "--class-map", bench.dir / "names.txt"});
  INFO(named.output);
  CHECK(named.exit_code == 0);
  CHECK(named.output.find("classes that the project lacks: red, blue") != std::string::npos);
}

TEST_CASE("an image that has gone is an issue, and the pass goes on") {
  const Bench bench;
  remove_all(bench.dir / "photos/class_0/img_0003.png");
  const Ended ended = run_errata(bench.infer(bench.base));
  INFO(ended.output);
  CHECK(ended.exit_code == 0);
  CHECK(ended.output.find("unreadable-file") != std::string::npos);
  CHECK(ended.output.find("rejected 1,") != std::string::npos);
}

TEST_CASE("a pass over a folder that has moved is refused, and leaves no run") {
  const Bench bench;
  std::filesystem::rename(bench.dir / "photos", bench.dir / "moved");
  const Ended ended = run_errata(bench.infer(bench.base));
  INFO(ended.output);
  CHECK(ended.exit_code == 3);
  CHECK(ended.output.find("errata root set 1") != std::string::npos);
  REQUIRE(run_errata({"-s", bench.base, "root", "set", "1", bench.dir / "moved"}).exit_code == 0);
  CHECK(run_errata(bench.infer(bench.base)).exit_code == 0);
}

TEST_CASE("models that are none, or are not described, are told") {
  const Bench bench;
  const std::string text = bench.dir.write("text.pt", "not a model");
  std::vector<std::string> arguments = bench.infer(bench.base);
  arguments[4] = text;
  CHECK(run_errata(arguments).exit_code == 4);
  bench.dir.write("text.json", R"({"input_size": [3, 32, 32]})");
  CHECK(run_errata(arguments).exit_code == 4);
  arguments[4] = bench.dir / "nothing.pt";
  CHECK(run_errata(arguments).exit_code == 3);
}

}  // namespace errata::test

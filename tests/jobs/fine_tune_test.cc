// `errata probe --fine-tune` as a command.
#include "jobs/fine_tune.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "analysis/linear_head.h"
#include "base/files.h"
#include "base/random.h"
#include "jobs/find_labels_job.h"
#include "jobs/probe_job.h"
#include "media/image.h"
#include "media/reader.h"
#include "store/runs.h"
#include "tests/infer/toy_models.h"
#include "tests/jobs/job_parts.h"
#include "tests/jobs/program.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::test {

namespace {

constexpr int kPictures = 360;

// Pictures of three colours in noise. Of the first half of `wrong` of each class the label is that
// of the next class.
struct Bench {
  explicit Bench(int wrong_of_a_class = 0, bool labels_at_random = false) {
    Rng rng(7);
    for (int i = 0; i < kPictures; ++i) {
      media::Image image(32, 32, 3);
      for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(rng.below(120));
      for (size_t p = static_cast<size_t>(i % 3); p < image.pixels.size(); p += 3) {
        image.pixels[p] = static_cast<uint8_t>(image.pixels[p] + 90);
      }
      int label = i / 3 < wrong_of_a_class ? (i + 1) % 3 : i % 3;
      if (labels_at_random) label = static_cast<int>(rng.below(3));
      const std::vector<uint8_t> png = media::encode_png(image);
      dir.write(fmt::format("photos/c{}/{:03}.png", label, i),
                {reinterpret_cast<const char*>(png.data()), png.size()});
    }
    ToyOptions toy;
    toy.classes = 4;
    write_toy_model(dir / "toy.pt", toy);
    dir.write("toy.json", R"({"input_size": [3, 32, 32], "resize": {"exact": 32},
      "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
      "class_names": ["one", "two", "three", "four"]})");
    run({"import", dir / "photos"});
    run({"infer", "--model", dir / "toy.pt"});
  }

  std::string run(std::vector<std::string> arguments, int exit_code = 0,
                  const RunLimits& limits = {}) const {
    arguments.insert(arguments.begin(), {"-s", dir / "base.db"});
    const Ended ended = run_errata(arguments, limits);
    INFO(ended.output);
    CHECK(ended.exit_code == exit_code);
    return ended.output;
  }
  text::Json json(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"-q", "--json"});
    return text::parse_json(run(std::move(arguments)), "the answer");
  }

  TempDir dir;
};

bool has_scratch(const TempDir& dir) {
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    if (entry.path().filename().string().find(".errata-") != std::string::npos) return true;
  }
  return false;
}

// Some pictures of a bench, the labels and folds of which are chosen here.
struct ChosenFolds {
  explicit ChosenFolds(const Bench& bench, size_t threads = 1)
      : state(jobs::load_state({bench.dir / "base.db", "", "", false})), parts(threads) {
    request.run = store::read_run(state.store, state.run);
    request.classes = state.snapshot.classes.size();
  }
  // Pictures of class `label` that go to `fold`; kNoFold: without a label.
  void add(int label, uint8_t fold, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      rows.push_back(static_cast<RowIndex>(static_cast<size_t>(label) * (kPictures / 3) +
                                           next[static_cast<size_t>(label)]++));
      folds.push_back(fold);
      labels.push_back(fold == analysis::kNoFold ? kNoClass : label);
      weights.push_back(1);
    }
  }
  jobs::FineTuned run(size_t fold_count) {
    request.rows = rows;
    request.labels = labels;
    request.fold = folds;
    request.weights = weights;
    request.folds = fold_count;
    jobs::JobContext job = parts.job();
    return jobs::fine_tune(request, state, job);
  }

  jobs::LoadedState state;
  jobs::JobParts parts;
  jobs::FineTuneRequest request;
  std::vector<RowIndex> rows;
  std::vector<ClassIndex> labels;
  std::vector<uint8_t> folds;
  std::vector<float> weights;
  std::array<size_t, 3> next{};
};

}  // namespace

TEST_CASE("folds without a label are not trained, and have no part in what has none") {
  const Bench bench;
  ChosenFolds few(bench, 3);
  for (const uint8_t fold : {3, 11, 40}) {
    for (const int label : {0, 1, 2}) few.add(label, fold, 2);
  }
  for (const int label : {0, 1, 2}) few.add(label, analysis::kNoFold, 4);
  const jobs::FineTuned tuned = few.run(50);
  const size_t classes = few.request.classes;
  const size_t labelled = 18;
  const size_t others = 12;
  // Each picture of two folds in every epoch, then each of its own fold, and the others three
  // times.
  CHECK(few.parts.progress.total() == tuned.epochs * 2 * labelled + labelled + 3 * others);
  CHECK(few.parts.progress.done() == few.parts.progress.total());
  for (size_t row = 0; row < few.rows.size(); ++row) {
    double sum = 0;
    for (size_t k = 0; k < classes; ++k) sum += tuned.probabilities[row * classes + k];
    CHECK(sum == doctest::Approx(1).epsilon(1e-5));
  }
}

TEST_CASE("a fold that leaves fewer than two classes to learn from is said, not answered") {
  const Bench bench;
  const auto message = [](ChosenFolds& chosen) {
    try {
      chosen.run(2);
    } catch (const Error& error) {
      CHECK(error.category() == ErrorCategory::kBadInput);
      return std::string(error.what());
    }
    return std::string();
  };
  ChosenFolds one_fold(bench);
  for (const int label : {0, 1, 2}) one_fold.add(label, 1, 3);
  CHECK(message(one_fold).find("fewer than two classes are left to learn") != std::string::npos);
  ChosenFolds one_class(bench);
  one_class.add(0, 0, 3);
  one_class.add(1, 0, 3);
  one_class.add(1, 1, 3);
  CHECK(message(one_class).find("fewer than two classes are left to learn") != std::string::npos);
}

TEST_CASE("the model itself, fitted in folds, tells the wrong labels; twice the same") {
  const Bench bench(12);  // of each 120
  const text::Json first = bench.json({"probe", "--fine-tune"});
  CHECK(first.at("run").as_string() == "fine-tuned");
  CHECK(first.at("samples").as_int() == kPictures);
  CHECK(first.at("folds").as_int() == 2);
  CHECK(first.at("epochs").as_int() > 3);  // of few pictures, more
  CHECK(first.at("accuracy").at("value").as_double() > 0.85);
  CHECK(first.at("accuracy").at("value").as_double() <= 0.9 + 1e-9);
  CHECK_FALSE(has_scratch(bench.dir));
  const std::string by_confidence =
      bench.run({"-q", "--json", "rank", "--by", "self_confidence", "--run", "fine-tuned"});
  bench.run({"probe", "--fine-tune"}, 5);
  bench.json({"probe", "--fine-tune", "--replace"});
  CHECK(bench.run({"-q", "--json", "rank", "--by", "self_confidence", "--run", "fine-tuned"}) ==
        by_confidence);
  const text::Json found = bench.json({"find", "labels"});
  CHECK(found.at("runs").as_array().size() == 1);
  CHECK(found.at("found").as_int() >= 30);
  CHECK(found.at("found").as_int() <= 40);
}

TEST_CASE(
    "finding labels fits a model that learnt other classes, once; of few labels only when asked") {
  const Bench bench(12);
  const text::Json without = bench.json({"find", "labels", "--fine-tune", "never"});
  CHECK(without.at("runs").as_array().empty());
  CHECK(without.at("more").as_string().find("--fine-tune always") != std::string::npos);
  const text::Json few = bench.json({"find", "labels"});
  CHECK(few.at("runs").as_array().empty());
  CHECK(few.at("more").as_string().find("--fine-tune always") != std::string::npos);
  const text::Json with = bench.json({"find", "labels", "--fine-tune", "always", "--tag", "wrong"});
  CHECK(with.at("fitting_secs").as_double() > 0);
  CHECK(with.at("more").as_string().empty());
  REQUIRE(with.at("runs").as_array().size() == 1);
  CHECK(with.at("runs").at(size_t{0}).as_string() == "fine-tuned");
  CHECK(with.at("tagged").as_int() == with.at("found").as_int());
  CHECK(static_cast<int64_t>(bench.json({"rank", "--where", "tags = 'wrong'", "--limit", "0"})
                                 .at("rows")
                                 .as_array()
                                 .size()) == with.at("found").as_int());
  const text::Json again = bench.json({"find", "labels", "--fine-tune", "always"});
  CHECK(again.at("fitting_secs").as_double() == 0);
  CHECK(again.at("runs").as_array().size() == 1);

  // Asked for, what stands in the way is an error.
  bench.run({"runs", "delete", "fine-tuned"});
  const std::string model = read_text_file(bench.dir / "toy.pt");
  write_file_atomic(bench.dir / "toy.pt", model + " ");
  bench.run({"find", "labels", "--fine-tune", "always"}, 5);
  remove_all(bench.dir / "toy.pt");
  CHECK(bench.json({"find", "labels"}).at("more").as_string().empty());
  bench.run({"find", "labels", "--fine-tune", "always"}, 3);
  bench.run({"find", "labels", "--fine-tune", "perhaps"}, 2);
  bench.run({"find", "labels", "--fine-tune", "always", "--compat"}, 2);
}

TEST_CASE("of many labels the model is fitted unasked, and what stands in the way is a warning") {
  const Bench bench(12);
  jobs::JobParts parts(1);
  jobs::JobContext job = parts.job();
  jobs::FindLabelsOptions options;
  options.store_path = bench.dir / "base.db";
  options.least_fitted = kPictures + 1;
  CHECK_FALSE(jobs::find_labels(options, job).fitted);
  const std::string model = read_text_file(bench.dir / "toy.pt");
  write_file_atomic(bench.dir / "toy.pt", model + " ");
  options.least_fitted = kPictures;
  const jobs::FindLabelsReport changed = jobs::find_labels(options, job);
  CHECK_FALSE(changed.fitted);
  REQUIRE(changed.warnings.size() == 1);
  CHECK(changed.warnings[0].find("could not be fitted") != std::string::npos);
  write_file_atomic(bench.dir / "toy.pt", model);
  const jobs::FindLabelsReport fitted = jobs::find_labels(options, job);
  CHECK(fitted.fitted);
  CHECK(fitted.fitting_secs > 0);
  CHECK(fitted.warnings.empty());
}

TEST_CASE("stopped while the model is fitted, what was found without it is kept") {
  const Bench bench(12);
  jobs::JobParts parts(1);
  jobs::FindLabelsOptions options;
  options.store_path = bench.dir / "base.db";
  options.fine_tune = "always";
  std::atomic<bool> ended = false;
  std::thread stops([&] {
    while (!ended && !parts.progress.stage().starts_with("fine-tuning")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    parts.cancel.cancel();
  });
  std::string message;
  try {
    jobs::JobContext job = parts.job();
    jobs::find_labels(options, job);
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kInterrupted);
    message = error.what();
  }
  ended = true;
  stops.join();
  CHECK(message == "stopped while the model was fitted to the labels");
  CHECK_FALSE(has_scratch(bench.dir));
  CHECK(bench.run({"runs", "list"}).find("fine-tuned") == std::string::npos);
  CHECK(bench.json({"rank", "--where", "label_error is not null", "--limit", "0"})
            .at("rows")
            .as_array()
            .size() == kPictures);
}

TEST_CASE("fitting that would take longer than it may is not begun") {
  const Bench bench;
  jobs::JobParts parts(1);
  jobs::JobContext job = parts.job();
  jobs::ProbeJobOptions options;
  options.store_path = bench.dir / "base.db";
  options.fine_tune = true;
  options.most_secs = 1e-9;
  CHECK(jobs::run_probe(options, job).too_long_secs > 1e-9);
  CHECK_FALSE(has_scratch(bench.dir));
  CHECK(bench.run({"runs", "list"}).find("fine-tuned") == std::string::npos);
  options.most_secs = 600;
  CHECK(jobs::run_probe(options, job).samples == kPictures);
}

TEST_CASE("labels that are doubted teach less, until they are changed") {
  const Bench bench(12);
  CHECK(bench.json({"probe", "--fine-tune"}).at("doubted").as_int() == 0);
  const int64_t found = bench.json({"find", "labels"}).at("found").as_int();
  const int64_t doubted = bench.json({"probe", "--fine-tune", "--replace"}).at("doubted").as_int();
  CHECK(doubted >= found);
  CHECK(doubted <= 40);
  bench.run({"edit", "set", "c0", "--where", "path like 'c1/%' and label_error > 0.5"});
  CHECK(bench.json({"probe", "--fine-tune", "--replace"}).at("doubted").as_int() < doubted);
}

TEST_CASE("a fold's model has not seen the labels that it is asked of") {
  // Labels without a reason can be learnt by heart, but not told.
  const Bench bench(0, true);
  const text::Json report = bench.json({"probe", "--fine-tune", "--folds", "3"});
  CHECK(report.at("accuracy").at("value").as_double() < 0.42);
}

TEST_CASE("what stands in the way of fitting the model is said, and leaves the store as it was") {
  const Bench bench;
  write_file_atomic(bench.dir / "photos/c1/001.png", "no picture");
  const std::string some =
      bench.run({"probe", "--fine-tune", "--where", "not path like 'c2/%2.png'"});
  CHECK(some.find("1 picture could not be read") != std::string::npos);
  CHECK(bench.run({"issues"}).find("c1/001.png") != std::string::npos);

  RunLimits limits;
  limits.max_file_bytes = 900'000;
  CHECK(bench.run({"probe", "--fine-tune", "--run", "full"}, 7, limits).find("scratch space") !=
        std::string::npos);
  limits = {};
  limits.interrupt_after_us = 1'500'000;
  bench.run({"probe", "--fine-tune", "--run", "stopped", "--folds", "20"}, 130, limits);
  CHECK_FALSE(has_scratch(bench.dir));

  const std::string model = read_text_file(bench.dir / "toy.pt");
  write_file_atomic(bench.dir / "toy.pt", model + " ");
  CHECK(bench.run({"probe", "--fine-tune", "--run", "other"}, 5).find("not the model any more") !=
        std::string::npos);
  remove_all(bench.dir / "toy.pt");
  CHECK(bench.run({"probe", "--fine-tune", "--run", "other"}, 3).find("not there any more") !=
        std::string::npos);
  const std::string runs = bench.run({"runs", "list"});
  for (const char* none : {"full", "stopped", "other"}) {
    CHECK(runs.find(none) == std::string::npos);
  }
  bench.run({"doctor"});
}

TEST_CASE("a model that was trained on the samples is told, and counts a tenth there") {
  const Bench bench;
  bench.run({"infer", "--model", bench.dir / "toy.pt", "--run", "trained", "--trained-on",
             "path like 'c0/%'"});
  CHECK(bench.run({"probe", "--fine-tune"}).find("was trained on 120 of these 360 samples") !=
        std::string::npos);
  CHECK(bench.run({"find", "labels"}).find("run 'fine-tuned' was trained on 120") !=
        std::string::npos);
}

}  // namespace errata::test

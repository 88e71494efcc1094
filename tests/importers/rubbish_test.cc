// Random damage to good files: an Error or issues, never a crash, and nothing lost in the counts.
#include <doctest/doctest.h>

#include <random>

#include "base/error.h"
#include "base/files.h"
#include "importers/registry.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "text/csv.h"
#include "text/json.h"
#include "text/npy.h"

namespace errata::importers {
namespace {

using test::TempDir;

// `bytes` with a few bytes changed, doubled, cut out or put in.
std::string damage(std::string bytes, std::mt19937& random) {
  using namespace std::string_view_literals;
  constexpr std::string_view kNasty = "\",;\n\r\t\0\xFF\xFE'[]{}:-+.eNna0\x80"sv;
  const size_t times = 1 + random() % 6;
  for (size_t i = 0; i < times && !bytes.empty(); ++i) {
    const size_t at = random() % bytes.size();
    switch (random() % 5) {
      case 0: bytes[at] = static_cast<char>(random()); break;
      case 1: bytes[at] = kNasty[random() % kNasty.size()]; break;
      case 2: bytes.erase(at, 1 + random() % 20); break;
      case 3: bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40)); break;
      default: bytes.resize(at); break;
    }
  }
  return bytes;
}

template <typename Run>
void survive(const Run& run) {
  try {
    run();
  } catch (const Error& error) {
    CHECK(error.category() != ErrorCategory::kInternal);
    CHECK_FALSE(std::string(error.what()).empty());
  }
}

void read_predictions(const std::string& path, const char* format, const std::string& list) {
  CollectingPredictionSink sink;
  IssueLog issues;
  Progress progress;
  const CancelToken cancel;
  const ClassMap classes(std::vector<std::string>{"cat", "dog"});
  survive([&] {
    choose_prediction_reader(path, format)
        .reader->run({path, list, "", {}, classes, false, progress, cancel, issues}, sink);
    CHECK(sink.all.keys.size() + issues.rejected() == sink.seen);
  });
}

TEST_CASE("damaged data.yaml, labels and text predictions") {
  const TempDir dir;
  dir.write("images/a.png", test::encode_png(12, 12, 1, std::vector<uint8_t>(144)));
  const std::string yaml = "path: .\ntrain: images\nval: [images]\nnames: {0: cat, 1: dog}\n";
  const std::string labels = "0 0.5 0.5 0.25 0.5\n1 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8\n# x\n";
  const std::string rows = "0 0.5 0.5 0.25 0.5 0.9\n1 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.5\n";
  std::mt19937 random(13);
  for (int round = 0; round < 400; ++round) {
    dir.write("data.yaml", round % 2 == 0 ? damage(yaml, random) : yaml);
    dir.write("labels/a.txt", damage(labels, random));
    dir.write("run/a.txt", damage(rows, random));
    Imported got;
    survive([&] { import_into(got, *choose_importer(dir.path(), "yolo").reader, dir.path()); });
    survive([&] {
      CollectingPredictionSink sink;
      IssueLog issues;
      Progress progress;
      const CancelToken cancel;
      const ClassMap classes(std::vector<std::string>{"cat", "dog"});
      choose_prediction_reader(dir / "run", "yolo")
          .reader->run({dir / "run", "", "", {}, classes, false, progress, cancel, issues}, sink);
    });
  }
}

TEST_CASE("damaged CSV files of samples and of predictions") {
  const TempDir dir;
  dir.write("a.png", test::encode_png(1, 1, 1, {0}));
  dir.write("b.png", test::encode_png(1, 1, 1, {1}));
  const std::string samples =
      "path,label,split,n,member\na.png,cat,train,1,\n\"b.png\",\"d\"\"og\",test,2.5,\n";
  const std::string top = "path,prediction,confidence\na.png,cat,0.5\n\"b.png\",dog,1\n";
  const std::string matrix = "path,cat,dog\na.png,0.5,0.5\nb.png,0.25,0.75\n";
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const std::string path = dir.write("x.csv", damage(samples, random));
    Imported got;
    survive([&] { import_into(got, *choose_importer(path, "csv").reader, path); });
    read_predictions(dir.write("p.csv", damage(round % 2 == 0 ? top : matrix, random)), "csv", "");
  }
}

TEST_CASE("damaged arrays and file lists") {
  const TempDir dir;
  const std::string array =
      text::npy_bytes(std::vector<float>{0.5f, 0.5f, 0.25f, 0.75f}, std::vector<uint64_t>{2, 2});
  const std::string list = "a.png\nb.png\n";
  std::mt19937 random(8);
  for (int round = 0; round < 400; ++round) {
    const std::string list_path =
        dir.write("list.txt", round % 3 == 0 ? damage(list, random) : list);
    read_predictions(dir.write("p.npy", damage(array, random)), "npy", list_path);
  }
}

TEST_CASE("damaged containers and manifests") {
  const TempDir dir;
  const std::string images = test::encode_idx_images(3, 2, 2, std::vector<uint8_t>(12, 9));
  const std::string labels = test::encode_idx_labels({0, 1, 2});
  const std::string manifest = R"({"errata_manifest": 1, "format": "imagefolder",
    "layout": "class/file", "classes": [{"index": 0, "name": "x", "folder": "a"}], "splits": [],
    "no_split_folder": null, "unlabelled_folder": "_unlabelled"})";
  dir.write("set/a/1.png", test::encode_png(1, 1, 1, {0}));
  std::mt19937 random(9);
  for (int round = 0; round < 300; ++round) {
    dir.write("idx/train-images-idx3-ubyte", damage(images, random));
    dir.write("idx/train-labels-idx1-ubyte", round % 2 == 0 ? damage(labels, random) : labels);
    Imported idx;
    survive([&] { import_into(idx, *choose_importer(dir / "idx", "idx").reader, dir / "idx"); });
    dir.write("set/errata-manifest.json", damage(manifest, random));
    Imported set;
    survive([&] {
      import_into(set, *choose_importer(dir / "set", "imagefolder").reader, dir / "set");
    });
    survive([&] { text::parse_json(damage(manifest, random), "x"); });
  }
}

TEST_CASE("damaged images are rejected or accepted, and counted") {
  const TempDir dir;
  const std::string png = test::encode_png(9, 9, 3, std::vector<uint8_t>(243, 100));
  const std::string ppm = test::encode_pnm(9, 9, 3, std::vector<uint8_t>(243, 100));
  std::mt19937 random(10);
  for (int i = 0; i < 300; ++i) {
    dir.write("a/" + std::to_string(i) + (i % 2 == 0 ? ".png" : ".ppm"),
              damage(i % 2 == 0 ? png : ppm, random));
  }
  Imported got;
  import_into(got, *choose_importer(dir.path(), "imagefolder").reader, dir.path(), 2);
  CHECK(got.sink.seen == 300);
}

}  // namespace
}  // namespace errata::importers

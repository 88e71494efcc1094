#include "importers/registry.h"

#include <doctest/doctest.h>

#include <set>

#include "base/error.h"
#include "base/files.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::importers {
namespace {

using test::TempDir;

std::string chosen(const std::string& path) {
  return std::string(choose_importer(path).reader->name());
}

TEST_CASE("auto takes the one that knows the format, and says why") {
  const TempDir dir;
  test::make_synthetic_dataset(dir / "folders");
  dir.write("idx/train-images-idx3-ubyte",
            test::encode_idx_images(2, 2, 2, std::vector<uint8_t>(8)));
  dir.write("idx/sample.png", test::encode_png(1, 1, 1, {0}));
  dir.write("cifar/data_batch_1.bin", std::string(3073 * 2, '\1'));
  dir.write("labels.csv", "path,label\nfolders/class_0/img_0000.png,a\n");
  dir.write("x.npy", "\x93NUMPY\x01");
  CHECK(chosen(dir / "folders") == "imagefolder");
  CHECK(chosen(dir / "idx") == "idx");
  CHECK(chosen(dir / "idx/train-images-idx3-ubyte") == "idx");
  CHECK(chosen(dir / "cifar") == "cifar");
  CHECK(chosen(dir / "cifar/data_batch_1.bin") == "cifar");
  CHECK(chosen(dir / "labels.csv") == "csv");
  const auto choice = choose_importer(dir / "labels.csv");
  CHECK(choice.reason == "csv, because its column 'path' names images");
  CHECK(choose_prediction_reader(dir / "labels.csv").reader->name() == "csv");
  CHECK(choose_prediction_reader(dir / "x.npy").reader->name() == "npy");
}

TEST_CASE("a broken file of a known format never falls through to another importer") {
  const TempDir dir;
  // A folder of images with an IDX file cut short: idx claims it and run() says what is wrong.
  dir.write("set/train-images-idx3-ubyte", std::string("\0\0\x08\x03\0\0", 6));
  dir.write("set/a/1.png", test::encode_png(1, 1, 1, {0}));
  const auto idx = choose_importer(dir / "set");
  CHECK(idx.reader->name() == "idx");
  Imported got;
  CHECK_THROWS_AS(import_into(got, *idx.reader, dir / "set"), Error);
  CHECK_FALSE(got.sink.begun);

  dir.write("no_path.csv", "width,height\n1,2\n");
  const auto csv = choose_importer(dir / "no_path.csv");
  CHECK(csv.reader->name() == "csv");
  Imported none;
  CHECK_THROWS_AS(import_into(none, *csv.reader, dir / "no_path.csv"), Error);

  dir.write("pickles/data_batch_1", "x");
  dir.write("pickles/batches.meta", "x");
  const auto cifar = choose_importer(dir / "pickles");
  CHECK(cifar.reader->name() == "cifar");
  try {
    Imported pickles;
    import_into(pickles, *cifar.reader, dir / "pickles");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUnsupported);
  }
}

TEST_CASE("what nobody knows is an error with everybody's reason; names are checked") {
  const TempDir dir;
  make_directories(dir / "empty");
  dir.write("note.txt", "hello");
  for (const char* name : {"empty", "note.txt"}) {
    try {
      choose_importer(dir / name);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.category() == ErrorCategory::kBadInput);
      for (const Importer* importer : all_importers()) {
        CHECK(error.hint().find(importer->name()) != std::string::npos);
      }
    }
  }
  CHECK(choose_importer(dir / "empty", "imagefolder").reader->name() == "imagefolder");
  try {
    choose_importer(dir / "empty", "coco3");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUsage);
    CHECK(error.hint().find("imagefolder") != std::string::npos);
  }
  CHECK_THROWS_AS(choose_importer(dir / "absent"), Error);
  CHECK_THROWS_AS(choose_prediction_reader(dir / "absent", "csv"), Error);
}

TEST_CASE("each importer has a name of its own and a description") {
  std::set<std::string_view> names;
  for (const Importer* importer : all_importers()) {
    CHECK(names.insert(importer->name()).second);
    CHECK_FALSE(importer->description().empty());
  }
}

}  // namespace
}  // namespace errata::importers

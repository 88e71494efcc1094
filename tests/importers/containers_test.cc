#include <doctest/doctest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "importers/cifar.h"
#include "importers/class_list.h"
#include "importers/idx.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::importers {
namespace {

using test::TempDir;

const IdxImporter kIdx;
const CifarImporter kCifar;

// `count` images of 2 x 3 pixels, each with its number in every pixel.
std::string images(size_t count) {
  std::vector<uint8_t> pixels;
  for (size_t i = 0; i < count; ++i) pixels.insert(pixels.end(), 6, static_cast<uint8_t>(i));
  return test::encode_idx_images(count, 2, 3, pixels);
}

TEST_CASE("train and t10k pairs become splits; members are addressed inside the file") {
  const TempDir dir;
  dir.write("raw/train-images-idx3-ubyte", images(3));
  dir.write("raw/train-labels-idx1-ubyte", test::encode_idx_labels({5, 0, 9}));
  dir.write("raw/t10k-images.idx3-ubyte", images(2));
  dir.write("raw/t10k-labels.idx1-ubyte", test::encode_idx_labels({1, 2}));
  Imported got;
  import_into(got, kIdx, dir.path(), 1);
  REQUIRE(got.sink.records.size() == 5);
  CHECK(got.sink.header.root == absolute_path(dir / "raw"));
  CHECK(got.sink.header.classes.size() == 10);
  CHECK(got.sink.header.classes[5].name == "5");
  const SampleRecord& first = got.sink.records[0];
  CHECK(first.path == "t10k-images.idx3-ubyte");
  CHECK(first.split == "test");
  CHECK(first.labels == std::vector<ClassIndex>{1});
  const SampleRecord& last = got.sink.records[4];
  CHECK(last.path == "train-images-idx3-ubyte");
  CHECK(last.member == 2);
  CHECK(last.split == "train");
  CHECK(last.labels == std::vector<ClassIndex>{9});
  CHECK(last.width_px == 2);
  CHECK(last.height_px == 3);
  CHECK(last.size_bytes == 6);
  CHECK(last.xxh3 == xxh3_64(std::string(6, '\2')));
}

TEST_CASE("class names: a file beside, Fashion-MNIST by its folder, else numbers") {
  const TempDir dir;
  for (const std::string folder : {"named", "Fashion-MNIST", "wide"}) {
    dir.write(folder + "/train-images-idx3-ubyte", images(2));
    const uint8_t large = folder == "wide" ? 25 : 1;
    dir.write(folder + "/train-labels-idx1-ubyte", test::encode_idx_labels({0, large}));
  }
  dir.write("named/classes.txt", "no\r\nyes\r\n\r\n");
  Imported named;
  import_into(named, kIdx, dir / "named");
  CHECK(named.sink.header.classes.names() == std::vector<std::string>{"no", "yes"});
  Imported fashion;
  import_into(fashion, kIdx, dir / "Fashion-MNIST");
  CHECK(fashion.sink.header.classes[0].name == "T-shirt/top");
  CHECK(fashion.sink.header.classes[9].name == "Ankle boot");
  Imported wide;
  import_into(wide, kIdx, dir / "wide");
  CHECK(wide.sink.header.classes.size() == 26);
}

TEST_CASE("IDX faults: labels that do not fit, that lack, that are out of range") {
  const TempDir dir;
  dir.write("short/train-images-idx3-ubyte", images(3));
  dir.write("short/train-labels-idx1-ubyte", test::encode_idx_labels({1}));
  Imported mismatch;
  CHECK_THROWS_AS(import_into(mismatch, kIdx, dir / "short"), Error);

  dir.write("bare/images.idx3", images(3));
  Imported bare;
  import_into(bare, kIdx, dir / "bare");
  CHECK(bare.sink.records.size() == 3);
  CHECK(bare.sink.records[0].labels.empty());
  CHECK(bare.sink.records[0].split.empty());
  CHECK(bare.count("no-label-file") == 1);

  dir.write("range/train-images-idx3-ubyte", images(3));
  dir.write("range/train-labels-idx1-ubyte", test::encode_idx_labels({0, 7, 1}));
  dir.write("range/classes.txt", "a\nb\n");
  Imported range;
  import_into(range, kIdx, dir / "range");
  CHECK(range.sink.records.size() == 2);
  CHECK(range.count("label-out-of-range") == 1);
  CHECK(range.issues.issues().front().place == "image 1");

  dir.write("cut/train-images-idx3-ubyte", images(3).substr(0, 25));
  Imported cut;
  CHECK_THROWS_AS(import_into(cut, kIdx, dir / "cut"), Error);
  make_directories(dir / "none");
  Imported none;
  CHECK_THROWS_AS(import_into(none, kIdx, dir / "none"), Error);
}

std::string cifar10_record(uint8_t label, char fill) {
  return std::string(1, static_cast<char>(label)) + std::string(3072, fill);
}

TEST_CASE("CIFAR-10: batches are train, test_batch is test, names from the meta file") {
  const TempDir dir;
  const std::string folder = "cifar-10-batches-bin/";
  dir.write(folder + "data_batch_1.bin", cifar10_record(3, 'a') + cifar10_record(0, 'b'));
  dir.write(folder + "test_batch.bin", cifar10_record(9, 'c'));
  Imported builtin;
  import_into(builtin, kCifar, dir.path());
  REQUIRE(builtin.sink.records.size() == 3);
  CHECK(builtin.sink.header.classes[3].name == "cat");
  CHECK(builtin.sink.records[0].labels == std::vector<ClassIndex>{3});
  CHECK(builtin.sink.records[0].split == "train");
  CHECK(builtin.sink.records[2].split == "test");
  CHECK(builtin.sink.records[0].xxh3 == xxh3_64(std::string(3072, 'a')));
  CHECK(builtin.sink.records[0].width_px == 32);
  dir.write(folder + "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  Imported named;
  import_into(named, kCifar, dir / "cifar-10-batches-bin");
  CHECK(named.sink.header.classes[3].name == "d");
}

TEST_CASE("CIFAR-100: the fine label is the label, the coarse one an attribute") {
  const TempDir dir;
  const std::string record = std::string("\x01\x02", 2) + std::string(3072, 'x');
  dir.write("train.bin", record + record);
  dir.write("coarse_label_names.txt", "water\nland\n");
  Imported got;
  import_into(got, kCifar, dir.path());
  REQUIRE(got.sink.records.size() == 2);
  CHECK(got.sink.records[0].labels == std::vector<ClassIndex>{2});
  CHECK(got.sink.records[0].attributes.at(0).first == "coarse_label");
  CHECK(std::get<std::string>(got.sink.records[0].attributes.at(0).second) == "land");
  CHECK(got.count("no-class-names") == 1);
}

TEST_CASE("class lists: text, JSON in four shapes, CSV; what is broken is told") {
  const TempDir dir;
  const std::vector<std::string> expected = {"cat", "dog"};
  const auto names = [&](const std::string& file, const std::string& text) {
    return read_class_list(dir.write(file, text)).names();
  };
  CHECK(names("a.txt", "cat\r\ndog\r\n\r\n") == expected);
  CHECK(names("a.json", "[\"cat\", \"dog\"]") == expected);
  CHECK(names("b.json", "{\"1\": \"dog\", \"0\": \"cat\"}") == expected);
  CHECK(names("c.json", "{\"dog\": 1, \"cat\": 0}") == expected);
  CHECK(names("d.json", "{\"size\": 3, \"classes\": [\"cat\", \"dog\"]}") == expected);
  CHECK(names("a.csv", "name,index\ndog,1\ncat,0\n") == expected);
  for (const auto& [file, text] : std::vector<std::pair<std::string, std::string>>{
           {"empty.txt", ""},
           {"twice.txt", "cat\ncat\n"},
           {"hole.txt", "cat\n\ndog\n"},
           {"latin.txt", "caf\xE9\n"},
           {"gap.json", "{\"0\": \"cat\", \"2\": \"dog\"}"},
           {"types.json", "[\"cat\", 3]"},
           {"broken.json", "["},
           {"gap.csv", "index,name\n0,cat\n2,dog\n"}}) {
    CAPTURE(file);
    CHECK_THROWS_AS(read_class_list(dir.write(file, text)), Error);
  }
}

}  // namespace
}  // namespace errata::importers

#include "importers/csv_importer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "importers/imagefolder.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::importers {
namespace {

using test::TempDir;

const CsvImporter kImporter;

std::string png(uint8_t grey = 7) {
  return test::encode_png(2, 2, 1, std::vector<uint8_t>(4, grey));
}

struct Fixture {
  TempDir dir;
  Imported got;
  Fixture() {
    for (const char* name : {"a.png", "b.png", "c.png", "sub/d.png"}) {
      dir.write(std::string("img/") + name, png());
    }
  }
  void import(const std::string& csv, const std::string& images = "img") {
    import_into(got, kImporter, dir.write("labels.csv", csv), 2,
                images.empty() ? "" : dir / images);
  }
  const AttributeValue& attribute(std::string_view path, std::string_view name) {
    const SampleRecord* record = got.find(path);
    REQUIRE(record != nullptr);
    for (const auto& [key, value] : record->attributes) {
      if (key == name) return value;
    }
    FAIL("no such attribute");
    return record->attributes.front().second;
  }
};

TEST_CASE_FIXTURE(Fixture, "path, label, split and typed free columns") {
  import(
      "\xEF\xBB\xBF"
      "Filename,Label,Subset,width,score,ok,code,note\r\n"
      "a.png,dog,train,3,0.5,true,007,hello\r\n"
      "b.png,cat,test,,2,FALSE,12,\"two, words\"\r\n"
      "sub/d.png,dog,train,-4,NaN,,3,\r\n");
  CHECK(got.sink.header.classes.names() == std::vector<std::string>{"cat", "dog"});
  CHECK(got.label("a.png") == "dog");
  CHECK(got.find("b.png")->split == "test");
  CHECK(std::get<int64_t>(attribute("a.png", "width")) == 3);
  CHECK(std::holds_alternative<std::monostate>(attribute("b.png", "width")));
  CHECK(std::get<double>(attribute("b.png", "score")) == 2.0);
  CHECK(std::holds_alternative<std::monostate>(attribute("sub/d.png", "score")));
  CHECK(std::get<bool>(attribute("b.png", "ok")) == false);
  CHECK(std::get<std::string>(attribute("a.png", "code")) == "007");
  CHECK(std::get<std::string>(attribute("b.png", "note")) == "two, words");
  CHECK(std::holds_alternative<std::monostate>(attribute("sub/d.png", "note")));
  CHECK(got.find("a.png")->width_px == 2);
  CHECK(got.sink.header.root == absolute_path(dir / "img"));
}

TEST_CASE_FIXTURE(Fixture, "faults of rows are told with their row and the others taken") {
  import(
      "path,label\n"
      "a.png,cat\n"
      "a.png,dog\n"
      "absent.png,cat\n"
      "b.png,cat,extra\n"
      "c.png,\n"
      ",cat\n"
      "b.png,NaN\n");
  CHECK(got.sink.seen == 7);
  CHECK(got.sink.records.size() == 3);
  CHECK(got.count("duplicate-path") == 1);
  CHECK(got.count("unreadable-file") == 1);
  CHECK(got.count("wrong-field-count") == 1);
  CHECK(got.count("missing-path") == 1);
  CHECK(got.count("missing-label") == 2);
  CHECK(got.label("c.png") == "(none)");
  for (const Issue& issue : got.issues.issues()) {
    if (issue.kind == "duplicate-path") CHECK(issue.place == "row 3");
    if (issue.kind == "unreadable-file") CHECK(issue.place == "row 4 of labels.csv");
    if (issue.kind == "wrong-field-count") CHECK(issue.place == "row 5");
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "a list of classes beside the file gives their order and rejects others") {
  dir.write("classes.txt", "dog\nbird\ncat\n");
  import("path,label\na.png,cat\nb.png,fish\nc.png,dog\n");
  CHECK(got.sink.header.classes.names() == std::vector<std::string>{"dog", "bird", "cat"});
  CHECK(got.sink.records.size() == 2);
  CHECK(got.count("unknown-class") == 1);
}

TEST_CASE_FIXTURE(Fixture, "labels that are whole numbers sort as numbers") {
  import("path,label\na.png,10\nb.png,2\nc.png,1\n");
  CHECK(got.sink.header.classes.names() == std::vector<std::string>{"1", "2", "10"});
}

TEST_CASE_FIXTURE(Fixture, "without a header, with ids for names, relative to the file itself") {
  import("a.png,cat,train\nb.png,dog,test\n");
  CHECK(got.label("a.png") == "cat");
  CHECK(got.find("b.png")->split == "test");
  Imported ids;
  import_into(ids, kImporter, dir.write("img/ids.csv", "id;label\na;cat\nsub/d;dog\n"));
  CHECK(ids.label("a.png") == "cat");
  CHECK(ids.label("sub/d.png") == "dog");
}

TEST_CASE_FIXTURE(Fixture, "paths outside the images' folder move the root up") {
  dir.write("other/e.png", png());
  import(fmt::format("path,label\n../img/a.png,x\n{}/other/e.png,y\nb.png,x\n", dir.path()));
  CHECK(got.sink.header.root == absolute_path(dir.path()));
  CHECK(got.label("img/a.png") == "x");
  CHECK(got.label("other/e.png") == "y");
  CHECK(got.label("img/b.png") == "x");
  Imported elsewhere;
  import_into(elsewhere, kImporter,
              dir.write("lists/abs.csv",
                        fmt::format("path\n{0}/img/a.png\n{0}/img/sub/d.png\n", dir.path())));
  CHECK(elsewhere.sink.header.root == absolute_path(dir / "img"));
  CHECK(elsewhere.find("sub/d.png") != nullptr);
}

TEST_CASE_FIXTURE(Fixture,
                  "the folder of an export as CSV is read with its classes in their order") {
  dir.write("export/errata-manifest.json", R"({"errata_manifest": 1, "format": "csv"})");
  dir.write(
      "export/classes.csv",
      "index,name,folder\n0,T-shirt/top,T-shirt%2Ftop\n1,NA,NA\n2,empty,empty\n3, x ,%20x%20\n");
  dir.write("export/data.csv",
            "path,label,split,score\nimages/NA/1.png,NA,train,0.5\nimages/x/2.png,\" x \",,1\n"
            "images/_unlabelled/3.png,,test,\n");
  for (const char* name : {"NA/1.png", "x/2.png", "_unlabelled/3.png"}) {
    dir.write(std::string("export/images/") + name, png());
  }
  CHECK(kImporter.detect(dir / "export").confidence > 90);
  CHECK(ImageFolderImporter().detect(dir / "export").confidence < 90);
  import_into(got, kImporter, dir / "export");
  CHECK(got.sink.header.classes.names() ==
        std::vector<std::string>{"T-shirt/top", "NA", "empty", " x "});
  CHECK(got.label("images/NA/1.png") == "NA");
  CHECK(got.label("images/x/2.png") == " x ");
  CHECK(got.label("images/_unlabelled/3.png") == "(none)");
  CHECK(got.find("images/_unlabelled/3.png")->split == "test");
}

TEST_CASE_FIXTURE(Fixture, "a member column addresses images inside containers") {
  dir.write("img/train-images-idx3-ubyte",
            test::encode_idx_images(2, 2, 2, std::vector<uint8_t>{1, 2, 3, 4, 5, 6, 7, 8}));
  import(
      "path,member,label,attr.path\n"
      "train-images-idx3-ubyte,1,a,x\n"
      "train-images-idx3-ubyte,0,b,y\n"
      "train-images-idx3-ubyte,2,b,y\n"
      "train-images-idx3-ubyte,-1,b,y\n"
      "train-images-idx3-ubyte,1,b,y\n"
      "a.png,,a,z\n");
  REQUIRE(got.sink.records.size() == 3);
  CHECK(got.sink.records[0].member == 1);
  CHECK(got.sink.records[0].xxh3 == xxh3_64(std::string("\x05\x06\x07\x08")));
  CHECK(got.sink.records[0].size_bytes == 4);
  CHECK(got.sink.records[0].attributes.at(0).first == "path");
  CHECK(got.sink.records[2].member == SampleRecord::kNoMember);
  CHECK(got.count("unreadable-member") == 1);
  CHECK(got.count("bad-member") == 1);
  CHECK(got.count("duplicate-path") == 1);
}

TEST_CASE_FIXTURE(Fixture, "UTF-16 with CR LF, tabs and names outside ASCII") {
  dir.write("img/猫.png", png());
  std::string bytes = "\xFF\xFE";
  for (const char16_t unit : std::u16string(u"path\tlabel\r\n猫.png\tKatze\r\n")) {
    bytes += static_cast<char>(unit & 0xFF);
    bytes += static_cast<char>(unit >> 8);
  }
  import(bytes);
  CHECK(got.label("猫.png") == "Katze");
}

TEST_CASE_FIXTURE(Fixture, "files that are unusable as a whole") {
  const auto category_of = [&](const std::string& csv) {
    Imported none;
    try {
      import_into(none, kImporter, dir.write("bad.csv", csv), 0, dir / "img");
    } catch (const Error& error) {
      CHECK(error.path().find("bad.csv") != std::string::npos);
      return error.category();
    }
    return ErrorCategory::kInternal;
  };
  CHECK(category_of("") == ErrorCategory::kBadInput);
  CHECK(category_of("path,label\n") == ErrorCategory::kBadInput);
  CHECK(category_of("width,label\n1,cat\n") == ErrorCategory::kBadInput);
  CHECK(category_of("path,label\na.png,\"cat\nb.png,dog\n") == ErrorCategory::kBadInput);
  Imported none;
  CHECK_THROWS_AS(import_into(none, kImporter, dir / "absent.csv"), Error);
  CHECK_THROWS_AS(
      import_into(none, kImporter, dir.write("x.csv", "path\na.png\n"), 0, dir / "no such folder"),
      Error);
}

TEST_CASE("many rows arrive in order with any number of threads") {
  const TempDir dir;
  std::string csv = "path,n\n";
  for (int i = 0; i < 900; ++i) {
    dir.write(fmt::format("{:04}.png", i), png(static_cast<uint8_t>(i)));
    csv += fmt::format("{:04}.png,{}\n", i, i);
  }
  const std::string file = dir.write("list.csv", csv);
  for (const size_t threads : {0u, 3u}) {
    Imported got;
    import_into(got, kImporter, file, threads);
    REQUIRE(got.sink.records.size() == 900);
    for (int i = 0; i < 900; ++i) {
      const SampleRecord& record = got.sink.records[static_cast<size_t>(i)];
      REQUIRE(record.path == fmt::format("{:04}.png", i));
      REQUIRE(std::get<int64_t>(record.attributes.at(0).second) == i);
    }
  }
}

}  // namespace
}  // namespace errata::importers

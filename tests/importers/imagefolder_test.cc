#include "importers/imagefolder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "importers/folder_tree.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::importers {
namespace {

using test::TempDir;

const ImageFolderImporter kImporter;

// A whole image whose bytes depend on `grey`.
std::string png(uint8_t grey = 7, size_t width_px = 3, size_t height_px = 2) {
  return test::encode_png(width_px, height_px, 1, std::vector<uint8_t>(width_px * height_px, grey));
}

TEST_CASE("classes, order and indices are torchvision's, in trees drawn by a Python script") {
  const std::string path =
      join_path(test::source_dir(), "tests/importers/data/imagefolder_cases.json");
  const text::Json cases = text::read_json_file(path);
  REQUIRE(cases.size() > 20);
  for (const text::Json& one : cases.as_array()) {
    CAPTURE(one.at("name").as_string());
    // Trees whose folders happen to be named like splits are read otherwise: none is drawn.
    const TempDir dir;
    for (const text::Json& folder : one.at("folders").as_array()) {
      make_directories(dir / unescape_bytes(folder.as_string()));
    }
    for (const text::Json& file : one.at("files").as_array()) {
      dir.write(unescape_bytes(file.as_string()), png());
    }
    if (one.at("samples").size() == 0) continue;
    Imported got;
    import_into(got, kImporter, dir.path(), 2);
    std::vector<std::string> classes;
    for (const text::Json& name : one.at("classes").as_array()) {
      const std::string folder = unescape_bytes(name.as_string());
      classes.push_back(is_valid_utf8(folder) ? folder : name.as_string());
    }
    REQUIRE(got.sink.header.classes.size() == classes.size());
    for (size_t i = 0; i < classes.size(); ++i) {
      CHECK(got.sink.header.classes[static_cast<ClassIndex>(i)].name == classes[i]);
    }
    const auto& samples = one.at("samples").as_array();
    REQUIRE(got.sink.records.size() == samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      CHECK(got.sink.records[i].path == unescape_bytes(samples[i].at(0).as_string()));
      CHECK(got.sink.records[i].labels.at(0) == samples[i].at(1).as_int());
    }
  }
}

TEST_CASE("size, time, hash and pixels of a file are told, the same with any number of threads") {
  const TempDir dir;
  test::SyntheticOptions options;
  options.images_per_class = 400;  // several chunks
  const auto dataset = test::make_synthetic_dataset(dir / "set", options);
  Imported one;
  import_into(one, kImporter, dataset.root, 0);
  Imported many;
  import_into(many, kImporter, dataset.root, 3);
  REQUIRE(one.sink.records.size() == dataset.good().size());
  REQUIRE(many.sink.records.size() == one.sink.records.size());
  for (size_t i = 0; i < one.sink.records.size(); ++i) {
    const SampleRecord& record = one.sink.records[i];
    REQUIRE(many.sink.records[i].path == record.path);
    REQUIRE(many.sink.records[i].xxh3 == record.xxh3);
    const std::string bytes = read_text_file(join_path(dataset.root, record.path));
    REQUIRE(record.size_bytes == bytes.size());
    REQUIRE(record.xxh3 == xxh3_64(bytes));
    REQUIRE(record.width_px == 12);
    REQUIRE(record.height_px == 8);
    FileStat stat;
    REQUIRE(stat_file(join_path(dataset.root, record.path), stat));
    REQUIRE(record.mtime_ns == stat.mtime_ns);
  }
  CHECK(one.sink.header.root == absolute_path(dataset.root));
  CHECK(one.count("empty-file") == 1);
  CHECK(one.count("truncated-image") == 1);
  CHECK(one.count("not-an-image") == 1);
}

TEST_CASE("folders named train, val and test are splits that share one class list") {
  const TempDir dir;
  dir.write("train/dog/1.png", png(1));
  dir.write("train/bee/1.png", png(2));
  dir.write("Valid/bee/1.png", png(3));
  dir.write("Valid/ant/1.png", png(4));
  dir.write("testing/dog/1.png", png(5));
  dir.write("testing/loose.png", png(6));
  dir.write(".git/x.png", png(7));
  Imported got;
  import_into(got, kImporter, dir.path());
  CHECK(got.sink.header.classes.names() == std::vector<std::string>{"bee", "dog", "ant"});
  CHECK(got.find("train/dog/1.png")->split == "train");
  CHECK(got.find("Valid/ant/1.png")->split == "val");
  CHECK(got.label("Valid/ant/1.png") == "ant");
  CHECK(got.find("testing/dog/1.png")->split == "test");
  CHECK(got.label("testing/dog/1.png") == "dog");
  CHECK(got.find("testing/loose.png") == nullptr);
  CHECK(got.count("class-not-in-train") == 1);
  CHECK(got.count("loose-file") == 1);
  CHECK(got.count("junk-folder") == 1);
}

TEST_CASE("what is a split folder: all are, or two different ones") {
  const auto splits = [](const std::vector<std::string>& names) {
    NameList list;
    for (const std::string& name : names) list.add(name);
    return has_split_folders(list);
  };
  CHECK(splits({"train", "val"}));
  CHECK(splits({"train"}));
  CHECK(splits({"TRAIN", ".git", "__MACOSX"}));
  CHECK(splits({"train", "test", "annotations"}));
  CHECK_FALSE(splits({"bus", "car", "train"}));  // vehicles
  CHECK_FALSE(splits({"val", "valid", "cat"}));  // one split twice is no proof
  CHECK_FALSE(splits({}));
}

TEST_CASE("a folder with images beside split folders is named and not read") {
  const TempDir dir;
  dir.write("train/a/1.png", png());
  dir.write("test/a/1.png", png());
  dir.write("unlabeled/1.png", png());
  dir.write("annotations/list.txt", "x");
  Imported got;
  import_into(got, kImporter, dir.path());
  CHECK(got.sink.records.size() == 2);
  CHECK(got.count("ignored-folder") == 1);
}

TEST_CASE("a flat folder is a dataset without labels, also as one split of several") {
  const TempDir dir;
  dir.write("flat/b.png", png(1));
  dir.write("flat/a.png", png(2));
  dir.write("flat/notes/read.me", "x");
  Imported flat;
  import_into(flat, kImporter, dir / "flat");
  CHECK(flat.sink.header.classes.empty());
  REQUIRE(flat.sink.records.size() == 2);
  CHECK(flat.sink.records[0].path == "a.png");
  CHECK(flat.sink.records[0].labels.empty());

  dir.write("split/train/cat/1.png", png(3));
  dir.write("split/test/1.png", png(4));
  Imported split;
  import_into(split, kImporter, dir / "split");
  CHECK(split.label("train/cat/1.png") == "cat");
  CHECK(split.label("test/1.png") == "(none)");
  CHECK(split.find("test/1.png")->split == "test");
}

TEST_CASE("empty classes and junk folders") {
  const TempDir dir;
  dir.write("b/1.png", png());
  make_directories(dir / "a");
  make_directories(dir / ".cache");
  dir.write(".ipynb_checkpoints/1-checkpoint.png", png());
  dir.write("b/.ipynb_checkpoints/1-checkpoint.png", png());
  dir.write("__MACOSX/._1.png", "Mac OS X        resource fork");
  Imported got;
  import_into(got, kImporter, dir.path());
  // Those with images count, as in torchvision; the empty hidden one is left out.
  CHECK(got.sink.header.classes.names() ==
        std::vector<std::string>{".ipynb_checkpoints", "__MACOSX", "a", "b"});
  CHECK(got.count("junk-folder") == 4);
  CHECK(got.count("empty-class") == 1);
  CHECK(got.count("not-an-image") == 1);
  CHECK(got.label("b/.ipynb_checkpoints/1-checkpoint.png") == "b");
}

TEST_CASE("broken files are rejected with their kind, odd ones accepted with a warning") {
  const TempDir dir;
  dir.write("a/good.png", png());
  dir.write("a/empty.jpg", "");
  dir.write("a/text.jpg", "<html></html> and a little more");
  dir.write("a/header.png", png().substr(0, 20));
  dir.write("a/huge.png", test::png_header(30000, 30000));
  dir.write("a/really_a.jpg", png());
  dir.write("a/cut.png", png(3, 40, 40).substr(0, 300));
  dir.write("a/picture.gif", "GIF89a");
  dir.write("a/notes.txt", "x");
  dir.write("a/more.txt", "x");
  dir.write("a/metadata.csv", "file_name,label\n");
  REQUIRE(::symlink("nowhere.png", (dir / "a/dangling.png").c_str()) == 0);
  REQUIRE(::mkfifo((dir / "a/pipe.png").c_str(), 0600) == 0);
  Imported got;
  import_into(got, kImporter, dir.path());
  CHECK(got.sink.seen == 9);
  CHECK(got.sink.records.size() == 3);
  CHECK(got.count("empty-file") == 1);
  CHECK(got.count("not-an-image") == 1);
  CHECK(got.count("image-too-large") == 1);
  CHECK(got.count("unreadable-file") == 2);
  CHECK(got.count("truncated-image") == 2);  // header.png rejected, cut.png warned of
  CHECK(got.find("a/cut.png") != nullptr);
  CHECK(got.find("a/header.png") == nullptr);
  CHECK(got.count("mislabelled-image") == 1);
  CHECK(got.count("skipped-suffix") == 2);
  CHECK(got.count("metadata-file") == 1);
  for (const Issue& issue : got.issues.issues()) {
    if (issue.kind == "skipped-suffix" && issue.text == ".txt") {
      CHECK(issue.message.find("2 files") != std::string::npos);
    }
    CHECK_FALSE(issue.message.empty());
    CHECK(issue.file.starts_with(dir.path()));
  }
}

TEST_CASE("links are followed, loops are not") {
  const TempDir dir;
  dir.write("set/a/1.png", png(1));
  dir.write("elsewhere/2.png", png(2));
  dir.write("store/3.png", png(3));
  REQUIRE(::symlink((dir / "elsewhere").c_str(), (dir / "set/linked_class").c_str()) == 0);
  REQUIRE(::symlink((dir / "store/3.png").c_str(), (dir / "set/a/linked.png").c_str()) == 0);
  REQUIRE(::symlink("..", (dir / "set/a/up").c_str()) == 0);
  REQUIRE(::symlink(".", (dir / "set/a/self").c_str()) == 0);
  REQUIRE(::symlink((dir / "set").c_str(), (dir / "set/whole").c_str()) == 0);
  Imported got;
  import_into(got, kImporter, dir / "set");
  CHECK(got.label("linked_class/2.png") == "linked_class");
  CHECK(got.label("a/linked.png") == "a");
  CHECK(got.sink.records.size() == 3);
  CHECK(got.count("link-loop") == 3);
}

TEST_CASE("names of every kind arrive as they are") {
  const TempDir dir;
  const std::vector<std::string> names = {
      "with space.png",  "quote'\".png", "new\nline.png",
      "umläut 猫 😀.png", "caf\xE9.png",  "back\\slash.png",
      "%2F.png",         "-rf.png",      std::string(251, 'n') + ".png"};
  for (const std::string& name : names) {
    dir.write("a/" + name, png());
    dir.write(name.substr(0, name.size() - 4) + "/x.png", png());
  }
  Imported got;
  import_into(got, kImporter, dir.path(), 2);
  for (const std::string& name : names) {
    CHECK(got.find("a/" + name) != nullptr);
    const std::string folder = name.substr(0, name.size() - 4);
    const std::string label = got.label(folder + "/x.png");
    CHECK(is_valid_utf8(label));
    if (is_valid_utf8(folder)) CHECK(label == folder);
  }
}

TEST_CASE("nothing to import is an error that says what was expected") {
  const TempDir dir;
  make_directories(dir / "empty");
  dir.write("gifs/a/1.gif", "GIF89a");
  dir.write("file.png", png());
  const auto error_of = [&](const std::string& path) {
    Imported got;
    try {
      import_into(got, kImporter, path);
    } catch (const Error& error) {
      CHECK_FALSE(got.sink.begun);
      return error;
    }
    FAIL("no error");
    return Error(ErrorCategory::kInternal, "");
  };
  CHECK(error_of(dir / "empty").category() == ErrorCategory::kBadInput);
  CHECK(error_of(dir / "gifs").hint().find("1 .gif") != std::string::npos);
  CHECK(error_of(dir / "file.png").category() == ErrorCategory::kBadInput);
  CHECK(error_of(dir / "absent").category() == ErrorCategory::kNotFound);
}

TEST_CASE("a folder that cannot be read is one thing rejected") {
  const TempDir dir;
  std::string deep = "a";
  for (int i = 0; i < 140; ++i) deep += "/d";  // deeper than is walked
  dir.write(deep + "/1.png", png());
  dir.write("b/1.png", png());
  dir.write("c/1.png", png());
  // Root reads everything, so that there only the depth is tried.
  const bool locked = ::geteuid() != 0 && ::chmod((dir / "b").c_str(), 0) == 0;
  Imported got;
  import_into(got, kImporter, dir.path());
  if (locked) ::chmod((dir / "b").c_str(), 0700);
  CHECK(got.count("unreadable-folder") == (locked ? 2 : 1));
  CHECK(got.label("c/1.png") == "c");
  CHECK(got.sink.header.classes.size() == 3);
}

TEST_CASE("files larger than the buffer are hashed whole and their end is looked at") {
  const TempDir dir;
  const std::string large = png(9, 1100, 1100);
  REQUIRE(large.size() > (1 << 20));
  dir.write("a/whole.png", large);
  dir.write("a/cut.png", large.substr(0, (1 << 20) + 100));
  dir.write("a/exact.png", large.substr(0, 1 << 20));
  Imported got;
  import_into(got, kImporter, dir.path());
  REQUIRE(got.sink.records.size() == 3);
  CHECK(got.find("a/whole.png")->xxh3 == xxh3_64(large));
  CHECK(got.find("a/whole.png")->size_bytes == large.size());
  CHECK(got.find("a/exact.png")->xxh3 == xxh3_64(std::string_view(large).substr(0, 1 << 20)));
  CHECK(got.count("truncated-image") == 2);
}

TEST_CASE("what vanishes between listing and reading is told, file by file") {
  class Removing : public CollectingSink {
   public:
    explicit Removing(std::string victim) : victim_(std::move(victim)) {}
    void begin(const SourceHeader& given) override {
      CollectingSink::begin(given);
      remove_all(victim_);
    }

   private:
    std::string victim_;
  };
  const TempDir dir;
  for (const char* name : {"a/1.png", "b/1.png", "b/2.png", "c/1.png"}) dir.write(name, png());
  Removing sink(dir / "b");
  Progress progress;
  const CancelToken cancel;
  IssueLog issues;
  kImporter.run({dir.path(), "", serial_for, progress, cancel, issues}, sink);
  CHECK(sink.seen == 4);
  CHECK(sink.records.size() == 2);
  CHECK(issues.count_by_kind().at("unreadable-file") == 2);
  CHECK(issues.issues().front().message.find("No such file") != std::string::npos);
}

TEST_CASE("the manifest of an export gives names and order back") {
  const TempDir dir;
  dir.write("errata-manifest.json", R"({"errata_manifest": 1, "format": "imagefolder",
    "layout": "split/class/file", "no_split_folder": "_nosplit", "unlabelled_folder": "_unlabelled",
    "classes": [{"index": 0, "name": "T-shirt/top", "folder": "T-shirt%2Ftop"},
                {"index": 1, "name": "Emptied", "folder": "Emptied"},
                {"index": 2, "name": "Bag", "folder": "Bag"}],
    "splits": [{"name": "train", "folder": "train"},
               {"name": "hold out", "folder": "hold%20out"}]})");
  dir.write("train/T-shirt%2Ftop/1.png", png(1));
  dir.write("hold%20out/Bag/1.png", png(2));
  dir.write("_nosplit/Bag/2.png", png(3));
  dir.write("_nosplit/_unlabelled/3.png", png(4));
  dir.write("train/New/4.png", png(5));
  Imported got;
  import_into(got, kImporter, dir.path());
  CHECK(got.sink.header.classes.names() ==
        std::vector<std::string>{"T-shirt/top", "Emptied", "Bag", "New"});
  CHECK(got.label("train/T-shirt%2Ftop/1.png") == "T-shirt/top");
  CHECK(got.find("hold%20out/Bag/1.png")->split == "hold out");
  CHECK(got.find("_nosplit/Bag/2.png")->split.empty());
  CHECK(got.label("_nosplit/_unlabelled/3.png") == "(none)");
  CHECK(got.count("not-in-manifest") == 1);
  CHECK(kImporter.detect(dir.path()).confidence > 90);
  dir.write("errata-manifest.json", "{broken");
  Imported broken;
  CHECK_THROWS_AS(import_into(broken, kImporter, dir.path()), Error);
}

TEST_CASE("a sink that throws and a cancel stop the import") {
  class Refusing : public CollectingSink {
    void samples(std::vector<SampleRecord>&&) override {
      throw Error(ErrorCategory::kIo, "disk full");
    }
  };
  const TempDir dir;
  test::SyntheticOptions options;
  options.images_per_class = 300;
  const auto dataset = test::make_synthetic_dataset(dir / "set", options);
  WorkerGroup workers(2);
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  Refusing refusing;
  CHECK_THROWS_WITH_AS(
      kImporter.run({dataset.root, "", workers.as_parallel_for(), progress, cancel, issues},
                    refusing),
      "disk full", Error);
  cancel.cancel();
  CollectingSink sink;
  try {
    kImporter.run({dataset.root, "", workers.as_parallel_for(), progress, cancel, issues}, sink);
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kInterrupted);
  }
  CHECK_FALSE(sink.ended);
}

TEST_CASE("detect says why or why not") {
  const TempDir dir;
  dir.write("set/a/1.png", png());
  dir.write("flat/1.png", png());
  make_directories(dir / "empty");
  CHECK(kImporter.detect(dir / "set").confidence >= 50);
  CHECK(kImporter.detect(dir / "set").reason.find("'a'") != std::string::npos);
  CHECK(kImporter.detect(dir / "flat").confidence > 0);
  CHECK(kImporter.detect(dir / "empty").confidence == 0);
  CHECK(kImporter.detect(dir / "set/a/1.png").confidence == 0);
  CHECK(kImporter.detect(dir / "absent").confidence == 0);
}

}  // namespace
}  // namespace errata::importers

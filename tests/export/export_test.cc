#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "export/exporter.h"
#include "export/names.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

using namespace errata;
using namespace errata::exports;
using errata::test::TempDir;

namespace {

// What an export needs besides its input.
struct Bench {
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  WorkerGroup workers{2};
  MemberReader reader = [](const std::string&, int64_t member, versions::RawImage& image,
                           std::string& why_not) {
    if (member > 100) {
      why_not = "the container ends before it";
      return false;
    }
    image = {2, 2, 1, {1, 2, 3, static_cast<uint8_t>(member)}};
    return true;
  };
  ExportContext context() { return {workers.as_parallel_for(), progress, cancel, issues, reader}; }
  ExportReport run(const std::string& format, const ExportInput& input, ExportOptions options) {
    return export_dataset(find_format(format), input, options, context());
  }
};

ExportItem item(const TempDir& dir, const std::string& path, const std::string& bytes,
                ClassIndex label, int32_t split = -1) {
  ExportItem item;
  item.absolute_path = dir.write("src/" + path, bytes);
  item.source_path = "pets/" + path;
  FileStat stat;
  REQUIRE(stat_file(item.absolute_path, stat));
  item.size_bytes = stat.size_bytes;
  item.mtime_ns = stat.mtime_ns;
  item.label = label;
  item.split = split;
  item.sha256 = sha256(bytes);
  item.has_sha256 = true;
  return item;
}

ExportItem member_item(int64_t member, ClassIndex label, int32_t split = -1) {
  ExportItem item;
  item.absolute_path = "/data/train-images-idx3-ubyte.gz";
  item.source_path = "fashion/train-images-idx3-ubyte.gz";
  item.member = member;
  item.label = label;
  item.split = split;
  return item;
}

std::vector<std::string> tree(const std::string& root) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string path = entry.path().string().substr(root.size() + 1);
    paths.push_back(entry.is_directory() ? path + "/" : path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool has(const std::vector<std::string>& paths, const std::string& path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

ErrorCategory category_of(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.category();
  }
  return ErrorCategory::kInternal;
}

ExportInput small_input(const TempDir& dir) {
  ExportInput input;
  input.class_names = {"cat", "T-shirt/top", "empty"};
  input.split_names = {"train", "test"};
  input.items = {item(dir, "cat/a.jpg", "aaa", 0, 0), item(dir, "b.png", "bb", 1, 1),
                 item(dir, "c.jpg", "c", kNoClass, -1), member_item(7, 0, 0)};
  input.version_name = "v1";
  input.version_hash = "errata1:00";
  return input;
}

}  // namespace

TEST_CASE("imagefolder: splits, escaped classes, empty classes, members, unlabelled") {
  TempDir dir;
  Bench bench;
  const ExportReport report =
      bench.run("imagefolder", small_input(dir), {.target = dir / "out/deep"});
  CHECK(report.files == 4);
  CHECK(report.members == 1);
  const std::vector<std::string> paths = tree(dir / "out/deep");
  CHECK(paths == std::vector<std::string>{"_no_split/",
                                          "_no_split/T-shirt%2Ftop/",
                                          "_no_split/_unlabelled/",
                                          "_no_split/_unlabelled/c.jpg",
                                          "_no_split/cat/",
                                          "_no_split/empty/",
                                          "classes.csv",
                                          "errata-files.jsonl",
                                          "errata-manifest.json",
                                          "test/",
                                          "test/T-shirt%2Ftop/",
                                          "test/T-shirt%2Ftop/b.png",
                                          "test/cat/",
                                          "test/empty/",
                                          "train/",
                                          "train/T-shirt%2Ftop/",
                                          "train/cat/",
                                          "train/cat/a.jpg",
                                          "train/cat/train-images-idx3-ubyte-000007.png",
                                          "train/empty/"});
  CHECK(read_text_file(dir / "out/deep/train/cat/a.jpg") == "aaa");
  CHECK(read_text_file(dir / "out/deep/classes.csv") ==
        "index,name\n0,cat\n1,T-shirt/top\n2,empty\n");
  CHECK(tree(dir / "out").size() == paths.size() + 1);  // no temporary folder is left
  CHECK(bench.issues.count_by_kind().at("empty-class-folder") > 0);
}

TEST_CASE("the manifest names every file, its source, class and content") {
  TempDir dir;
  Bench bench;
  bench.run("imagefolder", small_input(dir), {.target = dir / "out"});
  const std::string manifest = read_text_file(dir / "out/errata-manifest.json");
  const text::Json json = text::parse_json(manifest, "manifest");
  CHECK(json.find("version")->as_string() == "v1");
  CHECK(json.find("classes")->size() == 3);
  const std::string list = read_text_file(dir / "out/errata-files.jsonl");
  CHECK(json.find("files")->find("sha256")->as_string() == to_hex(sha256(list)));
  CHECK(std::count(list.begin(), list.end(), '\n') == 4);
  CHECK(list.find("{\"path\": \"test/T-shirt%2Ftop/b.png\", \"class\": 1, \"label\": "
                  "\"T-shirt/top\", \"split\": \"test\", \"sha256\": ") != std::string::npos);
  CHECK(list.find("\"source\": \"pets/b.png\"") != std::string::npos);
  CHECK(list.find("\"class\": null") != std::string::npos);
  CHECK(list.find("\"member\": 7") != std::string::npos);
}

TEST_CASE("two exports of the same dataset are equal byte for byte") {
  TempDir dir;
  Bench bench;
  const ExportInput input = small_input(dir);
  bench.run("imagefolder", input, {.target = dir / "one"});
  bench.run("imagefolder", input, {.target = dir / "two", .sync = true});
  const std::vector<std::string> paths = tree(dir / "one");
  REQUIRE(paths == tree(dir / "two"));
  for (const std::string& path : paths) {
    if (path.ends_with('/')) continue;
    CHECK(read_text_file(dir / ("one/" + path)) == read_text_file(dir / ("two/" + path)));
  }
}

TEST_CASE("hard links, symbolic links and copies") {
  TempDir dir;
  Bench bench;
  ExportInput input = small_input(dir);
  input.items.resize(1);
  struct stat original {};
  REQUIRE(::stat(input.items[0].absolute_path.c_str(), &original) == 0);
  const auto inode = [&](const std::string& path) {
    struct stat st {};
    REQUIRE(::lstat((dir / path).c_str(), &st) == 0);
    return st;
  };
  bench.run("imagefolder", input, {.target = dir / "hard", .files = FileMode::kHardlink});
  CHECK(inode("hard/train/cat/a.jpg").st_ino == original.st_ino);
  bench.run("imagefolder", input, {.target = dir / "soft", .files = FileMode::kSymlink});
  CHECK(S_ISLNK(inode("soft/train/cat/a.jpg").st_mode));
  CHECK(read_text_file(dir / "soft/train/cat/a.jpg") == "aaa");
  bench.run("imagefolder", input, {.target = dir / "copy", .check_content = true});
  CHECK(inode("copy/train/cat/a.jpg").st_ino != original.st_ino);

  // A source that is a link itself: the file behind it is linked.
  REQUIRE(::symlink(input.items[0].absolute_path.c_str(), (dir / "src/link.jpg").c_str()) == 0);
  input.items[0].absolute_path = dir / "src/link.jpg";
  bench.run("imagefolder", input, {.target = dir / "hard2", .files = FileMode::kHardlink});
  CHECK(inode("hard2/train/cat/a.jpg").st_ino == original.st_ino);
}

TEST_CASE("a large file is copied whole") {
  TempDir dir;
  Bench bench;
  std::string bytes(3'000'001, 'x');
  for (size_t i = 0; i < bytes.size(); i += 997) bytes[i] = static_cast<char>(i);
  ExportInput input;
  input.class_names = {"big"};
  input.items = {item(dir, "big.jpg", bytes, 0)};
  const ExportReport report =
      bench.run("imagefolder", input, {.target = dir / "out", .check_content = true});
  CHECK(read_text_file(dir / "out/big/big.jpg") == bytes);
  CHECK((report.bytes_written == bytes.size() || report.shared_blocks == 1));
}

TEST_CASE("equal names in one folder get their content's digits, whatever the order") {
  TempDir dir;
  Bench bench;
  ExportInput input;
  input.class_names = {"cat"};
  input.items = {item(dir, "x/a.jpg", "1", 0), item(dir, "y/a.jpg", "2", 0),
                 item(dir, "z/a.jpg", "1", 0), item(dir, "b.jpg", "3", 0)};
  bench.run("imagefolder", input, {.target = dir / "out"});
  const std::vector<std::string> paths = tree(dir / "out");
  CHECK(has(paths, "cat/b.jpg"));
  CHECK(has(paths, "cat/a-6b86b273.jpg"));
  CHECK(has(paths, "cat/a-6b86b273-2.jpg"));
  CHECK(has(paths, "cat/a-d4735e3a.jpg"));
}

TEST_CASE("names that try to leave the folder, or that nobody can write, stay inside") {
  TempDir dir;
  Bench bench;
  ExportInput input;
  input.class_names = {"../../evil", "..",   "",           std::string(300, 'k'),
                       "a\nb",       "\xff", "classes.csv"};
  for (ClassIndex c = 0; c < 7; ++c) {
    ExportItem one = item(dir, "f" + std::to_string(c) + ".jpg", std::to_string(c), c);
    one.source_path = c == 0 ? "pets/.." : c == 1 ? "pets/.jpg" : "pets/we\"ird\n\xff.JPG";
    input.items.push_back(one);
  }
  bench.run("imagefolder", input, {.target = dir / "out/put"});
  CHECK(tree(dir / "out").size() == 1 + 3 + 14);
  const std::vector<std::string> paths = tree(dir / "out/put");
  CHECK(has(paths, "%2E.%2F..%2Fevil/%2E%2E"));
  CHECK(has(paths, "%2E%2E/%.jpg"));
  CHECK(has(paths, "%/we%22ird%0A%FF.JPG"));
  CHECK(has(paths, "%63lasses.csv/we%22ird%0A%FF.JPG"));
  CHECK(bench.issues.count_by_kind().at("unread-extension") == 1);
}

TEST_CASE("a target that holds anything, or is a file, is refused and left as it was") {
  TempDir dir;
  Bench bench;
  const ExportInput input = small_input(dir);
  dir.write("full/.hidden", "mine");
  dir.write("file", "mine");
  const auto export_to = [&](const std::string& target) {
    return category_of([&] { bench.run("imagefolder", input, {.target = target}); });
  };
  CHECK(export_to(dir / "full") == ErrorCategory::kConflict);
  CHECK(export_to(dir / "file") == ErrorCategory::kConflict);
  CHECK(export_to(dir / "file/below") == ErrorCategory::kIo);
  CHECK(export_to("") == ErrorCategory::kUsage);
  CHECK(read_text_file(dir / "full/.hidden") == "mine");
  CHECK(tree(dir / "full").size() == 1);

  make_directories(dir / "empty");
  REQUIRE(::symlink((dir / "empty").c_str(), (dir / "link").c_str()) == 0);
  bench.run("imagefolder", input, {.target = dir / "link"});
  CHECK(file_exists(dir / "empty/classes.csv"));
}

TEST_CASE("missing, changed and forged sources stop the export, and all are named") {
  TempDir dir;
  for (const FileMode mode : {FileMode::kCopy, FileMode::kHardlink, FileMode::kSymlink}) {
    CAPTURE(file_mode_name(mode));
    Bench bench;
    ExportInput input = small_input(dir);
    input.items[0].absolute_path += ".gone";
    input.items[1].mtime_ns += 1;
    input.items[1].has_sha256 = false;
    input.items[2].mtime_ns += 1;  // touched, but the content is the same
    input.items[3].member = 101;
    ExportOptions options{.target = dir / "out", .files = mode};
    CHECK(category_of([&] { bench.run("imagefolder", input, options); }) ==
          ErrorCategory::kBadInput);
    CHECK(bench.issues.rejected() == 3);
    CHECK(bench.issues.count_by_kind().count("missing-file") == 1);
    CHECK(bench.issues.count_by_kind().count("changed-file") == 1);
    CHECK(bench.issues.count_by_kind().count("unreadable-member") == 1);
    CHECK_FALSE(file_exists(dir / "out"));
  }
  Bench bench;
  ExportInput input = small_input(dir);
  input.items[0].sha256[0] ^= 1;  // same size and time, other bytes
  CHECK(category_of([&] { bench.run("imagefolder", input, {.target = dir / "out"}); }) ==
        ErrorCategory::kBadInput);
  CHECK(bench.issues.count_by_kind().count("changed-content") == 1);
  input.items[0].check_content = true;
  CHECK(category_of([&] {
          bench.run("imagefolder", input, {.target = dir / "out", .files = FileMode::kHardlink});
        }) == ErrorCategory::kBadInput);
  const ExportReport report =
      bench.run("imagefolder", input, {.target = dir / "out", .skip_unreadable = true});
  CHECK(report.left_out == 1);
  CHECK(report.files == 3);
  const std::string list = read_text_file(dir / "out/errata-files.jsonl");
  CHECK(std::count(list.begin(), list.end(), '\n') == 3);
}

TEST_CASE("a cancelled export leaves nothing") {
  TempDir dir;
  Bench bench;
  bench.cancel.cancel();
  CHECK(category_of([&] { bench.run("imagefolder", small_input(dir), {.target = dir / "out"}); }) ==
        ErrorCategory::kInterrupted);
  CHECK(tree(dir.path()) ==
        std::vector<std::string>{"src/", "src/b.png", "src/c.jpg", "src/cat/", "src/cat/a.jpg"});
}

TEST_CASE("csv: images beside the table, quoting, free columns, in place") {
  TempDir dir;
  Bench bench;
  ExportInput input = small_input(dir);
  input.class_names[0] = "cat, \"big\"";
  input.columns = {{"camera", {"a", "b,c", "", "line\nbreak"}}, {"label", {"1", "2", "3", "4"}}};
  bench.run("csv", input, {.target = dir / "out"});
  CHECK(read_text_file(dir / "out/data.csv") ==
        "path,label,split,camera,attr.label\n"
        "\"images/cat, %22big%22/a.jpg\",\"cat, \"\"big\"\"\",train,a,1\n"
        "images/T-shirt%2Ftop/b.png,T-shirt/top,test,\"b,c\",2\n"
        "images/_unlabelled/c.jpg,,,,3\n"
        "\"images/cat, %22big%22/train-images-idx3-ubyte-000007.png\",\"cat, \"\"big\"\"\",train,"
        "\"line\nbreak\",4\n");
  const ExportReport report =
      bench.run("csv", input, {.target = dir / "table", .files = FileMode::kNone});
  CHECK(report.files == 0);
  const std::string table = read_text_file(dir / "table/data.csv");
  CHECK(table.find("path,member,label,split,camera,attr.label\n") == 0);
  CHECK(table.find("/data/train-images-idx3-ubyte.gz,7,") != std::string::npos);
  CHECK_FALSE(file_exists(dir / "table/images"));
}

TEST_CASE("formats and file modes by name") {
  CHECK(find_format("csv").name() == "csv");
  CHECK(category_of([] { find_format("excel"); }) == ErrorCategory::kUsage);
  CHECK(parse_file_mode("hardlink") == FileMode::kHardlink);
  CHECK(category_of([] { parse_file_mode("magic"); }) == ErrorCategory::kUsage);
  TempDir dir;
  Bench bench;
  CHECK(category_of([&] {
          bench.run("imagefolder", small_input(dir),
                    {.target = dir / "out", .files = FileMode::kNone});
        }) == ErrorCategory::kUsage);
}

TEST_CASE("an export of nothing is a manifest of nothing") {
  TempDir dir;
  Bench bench;
  bench.run("imagefolder", {}, {.target = dir / "out"});
  CHECK(tree(dir / "out").size() == 3);
}

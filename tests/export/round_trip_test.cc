// What is exported and imported again is the same dataset: the version hash says so.
#include <doctest/doctest.h>

#include "base/files.h"
#include "store/classes.h"
#include "store/sample_files.h"
#include "store/snapshot_loader.h"
#include "tests/export/round_trip_kit.h"
#include "tests/support/synthetic_dataset.h"

using namespace errata;
using namespace errata::exports;
using errata::test::hash_of_round_trip;
using errata::test::Project;
using errata::test::TempDir;

namespace {

void write_idx(const TempDir& dir, const std::string& prefix, size_t count, uint8_t seed) {
  std::vector<uint8_t> pixels(count * 6 * 5);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(i * 13 + seed + i / 7);
  std::vector<uint8_t> labels(count);
  for (size_t i = 0; i < count; ++i) labels[i] = static_cast<uint8_t>(i % 10);
  dir.write("idx/" + prefix + "-images-idx3-ubyte", test::encode_idx_images(count, 5, 6, pixels));
  dir.write("idx/" + prefix + "-labels-idx1-ubyte", test::encode_idx_labels(labels));
}

}  // namespace

TEST_CASE("image folders: corrected, excluded, split, exported in every way, imported again") {
  TempDir dir;
  test::SyntheticOptions options;
  options.empty_files = options.truncated_files = options.text_files_as_images = 0;
  options.with_splits = true;
  test::make_synthetic_dataset(dir / "data", options);
  Project project(dir / "errata.db");
  project.import(dir / "data");
  const auto files = store::all_sample_files(project.db);
  REQUIRE(files.size() > 10);
  const ClassId shirt = store::add_class(project.db, "T-shirt/top", "test");
  store::add_class(project.db, "../empty", "test");
  project.edit(files[0].id, store::EditKind::kSetLabel, {shirt});
  project.edit(files[1].id, store::EditKind::kExclude);
  project.edit(files[2].id, store::EditKind::kSetLabel, {});
  project.edit(files[3].id, store::EditKind::kSetSplit, {}, "hold/out");
  project.edit(files[4].id, store::EditKind::kSetSplit, {}, "");
  const std::string hash = project.version("v1");
  for (const FileMode mode : {FileMode::kCopy, FileMode::kHardlink, FileMode::kSymlink}) {
    CAPTURE(file_mode_name(mode));
    CHECK(hash_of_round_trip(project, dir, "v1", "imagefolder", mode) == hash);
    CHECK(hash_of_round_trip(project, dir, "v1", "csv", mode) == hash);
  }
  CHECK(hash_of_round_trip(project, dir, "v1", "csv", FileMode::kNone) == hash);
}

TEST_CASE("a dataset without splits whose classes are called train and test") {
  TempDir dir;
  for (int i = 0; i < 6; ++i) {
    const std::string pixels(1, static_cast<char>(i));
    dir.write(
        "data/" + std::string(i % 2 == 0 ? "train" : "zebra") + "/" + std::to_string(i) + ".png",
        test::encode_png(1, 1, 1, {static_cast<uint8_t>(i)}));
  }
  Project project(dir / "errata.db");
  project.import(dir / "data");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "imagefolder", FileMode::kCopy) == hash);
}

TEST_CASE("members of IDX containers come back as the same content") {
  TempDir dir;
  write_idx(dir, "train", 40, 1);
  write_idx(dir, "t10k", 20, 99);
  Project project(dir / "errata.db");
  project.import(dir / "idx");
  const auto files = store::all_sample_files(project.db);
  REQUIRE(files.size() == 60);
  project.edit(files[7].id, store::EditKind::kExclude);
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "imagefolder", FileMode::kHardlink) == hash);
  CHECK(hash_of_round_trip(project, dir, "v1", "csv", FileMode::kCopy) == hash);
  CHECK(hash_of_round_trip(project, dir, "v1", "csv", FileMode::kNone) == hash);
}

TEST_CASE("one changed pixel in an export is another content, whatever its manifest says") {
  TempDir dir;
  write_idx(dir, "train", 10, 1);
  Project project(dir / "errata.db");
  project.import(dir / "idx");
  const std::string hash = project.version("v1");
  project.put("v1", "imagefolder", {.target = dir / "out"});
  const auto exported = store::all_sample_files(project.db);
  std::string changed;
  {
    Project probe(dir / "probe.db");
    probe.import(dir / "out");
    CHECK(probe.version("same") == hash);
    changed = store::all_sample_files(probe.db)[0].absolute_path;
  }
  std::vector<uint8_t> bytes = read_file(changed);
  versions::RawImage image;
  std::string why_not;
  REQUIRE(project.member(exported[0].absolute_path, 0, image, why_not));
  image.pixels[3] ^= 1;
  versions::write_canonical_png(image, bytes);
  write_file_atomic(changed, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  Project again(dir / "again.db");
  again.import(dir / "out");
  CHECK(again.version("other") != hash);
}

TEST_CASE("a file that changed after its version is not exported under the old name") {
  TempDir dir;
  dir.write("data/cat/a.png", test::encode_png(1, 1, 1, {1}));
  dir.write("data/dog/b.png", test::encode_png(1, 1, 1, {2}));
  Project project(dir / "errata.db");
  project.import(dir / "data");
  project.version("v1");
  dir.write("data/cat/a.png", test::encode_png(1, 1, 1, {3}));
  project.import(dir / "data");  // the store knows the new content, the version the old one
  for (const FileMode mode : {FileMode::kCopy, FileMode::kHardlink, FileMode::kSymlink}) {
    CHECK_THROWS_AS(project.put("v1", "imagefolder", {.target = dir / "out", .files = mode}),
                    Error);
    CHECK_FALSE(file_exists(dir / "out"));
  }
  CHECK(project.issues.count_by_kind().at("changed-content") == 3);
  project.version("v2");
  project.put("v2", "imagefolder", {.target = dir / "out"});
}

TEST_CASE("free columns of the store come out in the table") {
  TempDir dir;
  dir.write("data/a.png", test::encode_png(1, 1, 1, {1}));
  dir.write("data/b.png", test::encode_png(1, 1, 1, {2}));
  dir.write("data/list.csv", "path,label,camera\na.png,cat,front\nb.png,dog,\"back, left\"\n");
  Project project(dir / "errata.db");
  project.import(dir / "data/list.csv");
  project.edit(store::all_sample_files(project.db)[0].id, store::EditKind::kTag, {}, "nice");
  project.version("v1");
  ExportInput input = read_version_input(project.db, "v1", serial_for);
  add_free_columns(store::load_snapshot(project.db), input);
  export_dataset(find_format("csv"), input, {.target = dir / "out"},
                 {serial_for, project.progress, project.cancel, project.issues, project.member});
  const std::string table = read_text_file(dir / "out/data.csv");
  CHECK(table.find("front") != std::string::npos);
  CHECK(table.find("\"back, left\"") != std::string::npos);
  CHECK(table.find("nice") != std::string::npos);
}

// What a COCO source said comes out as it came in; what was edited, and nothing else, is another.
#include <doctest/doctest.h>

#include "base/files.h"
#include "store/classes.h"
#include "store/sample_files.h"
#include "tests/export/object_kit.h"
#include "text/json.h"

using namespace errata;
using namespace errata::exports;
using namespace errata::test;
using text::Json;

namespace {

// Ids with gaps and out of order, blanks of every kind, numbers in several spellings, fields that
// nobody knows, a crowd, both kinds of masks, keypoints, no area, a category that is not used.
constexpr std::string_view kSource =
    R"({ "info":{"year" : 2017},
 "licenses": [ ],
 "categories": [{"supercategory": "", "id": 90, "name": "dog"},
   {"id": 3, "name":"cat", "skeleton": [[1,2]]}, {"id": 12, "name": "a/b ../c"}],
 "images": [ {"id": 70, "file_name": "a.png", "width": 40, "height": 30, "odd": [1, "]}"]},
   {"file_name": "sub/b.png","id": 9,"license":3},
   {"id": 8, "file_name": "c.png"} ],
 "annotations": [
   {"id": 500, "image_id": 9, "category_id": 90, "bbox": [1.10, 2.0, 3e0, 4.25], "area": 12.750,
    "iscrowd": 0, "note": {"by": "ann"}},
   {"id": 7,"image_id": 70,"category_id": 3,"bbox":[5,6,7,8],"iscrowd":0},
   {"iscrowd": 1, "id": 41, "image_id": 70, "category_id": 90, "bbox": [0, 0, 4, 3],
    "area": 9, "segmentation": {"size": [30, 40], "counts": [0, 3, 1197]}},
   {"id": 42, "image_id": 70, "category_id": 3, "bbox": [1, 1, 6, 5], "area": 20.5, "iscrowd": 0,
    "segmentation": [[1, 1, 7, 1.0, 7, 6]], "keypoints": [1,1,2, 0,0,0], "num_keypoints": 1},
   {"id": 43, "image_id": 8, "category_id": 3, "bbox": [2, 2, 2, 2], "area": 4, "iscrowd": 0}
 ]
}
)";

std::string write_source(const TempDir& dir, const std::string& name = "data/pets.json",
                         std::string_view text = kSource) {
  dir.write("data/images/a.png", picture(1));
  dir.write("data/images/sub/b.png", picture(2));
  dir.write("data/images/c.png", picture(3));
  return dir.write(name, std::string(text));
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("COCO: an image of another source is not put where a folder of images is") {
  TempDir dir;
  dir.write("coco/a.png/x.png", picture(1));
  dir.write("coco/set.json", R"({"images": [{"id": 1, "file_name": "a.png/x.png"}],
    "annotations": [], "categories": [{"id": 1, "name": "cat"}]})");
  dir.write("voc/JPEGImages/a.png", picture(2));
  dir.write("voc/Annotations/a.xml", "<annotation></annotation>");
  Project project(dir / "errata.db");
  project.import(dir / "coco/set.json");
  project.import(dir / "voc");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "coco", FileMode::kCopy) == hash);
  CHECK(file_exists(dir / "out v1cococopy/images/a.png/x.png"));
}

TEST_CASE("COCO: a path that JSON cannot hold is told where images stay where they are") {
  TempDir dir;
  dir.write("voc/JPEGImages/\xFF.png", picture(2));
  dir.write("voc/Annotations/\xFF.xml", "<annotation></annotation>");
  Project project(dir / "errata.db");
  project.import(dir / "voc");
  project.version("v1");
  project.put("v1", "coco", {.target = dir / "out", .files = FileMode::kNone});
  CHECK(project.issues.count_by_kind().at("path-not-utf8") == 1);
  project.put("v1", "coco", {.target = dir / "copied"});
  CHECK(project.issues.count_by_kind().at("path-not-utf8") == 1);
}

TEST_CASE("COCO: a version without images has a file of its categories, which can be imported") {
  const std::string categories =
      R"("categories": [{"id": 7, "name": "cat"}, {"id": 2, "name": "dog"}])";
  const std::string empty = R"({"info": 1, "images": [], "annotations": [], )" + categories + "}";
  TempDir dir;
  dir.write("none/instances_val.json", empty);
  dir.write("one/a.png", picture(1));
  dir.write("one/set.json",
            R"({"info": 1, "images": [{"id": 1, "file_name": "a.png"}], "annotations": [], )" +
                categories + "}");
  for (const std::string source : {"none/instances_val.json", "one/set.json"}) {
    INFO(source);
    TempDir work;
    Project project(work / "errata.db");
    project.import(dir / source);
    for (const auto& file : store::all_sample_files(project.db)) {
      project.edit(file.id, store::EditKind::kExclude);
    }
    const std::string hash = project.version("v1");
    const ExportReport report = project.put("v1", "coco", {.target = work / "out"});
    REQUIRE(report.annotation_files.size() == 1);
    CHECK(read_text_file(work / ("out/" + report.annotation_files[0])) == empty);
    Project again(work / "again.db");
    again.import(work / "out");
    CHECK(again.version("again") == hash);
    CHECK(store::require_class(again.db, "dog") > 0);
  }
}

TEST_CASE("COCO: an unedited set comes out byte for byte and has the same hash again") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  const std::string hash = project.version("v1");
  for (const FileMode mode : {FileMode::kCopy, FileMode::kHardlink, FileMode::kSymlink}) {
    CHECK(hash_of_round_trip(project, dir, "v1", "coco", mode) == hash);
  }
  CHECK(read_text_file(dir / "out v1cococopy/annotations/pets.json") == kSource);
  CHECK(file_exists(dir / "out v1cococopy/images/sub/b.png"));
}

TEST_CASE("COCO: without images a new file of annotations takes the old one's place") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  const std::string hash = project.version("v1");
  project.put("v1", "coco", {.target = dir / "out", .files = FileMode::kNone});
  CHECK(read_text_file(dir / "out/annotations/pets.json") == kSource);
  CHECK_FALSE(file_exists(dir / "out/images"));
  // Beside the images it reads as the source did.
  dir.write("data/pets.json", read_text_file(dir / "out/annotations/pets.json"));
  Project again(dir / "again.db");
  again.import(dir / "data/pets.json");
  CHECK(again.version("v1") == hash);
}

TEST_CASE("COCO: without images what no COCO source lists is called by its absolute path") {
  TempDir dir;
  dir.write("voc/JPEGImages/a.png", picture(1));
  dir.write("voc/Annotations/a.xml",
            "<annotation><filename>a.png</filename><size><width>40</width><height>30</height>"
            "<depth>1</depth></size><object><name>cat</name><bndbox><xmin>2</xmin><ymin>3</ymin>"
            "<xmax>9</xmax><ymax>8</ymax></bndbox></object></annotation>");
  Project project(dir / "errata.db");
  project.import(dir / "voc");
  project.version("v1");
  project.put("v1", "coco", {.target = dir / "out", .files = FileMode::kNone});
  const Json document = text::read_json_file(dir / "out/annotations/instances.json");
  CHECK(document.at("images").as_array()[0].at("file_name").as_string() ==
        dir / "voc/JPEGImages/a.png");
  Project again(dir / "again.db");
  again.import(dir / "out/annotations/instances.json");
  CHECK(object_ids(again.db).size() == 1);
}

TEST_CASE("COCO: edits, new and deleted objects, and everything else as it was") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  auto ids = object_ids(project.db);
  const ClassId cat = store::require_class(project.db, "cat");
  const SampleId first = store::all_sample_files(project.db)[0].id;
  using enum store::ObjectEditKind;
  project.edit_objects({
      {.kind = kSetBox, .object = ids["500"], .box_xywh_px = {1.1, 2, 3, 5.125}},
      {.kind = kSetClass, .object = ids["41"], .class_id = cat},
      {.kind = kSetCrowd, .object = ids["7"], .flag = true},
      {.kind = kSetBox, .object = ids["42"], .box_xywh_px = {2, 1, 6, 5}},
      {.kind = kDelete, .object = ids["43"]},
      {.kind = kAdd, .sample = first, .class_id = cat, .box_xywh_px = {0.1, 0.2, 10.3, 4}},
  });
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "coco", FileMode::kCopy) == hash);
  std::string expected(kSource);
  expected = changed(expected, "[1.10, 2.0, 3e0, 4.25], \"area\": 12.750",
                     "[1.10, 2.0, 3e0, 5.125], \"area\": 15.375");
  expected = changed(expected, "\"id\": 41, \"image_id\": 70, \"category_id\": 90",
                     "\"id\": 41, \"image_id\": 70, \"category_id\": 3");
  expected = changed(expected, "[5,6,7,8],\"iscrowd\":0", "[5,6,7,8],\"iscrowd\":1");
  expected = changed(expected, "\"bbox\": [1, 1, 6, 5]", "\"bbox\": [2, 1, 6, 5]");
  expected = changed(expected, "[[1, 1, 7, 1.0, 7, 6]], \"keypoints\": [1,1,2, 0,0,0]",
                     "[[2, 1, 8, 1.0, 8, 6]], \"keypoints\": [2,1,2, 0,0,0]");
  expected = changed(expected,
                     "{\"id\": 43, \"image_id\": 8, \"category_id\": 3, \"bbox\": [2, 2, 2, 2], "
                     "\"area\": 4, \"iscrowd\": 0}",
                     "{\"id\": 501, \"image_id\": 70, \"category_id\": 3, \"bbox\": "
                     "[0.1, 0.2, 10.3, 4], \"area\": 41.2, \"iscrowd\": 0}");
  CHECK(read_text_file(dir / "out v1cococopy/annotations/pets.json") == expected);
}

TEST_CASE("COCO: excluded images drop out with their objects, in front, between and behind") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  const auto files = store::all_sample_files(project.db);
  for (size_t i = 0; i < files.size(); ++i) {
    project.edit(files[i].id, store::EditKind::kExclude);
    const std::string name = "without " + std::to_string(i);
    const std::string hash = project.version(name);
    CHECK(hash_of_round_trip(project, dir, name, "coco", FileMode::kCopy) == hash);
    const Json json =
        text::read_json_file(dir / ("out " + name + "cococopy/annotations/pets.json"));
    CHECK(json.at("images").size() == 2);
    CHECK(json.at("categories").size() == 3);
    CHECK(json.at("annotations").size() == (i == 0 ? 2 : 4));
    project.edit(files[i].id, store::EditKind::kInclude);
  }
}

TEST_CASE("COCO: classes renamed, merged away and new ones") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  store::rename_class(project.db, "cat", "feline \"x\"", "test");
  store::merge_class(project.db, "dog", "feline \"x\"", "test", "");
  const ClassId zebra = store::add_class(project.db, "zebra", "test");
  project.edit_objects({{.kind = store::ObjectEditKind::kSetClass,
                         .object = object_ids(project.db)["7"],
                         .class_id = zebra}});
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "coco", FileMode::kCopy) == hash);
  const Json json = text::read_json_file(dir / "out v1cococopy/annotations/pets.json");
  std::string categories;
  for (const Json& each : json.at("categories").as_array()) categories += each.dump() + " ";
  CHECK(categories == R"({"id": 3, "name": "feline \"x\"", "skeleton": [[1, 2]]} )"
                      R"({"id": 12, "name": "a/b ../c"} {"id": 91, "name": "zebra"} )");
  std::string of_objects;
  for (const Json& each : json.at("annotations").as_array()) {
    of_objects += std::to_string(each.at("category_id").as_int()) + " ";
  }
  CHECK(of_objects == "3 91 3 3 3 ");
}

TEST_CASE("COCO: splits of any name cut one file into several") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir, "data/instances_val2017.json"));
  const auto files = store::all_sample_files(project.db);
  project.edit(files[0].id, store::EditKind::kSetSplit, {}, "train");
  project.edit(files[1].id, store::EditKind::kSetSplit, {}, "hold/out");
  project.edit(files[2].id, store::EditKind::kSetSplit, {}, "");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "coco", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1cococopy/";
  CHECK(text::read_json_file(out + "annotations/instances_train.json").at("annotations").size() ==
        3);
  CHECK(text::read_json_file(out + "annotations/instances_hold%2Fout.json").at("images").size() ==
        1);
  CHECK(file_exists(out + "annotations/instances.json"));
  // One file alone is found its split, too.
  Project alone(dir / "alone.db");
  alone.import(out + "annotations/instances_hold%2Fout.json");
  CHECK(alone.version("v") != hash);
  CHECK(store::read_states(alone.db, std::vector<SampleId>{1})[0].split == "hold/out");
}

TEST_CASE("COCO: two files, images of one name in two folders, and who is in no file") {
  TempDir dir;
  const auto set = [&](const std::string& split, uint8_t seed, int id) {
    dir.write("data/" + split + "/a.png", picture(seed));
    dir.write("data/annotations/instances_" + split + ".json",
              "{\"images\": [{\"id\": " + std::to_string(id) +
                  ", \"file_name\": \"a.png\"}], \"annotations\": [{\"id\": 1, \"image_id\": " +
                  std::to_string(id) +
                  ", \"category_id\": 1, \"bbox\": [1, 2, 3, 4], \"area\": 12, \"iscrowd\": 0}], "
                  "\"categories\": [{\"id\": 1, \"name\": \"cat\"}]}");
  };
  set("train", 1, 1);
  set("val", 2, 2);
  dir.write("more/cat/a.png", picture(3));
  Project project(dir / "errata.db");
  project.import(dir / "data");
  project.import(dir / "more", "imagefolder", "val");
  CHECK(project.issues.rejected() == 0);
  const auto files = store::all_sample_files(project.db);
  REQUIRE(files.size() == 3);
  project.edit(files[2].id, store::EditKind::kSetLabel, {});
  const ClassId cat = store::require_class(project.db, "cat");
  project.edit_objects({{.kind = store::ObjectEditKind::kAdd,
                         .sample = files[2].id,
                         .class_id = cat,
                         .box_xywh_px = {1, 1, 2, 2}}});
  std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "coco", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1cococopy/";
  CHECK(read_text_file(out + "annotations/instances_train.json") ==
        read_text_file(dir / "data/annotations/instances_train.json"));
  const Json val = text::read_json_file(out + "annotations/instances_val.json");
  CHECK(val.at("images").size() == 2);
  CHECK(val.at("annotations").at(1).at("id").as_int() == 2);
  // Both images in one split: the files cannot be one, since they give the id 1 twice.
  for (const auto& file : files) project.edit(file.id, store::EditKind::kSetSplit, {}, "test");
  hash = project.version("v2");
  CHECK(hash_of_round_trip(project, dir, "v2", "coco", FileMode::kHardlink) == hash);
}

TEST_CASE("COCO: the same name twice within one folder is told, and still one of each") {
  TempDir dir;
  dir.write("one/x.png", picture(1));
  dir.write("two/x.png", picture(2));
  for (const std::string name : {"one", "two"}) {
    dir.write(name + ".json",
              "{\"images\": [{\"id\": 1, \"file_name\": \"x.png\"}], "
              "\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, "
              "\"bbox\": [1, 2, 3, 4]}], "
              "\"categories\": [{\"id\": 1, \"name\": \"../cat\"}]}");
  }
  Project project(dir / "errata.db");
  const auto import = [&](const std::string& name) {
    const auto choice = importers::choose_importer(dir / (name + ".json"), "coco");
    store::ImportWriter writer(
        project.db,
        {.source_name = name, .input_path = name, .split = "", .class_names = {}, .who = "test"});
    choice.reader->run({dir / (name + ".json"), dir / name, project.workers.as_parallel_for(),
                        project.progress, project.cancel, project.issues},
                       writer);
    writer.finish(project.issues);
  };
  import("one");
  import("two");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "coco", FileMode::kCopy) == hash);
}

TEST_CASE("COCO: what has no objects is refused before anything is made") {
  TempDir dir;
  dir.write("data/cat/a.png", picture(1));
  Project project(dir / "errata.db");
  project.import(dir / "data");
  project.version("v1");
  try {
    project.put("v1", "coco", {.target = dir / "out"});
    FAIL("it was exported");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kBadInput);
    CHECK(std::string(error.what()).find("no objects") != std::string::npos);
  }
  CHECK_FALSE(file_exists(dir / "out"));
}

TEST_CASE("COCO: a dry run says what the real one writes, and writes nothing") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  project.version("v1");
  const ExportReport dry = project.put("v1", "coco", {.target = dir / "out", .dry_run = true});
  CHECK_FALSE(file_exists(dir / "out"));
  CHECK(dry.files == 3);
  CHECK(dry.objects == 5);
  CHECK(dry.annotation_files == std::vector<std::string>{"annotations/pets.json"});
  CHECK(dry.losses.empty());
  const ExportReport real = project.put("v1", "coco", {.target = dir / "out"});
  CHECK(real.files == dry.files);
  CHECK(real.objects == dry.objects);
  CHECK(file_exists(dir / "out/annotations/pets.json"));
}

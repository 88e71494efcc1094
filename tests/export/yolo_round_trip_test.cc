// What a YOLO source said comes out as it came in; what was edited, and nothing else, is another.
#include <doctest/doctest.h>

#include "base/files.h"
#include "model/shape.h"
#include "store/classes.h"
#include "store/sample_files.h"
#include "tests/export/object_kit.h"
#include "text/json.h"

using namespace errata;
using namespace errata::exports;
using namespace errata::test;

namespace {

constexpr std::string_view kYaml =
    "train: images/train\nval: images/val # held out\nnames: {0: cat, 1: 'yes: x', 2: dog}\n"
    "channels: 3\n";
constexpr std::string_view kOne =
    "# by hand\r\n0 0.5  0.5 0.1 0.2\r\n2\t0.250 0.5 0.125 0.1 \r\n\r\n1 0.1 0.1 0.05 0.05";

std::string write_source(const TempDir& dir, std::string_view yaml = kYaml) {
  dir.write("data/data.yaml", std::string(yaml));
  dir.write("data/images/train/one.png", picture(1));
  dir.write("data/images/train/bare.png", picture(2));
  dir.write("data/images/val/two.png", picture(3));
  dir.write("data/labels/train/one.txt", std::string(kOne));
  dir.write("data/labels/val/two.txt", "");
  return dir / "data";
}

SampleId sample_of(store::Store& store, const std::string& name) {
  for (const auto& file : store::all_sample_files(store)) {
    if (file.path.ends_with(name)) return file.id;
  }
  return 0;
}

}  // namespace

TEST_CASE("YOLO: an unedited set comes out byte for byte and has the same hash again") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "yolo", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1yolocopy/";
  CHECK(read_text_file(out + "data.yaml") == kYaml);
  CHECK(read_text_file(out + "labels/train/one.txt") == kOne);
  CHECK(read_text_file(out + "labels/val/two.txt").empty());
  CHECK_FALSE(file_exists(out + "labels/train/bare.txt"));
  CHECK(file_exists(out + "images/train/bare.png"));
}

TEST_CASE("YOLO: an edit changes its numbers and no other byte; splits of any name") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  const auto ids = ids_of(project.db);
  REQUIRE(ids.size() == 3);
  const ClassId dog = store::require_class(project.db, "dog");
  using enum store::ObjectEditKind;
  project.edit_objects({
      {.kind = kSetClass, .object = ids[0], .class_id = dog},
      {.kind = kSetBox, .object = ids[1], .box_xywh_px = {8, 13.5, 4, 3}},
      {.kind = kDelete, .object = ids[2]},
      {.kind = kAdd,
       .sample = sample_of(project.db, "bare.png"),
       .class_id = dog,
       .box_xywh_px = {10, 6, 20, 12}},
  });
  project.edit(sample_of(project.db, "bare.png"), store::EditKind::kSetSplit, {}, "images");
  project.edit(sample_of(project.db, "two.png"), store::EditKind::kSetSplit, {}, "");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "yolo", FileMode::kHardlink) == hash);
  const std::string out = dir / "out v1yolohardlink/";
  CHECK(read_text_file(out + "labels/train/one.txt") ==
        "# by hand\r\n2 0.5  0.5 0.1 0.2\r\n2\t0.250 0.5 0.1 0.1 \r\n");
  CHECK(read_text_file(out + "labels/images%/bare.txt") == "2 0.5 0.4 0.5 0.4\n");
  CHECK(read_text_file(out + "data.yaml") ==
        "train: images/train\nnames:\n  0: cat\n  1: \"yes: x\"\n  2: dog\nchannels: 3\n");
}

TEST_CASE("YOLO: classes renamed and merged away keep the indices of the others") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  store::rename_class(project.db, "cat", "../c:at/", "test");
  store::merge_class(project.db, "yes: x", "dog", "test", "");
  const ClassId zebra = store::add_class(project.db, "zebra", "test");
  project.edit_objects({{.kind = store::ObjectEditKind::kSetClass,
                         .object = ids_of(project.db)[0],
                         .class_id = zebra}});
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "yolo", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1yolocopy/";
  const std::string yaml = read_text_file(out + "data.yaml");
  CHECK(yaml.find("0: \"../c:at/\"\n  1: \"yes: x\"\n  2: dog\n  3: zebra\n") != std::string::npos);
  const std::string rows = read_text_file(out + "labels/train/one.txt");
  CHECK(rows.find("3 0.5  0.5") != std::string::npos);
  CHECK(rows.ends_with("2 0.1 0.1 0.05 0.05"));
}

TEST_CASE("YOLO: rows that were rejected do not come back as objects once something was edited") {
  TempDir dir;
  const std::string twice = "0 .5 .5 .2 .2\n0 0.50 .5 .2 .2\n";
  const std::string untouched = "1 .4 .4 .2 .2\n1 .4 .4 .2 .2\n7 .5 .5 .1 .1\nrubbish\n";
  for (const char* name : {"a", "b", "c", "d"}) {
    dir.write(std::string("data/images/") + name + ".png", picture(static_cast<uint8_t>(*name)));
    dir.write(std::string("data/labels/") + name + ".txt", twice);
  }
  dir.write("data/labels/c.txt", untouched);
  dir.write("data/labels/d.txt", "# two\n2 .3 .3 .1 .1\n" + twice + "\n1 .6 .6 .2 .2");
  dir.write("data/data.yaml", "train: images\nval: images\nnames: [cat, dog]\n");
  Project project(dir / "errata.db");
  project.import(dir / "data");
  CHECK(project.issues.count_by_kind().at("duplicate-row") == 4);
  const auto ids = ids_of(project.db);
  REQUIRE(ids.size() == 5);
  const auto read = [&](const std::string& out, const std::string& name) {
    return read_text_file(dir / (out + "/labels/train/" + name + ".txt"));
  };
  const auto hash_again = [&](const std::string& out) {
    Project again(dir / (out + ".db"));
    again.import(dir / out);
    return again.version("again");
  };
  project.edit_objects({{.kind = store::ObjectEditKind::kSetClass,
                         .object = ids[0],
                         .class_id = store::require_class(project.db, "dog")},
                        {.kind = store::ObjectEditKind::kDelete, .object = ids[1]},
                        {.kind = store::ObjectEditKind::kDelete, .object = ids[4]}});
  const std::string edited = project.version("v1");
  const auto report = project.put("v1", "yolo", {.target = dir / "out1"});
  CHECK(kinds_of(report.losses) == "rejected-rows:3 ");
  CHECK(read("out1", "a") == "1 .5 .5 .2 .2\n");
  CHECK(read("out1", "b").empty());
  CHECK(read("out1", "c") == untouched);
  // The repeat of a row that nobody changed is still one.
  CHECK(read("out1", "d") == "# two\n" + twice);
  CHECK(hash_again("out1") == edited);

  // Row 2 and its like name a class as soon as there are three.
  project.edit_objects({{.kind = store::ObjectEditKind::kSetClass,
                         .object = ids[2],
                         .class_id = store::add_class(project.db, "zebra", "test")}});
  const std::string longer = project.version("v2");
  CHECK(kinds_of(project.put("v2", "yolo", {.target = dir / "out2"}).losses) == "rejected-rows:4 ");
  CHECK(read("out2", "c") == "2 .4 .4 .2 .2\n");
  CHECK(hash_again("out2") == longer);
}

TEST_CASE("YOLO: two objects that are the same row are told, since readers take one") {
  TempDir dir;
  write_source(dir);
  dir.write("data/labels/train/one.txt", "0 .5 .5 .2 .2\n1 .5 .5 .2 .2\n2 .5 .5 .2 .2\n");
  Project project(dir / "errata.db");
  project.import(dir / "data");
  store::merge_class(project.db, "yes: x", "cat", "test", "");
  const std::string hash = project.version("v1");
  const auto report = project.put("v1", "yolo", {.target = dir / "out"});
  CHECK(kinds_of(report.losses) == "repeated-object:1 ");
  CHECK(report.losses[0].objects.front() == ids_of(project.db)[1]);
  Project again(dir / "again.db");
  again.import(dir / "out");
  CHECK(again.issues.count_by_kind().at("duplicate-row") == 1);
  CHECK(again.version("again") != hash);
}

TEST_CASE("YOLO: rows that differ behind the digits of a float only are one for readers") {
  TempDir dir;
  dir.write("data/a.png", picture(1, 640, 480));
  dir.write("data/b.png", picture(2, 640, 480));
  dir.write("data/set.json", R"({"images": [{"id": 1, "file_name": "a.png"},
    {"id": 2, "file_name": "b.png"}], "annotations": [
   {"id": 1, "image_id": 1, "category_id": 1, "bbox": [100, 60, 32, 48]},
   {"id": 2, "image_id": 1, "category_id": 1, "bbox": [100.000001, 60, 32, 48]},
   {"id": 3, "image_id": 1, "category_id": 1, "bbox": [100.001, 60, 32, 48]},
   {"id": 4, "image_id": 1, "category_id": 2, "bbox": [100, 60, 32, 48]},
   {"id": 5, "image_id": 2, "category_id": 1, "bbox": [100, 60, 32, 48]}],
  "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]})");
  Project project(dir / "errata.db");
  project.import(dir / "data/set.json");
  project.version("v1");
  const auto report = project.put("v1", "yolo", {.target = dir / "out"});
  uint64_t repeated = 0;
  for (const Loss& loss : report.losses) {
    if (loss.kind != "repeated-object") continue;
    repeated = loss.count();
    CHECK(loss.objects.front() == object_ids(project.db)["2"]);
  }
  CHECK(repeated == 1);
  Project again(dir / "again.db");
  again.import(dir / "out");
  CHECK(again.issues.count_by_kind().at("duplicate-row") == repeated);
}

TEST_CASE("YOLO: of a kpt_shape that stands twice the last counts, as for readers") {
  TempDir dir;
  write_source(dir,
               "train: images/train\nval: images/val\nnames: [cat]\nkpt_shape: [1, 3]\n"
               "kpt_shape: [2, 3]\n");
  dir.write("data/labels/train/one.txt", "0 .5 .5 .2 .2 .5 .5 2 .45 .45 1\n");
  Project project(dir / "errata.db");
  project.import(dir / "data");
  const auto ids = ids_of(project.db);
  REQUIRE(ids.size() == 1);
  project.edit_objects(
      {{.kind = store::ObjectEditKind::kSetBox, .object = ids[0], .box_xywh_px = {10, 6, 20, 12}}});
  project.version("v1");
  project.put("v1", "yolo", {.target = dir / "out"});
  // The points keep their places in the box.
  CHECK(read_text_file(dir / "out/labels/train/one.txt") ==
        "0 .5 0.4 0.5 0.4 .5 0.4 2 0.375 0.3 1\n");
}

TEST_CASE("YOLO: a key point outside its image is at the border, not seen, and told") {
  for (const bool has_visibility : {true, false}) {
    INFO(has_visibility);
    TempDir dir;
    const std::string shape = has_visibility ? "[2, 3]" : "[2, 2]";
    write_source(dir, "train: images/train\nval: images/val\nnames: [cat]\nkpt_shape: " + shape);
    dir.write("data/labels/train/one.txt", "");
    dir.write("more/c.png", picture(9));  // 40 x 30
    dir.write("more/set.json", R"({"images": [{"id": 1, "file_name": "c.png"}], "annotations": [
     {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 6, 20, 12],
      "keypoints": [60, 15, 2, 20, 15, 1], "num_keypoints": 2}],
    "categories": [{"id": 1, "name": "cat"}]})");
    Project project(dir / "errata.db");
    project.import(dir / "data");
    project.import(dir / "more/set.json");
    project.version("v1");
    const auto report = project.put("v1", "yolo", {.target = dir / "out"});
    CHECK(kinds_of(report.losses) == "keypoints-outside:1 ");
    CHECK(report.objects == 1);
    CHECK(read_text_file(dir / "out/labels/_no_split/c.txt") ==
          (has_visibility ? "0 0.5 0.4 0.5 0.4 1 0.5 0 0.5 0.5 1\n"
                          : "0 0.5 0.4 0.5 0.4 -0.01 -0.01 0.5 0.5\n"));
    Project again(dir / "again.db");
    again.import(dir / "out");
    CHECK(again.issues.rejected() == 0);
    CHECK(again.issues.count_by_kind().count("left-out-by-ultralytics") == 0);
    REQUIRE(ids_of(again.db).size() == 1);
  }
}

TEST_CASE("YOLO and VOC: images whose names differ behind the last dot only have labels each") {
  TempDir dir;
  const std::vector<std::string> names{"img.png?x=1",           "img.png?x=2",           "img.png",
                                       "a.no_extension_of_any", "a.no_extension_at_all", "a"};
  std::string images;
  std::string objects;
  for (size_t i = 0; i < names.size(); ++i) {
    dir.write("data/" + names[i], picture(static_cast<uint8_t>(i)));
    const std::string id = std::to_string(i);
    images += (i > 0 ? "," : "") + std::string(R"({"id": )") + id + R"(, "file_name": ")" +
              names[i] + "\"}";
    objects += (i > 0 ? "," : "") + std::string(R"({"id": )") + id + R"(, "image_id": )" + id +
               R"(, "category_id": 1, "bbox": [)" + id + ", 3, 4, 6]}";
  }
  dir.write("data/set.json", R"({"images": [)" + images + R"(], "annotations": [)" + objects +
                                 R"(], "categories": [{"id": 1, "name": "cat"}]})");
  Project project(dir / "errata.db");
  project.import(dir / "data/set.json");
  project.version("v1");
  for (const std::string format : {"yolo", "voc"}) {
    const auto report = project.put("v1", format, {.target = dir / format});
    CHECK(report.objects == names.size());
  }
  for (const char* name : {"img%3Fx=1", "img%3Fx=2", "img", "a%2Eno_extension_of_any",
                           "a%2Eno_extension_at_all", "a"}) {
    CHECK(file_exists(dir / (std::string("yolo/labels/") + name + ".txt")));
    CHECK(file_exists(dir / (std::string("voc/Annotations/") + name + ".xml")));
  }
  CHECK(file_exists(dir / "yolo/images/img%3Fx=2.png"));
}

TEST_CASE("YOLO: polygons, oriented boxes and poses come back to the bit") {
  TempDir dir;
  const std::string names = "train: images/train\nval: images/val\nnames: [a, 'yes: x', dog]\n";
  const auto round_trip = [&](const std::string& name, const std::string& yaml,
                              const std::string& rows) {
    write_source(dir, yaml);
    dir.write("data/labels/train/one.txt", rows);
    Project project(dir / (name + ".db"));
    project.import(dir / "data");
    const auto ids = ids_of(project.db);
    REQUIRE(ids.size() == 2);
    project.edit_objects(
        {{.kind = store::ObjectEditKind::kSetBox, .object = ids[1], .box_xywh_px = {4, 3, 8, 6}}});
    const std::string hash = project.version(name);
    CHECK(hash_of_round_trip(project, dir, name, "yolo", FileMode::kCopy) == hash);
    const std::string out = read_text_file(dir / ("out " + name + "yolocopy/labels/train/one.txt"));
    CHECK(out.substr(0, out.find('\n')) == rows.substr(0, rows.find('\n')));
  };
  round_trip("polygons", names, "0 0.1 0.1 0.5 0.10 0.5 0.5\n1 0.2 0.2 0.4 0.2 0.4 0.4 0.2 0.3\n");
  round_trip("corners", names,
             "0 0.1 0.1 0.5 0.1 0.5 0.5 0.10 0.5\n1 0.3 0.2 0.4 0.3 0.3 0.4 0.2 0.3\n");
  round_trip("poses", names + "kpt_shape: [2, 3]\nflip_idx: [1, 0]\n",
             "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0 0 0\n1 0.5 0.5 0.2 0.2 0.45 0.5 2 0.55 0.50 1\n");
}

TEST_CASE("YOLO: a box drawn among outlines or oriented boxes is written as its corners") {
  const std::string yaml = "train: images/train\nval: images/val\nnames: [a, b, c]\n";
  const std::string corners = " 0.25 0.2 0.5 0.2 0.5 0.4 0.25 0.4\n";
  struct Case {
    std::string name;
    std::string rows;
    std::string added;
    std::string alone;  // in a file without rows
    std::string losses;
  };
  const std::string outlines = "0 0.1 0.1 0.5 0.1 0.5 0.5\n1 0.2 0.2 0.4 0.2 0.4 0.4 0.2 0.3\n";
  const std::vector<Case> cases{
      {"outlines", outlines, "2" + corners, "2" + corners, "box-as-outline:2 "},
      {"oriented", "0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n", "2" + corners, "2" + corners,
       "box-as-outline:2 "},
      {"both", outlines + "1 0.5 0.5 0.25 0.2\n", "2" + corners, "2 0.375 0.3 0.25 0.2\n",
       "box-as-outline:1 "},
      {"boxes", "1 0.5 0.5 0.25 0.2\n", "2 0.375 0.3 0.25 0.2\n", "2 0.375 0.3 0.25 0.2\n", ""}};
  for (const Case& each : cases) {
    INFO(each.name);
    TempDir dir;
    write_source(dir, yaml);
    dir.write("data/labels/train/one.txt", each.rows);
    Project project(dir / "errata.db");
    project.import(dir / "data");
    const ClassId third = store::require_class(project.db, "c");
    for (const char* image : {"one.png", "two.png"}) {
      project.edit_objects({{.kind = store::ObjectEditKind::kAdd,
                             .sample = sample_of(project.db, image),
                             .class_id = third,
                             .box_xywh_px = {10, 6, 10, 6}}});
    }
    project.version("v1");
    const auto report = project.put("v1", "yolo", {.target = dir / "out"});
    CHECK(kinds_of(report.losses) == each.losses);
    CHECK(read_text_file(dir / "out/labels/train/one.txt") == each.rows + each.added);
    CHECK(read_text_file(dir / "out/labels/val/two.txt") == each.alone);
    Project again(dir / "again.db");
    again.import(dir / "out");
    CHECK(again.issues.rejected() == 0);
    for (const auto& object : store::read_object_texts(again.db, 0).objects) {
      if (object.class_id != store::require_class(again.db, "c")) continue;
      for (size_t k = 0; k < 4; ++k) {
        CHECK(object.box_xywh_px[k] == doctest::Approx(std::array{10, 6, 10, 6}[k]));
      }
      const Shape shape = decode_shape(object.shape);
      CHECK(shape.corners.empty() == (each.name != "oriented"));
    }
  }
}

TEST_CASE("YOLO: outlines of four points stay outlines, oriented boxes stay those") {
  TempDir dir;
  dir.write("data/a.png", picture(1));
  dir.write("data/set.json", R"({"images": [{"id": 1, "file_name": "a.png"}],
  "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 6, 20, 12],
    "segmentation": [[10, 6, 30, 6, 30, 18, 10, 18]]}],
  "categories": [{"id": 1, "name": "cat"}]})");
  Project project(dir / "errata.db");
  project.import(dir / "data/set.json");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "yolo", FileMode::kCopy) == hash);
  const std::string path = dir / "out v1yolocopy/errata-manifest.json";
  CHECK(text::read_json_file(path).at("yolo_rows").as_string() == "outlines");
}

TEST_CASE("YOLO: images that data.yaml cannot name are counted") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  project.edit(sample_of(project.db, "bare.png"), store::EditKind::kSetSplit, {}, "holdout");
  project.version("v1");
  project.put("v1", "yolo", {.target = dir / "out"});
  CHECK(project.issues.count_by_kind().at("split-not-in-yaml") == 1);
  Project again(dir / "again.db");
  again.import(dir / "out");
  CHECK(store::all_sample_files(again.db).size() == 3);
}

TEST_CASE("YOLO: what it cannot hold of COCO is told before, and kept in the manifest") {
  TempDir dir;
  dir.write("data/images/a.png", picture(1));
  dir.write("data/images/sub/a.png", picture(2));
  dir.write("data/images/a.jpg", picture(3));
  dir.write("data/set.json", R"({"images": [{"id": 1, "file_name": "a.png"},
    {"id": 2, "file_name": "sub/a.png"}, {"id": 3, "file_name": "a.jpg"}],
  "annotations": [
   {"id": 1, "image_id": 1, "category_id": 7, "bbox": [10, 6, 20, 12], "area": 240, "iscrowd": 0},
   {"id": 2, "image_id": 2, "category_id": 7, "bbox": [1, 1, 3, 2], "area": 6, "iscrowd": 1,
    "segmentation": {"size": [30, 40], "counts": [0, 3, 1197]}},
   {"id": 3, "image_id": 3, "category_id": 2, "bbox": [-60, 3, 80, 6], "score": 0.5,
    "segmentation": [[1, 1, 4, 1, 4, 3], [5, 5, 6, 6, 7, 5]], "keypoints": [1, 1, 2]},
   {"id": 4, "image_id": 3, "category_id": 2, "bbox": [50, 40, 8, 6]},
   {"id": 5, "image_id": 3, "category_id": 2, "bbox": [0.1, 0.7, 8.3, 6.1]}],
  "categories": [{"id": 7, "name": "cat"}, {"id": 2, "name": "dog"}]})");
  Project project(dir / "errata.db");
  project.import(dir / "data/set.json");
  project.version("v1");
  const ExportReport dry = project.put("v1", "yolo", {.target = dir / "out", .dry_run = true});
  CHECK(
      kinds_of(dry.losses).starts_with("crowd:1 outline:1 keypoints:1 clipped:1 outside-image:1 "));
  CHECK(kinds_of(dry.losses).ends_with("other-fields:1 "));
  const ExportReport real = project.put("v1", "yolo", {.target = dir / "out"});
  CHECK(kinds_of(real.losses) == kinds_of(dry.losses));
  // Those that are left out count nowhere.
  CHECK(dry.objects == 3);
  CHECK(real.objects == 3);
  const text::Json manifest = text::read_json_file(dir / "out/errata-manifest.json");
  CHECK(manifest.at("objects").as_int() == 3);
  CHECK(manifest.at("classes").at(0).at("name").as_string() == "dog");
  CHECK(manifest.at("classes").at(0).at("objects").as_int() == 2);
  CHECK(manifest.at("classes").at(1).at("objects").as_int() == 1);
  CHECK(manifest.at("not_held").at(0).at("objects").at(0).as_int() == object_ids(project.db)["2"]);
  Project again(dir / "again.db");
  again.import(dir / "out");
  CHECK(again.issues.rejected() == 0);
  CHECK(store::all_sample_files(again.db).size() == 3);
  CHECK(store::read_object_texts(again.db, 0).objects.size() == 3);
}

TEST_CASE(
    "COCO to YOLO: where no parts of the image are the pixels, it is told; else the same hash") {
  std::string annotations;
  for (int i = 0; i < 200; ++i) {
    annotations += (i > 0 ? "," : "") + std::string("{\"id\": ") + std::to_string(i + 1) +
                   ", \"image_id\": " + std::to_string(i % 2 + 1) +
                   ", \"category_id\": 1, \"bbox\": [" + std::to_string(i % 17) + ", " +
                   std::to_string(i % 11) + ", " + std::to_string(1 + i % 23) + ", " +
                   std::to_string(1 + i % 19) + "]}";
  }
  for (const uint32_t height : {32U, 30U}) {
    TempDir dir;
    dir.write("data/a.png", picture(1, 64, height));
    dir.write("data/b.png", picture(2, 64, height));
    dir.write("data/set.json",
              "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\"}, {\"id\": 2, \"file_name\": "
              "\"b.png\"}], \"annotations\": [" +
                  annotations + "], \"categories\": [{\"id\": 1, \"name\": \"cat\"}]}");
    Project project(dir / "errata.db");
    project.import(dir / "data/set.json");
    const std::string hash = project.version("v1");
    CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kCopy) == hash);
    const auto losses = project.put("v1", "yolo", {.target = dir / "dry", .dry_run = true}).losses;
    const bool same = hash_of_round_trip(project, dir, "v1", "yolo", FileMode::kCopy) == hash;
    CHECK(losses.empty() == (height == 32));
    CHECK(same == losses.empty());
    if (losses.empty()) continue;
    CHECK(losses.front().kind == "rounded-box");
    CHECK(losses.front().count() < 100);
  }
}

// What a VOC source said comes out as it came in; what was edited, and nothing else, is another.
#include <doctest/doctest.h>

#include "base/files.h"
#include "store/classes.h"
#include "store/sample_files.h"
#include "tests/export/object_kit.h"
#include "text/json.h"

using namespace errata;
using namespace errata::exports;
using namespace errata::test;

namespace {

constexpr std::string_view kOne = R"(<?xml version="1.0"?>
<annotation verified="yes">
  <folder>JPEGImages</folder>
  <filename>one.png</filename>
  <size><width>40</width><height>30</height><depth>1</depth></size>
  <object>
    <name>cat &amp; co</name>
    <pose>Left</pose>
    <truncated>1</truncated>
    <difficult>0</difficult>
    <bndbox><xmax>12</xmax><xmin>3.5</xmin><ymin>4</ymin><ymax>20</ymax></bndbox>
    <part><name>head</name><bndbox><xmin>4</xmin></bndbox></part>
  </object>
  <!-- between -->
  <object>
    <name>dog</name>
    <bndbox>
      <xmin>5</xmin>
      <ymin>6</ymin>
      <xmax>15</xmax>
      <ymax>16</ymax>
    </bndbox>
  </object>
  <object><name>dog</name><difficult>1</difficult>
    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>
  <rest>kept</rest>
</annotation>
)";
constexpr std::string_view kTwo = "<annotation>\r\n  <filename>two.png</filename>\r\n</annotation>";

std::string write_source(const TempDir& dir) {
  dir.write("data/JPEGImages/one.png", picture(1));
  dir.write("data/JPEGImages/two.png", picture(2));
  dir.write("data/Annotations/one.xml", std::string(kOne));
  dir.write("data/Annotations/two.xml", std::string(kTwo));
  dir.write("data/ImageSets/Main/train.txt", "one\n");
  return dir / "data";
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("VOC: an unedited set comes out byte for byte and has the same hash again") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1voccopy/";
  CHECK(read_text_file(out + "Annotations/one.xml") == kOne);
  CHECK(read_text_file(out + "Annotations/two.xml") == kTwo);
  CHECK(read_text_file(out + "ImageSets/Main/train.txt") == "one\n");
  CHECK(file_exists(out + "JPEGImages/two.png"));
}

TEST_CASE("VOC: an edit changes its elements and no other byte") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  const auto ids = ids_of(project.db);
  REQUIRE(ids.size() == 3);
  const SampleId second = store::all_sample_files(project.db)[1].id;
  const ClassId dog = store::require_class(project.db, "dog");
  using enum store::ObjectEditKind;
  project.edit_objects({
      {.kind = kSetBox, .object = ids[0], .box_xywh_px = {2.5, 3, 10, 17}},
      {.kind = kSetDifficult, .object = ids[0], .flag = true},
      {.kind = kSetTruncated, .object = ids[1], .flag = true},
      {.kind = kDelete, .object = ids[2]},
      {.kind = kAdd, .sample = second, .class_id = dog, .box_xywh_px = {0, 0, 7.5, 30}},
  });
  store::rename_class(project.db, "cat & co", "a/<../b>", "test");
  project.edit(second, store::EditKind::kSetSplit, {}, "hold/out");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kHardlink) == hash);
  std::string expected = changed(std::string(kOne), "cat &amp; co", "a/&lt;../b&gt;");
  expected = changed(expected, "<xmax>12</xmax>", "<xmax>12.5</xmax>");
  expected = changed(expected, "<difficult>0</difficult>", "<difficult>1</difficult>");
  expected = changed(expected, "</bndbox>\n  </object>\n  <object><name>dog",
                     "</bndbox>\n    <truncated>1</truncated>\n  </object>\n  <object><name>dog");
  const size_t last = expected.find("\n  <object><name>dog");
  expected.erase(last, expected.find("</object>", last) + 9 - last);
  const std::string out = dir / "out v1vochardlink/";
  CHECK(read_text_file(out + "Annotations/one.xml") == expected);
  CHECK(read_text_file(out + "Annotations/two.xml").find("<xmax>7.5</xmax>") != std::string::npos);
  CHECK(read_text_file(out + "ImageSets/Main/hold%2Fout.txt") == "two\n");
}

TEST_CASE("VOC: objects go into a root that had no place for any, and behind the last object") {
  TempDir dir;
  const std::string path = write_source(dir);
  const std::string comment = "<!-- <object></object> </annotation> -->";
  dir.write("data/Annotations/two.xml",
            "<?xml version='1.0'?><annotation verified=\"yes\" />\n" + comment);
  dir.write("data/JPEGImages/three.png", picture(3));
  dir.write("data/Annotations/three.xml", "<annotation>" + comment + "</annotation>" + comment);
  Project project(dir / "errata.db");
  project.import(path);
  const ClassId dog = store::require_class(project.db, "dog");
  for (const auto& file : store::all_sample_files(project.db)) {
    project.edit_objects({{.kind = store::ObjectEditKind::kAdd,
                           .sample = file.id,
                           .class_id = dog,
                           .box_xywh_px = {1, 2, 3, 4}}});
  }
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1voccopy/Annotations/";
  const std::string two = read_text_file(out + "two.xml");
  CHECK(two.starts_with("<?xml version='1.0'?><annotation verified=\"yes\" >\n\t<object>"));
  CHECK(two.ends_with("</object></annotation>\n" + comment));
  const std::string three = read_text_file(out + "three.xml");
  CHECK(three.starts_with("<annotation>" + comment + "\n\t<object>"));
  CHECK(three.ends_with("</object></annotation>" + comment));
}

TEST_CASE("VOC: files in other encodings come out in UTF-8 with all that they say") {
  const auto in_units = [](std::string_view ascii, bool big_endian) {
    std::string wide = big_endian ? "\xFE\xFF" : "\xFF\xFE";
    for (const char c : ascii) {
      if (big_endian) wide += '\0';
      wide += c;
      if (!big_endian) wide += '\0';
    }
    return wide;
  };
  const std::string rest =
      "<annotation><note>S\xE3o</note><object><name>caf\xE9</name><pose>Left</pose><bndbox>"
      "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>";
  TempDir dir;
  const std::string path = write_source(dir);
  dir.write("data/Annotations/two.xml", "<?xml version=\"1.0\" encoding='ISO-8859-1'?>" + rest);
  const std::string wide =
      "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n" + std::string(kTwo) + "<!-- kept -->";
  for (const bool big_endian : {false, true}) {
    const std::string name = big_endian ? "big" : "little";
    dir.write("data/JPEGImages/" + name + ".png", picture(big_endian ? 8 : 9));
    dir.write("data/Annotations/" + name + ".xml", in_units(wide, big_endian));
  }
  Project project(dir / "errata.db");
  project.import(path);
  CHECK(project.issues.count_by_kind().at("encoding") == 3);
  CHECK(store::require_class(project.db, "caf\xC3\xA9") > 0);
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1voccopy/Annotations/";
  const std::string two = read_text_file(out + "two.xml");
  CHECK(two.starts_with("<?xml version=\"1.0\" encoding='UTF-8'?><annotation><note>S\xC3\xA3o<"));
  CHECK(two.find("<name>caf\xC3\xA9</name><pose>Left</pose>") != std::string::npos);
  for (const char* name : {"big.xml", "little.xml"}) {
    CHECK(read_text_file(out + name) == changed(wide, "UTF-16", "UTF-8"));
  }
}

TEST_CASE("VOC: encodings are what the file declares, and what cannot be read is rejected") {
  TempDir dir;
  const std::string path = write_source(dir);
  size_t files = 0;
  const auto write = [&](const std::string& start, const std::string& name) {
    const std::string stem = "x" + std::to_string(files++);
    dir.write("data/JPEGImages/" + stem + ".png", picture(static_cast<uint8_t>(20 + files)));
    dir.write("data/Annotations/" + stem + ".xml",
              start + "<annotation><object><name>" + name +
                  "</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
                  "</bndbox></object></annotation>\n");
    return "Annotations/" + stem + ".xml";
  };
  const auto declared = [](const std::string& encoding) {
    return "<?xml version=\"1.0\" encoding=\"" + encoding + "\"?>\n";
  };
  struct Case {
    std::string start;
    std::string bytes;
    std::string name;  // empty: rejected
  };
  const std::string cat = "\xE7\x8C\xAB";  // in GB2312 C3 A8, which in UTF-8 is another letter
  const std::vector<Case> cases{
      {declared("GB2312"), "\xC3\xA8", cat},
      {declared("gb2312"), "\xE9\x46", "\xE9\x95\x95"},  // of GBK only
      {declared("windows-1252"), "\x93q\x94", "\xE2\x80\x9Cq\xE2\x80\x9D"},
      {declared("Shift_JIS"), "\x95\x5C", "\xE8\xA1\xA8"},  // the second byte is a backslash
      {declared("us-ascii"), "plain", "plain"},
      {declared("utf-16"), "8bit", "8bit"},
      {"\xEF\xBB\xBF" + declared("GB2312"), "\xC3\xA8", "\xC3\xA8"},  // the mark counts
      {declared("GB2312"), "\xFF\xC3", ""},
      {declared("GBK//IGNORE"), "\xC3\xA8", ""},
      {declared("no-such"), "a", ""},
      {declared("UTF-8"), "\xB7\xC9\xBB\xFA", ""},
      {"", "\xB7\xC9\xBB\xFA", ""},
      {"\xFF\xFE<", "a", ""}};
  std::vector<std::string> written;
  for (const Case& each : cases) written.push_back(write(each.start, each.bytes));
  Project project(dir / "errata.db");
  project.import(path);
  CHECK(project.issues.count_by_kind().at("bad-xml") == 6);
  CHECK(project.issues.count_by_kind().at("encoding") == 6);
  std::string told;
  for (const Issue& issue : project.issues.issues()) {
    if (issue.kind == "bad-xml") told += issue.message + "; " + issue.fix + "\n";
  }
  INFO(told);
  CHECK(told.find("'no-such', which cannot be read here; save it in UTF-8") != std::string::npos);
  CHECK(told.find("is not in UTF-8, and the file declares no other") != std::string::npos);
  for (const Case& each : cases) {
    if (!each.name.empty()) CHECK(store::require_class(project.db, each.name) > 0);
  }
  store::rename_class(project.db, cat, "\xE7\x8B\x97", "test");
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kCopy) == hash);
  const std::string out = dir / "out v1voccopy/";
  CHECK(read_text_file(out + written[0]).find("<name>\xE7\x8B\x97</name>") != std::string::npos);
  for (size_t i = 0; i < 6; ++i) {
    INFO(i);
    CHECK(read_text_file(out + written[i]).starts_with(declared("UTF-8")));
  }
  CHECK(read_text_file(out + written[6]) == read_text_file(dir / ("data/" + written[6])));
}

TEST_CASE("VOC: a text that could not be kept is told, and written anew") {
  TempDir dir;
  const std::string path = write_source(dir);
  dir.write("data/Annotations/two.xml", changed(std::string(kTwo), "two.png", "two.png\x02"));
  Project project(dir / "errata.db");
  project.import(path);
  const std::string hash = project.version("v1");
  CHECK(kinds_of(project.put("v1", "voc", {.target = dir / "dry", .dry_run = true}).losses) ==
        "source-text:1 ");
  CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kCopy) == hash);
}

TEST_CASE("VOC: class names that XML cannot hold are told, and the files are XML") {
  TempDir dir;
  dir.write("data/a.png", picture(1));
  dir.write("data/set.json", R"({"images": [{"id": 1, "file_name": "a.png"}], "annotations": [
   {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
   {"id": 2, "image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4]}],
  "categories": [{"id": 1, "name": "d\u0001g\uFFFE\r"}, {"id": 2, "name": "a\r\nb <&>"}]})");
  Project project(dir / "errata.db");
  project.import(dir / "data/set.json");
  project.version("v1");
  const ExportReport report = project.put("v1", "voc", {.target = dir / "out"});
  CHECK(kinds_of(report.losses) == "class-name:1 ");
  const std::string text = read_text_file(dir / "out/Annotations/a.xml");
  CHECK(text.find("<name>d\xEF\xBF\xBDg\xEF\xBF\xBD&#13;</name>") != std::string::npos);
  CHECK(text.find('\x01') == std::string::npos);
  Project again(dir / "again.db");
  again.import(dir / "out");
  CHECK(again.issues.rejected() == 0);
  CHECK(store::require_class(again.db, "a\r\nb <&>") > 0);
}

TEST_CASE("VOC: pixels counted from 0 stay so, even where no box says it any more") {
  TempDir dir;
  const std::string path = write_source(dir);
  dir.write("data/Annotations/one.xml",
            changed(std::string(kOne), "<xmin>1</xmin><ymin>1<", "<xmin>0</xmin><ymin>0<"));
  Project project(dir / "errata.db");
  project.import(path);
  project.edit_objects({{.kind = store::ObjectEditKind::kDelete, .object = ids_of(project.db)[2]}});
  const std::string hash = project.version("v1");
  CHECK(hash_of_round_trip(project, dir, "v1", "voc", FileMode::kCopy) == hash);
}

TEST_CASE("VOC: what it cannot hold of COCO is told before, and kept in the manifest") {
  TempDir dir;
  dir.write("data/sub/a.png", picture(1));
  dir.write("data/a.png", picture(2));
  dir.write("data/a.jpg", picture(3));
  dir.write("data/set.json", R"({"images": [{"id": 1, "file_name": "a.png"},
    {"id": 2, "file_name": "sub/a.png"}, {"id": 3, "file_name": "a.jpg"}],
  "annotations": [
   {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
   {"id": 2, "image_id": 2, "category_id": 1, "bbox": [1, 1, 3, 2], "area": 6, "iscrowd": 1,
    "segmentation": {"size": [30, 40], "counts": [0, 3, 1197]}},
   {"id": 3, "image_id": 3, "category_id": 1, "bbox": [0.1, 1, 3, 2], "score": 0.5,
    "segmentation": [[1, 1, 4, 1, 4, 3]], "keypoints": [1, 1, 2]}],
  "categories": [{"id": 1, "name": "cat"}]})");
  Project project(dir / "errata.db");
  project.import(dir / "data/set.json");
  project.version("v1");
  const ExportReport dry = project.put("v1", "voc", {.target = dir / "out", .dry_run = true});
  std::string kinds;
  for (const Loss& loss : dry.losses) kinds += loss.kind + " ";
  CHECK(kinds == "mask crowd outline keypoints rounded-box other-fields ");
  std::string before;
  const ExportReport real = project.put("v1", "voc", {.target = dir / "out"});
  CHECK(real.losses.size() == dry.losses.size());
  const text::Json manifest = text::read_json_file(dir / "out/errata-manifest.json");
  const text::Json& lost = manifest.at("not_held");
  REQUIRE(lost.size() == 6);
  CHECK(lost.at(1).at("kind").as_string() == "crowd");
  CHECK(lost.at(1).at("count").as_int() == 1);
  CHECK(lost.at(1).at("objects").at(0).as_int() == object_ids(project.db)["2"]);
  CHECK(manifest.at("voc_origin").as_int() == 1);
  // Three images of one stem: each has an XML file of its own.
  Project again(dir / "again.db");
  again.import(dir / "out");
  CHECK(again.issues.rejected() == 0);
  CHECK(store::all_sample_files(again.db).size() == 3);
  const auto objects = store::read_object_texts(again.db, 0).objects;
  REQUIRE(objects.size() == 3);
  for (const auto& object : objects) CHECK(object.box_xywh_px[1] < 3);
}

TEST_CASE("COCO: what VOC's marks and poses lose in it is told") {
  TempDir dir;
  Project project(dir / "errata.db");
  project.import(write_source(dir));
  project.version("v1");
  const ExportReport report = project.put("v1", "coco", {.target = dir / "out"});
  CHECK(kinds_of(report.losses) == "truncated:1 difficult:1 other-fields:1 ");
  const text::Json json = text::read_json_file(dir / "out/annotations/instances_train.json");
  CHECK(json.at("annotations").size() == 3);
  CHECK(json.at("annotations").at(0).at("bbox").dump() == "[2.5, 3, 9.5, 17]");
  CHECK(json.at("categories").at(0).at("id").as_int() == 1);
}

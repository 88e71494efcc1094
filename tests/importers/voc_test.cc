// Pascal VOC: its traps, what is rejected, and that the texts kept give each file back. Which trap
// is tried where: decimals, order within bndbox, nested parts, a filename that is another's: "VOC
// counts from one"; which pixel is the first: "a box that begins at zero"; no size, a size of 0,
// names with blanks or in another case: "VOC without a size"; difficult: tests/cli/difficult.test.
#include "importers/voc.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "importers/registry.h"
#include "media/image.h"
#include "media/reader.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/temp_dir.h"
#include "text/xml.h"

namespace errata::importers {
namespace {

using test::TempDir;

void write_image(const TempDir& dir, const std::string& path, int width = 50, int height = 40) {
  const std::vector<uint8_t> png = media::encode_png(media::Image(width, height, 3));
  dir.write(path, {reinterpret_cast<const char*>(png.data()), png.size()});
}

std::string object_xml(const std::string& name, const std::string& box,
                       const std::string& more = "") {
  return fmt::format("  <object>\n    <name>{}</name>{}\n    <bndbox>{}</bndbox>\n  </object>\n",
                     name, more, box);
}

std::string box_xml(const std::string& x0, const std::string& y0, const std::string& x1,
                    const std::string& y1) {
  return fmt::format("<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>", x0, y0, x1,
                     y1);
}

std::string file_xml(const std::string& filename, const std::string& objects) {
  return fmt::format(
      "<annotation>\n  <filename>{}</filename>\n  <size><width>50</width><height>40</height>"
      "</size>\n{}</annotation>\n",
      filename, objects);
}

// The file as it came, out of the texts that were kept.
std::string put_together(const CollectingSink& sink, uint32_t sample) {
  std::string text;
  auto object = std::find_if(sink.object_records.begin(), sink.object_records.end(),
                             [&](const ObjectRecord& each) { return each.sample == sample; });
  for (const char c : sink.records[sample].raw_text) {
    if (c == SourceHeader::kObjectsMark) {
      text += (object++)->raw_text;
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("VOC counts from one and includes the last pixel; marks, splits and texts are kept") {
  const TempDir dir;
  write_image(dir, "JPEGImages/a.png");
  write_image(dir, "JPEGImages/b.png");
  write_image(dir, "JPEGImages/unlisted.png");
  const std::string a = file_xml(
      "other.png",
      // A part has a name and a box of its own; the corners stand in another order; a decimal.
      "  <object><part><name>head</name><bndbox>" + box_xml("9", "9", "9", "9") +
          "</bndbox></part><name>person</name><difficult>1</difficult><bndbox><xmax>30</xmax>"
          "<xmin>5</xmin><ymax>20</ymax><ymin>4.5</ymin></bndbox></object>\n" +
          object_xml("cat &amp; dog", box_xml("1", "1", "50", "40"), "<truncated>1</truncated>"));
  dir.write("Annotations/a.xml", a);
  dir.write("Annotations/b.xml", file_xml("b.png", ""));
  dir.write("ImageSets/Main/train.txt", "a\n");
  dir.write("ImageSets/Main/val.txt", "b \r\n");
  dir.write("ImageSets/Main/person_train.txt", "a  1\n");
  Imported result;
  import_into(result, VocImporter(), dir.path(), 2);
  REQUIRE(result.sink.records.size() == 2);
  CHECK(result.sink.records[0].path == "a.png");
  CHECK(result.sink.records[0].split == "train");
  CHECK(result.sink.records[1].split == "val");
  CHECK(result.sink.header.has_objects);
  CHECK(result.sink.header.classes[0].name == "cat & dog");
  REQUIRE(result.sink.object_records.size() == 2);
  const ObjectRecord& person = result.sink.object_records[0];
  CHECK(result.sink.header.classes[person.class_index].name == "person");
  CHECK(person.box_xywh_px == std::array<double, 4>{4, 3.5, 26, 16.5});
  CHECK(person.difficult);
  CHECK_FALSE(person.truncated);
  const ObjectRecord& whole = result.sink.object_records[1];
  CHECK(whole.box_xywh_px == std::array<double, 4>{0, 0, 50, 40});
  CHECK(whole.area_px == 2000);
  CHECK(whole.truncated);
  CHECK(put_together(result.sink, 0) == a);
  CHECK(result.issues.count_by_kind().at("voc-origin") == 1);
  CHECK(result.issues.count_by_kind().at("unlisted-image") == 1);
}

TEST_CASE("a box that begins at zero says that the source counts from zero; an option decides") {
  const TempDir dir;
  write_image(dir, "JPEGImages/a.png");
  write_image(dir, "JPEGImages/b.png");
  dir.write("Annotations/a.xml", file_xml("a.png", object_xml("x", box_xml("0", "3", "10", "9"))));
  dir.write("Annotations/b.xml", file_xml("b.png", object_xml("x", box_xml("5", "3", "10", "9"))));
  Imported result;
  import_into(result, VocImporter(), dir.path());
  CHECK(result.sink.object_records[1].box_xywh_px == std::array<double, 4>{5, 3, 5, 6});

  Imported asked;
  WorkerGroup workers(0);
  Progress progress;
  const CancelToken cancel;
  VocImporter().run({dir.path(), "", workers.as_parallel_for(), progress, cancel, asked.issues, 1},
                    asked.sink);
  CHECK(asked.sink.object_records[1].box_xywh_px == std::array<double, 4>{4, 2, 6, 7});
  CHECK(asked.issues.count_by_kind().count("voc-origin") == 0);
}

TEST_CASE("a source without a box says so, not where its boxes begin") {
  const TempDir dir;
  write_image(dir, "JPEGImages/a.png");
  write_image(dir, "JPEGImages/b.png");
  dir.write("Annotations/a.xml", file_xml("a.png", ""));
  dir.write("Annotations/b.xml", file_xml("b.png", "  <object><name>x</name></object>\n"));
  Imported none;
  import_into(none, VocImporter(), dir.path());
  CHECK(none.issues.count_by_kind().count("voc-origin") == 0);
  REQUIRE(none.issues.count_by_kind().at("no-boxes") == 1);
  CHECK(none.issues.issues()[0].message == "there are no boxes: none is in 2 XML files");
  // One box is enough to ask where it begins.
  dir.write("Annotations/b.xml", file_xml("b.png", object_xml("x", box_xml("5", "3", "10", "9"))));
  Imported one;
  import_into(one, VocImporter(), dir.path());
  CHECK(one.issues.count_by_kind().at("voc-origin") == 1);
  CHECK(one.issues.count_by_kind().count("no-boxes") == 0);
}

TEST_CASE("what is wrong in VOC files is rejected with the file and the object, and counted") {
  const TempDir dir;
  for (const char* name : {"a", "c", "sub/d"}) write_image(dir, fmt::format("photos/{}.png", name));
  dir.write("photos/broken.png", "no picture");
  dir.write("Annotations/a.xml",
            file_xml("a.png", object_xml("", box_xml("1", "1", "5", "5")) +
                                  "  <object><name>x</name></object>\n" +
                                  object_xml("x", box_xml("1", "nan", "5", "5")) +
                                  object_xml("x", box_xml("20", "1", "5", "5")) +
                                  object_xml("x", box_xml("6", "1", "5", "5")) +
                                  object_xml("good", box_xml("2", "2", "5", "5"))));
  dir.write("Annotations/broken.xml",
            file_xml("broken.png", object_xml("x", box_xml("1", "1", "5", "5"))));
  dir.write("Annotations/cut.xml", "<annotation><object><name>x");
  dir.write("Annotations/gone.xml",
            file_xml("gone.png", object_xml("x", box_xml("1", "1", "5", "5"))));
  dir.write("Annotations/other.xml", "<svg></svg>");
  // Found by its element, since no image has the stem, and in a folder below.
  dir.write("Annotations/renamed.xml",
            file_xml("d.jpg", object_xml("x", box_xml("1", "1", "5", "5"))));
  Imported result;
  import_into(result, VocImporter(), dir.path(), 1, dir / "photos");
  const auto kinds = result.issues.count_by_kind();
  CHECK(kinds.at("missing-class") == 1);
  CHECK(kinds.at("bad-box") == 2);
  CHECK(kinds.at("negative-box") == 1);
  CHECK(kinds.at("empty-box") == 1);  // taken, and told
  CHECK(kinds.at("bad-xml") == 2);
  CHECK(kinds.at("missing-image") == 1);
  CHECK(kinds.at("unknown-image") == 2);
  CHECK(kinds.at("unlisted-image") == 1);
  REQUIRE(result.sink.records.size() == 2);
  CHECK(result.sink.records[1].path == "sub/d.png");
  CHECK(result.sink.object_records.size() == 3);
}

TEST_CASE(
    "VOC without a size, with one of zero, names that differ in case; bad objects stay in place") {
  const TempDir dir;
  write_image(dir, "JPEGImages/a b.png");
  write_image(dir, "JPEGImages/c.png");
  const std::string none = "<annotation>" + object_xml(" Big dog ", box_xml("1", "1", "5", "5")) +
                           object_xml("x", box_xml("9", "1", "5", "5")) + "<!-- kept -->" +
                           object_xml("big dog", box_xml("2", "2", "5", "5")) + "</annotation>";
  dir.write("Annotations/a b.xml", none);
  dir.write("Annotations/c.xml",
            "<annotation><size><width>0</width><height>0</height></size></annotation>");
  Imported result;
  import_into(result, VocImporter(), dir.path());
  CHECK(result.sink.records.size() == 2);
  CHECK(result.count("size-mismatch") == 0);
  CHECK(result.count("similar-class") == 1);
  CHECK(result.count("negative-box") == 1);
  REQUIRE(result.sink.object_records.size() == 2);
  CHECK(result.sink.header.classes.names() == std::vector<std::string>{"Big dog", "big dog", "x"});
  // The object that was not taken is where it stood.
  CHECK(put_together(result.sink, 0) == none);
}

TEST_CASE("VOC is known by its XML, and a folder without images is told") {
  const TempDir dir;
  dir.write("Annotations/a.xml", file_xml("a.png", ""));
  CHECK(choose_importer(dir.path(), "auto").reader->name() == "voc");
  Imported result;
  CHECK_THROWS_AS(import_into(result, VocImporter(), dir.path()), Error);
  const TempDir other;
  other.write("Annotations/a.xml", "<svg></svg>");
  CHECK(VocImporter().detect(other.path()).confidence == 0);
  // VOC's folders with damaged files are not an image folder with a class Annotations.
  write_image(other, "JPEGImages/a.png");
  other.write("Annotations/a.xml", "<annotation><object><name>x");
  CHECK(choose_importer(other.path(), "auto").reader->name() == "voc");
  Imported damaged;
  import_into(damaged, VocImporter(), other.path());
  CHECK(damaged.count("bad-xml") == 1);
  CHECK(damaged.sink.records.empty());
}

TEST_CASE("names of a VOC list that have no XML file are told") {
  const TempDir dir;
  write_image(dir, "JPEGImages/a.png");
  dir.write("Annotations/a.xml", file_xml("a.png", ""));
  dir.write("ImageSets/Main/train.txt", "a\ngone\n\n../x\n");
  Imported result;
  import_into(result, VocImporter(), dir.path());
  REQUIRE(result.count("missing-xml") == 1);
  REQUIRE(result.sink.records.size() == 1);
  CHECK(result.sink.records[0].split == "train");
  for (const Issue& issue : result.issues.issues()) {
    if (issue.kind != "missing-xml") continue;
    CHECK(issue.message == "2 of its names have no XML file");
    CHECK(issue.text == "gone");
  }
}

TEST_CASE("XML says where its elements stand, and what is none says the byte") {
  const std::string text = "<?xml version=\"1.0\"?>\n<a><b k='1'/><c>x &lt; y</c></a>";
  const text::XmlElement root = text::parse_xml(text, "x");
  CHECK(root.child_text("c") == "x < y");
  CHECK(text.substr(root.begin, root.end - root.begin) == text.substr(22));
  const text::XmlElement& b = *root.child("b");
  CHECK(text.substr(b.begin, b.end - b.begin) == "<b k='1'/>");
  CHECK(root.child("d") == nullptr);
  try {
    text::parse_xml("<a><b></a>", "x");
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("byte") != std::string::npos);
  }
}

TEST_CASE("a VOC box too large for an area, and numbers that are none, are rejected") {
  const TempDir dir;
  write_image(dir, "JPEGImages/a.png");
  dir.write("Annotations/a.xml",
            file_xml("a.png", object_xml("x", box_xml("1", "1", "1e200", "1e200")) +
                                  object_xml("x", box_xml("+1", "1", "5", "5")) +
                                  object_xml("x", box_xml("1", "1", "5 px", "5")) +
                                  object_xml("x", box_xml(" 1.0 ", "1", "5e0", "5"))));
  Imported result;
  import_into(result, VocImporter(), dir.path());
  CHECK(result.issues.count_by_kind().at("bad-box") == 3);
  REQUIRE(result.sink.object_records.size() == 1);
  CHECK(result.sink.object_records[0].area_px == 25);
}

}  // namespace errata::importers

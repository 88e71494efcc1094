// COCO annotations and results. Which trap of the format is tried where:
//   ids as texts or floats, area missing, corners as box, negative, flat, vast and NaN boxes,
//   polygons of two points or nested, annotations of images that are not there, of unknown
//   categories, ids twice, no annotation at all: "the traps of the format"; what a missing area is,
//   an odd count of numbers: "an area that is missing"; one file under two ids, coco_url, absolute
//   paths: "one file under two ids", "called by absolute paths" and tests/cli/coco_traps.test;
//   backslashes, ../, a size that is not the file's: "images that are not there"; names twice, with
//   a blank, none: "categories of one name"; cut off: "a file that is cut off"; vast files: "what
//   is held while a file is read"
//
//   results: ids from 0, from 1, of the dataset: "category ids of the dataset"; an empty list,
//   scores as texts, counts as Python's bytes, no image: "what cannot be used"; leading zeros:
//   tests/cli/coco_traps.test
#include "importers/coco.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "importers/coco_results.h"
#include "importers/id_set.h"
#include "importers/registry.h"
#include "model/polygon_mask.h"
#include "model/shape.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/temp_dir.h"
#include "text/json_outline.h"

using namespace errata;
using namespace errata::importers;
using errata::test::TempDir;

namespace {

// A P5 picture of 20 x 10.
const std::string kImage = "P5\n20 10\n255\n" + std::string(200, 'x');

class ObjectSink : public CollectingSink {
 public:
  void objects(std::vector<ObjectRecord>&& batch) override {
    std::move(batch.begin(), batch.end(), std::back_inserter(all));
  }
  std::vector<ObjectRecord> all;
};

struct Read {
  TempDir dir;
  ObjectSink sink;
  IssueLog issues;
  std::string json;

  explicit Read(const std::string& annotations, const std::string& images = kTwo,
                const std::string& categories = kCategories, size_t threads = 0) {
    make_directories(dir / "images/sub");
    write_file_atomic(dir / "images/a.pgm", kImage);
    write_file_atomic(dir / "images/sub/b.pgm", kImage + "y");
    json = R"({"info": {"x": 1}, "images": [)" + images + R"(],
  "annotations": [)" +
           annotations + R"(], "categories": [)" + categories + "]}\n";
    write_file_atomic(dir / "a_val2017.json", json);
    WorkerGroup workers(threads);
    Progress progress;
    const CancelToken cancel;
    CocoImporter().run(
        {dir / "a_val2017.json", {}, workers.as_parallel_for(), progress, cancel, issues}, sink);
    CHECK(sink.records.size() + sink.all.size() + issues.rejected() == sink.seen);
  }
  size_t count(const std::string& kind) const {
    const auto counts = issues.count_by_kind();
    const auto found = counts.find(kind);
    return found == counts.end() ? 0 : found->second;
  }

  static inline const std::string kTwo =
      R"({"id": 7, "file_name": "a.pgm", "width": 20, "height": 10, "odd": [1, "]"]},
    {"id": 9, "file_name": "sub/b.pgm"})";
  static inline const std::string kCategories =
      R"({"id": 90, "name": "dog"}, {"id": 3, "name": "cat"})";
};

std::string object(const std::string& rest) {
  return R"({"id": 1, "image_id": 7, "category_id": 3, )" + rest + "}";
}

}  // namespace

TEST_CASE("COCO: classes by rank of id, objects with box, area, crowd, shape and raw text") {
  const Read read(
      R"({"id": 5, "image_id": 9, "category_id": 90, "bbox": [1, 1, 3, 2.5], "area": 6,
      "iscrowd": 1,
      "segmentation": {"size": [10, 20], "counts": [11, 2, 187]}, "note": "kept"},
   {"id": 4, "image_id": 7, "category_id": 3, "bbox": [0.1, 0.2, 0.3, 0.4],
      "area": 0.12, "iscrowd": 0,
      "segmentation": [[1, 1, 4, 1, 4, 3]], "keypoints": [1, 2, 2, 0, 0, 0]})",
      Read::kTwo, Read::kCategories, 1);
  CHECK(read.issues.rejected() == 0);
  CHECK(read.issues.warned() == 0);
  REQUIRE(read.sink.records.size() == 2);
  CHECK(read.sink.header.root == read.dir / "images");
  CHECK(read.sink.records[1].path == "sub/b.pgm");
  CHECK(read.sink.records[0].raw_id == "7");
  CHECK(read.sink.records[0].split == "val");
  CHECK(read.sink.header.classes[0].name == "cat");
  CHECK(read.sink.header.classes[1].raw_id == "90");
  REQUIRE(read.sink.all.size() == 2);
  const ObjectRecord& crowd = read.sink.all[0];
  CHECK(crowd.sample == 1);
  CHECK(crowd.class_index == 1);
  CHECK(crowd.crowd);
  CHECK(crowd.raw_id == "5");
  CHECK(crowd.box_xywh_px == std::array<double, 4>{1, 1, 3, 2.5});
  CHECK(decode_shape(crowd.shape).mask == MaskRuns{10, 20, {11, 2, 187}});
  const Shape shape = decode_shape(read.sink.all[1].shape);
  CHECK(shape.polygons[0].size() == 6);
  CHECK(shape.keypoints.size() == 6);
  // The document with the raw texts in place of its marks is the file, byte for byte.
  std::string text;
  for (const char c : read.sink.header.documents[0].text) {
    if (c == SourceHeader::kImagesMark) {
      for (const SampleRecord& record : read.sink.records) text += record.raw_text;
    } else if (c == SourceHeader::kObjectsMark) {
      for (const ObjectRecord& record : read.sink.all) text += record.raw_text;
    } else {
      text += c;
    }
  }
  CHECK(text == read.json);
}

TEST_CASE("COCO: the traps of the format are told, and nothing is lost unsaid") {
  CHECK(Read(object(R"("bbox": [1, 1, NaN, 2])")).count("bad-box") == 1);
  CHECK(Read(object(R"("bbox": [1, 1, -3, 2])")).count("negative-box") == 1);
  CHECK(Read(object(R"("bbox": [1, 1, 0, 2])")).count("empty-box") == 1);
  CHECK(Read(object(R"("bbox": [1, 1, 2])")).count("bad-box") == 1);
  for (const char* outside : {"20, 1, 5, 5", "1, 10, 5, 5", "-5, 1, 5, 5", "1, -9, 5, 5"}) {
    const Read read(object(fmt::format(R"("bbox": [{}])", outside)));
    CHECK(read.count("box-outside") == 1);
    CHECK(read.sink.all.size() == 1);  // taken, and told
  }
  CHECK(Read(object(R"("bbox": [19, 9, 5, 5])")).count("box-outside") == 0);  // a pixel is on it
  CHECK(Read(object(R"("bbox": [0, 0, 0, 0])")).count("box-outside") == 0);   // empty, told once
  CHECK(Read(object(R"("area": 3)")).count("missing-box") == 1);
  CHECK(Read(R"({"id": 1, "image_id": 8, "category_id": 3, "bbox": [1, 1, 2, 2]})")
            .count("unknown-image") == 1);
  CHECK(Read(R"({"id": 1, "image_id": 7, "category_id": 4, "bbox": [1, 1, 2, 2]})")
            .count("unknown-category") == 1);
  const Read texts(R"({"id": "x", "image_id": "7", "category_id": 3.0, "bbox": [1, 1, 2, 3]})");
  CHECK(texts.count("odd-id") == 1);
  CHECK(texts.count("derived-area") == 1);
  REQUIRE(texts.sink.all.size() == 1);
  CHECK(texts.sink.all[0].area_px == 6);
  const Read short_polygon(
      object(R"("bbox": [1, 1, 2, 2], "area": 4, "segmentation": [[1, 1, 2, 2]])"));
  CHECK(short_polygon.count("bad-polygon") == 1);
  CHECK(short_polygon.sink.all.size() == 1);
  const Read pairs(object(R"("area": 4, "segmentation": [[1, 1], [3, 1], [3, 3], [1, 3]])"));
  CHECK(pairs.count("nested-polygon") == 1);
  REQUIRE(pairs.sink.all.size() == 1);
  CHECK(pairs.sink.all[0].box_xywh_px == std::array<double, 4>{1, 1, 2, 2});
  CHECK(Read(object(R"("bbox": [1, 1, 2, 2], "area": 4, "segmentation": {"size": [10, 20],
      "counts": "52"})"))
            .count("bad-mask") == 1);
  CHECK(Read(object(R"("bbox": [1, 1, 2, 2], "area": 4)") + "," +
             object(R"("bbox": [1, 1, 2, 2], "area": 4)"))
            .count("duplicate-annotation-id") == 1);
  const Read other_size(object(R"("bbox": [1, 1, 2, 2], "area": 4, "segmentation": {"size": [4, 5],
      "counts": [5, 2, 13]})"));
  CHECK(other_size.count("mask-size") == 1);
  REQUIRE(other_size.sink.all.size() == 1);
  CHECK(other_size.sink.all[0].shape.empty());
  CHECK(other_size.sink.all[0].box_xywh_px == std::array<double, 4>{1, 1, 2, 2});
  const Read only_mask(object(R"("area": 4, "segmentation": {"size": [4, 5],
      "counts": [5, 2, 13]})"));
  CHECK(only_mask.count("mask-size") == 1);
  CHECK(only_mask.sink.all.empty());
  CHECK(Read("").sink.all.empty());
  CHECK(Read(object(R"("bbox": [1, 1, 1e200, 1e200], "area": 4)")).count("bad-box") == 1);
  CHECK(Read(object(R"("segmentation": [[0, 0, 1e200, 0, 1e200, 1e200]])")).count("bad-box") == 1);
  const Read negative(object(R"("bbox": [1, 1, 2, 3], "area": -4)"));
  CHECK(negative.count("derived-area") == 1);
  REQUIRE(negative.sink.all.size() == 1);
  CHECK(negative.sink.all[0].area_px == 6);
  const Read vast_polygon(
      object(R"("bbox": [1, 1, 2, 3], "segmentation": [[0, 0, 1e200, 0, 1e200, 1e200]])"));
  REQUIRE(vast_polygon.sink.all.size() == 1);
  CHECK(vast_polygon.sink.all[0].area_px == 6);
  std::string corners;
  for (int i = 0; i < 5; ++i) {
    corners += (i > 0 ? "," : "") + object(R"("bbox": [12, 6, 19, 9], "area": 9)");
  }
  CHECK(Read(corners).count("corners-as-box") == 1);
}

TEST_CASE("COCO: an area that is missing is that of the mask, as pycocotools draws it") {
  // The shoelace says 10.705, a mask has whole pixels.
  const Read polygon(
      object(R"("bbox": [1, 1, 6, 5], "segmentation": [[1.2, 1.2, 6.7, 2.1, 4.3, 5.6]])"));
  REQUIRE(polygon.sink.all.size() == 1);
  const Shape shape = decode_shape(polygon.sink.all[0].shape);
  CHECK(polygon.sink.all[0].area_px ==
        static_cast<double>(mask_area(mask_of_polygon(shape.polygons[0], 10, 20))));
  CHECK(polygon.sink.all[0].area_px == std::floor(polygon.sink.all[0].area_px));
  // Parts that overlap are counted once.
  const Read parts(
      object(R"("bbox": [1, 1, 4, 4], "segmentation": [[1,1,5,1,5,5,1,5], [1,1,5,1,5,5,1,5]])"));
  CHECK(parts.sink.all[0].area_px == 16);
  const Read runs(object(R"("segmentation": {"size": [10, 20], "counts": [11, 2, 187]})"));
  CHECK(runs.sink.all[0].area_px == 2);
  CHECK(runs.sink.all[0].box_xywh_px == std::array<double, 4>{1, 1, 1, 2});
  const Read text(object(R"("area": 2, "segmentation": {"size": [10, 20], "counts": ")" +
                         rle_to_string({10, 20, {11, 2, 187}}) + "\"}"));
  CHECK(decode_shape(text.sink.all[0].shape).mask == MaskRuns{10, 20, {11, 2, 187}});
  const Read odd(object(R"("bbox": [1, 1, 2, 2], "area": 4, "segmentation": [[1,1,3,1,3,3,1]])"));
  CHECK(odd.count("bad-polygon") == 1);
}

TEST_CASE("COCO: categories of one name, of one id, without a name, with a blank") {
  const Read read(object(R"("bbox": [1, 1, 2, 2], "area": 4)"), Read::kTwo,
                  R"({"id": 3, "name": "cat "}, {"id": 4, "name": "cat "}, {"id": 5, "name": "dog"},
      {"id": 5, "name": "cow"}, {"id": 6})");
  CHECK(read.count("duplicate-category") == 2);
  CHECK(read.count("blank-in-category") == 2);
  CHECK(read.count("unnamed-category") == 1);
  REQUIRE(read.sink.all.size() == 1);
  CHECK(read.sink.header.classes[read.sink.all[0].class_index].name == "cat ");
}

TEST_CASE(
    "COCO: one file under two ids comes twice, for the store to tell; URLs and bare names help") {
  const Read read(R"({"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 1, 2, 2], "area": 4},
      {"id": 2, "image_id": 8, "category_id": 3, "bbox": [2, 2, 2, 2], "area": 4})",
                  R"({"id": 7, "file_name": "a.pgm"}, {"id": 8, "file_name": "a.pgm"},
      {"id": 9, "file_name": "/elsewhere/sub/b.pgm", "coco_url": "http://x/sub/b.pgm"},
      {"id": 10, "file_name": "lost.pgm", "coco_url": "http://x/a.pgm"})");
  REQUIRE(read.sink.records.size() == 3);
  CHECK(read.sink.records[1].path == "a.pgm");
  CHECK(read.sink.records[2].path == "a.pgm");
  REQUIRE(read.sink.all.size() == 2);
  CHECK(read.sink.all[1].sample == 1);
  CHECK(read.count("missing-image") == 1);  // only the last part of a foreign path is tried
}

TEST_CASE("COCO: a file that is something else says what it is") {
  const TempDir dir;
  const CocoImporter importer;
  const auto reason = [&](const std::string& text) {
    dir.write("some.json", text);
    const DetectResult result = importer.detect(dir / "some.json");
    CHECK(result.confidence == 0);
    return result.reason;
  };
  CHECK(reason("") == "an empty file");
  CHECK(reason(" \n") == "an empty file");
  CHECK(reason(std::string("\0\1", 2)) == "not JSON");
  CHECK(reason("[{\"image_id\": 1}]") == "a JSON list; `errata predictions` takes COCO results");
  CHECK(reason("{\"version\": 1}") == "a JSON without images and annotations");
  CHECK(importer.detect(dir / "none.json").reason == "it cannot be read");
}

TEST_CASE("COCO: images called by absolute paths lie anywhere") {
  TempDir elsewhere;
  for (const char* name : {"one/a.pgm", "two/sub/b.pgm", "three/c.pgm"}) {
    make_directories(std::string(parent_path(elsewhere / name)));
    write_file_atomic(elsewhere / name, kImage + name);
  }
  // The third is met after the root was guessed from the first names.
  std::string images = R"({"id": 7, "file_name": ")" + (elsewhere / "one/a.pgm") + "\"}";
  for (int i = 0; i < 100; ++i) {
    images += fmt::format(R"(, {{"id": {}, "file_name": "{}"}})", 1000 + i,
                          elsewhere / (i == 99 ? "three/c.pgm" : "two/sub/b.pgm"));
  }
  const Read read(object(R"("bbox": [1, 1, 2, 2], "area": 4)"), images);
  CHECK(read.issues.rejected() == 0);
  CHECK(read.sink.header.root == elsewhere.path());
  REQUIRE(read.sink.records.size() == 101);
  CHECK(read.sink.records[0].path == "one/a.pgm");
  CHECK(read.sink.records[100].path == "three/c.pgm");
  CHECK(read.sink.all.size() == 1);
  // One among many that lie below the images' folder.
  std::string mixed = Read::kTwo;
  for (int i = 0; i < 100; ++i) {
    mixed += fmt::format(R"(, {{"id": {}, "file_name": "a.pgm"}})", 1000 + i);
  }
  mixed += R"(, {"id": 5, "file_name" : ")" + (elsewhere / "one/a.pgm") + "\"}";
  const Read also(object(R"("bbox": [1, 1, 2, 2], "area": 4)"), mixed);
  CHECK(also.issues.rejected() == 0);
  CHECK(also.sink.records.size() == 103);
}

TEST_CASE("COCO: an annotation of a rejected image is told from one whose image nobody lists") {
  const Read read(R"({"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 2, 2]},
      {"id": 2, "image_id": 5, "category_id": 3, "bbox": [1, 1, 2, 2]},
      {"id": 3, "image_id": 7, "category_id": 3, "bbox": [1, 1, 2, 2]})",
                  R"({"id": 1, "file_name": "gone.pgm"}, {"id": 7, "file_name": "a.pgm"})");
  REQUIRE(read.count("unknown-image") == 2);
  for (const Issue& issue : read.issues.issues()) {
    if (issue.kind != "unknown-image") continue;
    CHECK(issue.message == (issue.text == "1" ? "the image of the annotation was rejected"
                                              : "no image has this id"));
  }
  CHECK(read.sink.all.size() == 1);
}

TEST_CASE("COCO: images that are not there, twice there, elsewhere or outside") {
  const Read read(object(R"("bbox": [1, 1, 2, 2], "area": 4)"),
                  R"({"id": 1, "file_name": "gone.pgm"}, {"id": 2, "file_name": "../x.pgm"},
      {"id": 7, "file_name": "a.pgm"}, {"id": 7, "file_name": "sub/b.pgm"},
      {"id": 8, "file_name": "sub\\b.pgm", "width": 10, "height": 20}, {"id": 9})");
  CHECK(read.count("missing-image") == 1);
  CHECK(read.count("unsafe-path") == 1);
  CHECK(read.count("duplicate-image-id") == 1);
  CHECK(read.count("bad-image") == 1);
  CHECK(read.count("size-mismatch") == 1);
  CHECK(read.sink.records.size() == 2);
  CHECK(read.sink.all.size() == 1);
}

TEST_CASE("COCO: annotations that are no list or stand twice are an error, not a dataset without") {
  const TempDir dir;
  write_file_atomic(dir / "a.pgm", kImage);
  const std::string images = R"("images": [{"id": 1, "file_name": "a.pgm"}])";
  const auto error_of = [&](const std::string& rest) -> std::string {
    write_file_atomic(dir / "a.json", "{" + images + R"(, "categories": [], )" + rest + "}");
    ObjectSink sink;
    IssueLog issues;
    Progress progress;
    const CancelToken cancel;
    try {
      CocoImporter().run({dir / "a.json", {}, serial_for, progress, cancel, issues}, sink);
    } catch (const Error& error) {
      CHECK(error.category() == ErrorCategory::kBadInput);
      CHECK_FALSE(sink.begun);
      return error.what();
    }
    return "";
  };
  CHECK(error_of(R"("annotations": [])").empty());
  CHECK(error_of(R"("annotations": null)").find("no list") != std::string::npos);
  CHECK(error_of(R"("annotations": {"1": {}})").find("no list") != std::string::npos);
  CHECK(error_of(R"("annotations": [], "annotations": [])").find("a second \"annotations\"") !=
        std::string::npos);
  CHECK(error_of(R"("annotations": null, "annotations": [])").find("second") != std::string::npos);
  CHECK(error_of(R"("annotations": [], )" + images).find("a second \"images\"") !=
        std::string::npos);
  CHECK(error_of(R"("annotations": [], "info": 1, "info": 2)").empty());
}

TEST_CASE("COCO: a file that is cut off says where, and hands nothing over") {
  const TempDir dir;
  write_file_atomic(dir / "a.pgm", kImage);
  std::string json = R"({"images": [{"id": 1, "file_name": "a.pgm"}], "annotations": [)";
  for (int i = 0; i < 1000; ++i) json += R"({"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4]},)";
  json.resize(20'000);
  write_file_atomic(dir / "a.json", json);
  ObjectSink sink;
  IssueLog issues;
  Progress progress;
  const CancelToken cancel;
  try {
    CocoImporter().run({dir / "a.json", {}, serial_for, progress, cancel, issues}, sink);
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kBadInput);
    CHECK(std::string(error.what()).find("byte 20000") != std::string::npos);
  }
  CHECK_FALSE(sink.begun);
}

namespace {

// Takes what comes and keeps nothing.
class CountingSink : public SampleSink {
 public:
  void begin(const SourceHeader&) override {}
  void samples(std::vector<SampleRecord>&& batch) override { samples_seen += batch.size(); }
  void objects(std::vector<ObjectRecord>&& batch) override { objects_seen += batch.size(); }
  void end(uint64_t) override {}
  size_t samples_seen = 0;
  size_t objects_seen = 0;
};

// A file of `count` annotations in one image, and the most that was held while it was read.
uint64_t held_for(size_t count, uint64_t memory_bytes, size_t threads) {
  const TempDir dir;
  write_file_atomic(dir / "a.pgm", kImage);
  std::string json =
      R"({"images": [{"id": 1, "file_name": "a.pgm"}], "categories": [{"id": 1, "name": "x"}],)"
      R"("annotations": [)";
  for (size_t i = 0; i < count; ++i) {
    json += fmt::format(R"({}{{"id": {}, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4],)"
                        R"("segmentation": [[1, 2, 4, 2, 4, 6, 1.5, 6.25]], "extra": "kept"}})",
                        i == 0 ? "" : ", ", i + 1);
  }
  const std::string path = dir / "a.json";
  write_file_atomic(path, json + "]}");
  CHECK((count < 1000 || json.size() > 2 * memory_bytes));
  WorkerGroup workers(threads);
  IssueLog issues;
  Progress progress;
  const CancelToken cancel;
  CountingSink sink;
  MemoryGauge held;
  CocoImporter().run(
      {path, {}, workers.as_parallel_for(), progress, cancel, issues, -1, memory_bytes, &held},
      sink);
  CHECK(sink.objects_seen == count);
  return held.most_bytes();
}

}  // namespace

TEST_CASE("what is held while a file is read has a bound that does not grow with the file") {
  constexpr uint64_t kBound = uint64_t{1} << 20;
  for (const size_t threads : {0, 2}) {
    const uint64_t small = held_for(20'000, kBound, threads);
    const uint64_t large = held_for(200'000, kBound, threads);
    CHECK(small > kBound / 20);
    CHECK(small <= kBound);
    CHECK(large <= kBound);
  }
}

TEST_CASE("ids seen before are known, numbers in any order and texts alike") {
  IdSet ids;
  for (int64_t i = 0; i < 200'000; ++i) {
    // A walk through 0..262,143 that meets each once.
    REQUIRE(ids.insert(std::to_string((i * 100'003) % 262'144)));
  }
  CHECK(ids.held_bytes() < 40'000);
  CHECK_FALSE(ids.insert("100003"));
  CHECK(ids.insert("900100000001"));
  CHECK_FALSE(ids.insert("900100000001"));
  CHECK(ids.insert("-5"));
  CHECK_FALSE(ids.insert("-5"));
  CHECK(ids.insert("007"));
  CHECK(ids.insert("a"));
  CHECK_FALSE(ids.insert("a"));
  CHECK_FALSE(ids.insert("007"));
}

TEST_CASE("an outline checks brackets, commas and strings, and finds each element") {
  const text::JsonCut keys[] = {{"a", 1}};
  const std::string text = R"({"b": {"a": [1]}, "a": [ {"x": "]\"}"}, 5 ,[]] })";
  const text::JsonOutline outline = text::outline_json(text, keys, "x");
  REQUIRE(outline.array("a") != nullptr);
  CHECK(outline.array("a")->elements == 3);
  CHECK(outline.array("a")->spans.size() == 3);
  CHECK(outline.members.size() == 2);
  const text::JsonSpan& second = outline.array("a")->spans[1];
  text::JsonElements elements(
      std::string_view(text).substr(second.begin, second.end - second.begin));
  double number = 0;
  REQUIRE(elements.next([&](text::JsonCursor& cursor) { return cursor.number(number); }));
  CHECK(elements.good());
  CHECK(number == 5);
  CHECK(elements.raw() == ", 5");
  CHECK_FALSE(elements.next([&](text::JsonCursor& cursor) { return cursor.number(number); }));
  for (const char* bad : {"", "5", "{\"a\": [1, 2}", "{\"a\": [1 2]}", "[1,]", "{\"a\": \"x}",
                          "[1] 2", "{\"a\" 1}", "[[1]", "{\"a\": 1,}"}) {
    CHECK_THROWS_AS(text::outline_json(bad, keys, "x"), Error);
  }
}

namespace {

struct ReadResults {
  TempDir dir;
  IssueLog issues;
  MemoryGauge held;

  struct Sink : PredictionSink {
    PredictionHeader header;
    std::vector<std::string> keys;
    DetectionBatch all;
    uint64_t seen = 0;
    void begin(const PredictionHeader& given) override { header = given; }
    void rows(PredictionBatch&& batch) override {
      for (size_t i = 0; i < batch.detections.size(); ++i) {
        keys.push_back(batch.keys[batch.detections.key[i]]);
        all.class_index.push_back(batch.detections.class_index[i]);
        all.box_xywh_px.push_back(batch.detections.box_xywh_px[i]);
        all.confidence.push_back(batch.detections.confidence[i]);
        all.shape.push_back(batch.detections.shape.empty() ? "" : batch.detections.shape[i]);
      }
    }
    void end(uint64_t given_seen) override { seen = given_seen; }
  } found;

  ReadResults(const std::string& json, const ClassMap& classes, const std::string& base = {},
              uint64_t memory_bytes = kImportMemoryBytes, size_t threads = 1) {
    write_file_atomic(dir / "r.json", json);
    WorkerGroup workers(threads);
    Progress progress;
    const CancelToken cancel;
    PredictionInput input{dir / "r.json", {}, {}, {}, classes, false, progress, cancel, issues};
    input.category_base = base;
    input.parallel_for = workers.as_parallel_for();
    input.memory_bytes = memory_bytes;
    input.held = &held;
    CocoResultsReader().run(input, found);
    CHECK(found.keys.size() + issues.rejected() == found.seen);
  }
};

std::string result(const std::string& image, int category, const std::string& rest = {}) {
  return R"({"image_id": )" + image + R"(, "category_id": )" + std::to_string(category) +
         R"(, "bbox": [1.0, 2.0, 3.0, 4.0], "score": 0.91)" + rest + "}";
}

ClassMap named(const std::vector<std::string>& raw_ids) {
  ClassMap classes;
  for (const std::string& id : raw_ids) classes.add("class " + id, id);
  return classes;
}

}  // namespace

TEST_CASE("COCO results: category ids of the dataset, from 0, from 1, and where both fit") {
  const ClassMap gaps = named({"3", "90"});
  CHECK(ReadResults("[" + result("7", 90) + "]", gaps).found.all.class_index[0] == 1);
  CHECK(ReadResults("[" + result("7", 0) + "," + result("7", 1) + "]", gaps)
            .found.all.class_index[1] == 1);
  const ClassMap plain({"a", "b", "c"});
  CHECK(ReadResults("[" + result("7", 0) + "]", plain).found.all.class_index[0] == 0);
  CHECK(ReadResults("[" + result("7", 3) + "]", plain).found.all.class_index[0] == 2);
  CHECK_THROWS_AS(ReadResults("[" + result("7", 1) + "]", plain), Error);
  CHECK(ReadResults("[" + result("7", 1) + "]", plain, "0").found.all.class_index[0] == 1);
  // Ultralytics writes file_name only since it counts from 1.
  const ReadResults named_file("[" + result("\"b\"", 1, R"(, "file_name": "b.jpg")") + "]", plain);
  CHECK(named_file.found.all.class_index[0] == 0);
  CHECK(named_file.found.keys[0] == "b.jpg");
}

TEST_CASE("COCO results: what cannot be used is rejected with its byte") {
  const ClassMap plain({"a", "b"});
  const ReadResults read(
      "[" + result("7", 0) + R"(, {"image_id": 1, "category_id": 0, "bbox": [1, 2, 3], "score": 1},
     {"image_id": 1, "category_id": 0, "bbox": [1, 2, 3, 4]},
     {"image_id": 1, "category_id": 0, "bbox": [1, 2, 3, 4], "score": "0.5"},
     {"category_id": 0, "bbox": [1, 2, 3, 4], "score": 0.5},
     {"image_id": 1, "category_id": 0, "score": NaN, "bbox": [1, 2, 3, 4]}])",
      plain);
  CHECK(read.found.keys.size() == 2);
  CHECK(read.found.all.confidence[1] == 0.5);
  CHECK(read.issues.rejected() == 4);
  const ReadResults vast(
      R"([{"image_id": 7, "category_id": 1, "bbox": [0, 0, 1e200, 1e200], "score": 1}])", plain,
      "0");
  CHECK(vast.issues.count_by_kind().at("bad-box") == 1);
  const ReadResults odd(R"([
      {"image_id": 7, "category_id": 0, "bbox": [1e300, 0, 1, 1], "score": 1},
      {"image_id": 7, "category_id": 0, "bbox": [0, 0, 1, 1], "score": 1.8},
      {"image_id": 7, "category_id": 0, "bbox": [0, 0, 1, 1], "score": -0.2},
      {"image_id": 7, "category_id": 0, "bbox": [0, 0, 0, 0], "score": 0.5}])",
                        plain, "0");
  CHECK(odd.issues.count_by_kind().at("bad-box") == 1);
  CHECK(odd.issues.count_by_kind().at("bad-score") == 2);
  CHECK(odd.issues.count_by_kind().at("empty-box") == 1);
  CHECK(odd.found.keys.size() == 1);
  const ReadResults bytes(
      R"([{"image_id": 7, "category_id": 0, "bbox": [1, 1, 1, 2], "score": 1, "segmentation":
        {"size": [10, 20], "counts": "b')" +
          rle_to_string({10, 20, {11, 2, 187}}) + R"('"}}])",
      plain, "0");
  CHECK(bytes.issues.count_by_kind().at("bytes-as-text") == 1);
  CHECK(bytes.found.keys.size() == 1);
  const ReadResults empty("[]", plain);
  CHECK(empty.found.seen == 0);
  const std::string before = "[" + result("7", 0) + ", ";
  const ReadResults unknown(before + result("7", 5) + "]", plain, "0");
  REQUIRE(unknown.issues.issues().size() == 1);
  CHECK(unknown.issues.issues()[0].kind == "unknown-category");
  CHECK(unknown.issues.issues()[0].place == fmt::format("byte {}", before.size()));
}

TEST_CASE("COCO results that are held in part give what the whole gives, all told once") {
  std::string json = "[";
  const auto add = [&](const std::string& text) { json += (json.size() > 1 ? ",\n" : "") + text; };
  constexpr size_t kRows = 30'000;
  for (size_t i = 0; i < kRows; ++i) {
    const std::string image = std::to_string(i * 7919 % 500);
    std::string rest = fmt::format(R"(, "n": {})", i);
    // The first outline, the first row of one class and rows without use come late in the file.
    if (i > kRows / 2 && i % 3 == 0) rest += R"(, "segmentation": [[1, 2, 4, 2, 4, 6, 1.5, 6.25]])";
    if (i % 1000 == 999) {
      add(R"({"image_id": 1, "category_id": 0, "bbox": [1, 2, 3], "score": 1})");
    } else if (i % 1000 == 500) {
      add(result(image, 77, rest));
    } else {
      add(result(image, i + 10 < kRows ? static_cast<int>(i % 2) : 2, rest));
    }
  }
  add(R"({"image_id": 1, "bbox": [NaN, 1, 2, 3], broken})");
  json += "]";
  const ClassMap classes({"a", "b", "c"});
  const ReadResults whole(json, classes, "0", uint64_t{1} << 30, 0);
  CHECK(whole.found.seen == kRows + 1);
  CHECK(whole.issues.count_by_kind().at("unknown-category") == kRows / 1000);
  CHECK(whole.issues.count_by_kind().at("bad-result") == 1);
  CHECK(whole.found.keys.size() == kRows - 2 * kRows / 1000);
  constexpr uint64_t kBound = uint64_t{1} << 20;
  CHECK(json.size() > 2 * kBound);
  for (const size_t threads : {0, 2}) {
    const ReadResults part(json, classes, "0", kBound, threads);
    CHECK(part.held.most_bytes() > kBound / 20);
    CHECK(part.held.most_bytes() <= kBound);
    CHECK(part.found.seen == whole.found.seen);
    CHECK(part.found.keys == whole.found.keys);
    CHECK(part.found.all.class_index == whole.found.all.class_index);
    CHECK(part.found.all.shape == whole.found.all.shape);
    const auto told = [](const ReadResults& read) {
      std::multiset<std::string> all;
      for (const Issue& issue : read.issues.issues()) all.insert(issue.kind + issue.place);
      return all;
    };
    CHECK(told(part) == told(whole));
  }
}

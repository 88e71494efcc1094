// YOLO: data.yaml in its forms, rows in theirs, and that the texts kept give each file back. Which
// trap of the format is tried where:
//   boxes among polygons: "polygons, and a box among them"; six columns, decimal commas, pixels,
//   blanks, marks, comments, CRLF: "bad rows are rejected"; classes from 1, labels.cache, labels
//   without image, images too small: "classes that look counted from one"; .TXT, images twice in
//   the path: "without data.yaml"; Windows' and foreign paths, ../: "data.yaml: names"; repeats: "a
//   row that is dropped"; EXIF: "labels of an image that EXIF turns". That a JPEG lacks its end is
//   told by every importer alike (imagefolder_test.cc).
#include "importers/yolo.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "importers/class_list.h"
#include "importers/registry.h"
#include "importers/yolo_layout.h"
#include "importers/yolo_predictions.h"
#include "media/image.h"
#include "media/reader.h"
#include "model/shape.h"
#include "model/upright.h"
#include "tests/importers/yolo_parts.h"
#include "tests/support/temp_dir.h"

namespace errata::importers {
namespace {

using test::TempDir;

void write_image(const TempDir& dir, const std::string& path, int width = 100, int height = 50) {
  const std::vector<uint8_t> png = media::encode_png(media::Image(width, height, 3));
  dir.write(path, {reinterpret_cast<const char*>(png.data()), png.size()});
}

// One image with these labels below a data.yaml of two classes.
void write_one(const TempDir& dir, const std::string& labels, const std::string& yaml = "") {
  write_image(dir, "images/a.png");
  dir.write("labels/a.txt", labels);
  dir.write("data.yaml", "train: images\nval: images\nnames: [cat, dog]\n" + yaml);
}

TEST_CASE("normalised centres become pixels, names and splits are kept") {
  const TempDir dir;
  write_image(dir, "ds/images/train/b.png");
  write_image(dir, "ds/images/val/empty.png");
  write_image(dir, "ds/images/val/none.png");
  dir.write("ds/labels/train/b.txt", "0 0.2 0.3 0.2 0.4\n1 0.5 0.5 1 1\n");
  dir.write("ds/labels/val/empty.txt", "");
  const std::string yaml =
      "path: ../ds\ntrain: images/train\nval: images/val\nnames: {0: cat, 1: dog}\n";
  dir.write("ds/data.yaml", yaml);
  for (const std::string& path : {dir / "ds", dir / "ds/data.yaml"}) {
    Imported result;
    CHECK(choose_importer(path).reader->name() == "yolo");
    import_into(result, YoloImporter(), path, 2);
    CHECK(root_of(result) == dir / "ds");
    REQUIRE(result.sink.records.size() == 3);
    CHECK(result.sink.records[0].path == "images/train/b.png");
    CHECK(result.sink.records[0].split == "train");
    CHECK(result.sink.records[2].split == "val");
    CHECK(result.sink.header.classes.names() == std::vector<std::string>{"cat", "dog"});
    CHECK(result.sink.header.classes[1].raw_id == "1");
    REQUIRE(result.sink.header.documents.size() == 1);
    CHECK(result.sink.header.documents[0].text == yaml);
    REQUIRE(result.sink.object_records.size() == 2);
    const ObjectRecord& cat = result.sink.object_records[0];
    CHECK(cat.class_index == 0);
    CHECK(cat.box_xywh_px == std::array<double, 4>{10, 5, 20, 20});
    CHECK(cat.area_px == 400);
    CHECK(cat.shape.empty());
    CHECK(result.sink.object_records[1].box_xywh_px == std::array<double, 4>{0, 0, 100, 50});
    CHECK(put_together(result, 0) == "0 0.2 0.3 0.2 0.4\n1 0.5 0.5 1 1\n");
    CHECK(result.sink.records[1].raw_text.empty());
    CHECK(result.sink.records[2].raw_text == std::string(1, SourceHeader::kNoFileMark));
    CHECK(result.count("missing-labels") == 1);
    CHECK(result.issues.rejected() == 0);
  }
}

TEST_CASE("data.yaml: names as list, numbered or counted; paths; what it says wrong is told") {
  const TempDir dir;
  write_image(dir, "ds/train/images/b.png");
  write_image(dir, "ds/train/images/a.png");
  write_image(dir, "ds/valid/images/c.png");
  write_image(dir, "ds/more/d.png");
  dir.write("ds/train/labels/a.txt", "0 0.5 0.5 0.5 0.5\n");
  dir.write("ds/more/d.txt", "1 0.5 0.5 0.5 0.5\n");
  const auto read = [&](const std::string& yaml, Imported& result) {
    import_into(result, YoloImporter(), dir.write("ds/data.yaml", yaml));
  };
  SUBCASE("Roboflow's ../ too many, `validation`, a list of folders, Norway and numbers") {
    Imported result;
    read(
        "train: [../train/images, more]\nvalidation: ../valid/images\nnc: 2\n"
        "names:\n- no\n- 007\n",
        result);
    CHECK(root_of(result) == dir / "ds");
    CHECK(result.sink.header.classes.names() == std::vector<std::string>{"no", "007"});
    REQUIRE(result.sink.records.size() == 4);
    // By full path within a split, whatever the order of the folders.
    CHECK(result.sink.records[0].path == "more/d.png");
    CHECK(result.sink.records[1].path == "train/images/a.png");
    CHECK(result.sink.records[3].split == "val");
    CHECK(result.sink.object_records.size() == 2);
  }
  SUBCASE("only nc; a path of another machine; a split that is not there") {
    Imported result;
    read("path: /home/somebody/ds\ntrain: train\\images\nval: gone\ntest:\nnc: 2\n", result);
    CHECK(result.sink.header.classes.names() == std::vector<std::string>{"class_0", "class_1"});
    CHECK(result.sink.records.size() == 2);
    CHECK(result.count("dataset-path") == 1);
    CHECK(result.count("missing-split") == 1);
  }
  SUBCASE("without train or val Ultralytics does not train; without test it does") {
    for (const char* yaml : {"train: train/images\n", "train: train/images\nval:\n",
                             "train: []\nval: train/images\ntest: more\n"}) {
      Imported result;
      read(std::string(yaml) + "nc: 2\n", result);
      CAPTURE(yaml);
      REQUIRE(result.count("missing-split") == 1);
      for (const Issue& issue : result.issues.issues()) {
        if (issue.kind != "missing-split") continue;
        CHECK(issue.place == (std::string_view(yaml).starts_with("train: []") ? "train" : "val"));
      }
    }
    Imported result;
    read("train: train/images\nvalidation: valid/images\nnc: 2\n", result);
    CHECK(result.count("missing-split") == 0);
  }
  SUBCASE("nc differs, two classes of one name, one image in two splits") {
    Imported result;
    read("train: train/images\nval: train/images\nnc: 5\nnames: [a, a]\n", result);
    CHECK(result.count("class-count") == 1);
    CHECK(result.count("duplicate-class") == 1);
    CHECK(result.count("image-in-two-splits") == 1);
    CHECK(result.sink.records.size() == 2);
    CHECK(result.sink.records[0].split == "train");
  }
  SUBCASE("a list of images: ./, absolute, foreign, Windows, outside, gone, twice") {
    write_image(dir, "outside.png");
    dir.write("ds/lists/train.txt",
              "\xEF\xBB\xBF./../train/images/a.png\r\n" + (dir / "ds/more/d.png") +
                  "\r\n\r\nC:\\data\\valid\\images\\c.png\r\n../outside.png\r\n../../gone.png\r\n"
                  "train/images/a.png\r\n");
    Imported result;
    read("train: lists/train.txt\nval: lists/train.txt\nnames: [a, b]\n", result);
    CHECK(result.count("missing-image") == 2);  // once in each split
    CHECK(result.count("foreign-path") == 1);
    CHECK(result.count("image-listed-twice") == 1);
    CHECK(result.sink.records.size() == 4);
    CHECK(root_of(result) == dir.path());
    CHECK(result.find("outside.png") != nullptr);
    CHECK(result.find("ds/valid/images/c.png") != nullptr);
  }
  SUBCASE("--images is where the paths start") {
    Imported result;
    const std::string yaml =
        dir.write("elsewhere/data.yaml", "train: train/images\nval: gone\nnames: [a, b]\n");
    import_into(result, YoloImporter(), yaml, 0, dir / "ds");
    CHECK(result.sink.records.size() == 2);
  }
  SUBCASE("a split that is there and holds no image is told") {
    Imported result;
    make_directories(dir / "nothing");
    const std::string yaml =
        dir.write("elsewhere/data.yaml", "train: train/images\nval: ../nothing\nnames: [a, b]\n");
    import_into(result, YoloImporter(), yaml, 0, dir / "ds");
    CHECK(result.count("empty-split") == 1);
    CHECK(result.count("missing-split") == 0);
  }
  SUBCASE("what cannot be read") {
    for (const char* yaml :
         {"train: [", "train: train/images\nnames: {0: a, 2: b}\n", "names: [a]\n",
          "train: train/images\nnames: {x: a}\n", "train: train/images\nnames: cat\n",
          "train: train/images\nnc: many\n", "train: gone\nval: gone\nnames: [a]\n",
          "train: valid/images\nnames: [a]\n", "train: x\nnames: [a]\nkpt_shape: [3]\n"}) {
      Imported result;
      CAPTURE(yaml);
      CHECK_THROWS_AS(read(yaml, result), Error);
      CHECK_FALSE(result.sink.begun);
    }
  }
}

TEST_CASE("without data.yaml the folders say what is what") {
  const TempDir dir;
  write_image(dir, "plain/a.png");
  dir.write("plain/a.txt", "0 0.5 0.5 0.5 0.5\n");
  dir.write("plain/classes.txt", "cat\ndog\n");
  CHECK(choose_importer(dir / "plain").reader->name() == "yolo");
  Imported plain;
  import_into(plain, YoloImporter(), dir / "plain");
  CHECK(plain.sink.header.classes.names() == std::vector<std::string>{"cat", "dog"});
  CHECK(plain.sink.object_records.size() == 1);
  CHECK(plain.sink.header.documents.empty());

  // Twice "images": only the last is replaced. The highest class says how many there are.
  write_image(dir, "two/images/train/images/a.png");
  dir.write("two/images/train/labels/a.txt", "2 0.5 0.5 0.5 0.5\n");
  write_image(dir, "split/images/val/a.png");
  dir.write("split/labels/val/a.TXT", "2 0.5 0.5 0.5 0.5\n");
  Imported two;
  import_into(two, YoloImporter(), dir / "two");
  CHECK(two.sink.object_records.size() == 1);
  CHECK(two.sink.records[0].split == "train");
  CHECK(two.sink.header.classes.names().back() == "class_2");
  Imported split;
  import_into(split, YoloImporter(), dir / "split");
  CHECK(split.sink.object_records.size() == 1);
  CHECK(split.sink.records[0].split == "val");

  write_image(dir, "folders/cat/a.png");
  CHECK(choose_importer(dir / "folders").reader->name() == "imagefolder");
}

TEST_CASE("bad rows are rejected one by one, the rest is taken, and the file comes back whole") {
  const TempDir dir;
  const std::string labels =
      "\xEF\xBB\xBF# a comment\r\n"
      "  0\t0.5 0.5 0.2 0.2 \r\n"
      "\r\n"
      "0 0,5 0.5 0.2 0.2\r\n"      // a decimal comma
      "2 0.5 0.5 0.2 0.2\r\n"      // there are two classes
      "-1 0.5 0.5 0.2 0.2\r\n"     // no class
      "0.5 0.5 0.5 0.2 0.2\r\n"    // half a class
      "1.0 0.5 0.5 0.2 0.2\r\n"    // taken, as Ultralytics takes it
      "0 0.5 0.5 0.2\r\n"          // too few
      "0 0.5 0.5 0.2 0.2 0.9\r\n"  // a prediction
      "0 320 240 50 60\r\n"        // pixels
      "0 0.5 0.5 -0.2 0.2\r\n"     // negative
      "0 nan 0.5 0.2 0.2\r\n"      // not finite
      "0 0.50 0.5 0.2 0.2\r\n"     // the first again, written otherwise
      "0 1.005 -0.005 0.2 0\r\n"   // within what is let pass; and flat
      "0 0.25 0.25 0.1 0.1";       // no line end
  write_one(dir, labels);
  Imported result;
  import_into(result, YoloImporter(), dir.path());
  CHECK(result.sink.seen == 1 + 14);
  CHECK(result.sink.object_records.size() == 4);
  CHECK(result.sink.object_records[1].class_index == 1);
  CHECK(put_together(result, 0) == labels);
  CHECK(result.count("bad-row") == 3);
  CHECK(result.count("bad-class") == 2);
  CHECK(result.count("unknown-class") == 1);
  CHECK(result.count("six-values") == 1);
  CHECK(result.count("out-of-range") == 1);
  CHECK(result.count("negative-box") == 1);
  CHECK(result.count("duplicate-row") == 1);
  CHECK(result.count("outside-image") == 1);
  CHECK(result.count("empty-box") == 1);
  CHECK(result.count("comment") == 1);
  CHECK(result.count("mark") == 1);
  CHECK(result.count("left-out-by-ultralytics") == 1);
  for (const Issue& issue : result.issues.issues()) {
    if (issue.kind == "six-values") CHECK(issue.place == "line 10");
  }
}

TEST_CASE("a row that is dropped as a repeat does not make Ultralytics leave the image out") {
  const TempDir dir;
  write_one(dir, "0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2\n");
  Imported result;
  import_into(result, YoloImporter(), dir.path());
  CHECK(result.sink.object_records.size() == 2);
  CHECK(result.count("duplicate-row") == 1);
  CHECK(result.count("left-out-by-ultralytics") == 0);
}

TEST_CASE("polygons, and a box among them") {
  const TempDir dir;
  write_one(dir,
            "0 0.1 0.2 0.5 0.2 0.5 0.8\n"
            "1 0.1 0.2 0.5 0.2 0.5 0.8 0.1 0.8\n"
            "1 0.5 0.5 0.2 0.2\n"
            "0 0.1 0.2 0.5 0.2 0.5 0.8 0.1\n");
  Imported result;
  import_into(result, YoloImporter(), dir.path());
  REQUIRE(result.sink.object_records.size() == 3);
  const ObjectRecord& triangle = result.sink.object_records[0];
  CHECK(triangle.box_xywh_px == std::array<double, 4>{10, 10, 40, 30});
  CHECK(decode_shape(triangle.shape).polygons.at(0) == std::vector<double>{10, 10, 50, 10, 50, 40});
  CHECK(decode_shape(result.sink.object_records[1].shape).polygons.at(0).size() == 8);
  CHECK(result.sink.object_records[2].shape.empty());
  CHECK(result.count("mixed-rows") == 1);
  CHECK(result.count("bad-row") == 1);
  CHECK(result.count("oriented-boxes") == 0);
}

TEST_CASE("four corners in every row are oriented boxes, kept as such") {
  const TempDir dir;
  write_one(dir, "0 0.2 0.2 0.4 0.4 0.2 0.6 0.1 0.4\n1 0.5 0.2 0.7 0.4 0.5 0.6 0.4 0.4\n");
  Imported result;
  import_into(result, YoloImporter(), dir.path());
  REQUIRE(result.sink.object_records.size() == 2);
  const ObjectRecord& first = result.sink.object_records[0];
  CHECK(decode_shape(first.shape).corners == std::vector<double>{20, 10, 40, 20, 20, 30, 10, 20});
  CHECK(first.box_xywh_px == std::array<double, 4>{10, 10, 30, 20});
  CHECK(first.area_px == 300);
  CHECK(result.count("oriented-boxes") == 1);
}

TEST_CASE("poses have as many values as kpt_shape says") {
  const TempDir dir;
  write_one(dir, "0 0.5 0.5 0.2 0.2 0.1 0.2 2 0 0 0\n0 0.5 0.5 0.2 0.2\n", "kpt_shape: [2, 3]\n");
  Imported result;
  import_into(result, YoloImporter(), dir.path());
  REQUIRE(result.sink.object_records.size() == 1);
  CHECK(decode_shape(result.sink.object_records[0].shape).keypoints ==
        std::vector<double>{10, 10, 2, 0, 0, 0});
  CHECK(result.count("bad-row") == 1);
}

TEST_CASE("a key point far outside is taken, and that Ultralytics leaves its image out is told") {
  const auto left_out = [](const std::string& points, const std::string& shape) {
    const TempDir dir;
    write_one(dir, "0 0.5 0.5 0.2 0.2 " + points + "\n", "kpt_shape: " + shape + "\n");
    Imported result;
    import_into(result, YoloImporter(), dir.path());
    CHECK(result.sink.object_records.size() == 1);
    return result.count("left-out-by-ultralytics");
  };
  CHECK(left_out("1.5 0.2 2", "[1, 3]") == 1);
  CHECK(left_out("-1 -1", "[1, 2]") == 1);
  CHECK(left_out("1.005 -0.01 2", "[1, 3]") == 0);  // 2 is no coordinate
  CHECK(left_out("1 0.5 0 1", "[2, 2]") == 0);
}

TEST_CASE("texts that cannot be read, or never end, neither stop an import nor hold it up") {
  const TempDir dir;
  write_one(dir, "1 0.5 0.5 0.2 0.2\n");
  write_image(dir, "images/b.png");
  const auto make_pipe = [&](const std::string& path) {
    REQUIRE(::mkfifo((dir / path).c_str(), 0600) == 0);
  };
  make_pipe("labels/b.txt");
  make_pipe("labels/pipe.txt");
  std::filesystem::create_symlink("nowhere.txt", dir / "labels/gone.txt");
  dir.write("labels/huge.txt", "0 0.5 0.5 0.2 0.2\n");
  std::filesystem::resize_file(dir / "labels/huge.txt", (size_t{64} << 20) + 1);
  dir.write("labels/orphan.txt", "1 0.5 0.5 0.2 0.2\n");
  Imported result;
  import_into(result, YoloImporter(), dir.path(), 2);
  CHECK(result.sink.records.size() == 2);
  CHECK(result.sink.object_records.size() == 1);
  CHECK(result.count("bad-labels") == 1);
  CHECK(result.count("unread-text") == 3);
  CHECK(result.count("labels-without-image") == 1);
}

TEST_CASE("classes.txt: a line without a name, and a name that comes twice, are told") {
  const TempDir dir;
  write_image(dir, "images/a.png");
  dir.write("labels/a.txt", "2 0.5 0.5 0.2 0.2\n");
  dir.write("classes.txt", "cat\r\n\r\ndog\r\ncat\r\n\r\n\r\n");
  Imported result;
  import_into(result, YoloImporter(), dir.path(), 2);
  CHECK(result.sink.header.classes.names() ==
        std::vector<std::string>{"cat", "class_1", "dog", "cat"});
  CHECK(result.count("empty-class") == 1);
  CHECK(result.count("duplicate-class") == 1);
  REQUIRE(result.sink.object_records.size() == 1);
  CHECK(result.sink.object_records[0].class_index == 2);
}

TEST_CASE("classes that look counted from one, labels that are no text, images that are none") {
  const TempDir dir;
  write_one(dir, "1 0.5 0.5 0.2 0.2\n2 0.5 0.5 0.1 0.1\n");
  dir.write("images/broken.png", "no picture");
  dir.write("labels/broken.txt", "1 0.5 0.5 0.2 0.2\n2 0.5 0.5 0.2 0.2\n");
  write_image(dir, "images/binary.png");
  dir.write("labels/binary.txt", std::string("\xFF\xFE"
                                             "0\0 \0",
                                             6));
  write_image(dir, "images/tiny.png", 9, 50);
  dir.write("labels/tiny.txt", "1 0.5 0.5 0.2 0.2\n");
  dir.write("labels/orphan.txt", "1 0.5 0.5 0.2 0.2\n");
  dir.write("labels/classes.txt", "cat\n");
  dir.write("labels.cache", "x");
  Imported result;
  import_into(result, YoloImporter(), dir.path(), 2);
  CHECK(result.count("classes-from-one") == 1);
  CHECK(result.count("unknown-class") == 1);
  CHECK(result.count("unknown-image") == 2);
  CHECK(result.count("bad-labels") == 1);
  CHECK(result.count("left-out-by-ultralytics") == 2);  // tiny.png, and a.png for its class 2
  CHECK(result.count("labels-without-image") == 1);
  CHECK(result.sink.records.size() == 3);
  CHECK(result.sink.object_records.size() == 2);
}

TEST_CASE("labels of an image that EXIF turns are of the upright one, boxes of the stored one") {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const UprightFrame frame{orientation, 100, 50};
    CHECK(frame.width_px() == (orientation >= 5 ? 50 : 100));
    const std::array<double, 4> box{3, 4, 10, 20};
    CHECK(frame.box_to_upright(frame.box_to_stored(box)) == box);
    CHECK(frame.to_upright(frame.to_stored({3, 4})) == std::array<double, 2>{3, 4});
  }
  // 6: the camera was turned; what is the upper right corner upright is the upper left as stored.
  const UprightFrame turned{6, 100, 50};
  CHECK(turned.box_to_stored({45, 0, 5, 10}) == std::array<double, 4>{0, 0, 10, 5});
  CHECK(turned.to_stored({50, 0}) == std::array<double, 2>{0, 0});
}

struct Predicted {
  CollectingPredictionSink sink;
  DetectionBatch all;
  std::vector<std::string> keys;  // of each detection
  IssueLog issues;
};

class KeepingSink : public PredictionSink {
 public:
  explicit KeepingSink(Predicted& to) : to_(to) {}
  void begin(const PredictionHeader& header) override { to_.sink.begin(header); }
  void rows(PredictionBatch&& batch) override {
    const DetectionBatch& from = batch.detections;
    for (size_t i = 0; i < from.size(); ++i) {
      to_.keys.push_back(batch.keys.at(from.key[i]));
      to_.all.class_index.push_back(from.class_index[i]);
      to_.all.box_xywh_px.push_back(from.box_xywh_px[i]);
      to_.all.confidence.push_back(from.confidence[i]);
      to_.all.shape.push_back(from.shape.empty() ? std::string() : from.shape[i]);
    }
  }
  void end(uint64_t seen) override { to_.sink.end(seen); }

 private:
  Predicted& to_;
};

void predict(Predicted& result, const std::string& path, YoloKeyPoints key_points = {}) {
  Progress progress;
  const CancelToken cancel;
  const ClassMap classes(std::vector<std::string>{"cat", "dog"});
  KeepingSink sink(result);
  PredictionInput input{path, "", "", {}, classes, false, progress, cancel, result.issues};
  input.key_points = key_points;
  YoloPredictionReader().run(input, sink);
  CHECK(result.keys.size() + result.issues.rejected() == result.sink.seen);
}

TEST_CASE(
    "predictions in text: confidence last, a track behind it, polygons, what is no prediction") {
  const TempDir dir;
  dir.write("run/labels/a.txt", "0 0.5 0.5 0.2 0.4 0.9\n1 0.5 0.5 0.2 0.4 0.8 17\n");
  dir.write("run/labels/b.txt",
            "1 0.1 0.1 0.3 0.1 0.3 0.3 0.7\n"  // a triangle
            "2 0.5 0.5 0.2 0.4 0.9\n"          // no such class
            "0 0.5 0.5 0.2 0.4 1.5\n"          // no confidence
            "0 0.5 0.5 0.2 0.4\n"              // none at all
            "0 5 5 2 4 0.5\n");                // pixels
  dir.write("run/labels/classes.txt", "cat\n");
  CHECK(choose_prediction_reader(dir / "run").reader->name() == "yolo");
  Predicted result;
  predict(result, dir / "run");
  CHECK(result.sink.header.parts_of_upright);
  CHECK(result.keys == std::vector<std::string>{"a", "a", "b"});
  CHECK(result.all.confidence == std::vector<double>{0.9, 0.8, 0.7});
  CHECK(result.all.box_xywh_px[0] == std::array<double, 4>{0.4, 0.3, 0.2, 0.4});
  CHECK(decode_shape(result.all.shape[2]).polygons.at(0).size() == 6);
  const auto kinds = result.issues.count_by_kind();
  CHECK(kinds.at("unknown-class") == 1);
  CHECK(kinds.at("bad-score") == 1);
  CHECK(kinds.at("bad-row") == 1);
  CHECK(kinds.at("out-of-range") == 1);

  dir.write("labels/a.txt", "0 0.5 0.5 0.2 0.4\n");
  Predicted none;
  CHECK_THROWS_WITH_AS(predict(none, dir / "labels"), doctest::Contains("no confidence"), Error);
}

TEST_CASE("predictions in text: poses, whose rows could be polygons, are what the project has") {
  CHECK(yolo_key_points("kpt_shape: [17, 3]\n").values == 3);
  CHECK(yolo_key_points("kpt_shape: [17, 4]\n").points == 0);
  CHECK(yolo_key_points("names: [").points == 0);
  const TempDir dir;
  const std::string box = "0 0.5 0.5 0.2 0.4";
  const std::string points = " 0.4 0.4 0.9 0.6 0.4 0.8 0.6 0.6 0.7 0.4 0.6 0.6";
  dir.write("run/labels/a.txt", box + points + " 0.95\n" +        // 18 values
                                    box + points + " 0.9 17\n" +  // with a track
                                    box + " 0.85\n" +             // a box alone
                                    box + " 0.4 0.4 0.8\n");      // one point without visibility
  Predicted result;
  predict(result, dir / "run", {4, 3});
  REQUIRE(result.keys.size() == 3);
  CHECK(result.issues.count_by_kind().at("bad-row") == 1);
  CHECK(result.all.confidence == std::vector<double>{0.95, 0.9, 0.85});
  for (const auto& each : result.all.box_xywh_px) {
    CHECK(each == std::array<double, 4>{0.4, 0.3, 0.2, 0.4});
  }
  const Shape shape = decode_shape(result.all.shape[1]);
  CHECK(shape.polygons.empty());
  CHECK(shape.keypoints ==
        std::vector<double>{0.4, 0.4, 0.9, 0.6, 0.4, 0.8, 0.6, 0.6, 0.7, 0.4, 0.6, 0.6});
  Predicted flat;
  dir.write("flat/a.txt", box + " 0.4 0.4 0.6 0.6 0.9\n");
  predict(flat, dir / "flat", {2, 2});
  REQUIRE(flat.keys.size() == 1);
  CHECK(decode_shape(flat.all.shape[0]).keypoints == std::vector<double>{0.4, 0.4, 2, 0.6, 0.6, 2});
}

TEST_CASE("predictions in text: outlines stay outlines in a project that has poses too") {
  const TempDir dir;
  const std::string four = "0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.25 0.9\n";
  // Twelve values: as many as a pose of two points with a visibility has.
  const std::string five = "0 0.1 0.1 0.2 0.1 0.2 0.2 0.15 0.3 0.1 0.25 0.8\n";
  const std::string three = "1 0.1 0.1 0.3 0.1 0.3 0.3 0.7\n";
  const std::string box = "1 0.5 0.5 0.2 0.2 0.6\n";
  dir.write("run/a.txt", four + box + box + box);
  dir.write("run/b.txt", five + three);
  const auto points = [](const Predicted& result) {
    std::vector<size_t> sizes;
    for (const std::string& each : result.all.shape) {
      const Shape shape = each.empty() ? Shape{} : decode_shape(each);
      sizes.push_back(shape.polygons.empty() ? 0 : shape.polygons[0].size() / 2);
    }
    return sizes;
  };
  Predicted result;
  predict(result, dir / "run", {2, 3});
  CHECK(points(result) == std::vector<size_t>{4, 0, 0, 0, 5, 3});
  CHECK(result.issues.rejected() == 0);
  CHECK(result.issues.issues().at(0).message.starts_with("1 of 3 rows longer than a box's"));
  CHECK(result.issues.count_by_kind().size() == 1);

  // Rows of four points alone are oriented boxes there as elsewhere, unless they are poses.
  dir.write("corners/a.txt", four + four);
  Predicted corners;
  predict(corners, dir / "corners", {2, 3});
  REQUIRE(corners.all.shape.size() == 2);
  CHECK(decode_shape(corners.all.shape[0]).corners.size() == 8);
  Predicted both;
  predict(both, dir / "corners", {2, 2});
  REQUIRE(both.all.shape.size() == 2);
  CHECK(decode_shape(both.all.shape[0]).keypoints.size() == 6);
  CHECK(both.issues.count_by_kind().empty());
}

TEST_CASE("a data.yaml is a list of a model's classes") {
  const TempDir dir;
  const std::string yaml = dir.write("data.yaml", "train: a\nval: a\nnames: {0: cat, 1: no}\n");
  CHECK(read_class_list(yaml).names() == std::vector<std::string>{"cat", "no"});
}

}  // namespace
}  // namespace errata::importers

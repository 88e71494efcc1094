// Random sets, randomly edited: exported and imported again, each has its hash.
#include <doctest/doctest.h>

#include <set>

#include "base/files.h"
#include "base/random.h"
#include "store/classes.h"
#include "store/sample_files.h"
#include "tests/export/object_kit.h"
#include "text/json.h"

using namespace errata;
using namespace errata::exports;
using namespace errata::test;

namespace {

// Sides are powers of two and boxes lie on eighths of a pixel, so that YOLO and VOC hold them.
constexpr uint32_t kWidth = 64;
constexpr uint32_t kHeight = 32;

std::array<double, 4> draw_box(Rng& rng) {
  const auto eighths = [&](uint64_t low, uint64_t high) {
    return static_cast<double>(low + rng.below(high - low)) / 8;
  };
  const double x = eighths(0, 400);
  const double y = eighths(0, 200);
  return {x, y, eighths(1, 512 - static_cast<uint64_t>(x * 8)),
          eighths(1, 256 - static_cast<uint64_t>(y * 8))};
}

std::string blank(Rng& rng) {
  constexpr std::array<const char*, 4> kBlanks{"", " ", "\n  ", "\t"};
  return kBlanks[rng.below(kBlanks.size())];
}

void write_set(const TempDir& dir, Rng& rng) {
  const auto images = 1 + rng.below(6);
  std::string text = "{" + blank(rng) + "\"images\": [" + blank(rng);
  for (uint64_t i = 0; i < images; ++i) {
    const std::string name = (rng.below(3) == 0 ? "sub/" : "") + std::to_string(i) + ".png";
    dir.write("set/images/" + name, picture(static_cast<uint8_t>(i), kWidth, kHeight));
    text += (i > 0 ? "," + blank(rng) : "") + "{\"file_name\":\"" + name +
            "\",\"id\": " + std::to_string(100 - i * 3) + "}";
  }
  text += "]," + blank(rng) + "\"annotations\": [";
  const auto objects = rng.below(20);
  for (uint64_t k = 0; k < objects; ++k) {
    const auto [x, y, w, h] = draw_box(rng);
    text += (k > 0 ? blank(rng) + "," + blank(rng) : "") + "{" + blank(rng) +
            "\"id\": " + std::to_string(7 * k + 1) +
            ",\"image_id\": " + std::to_string(100 - rng.below(images) * 3) +
            ", \"category_id\":" + std::to_string(3 * rng.below(3) + 2) + ", \"bbox\": [" +
            std::to_string(x) + "," + std::to_string(y) + ", " + std::to_string(w) + "," +
            std::to_string(h) + "]" + (rng.below(2) == 0 ? ", \"extra\": {\"a\": [1]}" : "") + "}";
  }
  text += "],\"categories\": [{\"id\": 8, \"name\": \"c/8\"},{\"id\": 2, \"name\": \"two\"}," +
          blank(rng) + "{\"id\": 5, \"name\": \"f<&>ive\"}]}";
  dir.write("set/set.json", text);
}

void edit_at_random(Project& project, Rng& rng) {
  const auto files = store::all_sample_files(project.db);
  const auto objects = store::read_object_texts(project.db, 0).objects;
  std::vector<ClassId> classes;
  std::set<std::string> names;
  for (const auto& each : store::list_classes(project.db)) {
    classes.push_back(each.id);
    names.insert(each.name);
  }
  if (classes.empty()) classes.push_back(store::add_class(project.db, "first", "test"));
  std::vector<store::ObjectEdit> edits;
  for (const auto& object : objects) {
    store::ObjectEdit edit{.object = object.id};
    switch (rng.below(8)) {
      case 0: edit.kind = store::ObjectEditKind::kDelete; break;
      case 1:
        edit.kind = store::ObjectEditKind::kSetClass;
        edit.class_id = classes[rng.below(classes.size())];
        break;
      case 2:
        edit.kind = store::ObjectEditKind::kSetBox;
        edit.box_xywh_px = draw_box(rng);
        break;
      default: continue;
    }
    edits.push_back(edit);
  }
  for (uint64_t k = rng.below(4); k > 0; --k) {
    edits.push_back({.kind = store::ObjectEditKind::kAdd,
                     .sample = files[rng.below(files.size())].id,
                     .class_id = classes[rng.below(classes.size())],
                     .box_xywh_px = draw_box(rng)});
  }
  project.edit_objects(edits);
  const std::array<std::string, 5> splits{"train", "val", "a/b", "images", ""};
  for (const auto& file : files) {
    // One stays: nothing is no data set to import.
    if (rng.below(6) == 0 && file.id != files[0].id) {
      project.edit(file.id, store::EditKind::kExclude);
    }
    if (rng.below(2) == 0) {
      project.edit(file.id, store::EditKind::kSetSplit, {}, splits[rng.below(splits.size())]);
    }
  }
  if (names.contains("two") && rng.below(3) == 0) {
    store::rename_class(project.db, "two", "2: ..", "test");
  }
  if (names.contains("c/8") && names.contains("f<&>ive") && rng.below(3) == 0) {
    store::merge_class(project.db, "c/8", "f<&>ive", "test", "");
  }
}

// Exports the version and gives its hash after another import, in which nothing may be rejected.
std::string again(Project& from, const TempDir& dir, const std::string& name,
                  const std::string& format) {
  from.put(name, format, {.target = dir / (name + format), .files = FileMode::kHardlink});
  Project fresh(dir / (name + format + ".db"));
  fresh.import(dir / (name + format));
  CHECK(fresh.issues.rejected() == 0);
  return fresh.version("again");
}

}  // namespace

TEST_CASE("20 random sets through random edits into each format and back") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    TempDir dir;
    write_set(dir, rng);
    Project project(dir / "errata.db");
    project.import(dir / "set/set.json");
    if (store::all_sample_files(project.db).empty()) continue;
    const std::string plain = project.version("plain");
    CHECK(again(project, dir, "plain", "coco") == plain);
    CHECK(read_text_file(dir / "plaincoco/annotations/set.json") ==
          read_text_file(dir / "set/set.json"));
    edit_at_random(project, rng);
    if (project.version("edited").empty()) continue;
    for (const std::string format : {"coco", "voc", "yolo"}) {
      CAPTURE(format);
      const std::string hash = project.version("for " + format);
      CHECK(again(project, dir, "for " + format, format) == hash);
      // What the format's own importer reads is edited and goes out as that format once more.
      Project second(dir / (format + "-second.db"));
      second.import(dir / ("for " + format + format));
      if (store::all_sample_files(second.db).empty()) continue;
      edit_at_random(second, rng);
      const std::string edited = second.version("second");
      CHECK(again(second, dir, "second", format) == edited);
    }
  }
}

namespace {

// Rows, repeats of rows, and what no importer takes for one.
std::string draw_labels(Rng& rng) {
  const std::array<std::string, 3> kEnds{"\n", "\r\n", "\r"};
  const std::string end = kEnds[rng.below(kEnds.size())];
  std::string text = rng.below(8) == 0 ? "\xEF\xBB\xBF" : "";
  std::vector<std::string> rows;
  for (uint64_t k = rng.below(8); k > 0; --k) {
    switch (rng.below(8)) {
      case 0: text += "# " + std::to_string(k); break;
      case 1: text += rng.below(2) == 0 ? "" : " \t"; break;
      case 2: text += "rubbish 1 2 3"; break;
      case 3:
        if (!rows.empty()) text += " " + rows[rng.below(rows.size())] + "\t";
        break;
      default: {
        const auto [x, y, w, h] = draw_box(rng);
        std::string row = std::to_string(rng.below(5));  // two of them have no name
        for (const double value :
             {(x + w / 2) / kWidth, (y + h / 2) / kHeight, w / kWidth, h / kHeight}) {
          row += (rng.below(4) == 0 ? "  " : " ") + text::Json(value).dump();
        }
        text += row;
        rows.push_back(row);
      }
    }
    text += k > 1 || rng.below(2) == 0 ? end : "";
  }
  return text;
}

}  // namespace

TEST_CASE("60 random sets of YOLO with rows that are rejected, edited: none comes back") {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    TempDir dir;
    dir.write("set/data.yaml", "train: images\nnames: [c/8, two, f<&>ive]\n");
    for (uint64_t i = 1 + rng.below(5); i > 0; --i) {
      const std::string name = std::to_string(i);
      dir.write("set/images/" + name + ".png", picture(static_cast<uint8_t>(i), kWidth, kHeight));
      // One at least has labels, or there is nothing to import.
      if (i == 1 || rng.below(6) > 0) dir.write("set/labels/" + name + ".txt", draw_labels(rng));
    }
    Project project(dir / "errata.db");
    project.import(dir / "set");
    const auto hash_again = [&](const std::string& name) {
      project.put(name, "yolo", {.target = dir / name});
      Project fresh(dir / (name + ".db"));
      fresh.import(dir / name);
      return fresh.version("again");
    };
    const std::string plain = project.version("plain");
    CHECK(hash_again("plain") == plain);
    for (const auto& file : store::all_sample_files(project.db)) {
      const std::string name = file.path.substr(7, 1);  // "images/1.png"
      const std::string before = dir / ("set/labels/" + name + ".txt");
      const std::string after = dir / ("plain/labels/train/" + name + ".txt");
      REQUIRE(file_exists(before) == file_exists(after));
      if (file_exists(before)) CHECK(read_text_file(before) == read_text_file(after));
    }
    if (rng.below(2) == 0) {
      // A class that the rows of index 3 then name.
      const ClassId zebra = store::add_class(project.db, "zebra", "test");
      project.edit_objects({{.kind = store::ObjectEditKind::kAdd,
                             .sample = store::all_sample_files(project.db)[0].id,
                             .class_id = zebra,
                             .box_xywh_px = draw_box(rng)}});
    }
    edit_at_random(project, rng);
    const std::string edited = project.version("edited");
    CHECK(hash_again("edited") == edited);
  }
}

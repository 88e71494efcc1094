#include "tests/viewer/box_project.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/files.h"
#include "base/hash.h"
#include "media/probe.h"
#include "media/reader.h"
#include "store/import_writer.h"
#include "store/runs.h"
#include "store/snapshot_loader.h"

namespace errata::test {

namespace {

struct Line {
  ClassIndex class_index = 0;
  std::array<double, 4> box{};  // pixels
  double confidence = 0;
};

struct BoxImage {
  std::string path;  // below the root
  int32_t width = 0;
  int32_t height = 0;
  std::vector<Line> labels;
  std::vector<Line> detections;
};

std::vector<Line> read_lines(const std::string& path, int32_t width, int32_t height) {
  std::vector<Line> lines;
  std::ifstream file(path);
  std::string text;
  while (std::getline(file, text)) {
    std::istringstream words(text);
    Line line;
    double x = 0;
    double y = 0;
    double w = 0;
    double h = 0;
    if (!(words >> line.class_index >> x >> y >> w >> h)) continue;
    words >> line.confidence;
    line.box = {(x - w / 2) * width, (y - h / 2) * height, w * width, h * height};
    lines.push_back(line);
  }
  return lines;
}

SampleRecord record_of(const std::string& root, const BoxImage& image, const std::string& split) {
  SampleRecord record;
  const std::string path = join_path(root, image.path);
  const std::vector<uint8_t> bytes = read_file(path);
  record.path = image.path;
  record.size_bytes = bytes.size();
  record.xxh3 = xxh3_64(bytes);
  record.width_px = image.width;
  record.height_px = image.height;
  record.split = split;
  return record;
}

void write_store(const std::string& path, const std::string& root, const ClassMap& classes,
                 const std::vector<BoxImage>& images, const std::string& split) {
  store::Store store = store::Store::create(path);
  store::ImportOptions options;
  options.source_name = "boxes";
  options.input_path = root;
  options.who = "tester";
  store::ImportWriter writer(store, options);
  SourceHeader header;
  header.format = "yolo";
  header.root = root;
  header.classes = classes;
  header.has_objects = true;
  writer.begin(header);
  std::vector<SampleRecord> records;
  std::vector<ObjectRecord> objects;
  for (size_t i = 0; i < images.size(); ++i) {
    records.push_back(record_of(root, images[i], split));
    for (const Line& line : images[i].labels) {
      ObjectRecord object;
      object.sample = static_cast<uint32_t>(i);
      object.class_index = line.class_index;
      object.box_xywh_px = line.box;
      object.area_px = line.box[2] * line.box[3];
      objects.push_back(std::move(object));
    }
  }
  const uint64_t seen = records.size() + objects.size();
  writer.samples(std::move(records));
  writer.objects(std::move(objects));
  writer.end(seen);
  writer.finish(IssueLog());

  store::RunSpec spec;
  spec.name = "yolov8n";
  spec.kind = "detections";
  spec.classes = classes;
  const Snapshot snapshot = store::load_snapshot(store);
  std::vector<uint32_t> counts;
  std::vector<ClassIndex> found;
  std::vector<std::array<double, 4>> boxes;
  std::vector<double> confidence;
  for (const BoxImage& image : images) {
    counts.push_back(static_cast<uint32_t>(image.detections.size()));
    for (const Line& line : image.detections) {
      found.push_back(line.class_index);
      boxes.push_back(line.box);
      confidence.push_back(line.confidence);
    }
  }
  store::RunWriter run(store, spec, snapshot.ids, store::OnExistingRun::kRefuse);
  store::RunRows rows;
  rows.detection_counts = counts;
  rows.detections = {found, boxes, confidence, {}};
  run.write(0, rows);
  run.finish();
}

media::Image draw_discs(const std::vector<Line>& discs, int32_t side) {
  media::Image image(side, side, 3);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{214});
  constexpr uint8_t kInks[3][3] = {{190, 120, 118}, {110, 90, 190}, {90, 160, 170}};
  for (const Line& disc : discs) {
    const double cx = disc.box[0] + disc.box[2] / 2;
    const double cy = disc.box[1] + disc.box[3] / 2;
    for (int32_t y = 0; y < side; ++y) {
      for (int32_t x = 0; x < side; ++x) {
        const double u = (x + 0.5 - cx) / (disc.box[2] / 2);
        const double v = (y + 0.5 - cy) / (disc.box[3] / 2);
        if (u * u + v * v > 1) continue;
        std::copy_n(kInks[disc.class_index], 3, image.row(y) + static_cast<size_t>(x) * 3);
      }
    }
  }
  return image;
}

}  // namespace

BoxProject::BoxProject(size_t count) : store_path(folder / "boxes.db") {
  constexpr int32_t kSide = 320;
  constexpr int kPlaces = 16;
  make_directories(folder / "images");
  std::vector<BoxImage> images;
  for (size_t i = 0; i < count; ++i) {
    BoxImage image{fmt::format("{:03}.png", i), kSide, kSide, {}, {}};
    std::vector<Line> discs;
    for (int k = 0; k < kPlaces; ++k) {
      const double size = 34 + static_cast<double>((i * 7 + static_cast<size_t>(k) * 5) % 30);
      Line disc;
      disc.class_index = static_cast<ClassIndex>((i + static_cast<size_t>(k)) % 3);
      disc.box = {k % 4 * 80.0 + 6, k / 4 * 80.0 + 6, size, size * 0.9};
      discs.push_back(disc);
      const size_t fate = (i * 3 + static_cast<size_t>(k)) % 16;
      Line found = disc;
      found.box[0] += 1;
      found.confidence = 0.6 + 0.02 * static_cast<double>(fate);
      if (fate == 3) found.class_index = (disc.class_index + 1) % 3;
      if (fate != 5) image.labels.push_back(disc);       // nobody drew it
      if (fate != 9) image.detections.push_back(found);  // the model misses it
    }
    write_file_atomic(join_path(folder / "images", image.path), [&] {
      const std::vector<uint8_t> png = media::encode_png(draw_discs(discs, kSide));
      return std::string(png.begin(), png.end());
    }());
    images.push_back(std::move(image));
  }
  write_store(store_path, folder / "images", ClassMap({"red", "violet", "teal"}), images, "");
}

BoxProject::BoxProject(const std::string& yolo, const std::string& predictions,
                       const std::string& split)
    : store_path(folder / "boxes.db") {
  const std::string root = join_path(yolo, "images/" + split);
  std::vector<BoxImage> images;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    BoxImage image;
    image.path = entry.path().filename().string();
    const std::string stem = entry.path().stem().string();
    const std::vector<uint8_t> bytes = read_file(entry.path().string());
    media::Probe probe;
    media::probe_image(bytes, probe);
    image.width = probe.width_px;
    image.height = probe.height_px;
    image.labels = read_lines(join_path(yolo, "labels/" + split + "/" + stem + ".txt"), image.width,
                              image.height);
    image.detections = read_lines(join_path(predictions, split + "/labels/" + stem + ".txt"),
                                  image.width, image.height);
    images.push_back(std::move(image));
  }
  std::sort(images.begin(), images.end(),
            [](const BoxImage& a, const BoxImage& b) { return a.path < b.path; });
  write_store(store_path, root, ClassMap({"RBC", "WBC", "Platelets"}), images, split);
}

std::string real_box_data() {
  const std::string bccd = join_path(shared_data_dir(), "bccd");
  if (!shared_data_dir().empty() && is_directory(join_path(bccd, "yolo/images/test"))) return bccd;
  std::puts("SKIPPED: the folder of real data is not beside the checkout");
  return {};
}

}  // namespace errata::test

#include "jobs/detection_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/coco_json.h"
#include "model/shape.h"
#include "store/snapshot_loader.h"

namespace errata::jobs {

namespace {

// A detection as a record: these, then its outline.
struct Fixed {
  std::array<double, 4> box_xywh_px;
  double confidence;
  ClassIndex class_index;
};

// Some rows of a run.
struct Slab {
  std::vector<uint32_t> counts;
  std::vector<ClassIndex> classes;
  std::vector<std::array<double, 4>> boxes;
  std::vector<double> confidence;
  std::vector<std::string> shapes;  // empty while no detection has one
  uint64_t bytes = 0;

  void add(std::string_view record) {
    Fixed fixed;
    std::memcpy(&fixed, record.data(), sizeof(fixed));
    const std::string_view shape = record.substr(sizeof(fixed));
    classes.push_back(fixed.class_index);
    boxes.push_back(fixed.box_xywh_px);
    confidence.push_back(fixed.confidence);
    if (!shape.empty()) shapes.resize(classes.size() - 1);
    if (!shape.empty() || !shapes.empty()) shapes.emplace_back(shape);
    bytes += record.size();
  }
};

}  // namespace

DetectionRows::DetectionRows(const Samples& samples, const PredictionHeader& header,
                             const std::string& file, const std::string& store_path,
                             uint64_t memory_bytes, JobContext& context)
    : samples_(samples),
      parts_of_upright_(header.parts_of_upright),
      file_(file),
      context_(context),
      records_(memory_bytes, std::string(parent_path(store_path))) {}

// Ultralytics writes an image's id as a number, so that 000000000139.jpg becomes 139: a number that
// fits nothing as it stands is looked for with leading zeros.
size_t DetectionRows::find_number(const std::string& key) {
  constexpr size_t kMostDigits = 20;
  if (key.empty() || key.find_first_not_of("0123456789") != std::string::npos) return SIZE_MAX;
  size_t found = SIZE_MAX;
  std::string padded = key;
  while (padded.size() < kMostDigits) {
    padded.insert(padded.begin(), '0');
    const importers::Match match = samples_.matcher.find(padded);
    if (match.method == importers::MatchMethod::kAmbiguous) return SIZE_MAX;
    if (!match.found()) continue;
    if (found != SIZE_MAX && found != match.index) return SIZE_MAX;
    found = match.index;
  }
  return found;
}

size_t DetectionRows::find(const std::string& key) {
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  importers::Match match = samples_.matcher.find(key);
  if (match.method == importers::MatchMethod::kNone) {
    const size_t index = find_number(key);
    if (index != SIZE_MAX) match = {importers::MatchMethod::kStem, index};
  }
  matches_.add(match.method);
  if (!match.found() && first_missing_.empty()) first_missing_ = key;
  known_.emplace(key, match.index);
  return match.index;
}

namespace {

void points_to_pixels(const UprightFrame& frame, std::vector<double>& numbers, size_t step) {
  for (size_t i = 0; i + 1 < numbers.size(); i += step) {
    const auto point =
        frame.to_stored({numbers[i] * frame.width_px(), numbers[i + 1] * frame.height_px()});
    numbers[i] = point[0];
    numbers[i + 1] = point[1];
  }
}

void to_pixels(const UprightFrame& frame, DetectionBatch& detections, size_t i) {
  auto& [x, y, width, height] = detections.box_xywh_px[i];
  detections.box_xywh_px[i] =
      frame.box_to_stored({x * frame.width_px(), y * frame.height_px(), width * frame.width_px(),
                           height * frame.height_px()});
  if (detections.shape.empty() || detections.shape[i].empty()) return;
  Shape shape = decode_shape(detections.shape[i]);
  for (std::vector<double>& polygon : shape.polygons) points_to_pixels(frame, polygon, 2);
  points_to_pixels(frame, shape.corners, 2);
  points_to_pixels(frame, shape.keypoints, 3);
  detections.shape[i] = encode_shape(shape);
}

// Leaves the mask out where it is none of this image. A box that is to be that of the mask becomes
// it; false where there is no such mask.
bool check_mask(const UprightFrame& frame, const std::string& file, const std::string& place,
                std::array<double, 4>& box_xywh_px, std::string& shape, IssueLog& issues) {
  const bool needed = std::isnan(box_xywh_px[0]);
  const std::array image{static_cast<int32_t>(frame.stored_width_px),
                         static_cast<int32_t>(frame.stored_height_px)};
  const auto size = mask_size_of(shape);
  if (size && *size != image) {
    issues.add(importers::coco_mask_size_issue(file, place, *size, image, needed));
    if (needed) return false;
    Shape rest = decode_shape(shape);
    rest.mask = {};
    shape = encode_shape(rest);
  } else if (needed) {
    const ShapeBounds bounds = bounds_of(decode_shape(shape));
    box_xywh_px = {bounds.x, bounds.y, bounds.width, bounds.height};
  }
  return true;
}

}  // namespace

void DetectionRows::take(PredictionBatch&& batch) {
  context_.cancel.check();
  std::vector<size_t> places;
  for (const std::string& key : batch.keys) places.push_back(find(key));
  DetectionBatch& detections = batch.detections;
  std::string record;
  for (size_t i = 0; i < detections.size(); ++i) {
    const uint32_t key = detections.key[i];
    if (places[key] == SIZE_MAX) {
      context_.issues.reject("unknown-sample", file_, batch.places[key],
                             shorten_utf8(to_valid_utf8(batch.keys[key]), 200),
                             "No sample of the store has this name, or several fit equally well.",
                             "Import the image first, or give the path below the source's root.");
      continue;
    }
    if (parts_of_upright_) to_pixels(samples_.frames[places[key]], detections, i);
    if (!detections.shape.empty() && !detections.shape[i].empty()) {
      const std::string place =
          detections.byte.empty() ? batch.places[key] : fmt::format("byte {}", detections.byte[i]);
      if (!check_mask(samples_.frames[places[key]], file_, place, detections.box_xywh_px[i],
                      detections.shape[i], context_.issues)) {
        continue;
      }
    }
    const Fixed fixed{detections.box_xywh_px[i], detections.confidence[i],
                      detections.class_index[i]};
    record.assign(reinterpret_cast<const char*>(&fixed), sizeof(fixed));
    if (!detections.shape.empty()) record += detections.shape[i];
    records_.add(samples_.ids[places[key]], record);
  }
}

std::vector<SampleId> DetectionRows::plan(store::Store& store) const {
  store::SnapshotOptions options;
  options.all_runs = false;
  const Snapshot snapshot = store::load_snapshot(store, options);
  const Column& source = *snapshot.samples.find("source");
  const Column& split = *snapshot.samples.find("split");
  std::set<std::pair<int32_t, int32_t>> covered;
  for (const auto& [key, place] : known_) {
    const size_t row = place == SIZE_MAX ? SIZE_MAX : snapshot.row_of(samples_.ids[place]);
    if (row != SIZE_MAX) covered.emplace(source.codes[row], split.codes[row]);
  }
  std::vector<SampleId> plan;
  for (size_t row = 0; row < snapshot.ids.size(); ++row) {
    if (covered.contains({source.codes[row], split.codes[row]})) plan.push_back(snapshot.ids[row]);
  }
  return plan;
}

void DetectionRows::write(store::RunWriter& writer, const std::vector<SampleId>& plan) {
  constexpr size_t kSlabRows = 2048;
  constexpr uint64_t kSlabBytes = 4 << 20;
  int64_t sample = 0;
  std::string_view record;
  bool more = records_.next(sample, record);
  size_t row = 0;
  while (row < plan.size()) {
    context_.cancel.check();
    const size_t first = row;
    Slab slab;
    for (; row < plan.size() && row - first < kSlabRows && slab.bytes < kSlabBytes; ++row) {
      const size_t before = slab.classes.size();
      for (; more && sample == plan[row]; more = records_.next(sample, record)) slab.add(record);
      slab.counts.push_back(static_cast<uint32_t>(slab.classes.size() - before));
    }
    if (!slab.shapes.empty()) slab.shapes.resize(slab.classes.size());
    store::RunRows rows;
    rows.detection_counts = slab.counts;
    rows.detections = {slab.classes, slab.boxes, slab.confidence, slab.shapes};
    writer.write(first, rows);
  }
  if (more) {
    throw Error(ErrorCategory::kConflict, "an image of this file went out of the store meanwhile",
                "run it again with --replace", file_);
  }
}

}  // namespace errata::jobs

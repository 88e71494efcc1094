#include "importers/yolo_predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "importers/folder_walk.h"
#include "importers/path_matcher.h"
#include "importers/yolo_rows.h"

namespace errata::importers {

namespace {

constexpr uint64_t kMostFileBytes = uint64_t{64} << 20;
constexpr size_t kBatchFiles = 512;
constexpr size_t kMostLooked = 64;

std::string folder_of_texts(const std::string& path) {
  const std::string labels = join_path(path, "labels");
  return is_directory(labels) ? labels : path;
}

std::vector<std::string> text_files(const std::string& folder) {
  std::vector<std::string> files;
  const FolderListing listing = list_folder(folder);
  for (size_t i = 0; i < listing.files.size(); ++i) {
    const std::string_view name = listing.files[i];
    if (to_lower_ascii(extension(name)) == ".txt" && name != "classes.txt") {
      files.push_back(join_path(folder, name));
    }
  }
  return files;
}

// How many of the values behind the class are geometry; 0: the row is none of a prediction.
size_t geometry_of(const YoloRow& row, const YoloKeyPoints& key_points) {
  const size_t values = row.values.size();
  if (values == 6) return 4;
  const auto is_track = [&] {
    const double track = row.values.back();
    return track >= 0 && track == std::floor(track);
  };
  if (values == 7) return is_track() ? 4 : 0;
  if (key_points.points > 0) {
    const size_t pose = 4 + key_points.points * key_points.values;
    return values == pose + 2 || (values == pose + 3 && is_track()) ? pose : 0;
  }
  if (values >= 8 && values % 2 == 0) return values - 2;
  // A polygon with confidence and track. Key points, which nothing here tells the number of, end
  // in a confidence.
  return values >= 9 && is_track() ? values - 3 : 0;
}

// Of the rows that have more than a box.
struct Survey {
  uint64_t rows = 0;  // these are all
  uint64_t without_confidence = 0;
  uint64_t longer = 0;
  uint64_t poses = 0;     // that can be poses of the project's key points
  uint64_t polygons = 0;  // that can be polygons; a row may be in both
  bool corners = true;    // every polygon has four points

  void add(const YoloText& text, const YoloKeyPoints& key_points) {
    for (const YoloRow& row : text.rows) {
      ++rows;
      if (!row.problem.empty()) continue;
      without_confidence += row.values.size() == 5 ? 1 : 0;
      longer += row.values.size() > 7 ? 1 : 0;
      if (key_points.points > 0) poses += geometry_of(row, key_points) > 4 ? 1 : 0;
      const size_t numbers = geometry_of(row, {});
      if (numbers <= 4) continue;
      ++polygons;
      corners = corners && numbers == 8;
    }
  }
  // A polygon can have as many values as a pose by chance, most polygons cannot.
  bool are_poses() const { return poses > 0 && poses >= longer - poses; }
};

class Reading {
 public:
  Reading(const PredictionInput& input, PredictionSink& sink)
      : input_(input), sink_(sink), classes_(in_training_order(input.classes)) {}

  void run() {
    const std::string folder = folder_of_texts(absolute_path(input_.path));
    const std::vector<std::string> files = text_files(folder);
    if (files.empty()) {
      throw Error(ErrorCategory::kBadInput, "the folder holds no text files", "", folder);
    }
    survey(files);
    PredictionHeader header;
    header.kind = PredictionKind::kDetections;
    header.classes = classes_;
    header.format = "yolo";
    header.reason = fmt::format("detections: classes are counted from 0, {} to {}",
                                classes_.empty() ? "" : classes_.entries().front().name,
                                classes_.empty() ? "" : classes_.entries().back().name);
    header.parts_of_upright = true;
    sink_.begin(header);
    input_.progress.start_stage("reading predictions", files.size());
    uint64_t seen = 0;
    for (size_t first = 0; first < files.size(); first += kBatchFiles) {
      input_.cancel.check();
      PredictionBatch batch;
      const size_t end = std::min(files.size(), first + kBatchFiles);
      for (size_t i = first; i < end; ++i) seen += read_file(files[i], batch);
      input_.progress.add(end - first);
      if (batch.detections.size() > 0) sink_.rows(std::move(batch));
    }
    sink_.end(seen);
  }

 private:
  static YoloText read_text(const std::string& file, std::string& text) {
    text = read_text_file(file, kMostFileBytes);
    return read_yolo_text(text);
  }

  void survey(const std::vector<std::string>& files) {
    std::string text;
    for (const std::string& file : files) {
      input_.cancel.check();
      survey_.add(read_text(file, text), input_.key_points);
    }
    if (survey_.rows > 0 && survey_.without_confidence == survey_.rows) {
      throw Error(
          ErrorCategory::kBadInput, "the rows have no confidence",
          "have them written with save_conf=True; labels are imported with `errata import`, "
          "or beside those of the store with `errata predictions --format annotations`",
          input_.path);
    }
    if (survey_.are_poses()) {
      key_points_ = input_.key_points;
      return;
    }
    if (input_.key_points.points > 0 && survey_.polygons > 0) {
      input_.issues.warn(
          "no-poses", input_.path, "", "",
          fmt::format("{} of {} rows longer than a box's can be poses of {} points with {} values "
                      "each (the project's kpt_shape): they are taken as outlines",
                      with_thousands(survey_.poses), with_thousands(survey_.longer),
                      input_.key_points.points, input_.key_points.values),
          "");
    }
    oriented_ = survey_.corners && survey_.polygons > 0;
    if (oriented_) {
      input_.issues.warn("oriented-boxes", input_.path, "", "",
                         "rows have four points each: they are taken as oriented boxes", "");
    }
  }

  uint64_t read_file(const std::string& file, PredictionBatch& batch) {
    std::string text;
    YoloText rows = read_text(file, text);
    if (!rows.is_text) {
      input_.issues.reject("bad-labels", file, "", "", "the file is no text");
      return 1;
    }
    const auto key = static_cast<uint32_t>(batch.keys.size());
    for (YoloRow& row : rows.rows) {
      if (row.problem.empty()) take(row, key, batch);
      if (row.problem.empty()) continue;
      const std::string_view written =
          std::string_view(text).substr(row.begin, row.end - row.begin);
      input_.issues.reject(row.problem, file, fmt::format("line {}", row.line),
                           shorten_utf8(to_valid_utf8(written), 200), row.message);
    }
    if (batch.detections.size() > 0 && batch.detections.key.back() == key) {
      batch.keys.emplace_back(file_stem(base_name(file)));
      batch.places.push_back(std::string(base_name(file)));
    }
    return rows.rows.size();
  }

  void take(YoloRow& row, uint32_t key, PredictionBatch& batch) {
    const bool poses = key_points_.points > 0;
    const size_t numbers = geometry_of(row, key_points_);
    if (numbers == 0 && poses) {
      return row.reject(
          "bad-row",
          fmt::format(
              "{} values are neither a box nor a pose of {} points with {} values each (the "
              "project's kpt_shape), with a confidence",
              row.values.size(), key_points_.points, key_points_.values));
    }
    if (numbers == 0) {
      return row.reject("bad-row", fmt::format("{} values are no box or polygon with a confidence; "
                                               "key points are read from predictions.json",
                                               row.values.size()));
    }
    const YoloRowKind kind = numbers == 4                ? YoloRowKind::kBox
                             : poses                     ? YoloRowKind::kPose
                             : oriented_ && numbers == 8 ? YoloRowKind::kCorners
                                                         : YoloRowKind::kPolygon;
    check_yolo_values(row, kind, numbers);
    if (!row.problem.empty()) return;
    const double confidence = row.values[numbers + 1];
    if (confidence < 0 || confidence > 1) {
      return row.reject("bad-score", fmt::format("the confidence {} is not in 0 to 1", confidence));
    }
    if (row.class_value() >= static_cast<double>(classes_.size())) {
      return row.reject("unknown-class",
                        fmt::format("there are {} classes, counted from 0", classes_.size()));
    }
    const YoloObject object =
        yolo_object(row, kind, numbers, poses ? key_points_.values : 2, {1, 1, 1});
    DetectionBatch& detections = batch.detections;
    detections.key.push_back(key);
    detections.class_index.push_back(static_cast<ClassIndex>(row.class_value()));
    detections.box_xywh_px.push_back(object.box_xywh_px);
    detections.confidence.push_back(confidence);
    if (survey_.poses > 0 || survey_.polygons > 0) {
      detections.shape.push_back(object.shape.empty() ? std::string() : encode_shape(object.shape));
    }
  }

  const PredictionInput& input_;
  PredictionSink& sink_;
  const ClassMap classes_;
  Survey survey_;
  YoloKeyPoints key_points_;  // the project's where the rows are poses
  bool oriented_ = false;     // rows of four points are oriented boxes
};

}  // namespace

DetectResult YoloPredictionReader::detect(const std::string& path) const {
  if (!is_directory(path)) return {0, "not a folder"};
  try {
    const std::vector<std::string> files = text_files(folder_of_texts(path));
    for (size_t i = 0; i < std::min(files.size(), kMostLooked); ++i) {
      const YoloText text = read_yolo_text(read_text_file(files[i], kMostFileBytes));
      if (text.rows.empty()) continue;
      const YoloRow& row = text.rows.front();
      if (row.problem.empty() && row.values.size() >= 5) {
        return {80, fmt::format("'{}' has rows of YOLO's form", base_name(files[i]))};
      }
    }
  } catch (const Error& error) {
    return {0, error.what()};
  }
  return {0, "the folder holds no text files of YOLO's form"};
}

void YoloPredictionReader::run(const PredictionInput& input, PredictionSink& sink) const {
  Reading(input, sink).run();
}

}  // namespace errata::importers

#include "importers/yolo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "base/ordered_pipeline.h"
#include "base/text.h"
#include "importers/box_checks.h"
#include "importers/export_manifest.h"
#include "importers/folder_walk.h"
#include "importers/image_file.h"
#include "importers/path_matcher.h"
#include "importers/yolo_layout.h"
#include "importers/yolo_rows.h"
#include "model/polygon_mask.h"

namespace errata::importers {

namespace {

constexpr uint64_t kMostLabelBytes = uint64_t{64} << 20;
constexpr size_t kChunkImages = 128;
constexpr size_t kWindowChunks = 32;
constexpr size_t kSurveyed = 4096;
constexpr int32_t kSmallestSide = 10;  // Ultralytics trains on nothing smaller

enum class LabelState : uint8_t { kRead, kMissing, kUnreadable };

struct LabelFile {
  LabelState state = LabelState::kMissing;
  std::string path;
  std::string text;
  YoloText rows;
};

LabelFile read_labels(const std::string& image) {
  LabelFile file;
  file.path = yolo_label_path(image);
  if (!file_exists(file.path)) {
    std::string upper = file.path;
    upper.replace(upper.size() - 4, 4, ".TXT");
    if (!file_exists(upper)) return file;
    file.path = std::move(upper);
  }
  try {
    file.text = read_text_file(file.path, kMostLabelBytes);
  } catch (const Error&) {
    file.state = LabelState::kUnreadable;
    return file;
  }
  file.rows = read_yolo_text(file.text);
  file.state = file.rows.is_text ? LabelState::kRead : LabelState::kUnreadable;
  return file;
}

// What only many files together say.
struct Survey {
  bool any_labels = false;
  bool corners = true;        // every row of more than six values has nine
  bool any_long_row = false;  // of more than six
  double least_class = 1e9;
  double most_class = -1;

  void add(const LabelFile& file) {
    any_labels = any_labels || file.state != LabelState::kMissing;
    for (const YoloRow& row : file.rows.rows) {
      if (!row.problem.empty()) continue;
      any_long_row = any_long_row || row.values.size() > 6;
      corners = corners && (row.values.size() <= 6 || row.values.size() == 9);
      least_class = std::min(least_class, row.class_value());
      most_class = std::max(most_class, row.class_value());
    }
  }
  void add(const Survey& other) {
    any_labels = any_labels || other.any_labels;
    any_long_row = any_long_row || other.any_long_row;
    corners = corners && other.corners;
    least_class = std::min(least_class, other.least_class);
    most_class = std::max(most_class, other.most_class);
  }
};

struct ReadImage {
  std::optional<SampleRecord> sample;
  std::vector<ObjectRecord> objects;  // their sample still to be said
  std::vector<Issue> issues;
  uint64_t rows = 0;             // seen
  bool labels_rejected = false;  // the file as such, seen and rejected as one thing
  std::string label_path;        // empty: there is none
};

class Reading {
 public:
  Reading(const ImportInput& input, SampleSink& sink) : input_(input), sink_(sink) {}

  void run() {
    input_.progress.start_stage("listing images", 0);
    layout_ = read_yolo_layout(input_);
    for (size_t s = 0; s < layout_.splits.size(); ++s) {
      for (const std::string& image : layout_.splits[s].images) images_.push_back({&image, s});
    }
    survey();
    settle_classes();
    header_.format = "yolo";
    header_.root = layout_.root;
    header_.has_objects = true;
    header_.classes = layout_.classes;
    if (!layout_.yaml_path.empty()) {
      header_.documents.push_back(
          {std::string(base_name(layout_.yaml_path)), std::move(layout_.yaml_text)});
    }
    sink_.begin(header_);
    read_all();
    warn_of_orphans();
    sink_.end(seen_ + layout_.rejected);
  }

 private:
  struct Place {
    const std::string* path;
    size_t split;
  };
  struct RowForm {
    YoloRowKind kind = YoloRowKind::kBox;
    size_t numbers = 0;  // behind the class
  };

  void survey();
  void settle_classes();
  void read_all();
  ReadImage read_image(const Place& place);
  void read_rows(LabelFile& file, ReadImage& read, const UprightFrame& frame) const;
  void check_row(YoloRow& row, bool mixed, std::set<std::vector<float>>& known,
                 RowForm& form) const;
  bool form_of(YoloRow& row, bool mixed, RowForm& form) const;
  ObjectRecord record_of(const YoloRow& row, const RowForm& form, const LabelFile& file,
                         const UprightFrame& frame, std::vector<Issue>& issues) const;
  static void warn_of_left_out(const LabelFile& file, const std::string& place,
                               const UprightFrame& frame, ReadImage& read);
  void tell_of_labels(const LabelFile& file, const std::string& image, ReadImage& read) const;
  void warn_of_orphans();

  const ImportInput& input_;
  SampleSink& sink_;
  YoloLayout layout_;
  SourceHeader header_;
  std::vector<Place> images_;
  Survey survey_;
  uint64_t seen_ = 0;
  std::unordered_set<std::string> label_paths_;
  std::set<std::string> label_folders_;
};

void Reading::survey() {
  // Spread over all of them, so that no split or folder is missed; all where nothing names the
  // classes, since the highest index then says how many there are.
  const size_t count =
      layout_.classes.empty() ? images_.size() : std::min(images_.size(), kSurveyed);
  input_.progress.start_stage("looking at labels", count);
  const auto produce = [&](size_t chunk) {
    input_.cancel.check();
    Survey found;
    const size_t end = std::min(count, (chunk + 1) * kChunkImages);
    for (size_t i = chunk * kChunkImages; i < end; ++i) {
      found.add(read_labels(*images_[i * images_.size() / count].path));
    }
    return found;
  };
  const auto consume = [&](Survey&& found) {
    survey_.add(found);
    input_.progress.add(kChunkImages);
  };
  run_ordered<Survey>(input_.parallel_for, (count + kChunkImages - 1) / kChunkImages, kWindowChunks,
                      produce, consume);
  if (!survey_.any_labels) {
    const std::string& first = *images_.front().path;
    throw Error(ErrorCategory::kNotFound,
                fmt::format("none of the images has labels: {} was looked for",
                            to_valid_utf8(yolo_label_path(first))),
                "labels are beside the images, or in labels/ where those are in images/",
                input_.path);
  }
  survey_.corners = survey_.corners && survey_.any_long_row && layout_.key_points.points == 0;
  if (layout_.four_points_are_oriented) {
    survey_.corners = *layout_.four_points_are_oriented;
  } else if (survey_.corners) {
    input_.issues.warn("oriented-boxes", input_.path, "", "",
                       "rows have four corners each: they are taken as oriented boxes; polygons of "
                       "four points would look the same",
                       "");
  }
}

void Reading::settle_classes() {
  const bool named = !layout_.classes.empty();
  for (int64_t i = 0; !named && i <= static_cast<int64_t>(survey_.most_class); ++i) {
    constexpr int64_t kMostClasses = 100'000;
    if (i == kMostClasses) break;
    layout_.classes.add(fmt::format("class_{}", i), fmt::format("{}", i));
  }
  const auto classes = static_cast<double>(layout_.classes.size());
  if (named && survey_.least_class >= 1 && survey_.most_class == classes) {
    input_.issues.warn("classes-from-one", input_.path, "", "",
                       fmt::format("the labels have classes 1 to {0}, the names are 0 to {1}: they "
                                   "look as if counted from 1; class {0} is rejected",
                                   classes, classes - 1),
                       "subtract 1 from the classes in the labels");
  }
}

// False with a problem in the row when it has none.
bool Reading::form_of(YoloRow& row, bool mixed, RowForm& form) const {
  const size_t values = row.values.size();
  form.numbers = values - 1;
  if (layout_.key_points.points > 0) {
    form.kind = YoloRowKind::kPose;
    if (form.numbers == 4 + layout_.key_points.points * layout_.key_points.values) return true;
    row.reject("bad-row", fmt::format("{} values where kpt_shape wants {}", values,
                                      5 + layout_.key_points.points * layout_.key_points.values));
    return false;
  }
  if (values == 5) return true;
  if (values == 6 && !mixed) {
    row.reject("six-values",
               "six values are a prediction with its confidence, not a label of five");
    return false;
  }
  if (values >= 7 && values % 2 == 1) {
    form.kind = survey_.corners && values == 9 ? YoloRowKind::kCorners : YoloRowKind::kPolygon;
    return true;
  }
  row.reject("bad-row", fmt::format("{} values are neither a box nor a polygon", values));
  return false;
}

Issue row_issue(const LabelFile& file, const YoloRow& row, IssueSeverity severity,
                const std::string& kind, std::string message, std::string fix = {}) {
  const std::string_view text = std::string_view(file.text).substr(row.begin, row.end - row.begin);
  return {severity,
          kind,
          file.path,
          fmt::format("line {}", row.line),
          shorten_utf8(to_valid_utf8(text), 200),
          std::move(message),
          std::move(fix)};
}

// What is wrong with a row is said in it; its form where nothing is.
void Reading::check_row(YoloRow& row, bool mixed, std::set<std::vector<float>>& known,
                        RowForm& form) const {
  if (!row.problem.empty() || !form_of(row, mixed, form)) return;
  check_yolo_values(row, form.kind, form.numbers);
  if (!row.problem.empty()) return;
  const size_t classes = layout_.classes.size();
  if (row.class_value() >= static_cast<double>(classes)) {
    return row.reject("unknown-class",
                      fmt::format("there are {} classes, counted from 0", classes));
  }
  if (!known.emplace(row.values.begin(), row.values.end()).second) {
    row.reject("duplicate-row", "the same row again; Ultralytics drops it as well");
  }
}

ObjectRecord Reading::record_of(const YoloRow& row, const RowForm& form, const LabelFile& file,
                                const UprightFrame& frame, std::vector<Issue>& issues) const {
  const YoloObject object =
      yolo_object(row, form.kind, form.numbers, layout_.key_points.values, frame);
  if (const auto oddity = box_oddity(object.box_xywh_px, 0, 0)) {
    issues.push_back(row_issue(file, row, IssueSeverity::kWarning, oddity->kind, oddity->message));
  }
  const bool has_box = form.kind == YoloRowKind::kBox || form.kind == YoloRowKind::kPose;
  const auto end = row.values.begin() + 1 + static_cast<std::ptrdiff_t>(has_box ? 4 : form.numbers);
  if (std::any_of(row.values.begin() + 1, end,
                  [](double value) { return value < 0 || value > 1; })) {
    issues.push_back(row_issue(file, row, IssueSeverity::kWarning, "outside-image",
                               "a value is a little outside 0 to 1"));
  }
  ObjectRecord record;
  record.class_index = static_cast<ClassIndex>(row.class_value());
  record.box_xywh_px = object.box_xywh_px;
  const auto rings = form.kind == YoloRowKind::kCorners
                         ? std::vector<std::vector<double>>{object.shape.corners}
                         : object.shape.polygons;
  record.area_px = polygons_area(rings, static_cast<uint32_t>(frame.stored_height_px),
                                 static_cast<uint32_t>(frame.stored_width_px))
                       .value_or(object.box_xywh_px[2] * object.box_xywh_px[3]);
  if (!object.shape.empty()) record.shape = encode_shape(object.shape);
  record.raw_text = file.text.substr(row.begin, row.end - row.begin);
  return record;
}

void Reading::read_rows(LabelFile& file, ReadImage& read, const UprightFrame& frame) const {
  std::vector<YoloRow>& rows = file.rows.rows;
  const bool mixed = layout_.key_points.points == 0 &&
                     std::any_of(rows.begin(), rows.end(),
                                 [](const YoloRow& row) { return row.values.size() > 6; });
  std::string& raw = read.sample->raw_text;
  std::set<std::vector<float>> known;
  size_t at = 0;
  bool told_mixed = false;
  std::string left_out;
  for (YoloRow& row : rows) {
    RowForm form;
    check_row(row, mixed, known, form);
    if (!row.problem.empty()) {
      read.issues.push_back(row_issue(
          file, row, IssueSeverity::kRejected, row.problem, row.message,
          row.problem == "six-values" ? "attach predictions with `errata predictions`" : ""));
      if (row.problem != "duplicate-row" && left_out.empty()) {
        left_out = fmt::format("line {}", row.line);
      }
      continue;
    }
    if (form.kind == YoloRowKind::kBox && mixed && !told_mixed) {
      told_mixed = true;
      read.issues.push_back(row_issue(
          file, row, IssueSeverity::kWarning, "mixed-rows",
          "boxes and polygons stand in one file: each is taken as what it is; older versions of "
          "Ultralytics take such a box for a polygon of two points"));
    }
    if (form.kind == YoloRowKind::kPose && left_out.empty() &&
        !takes_key_points(row, form.numbers, layout_.key_points.values)) {
      left_out = fmt::format("line {}", row.line);
    }
    read.objects.push_back(record_of(row, form, file, frame, read.issues));
    raw += std::string_view(file.text).substr(at, row.begin - at);
    raw += SourceHeader::kObjectsMark;
    at = row.end;
  }
  raw += std::string_view(file.text).substr(at);
  warn_of_left_out(file, left_out, frame, read);
}

void Reading::warn_of_left_out(const LabelFile& file, const std::string& place,
                               const UprightFrame& frame, ReadImage& read) {
  const bool small = std::min(frame.stored_width_px, frame.stored_height_px) < kSmallestSide;
  const char* why = !place.empty()           ? "a row that it refuses"
                    : small                  ? "a side of less than 10 pixels"
                    : file.rows.has_mark     ? "the byte order mark of its labels"
                    : file.rows.comments > 0 ? "the comment in its labels"
                                             : nullptr;
  if (why == nullptr) return;
  read.issues.push_back(
      {IssueSeverity::kWarning, "left-out-by-ultralytics", file.path, place, read.sample->path,
       fmt::format("Ultralytics trains without this image because of {}", why), ""});
}

void Reading::tell_of_labels(const LabelFile& file, const std::string& image,
                             ReadImage& read) const {
  const auto issue = [&](IssueSeverity severity, const char* kind, const char* message,
                         const char* fix) {
    read.issues.push_back({severity, kind, file.path, "", image, message, fix});
  };
  if (file.state == LabelState::kMissing) {
    issue(IssueSeverity::kWarning, "missing-labels",
          "there is no such file: the image is taken as one without objects", "");
  } else if (file.state == LabelState::kUnreadable) {
    read.labels_rejected = true;
    issue(IssueSeverity::kRejected, "bad-labels",
          "the file cannot be read, or is no text: the image is taken as one without objects",
          "write the labels as plain text");
  } else {
    if (file.rows.has_mark) {
      issue(IssueSeverity::kWarning, "mark", "the labels begin with a byte order mark",
            "write UTF-8 without a mark");
    }
    if (file.rows.comments > 0) {
      issue(IssueSeverity::kWarning, "comment", "lines that begin with # are no rows", "");
    }
  }
}

ReadImage Reading::read_image(const Place& place) {
  thread_local ImageFileReader reader;
  ReadImage read;
  LabelFile file = read_labels(*place.path);
  if (file.state != LabelState::kMissing) read.label_path = file.path;
  read.rows = file.rows.rows.size();
  SampleRecord record;
  record.path = place.path->substr(layout_.root == "/" ? 1 : layout_.root.size() + 1);
  record.split = layout_.splits[place.split].name;
  constexpr int kNoFolder = -1;
  const bool taken = reader.read(kNoFolder, "", layout_.root, record, read.issues);
  tell_of_labels(file, record.path, read);
  if (!taken) {
    for (const YoloRow& row : file.rows.rows) {
      read.issues.push_back({IssueSeverity::kRejected, "unknown-image", file.path,
                             fmt::format("line {}", row.line), record.path,
                             "its image cannot be read", ""});
    }
    return read;
  }
  const UprightFrame frame{record.orientation, static_cast<double>(record.width_px),
                           static_cast<double>(record.height_px)};
  read.sample = std::move(record);
  if (file.state == LabelState::kMissing) {
    read.sample->raw_text = SourceHeader::kNoFileMark;
  } else if (file.state == LabelState::kRead) {
    read_rows(file, read, frame);
  }
  return read;
}

void Reading::read_all() {
  input_.progress.start_stage("reading images and labels", images_.size());
  uint32_t handed_over = 0;
  const auto produce = [&](size_t chunk) {
    input_.cancel.check();
    std::vector<ReadImage> read;
    const size_t end = std::min(images_.size(), (chunk + 1) * kChunkImages);
    for (size_t i = chunk * kChunkImages; i < end; ++i) read.push_back(read_image(images_[i]));
    return read;
  };
  const auto consume = [&](std::vector<ReadImage>&& chunk) {
    std::vector<SampleRecord> samples;
    std::vector<ObjectRecord> objects;
    for (ReadImage& read : chunk) {
      seen_ += 1 + read.rows + (read.labels_rejected ? 1 : 0);
      for (Issue& issue : read.issues) input_.issues.add(std::move(issue));
      if (!read.label_path.empty()) {
        label_folders_.emplace(parent_path(read.label_path));
        label_paths_.insert(std::move(read.label_path));
      }
      if (!read.sample) continue;
      for (ObjectRecord& object : read.objects) {
        object.sample = handed_over;
        objects.push_back(std::move(object));
      }
      ++handed_over;
      samples.push_back(std::move(*read.sample));
    }
    input_.progress.add(chunk.size());
    if (!samples.empty()) sink_.samples(std::move(samples));
    if (!objects.empty()) sink_.objects(std::move(objects));
  };
  run_ordered<std::vector<ReadImage>>(input_.parallel_for,
                                      (images_.size() + kChunkImages - 1) / kChunkImages,
                                      kWindowChunks, produce, consume);
}

// Labels that no image of the set asks for, in the folders where labels are. Beside images lie
// other texts as well: a list of the split, a README.
void Reading::warn_of_orphans() {
  size_t orphans = 0;
  std::string example;
  for (const std::string& folder : label_folders_) {
    const FolderListing listing = list_folder(folder);
    for (size_t i = 0; i < listing.files.size(); ++i) {
      input_.cancel.check();
      const std::string_view name = listing.files[i];
      if (to_lower_ascii(extension(name)) != ".txt" || name == "classes.txt") continue;
      const std::string path = join_path(folder, name);
      if (label_paths_.contains(path)) continue;
      try {
        const YoloText text = read_yolo_text(read_text_file(path, kMostLabelBytes));
        if (text.rows.empty() || !text.rows.front().problem.empty()) continue;
      } catch (const Error& error) {
        input_.issues.warn("unread-text", path, "", "",
                           fmt::format("no image has this name, and whether it holds labels is not "
                                       "known: {}",
                                       error.what()),
                           "");
        continue;
      }
      if (orphans++ == 0) example = path;
    }
  }
  if (orphans == 0) return;
  input_.issues.warn("labels-without-image", example, "", "",
                     fmt::format("{} no image of the set and {} left out",
                                 orphans == 1 ? "1 file of labels has"
                                              : with_thousands(orphans) + " files of labels have",
                                 orphans == 1 ? "was" : "were"),
                     "delete them, or add the images");
}

}  // namespace

DetectResult YoloImporter::detect(const std::string& path) const {
  if (!is_directory(path)) {
    const std::string suffix = extension(path);
    if (suffix != ".yaml" && suffix != ".yml") return {0, "neither a folder nor named .yaml"};
    return find_yolo_yaml(path).empty()
               ? DetectResult{0, "a YAML without train or val, and names"}
               : DetectResult{90, "a YAML with the splits and classes of a data set"};
  }
  if (exported_format(path) == "yolo") return {95, "the folder holds an Errata export as YOLO"};
  const std::string yaml = find_yolo_yaml(path);
  if (!yaml.empty()) {
    return {90, fmt::format("'{}' names splits and classes", escape_bytes(base_name(yaml)))};
  }
  if (has_yolo_folders(path)) return {75, "the folder holds images with YOLO's text labels"};
  return {0, "the folder holds neither a data.yaml nor images with text labels"};
}

void YoloImporter::run(const ImportInput& input, SampleSink& sink) const {
  Reading(input, sink).run();
}

}  // namespace errata::importers

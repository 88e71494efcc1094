#include "export/yolo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "export/layout.h"
#include "export/losses.h"
#include "export/manifest.h"
#include "export/names.h"
#include "export/yolo_dataset.h"
#include "export/yolo_labels.h"

namespace errata::exports {

namespace {

constexpr std::string_view kImages = "images";
constexpr std::string_view kLabels = "labels";
// Ultralytics' IMG_FORMATS.
constexpr std::array<std::string_view, 13> kReadByUltralytics{
    ".avif", ".bmp", ".dng", ".heic", ".heif", ".jp2", ".jpeg",
    ".jpg",  ".mpo", ".png", ".tif",  ".tiff", ".webp"};

constexpr std::string_view kOrientedAsBox =
    "oriented boxes, unless all are: the upright box around each is written";
constexpr std::string_view kOrientedAsOutline =
    "oriented boxes among outlines: each becomes an outline of four points";

class Yolo : public ExportFormat {
 public:
  std::string_view name() const override { return "yolo"; }
  std::string_view description() const override {
    return "YOLO: data.yaml and a text file of labels for each image; a YOLO source's own rows "
           "kept";
  }
  bool holds_objects() const override { return true; }
  std::vector<Loss> losses(const ExportInput& input) const override;
  Layout plan(const ExportInput& input, const ExportOptions& options,
              IssueLog& issues) const override;
  void write_tables(const ExportInput& input, const ExportOptions& options, const Layout& layout,
                    std::span<const uint8_t> written, const std::string& folder) const override;
};

void add_shape_losses(const ExportObject& object, YoloForm form, const YoloDataset& dataset,
                      Losses& losses) {
  const Shape shape = decode_shape(object.shape);
  const auto lose = [&](std::string_view kind, std::string_view what) {
    losses.add_object(kind, what, object.id);
  };
  if (!shape.mask.counts.empty()) lose("mask", "masks: only the box is written");
  const bool keeps_outline = form == YoloForm::kPolygon && shape.polygons.size() == 1;
  const bool keeps_corners = form == YoloForm::kCorners && !shape.corners.empty();
  if (!shape.polygons.empty() && !keeps_outline) {
    lose("outline", "outlines, unless every object has just one: only the box is written");
  }
  if (!shape.corners.empty() && !keeps_corners) {
    lose("oriented-box", form == YoloForm::kPolygon ? kOrientedAsOutline : kOrientedAsBox);
  }
  const bool as_points = form == YoloForm::kPolygon || form == YoloForm::kCorners;
  if (as_points && !keeps_outline && shape.corners.empty()) {
    lose("box-as-outline",
         "boxes among outlines: the four corners of each are written, since Ultralytics takes no "
         "set that mixes them");
  }
  const bool same_points = form == YoloForm::kPose
                               ? shape.keypoints.size() == dataset.pose().points * 3
                               : shape.keypoints.empty();
  if (!same_points) {
    lose("keypoints", form == YoloForm::kPose
                          ? "objects of more or fewer key points than the others"
                          : "keypoints");
  }
}

std::vector<Loss> Yolo::losses(const ExportInput& input) const {
  Losses losses;
  const YoloDataset dataset(input);
  for (const ExportObject& object : input.objects.objects) {
    const auto lose = [&](std::string_view kind, std::string_view what) {
      losses.add_object(kind, what, object.id);
    };
    if (object.crowd) {
      losses.leave_out_object("crowd", "crowds: they are left out", object.id);
      continue;
    }
    if (object.difficult) lose("difficult", "marks of difficult objects");
    if (object.truncated) lose("truncated", "marks of truncated objects");
    const YoloForm form = dataset.form_of(object);
    if (dataset.keeps_numbers(object)) {
      const bool read_as_outline = form == YoloForm::kCorners && dataset.outline_form() != form;
      if (read_as_outline) lose("oriented-box", kOrientedAsOutline);
      continue;
    }
    add_shape_losses(object, form, dataset, losses);
    const YoloNumbers numbers =
        yolo_numbers(object, form, dataset.pose(), dataset.frame_of(object));
    if (numbers.values.empty()) {
      losses.leave_out_object("outside-image",
                              "objects outside their image, or in one of unknown size: left out",
                              object.id);
      continue;
    }
    if (numbers.points_outside) {
      lose("keypoints-outside",
           "key points outside their image: each is put to its border, as one that is not seen");
    }
    if (numbers.clipped) {
      lose("clipped", "what reaches beyond the image: it is cut off");
    } else if (!numbers.exact && !numbers.points_outside) {
      lose("rounded-box", "numbers of pixels that are no parts of the image: the last bits differ");
    }
  }
  const YoloLabels labels(input, dataset);
  for (size_t i = 0; i < input.items.size(); ++i) {
    for (const ObjectId id : labels.repeats(i)) {
      losses.add_object("repeated-object",
                        "objects with the class, box and outline of another: of rows that are the "
                        "same, readers take one",
                        id);
    }
  }
  for (size_t i = 0; i < input.items.size(); ++i) {
    if (!labels.drops_rejected_rows(i)) continue;
    losses.add_sample("rejected-rows",
                      "rows that were rejected when they were imported: they are left out where "
                      "the labels of their image or the classes have changed since",
                      input.items[i].sample);
  }
  add_field_losses(input, name(), losses);
  add_label_losses(input, losses);
  return losses.take();
}

std::string label_path(const std::string& image) {
  std::string path(kLabels);
  path += image.substr(kImages.size());
  const size_t dot = path.rfind('.');
  if (dot != std::string::npos && dot > path.rfind('/')) path.resize(dot);
  return path + ".txt";
}

// data.yaml has a line for it.
bool is_named_split(const ExportInput& input, const ExportItem& item) {
  if (item.split < 0) return false;
  const std::string& name = input.split_names[static_cast<size_t>(item.split)];
  return name == "train" || name == "val" || name == "test";
}

void warn(const ExportInput& input, const Layout& layout, IssueLog& issues) {
  for (const std::string& path : layout.paths) {
    const std::string ext = extension(path);
    if (std::find(kReadByUltralytics.begin(), kReadByUltralytics.end(), ext) !=
        kReadByUltralytics.end()) {
      continue;
    }
    issues.warn("unread-extension", path, {}, ext,
                "Ultralytics passes over files with this extension", "convert the image");
  }
  const auto has = [&](std::string_view split) {
    return std::any_of(input.items.begin(), input.items.end(), [&](const ExportItem& item) {
      return item.split >= 0 && input.split_names[static_cast<size_t>(item.split)] == split;
    });
  };
  uint64_t unnamed = 0;
  for (const ExportItem& item : input.items) unnamed += is_named_split(input, item) ? 0 : 1;
  if (has("train") && unnamed > 0) {
    issues.warn("split-not-in-yaml", "data.yaml", {}, {},
                fmt::format("{} in splits other than train, val and test, or in none, and so in no "
                            "line of data.yaml: Ultralytics does not see them",
                            unnamed == 1 ? "1 image is" : with_thousands(unnamed) + " images are"),
                "put them into train, val or test");
  }
  if (has("train") && has("val")) return;
  issues.warn(
      "no-train-or-val", "data.yaml", {}, {},
      layout.split_folders.empty()
          ? "there are no splits: train and val are both all images"
          : "Ultralytics trains with the splits train and val, and one of them is not there",
      "make them with `errata split train=0.8,val=0.2`");
}

Layout Yolo::plan(const ExportInput& input, const ExportOptions&, IssueLog& issues) const {
  Layout layout;
  layout.description = "images/split/file, labels/split/file.txt";
  const YoloDataset dataset(input);
  if (dataset.writes_outlines()) {
    layout.yolo_rows = dataset.outline_form() == YoloForm::kCorners ? "oriented" : "outlines";
  }
  std::vector<std::string> folders = split_folders_of_items(input, std::string(kImages), layout);
  // The last folder called images is the one that labels stand beside.
  const std::string inner = std::string(kImages) + "/" + std::string(kImages);
  for (std::vector<std::string>* each : {&folders, &layout.split_folders}) {
    for (std::string& folder : *each) {
      if (folder == inner) folder += "%";
    }
  }
  layout.paths = place_files(input, folders, Distinct::kStems);
  std::set<std::string> made{std::string(kImages), std::string(kLabels), "data.yaml"};
  std::set<std::pair<int32_t, std::string>> used;
  for (size_t i = 0; i < folders.size(); ++i) {
    made.insert(folders[i]);
    made.insert(std::string(kLabels) + folders[i].substr(kImages.size()));
    used.emplace(input.items[i].split, folders[i]);
  }
  made.erase("data.yaml");
  layout.folders.assign(made.begin(), made.end());
  for (const auto& [split, folder] : used) layout.annotations.push_back({folder, split});
  warn(input, layout, issues);
  return layout;
}

void Yolo::write_tables(const ExportInput& input, const ExportOptions&, const Layout& layout,
                        std::span<const uint8_t> written, const std::string& folder) const {
  const YoloDataset dataset(input);
  const YoloLabels labels(input, dataset);
  std::string text;
  for (size_t i = 0; i < input.items.size(); ++i) {
    if (written[i] == 0 || !labels.text(i, text)) continue;
    write_plain_file(join_path(folder, label_path(layout.paths[i])), text);
  }
  std::vector<std::string> folder_of_split(input.split_names.size());
  std::string rest;
  for (const AnnotationFile& file : layout.annotations) {
    (file.split < 0 ? rest : folder_of_split[static_cast<size_t>(file.split)]) = file.path;
  }
  write_plain_file(join_path(folder, "data.yaml"), dataset.yaml(folder_of_split, rest));
}

}  // namespace

const ExportFormat& yolo_format() {
  static const Yolo format;
  return format;
}

}  // namespace errata::exports

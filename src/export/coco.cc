#include "export/coco.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "export/coco_categories.h"
#include "export/coco_object.h"
#include "export/coco_plan.h"
#include "export/json_edit.h"
#include "export/losses.h"
#include "export/manifest.h"
#include "model/shape.h"
#include "text/csv.h"

namespace errata::exports {

namespace {

// A file that no source has: \x01 and \x02 are the marks of SourceHeader.
constexpr std::string_view kNewDocument =
    "{\n\"images\": [\n\x01\n],\n\"annotations\": [\n\x02\n],\n\"categories\": []\n}\n";

class Coco : public ExportFormat {
 public:
  std::string_view name() const override { return "coco"; }
  std::string_view description() const override {
    return "COCO annotations: boxes, masks, crowds, keypoints; a COCO source's own bytes kept";
  }
  bool supports(FileMode) const override { return true; }
  bool holds_objects() const override { return true; }
  std::vector<Loss> losses(const ExportInput& input) const override;
  Layout plan(const ExportInput& input, const ExportOptions& options,
              IssueLog& issues) const override;
  void write_tables(const ExportInput& input, const ExportOptions& options, const Layout& layout,
                    std::span<const uint8_t> written, const std::string& folder) const override;
};

std::vector<Loss> Coco::losses(const ExportInput& input) const {
  Losses losses;
  for (const ExportObject& object : input.objects.objects) {
    input.objects.passed_texts_of(object);
    if (object.difficult) {
      losses.add_object("difficult", "marks of difficult objects", object.id);
    }
    if (object.truncated) {
      losses.add_object("truncated", "marks of truncated objects", object.id);
    }
    if (!object.shape.empty() && !decode_shape(object.shape).corners.empty()) {
      losses.add_object("oriented-box", "oriented boxes: they become polygons of four points",
                        object.id);
    }
  }
  add_field_losses(input, name(), losses);
  add_label_losses(input, losses);
  return losses.take();
}

Layout Coco::plan(const ExportInput& input, const ExportOptions& options, IssueLog& issues) const {
  CocoPlan plan = plan_coco(input, options.files == FileMode::kNone);
  Layout layout;
  layout.description = "annotations/file.json";
  if (options.files != FileMode::kNone) layout.description += ", images/file";
  for (const CocoFile& file : plan.files) {
    layout.annotations.push_back({file.path, file.split});
    for (const CocoImage& image : file.images) {
      if (image.source_image < 0 && !is_valid_utf8(image.name)) {
        issues.warn("path-not-utf8", file.path, {}, escape_bytes(image.name),
                    "JSON cannot hold this path: readers will not find the image",
                    "rename the file or its folder, or export with --files copy");
      }
      if (image.source_image < 0 || !image.renamed) continue;
      issues.warn("file-name-changed", file.path, "image " + image.id, image.name,
                  "the source's file_name cannot be kept: it is no path below the images' folder, "
                  "or another image has it too",
                  "");
    }
  }
  layout.paths = std::move(plan.paths);
  layout.folders = std::move(plan.folders);
  return layout;
}

// Ids above all that are there, for what has none.
class FreshIds {
 public:
  void note(std::string_view json_id) {
    double number = 0;
    if (text::parse_double(json_id, number) && number < static_cast<double>(kHighest)) {
      highest_ = std::max(highest_, static_cast<int64_t>(number));
    }
  }
  void note(int64_t id) {
    if (id < kHighest) highest_ = std::max(highest_, id);
  }
  std::string next() { return std::to_string(++highest_); }

 private:
  // What a reader that has only doubles can count on from.
  static constexpr int64_t kHighest = 9'000'000'000'000'000;
  int64_t highest_ = 0;
};

class Writer {
 public:
  Writer(const ExportInput& input, bool in_place, std::span<const uint8_t> written)
      : input_(input),
        objects_(input.objects),
        written_(written),
        plan_(plan_coco(input, in_place)) {}

  void write(const std::string& folder) {
    sort_objects();
    note_ids();
    for (size_t f = 0; f < plan_.files.size(); ++f) {
      PlainFile file(join_path(folder, plan_.files[f].path));
      write_file(f, file);
      file.close();
    }
  }

 private:
  void sort_objects();
  void note_ids();
  void write_file(size_t f, PlainFile& to);
  std::string document_of(size_t f, CocoCategories& categories) const;
  std::string images_text(const CocoFile& file, std::map<uint32_t, std::string>& id_of_item);
  void add_object(const CocoFile& file, const ExportObject& object, const std::string& image_id,
                  const CocoCategories& categories, JsonList& list);
  std::set<ClassIndex> classes_of_source(int32_t source) const;
  const std::string& source_document(const CocoFile& file) const {
    static const std::string new_document(kNewDocument);
    if (file.source < 0) return new_document;
    const ObjectSource& source = objects_.sources[static_cast<size_t>(file.source)];
    return source.documents[static_cast<size_t>(file.document)].text;
  }
  bool has_own_text(const CocoFile& file, const ExportObject& object) const {
    const ObjectSource* source = objects_.source_of(object);
    return file.source >= 0 && source != nullptr && source->format == "coco" &&
           object.raw_text.find('{') != std::string::npos;
  }

  const ExportInput& input_;
  const ExportObjects& objects_;
  std::span<const uint8_t> written_;
  CocoPlan plan_;
  std::vector<std::vector<size_t>> objects_of_file_;
  std::map<int32_t, FreshIds> image_ids_;  // by source
  std::map<int32_t, FreshIds> object_ids_;
};

void Writer::sort_objects() {
  objects_of_file_.resize(plan_.files.size());
  std::vector<int32_t> file_of_image(objects_.images.size(), -1);
  std::vector<int32_t> file_of_item(input_.items.size(), -1);
  for (size_t f = 0; f < plan_.files.size(); ++f) {
    for (const CocoImage& image : plan_.files[f].images) {
      const auto file = static_cast<int32_t>(f);
      if (image.source_image >= 0) file_of_image[static_cast<size_t>(image.source_image)] = file;
      if (file_of_item[image.item] < 0) file_of_item[image.item] = file;
    }
  }
  for (size_t i = 0; i < objects_.objects.size(); ++i) {
    const ExportObject& object = objects_.objects[i];
    if (written_[object.item] == 0) continue;
    int32_t file = object.image < 0 ? -1 : file_of_image[static_cast<size_t>(object.image)];
    if (file < 0) file = file_of_item[object.item];
    if (file >= 0) objects_of_file_[static_cast<size_t>(file)].push_back(i);
  }
}

void Writer::note_ids() {
  for (const CocoFile& file : plan_.files) {
    for (const CocoImage& image : file.images) image_ids_[file.source].note(image.id);
    if (file.source < 0) continue;
    object_ids_[file.source].note(
        objects_.sources[static_cast<size_t>(file.source)].highest_raw_id);
  }
}

std::set<ClassIndex> Writer::classes_of_source(int32_t source) const {
  std::set<ClassIndex> classes;
  for (size_t f = 0; f < plan_.files.size(); ++f) {
    if (plan_.files[f].source != source) continue;
    for (const size_t i : objects_of_file_[f]) {
      const ExportObject& object = objects_.objects[i];
      objects_.passed_texts_of(object);
      const bool kept = has_own_text(plan_.files[f], object) && !object.given_merged &&
                        (object.differences & store::kOtherClass) == 0;
      if (!kept) classes.insert(object.label);
    }
  }
  return classes;
}

std::string Writer::images_text(const CocoFile& file, std::map<uint32_t, std::string>& id_of_item) {
  JsonList list(file.source < 0 ? ",\n" : ", ");
  for (const CocoImage& image : file.images) {
    if (written_[image.item] == 0) continue;
    std::string quoted;
    append_json_string(quoted, image.name);
    if (image.source_image >= 0) {
      const std::string& raw = objects_.images[static_cast<size_t>(image.source_image)].raw_text;
      const size_t begin = raw.find('{');
      id_of_item.emplace(image.item, image.id);
      const std::string_view element = std::string_view(raw).substr(begin);
      if (!image.renamed) {
        list.add_raw(std::string_view(raw).substr(0, begin), element);
        continue;
      }
      JsonMembers members(element);
      members.set("file_name", quoted);
      list.add_raw(std::string_view(raw).substr(0, begin), members.changed());
      continue;
    }
    const ExportItem& item = input_.items[image.item];
    const std::string id = image_ids_[file.source].next();
    id_of_item.emplace(image.item, id);
    std::string text = "{\"id\": " + id + ", \"file_name\": " + quoted;
    if (item.width_px > 0 && item.height_px > 0) {
      text += ", \"width\": " + std::to_string(item.width_px) +
              ", \"height\": " + std::to_string(item.height_px);
    }
    list.add(text + "}");
  }
  return list.take();
}

void Writer::add_object(const CocoFile& file, const ExportObject& object,
                        const std::string& image_id, const CocoCategories& categories,
                        JsonList& list) {
  if (!has_own_text(file, object)) {
    const std::string id = object_ids_[file.source].next();
    list.add(coco_object(object, id, image_id, categories.id_of(object.label)));
    return;
  }
  const size_t begin = object.raw_text.find('{');
  const std::string_view before = std::string_view(object.raw_text).substr(0, begin);
  const std::string_view element = std::string_view(object.raw_text).substr(begin);
  if (object.differences == 0 && !object.given_merged) return list.add_raw(before, element);
  list.add_raw(before, mended_coco_object(object, element, categories.id_of(object.label)));
}

// The file but for its images and objects, which go where the marks are.
std::string Writer::document_of(size_t f, CocoCategories& categories) const {
  const CocoFile& file = plan_.files[f];
  if (file.source < 0) {
    for (size_t c = 0; c < input_.class_names.size(); ++c) {
      categories.require(static_cast<ClassIndex>(c));
    }
  } else {
    for (const ClassIndex label : classes_of_source(file.source)) categories.require(label);
  }
  std::string document = categories.apply(source_document(file));
  if (document.find(SourceHeader::kObjectsMark) == std::string::npos &&
      !objects_of_file_[f].empty()) {
    // A document of images alone.
    const size_t end = document.rfind('}');
    document.insert(end, std::string(", \"annotations\": [") + SourceHeader::kObjectsMark + "]");
  }
  return document;
}

void Writer::write_file(size_t f, PlainFile& to) {
  const CocoFile& file = plan_.files[f];
  std::span<const SourceClass> classes;
  if (file.source >= 0) classes = objects_.sources[static_cast<size_t>(file.source)].classes;
  CocoCategories categories(source_document(file), classes, input_.class_names);
  const std::string document = document_of(f, categories);
  std::map<uint32_t, std::string> id_of_item;
  const std::string images = images_text(file, id_of_item);
  constexpr size_t kPieceBytes = size_t{1} << 20;
  const char marks[] = {SourceHeader::kImagesMark, SourceHeader::kObjectsMark, '\0'};
  size_t at = 0;
  while (true) {
    const size_t mark = document.find_first_of(marks, at);
    to.write(std::string_view(document).substr(at, mark - at));
    if (mark == std::string::npos) return;
    at = mark + 1;
    if (document[mark] == SourceHeader::kImagesMark) {
      to.write(images);
      continue;
    }
    JsonList list(file.source < 0 ? ",\n" : ", ");
    for (const size_t i : objects_of_file_[f]) {
      const ExportObject& object = objects_.objects[i];
      add_object(file, object, id_of_item.at(object.item), categories, list);
      objects_.passed_texts_of(object);
      if (list.size() >= kPieceBytes) to.write(list.take());
    }
    to.write(list.take());
  }
}

void Coco::write_tables(const ExportInput& input, const ExportOptions& options, const Layout&,
                        std::span<const uint8_t> written, const std::string& folder) const {
  Writer(input, options.files == FileMode::kNone, written).write(folder);
}

}  // namespace

const ExportFormat& coco_format() {
  static const Coco format;
  return format;
}

}  // namespace errata::exports

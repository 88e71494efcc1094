#include "export/voc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "export/item_texts.h"
#include "export/layout.h"
#include "export/losses.h"
#include "export/manifest.h"
#include "export/names.h"
#include "export/voc_object.h"
#include "model/shape.h"
#include "text/csv.h"
#include "text/xml.h"

namespace errata::exports {

namespace {

constexpr std::string_view kAnnotations = "Annotations";
constexpr std::string_view kImages = "JPEGImages";
constexpr std::string_view kLists = "ImageSets/Main";

constexpr std::string_view kNoCharacter = "\xEF\xBF\xBD";  // U+FFFD

class Voc : public ExportFormat {
 public:
  std::string_view name() const override { return "voc"; }
  std::string_view description() const override {
    return "Pascal VOC: an XML file for each image; a VOC source's own bytes kept";
  }
  bool holds_objects() const override { return true; }
  std::vector<Loss> losses(const ExportInput& input) const override;
  Layout plan(const ExportInput& input, const ExportOptions& options,
              IssueLog& issues) const override;
  void write_tables(const ExportInput& input, const ExportOptions& options, const Layout& layout,
                    std::span<const uint8_t> written, const std::string& folder) const override;
};

// How the corners in an object's text relate to its box; -1: they do not say.
int origin_of(const ExportObject& object) {
  if (object.raw_text.empty() || (object.differences & store::kOtherBox) != 0) return -1;
  try {
    const text::XmlElement root = text::parse_xml(object.raw_text, "");
    const text::XmlElement* box = root.child("bndbox");
    double low = 0;
    if (box == nullptr || !text::parse_double(box->child_text("xmin"), low)) return -1;
    return std::lround(low - object.box_xywh_px[0]) == 0 ? 0 : 1;
  } catch (const Error&) {
    return -1;
  }
}

// Of each source: the number of its first pixel; 1 where nothing says.
std::vector<int> origins_of_sources(const ExportObjects& all) {
  std::vector<int> origins(all.sources.size(), -1);
  for (const ExportObject& object : all.objects) {
    if (object.image < 0) continue;
    const auto s = static_cast<size_t>(all.images[static_cast<size_t>(object.image)].source);
    if (origins[s] >= 0 || all.sources[s].format != "voc") continue;
    origins[s] = origin_of(object);
  }
  return origins;
}

int origin_of_export(const std::vector<int>& origins) {
  const auto known = std::find_if(origins.begin(), origins.end(), [](int o) { return o >= 0; });
  return known == origins.end() ? 1 : *known;
}

// The object's corners in its text are those of this export.
bool keeps_corners(const ExportInput& input, const ExportObject& object,
                   const std::vector<int>& origins, int origin) {
  if (object.image < 0 || object.raw_text.empty()) return false;
  const auto s =
      static_cast<size_t>(input.objects.images[static_cast<size_t>(object.image)].source);
  if (input.objects.sources[s].format != "voc" || origins[s] != origin) return false;
  return (object.differences & store::kOtherBox) == 0;
}

// Read again as the content of an element it is the same text.
bool is_kept_by_xml(const std::string& text) {
  const bool replaced = text.find(kNoCharacter) == std::string::npos &&
                        text::xml_escaped(text).find(kNoCharacter) != std::string::npos;
  return trim(text) == text && !replaced;
}

std::vector<Loss> Voc::losses(const ExportInput& input) const {
  Losses losses;
  const std::vector<int> origins = origins_of_sources(input.objects);
  const int origin = origin_of_export(origins);
  std::vector<bool> kept_names;
  for (const std::string& label : input.class_names) kept_names.push_back(is_kept_by_xml(label));
  for (const ExportObject& object : input.objects.objects) {
    const Shape shape = decode_shape(object.shape);
    const auto lose = [&](std::string_view kind, std::string_view what) {
      losses.add_object(kind, what, object.id);
    };
    if (!shape.mask.counts.empty()) lose("mask", "masks: only the box is written");
    if (!shape.polygons.empty()) lose("outline", "outlines: only the box is written");
    if (!shape.corners.empty()) {
      lose("oriented-box", "oriented boxes: the upright box around each is written");
    }
    if (!shape.keypoints.empty()) lose("keypoints", "keypoints");
    if (!kept_names[static_cast<size_t>(object.label)]) {
      lose("class-name",
           "class names with control characters or blanks around: XML gives back others");
    }
    if (object.crowd) lose("crowd", "crowds: they are written as difficult objects");
    if (!keeps_corners(input, object, origins, origin) &&
        !voc_corners(object.box_xywh_px, origin).exact) {
      lose("rounded-box", "boxes whose corners are no sums of their numbers: the last bits differ");
    }
  }
  for (const SourceImage& image : input.objects.images) {
    const ObjectSource& source = input.objects.sources[static_cast<size_t>(image.source)];
    if (source.format != name() || !image.raw_text.empty()) continue;
    losses.add_sample("source-text",
                      "what else the source's XML says (its notes, poses, parts ...), where it was "
                      "not kept: the file is written anew",
                      input.items[image.item].sample);
  }
  add_field_losses(input, name(), losses);
  add_label_losses(input, losses);
  return losses.take();
}

std::string list_path(const std::string& split_folder) {
  return std::string(kLists) + "/" + split_folder + ".txt";
}

Layout Voc::plan(const ExportInput& input, const ExportOptions&, IssueLog&) const {
  Layout layout;
  layout.description = "Annotations/file.xml, JPEGImages/file";
  layout.voc_origin = origin_of_export(origins_of_sources(input.objects));
  layout.folders = {std::string(kAnnotations), std::string(kImages), "ImageSets",
                    std::string(kLists)};
  layout.paths = place_files(
      input, std::vector<std::string>(input.items.size(), std::string(kImages)), Distinct::kStems);
  std::set<int32_t> used;
  for (const ExportItem& item : input.items) used.insert(item.split);
  const std::vector<std::string> names = safe_folders(input.split_names);
  for (const int32_t split : used) {
    if (split < 0) continue;
    layout.annotations.push_back({list_path(names[static_cast<size_t>(split)]), split});
  }
  return layout;
}

std::string_view stem_of_path(std::string_view path) {
  const std::string_view name = base_name(path);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

class Writer {
 public:
  Writer(const ExportInput& input, const Layout& layout)
      : input_(input),
        layout_(layout),
        texts_(texts_by_item(input, "voc")),
        origins_(origins_of_sources(input.objects)) {}

  std::string text(size_t item) const {
    const int32_t image = texts_.image[item];
    std::string result;
    if (image >= 0) result = kept_text(item, image);
    if (result.empty()) result = new_text(item);
    append_others(item, image, result);
    return result;
  }

 private:
  std::string kept_text(size_t item, int32_t image) const;
  std::string new_text(size_t item) const;
  void append_others(size_t item, int32_t image, std::string& text) const;
  std::string object_text(const ExportObject& object, std::string_view indent) const;

  const ExportInput& input_;
  const Layout& layout_;
  ItemTexts texts_;
  std::vector<int> origins_;
};

std::string Writer::object_text(const ExportObject& object, std::string_view indent) const {
  const std::string& name = input_.class_names[static_cast<size_t>(object.label)];
  const ObjectSource* source = input_.objects.source_of(object);
  const bool own = source != nullptr && source->format == "voc" && !object.raw_text.empty();
  if (!own) {
    return voc_object(object, object.difficult || object.crowd, name, layout_.voc_origin, indent);
  }
  const bool keeps = keeps_corners(input_, object, origins_, layout_.voc_origin);
  return mended_voc_object(object, object.raw_text, name, layout_.voc_origin, !keeps);
}

// The source's text with its objects as they are now; empty where the source's text is not known.
std::string Writer::kept_text(size_t item, int32_t image) const {
  const std::string& raw = input_.objects.images[static_cast<size_t>(image)].raw_text;
  if (raw.empty()) return {};
  std::vector<const ExportObject*> at_mark;
  for (const uint32_t i : texts_.objects[item]) {
    const ExportObject& object = input_.objects.objects[i];
    if (!stands_at_mark(object, image)) continue;
    const auto place = static_cast<size_t>(object.place);
    if (place >= at_mark.size()) at_mark.resize(place + 1, nullptr);
    at_mark[place] = &object;
  }
  std::string text;
  for_each_piece(
      raw, [&](std::string_view piece) { text += piece; },
      [&](size_t n) {
        if (n < at_mark.size() && at_mark[n] != nullptr) {
          text += object_text(*at_mark[n], "\n\t");
        } else {
          text.erase(text.find_last_not_of(" \t\r\n") + 1);
        }
      });
  const std::string_view now = base_name(layout_.paths[item]);
  return now == base_name(input_.items[item].source_path) ? text
                                                          : with_child_text(text, "filename", now);
}

std::string Writer::new_text(size_t item) const {
  const ExportItem& from = input_.items[item];
  std::string text = "<annotation>\n\t<folder>" + std::string(kImages) + "</folder>\n\t<filename>" +
                     text::xml_escaped(base_name(layout_.paths[item])) + "</filename>";
  if (from.width_px > 0 && from.height_px > 0) {
    // Three channels are what a reader makes of it.
    text += fmt::format(
        "\n\t<size>\n\t\t<width>{}</width>\n\t\t<height>{}</height>\n\t\t<depth>3</depth>\n\t"
        "</size>",
        from.width_px, from.height_px);
  }
  return text + "\n\t<segmented>0</segmented>\n</annotation>\n";
}

// What has no mark comes behind the last object, set apart as that is.
void Writer::append_others(size_t item, int32_t image, std::string& text) const {
  const bool marks =
      image >= 0 && !input_.objects.images[static_cast<size_t>(image)].raw_text.empty();
  std::vector<const ExportObject*> others;
  for (const uint32_t i : texts_.objects[item]) {
    const ExportObject& object = input_.objects.objects[i];
    if (!marks || !stands_at_mark(object, image)) others.push_back(&object);
  }
  if (others.empty()) return;
  text = with_open_root(text);
  const text::XmlElement root = text::parse_xml(text, "");
  std::string indent = "\n\t";
  if (const text::XmlElement* first = root.child("object")) {
    const size_t blank = text.find_last_not_of(" \t\r\n", first->begin - 1) + 1;
    if (blank < first->begin) indent = text.substr(blank, first->begin - blank);
  }
  std::string added;
  for (const ExportObject* object : others) added += indent + object_text(*object, indent);
  size_t at = text::XmlElement::kUnknown;
  for (const text::XmlElement& child : root.children) {
    if (child.name == "object") at = child.end;
  }
  if (at == text::XmlElement::kUnknown) {
    at = text.rfind("</", root.end - 1);
    at = text.find_last_not_of(" \t\r\n", at - 1) + 1;
  }
  text.insert(at, added);
}

void Voc::write_tables(const ExportInput& input, const ExportOptions&, const Layout& layout,
                       std::span<const uint8_t> written, const std::string& folder) const {
  const Writer writer(input, layout);
  std::vector<std::string> lists(input.split_names.size());
  for (size_t i = 0; i < input.items.size(); ++i) {
    if (written[i] == 0) continue;
    const std::string stem(stem_of_path(layout.paths[i]));
    if (input.items[i].split >= 0) {
      lists[static_cast<size_t>(input.items[i].split)] += stem + "\n";
    }
    write_plain_file(join_path(folder, std::string(kAnnotations) + "/" + stem + ".xml"),
                     writer.text(i));
  }
  for (const AnnotationFile& file : layout.annotations) {
    write_plain_file(join_path(folder, file.path), lists[static_cast<size_t>(file.split)]);
  }
}

}  // namespace

const ExportFormat& voc_format() {
  static const Voc format;
  return format;
}

}  // namespace errata::exports

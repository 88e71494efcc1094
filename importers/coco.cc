#include "importers/coco.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "base/map_release.h"
#include "base/ordered_pipeline.h"
#include "base/text.h"
#include "importers/box_checks.h"
#include "importers/coco_json.h"
#include "importers/export_manifest.h"
#include "importers/folder_walk.h"
#include "importers/id_set.h"
#include "importers/image_file.h"
#include "model/polygon_mask.h"

namespace errata::importers {

namespace {

constexpr size_t kImageSpan = 128;  // images, since each is a file to open
constexpr size_t kRootTries = 64;   // images looked for to find out where they are
std::string_view as_text(const MappedFile& map) {
  return {reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size()};
}

// "instances_val2017" -> "val2017"; "val" -> "val"; "a" -> "".
std::string split_of(std::string_view file) {
  std::string stem = to_lower_ascii(base_name(file));
  if (stem.ends_with(".json")) stem.resize(stem.size() - 5);
  for (const std::string_view split : {"train", "valid", "val", "test"}) {
    const size_t at = stem.find(split);
    if (at == std::string::npos) continue;
    const bool begins = at == 0 || std::isalnum(static_cast<unsigned char>(stem[at - 1])) == 0;
    const size_t end = stem.find_first_not_of("0123456789", at + split.size());
    const bool ends =
        end == std::string::npos || std::isalpha(static_cast<unsigned char>(stem[end])) == 0;
    if (begins && ends) return split == "valid" ? "val" : std::string(split);
  }
  return {};
}

struct ImageEntry {
  std::string id;
  std::string file_name;
  std::string coco_url;
  double width = 0;
  double height = 0;
  bool odd = false;
};

bool read_image_entry(text::JsonCursor& cursor, ImageEntry& entry) {
  return cursor.object([&](std::string_view key) {
    std::string_view raw;
    std::string storage;
    if (key == "id") return read_coco_id(cursor, entry.id, entry.odd);
    const bool name = key == "file_name";
    if (name || key == "coco_url") {
      if (!cursor.string(raw, storage)) return cursor.skip(raw);
      (name ? entry.file_name : entry.coco_url) = raw;
      return true;
    }
    if (key == "width" || key == "height") {
      double value = 0;
      if (!cursor.number(value)) return cursor.skip(raw);
      (key == "width" ? entry.width : entry.height) = value;
      return true;
    }
    return cursor.skip(raw);
  });
}

// One file, mapped and outlined.
struct Document {
  std::string path;
  MappedFile map;
  text::JsonOutline outline;
  std::string split;
  std::string folder;          // where its images are, absolute
  std::string above_absolute;  // holds all images called by absolute paths; empty: there are none
  std::unordered_map<std::string, ClassIndex> class_by_id;
  std::unordered_map<std::string, uint32_t> image_by_id;  // place among the samples handed over
  std::unordered_set<std::string> refused_images;         // ids of those that were not taken

  Document(const std::string& file, const ImportInput& input)
      : path(file), map(file), outline(outline_of(input)) {}
  std::string_view text() const { return as_text(map); }
  text::JsonElements elements_of(const text::JsonSpan& span) const {
    return text::JsonElements(text().substr(span.begin, span.end - span.begin));
  }

 private:
  text::JsonOutline outline_of(const ImportInput& input) const {
    const std::array<text::JsonCut, 2> cuts{
        {{"images", coco_span_bytes(input.memory_bytes), kImageSpan},
         {"annotations", coco_span_bytes(input.memory_bytes)}}};
    uint64_t released = 0;
    return text::outline_json(text(), cuts, path, [&](uint64_t end) {
      input.cancel.check();
      release_mapped(map.bytes(), released, end);
      released = end;
    });
  }
};

// Whether any file_name begins as an absolute path does; much faster than to read the names.
bool may_have_absolute_names(const Document& document) {
  constexpr std::string_view kKey = "\"file_name\"";
  for (const text::JsonSpan& span : document.outline.array("images")->spans) {
    const std::string_view text = document.text().substr(span.begin, span.end - span.begin);
    for (size_t at = text.find(kKey); at != std::string_view::npos; at = text.find(kKey, at)) {
      at = text.find_first_not_of(" \t\r\n:", at + kKey.size());
      if (at == std::string_view::npos) break;
      const std::string_view value = text.substr(at, 3);
      if (value.starts_with("\"/") || value.starts_with("\"\\/")) return true;
    }
  }
  return false;
}

std::string place_of(const text::JsonSpan& span, size_t at) {
  return fmt::format("byte {}", span.begin + at);
}

struct ReadImages {
  std::vector<SampleRecord> samples;
  std::vector<std::string> ids;
  std::vector<std::string> refused_ids;
  std::vector<Issue> issues;
};

struct ReadObjects {
  std::vector<ObjectRecord> objects;
  std::vector<Issue> issues;
  uint64_t derived_areas = 0;
  uint64_t beyond_image = 0;
  uint64_t held_bytes = 0;
  uint64_t end = 0;  // of the span in the file
};

uint64_t held_bytes_of(const std::vector<ObjectRecord>& objects) {
  uint64_t bytes = objects.capacity() * sizeof(ObjectRecord);
  for (const ObjectRecord& object : objects) {
    for (const std::string* text : {&object.shape, &object.raw_id, &object.raw_text}) {
      constexpr size_t kInPlace = 15;  // characters that a string holds without memory of its own
      if (text->capacity() > kInPlace) bytes += text->capacity() + 1;
    }
  }
  return bytes;
}

class Reading {
 public:
  Reading(const ImportInput& input, SampleSink& sink) : input_(input), sink_(sink) {}

  void run() {
    input_.progress.start_stage("looking through the JSON", 0);
    open_documents();
    header_.format = "coco";
    header_.has_objects = true;
    for (Document& document : documents_) find_images(document);
    choose_root();
    read_categories();
    describe_documents();
    uint64_t seen = 0;
    for (const Document& document : documents_) seen += count_of(document);
    input_.progress.start_stage("reading images and annotations", seen);
    sink_.begin(header_);
    for (Document& document : documents_) read_images(document);
    for (Document& document : documents_) read_objects(document);
    sink_.end(seen);
  }

 private:
  static uint64_t count_of(const Document& document) {
    uint64_t count = 0;
    for (const text::JsonArrayOutline& array : document.outline.arrays) count += array.elements;
    return count;
  }

  void open_documents();
  void for_each_name(const Document& document,
                     const std::function<bool(const std::string& name)>& fn) const;
  void find_images(Document& document);
  void choose_root();
  void read_categories();
  void describe_documents();
  void read_images(Document& document);
  ReadImages read_image_span(const Document& document, const text::JsonSpan& span);
  std::string locate(const Document& document, const ImageEntry& entry) const;
  void read_objects(Document& document);
  ReadObjects read_object_span(const Document& document, const text::JsonSpan& span);
  bool make_record(const Document& document, CocoObject& object, ObjectRecord& record,
                   ReadObjects& result, const std::string& place);

  const ImportInput& input_;
  SampleSink& sink_;
  std::vector<Document> documents_;
  SourceHeader header_;
  uint32_t handed_over_ = 0;
  std::vector<std::array<int32_t, 2>> image_sizes_;  // of each sample handed over
};

std::vector<std::string> json_files(const std::string& path) {
  if (!is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const std::string& folder : {path, join_path(path, "annotations")}) {
    if (!is_directory(folder)) continue;
    const FolderListing listing = list_folder(folder);
    for (size_t i = 0; i < listing.files.size(); ++i) {
      const std::string_view name = listing.files[i];
      if (extension(name) == ".json" && name != kExportManifestName) {
        files.push_back(join_path(folder, name));
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// A phrase; empty for a file that looks like COCO's.
std::string why_not_coco(const std::string& file) {
  const std::optional<std::string> head = read_json_head(file, 64 << 10);
  if (!head) return "it cannot be read";
  if (head->empty()) return "an empty file";
  if (head->front() == '[') return "a JSON list; `errata predictions` takes COCO results";
  if (head->front() != '{') return "not JSON";
  for (const char* key : {"\"images\"", "\"annotations\"", "\"categories\""}) {
    if (head->find(key) != std::string::npos) return "";
  }
  return "a JSON without images and annotations";
}

bool looks_like_coco(const std::string& file) {
  return why_not_coco(file).empty();
}

void Reading::open_documents() {
  for (const std::string& file : json_files(absolute_path(input_.path))) {
    input_.cancel.check();
    if (is_directory(input_.path) && !looks_like_coco(file)) continue;
    Document document(file, input_);
    if (document.outline.is_array || document.outline.array("images") == nullptr) {
      throw Error(ErrorCategory::kBadInput, "the JSON has no list of images",
                  document.outline.is_array
                      ? "a list is COCO results: `errata predictions FILE` takes them"
                      : "COCO has the keys images, annotations and categories",
                  file);
    }
    if (document.outline.array("annotations") == nullptr &&
        document.outline.member("annotations") != nullptr) {
      throw Error(ErrorCategory::kBadInput, "the annotations of the JSON are no list",
                  "write \"annotations\": [] where there are none", file);
    }
    document.split = exported_split(file, "coco").value_or(split_of(file));
    documents_.push_back(std::move(document));
  }
  if (documents_.empty()) {
    throw Error(ErrorCategory::kBadInput, "the folder holds no COCO annotations", "", input_.path);
  }
}

// The file_name of each image that can be read, until `fn` returns false.
void Reading::for_each_name(const Document& document,
                            const std::function<bool(const std::string& name)>& fn) const {
  for (const text::JsonSpan& span : document.outline.array("images")->spans) {
    ImageEntry entry;
    text::JsonElements elements = document.elements_of(span);
    const auto read = [&](text::JsonCursor& cursor) {
      entry = {};
      return read_image_entry(cursor, entry);
    };
    while (elements.next(read)) {
      if (elements.good() && !fn(entry.file_name)) return;
    }
  }
}

// The folder in which most of the first images are.
void Reading::find_images(Document& document) {
  std::vector<std::string> names;
  size_t tried = 0;
  for_each_name(document, [&](const std::string& name) {
    if (is_safe_relative_path(name)) names.push_back(name);
    return ++tried < kRootTries;
  });
  if (may_have_absolute_names(document)) {
    for_each_name(document, [&](const std::string& name) {
      if (name.starts_with('/') && file_exists(name)) {
        widen_to_hold(document.above_absolute, parent_path(absolute_path(name)));
      }
      return true;
    });
    if (names.empty() && !document.above_absolute.empty()) {
      document.folder = document.above_absolute;
      return;
    }
  }
  const std::string own(parent_path(document.path));
  std::vector<std::string> folders;
  if (!input_.images_root.empty()) {
    folders.push_back(absolute_path(input_.images_root));
  } else {
    const std::string above(parent_path(own));
    std::string part(base_name(document.path));
    part.resize(part.size() - extension(part).size());
    const std::string last = part.substr(part.rfind('_') + 1);
    for (const std::string& base : {own, above}) {
      for (const std::string& below : {std::string(), std::string("images"), "images/" + last, last,
                                       document.split, "images/" + document.split}) {
        folders.push_back(below.empty() ? base : join_path(base, below));
      }
    }
  }
  size_t most = 0;
  document.folder = folders.front();
  for (const std::string& folder : folders) {
    size_t found = 0;
    for (const std::string& name : names) found += file_exists(join_path(folder, name)) ? 1 : 0;
    if (found > most) {
      most = found;
      document.folder = folder;
    }
  }
  if (most == 0 && !names.empty()) {
    throw Error(ErrorCategory::kNotFound,
                fmt::format("none of the images is there: '{}' was looked for in {} and beside it",
                            names.front(), document.folder),
                "say where they are with --images DIR", document.path);
  }
}

// Paths are relative to one folder: that which holds all.
void Reading::choose_root() {
  for (const Document& document : documents_) {
    widen_to_hold(header_.root, document.folder);
    if (!document.above_absolute.empty()) widen_to_hold(header_.root, document.above_absolute);
  }
}

void Reading::read_categories() {
  for (Document& document : documents_) {
    const text::JsonMemberOutline* member = document.outline.member("categories");
    if (member == nullptr) {
      if (document.outline.array("annotations") == nullptr) continue;
      throw Error(ErrorCategory::kBadInput, "the JSON has no list of categories",
                  "add \"categories\": [{\"id\": 1, \"name\": \"cat\"}]", document.path);
    }
    const ClassMap own =
        read_coco_categories(document.text().substr(member->begin, member->end - member->begin),
                             document.path, input_.issues);
    for (const ClassEntry& entry : own.entries()) {
      ClassIndex index = header_.classes.find_raw_id(entry.raw_id);
      if (index == kNoClass || header_.classes[index].name != entry.name) {
        index = header_.classes.find(entry.name);
        if (index == kNoClass || header_.classes[index].raw_id != entry.raw_id) {
          index = header_.classes.add(entry.name, entry.raw_id);
        }
      }
      document.class_by_id.emplace(entry.raw_id, index);
    }
  }
}

void Reading::describe_documents() {
  for (const Document& document : documents_) {
    SourceHeader::Document kept;
    kept.name = base_name(document.path);
    uint64_t at = 0;
    std::vector<const text::JsonArrayOutline*> arrays;
    for (const auto& array : document.outline.arrays) arrays.push_back(&array);
    std::sort(arrays.begin(), arrays.end(),
              [](const auto* a, const auto* b) { return a->begin < b->begin; });
    for (const text::JsonArrayOutline* array : arrays) {
      kept.text += document.text().substr(at, array->begin - at);
      kept.text += array->key == "images" ? SourceHeader::kImagesMark : SourceHeader::kObjectsMark;
      at = array->spans_end();
    }
    kept.text += document.text().substr(at);
    header_.documents.push_back(std::move(kept));
  }
}

// The path below the root; empty when there is no such file.
std::string Reading::locate(const Document& document, const ImageEntry& entry) const {
  const size_t below = header_.root == "/" ? 1 : header_.root.size() + 1;
  std::vector<std::string> names{entry.file_name};
  if (entry.file_name.find('\\') != std::string::npos) {
    names.push_back(entry.file_name);
    std::replace(names.back().begin(), names.back().end(), '\\', '/');
  }
  names.emplace_back(base_name(names.back()));
  if (!entry.coco_url.empty()) names.emplace_back(base_name(entry.coco_url));
  for (const std::string& name : names) {
    if (name.empty()) continue;
    const std::string full = absolute_path(join_path(document.folder, name));
    const bool inside = full.size() > below && full.starts_with(header_.root) &&
                        (header_.root == "/" || full[header_.root.size()] == '/');
    if (inside && file_exists(full)) return full.substr(below);
  }
  return {};
}

ReadImages Reading::read_image_span(const Document& document, const text::JsonSpan& span) {
  thread_local ImageFileReader reader;
  ReadImages result;
  ImageEntry entry;
  text::JsonElements elements = document.elements_of(span);
  const auto read = [&](text::JsonCursor& cursor) {
    entry = {};
    return read_image_entry(cursor, entry);
  };
  while (elements.next(read)) {
    size_t at = elements.stopped();
    const auto issue = [&](IssueSeverity severity, const char* kind, std::string message,
                           std::string fix) {
      const bool refused = severity == IssueSeverity::kRejected && !entry.id.empty();
      if (refused) result.refused_ids.push_back(entry.id);
      result.issues.push_back({severity, kind, document.path, place_of(span, at),
                               shorten_utf8(to_valid_utf8(entry.file_name), 200),
                               std::move(message), std::move(fix)});
    };
    if (!elements.good() || entry.id.empty() || entry.file_name.empty()) {
      issue(IssueSeverity::kRejected, "bad-image", "the entry is no JSON, or lacks id or file_name",
            "");
      continue;
    }
    at = elements.begin();
    const bool absolute = entry.file_name.starts_with('/');
    if (!absolute && !is_safe_relative_path(entry.file_name)) {
      issue(IssueSeverity::kRejected, "unsafe-path", "the name leaves the folder of the images",
            "correct the name, or start at a folder above with --images");
      continue;
    }
    SampleRecord record;
    record.path = entry.file_name;
    const std::string plain = join_path(document.folder, entry.file_name);
    const bool simple = !absolute && document.folder == header_.root &&
                        entry.file_name.find('\\') == std::string::npos &&
                        !entry.file_name.starts_with("./");
    if (!simple || !file_exists(plain)) record.path = locate(document, entry);
    if (record.path.empty()) {
      issue(IssueSeverity::kRejected, "missing-image", "the image is not there",
            "copy it there, or say where the images are with --images");
      continue;
    }
    constexpr int kNoFolder = -1;
    if (!reader.read(kNoFolder, "", header_.root, record, result.issues)) {
      result.refused_ids.push_back(entry.id);
      continue;
    }
    record.raw_id = entry.id;
    record.split = document.split;
    record.raw_text = elements.raw();
    record.document = static_cast<uint32_t>(&document - documents_.data());
    if (entry.odd) {
      issue(IssueSeverity::kWarning, "odd-id", "the id of an image is no whole number", "");
    }
    if (entry.width > 0 && entry.height > 0 &&
        (entry.width != record.width_px || entry.height != record.height_px)) {
      issue(IssueSeverity::kWarning, "size-mismatch",
            fmt::format("the JSON says {} x {}, the file is {} x {}{}", entry.width, entry.height,
                        record.width_px, record.height_px,
                        record.orientation >= 5 ? " and turned by its EXIF orientation" : ""),
            "boxes are taken as of the file's pixels");
    }
    result.ids.push_back(entry.id);
    result.samples.push_back(std::move(record));
  }
  input_.progress.add(span.elements);
  return result;
}

void Reading::read_images(Document& document) {
  const std::vector<text::JsonSpan>& spans = document.outline.array("images")->spans;
  const auto produce = [&](size_t number) {
    input_.cancel.check();
    return read_image_span(document, spans[number]);
  };
  const auto consume = [&](ReadImages&& images) {
    for (Issue& issue : images.issues) input_.issues.add(std::move(issue));
    for (std::string& id : images.refused_ids) document.refused_images.insert(std::move(id));
    std::vector<SampleRecord> accepted;
    for (size_t i = 0; i < images.samples.size(); ++i) {
      if (!document.image_by_id.emplace(images.ids[i], handed_over_).second) {
        input_.issues.reject("duplicate-image-id", document.path, "", images.ids[i],
                             "an earlier image has the same id; that one counts",
                             "give each image an id of its own");
        continue;
      }
      image_sizes_.push_back({images.samples[i].width_px, images.samples[i].height_px});
      ++handed_over_;
      accepted.push_back(std::move(images.samples[i]));
    }
    if (!accepted.empty()) sink_.samples(std::move(accepted));
  };
  run_ordered<ReadImages>(input_.parallel_for, spans.size(), kCocoWindowSpans, produce, consume);
}

// Pixels of the mask, or of the polygons drawn as one, else width x height.
double derived_area(const CocoObject& object, const std::array<int32_t, 2>& size) {
  if (!object.shape.mask.counts.empty()) return static_cast<double>(mask_area(object.shape.mask));
  return polygons_area(object.shape.polygons, static_cast<uint32_t>(size[1]),
                       static_cast<uint32_t>(size[0]))
      .value_or(object.box[2] * object.box[3]);
}

bool Reading::make_record(const Document& document, CocoObject& object, ObjectRecord& record,
                          ReadObjects& result, const std::string& place) {
  const auto reject = [&](const char* kind, const char* message, const std::string& text,
                          const char* fix) {
    result.issues.push_back(
        {IssueSeverity::kRejected, kind, document.path, place, text, message, fix});
    return false;
  };
  const auto image = document.image_by_id.find(object.image_id);
  if (image == document.image_by_id.end()) {
    if (document.refused_images.contains(object.image_id)) {
      return reject("unknown-image", "the image of the annotation was rejected", object.image_id,
                    "the image's own issue says why");
    }
    return reject("unknown-image", "no image has this id", object.image_id,
                  "add it to the images, or correct the image_id");
  }
  const auto category = document.class_by_id.find(object.category_id);
  if (category == document.class_by_id.end()) {
    return reject("unknown-category", "no category has this id", object.category_id,
                  "add it to the categories, or correct the id");
  }
  settle_coco_box(object);
  if (object.problem == "bad-box") {
    return reject("bad-box", "the box is not four finite numbers, or too large for an area", "",
                  "");
  }
  if (object.problem == "negative-box") {
    return reject("negative-box", "the box has a negative width or height",
                  fmt::format("{}", fmt::join(object.box, ", ")), "swap its corners");
  }
  if (object.problem == "missing-box") {
    return reject("missing-box", "the annotation has neither box nor outline", "", "");
  }
  record.sample = image->second;
  record.class_index = category->second;
  record.box_xywh_px = object.box;
  record.crowd = object.crowd;
  record.raw_id = std::move(object.id);
  const auto& size = image_sizes_[record.sample];
  const MaskRuns& mask = object.shape.mask;
  if (!mask.counts.empty() && (mask.width_px != size[0] || mask.height_px != size[1])) {
    result.issues.push_back(coco_mask_size_issue(
        document.path, place, {mask.width_px, mask.height_px}, size, !object.has_box));
    if (!object.has_box) return false;
    object.shape.mask = {};
  }
  if (object.area && std::isfinite(*object.area) && *object.area >= 0) {
    record.area_px = *object.area;
  } else {
    ++result.derived_areas;
    record.area_px = derived_area(object, size);
  }
  result.beyond_image +=
      object.box[0] + object.box[2] > size[0] + 1.0 || object.box[1] + object.box[3] > size[1] + 1.0
          ? 1
          : 0;
  if (!object.shape.empty()) record.shape = encode_shape(object.shape);
  return true;
}

ReadObjects Reading::read_object_span(const Document& document, const text::JsonSpan& span) {
  ReadObjects result;
  result.end = span.end;
  result.objects.reserve(span.elements);
  CocoObject object;
  text::JsonElements elements = document.elements_of(span);
  const auto read = [&](text::JsonCursor& cursor) {
    object = {};
    return read_coco_object(cursor, object);
  };
  while (elements.next(read)) {
    if (!elements.good()) {
      result.issues.push_back(
          {IssueSeverity::kRejected, "bad-annotation", document.path,
           place_of(span, elements.stopped()), shorten_utf8(to_valid_utf8(elements.text()), 200),
           "the annotation is no JSON as COCO has it (NaN is none)", "correct it at that byte"});
      continue;
    }
    const auto warn = [&](const std::string& kind, std::string message) {
      result.issues.push_back({IssueSeverity::kWarning, kind, document.path,
                               place_of(span, elements.begin()), object.id, std::move(message),
                               ""});
    };
    ObjectRecord record;
    const std::vector<std::string> oddities = object.oddities;
    if (!make_record(document, object, record, result, place_of(span, elements.begin()))) continue;
    for (const std::string& kind : oddities) {
      warn(kind, coco_oddity_text(kind));
    }
    if (object.odd_id) warn("odd-id", "an id is no whole number");
    const std::array<int32_t, 2>& size = image_sizes_[record.sample];
    if (const auto oddity = box_oddity(record.box_xywh_px, size[0], size[1])) {
      warn(oddity->kind, oddity->message);
    }
    record.raw_text = elements.raw();
    result.objects.push_back(std::move(record));
  }
  input_.progress.add(span.elements);
  if (input_.held != nullptr) {
    result.held_bytes = held_bytes_of(result.objects) + (span.end - span.begin);
    input_.held->add(result.held_bytes);
  }
  return result;
}

void Reading::read_objects(Document& document) {
  const text::JsonArrayOutline* array = document.outline.array("annotations");
  if (array == nullptr) return;
  uint64_t derived = 0;
  uint64_t beyond = 0;
  uint64_t accepted = 0;
  uint64_t released = array->begin;
  IdSet ids;
  const auto produce = [&](size_t number) {
    input_.cancel.check();
    return read_object_span(document, array->spans[number]);
  };
  const auto consume = [&](ReadObjects&& read) {
    for (Issue& issue : read.issues) input_.issues.add(std::move(issue));
    derived += read.derived_areas;
    beyond += read.beyond_image;
    accepted += read.objects.size();
    for (const ObjectRecord& object : read.objects) {
      if (object.raw_id.empty() || ids.insert(object.raw_id)) continue;
      input_.issues.warn("duplicate-annotation-id", document.path, "", object.raw_id,
                         "an earlier annotation has the same id; both are taken",
                         "give each an id of its own: pycocotools takes the last");
    }
    if (!read.objects.empty()) sink_.objects(std::move(read.objects));
    release_mapped(document.map.bytes(), released, read.end);
    released = read.end;
    if (input_.held != nullptr) input_.held->remove(read.held_bytes);
  };
  run_ordered<ReadObjects>(input_.parallel_for, array->spans.size(),
                           coco_window(input_.memory_bytes), produce, consume);
  if (input_.held != nullptr) input_.held->add(ids.held_bytes());
  if (derived > 0) {
    input_.issues.warn(
        "derived-area", document.path, "", fmt::format("{} annotations", derived),
        "their area is missing or negative: that of the mask or polygon, else width x "
        "height, is taken",
        "");
  }
  if (accepted > 3 && beyond * 2 > accepted) {
    input_.issues.warn("corners-as-box", document.path, "",
                       fmt::format("{} of {} boxes", beyond, accepted),
                       "most boxes end outside their image: they look like two corners, where COCO "
                       "has a corner, width and height",
                       "convert them to x, y, width, height and import again");
  }
}

}  // namespace

DetectResult CocoImporter::detect(const std::string& path) const {
  if (is_directory(path)) {
    try {
      if (exported_format(path) == "coco") return {95, "the folder holds an Errata export as COCO"};
      const std::vector<std::string> files = json_files(absolute_path(path));
      const size_t looked = std::min<size_t>(files.size(), 16);
      for (size_t i = 0; i < looked; ++i) {
        if (looks_like_coco(files[i])) {
          return {70, fmt::format("'{}' holds COCO annotations", base_name(files[i]))};
        }
      }
    } catch (const Error& error) {
      return {0, error.what()};
    }
    return {0, "the folder holds no COCO annotations"};
  }
  if (extension(path) != ".json") return {0, "not named .json"};
  const std::string why_not = why_not_coco(path);
  return why_not.empty() ? DetectResult{90, "a JSON with images, annotations or categories"}
                         : DetectResult{0, why_not};
}

void CocoImporter::run(const ImportInput& input, SampleSink& sink) const {
  Reading(input, sink).run();
}

}  // namespace errata::importers

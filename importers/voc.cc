#include "importers/voc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
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
#include "text/csv.h"
#include "text/lines.h"
#include "text/xml.h"

namespace errata::importers {

namespace {

constexpr uint64_t kMostXmlBytes = uint64_t{64} << 20;
constexpr size_t kChunkFiles = 64;
constexpr size_t kWindowChunks = 32;

// One <object> as it stands.
struct VocObject {
  std::string name;
  std::array<double, 4> corners{};  // xmin, ymin, xmax, ymax
  bool has_box = false;
  bool difficult = false;
  bool truncated = false;
  size_t begin = text::XmlElement::kUnknown;  // in the file's text
  size_t end = text::XmlElement::kUnknown;
};

struct VocFile {
  std::string path;
  std::string stem;
  std::string filename;  // the element
  double width = 0;
  double height = 0;
  std::vector<VocObject> objects;
  std::string text;            // empty where it is not known where the objects stand
  bool converted = false;      // `text` is in UTF-8, the file is not
  std::optional<Issue> issue;  // no XML
};

bool read_number(std::string_view text, double& value) {
  return !text.starts_with('+') && text::parse_double(text, value) && std::isfinite(value);
}

VocObject object_of(const text::XmlElement& element) {
  VocObject object;
  object.name = element.child_text("name");
  object.difficult = element.child_text("difficult") == "1";
  object.truncated = element.child_text("truncated") == "1";
  if (const text::XmlElement* box = element.child("bndbox")) {
    object.has_box = true;
    const char* const keys[] = {"xmin", "ymin", "xmax", "ymax"};
    for (size_t k = 0; k < 4; ++k) {
      object.has_box = object.has_box && read_number(box->child_text(keys[k]), object.corners[k]);
    }
  }
  object.begin = element.begin;
  object.end = element.end;
  return object;
}

// What a file's text says; its text too, where it can be kept.
void read_voc_text(std::string text, VocFile& file) {
  const text::XmlElement root = text::parse_xml(text, file.path);
  if (root.name != "annotation") {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("the XML is <{}>, not <annotation>", shorten_utf8(root.name, 40)));
  }
  file.filename = root.child_text("filename");
  if (const text::XmlElement* size = root.child("size")) {
    read_number(size->child_text("width"), file.width);
    read_number(size->child_text("height"), file.height);
  }
  bool whole = root.end != text::XmlElement::kUnknown;
  for (const text::XmlElement& child : root.children) {
    if (child.name != "object") continue;
    file.objects.push_back(object_of(child));
    whole = whole && child.end != text::XmlElement::kUnknown;
  }
  constexpr char kMarks[] = {SourceHeader::kImagesMark, SourceHeader::kObjectsMark,
                             SourceHeader::kNoFileMark};
  whole = whole && text.find_first_of(std::string_view(kMarks, sizeof kMarks)) == std::string::npos;
  if (whole) file.text = std::move(text);
}

VocFile read_voc_file(const std::string& path) {
  VocFile file;
  file.path = path;
  file.stem = file_stem(path);
  try {
    std::string text = read_text_file(path, kMostXmlBytes);
    std::string converted = text::xml_in_utf8(text, path);
    file.converted = !converted.empty();
    read_voc_text(std::move(file.converted ? converted : text), file);
  } catch (const Error& error) {
    file.issue = Issue{IssueSeverity::kRejected,
                       "bad-xml",
                       path,
                       "",
                       "",
                       error.what(),
                       error.hint().empty() ? "correct the file, or take it away" : error.hint()};
  }
  return file;
}

// Of a file whose encoding cannot be read too: importing it tells why.
bool is_annotation(const std::string& path) {
  try {
    return text::parse_xml(read_text_file(path, kMostXmlBytes), path).name == "annotation";
  } catch (const Error&) {
    return false;
  }
}

class Reading {
 public:
  Reading(const ImportInput& input, SampleSink& sink)
      : input_(input), sink_(sink), root_(absolute_path(input.path)) {}

  void run() {
    exported_ = read_exported_annotations(root_, "voc");
    read_files();
    find_images();
    read_splits();
    choose_origin();
    std::set<std::string> names;
    for (const VocFile& file : files_) {
      for (const VocObject& object : file.objects) {
        if (!object.name.empty()) names.insert(object.name);
      }
    }
    header_.format = "voc";
    header_.has_objects = true;
    std::map<std::string, std::string> by_lower;
    for (const std::string& name : names) {
      header_.classes.add(name);
      const auto [other, is_new] = by_lower.emplace(to_lower_ascii(name), name);
      if (is_new) continue;
      input_.issues.warn(
          "similar-class", root_, "", name,
          fmt::format("the name differs from '{}' in case only: they are two classes",
                      to_valid_utf8(other->second)),
          "`errata classes merge` makes them one");
    }
    sink_.begin(header_);
    hand_over();
    warn_of_unlisted();
    sink_.end(seen_);
  }

 private:
  void read_files();
  void find_images();
  void read_splits();
  void choose_origin();
  void hand_over();
  void warn_of_unlisted();
  std::string image_of(const VocFile& file);
  struct Read {
    std::optional<SampleRecord> sample;
    std::vector<Issue> issues;
  };
  Read read_sample(const VocFile& file);
  // Those that are taken; what is left of the file's text goes to `sample`.
  std::vector<ObjectRecord> objects_of(const VocFile& file, uint32_t number, SampleRecord& sample);
  bool make_box(const VocFile& file, const VocObject& object, size_t number,
                const SampleRecord& sample, ObjectRecord& record);

  const ImportInput& input_;
  SampleSink& sink_;
  const std::string root_;
  SourceHeader header_;
  std::vector<VocFile> files_;
  std::unordered_map<std::string, std::vector<std::string>> images_;  // stem -> paths below root
  size_t image_files_ = 0;
  std::unordered_map<std::string, std::string> split_of_;  // by stem
  double first_pixel_ = 1;
  std::optional<ExportedAnnotations> exported_;  // by the manifest of an export of ours
  uint64_t seen_ = 0;
};

std::string annotations_folder(const std::string& root) {
  const std::string folder = join_path(root, "Annotations");
  return is_directory(folder) ? folder : root;
}

void Reading::read_files() {
  const std::string folder = annotations_folder(root_);
  std::vector<std::string> paths;
  const FolderListing listing = list_folder(folder);
  for (size_t i = 0; i < listing.files.size(); ++i) {
    if (to_lower_ascii(extension(listing.files[i])) == ".xml") {
      paths.push_back(join_path(folder, std::string(listing.files[i])));
    }
  }
  if (paths.empty())
    throw Error(ErrorCategory::kBadInput, "the folder has no XML files", "", folder);
  input_.progress.start_stage("reading annotations", paths.size());
  files_.reserve(paths.size());
  const auto produce = [&](size_t chunk) {
    input_.cancel.check();
    std::vector<VocFile> read;
    const size_t end = std::min(paths.size(), (chunk + 1) * kChunkFiles);
    for (size_t i = chunk * kChunkFiles; i < end; ++i) read.push_back(read_voc_file(paths[i]));
    return read;
  };
  const auto consume = [&](std::vector<VocFile>&& read) {
    input_.progress.add(read.size());
    std::move(read.begin(), read.end(), std::back_inserter(files_));
  };
  run_ordered<std::vector<VocFile>>(input_.parallel_for,
                                    (paths.size() + kChunkFiles - 1) / kChunkFiles, kWindowChunks,
                                    produce, consume);
}

void Reading::find_images() {
  header_.root = root_;
  if (!input_.images_root.empty()) {
    header_.root = absolute_path(input_.images_root);
  } else {
    for (const char* name : {"JPEGImages", "images"}) {
      if (!is_directory(join_path(root_, name))) continue;
      header_.root = join_path(root_, name);
      break;
    }
  }
  WalkResult walk = walk_images(header_.root, "", input_.cancel);
  for (Issue& issue : walk.issues) {
    if (issue.severity == IssueSeverity::kWarning) input_.issues.add(std::move(issue));
  }
  for (const ImageFolder& folder : walk.folders) {
    for (size_t i = 0; i < folder.images.size(); ++i) {
      images_[std::string(file_stem(folder.images[i]))].push_back(
          join_relative(folder.path, folder.images[i]));
      ++image_files_;
    }
  }
  if (image_files_ > 0) return;
  throw Error(ErrorCategory::kNotFound, "there are no images for the annotations",
              "Say where they are with --images DIR; VOC has them in JPEGImages.", header_.root);
}

// Main has a list for each class and split too ("cat_train"), whose lines have a flag.
void Reading::read_splits() {
  // Names of lists and of the splits they are.
  std::vector<std::pair<std::string, std::string>> lists;
  if (exported_) {
    for (const auto& [file, split] : exported_->split_of_file) lists.emplace_back(file, split);
  } else {
    for (const char* split : {"train", "val", "test", "trainval"}) {
      lists.emplace_back(std::string("ImageSets/Main/") + split + ".txt", split);
    }
  }
  std::unordered_set<std::string_view> stems;
  for (const VocFile& file : files_) stems.insert(file.stem);
  for (const auto& [file, split] : lists) {
    const std::string path = join_path(root_, file);
    if (!file_exists(path)) continue;
    uint64_t absent = 0;
    std::string example;
    for (const std::string& line : text::read_lines(path, kMostXmlBytes)) {
      const std::string id(trim(line));
      if (id.empty()) continue;
      split_of_.emplace(id, split);
      if (!stems.contains(id) && absent++ == 0) example = id;
    }
    if (absent == 0) continue;
    input_.issues.warn("missing-xml", path, "", shorten_utf8(to_valid_utf8(example), 200),
                       fmt::format("{} of its names {} no XML file", with_thousands(absent),
                                   absent == 1 ? "has" : "have"),
                       "copy the XML files to Annotations, or correct the list");
  }
}

void Reading::choose_origin() {
  const bool any = std::any_of(files_.begin(), files_.end(), [](const VocFile& file) {
    return std::any_of(file.objects.begin(), file.objects.end(),
                       [](const VocObject& object) { return object.has_box; });
  });
  if (!any) {
    input_.issues.warn(
        "no-boxes", root_, "", "",
        fmt::format("there are no boxes: none is in {}", plural(files_.size(), "XML file")),
        "an <object> with a <name> and a <bndbox> is one");
    return;
  }
  if (input_.voc_origin >= 0) {
    first_pixel_ = input_.voc_origin;
    return;
  }
  if (exported_ && exported_->voc_origin >= 0) {
    first_pixel_ = exported_->voc_origin;
    return;
  }
  const std::string hint = "say which it is with --voc-origin 0 or 1";
  for (const VocFile& file : files_) {
    for (const VocObject& object : file.objects) {
      if (!object.has_box || (object.corners[0] >= 1 && object.corners[1] >= 1)) continue;
      first_pixel_ = 0;
      input_.issues.warn("voc-origin", file.path, "", "",
                         "a box begins at 0: pixels are counted from 0 here, not from 1 as VOC has "
                         "them, in the whole source",
                         hint);
      return;
    }
  }
  input_.issues.warn("voc-origin", root_, "", "",
                     "no box begins at 0: pixels are counted from 1, the last one included, as VOC "
                     "has them; tools that count from 0 would mean boxes one pixel right and down",
                     hint);
}

std::string Reading::image_of(const VocFile& file) {
  for (const std::string& stem : {file.stem, std::string(file_stem(file.filename))}) {
    const auto found = images_.find(stem);
    if (found == images_.end()) continue;
    if (found->second.size() > 1) {
      input_.issues.warn("ambiguous-image", file.path, "", stem,
                         fmt::format("{} images have this name; '{}' is taken",
                                     found->second.size(), found->second.front()),
                         "name the folder of one of them with --images");
    }
    return found->second.front();
  }
  return {};
}

Reading::Read Reading::read_sample(const VocFile& file) {
  thread_local ImageFileReader reader;
  Read read;
  SampleRecord record;
  record.path = file.filename;  // hand_over() put the image's path there
  record.raw_id = file.stem;
  if (!reader.read(-1, nullptr, header_.root, record, read.issues)) return read;
  const auto split = split_of_.find(file.stem);
  if (split != split_of_.end()) record.split = split->second;
  if (file.width > 0 && file.height > 0 &&
      (file.width != record.width_px || file.height != record.height_px)) {
    read.issues.push_back(
        {IssueSeverity::kWarning, "size-mismatch", file.path, "",
         fmt::format("{} x {}", file.width, file.height),
         fmt::format("the image has {} x {} pixels", record.width_px, record.height_px), ""});
  }
  read.sample = std::move(record);
  return read;
}

bool Reading::make_box(const VocFile& file, const VocObject& object, size_t number,
                       const SampleRecord& sample, ObjectRecord& record) {
  const std::string place = fmt::format("object {}", number + 1);
  if (object.name.empty()) {
    input_.issues.reject("missing-class", file.path, place, "", "the object has no name", "");
    return false;
  }
  if (!object.has_box) {
    input_.issues.reject("bad-box", file.path, place, object.name,
                         "the object has no box of four numbers", "");
    return false;
  }
  const auto& c = object.corners;
  record.box_xywh_px = {c[0] - first_pixel_, c[1] - first_pixel_, c[2] - c[0] + first_pixel_,
                        c[3] - c[1] + first_pixel_};
  if (record.box_xywh_px[2] < 0 || record.box_xywh_px[3] < 0) {
    input_.issues.reject("negative-box", file.path, place, fmt::format("{}", fmt::join(c, ", ")),
                         "the box ends before it begins", "swap its corners");
    return false;
  }
  if (!std::isfinite(record.box_xywh_px[2] * record.box_xywh_px[3])) {
    input_.issues.reject("bad-box", file.path, place, fmt::format("{}", fmt::join(c, ", ")),
                         "the box is too large for an area", "");
    return false;
  }
  if (const auto oddity = box_oddity(record.box_xywh_px, sample.width_px, sample.height_px)) {
    input_.issues.warn(oddity->kind, file.path, place, fmt::format("{}", fmt::join(c, ", ")),
                       oddity->message, "");
  }
  return true;
}

std::vector<ObjectRecord> Reading::objects_of(const VocFile& file, uint32_t number,
                                              SampleRecord& sample) {
  std::vector<ObjectRecord> records;
  const std::string_view text = file.text;
  size_t at = 0;
  for (size_t i = 0; i < file.objects.size(); ++i) {
    const VocObject& object = file.objects[i];
    ObjectRecord record;
    if (!make_box(file, object, i, sample, record)) continue;
    record.sample = number;
    record.class_index = header_.classes.find(object.name);
    record.area_px = record.box_xywh_px[2] * record.box_xywh_px[3];
    record.difficult = object.difficult;
    record.truncated = object.truncated;
    if (!text.empty()) {
      record.raw_text = text.substr(object.begin, object.end - object.begin);
      sample.raw_text += text.substr(at, object.begin - at);
      sample.raw_text += SourceHeader::kObjectsMark;
      at = object.end;
    }
    records.push_back(std::move(record));
  }
  sample.raw_text += text.substr(at);
  return records;
}

void Reading::hand_over() {
  std::vector<VocFile*> listed;
  for (VocFile& file : files_) {
    seen_ += 1 + file.objects.size();
    if (file.issue) {
      input_.issues.add(std::move(*file.issue));
      continue;
    }
    const std::string image = image_of(file);
    if (image.empty()) {
      input_.issues.reject("missing-image", file.path, "", file.stem,
                           "no image has the name of this file or of its element filename",
                           "say where the images are with --images DIR");
      for (size_t i = 0; i < file.objects.size(); ++i) {
        input_.issues.reject("unknown-image", file.path, fmt::format("object {}", i + 1), "",
                             "its image is not there", "");
      }
      continue;
    }
    if (file.converted) {
      input_.issues.warn(
          "encoding", file.path, "", "",
          "the file is not in UTF-8, or does not declare it: exports as VOC write it in "
          "UTF-8",
          "");
    }
    file.filename = image;
    listed.push_back(&file);
  }
  input_.progress.start_stage("reading images", listed.size());
  uint32_t handed_over = 0;
  const auto produce = [&](size_t chunk) {
    input_.cancel.check();
    std::vector<Read> read;
    const size_t end = std::min(listed.size(), (chunk + 1) * kChunkFiles);
    for (size_t i = chunk * kChunkFiles; i < end; ++i) read.push_back(read_sample(*listed[i]));
    return read;
  };
  size_t at = 0;
  const auto consume = [&](std::vector<Read>&& chunk) {
    std::vector<SampleRecord> samples;
    std::vector<ObjectRecord> objects;
    for (Read& read : chunk) {
      VocFile& file = *listed[at++];
      for (Issue& issue : read.issues) input_.issues.add(std::move(issue));
      if (read.sample) {
        for (ObjectRecord& object : objects_of(file, handed_over++, *read.sample)) {
          objects.push_back(std::move(object));
        }
        samples.push_back(std::move(*read.sample));
        continue;
      }
      for (size_t i = 0; i < file.objects.size(); ++i) {
        input_.issues.reject("unknown-image", file.path, fmt::format("object {}", i + 1), "",
                             "its image cannot be read", "");
      }
    }
    input_.progress.add(chunk.size());
    if (!samples.empty()) sink_.samples(std::move(samples));
    if (!objects.empty()) sink_.objects(std::move(objects));
  };
  run_ordered<std::vector<Read>>(input_.parallel_for,
                                 (listed.size() + kChunkFiles - 1) / kChunkFiles, kWindowChunks,
                                 produce, consume);
}

void Reading::warn_of_unlisted() {
  std::set<std::string> taken;
  for (const VocFile& file : files_) taken.insert(file.filename);
  size_t unlisted = 0;
  std::string example;
  for (const auto& [stem, paths] : images_) {
    for (const std::string& path : paths) {
      if (taken.count(path) > 0) continue;
      ++unlisted;
      if (example.empty() || path < example) example = path;
    }
  }
  if (unlisted == 0) return;
  input_.issues.warn(
      "unlisted-image", join_path(header_.root, example), "", "",
      fmt::format("{} {} no XML file and {} left out", with_thousands(unlisted),
                  unlisted == 1 ? "image has" : "images have", unlisted == 1 ? "was" : "were"),
      "an image without objects has an XML file without any");
}

}  // namespace

DetectResult VocImporter::detect(const std::string& path) const {
  if (!is_directory(path)) return {0, "not a folder"};
  if (exported_format(path) == "voc") return {95, "the folder holds an Errata export as VOC"};
  try {
    const std::string folder = annotations_folder(path);
    const FolderListing listing = list_folder(folder);
    constexpr size_t kMostLooked = 64;
    for (size_t i = 0; i < std::min(listing.files.size(), kMostLooked); ++i) {
      const std::string name(listing.files[i]);
      if (to_lower_ascii(extension(name)) != ".xml") continue;
      if (!is_annotation(join_path(folder, name))) continue;
      return {folder == path ? 65 : 90, fmt::format("'{}' is a VOC annotation", name)};
    }
    // Not a class of its own for the folder of annotations because they are damaged.
    bool any = false;
    for (size_t i = 0; i < listing.files.size(); ++i) {
      any |= to_lower_ascii(extension(listing.files[i])) == ".xml";
    }
    if (any && folder != path && is_directory(join_path(path, "JPEGImages"))) {
      return {85, "it has VOC's folders, though no XML file looked at is a VOC annotation"};
    }
    return {0, "the folder holds no VOC annotations"};
  } catch (const Error& error) {
    return {0, error.what()};
  }
}

void VocImporter::run(const ImportInput& input, SampleSink& sink) const {
  Reading(input, sink).run();
}

}  // namespace errata::importers

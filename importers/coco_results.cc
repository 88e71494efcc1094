#include "importers/coco_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "importers/coco_json.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

// What stands in the file, with category ids as they are.
struct Piece {
  PredictionBatch batch;
  std::vector<int32_t> category;  // of each detection: place in Survey::ids
};

// All category ids of a file, in order of first use.
struct Survey {
  std::vector<std::string> ids;
  std::unordered_map<std::string, int32_t> place;
  bool file_names = false;

  int32_t add(const std::string& id) {
    const auto [found, is_new] = place.try_emplace(id, static_cast<int32_t>(ids.size()));
    if (is_new) ids.push_back(id);
    return found->second;
  }
};

struct Meaning {
  std::vector<ClassIndex> class_of;  // of each id of the survey
  std::string reason;
};

// COCO's 80 classes in their order have these ids.
int64_t coco_id_of_class(int64_t index) {
  static constexpr int64_t kSkipped[] = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83};
  int64_t id = index + 1;
  for (const int64_t skipped : kSkipped) {
    if (id >= skipped) ++id;
  }
  return id;
}

Meaning counted_from(int64_t base, const Survey& survey, const ClassMap& classes,
                     std::string reason) {
  Meaning meaning{{}, std::move(reason)};
  for (const std::string& id : survey.ids) {
    int64_t value = -1;
    const bool good = text::parse_int(id, value) && value >= base &&
                      value - base < static_cast<int64_t>(classes.size());
    meaning.class_of.push_back(good ? static_cast<ClassIndex>(value - base) : kNoClass);
  }
  return meaning;
}

Meaning by_dataset(const Survey& survey, const ClassMap& classes, std::string reason) {
  Meaning meaning{{}, std::move(reason)};
  for (const std::string& id : survey.ids) {
    meaning.class_of.push_back(classes.find_raw_id(id));
  }
  return meaning;
}

size_t count_known(const Meaning& meaning) {
  return meaning.class_of.size() - static_cast<size_t>(std::count(
                                       meaning.class_of.begin(), meaning.class_of.end(), kNoClass));
}

Meaning decide(const Survey& survey, const ClassMap& classes, const PredictionInput& input) {
  if (input.category_base == "dataset") return by_dataset(survey, classes, "as was asked");
  if (input.category_base == "0") return counted_from(0, survey, classes, "as was asked");
  if (input.category_base == "1") return counted_from(1, survey, classes, "as was asked");
  if (!input.category_base.empty()) {
    throw Error(ErrorCategory::kUsage, "category ids count from 0 or 1, or are the dataset's",
                "use --category-base 0, 1 or dataset");
  }
  const bool has_raw = std::any_of(classes.entries().begin(), classes.entries().end(),
                                   [](const ClassEntry& entry) { return !entry.raw_id.empty(); });
  const Meaning dataset = by_dataset(survey, classes, "category ids are those of the dataset");
  const Meaning zero =
      counted_from(0, survey, classes, "category ids count classes from 0 (Ultralytics to 8.3.44)");
  const Meaning one = counted_from(1, survey, classes,
                                   "category ids count classes from 1 (Ultralytics from 8.3.50)");
  const size_t all = survey.ids.size();
  const bool fits_zero = count_known(zero) == all;
  const bool fits_one = count_known(one) == all;
  // `file_name` came to Ultralytics after the change to 1.
  if (survey.file_names && fits_one) return one;
  const bool raw_from_zero = classes.find_raw_id("0") != kNoClass;
  if (has_raw && count_known(dataset) == all && !(raw_from_zero && fits_one)) return dataset;
  if (classes.size() == 80 && !fits_zero && !fits_one) {
    Meaning coco{{}, "category ids are COCO's 91"};
    for (const std::string& id : survey.ids) {
      ClassIndex index = kNoClass;
      for (int64_t k = 0; k < 80; ++k) {
        if (fmt::format("{}", coco_id_of_class(k)) == id) index = static_cast<ClassIndex>(k);
      }
      coco.class_of.push_back(index);
    }
    if (count_known(coco) == all) return coco;
  }
  if (fits_zero != fits_one) return fits_zero ? zero : one;
  if (fits_zero && fits_one && all > 0) {
    throw Error(ErrorCategory::kUsage,
                "category ids may count classes from 0 or from 1: both fit this file",
                "say which: --category-base 0 (Ultralytics to 8.3.44), 1 (from 8.3.50) or dataset",
                input.path);
  }
  const Meaning* best = &dataset;
  if (count_known(zero) > count_known(*best)) best = &zero;
  if (count_known(one) > count_known(*best)) best = &one;
  return *best;
}

class Results {
 public:
  Results(const PredictionInput& input, std::string_view text)
      : input_(input), text_(text), outline_(text::outline_json(text, {}, input.path)) {}

  uint64_t elements() const { return outline_.arrays.front().elements; }

  void read() {
    if (!outline_.is_array) {
      throw Error(ErrorCategory::kBadInput, "COCO results are a list, this is an object",
                  "annotations are imported with `errata import`", input_.path);
    }
    input_.progress.start_stage("reading results", elements());
    for (const text::JsonSpan& span : outline_.arrays.front().spans) {
      input_.cancel.check();
      read_span(span);
      input_.progress.add(span.elements);
    }
  }

  Survey survey;
  std::vector<Piece> pieces;
  bool any_shape = false;

 private:
  void reject(const char* kind, uint64_t byte, std::string text, const char* message) {
    input_.issues.reject(kind, input_.path, fmt::format("byte {}", byte), std::move(text), message);
  }
  void read_span(const text::JsonSpan& span);

  const PredictionInput& input_;
  std::string_view text_;
  text::JsonOutline outline_;
};

void Results::read_span(const text::JsonSpan& span) {
  Piece piece;
  std::unordered_map<std::string, uint32_t> keys;
  const std::string* last_key = nullptr;
  uint32_t last = 0;
  CocoObject object;
  text::JsonElements elements(text_.substr(span.begin, span.end - span.begin));
  const auto read = [&](text::JsonCursor& cursor) {
    object = {};
    return read_coco_object(cursor, object);
  };
  while (elements.next(read)) {
    const uint64_t byte = span.begin + elements.begin();
    if (!elements.good()) {
      reject("bad-result", span.begin + elements.stopped(),
             shorten_utf8(to_valid_utf8(elements.text()), 200),
             "the result is no JSON as COCO has it (NaN is none)");
      continue;
    }
    if (object.image_id.empty() && object.file_name.empty()) {
      reject("bad-result", byte, "", "the result names no image");
      continue;
    }
    if (!object.score || !std::isfinite(*object.score)) {
      reject("bad-score", byte, "", "the result has no score that is a number");
      continue;
    }
    settle_coco_box(object);
    if (!object.problem.empty()) {
      reject(object.problem.c_str(), byte, fmt::format("{}", fmt::join(object.box, ", ")),
             "the box is not four finite numbers of a box");
      continue;
    }
    for (const std::string& kind : object.oddities) {
      input_.issues.warn(kind, input_.path, fmt::format("byte {}", byte), "",
                         "a part of the outline was mended or left out");
    }
    survey.file_names = survey.file_names || !object.file_name.empty();
    std::string& key = object.file_name.empty() ? object.image_id : object.file_name;
    if (last_key == nullptr || *last_key != key) {
      const auto [found, is_new] =
          keys.try_emplace(std::move(key), static_cast<uint32_t>(piece.batch.keys.size()));
      if (is_new) {
        piece.batch.keys.push_back(found->first);
        piece.batch.places.push_back(fmt::format("byte {}", byte));
      }
      last_key = &found->first;
      last = found->second;
    }
    DetectionBatch& detections = piece.batch.detections;
    detections.key.push_back(last);
    piece.category.push_back(survey.add(object.category_id));
    detections.box_xywh_px.push_back(object.box);
    detections.confidence.push_back(*object.score);
    any_shape = any_shape || !object.shape.empty();
    detections.shape.push_back(object.shape.empty() ? std::string() : encode_shape(object.shape));
  }
  pieces.push_back(std::move(piece));
}

}  // namespace

DetectResult CocoResultsReader::detect(const std::string& path) const {
  if (extension(path) != ".json") return {0, "not named .json"};
  const std::optional<std::string> head = read_json_head(path, 4096);
  if (!head) return {0, "it cannot be read"};
  if (!head->starts_with('[')) return {0, "not a JSON list"};
  if (head->find("\"image_id\"") != std::string::npos) return {90, "a list of COCO results"};
  const size_t next = head->find_first_not_of(" \t\r\n", 1);
  if (next != std::string::npos && (*head)[next] == ']') return {60, "an empty JSON list"};
  return {0, "a JSON list of something else"};
}

void CocoResultsReader::run(const PredictionInput& input, PredictionSink& sink) const {
  const MappedFile map(input.path);
  const std::string_view text(reinterpret_cast<const char*>(map.bytes().data()),
                              map.bytes().size());
  Results results(input, text);
  results.read();
  const ClassMap classes = in_training_order(input.classes);
  const Meaning meaning = decide(results.survey, classes, input);
  PredictionHeader header;
  header.kind = PredictionKind::kDetections;
  header.classes = classes;
  header.format = "coco";
  header.reason = "detections: " + meaning.reason;
  sink.begin(header);
  for (Piece& piece : results.pieces) {
    DetectionBatch& from = piece.batch.detections;
    DetectionBatch kept;
    for (size_t i = 0; i < from.size(); ++i) {
      const ClassIndex index = meaning.class_of[static_cast<size_t>(piece.category[i])];
      if (index == kNoClass) {
        input.issues.reject("unknown-category", input.path, piece.batch.places[from.key[i]],
                            results.survey.ids[static_cast<size_t>(piece.category[i])],
                            "no class has this category id",
                            "give the classes with --class-map, or say --category-base");
        continue;
      }
      kept.key.push_back(from.key[i]);
      kept.class_index.push_back(index);
      kept.box_xywh_px.push_back(from.box_xywh_px[i]);
      kept.confidence.push_back(from.confidence[i]);
      if (results.any_shape) kept.shape.push_back(std::move(from.shape[i]));
    }
    from = std::move(kept);
    if (from.size() > 0) sink.rows(std::move(piece.batch));
  }
  sink.end(results.elements());
}

}  // namespace errata::importers

#include "importers/coco_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/map_release.h"
#include "base/ordered_pipeline.h"
#include "base/text.h"
#include "importers/box_checks.h"
#include "importers/class_list.h"
#include "importers/coco_json.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

// What stands in a span of the file, with category ids as they are.
struct Piece {
  PredictionBatch batch;          // without classes
  std::vector<uint64_t> byte;     // of each detection, where it begins
  std::vector<int32_t> category;  // likewise: place in `ids`; in Survey::ids once it was surveyed
  std::vector<std::string> ids;
  bool file_names = false;
  std::vector<Issue> issues;
  uint64_t elements = 0;
  uint64_t end = 0;  // of the span in the file
  uint64_t held_bytes = 0;
};

uint64_t heap_bytes_of(const std::string& text) {
  constexpr size_t kInPlace = 15;  // characters that a string holds without memory of its own
  return sizeof(text) + (text.capacity() > kInPlace ? text.capacity() + 1 : 0);
}

uint64_t held_bytes_of(const Piece& piece) {
  const auto column = [](const auto& values) { return values.capacity() * sizeof(values[0]); };
  const DetectionBatch& detections = piece.batch.detections;
  uint64_t bytes = column(piece.byte) + column(piece.category) + column(detections.key) +
                   column(detections.box_xywh_px) + column(detections.confidence);
  for (const auto* texts :
       {&piece.batch.keys, &piece.batch.places, &piece.ids, &detections.shape}) {
    for (const std::string& text : *texts) bytes += heap_bytes_of(text);
  }
  return bytes;
}

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
  Results(const PredictionInput& input, const MappedFile& map)
      : input_(input), map_(map), outline_(outline()) {
    if (!outline_.is_array) {
      throw Error(ErrorCategory::kBadInput, "COCO results are a list, this is an object",
                  "annotations are imported with `errata import`", input_.path);
    }
  }

  uint64_t elements() const { return outline_.arrays.front().elements; }
  // What all category ids of the file are; keeps as many pieces as may be held.
  const Survey& survey();
  // After survey(): all pieces in the order of the file.
  void hand_over(const Meaning& meaning, PredictionSink& sink);

 private:
  // For pieces that are kept until the whole file is known, and for those on their way.
  uint64_t kept_limit() const { return input_.memory_bytes / 2; }
  uint64_t window_bytes() const { return input_.memory_bytes / 4; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(map_.bytes().data()), map_.bytes().size()};
  }
  text::JsonOutline outline() const {
    const std::array<text::JsonCut, 1> cuts{{{"", coco_span_bytes(window_bytes())}}};
    uint64_t released = 0;
    return text::outline_json(text(), cuts, input_.path, [&](uint64_t end) {
      input_.cancel.check();
      release_mapped(map_.bytes(), released, end);
      released = end;
    });
  }
  // consume(piece) for those of the file from number `first`, in order.
  template <typename Consume>
  void read_from(size_t first, const Consume& consume);
  Piece read_span(const text::JsonSpan& span) const;
  void adopt_ids(Piece& piece);
  void hand_over(Piece&& piece, const Meaning& meaning, PredictionSink& sink) const;

  const PredictionInput& input_;
  const MappedFile& map_;
  text::JsonOutline outline_;
  Survey survey_;
  std::vector<Piece> kept_;  // the first of the file
  bool keeps_ = true;
};

template <typename Consume>
void Results::read_from(size_t first, const Consume& consume) {
  const std::vector<text::JsonSpan>& spans = outline_.arrays.front().spans;
  if (first >= spans.size()) return;
  uint64_t released = spans[first].begin;
  const auto produce = [&](size_t number) {
    input_.cancel.check();
    Piece piece = read_span(spans[first + number]);
    if (input_.held != nullptr) input_.held->add(piece.held_bytes);
    return piece;
  };
  const auto take = [&](Piece&& piece) {
    release_mapped(map_.bytes(), released, piece.end);
    released = piece.end;
    input_.progress.add(piece.elements);
    consume(std::move(piece));
  };
  run_ordered<Piece>(input_.parallel_for, spans.size() - first, coco_window(window_bytes()),
                     produce, take);
}

const Survey& Results::survey() {
  input_.progress.start_stage("reading results", elements());
  uint64_t kept_bytes = 0;
  read_from(0, [&](Piece&& piece) {
    for (Issue& issue : piece.issues) input_.issues.add(std::move(issue));
    piece.issues.clear();
    adopt_ids(piece);
    kept_bytes += piece.held_bytes;
    keeps_ = keeps_ && kept_bytes <= kept_limit();
    if (keeps_) {
      kept_.push_back(std::move(piece));
    } else if (input_.held != nullptr) {
      input_.held->remove(piece.held_bytes);
    }
  });
  return survey_;
}

void Results::hand_over(const Meaning& meaning, PredictionSink& sink) {
  const size_t kept = kept_.size();
  for (Piece& piece : kept_) hand_over(std::move(piece), meaning, sink);
  kept_ = {};
  if (keeps_) return;
  input_.progress.start_stage("reading results again", elements());
  read_from(kept, [&](Piece&& piece) {
    // What is wrong in it was told when it was surveyed.
    adopt_ids(piece);
    hand_over(std::move(piece), meaning, sink);
  });
}

void Results::adopt_ids(Piece& piece) {
  survey_.file_names = survey_.file_names || piece.file_names;
  std::vector<int32_t> places;
  for (const std::string& id : piece.ids) places.push_back(survey_.add(id));
  for (int32_t& category : piece.category) category = places[static_cast<size_t>(category)];
}

void Results::hand_over(Piece&& piece, const Meaning& meaning, PredictionSink& sink) const {
  DetectionBatch& from = piece.batch.detections;
  DetectionBatch kept;
  for (size_t i = 0; i < from.size(); ++i) {
    const auto category = static_cast<size_t>(piece.category[i]);
    const ClassIndex index = meaning.class_of[category];
    if (index == kNoClass) {
      input_.issues.reject("unknown-category", input_.path, fmt::format("byte {}", piece.byte[i]),
                           survey_.ids[category], "no class has this category id",
                           "give the classes with --class-map, or say --category-base");
      continue;
    }
    kept.key.push_back(from.key[i]);
    kept.class_index.push_back(index);
    kept.box_xywh_px.push_back(from.box_xywh_px[i]);
    kept.confidence.push_back(from.confidence[i]);
    if (from.shape.empty()) continue;
    kept.shape.push_back(std::move(from.shape[i]));
    kept.byte.push_back(piece.byte[i]);
  }
  from = std::move(kept);
  if (from.size() > 0) sink.rows(std::move(piece.batch));
  if (input_.held != nullptr) input_.held->remove(piece.held_bytes);
}

// What makes it unusable, as an issue without place; nullopt: nothing.
std::optional<Issue> problem_of(CocoObject& object) {
  const auto issue = [](std::string kind, std::string text, const char* message) {
    return Issue{IssueSeverity::kRejected, std::move(kind), {}, {}, std::move(text), message, {}};
  };
  if (object.image_id.empty() && object.file_name.empty()) {
    return issue("bad-result", "", "the result names no image");
  }
  if (!object.score || !std::isfinite(*object.score)) {
    return issue("bad-score", "", "the result has no score that is a number");
  }
  constexpr double kTolerance = 1e-3;
  if (*object.score < -kTolerance || *object.score > 1 + kTolerance) {
    return issue("bad-score", fmt::format("{}", *object.score), "the score is outside 0..1");
  }
  settle_coco_box(object);
  if (object.problem.empty()) return std::nullopt;
  return issue(object.problem, fmt::format("{}", fmt::join(object.box, ", ")),
               "the box is not four numbers of a box in a picture");
}

// Of a piece, the places of its keys and category ids.
class PieceNames {
 public:
  explicit PieceNames(Piece& piece) : piece_(piece) {}

  uint32_t key(std::string& name, uint64_t byte) {
    std::vector<std::string>& keys = piece_.batch.keys;
    if (!keys.empty() && keys[last_] == name) return last_;
    const auto [found, is_new] = keys_.try_emplace(name, static_cast<uint32_t>(keys.size()));
    if (is_new) {
      keys.push_back(std::move(name));
      piece_.batch.places.push_back(fmt::format("byte {}", byte));
    }
    last_ = found->second;
    return last_;
  }
  int32_t category(const std::string& id) {
    const auto [found, is_new] = ids_.try_emplace(id, static_cast<int32_t>(piece_.ids.size()));
    if (is_new) piece_.ids.push_back(id);
    return found->second;
  }

 private:
  Piece& piece_;
  std::unordered_map<std::string, uint32_t> keys_;
  std::unordered_map<std::string, int32_t> ids_;
  uint32_t last_ = 0;
};

Piece Results::read_span(const text::JsonSpan& span) const {
  Piece piece;
  piece.elements = span.elements;
  piece.end = span.end;
  PieceNames names(piece);
  CocoObject object;
  text::JsonElements elements(text().substr(span.begin, span.end - span.begin));
  const auto read = [&](text::JsonCursor& cursor) {
    object = {};
    return read_coco_object(cursor, object);
  };
  const auto note = [&](Issue issue, uint64_t byte) {
    issue.file = input_.path;
    issue.place = fmt::format("byte {}", byte);
    piece.issues.push_back(std::move(issue));
  };
  DetectionBatch& detections = piece.batch.detections;
  while (elements.next(read)) {
    const uint64_t byte = span.begin + elements.begin();
    if (!elements.good()) {
      note({IssueSeverity::kRejected,
            "bad-result",
            {},
            {},
            shorten_utf8(to_valid_utf8(elements.text()), 200),
            "the result is no JSON as COCO has it (NaN is none)",
            {}},
           span.begin + elements.stopped());
      continue;
    }
    if (std::optional<Issue> problem = problem_of(object)) {
      note(std::move(*problem), byte);
      continue;
    }
    for (const std::string& kind : object.oddities) {
      note({IssueSeverity::kWarning, kind, {}, {}, "", coco_oddity_text(kind), {}}, byte);
    }
    const auto oddity = object.has_box ? box_oddity(object.box, 0, 0) : std::nullopt;
    if (oddity) {
      note({IssueSeverity::kWarning,
            oddity->kind,
            {},
            {},
            fmt::format("{}", fmt::join(object.box, ", ")),
            oddity->message,
            {}},
           byte);
    }
    piece.file_names = piece.file_names || !object.file_name.empty();
    detections.key.push_back(
        names.key(object.file_name.empty() ? object.image_id : object.file_name, byte));
    piece.category.push_back(names.category(object.category_id));
    piece.byte.push_back(byte);
    // Whether a mask is one of its image is known to whoever knows that image.
    if (!object.has_box && !object.shape.mask.counts.empty()) object.box.fill(std::nan(""));
    detections.box_xywh_px.push_back(object.box);
    detections.confidence.push_back(*object.score);
    if (!object.shape.empty()) {
      detections.shape.resize(detections.size() - 1);
      detections.shape.push_back(encode_shape(object.shape));
    }
  }
  if (!detections.shape.empty()) detections.shape.resize(detections.size());
  piece.held_bytes = held_bytes_of(piece);
  return piece;
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
  Results results(input, map);
  const Survey& survey = results.survey();
  const ClassMap classes = in_training_order(input.classes);
  const Meaning meaning = decide(survey, classes, input);
  PredictionHeader header;
  header.kind = PredictionKind::kDetections;
  header.classes = classes;
  header.format = "coco";
  header.reason = "detections: " + meaning.reason;
  sink.begin(header);
  results.hand_over(meaning, sink);
  sink.end(results.elements());
}

}  // namespace errata::importers

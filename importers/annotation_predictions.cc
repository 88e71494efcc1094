#include "importers/annotation_predictions.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/text.h"
#include "importers/coco.h"
#include "importers/path_matcher.h"
#include "importers/voc.h"
#include "importers/yolo.h"

namespace errata::importers {

namespace {

// Those of boxes, in the order in which the registry asks them.
std::span<const Importer* const> box_importers() {
  static const CocoImporter coco;
  static const VocImporter voc;
  static const YoloImporter yolo;
  static const std::array<const Importer*, 3> all = {&coco, &voc, &yolo};
  return all;
}

struct Chosen {
  const Importer* importer = nullptr;
  DetectResult result;
};

Chosen choose(const std::string& path) {
  Chosen chosen;
  std::string reasons;
  for (const Importer* importer : box_importers()) {
    const DetectResult result = importer->detect(path);
    if (result.confidence > chosen.result.confidence) chosen = {importer, result};
    reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", result.reason);
  }
  if (chosen.importer == nullptr) chosen.result.reason = reasons;
  return chosen;
}

// Hands objects on as detections. An object comes after its image, so that its key is known.
class Translation : public SampleSink {
 public:
  Translation(const PredictionInput& input, PredictionSink& sink, std::string_view format)
      : input_(input), sink_(sink), format_(format) {}

  void begin(const SourceHeader& header) override {
    if (!header.has_objects) {
      throw Error(ErrorCategory::kBadInput, "there are no boxes in it", {}, input_.path);
    }
    PredictionHeader predictions;
    predictions.kind = PredictionKind::kDetections;
    predictions.classes = header.classes;
    predictions.format = "annotations";
    predictions.reason = fmt::format(
        "detections: the annotations of a {} source, each with a confidence of 1", format_);
    sink_.begin(predictions);
  }
  void samples(std::vector<SampleRecord>&& batch) override {
    for (const SampleRecord& record : batch) {
      keys_.push_back(locator_text(escape_bytes(record.path), record.member));
    }
  }
  void objects(std::vector<ObjectRecord>&& batch) override {
    PredictionBatch rows;
    uint32_t last = UINT32_MAX;
    bool shapes = false;
    for (ObjectRecord& object : batch) {
      if (object.crowd) {
        ++crowds_;
        continue;
      }
      if (object.sample != last) {
        last = object.sample;
        rows.keys.push_back(keys_.at(object.sample));
        rows.places.push_back(rows.keys.back());
      }
      shapes = shapes || !object.shape.empty();
      DetectionBatch& detections = rows.detections;
      detections.key.push_back(static_cast<uint32_t>(rows.keys.size() - 1));
      detections.class_index.push_back(object.class_index);
      detections.box_xywh_px.push_back(object.box_xywh_px);
      detections.confidence.push_back(1);
      detections.shape.push_back(std::move(object.shape));
    }
    if (!shapes) rows.detections.shape.clear();
    if (rows.detections.size() > 0) sink_.rows(std::move(rows));
  }
  void end(uint64_t seen) override {
    if (crowds_ > 0) {
      input_.issues.warn(
          "crowds-left-out", input_.path, "", "",
          fmt::format("{} of the boxes are crowds and left out: a detection is one object",
                      with_thousands(crowds_)),
          "");
    }
    // Images are no detections.
    sink_.end(seen - keys_.size() - crowds_);
  }

 private:
  const PredictionInput& input_;
  PredictionSink& sink_;
  std::string format_;
  std::vector<std::string> keys_;  // of each image
  uint64_t crowds_ = 0;
};

}  // namespace

DetectResult AnnotationReader::detect(const std::string& path) const {
  const Chosen chosen = choose(path);
  if (chosen.importer == nullptr) return chosen.result;
  // Readers of what is made as predictions come first where they take it too.
  return {60, fmt::format("it holds annotations: {}", chosen.result.reason)};
}

void AnnotationReader::run(const PredictionInput& input, PredictionSink& sink) const {
  const Chosen chosen = choose(input.path);
  if (chosen.importer == nullptr) {
    throw Error(ErrorCategory::kBadInput, "no importer of boxes knows this", chosen.result.reason,
                input.path);
  }
  ImportInput import{.path = input.path,
                     .images_root = input.images_root,
                     .parallel_for = input.parallel_for,
                     .progress = input.progress,
                     .cancel = input.cancel,
                     .issues = input.issues};
  import.memory_bytes = input.memory_bytes;
  import.held = input.held;
  Translation translation(input, sink, chosen.importer->name());
  chosen.importer->run(import, translation);
}

}  // namespace errata::importers

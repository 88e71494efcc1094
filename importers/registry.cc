#include "importers/registry.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"
#include "importers/annotation_predictions.h"
#include "importers/cifar.h"
#include "importers/coco.h"
#include "importers/coco_results.h"
#include "importers/csv_importer.h"
#include "importers/idx.h"
#include "importers/imagefolder.h"
#include "importers/predictions_csv.h"
#include "importers/predictions_npy.h"
#include "importers/voc.h"
#include "importers/yolo.h"
#include "importers/yolo_predictions.h"

namespace errata::importers {

std::span<const Importer* const> all_importers() {
  static const IdxImporter idx;
  static const CifarImporter cifar;
  static const CocoImporter coco;
  static const CsvImporter csv;
  static const ImageFolderImporter imagefolder;
  static const VocImporter voc;
  static const YoloImporter yolo;
  // Detect order. Formats known by content come first: a folder with IDX or CIFAR files may hold
  // pictures as well (a README's), and imagefolder would take those for a data set without labels.
  // csv only claims files. imagefolder comes last: it claims any folder with an image in it.
  static const std::array<const Importer*, 7> all = {&idx,  &cifar, &coco,       &voc,
                                                     &yolo, &csv,   &imagefolder};
  return all;
}

std::span<const PredictionReader* const> all_prediction_readers() {
  static const NpyPredictionReader npy;
  static const CsvPredictionReader csv;
  static const CocoResultsReader coco;
  static const YoloPredictionReader yolo;
  static const AnnotationReader annotations;
  // Detect order: npy and COCO results are known by their first bytes, csv only by its name;
  // yolo takes folders only, annotations what nobody made as predictions.
  static const std::array<const PredictionReader*, 5> all = {&npy, &coco, &csv, &yolo,
                                                             &annotations};
  return all;
}

namespace {

template <typename Reader>
Choice<Reader> choose(std::span<const Reader* const> all, const std::string& path,
                      std::string_view format, std::string_view what) {
  FileStat stat;
  errno = 0;
  if (!stat_file(path, stat)) throw io_error("read", path, errno);
  if (format != "auto") {
    std::string names;
    for (const Reader* reader : all) {
      if (reader->name() == format) return {reader, 100, "it was asked for"};
      names += fmt::format("{}{}", names.empty() ? "" : ", ", reader->name());
    }
    throw Error(ErrorCategory::kUsage, fmt::format("there is no {} named '{}'", what, format),
                "there are: auto, " + names);
  }
  Choice<Reader> best;
  std::string reasons;
  for (const Reader* reader : all) {
    const DetectResult result = reader->detect(path);
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "\n", reader->name(), result.reason);
    if (result.confidence > best.confidence) best = {reader, result.confidence, result.reason};
  }
  if (best.reader == nullptr) {
    throw Error(ErrorCategory::kBadInput, fmt::format("no {} knows this", what), reasons, path);
  }
  best.reason = fmt::format("{}, because {}", best.reader->name(), best.reason);
  return best;
}

}  // namespace

Choice<Importer> choose_importer(const std::string& path, std::string_view format) {
  return choose<Importer>(all_importers(), path, format, "importer");
}

Choice<PredictionReader> choose_prediction_reader(const std::string& path,
                                                  std::string_view format) {
  return choose<PredictionReader>(all_prediction_readers(), path, format, "prediction reader");
}

}  // namespace errata::importers

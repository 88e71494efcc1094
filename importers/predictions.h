// Readers of predictions that other tools wrote. They name samples by path or id as the file does;
// PathMatcher (path_matcher.h) finds the samples behind the names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/issue_log.h"
#include "base/progress.h"
#include "importers/importer.h"
#include "importers/yolo_rows.h"
#include "model/records.h"

namespace errata::importers {

struct PredictionInput {
  std::string path;
  // --files: one path or id per line, line k for row k. Empty: looked for inside an NPZ (a text
  // array named files, paths, filenames, names, keys or ids) and beside the file (X_files.txt,
  // X.txt and, for resnet20_probs.npy, resnet20_files.txt).
  std::string files_list;
  std::string
      member;  // array of an NPZ; empty: the one whose name says it, or the only numeric one
  std::optional<PredictionKind> kind;  // empty: decided by the values, and said in the header
  ClassMap classes;                    // the model's (--class-map), or the project's
  // True for --class-map: a name outside is an "unknown-class" issue and its row rejected. False
  // for the project's list: a name outside is legal for a model, is added to the header's classes
  // and told once by a warning "class-not-in-project".
  bool classes_are_the_models = false;
  Progress& progress;
  const CancelToken& cancel;
  IssueLog& issues;  // each rejected issue is one row seen and not accepted
  // COCO results: what category ids mean where the file leaves it open. Empty: decided by evidence.
  // "dataset": ids of the annotations' categories (raw ids of `classes`); "0", "1": classes counted
  // from there.
  std::string category_base = {};
  // YOLO: the key points of the project's poses, whose rows are like those of polygons.
  YoloKeyPoints key_points = {};
  ParallelFor parallel_for = serial_for;
  // About how much of a large file of detections, read but not yet handed on, may be held at once:
  // what is beyond is read twice.
  uint64_t memory_bytes = kImportMemoryBytes;
  MemoryGauge* held = nullptr;   // where there is one, that is counted here
  std::string images_root = {};  // of annotations, as ImportInput has it
};

class PredictionReader {
 public:
  virtual ~PredictionReader() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view description() const = 0;
  virtual DetectResult detect(const std::string& path) const = 0;  // as Importer::detect
  // Calls the sink on the calling thread, rows in file order, in batches of bounded size. Rows with
  // NaN, a wrong number of values, probabilities outside [0, 1] or an unknown class are rejected
  // with their place. Throws Error(kBadInput) when the whole is unusable: wrong shape or dtype, a
  // number of columns that is not the number of classes, a file list of another length.
  virtual void run(const PredictionInput& input, PredictionSink& sink) const = 0;
};

}  // namespace errata::importers

#include "jobs/judged_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/box_checks.h"
#include "analysis/object_lab.h"
#include "analysis/object_mistakenness.h"
#include "base/text.h"
#include "store/objects.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
// A label that is more likely wrong than right by two to one is doubted; the other way, the model.
constexpr double kLabelWrong = 2.0 / 3;
constexpr double kModelWrong = 1.0 / 3;

std::shared_ptr<const Dictionary> dictionary_of(std::initializer_list<const char*> names) {
  auto dictionary = std::make_shared<Dictionary>();
  for (const char* name : names) dictionary->add(name);
  return dictionary;
}

void add_box(DetectionInput::Boxes& boxes, const Table& table, RowIndex row, int32_t image) {
  boxes.rows.push_back(row);
  boxes.image.push_back(image);
  boxes.class_index.push_back(table.find("label")->codes[row]);
  boxes.x.push_back(table.find("x")->doubles[row]);
  boxes.y.push_back(table.find("y")->doubles[row]);
  boxes.width.push_back(table.find("width")->doubles[row]);
  boxes.height.push_back(table.find("height")->doubles[row]);
}

int32_t size_at(const Column* column, RowIndex row) {
  return column == nullptr || column->is_null(row) ? 0 : static_cast<int32_t>(column->ints[row]);
}

// The detections of at least `confidence`, and where each was.
struct SureDetections {
  DetectionInput::Boxes boxes;
  std::vector<double> score;
  std::vector<uint32_t> place;

  SureDetections(const DetectionInput& input, double confidence) {
    for (size_t d = 0; d < input.score.size(); ++d) {
      if (input.score[d] < confidence) continue;
      const DetectionInput::Boxes& from = input.detections;
      place.push_back(static_cast<uint32_t>(d));
      score.push_back(input.score[d]);
      boxes.rows.push_back(from.rows[d]);
      boxes.image.push_back(from.image[d]);
      boxes.class_index.push_back(from.class_index[d]);
      boxes.x.push_back(from.x[d]);
      boxes.y.push_back(from.y[d]);
      boxes.width.push_back(from.width[d]);
      boxes.height.push_back(from.height[d]);
    }
  }
};

ObjectError error_of(analysis::DetectionKind kind) {
  switch (kind) {
    case analysis::DetectionKind::kTrue: return ObjectError::kTrue;
    case analysis::DetectionKind::kClass: return ObjectError::kClass;
    case analysis::DetectionKind::kLocalisation: return ObjectError::kLocalisation;
    case analysis::DetectionKind::kBoth: return ObjectError::kBoth;
    case analysis::DetectionKind::kDuplicate: return ObjectError::kDuplicate;
    default: return ObjectError::kBackground;
  }
}

// The columns that matching and doubts add, one entry per row of the object table.
class JudgedColumns {
 public:
  explicit JudgedColumns(size_t rows)
      : error_(rows, -1), iou_(rows, std::nan("")), match_(rows, -1), rows_(rows) {}

  void name_errors(const DetectionInput& input, const SureDetections& sure,
                   const analysis::TideResult& tide) {
    for (size_t d = 0; d < sure.place.size(); ++d) {
      const RowIndex row = sure.boxes.rows[d];
      const analysis::DetectionKind kind = tide.kinds[d];
      if (kind == analysis::DetectionKind::kBeyondLimit || tide.on_crowd[d] != 0) continue;
      error_[row] = static_cast<int32_t>(error_of(kind));
      iou_[row] = tide.overlaps[d];
      const int32_t object = tide.matched_objects[d];
      if (object >= 0) match_[row] = input.objects.rows[static_cast<size_t>(object)];
    }
    for (size_t g = 0; g < input.objects.size(); ++g) {
      const RowIndex row = input.objects.rows[g];
      const int32_t found = tide.matched_detections[g];
      if (tide.object_kinds[g] == analysis::ObjectKind::kCrowd) continue;
      if (found < 0) {
        error_[row] = static_cast<int32_t>(ObjectError::kMissed);
        continue;
      }
      const auto d = static_cast<size_t>(found);
      error_[row] = static_cast<int32_t>(error_of(tide.kinds[d]));
      iou_[row] = tide.overlaps[d];
      match_[row] = sure.boxes.rows[d];
    }
  }

  void add_to(Table& table) {
    Column match = make_int_column("match", match_);
    for (size_t row = 0; row < rows_; ++row) {
      if (match_[row] < 0) match.set_null(static_cast<RowIndex>(row));
    }
    table.add(make_category_column("error", error_, object_error_dictionary()));
    table.add(make_double_column("iou", iou_));
    table.add(std::move(match));
  }

  // Of the detections whose error is about an object: that object's row, else -1.
  int64_t object_of(size_t row) const {
    const auto error = static_cast<ObjectError>(std::max(error_[row], 0));
    const bool about = error == ObjectError::kClass || error == ObjectError::kLocalisation ||
                       error == ObjectError::kBoth;
    return about ? match_[row] : -1;
  }
  bool wrong(RowIndex row) const { return error_[row] > static_cast<int32_t>(ObjectError::kTrue); }

 private:
  std::vector<int32_t> error_;
  std::vector<double> iou_;
  std::vector<int64_t> match_;
  size_t rows_;
};

class DoubtColumns {
 public:
  DoubtColumns(const DetectionInput& input, const analysis::ObjectDoubts& doubts, size_t rows)
      : input_(input),
        doubts_(doubts),
        rows_(rows),
        doubt_(rows, -1),
        verdict_(rows, -1),
        suggested_(rows, -1),
        evidence_(rows, -1),
        value_(rows, kNone) {
    for (size_t g = 0; g < input.objects.size(); ++g) judge_object(g);
    for (size_t d = 0; d < input.detections.size(); ++d) {
      value_[input.detections.rows[d]] = static_cast<float>(doubts.missing[d]);
      doubt_[input.detections.rows[d]] = static_cast<int32_t>(analysis::ObjectDoubt::kMissing) - 1;
    }
  }

  // A row that is neither an error nor doubtful has no verdict. (std::max keeps its first value
  // where the other is NaN.)
  void decide(const JudgedColumns& judged) {
    for (size_t row = 0; row < rows_; ++row) {
      float value = value_[row];
      if (std::isnan(value)) continue;
      // An error about an object whose label is in doubt is as doubtful.
      const int64_t object = judged.object_of(row);
      if (object >= 0) value = std::max(value, value_[static_cast<size_t>(object)]);
      if (value >= kLabelWrong) {
        verdict_[row] = 0;
      } else if (value > kModelWrong) {
        verdict_[row] = 2;
      } else if (judged.wrong(static_cast<RowIndex>(row))) {
        verdict_[row] = 1;
      }
    }
  }

  void add_to(Table& table) {
    table.add(make_float_column("label_doubt", value_));
    table.add(make_category_column(
        "doubt", doubt_, dictionary_of({"class", "place", "spurious", "copy", "missing"})));
    table.add(
        make_category_column("verdict", verdict_, dictionary_of({"label", "model", "ambiguous"})));
    table.add(make_category_column("suggested", suggested_, table.find("label")->dictionary));
    Column evidence = make_int_column("evidence", evidence_);
    for (size_t row = 0; row < rows_; ++row) {
      if (evidence_[row] < 0) evidence.set_null(static_cast<RowIndex>(row));
    }
    table.add(std::move(evidence));
    add_score(table, "class_doubt", doubts_.of_class);
    add_score(table, "place_doubt", doubts_.of_place);
    add_score(table, "spurious_doubt", doubts_.spurious);
    add_score(table, "copy_doubt", doubts_.copy);
    std::vector<float> missing(rows_, kNone);
    for (size_t d = 0; d < input_.detections.size(); ++d) {
      missing[input_.detections.rows[d]] = static_cast<float>(doubts_.missing[d]);
    }
    table.add(make_float_column("missing_doubt", std::move(missing)));
  }

  void add_score(Table& table, const char* name, const std::vector<double>& values) const {
    std::vector<float> column(rows_, kNone);
    for (size_t g = 0; g < input_.objects.size(); ++g) {
      column[input_.objects.rows[g]] = static_cast<float>(values[g]);
    }
    table.add(make_float_column(name, std::move(column)));
  }

 private:
  void judge_object(size_t g) {
    analysis::Strongest strongest = analysis::strongest_doubt(doubts_, g);
    if (strongest.kind == analysis::ObjectDoubt::kCopy) {
      // Of two copies of each other the later is the copy.
      const auto other = static_cast<size_t>(doubts_.copy_of[g]);
      if (other > g && doubts_.copy_of[other] == static_cast<int32_t>(g)) strongest = {};
    }
    if (input_.crowd[g] != 0) return;
    const RowIndex row = input_.objects.rows[g];
    value_[row] = static_cast<float>(strongest.value);
    if (strongest.kind == analysis::ObjectDoubt::kNone) return;
    doubt_[row] = static_cast<int32_t>(strongest.kind) - 1;
    const int32_t found = doubts_.detections[g];
    if (strongest.kind == analysis::ObjectDoubt::kCopy) {
      evidence_[row] = input_.objects.rows[static_cast<size_t>(doubts_.copy_of[g])];
    } else if (found >= 0) {
      evidence_[row] = input_.detections.rows[static_cast<size_t>(found)];
    }
    if (strongest.kind == analysis::ObjectDoubt::kClass && found >= 0) {
      suggested_[row] = input_.detections.class_index[static_cast<size_t>(found)];
    }
  }

  const DetectionInput& input_;
  const analysis::ObjectDoubts& doubts_;
  size_t rows_;
  std::vector<int32_t> doubt_;
  std::vector<int32_t> verdict_;
  std::vector<int32_t> suggested_;
  std::vector<int64_t> evidence_;
  std::vector<float> value_;
};

// The scores of other tools and of the boxes themselves.
void add_scores(const DetectionInput& input, const DoubtColumns& columns, JobContext& context,
                Table& table) {
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  const analysis::DetectionSet set = input.set();
  const auto checks = analysis::check_given_boxes(
      set.objects, set.images, set.classes, {input.image_width, input.image_height}, parallel_for);
  columns.add_score(table, "outside", checks.outside);
  columns.add_score(table, "size_z", checks.size_z);
  columns.add_score(table, "shape_z", checks.shape_z);
  columns.add_score(table, "nearest_iou", checks.nearest_overlap);
  const auto brain = analysis::measure_mistakenness(set, parallel_for);
  columns.add_score(table, "mistakenness", brain.of_class);
  columns.add_score(table, "mistakenness_loc", brain.of_location);
  std::vector<uint8_t> spurious(table.rows(), 0);
  for (size_t g = 0; g < input.objects.size(); ++g) {
    spurious[input.objects.rows[g]] = brain.possibly_spurious[g];
  }
  std::vector<uint8_t> missing(table.rows(), 0);
  for (size_t d = 0; d < input.detections.size(); ++d) {
    missing[input.detections.rows[d]] = brain.possibly_missing[d];
  }
  table.add(make_bool_column("possible_spurious", std::move(spurious)));
  table.add(make_bool_column("possible_missing", std::move(missing)));
  const auto lab = analysis::score_object_lab(set, parallel_for);
  columns.add_score(table, "objectlab_badloc", lab.badly_located);
  columns.add_score(table, "objectlab_swap", lab.swapped);
  std::vector<float> overlooked(table.rows(), kNone);
  for (size_t d = 0; d < input.detections.size(); ++d) {
    overlooked[input.detections.rows[d]] = static_cast<float>(lab.overlooked[d]);
  }
  table.add(make_float_column("objectlab_overlooked", std::move(overlooked)));
}

}  // namespace

analysis::DetectionSet DetectionInput::set() const {
  return {images,
          class_names.size(),
          {objects.columns(), area, crowd},
          {detections.columns(), score, {}},
          {}};
}

DetectionInput detection_input(const LoadedState& state, const ObjectTable& objects) {
  DetectionInput input;
  const Table& table = objects.table;
  input.class_names = table.find("label")->dictionary->texts();
  const Column* width = state.snapshot.samples.find("width");
  const Column* height = state.snapshot.samples.find("height");
  state.selection.for_each([&](RowIndex sample) {
    const auto image = static_cast<int32_t>(input.images++);
    input.samples.push_back(sample);
    input.image_width.push_back(size_at(width, sample));
    input.image_height.push_back(size_at(height, sample));
    for (uint64_t row = objects.offsets[sample]; row < objects.offsets[sample + 1]; ++row) {
      const auto at = static_cast<RowIndex>(row);
      if (table.find("label")->codes[at] < 0) continue;
      if (row < objects.given_end[sample]) {
        add_box(input.objects, table, at, image);
        input.area.push_back(table.find("area_px")->doubles[at]);
        input.crowd.push_back(table.find("crowd")->bytes[at]);
      } else if (std::isfinite(table.find("confidence")->doubles[at])) {
        add_box(input.detections, table, at, image);
        input.score.push_back(table.find("confidence")->doubles[at]);
      }
    }
  });
  return input;
}

void JudgeOptions::check() const {
  if (!(confidence >= 0 && confidence <= 1) || !(overlap > 0 && overlap <= 1)) {
    throw Error(ErrorCategory::kUsage, "confidence and IoU thresholds lie between 0 and 1");
  }
}

std::string detection_run(store::Store& store, const std::string& run) {
  if (!run.empty()) {
    if (store::read_run(store, run).summary.kind == "detections") return run;
    throw Error(ErrorCategory::kNotFound, fmt::format("run '{}' holds no detections", run),
                "`errata runs` says what each run holds.");
  }
  const std::vector<store::RunInfo> runs = store::list_runs(store);
  for (auto each = runs.rbegin(); each != runs.rend(); ++each) {
    if (each->summary.kind == "detections") return each->summary.name;
  }
  throw Error(ErrorCategory::kNotFound, "the store has no detections yet",
              "Run `errata predictions FILE` with a detector's results first.");
}

JudgedObjects judge_objects(const JudgeOptions& options, JobContext& context) {
  options.check();
  std::string run;
  {
    store::Store store = store::Store::open(options.store_path, store::Access::kRead);
    run = detection_run(store, options.run);
  }
  context.progress.start_stage("matching detections with objects", 0);
  JudgedObjects judged(load_state({options.store_path, run, options.where, true}));
  judged.confidence = options.confidence;
  judged.overlap = options.overlap;
  judged.excluded = leave_out_excluded(judged.state, options.where);
  judged.objects = store::load_objects(judged.state.store, judged.state.snapshot);
  judged.input = detection_input(judged.state, judged.objects);
  if (judged.input.objects.size() == 0) {
    throw Error(ErrorCategory::kNotFound, "there are no annotated objects to judge",
                "Import a set with boxes, or widen the filter.");
  }
  context.cancel.check();
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  const size_t rows = judged.objects.rows();
  judged.selected = query::Selection(rows);
  for (const RowIndex row : judged.input.objects.rows) judged.selected.set(row);
  for (const RowIndex row : judged.input.detections.rows) judged.selected.set(row);

  const SureDetections sure(judged.input, options.confidence);
  analysis::DetectionSet set = judged.input.set();
  set.detections = {sure.boxes.columns(), sure.score, {}};
  analysis::TideOptions tide;
  tide.positive_overlap = options.overlap;
  tide.background_overlap = std::min(tide.background_overlap, options.overlap / 2);
  judged.tide = analysis::explain_errors(set, tide, parallel_for);
  JudgedColumns errors(rows);
  errors.name_errors(judged.input, sure, judged.tide);
  errors.add_to(judged.objects.table);
  context.cancel.check();
  const auto doubts = analysis::doubt_objects(judged.input.set(), parallel_for);
  DoubtColumns columns(judged.input, doubts, rows);
  columns.decide(errors);
  columns.add_to(judged.objects.table);
  add_scores(judged.input, columns, context, judged.objects.table);
  judged.warnings = run_warnings(judged.state);
  return judged;
}

}  // namespace errata::jobs

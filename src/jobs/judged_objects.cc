#include "jobs/judged_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "analysis/box_checks.h"
#include "analysis/detection_confusion.h"
#include "analysis/object_lab.h"
#include "analysis/object_mistakenness.h"
#include "base/hash.h"
#include "base/text.h"
#include "jobs/prediction_warnings.h"
#include "store/object_scores.h"
#include "store/objects.h"
#include "store/runs.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// The scores of other tools and of the boxes themselves.
void add_scores(const DetectionInput& input, JobContext& context, Table& table) {
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  const analysis::DetectionSet set = input.set();
  const auto checks = analysis::check_given_boxes(
      set.objects, set.images, set.classes, {input.image_width, input.image_height}, parallel_for);
  add_object_score(table, input, "outside", checks.outside);
  add_object_score(table, input, "size_z", checks.size_z);
  add_object_score(table, input, "shape_z", checks.shape_z);
  add_object_score(table, input, "nearest_iou", checks.nearest_overlap);
  const auto brain = analysis::measure_mistakenness(set, parallel_for);
  add_object_score(table, input, "mistakenness", brain.of_class);
  add_object_score(table, input, "mistakenness_loc", brain.of_location);
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
  add_object_score(table, input, "objectlab_badloc", lab.badly_located);
  add_object_score(table, input, "objectlab_swap", lab.swapped);
  std::vector<float> overlooked(table.rows(), kNone);
  for (size_t d = 0; d < input.detections.size(); ++d) {
    overlooked[input.detections.rows[d]] = static_cast<float>(lab.overlooked[d]);
  }
  table.add(make_float_column("objectlab_overlooked", std::move(overlooked)));
}

// All columns that depend on the run and the thresholds.
void judge(JudgedObjects& judged, const ParallelFor& parallel_for, JobContext& context) {
  Table& table = judged.objects.table;
  const Matching matching = match_detections(judged.input, judged.confidence, judged.overlap,
                                             judged.objects.rows(), parallel_for);
  add_matching(table, matching);
  context.cancel.check();
  add_doubts(table, judged.input, matching, parallel_for);
  add_scores(judged.input, context, table);
}

// The stored set of the thresholds of judged objects. Only for all samples: some scores compare an
// object with the others of its class.
class ScoreStore {
 public:
  ScoreStore(const JudgedObjects& judged, int64_t log_end)
      : run_(find_run(judged.state.snapshot, judged.state.run)->id),
        log_end_(log_end),
        hash_(hash_of(judged)) {}

  // Adds the columns and the warnings that were stored; false when there is no such set.
  bool read(JudgedObjects& judged) const {
    std::optional<store::ObjectScoreSet> set = store::read_object_scores(
        judged.state.store, run_, judged.confidence, judged.overlap, hash_);
    if (!set || set->columns.rows() != judged.objects.rows()) return false;
    for (const auto& column : set->columns.columns()) {
      if (column->name == "object_id" || column->name == "sample_id") continue;
      // The codes are those of the classes, whose names the hash holds.
      if (column->name == "suggested") {
        column->dictionary = judged.objects.table.find("label")->dictionary;
      }
      judged.objects.table.share(column);
    }
    const text::Json told = text::parse_json(set->detail);
    for (const text::Json& warning : told.as_array()) {
      judged.warnings.push_back(warning.as_string());
    }
    judged.stored_at = set->made_at;
    return true;
  }

  // The columns from `first` on. What cannot be stored is told: the numbers are there all the same.
  void write(JudgedObjects& judged, size_t first, const std::vector<std::string>& warnings) const {
    store::ObjectScoreSet set;
    set.run = run_;
    set.confidence = judged.confidence;
    set.overlap = judged.overlap;
    set.input_hash = hash_;
    set.log_end = log_end_;
    text::Json told = text::Json::array();
    for (const std::string& warning : warnings) told.push_back(warning);
    set.detail = told.dump();
    set.columns = Table(judged.objects.rows());
    set.columns.share(judged.objects.table.shared("object_id"));
    std::vector<int64_t> samples = judged.objects.table.find("sample")->ints;
    for (int64_t& sample : samples) {
      sample = judged.state.snapshot.ids[static_cast<size_t>(sample)];
    }
    set.columns.add(make_int_column("sample_id", std::move(samples)));
    const auto& columns = judged.objects.table.columns();
    for (size_t i = first; i < columns.size(); ++i) set.columns.share(columns[i]);
    try {
      store::Store store = store::Store::open(judged.state.store.path(), store::Access::kWrite);
      store::put_object_scores(store, set);
    } catch (const Error& error) {
      const bool in_the_way =
          error.category() == ErrorCategory::kIo || error.category() == ErrorCategory::kBusy;
      if (!in_the_way) throw;
      judged.warnings.push_back(fmt::format("not stored: {}", error.what()));
    }
  }

 private:
  // Changes with the meaning of a score, so that older sets are not taken for today's.
  static constexpr uint64_t kGeneration = 1;

  template <typename T>
  static void add(Xxh3& hash, const std::vector<T>& values) {
    const uint64_t size = values.size();
    hash.update(&size, sizeof(size));
    hash.update(values.data(), values.size() * sizeof(T));
  }

  static void add(Xxh3& hash, const DetectionInput::Boxes& boxes) {
    add(hash, boxes.rows);
    add(hash, boxes.image);
    add(hash, boxes.class_index);
    for (const auto* values : {&boxes.x, &boxes.y, &boxes.width, &boxes.height}) add(hash, *values);
  }

  static uint64_t hash_of(const JudgedObjects& judged) {
    const DetectionInput& input = judged.input;
    Xxh3 hash;
    hash.update(&kGeneration, sizeof(kGeneration));
    add(hash, judged.objects.table.find("object_id")->ints);
    add(hash, input.objects);
    add(hash, input.area);
    add(hash, input.crowd);
    add(hash, input.detections);
    add(hash, input.score);
    add(hash, input.image_width);
    add(hash, input.image_height);
    add(hash, input.samples);
    for (const std::string& name : input.class_names)
      add(hash, std::vector(name.begin(), name.end()));
    // Warnings name splits.
    const Column* split = judged.state.snapshot.samples.find("split");
    if (split != nullptr) add(hash, split->codes);
    return hash.digest();
  }

  RunId run_;
  int64_t log_end_;
  uint64_t hash_;
};

}  // namespace

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
  int64_t log_end = 0;
  {
    store::Store store = store::Store::open(options.store_path, store::Access::kRead);
    run = detection_run(store, options.run);
    log_end = store::last_event(store);
  }
  context.progress.start_stage("matching detections with objects", 0);
  JudgedObjects judged(load_state({options.store_path, run, options.where, true}));
  judged.confidence = options.confidence;
  judged.overlap = options.overlap;
  judged.excluded = leave_out_excluded(judged.state, options.where);
  judged.objects = store::load_objects(judged.state.store, judged.state.snapshot);
  judged.input =
      detection_input(judged.state.snapshot.samples, judged.state.selection, judged.objects.table);
  if (judged.input.objects.size() == 0) {
    throw Error(ErrorCategory::kNotFound, "there are no annotated objects to judge",
                "Import a set with boxes, or widen the filter.");
  }
  context.cancel.check();
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  judged.warnings = run_warnings(judged.state);
  judged.selected = query::Selection(judged.objects.rows());
  for (const RowIndex row : judged.input.objects.rows) judged.selected.set(row);
  for (const RowIndex row : judged.input.detections.rows) judged.selected.set(row);

  ScoreStore stored(judged, log_end);
  if (options.where.empty() && stored.read(judged)) return judged;
  const size_t own = judged.objects.table.columns().size();
  judge(judged, parallel_for, context);
  std::vector<std::string> warnings;
  const analysis::DetectionConfusion confusion = analysis::confuse_detections(
      judged.input.set(), {options.overlap, options.confidence}, parallel_for);
  add_detection_warnings(judged.input, judged.state.snapshot.samples, confusion, warnings);
  judged.warnings.insert(judged.warnings.end(), warnings.begin(), warnings.end());
  if (options.keeps && options.where.empty()) stored.write(judged, own, warnings);
  return judged;
}

}  // namespace errata::jobs

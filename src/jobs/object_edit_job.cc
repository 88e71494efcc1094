#include "jobs/object_edit_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "jobs/object_suggestion.h"
#include "model/shape.h"
#include "query/filter.h"
#include "store/classes.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

using store::ObjectEditKind;

constexpr RowIndex kNoRow = std::numeric_limits<RowIndex>::max();

// The objects as the filter sees them: judged where there are annotations and detections to judge.
struct Loaded {
  LoadedState state;
  ObjectTable objects;
  query::Selection selected;
  std::vector<std::string> warnings;
};

Loaded load_plain(const JudgeOptions& options) {
  LoadedState state = load_state({options.store_path, options.run, options.where, false});
  leave_out_excluded(state, options.where);
  ObjectTable objects = store::load_objects(state.store, state.snapshot);
  query::Selection selected(objects.rows());
  state.selection.for_each([&](RowIndex sample) {
    for (uint64_t row = objects.offsets[sample]; row < objects.offsets[sample + 1]; ++row) {
      selected.set(static_cast<RowIndex>(row));
    }
  });
  return {std::move(state), std::move(objects), std::move(selected), {}};
}

bool has_detections(const JudgeOptions& options) {
  store::Store store = store::Store::open(options.store_path, store::Access::kRead);
  const std::vector<store::RunInfo> runs = store::list_runs(store);
  return std::any_of(runs.begin(), runs.end(),
                     [](const store::RunInfo& run) { return run.summary.kind == "detections"; });
}

bool decides(const ObjectEditOptions& options) {
  return options.kind == ObjectEditKind::kKeep || options.kind == ObjectEditKind::kAmbiguous;
}

Loaded load(const ObjectEditOptions& options, JobContext& context) {
  const bool judges = !options.kind || !options.where.empty() || decides(options);
  if (!judges || (options.judge.run.empty() && !has_detections(options.judge))) {
    return load_plain(options.judge);
  }
  try {
    JudgedObjects judged = judge_objects(options.judge, context);
    return {std::move(judged.state), std::move(judged.objects), std::move(judged.selected),
            std::move(judged.warnings)};
  } catch (const Error& error) {
    // A set without annotations has nothing to judge, and all to accept.
    if (error.category() != ErrorCategory::kNotFound) throw;
    Loaded loaded = load_plain(options.judge);
    if (loaded.objects.rows() == 0) throw;
    return loaded;
  }
}

query::Selection rows_by_id(const Loaded& loaded, const std::vector<ObjectId>& ids) {
  const std::vector<int64_t>& of_rows = loaded.objects.table.find("object_id")->ints;
  std::unordered_map<ObjectId, RowIndex> wanted;
  for (const ObjectId id : ids) wanted.emplace(id, kNoRow);
  for (size_t row = 0; row < of_rows.size(); ++row) {
    const auto found = wanted.find(of_rows[row]);
    if (found != wanted.end()) found->second = static_cast<RowIndex>(row);
  }
  query::Selection rows(loaded.objects.rows());
  for (const ObjectId id : ids) {
    const RowIndex row = wanted.at(id);
    if (row == kNoRow) {
      throw Error(ErrorCategory::kNotFound, fmt::format("there is no object {}", id),
                  "`errata rank --objects` shows their ids.");
    }
    rows.set(row);
  }
  return rows;
}

query::Selection rows_where(Loaded& loaded, const std::string& where) {
  query::Selection rows = loaded.selected;
  const query::Filter filter = query::parse_typed_filter(where, loaded.objects.table);
  for (const query::FilterNote& note : query::check_filter(filter, loaded.objects.table)) {
    loaded.warnings.push_back(note.message);
  }
  rows &= query::evaluate(filter, loaded.objects.table);
  return rows;
}

PlannedEdit planned(const Loaded& loaded, store::ObjectEdit edit, RowIndex row) {
  const Table& table = loaded.objects.table;
  PlannedEdit plan;
  plan.edit = std::move(edit);
  plan.row = row;
  const auto sample = static_cast<RowIndex>(table.find("sample")->ints[row]);
  plan.path = loaded.state.snapshot.samples.find("path")->text(sample);
  plan.label = table.find("label")->text(row);
  plan.box_xywh_px = {table.find("x")->doubles[row], table.find("y")->doubles[row],
                      table.find("width")->doubles[row], table.find("height")->doubles[row]};
  return plan;
}

// The id of a class by its name, asked for once each.
class ClassIds {
 public:
  explicit ClassIds(store::Store& store) : store_(store) {}
  ClassId of(const std::string& name) {
    const auto [found, is_new] = ids_.try_emplace(name, 0);
    if (is_new) found->second = store::require_class(store_, name);
    return found->second;
  }

 private:
  store::Store& store_;
  std::map<std::string, ClassId> ids_;
};

// The outlines of what is added: the objects were loaded without.
void add_shapes(Loaded& loaded, ObjectEditReport& report) {
  const bool adds = std::any_of(report.edits.begin(), report.edits.end(), [](const auto& plan) {
    return plan.edit.kind == ObjectEditKind::kAdd;
  });
  if (!adds) return;
  store::ObjectOptions options;
  options.shapes = true;
  const ObjectTable objects =
      store::load_objects(loaded.state.store, loaded.state.snapshot, options);
  for (PlannedEdit& plan : report.edits) {
    if (plan.edit.kind == ObjectEditKind::kAdd) plan.edit.shape = objects.shape_bytes(plan.row);
  }
}

void plan_accepting(Loaded& loaded, const query::Selection& rows, ClassIds& classes,
                    ObjectEditReport& report) {
  const SuggestionColumns columns(loaded.objects.table);
  std::vector<RowIndex> chosen;
  rows.for_each([&](RowIndex row) { chosen.push_back(row); });
  const std::vector<Suggestion> suggestions =
      suggest(columns, chosen, loaded.state.snapshot.classes.size());
  report.passed_over += chosen.size() - suggestions.size();
  for (const Suggestion& suggestion : suggestions) {
    store::ObjectEdit edit = edit_of(loaded.objects, loaded.state.snapshot.ids, suggestion);
    const std::string label(columns.label->text(suggestion.predicted));
    if (edit.kind != ObjectEditKind::kSetBox) edit.class_id = classes.of(label);
    const bool adds = edit.kind == ObjectEditKind::kAdd;
    PlannedEdit plan =
        planned(loaded, std::move(edit), adds ? suggestion.predicted : suggestion.given);
    plan.confidence = columns.confidence->doubles[suggestion.predicted];
    report.edits.push_back(std::move(plan));
  }
  add_shapes(loaded, report);
}

store::ObjectEdit detection_edit(const Loaded& loaded, ObjectEditKind kind, RowIndex row) {
  const Table& table = loaded.objects.table;
  const Snapshot& snapshot = loaded.state.snapshot;
  store::ObjectEdit edit;
  edit.kind = kind == ObjectEditKind::kKeep ? ObjectEditKind::kDetectionKeep
                                            : ObjectEditKind::kDetectionAmbiguous;
  edit.object = table.find("object_id")->ints[row];
  edit.sample = snapshot.ids[static_cast<size_t>(table.find("sample")->ints[row])];
  const int32_t label = table.find("label")->codes[row];
  const bool known = label >= 0 && static_cast<size_t>(label) < snapshot.class_ids.size();
  edit.class_id = known ? snapshot.class_ids[static_cast<size_t>(label)] : 0;
  edit.box_xywh_px = {table.find("x")->doubles[row], table.find("y")->doubles[row],
                      table.find("width")->doubles[row], table.find("height")->doubles[row]};
  return edit;
}

void plan_editing(const ObjectEditOptions& options, const Loaded& loaded,
                  const query::Selection& rows, ClassIds& classes, ObjectEditReport& report) {
  store::ObjectEdit edit;
  edit.kind = *options.kind;
  edit.box_xywh_px = options.box_xywh_px;
  edit.flag = options.flag;
  if (edit.kind == ObjectEditKind::kSetClass) edit.class_id = classes.of(options.class_name);
  const Table& table = loaded.objects.table;
  const Column& kind = *table.find("kind");
  const Column& ids = *table.find("object_id");
  rows.for_each([&](RowIndex row) {
    if (kind.codes[row] != static_cast<int32_t>(ObjectKind::kGiven)) {
      if (decides(options) && is_unlabelled(table.find("error"), table.find("match"), row)) {
        report.edits.push_back(planned(loaded, detection_edit(loaded, edit.kind, row), row));
        report.edits.back().confidence = table.find("confidence")->doubles[row];
      } else {
        ++report.passed_over;
      }
      return;
    }
    edit.object = ids.ints[row];
    report.edits.push_back(planned(loaded, edit, row));
  });
}

}  // namespace

void ObjectEditOptions::check() const {
  judge.check();
  if (objects.empty() == trim(where).empty()) {
    throw Error(ErrorCategory::kUsage,
                objects.empty() ? "no objects were named" : "both objects and a filter were given",
                "Name objects by the ids that `errata rank --objects` shows, or select them with "
                "--where EXPR.");
  }
  if (kind == ObjectEditKind::kSetClass && class_name.empty()) {
    throw Error(ErrorCategory::kUsage, "no class was given");
  }
  if (kind == ObjectEditKind::kSetBox && objects.size() != 1) {
    throw Error(ErrorCategory::kUsage, "a box is of one object", "Name one object by its id.");
  }
}

bool is_unlabelled(const Column* error, const Column* match, RowIndex detection) {
  if (match == nullptr || match->is_null(detection)) return true;
  if (error == nullptr || error->codes[detection] < 0) return false;
  const auto kind = static_cast<ObjectError>(error->codes[detection]);
  return kind == ObjectError::kBackground || kind == ObjectError::kBoth;
}

size_t count_lost_masks(const store::AppliedBatch& batch) {
  return static_cast<size_t>(
      std::count_if(batch.objects.begin(), batch.objects.end(),
                    [](const auto& edit) { return store::loses_mask(edit.before, edit.after); }));
}

ObjectEditReport edit_objects(const ObjectEditOptions& options, JobContext& context) {
  options.check();
  ObjectEditReport report;
  if (!options.dry_run) bring_up_to_date(options.judge.store_path);
  Loaded loaded = load(options, context);
  const query::Selection rows = options.objects.empty() ? rows_where(loaded, options.where)
                                                        : rows_by_id(loaded, options.objects);
  report.selected = rows.count();
  report.run = loaded.objects.run;
  report.warnings = loaded.warnings;
  store::Store store = store::Store::open(
      options.judge.store_path, options.dry_run ? store::Access::kRead : store::Access::kWrite);
  ClassIds classes(store);
  if (options.kind) {
    plan_editing(options, loaded, rows, classes, report);
  } else {
    plan_accepting(loaded, rows, classes, report);
  }
  if (report.edits.empty() && report.selected > 0) {
    throw Error(ErrorCategory::kUsage,
                decides(options) ? "what was selected are detections that have a label"
                : options.kind   ? "what was selected are detections, which nobody edits"
                                 : "nothing of what was selected is there to accept",
                decides(options) ? "Decide about the label: kind = 'given' selects annotations."
                : options.kind
                    ? "`errata edit accept` makes them annotations; kind = 'given' selects "
                      "annotations."
                    : "Detections that are right already, duplicates, and those below "
                      "--confidence have nothing to accept.");
  }
  if (options.dry_run || report.edits.empty()) return report;
  context.cancel.check();
  std::vector<store::ObjectEdit> edits;
  for (const PlannedEdit& plan : report.edits) edits.push_back(plan.edit);
  report.batch = store::apply_object_edits(store, edits, options.who, options.why);
  report.masks_lost = count_lost_masks(report.batch);
  store.close();
  return report;
}

}  // namespace errata::jobs

#include "viewer/state/object_meter.h"

#include <vector>

#include "base/error.h"
#include "jobs/audit_job.h"
#include "query/filter.h"
#include "viewer/state/filter_text.h"
#include "viewer/state/object_match.h"
#include "viewer/state/object_measures.h"
#include "viewer/state/panel_answer.h"
#include "viewer/state/session.h"

namespace errata::viewer {

bool ObjectMeter::is_measured(std::string_view panel) {
  return panel == "budget" || panel == "curves" || panel == "detections";
}

// What the filter of samples says of more than predictions and reviews, and the split that a filter
// of objects asks for.
const std::string& ObjectMeter::wanted_filter() {
  const AppState& state = session_.state();
  std::string shown = state.sample_filter() + "\n";
  if (state.objects_shown()) shown += state.filter.applied;
  if (shown == shown_filters_) return wanted_filter_;
  shown_filters_ = std::move(shown);
  std::vector<std::string> terms = split_terms(measured_filter(state.sample_filter()));
  if (state.objects_shown()) {
    for (const std::string& term : split_terms(state.filter.applied)) {
      const std::vector<std::string> columns = query::parse_filter(term).columns();
      if (columns == std::vector<std::string>{"split"}) terms.push_back(term);
    }
  }
  wanted_filter_ = join_terms(terms);
  return wanted_filter_;
}

// How the audit was drawn, as its saved view says; empty without one.
const std::string& ObjectMeter::audit_options() const {
  static const std::string kNone;
  const store::SavedView* view = session_.state().lists.lists.saved_view(jobs::kAuditTag);
  return view == nullptr ? kNone : view->options_json;
}

void ObjectMeter::forget() {
  session_.state().objects.measures = nullptr;
  session_.state().objects.measures_pending = false;
  ++newest_;
}

void ObjectMeter::frame(bool stale) {
  const AppState& state = session_.state();
  const ObjectsState& objects = state.objects;
  if (!state.layout.show_bottom || !is_measured(state.layout.bottom_tab)) return;
  if (stale || objects.measures_pending) return;
  const bool measured = measured_revision_ == objects.revision &&
                        measured_choice_ == objects.matched &&
                        measured_filter_ == wanted_filter() && measured_audit_ == audit_options() &&
                        objects.measures != nullptr;
  if (!measured) ask();
}

void ObjectMeter::ask() {
  ObjectsState& objects = session_.state().objects;
  objects.measures_pending = true;
  measured_revision_ = objects.revision;
  measured_choice_ = objects.matched;
  measured_filter_ = wanted_filter();
  measured_audit_ = audit_options();
  const uint64_t number = ++newest_;
  const auto take = [this, number](std::shared_ptr<const ObjectMeasures> measures, bool last) {
    if (number != newest_) return;
    session_.state().objects.measures = std::move(measures);
    if (last) session_.state().objects.measures_pending = false;
  };
  session_.tasks().run(
      Lane::kPanels,
      [this, number, take, table = objects.table.table, samples = session_.state().snapshot.samples,
       choice = objects.matched, filter = measured_filter_, audit = measured_audit_,
       snapshot = session_.state().snapshot]() -> Tasks::Apply {
        try {
          const jobs::DetectionInput input = detections_of(table, samples, filter);
          std::shared_ptr<ObjectMeasures> measures =
              measure_objects(input, samples, choice, serial_for);
          const bool any = measures != nullptr;
          if (!any) measures = std::make_shared<ObjectMeasures>();
          measures->filter = filter;
          if (!any) return [take, measures] { take(measures, true); };
          session_.tasks().post(Lane::kPanels, [take, measures] { take(measures, false); });
          auto whole = std::make_shared<ObjectMeasures>(*measures);
          const std::optional<ObjectTable> imported = session_.backend().imported_objects(snapshot);
          const Table& before_table = imported ? imported->table : table;
          const jobs::DetectionInput before =
              imported ? detections_of(before_table, samples, filter) : input;
          if (imported) {
            whole->corrections =
                count_corrections(input, table, before, before_table, choice, serial_for);
          }
          whole->audit = audit_boxes({input, table, before, before_table, samples, filter}, audit,
                                     choice, serial_for);
          session_.tasks().post(
              Lane::kPanels,
              [take, some = std::make_shared<ObjectMeasures>(*whole)] { take(some, false); });
          add_intervals(*whole, input, serial_for);
          return [take, whole] { take(whole, true); };
        } catch (const Error& error) {
          return [this, number, take, error] {
            if (number != newest_) return;
            take(std::make_shared<ObjectMeasures>(), true);
            session_.show_error(error);
          };
        }
      });
}

}  // namespace errata::viewer

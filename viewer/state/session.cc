#include "viewer/state/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "jobs/audit_job.h"
#include "query/filter.h"
#include "viewer/state/findings.h"

namespace errata::viewer {

namespace {

constexpr double kPollSecs = 2.0;

// The middle of the images' width over height, from at most a few thousand rows.
float typical_aspect(const Table& samples) {
  const Column* width = samples.find("width");
  const Column* height = samples.find("height");
  if (width == nullptr || height == nullptr || samples.rows() == 0) return 1;
  std::vector<float> aspects;
  const size_t step = std::max<size_t>(1, samples.rows() / 4096);
  for (size_t row = 0; row < samples.rows(); row += step) {
    const auto index = static_cast<RowIndex>(row);
    if (width->is_null(index) || height->is_null(index)) continue;
    if (width->number(index) < 1 || height->number(index) < 1) continue;
    aspects.push_back(static_cast<float>(width->number(index) / height->number(index)));
  }
  if (aspects.empty()) return 1;
  const auto middle = aspects.begin() + static_cast<std::ptrdiff_t>(aspects.size() / 2);
  std::nth_element(aspects.begin(), middle, aspects.end());
  return std::clamp(*middle, 0.75F, 1.6F);
}

// Of the sample or object there.
int64_t id_at(const AppState& state, size_t position) {
  if (!state.view || position >= state.view->order.size()) return 0;
  return state.id_of(state.view->order[position]);
}

}  // namespace

RowIndex AppState::sample_of(RowIndex row) const {
  if (!objects_shown()) return row;
  return static_cast<RowIndex>(objects.table.table.find("sample")->ints[row]);
}

int64_t AppState::id_of(RowIndex row) const {
  return objects_shown() ? objects.table.table.find("object_id")->ints[row] : snapshot.ids[row];
}

size_t AppState::row_of(int64_t id) const {
  return objects_shown() ? objects.table.row_of(id) : snapshot.row_of(id);
}

std::optional<RowIndex> AppState::current_object() const {
  if (objects.picked) return objects.picked;
  if (!objects_shown() || !view || cursor >= view->order.size()) return std::nullopt;
  return view->order[cursor];
}

std::vector<RowIndex> AppState::target_objects() const {
  if (objects_shown() && selection.count() > 0) return selection.rows();
  const std::optional<RowIndex> row = current_object();
  return row ? std::vector<RowIndex>{*row} : std::vector<RowIndex>{};
}

Targets AppState::targets() const {
  if (!objects_shown() || selection.count() == 0) return {selection, cursor_row()};
  RowSet samples;
  samples.reset(snapshot.samples.rows());
  for (const RowIndex row : selection.rows()) samples.set(sample_of(row), true);
  return {std::move(samples), std::nullopt};
}

size_t AppState::target_count() const {
  if (objects.picked && !objects_shown()) return 1;
  return selection.count() > 0 ? selection.count() : (cursor_row() ? 1 : 0);
}

const RunSummary* AppState::active_run() const {
  for (const RunSummary& run : snapshot.runs) {
    if (run.name == snapshot.samples.active_run) return &run;
  }
  return nullptr;
}

Session::Session(std::unique_ptr<Backend> backend, std::function<void()> wake, size_t image_threads)
    : backend_(std::move(backend)),
      changes_(*this),
      filters_(*this),
      lists_(*this),
      panels_(*this),
      map_(*this),
      findings_(*this),
      round_(*this),
      log_(*this),
      jobs_(*this),
      memory_(*this),
      inspector_(*this),
      objects_(*this),
      parts_{&filters_, &lists_, &panels_, &map_,       &findings_, &round_,
             &log_,     &jobs_,  &memory_, &inspector_, &objects_},
      tasks_(std::make_unique<Tasks>(image_threads, std::move(wake))) {
  state_.store_name = backend_->name();
  tasks_->on_error = [this](const Error& error) { show_error(error); };
}

Session::~Session() {
  close();
}

void Session::close() {
  jobs_.close();
  changes_.close();
  tasks_.reset();
  memory_.save_now(changes_.unsaved());
}

void Session::open(const std::string& active_run) {
  load(active_run);
}

void Session::open_remembered() {
  load(memory_.run(), true);
}

void Session::reload() {
  load(state_.snapshot.samples.active_run);
}

void Session::set_run(const std::string& run) {
  load(run);
}

void Session::load(const std::string& active_run, bool or_newest) {
  state_.view_pending = true;
  tasks_->run(Lane::kStore, [this, active_run, or_newest]() -> Tasks::Apply {
    try {
      auto loaded = std::make_shared<Loaded>();
      try {
        *loaded = backend_->load(active_run);
      } catch (const Error& error) {
        // The remembered run was deleted meanwhile.
        if (!or_newest || error.category() != ErrorCategory::kNotFound) throw;
        *loaded = backend_->load({});
      }
      return [this, loaded] { take_snapshot(std::move(*loaded)); };
    } catch (const Error& error) {
      return [this, error] {
        state_.view_pending = false;
        show_error(error);
      };
    }
  });
  // In the same lane: no decision comes between, and no other load.
  tasks_->run(Lane::kStore, [this]() -> Tasks::Apply {
    auto columns = std::make_shared<std::vector<Column>>(backend_->late_columns());
    if (columns->empty()) return nullptr;
    return [this, columns] { take_late_columns(std::move(*columns)); };
  });
}

void Session::take_late_columns(std::vector<Column> columns) {
  bool asked_for = false;
  for (Column& column : columns) {
    const std::string_view name = std::string_view(column.name).substr(0, column.name.find('@'));
    asked_for = asked_for || state_.sort.column == name || state_.sort.column == column.name ||
                state_.filter.draft.find(name) != std::string::npos;
    state_.snapshot.samples.add(std::move(column));
  }
  panels_.changed();
  if (asked_for) {
    ask_view();
  } else {
    recount();
    answer_lacks_columns_ = !state_.view || state_.view_pending;
  }
}

size_t Session::drain() {
  constexpr double kFrameShareSecs = 0.003;
  return tasks_->drain(kFrameShareSecs);
}

void Session::frame(double now_secs) {
  poll_store(now_secs);
  for (SessionPart* part : parts_) part->frame(now_secs);
}

void Session::poll_store(double now_secs) {
  if (now_secs < next_poll_secs_ || poll_running_ || !state_.loaded) return;
  next_poll_secs_ = now_secs + kPollSecs;
  poll_running_ = true;
  tasks_->run(Lane::kStore, [this]() -> Tasks::Apply {
    auto news = std::make_shared<News>();
    try {
      *news = backend_->news();
    } catch (const Error&) {
      // A store that cannot be asked now is asked again; edits tell what is wrong with it.
    }
    return [this, news] {
      poll_running_ = false;
      state_.store_changed = state_.store_changed || news->reload;
      if (news->lists) lists_.refresh();
      if (!news->edits.changed.empty() || !news->edits.changed_objects.empty()) {
        changes_.follow(std::move(news->edits), false);
      }
      // What a job of this window wrote is shown once the job is over.
      const bool own = news->reload && jobs_.runner().busy();
      if (!news->text.empty() && !own) show_note(news->text);
    };
  });
}

void Session::take_snapshot(Loaded loaded) {
  if (state_.view) {
    place_before_reload_ = id_at(state_, state_.cursor);
    selected_before_reload_ = selected_ids();
  }
  for (SessionPart* part : parts_) part->snapshot_leaves();
  changes_.snapshot_taken();
  // Giving back the memory of a large one takes longer than a frame has.
  auto former = std::make_shared<Snapshot>(std::move(state_.snapshot));
  state_.snapshot = std::move(loaded.snapshot);
  if (former->ids.size() > 100'000) {
    tasks_->run(Lane::kPanels, [former = std::move(former)]() mutable -> Tasks::Apply {
      former.reset();
      return nullptr;
    });
  }
  state_.undo = std::move(loaded.undo);
  state_.loaded = true;
  state_.no_store = loaded.no_store;
  state_.store_changed = false;
  state_.missing_roots = std::move(loaded.missing_roots);
  ++state_.loads;
  state_.tile_aspect = typical_aspect(state_.snapshot.samples);
  // Row numbers of the old snapshot mean nothing in the new one.
  state_.view = nullptr;
  state_.detail = {};
  // Before the others: whether there are objects decides what is shown.
  objects_.take_snapshot();
  state_.selection.reset(state_.table().rows());
  check_sort();
  for (SessionPart* part : parts_) part->snapshot_taken();
  ask_view();
}

void Session::check_sort() {
  if (state_.objects_shown()) {
    const Table& objects = state_.table();
    if (objects.rows() > 0 && objects.find(state_.sort.column) == nullptr) {
      state_.sort = applied_sort_ = {"confidence", true};
    }
    return;
  }
  const Table& samples = state_.snapshot.samples;
  const bool empty = samples.rows() == 0;
  if (empty) state_.sort = SortChoice();  // chosen once there is something to sort
  if (samples.find(state_.sort.column) == nullptr && state_.sort != SortChoice()) {
    show_error(Error(ErrorCategory::kUsage,
                     fmt::format("there is no column {} to sort by", state_.sort.column),
                     "the Sort button lists those that there are"));
  }
  for (const char* column : {"confident_mistake", "confidence", "id"}) {
    if (empty || samples.find(state_.sort.column) != nullptr) break;
    state_.sort = {column, std::string_view(column) != "id"};
  }
}

void Session::show_rows_of(CentreMode mode, int64_t place) {
  const bool objects = mode == CentreMode::kObjects;
  state_.layout.show_large = false;
  state_.layout.tall_bottom = false;
  state_.show_cursor_wanted = true;
  state_.objects.picked.reset();
  if (objects == state_.objects_shown()) {
    state_.layout.centre = mode;
    return;
  }
  OtherQuestion& other = state_.objects.other;
  const OtherQuestion left{state_.filter.applied, state_.sort, id_at(state_, state_.cursor),
                           state_.layout.grid_scroll};
  const OtherQuestion next = other;
  other = left;
  state_.layout.centre = mode;
  state_.view = nullptr;
  state_.selection.reset(state_.table().rows());
  state_.filter.draft = state_.filter.applied = next.filter;
  state_.filter.problem.clear();
  state_.sort = applied_sort_ = next.sort;
  state_.layout.grid_scroll = next.scroll;
  state_.edits_since_order = 0;
  place_before_reload_ = place != 0 ? place : next.place;
  selected_before_reload_.clear();
  state_.cursor = 0;
  filters_.snapshot_taken();
  check_sort();
  ask_view();
}

void Session::renumber(std::vector<RowIndex> order, const std::vector<RowIndex>& selected) {
  state_.selection.reset(state_.table().rows());
  for (const RowIndex row : selected) state_.selection.set(row, true);
  // An answer that is under way is about the rows as they were.
  if (!state_.view) {
    if (state_.view_pending) ask_view();
    return;
  }
  auto shown = std::make_shared<ViewAnswer>(*state_.view);
  shown->order = std::move(order);
  if (state_.cursor >= shown->order.size()) {
    state_.cursor = shown->order.empty() ? 0 : shown->order.size() - 1;
  }
  state_.view = shown;
  if (state_.view_pending) return ask_view();
  const uint64_t number = ++newest_recount_;
  const uint64_t of_view = newest_view_;
  ViewQuestion question = view_question(state_.filter.applied);
  tasks_->run(Lane::kQuery,
              [this, number, of_view, order = shown->order,
               question = std::move(question)]() -> Tasks::Apply {
                if (number != newest_recount_ || of_view != newest_view_) return nullptr;
                auto answer = std::make_shared<ViewAnswer>(*answer_view(question, query_memory_));
                answer->order = order;
                return [this, number, of_view, answer] {
                  if (number == newest_recount_ && of_view == newest_view_) state_.view = answer;
                };
              });
}

void Session::set_filter(const std::string& text) {
  state_.filter.draft = text;
  ask_view();
}

void Session::toggle_facet(const std::string& column, const std::string& value, bool null) {
  FacetChoice choice = facet_choice(state_.filter.draft, column);
  if (null) {
    choice.null = !choice.null;
  } else if (choice.has(value)) {
    choice.values.erase(std::find(choice.values.begin(), choice.values.end(), value));
  } else {
    choice.values.push_back(value);
  }
  const ValueForm form = filters_.value_form(column);
  std::string text = state_.filter.draft;
  std::vector<std::string> excluded = facet_exclusions(text, column);
  if (!null && std::erase(excluded, value) > 0) {
    text = with_facet_exclusions(text, column, excluded, form);
  }
  set_filter(with_facet_choice(text, column, choice, form));
}

void Session::set_range(const std::string& column, const NumberRange& range) {
  set_filter(with_number_range(state_.filter.draft, column, range));
}

void Session::set_sort(const SortChoice& sort) {
  state_.sort = sort;
  ask_view();
}

void Session::refresh() {
  ask_view();
}

ViewQuestion Session::view_question(const std::string& filter) const {
  ViewQuestion question{state_.table(), filter, state_.sort, state_.folds()};
  const Column* label = state_.snapshot.samples.find("label");
  const bool foreign = label != nullptr && label->dictionary != nullptr &&
                       label->dictionary->size() > state_.snapshot.classes.size();
  if (foreign) question.classes = std::make_shared<ClassMap>(state_.snapshot.classes);
  return question;
}

void Session::ask_view() {
  if (!state_.loaded) return;
  // First: an answer that is under way is about what was shown before.
  const uint64_t number = ++newest_view_;
  if (state_.objects_shown() && !state_.objects.ready()) return;
  state_.view_pending = true;
  ViewQuestion question = view_question(state_.filter.draft);
  tasks_->run(Lane::kQuery, [this, number, question = std::move(question)]() -> Tasks::Apply {
    if (number != newest_view_) return nullptr;
    try {
      auto answer = answer_view(question, query_memory_);
      return [this, number, answer = std::move(answer), filter = question.filter,
              sort = question.sort] {
        if (number == newest_view_) take_view(answer, filter, sort);
      };
    } catch (const Error& error) {
      std::string problem = error.what();
      size_t begin = 0;
      size_t end = 0;
      if (const auto* place = dynamic_cast<const query::FilterError*>(&error)) {
        problem = place->reason();
        begin = place->begin();
        end = place->end();
      }
      return [this, number, problem, begin, end, hint = error.hint()] {
        if (number != newest_view_) return;
        state_.view_pending = false;
        state_.filter.problem = problem;
        state_.filter.problem_hint = hint;
        state_.filter.problem_begin = begin;
        state_.filter.problem_end = end;
      };
    }
  });
}

void Session::take_view(std::shared_ptr<const ViewAnswer> answer, const std::string& filter,
                        const SortChoice& sort) {
  // A new question begins at its start. The same one asked again keeps the sample under the cursor,
  // or the place when that sample is gone, and what of the selection is still shown.
  const int64_t place = state_.view ? id_at(state_, state_.cursor) : place_before_reload_;
  place_before_reload_ = place;
  const std::vector<int64_t> selected =
      state_.view ? selected_ids() : std::move(selected_before_reload_);
  selected_before_reload_.clear();
  const bool new_question = filter != state_.filter.applied || sort != applied_sort_;
  applied_sort_ = sort;
  state_.view = std::move(answer);
  state_.by_likeness = false;
  state_.view_pending = false;
  state_.filter.applied = filter;
  state_.filter.problem.clear();
  state_.filter.problem_hint.clear();
  state_.edits_since_order = 0;
  const std::vector<RowIndex>& order = state_.view->order;
  select_shown(new_question ? std::vector<int64_t>() : selected);
  selected_before_answer_.clear();
  if (!new_question && state_.selection.count() < selected.size())
    selected_before_answer_ = selected;
  const size_t row = place == 0 ? SIZE_MAX : state_.row_of(place);
  const auto found = std::find(order.begin(), order.end(), static_cast<RowIndex>(row));
  if (row != SIZE_MAX && found != order.end() && !new_question) {
    state_.cursor = static_cast<size_t>(found - order.begin());
  } else if (new_question) {
    state_.cursor = 0;
    state_.layout.grid_scroll = 0;
  }
  if (state_.cursor >= order.size()) state_.cursor = order.empty() ? 0 : order.size() - 1;
  state_.selection_anchor = state_.cursor;
  state_.show_cursor_wanted = true;
  for (SessionPart* part : parts_) part->view_taken();
  if (std::exchange(answer_lacks_columns_, false)) recount();
  ask_detail();
}

std::vector<int64_t> Session::selected_ids() const {
  std::vector<int64_t> ids;
  ids.reserve(state_.selection.count());
  for (const RowIndex row : state_.selection.rows()) ids.push_back(state_.id_of(row));
  return ids;
}

void Session::select_shown(const std::vector<int64_t>& ids) {
  state_.selection.reset(state_.table().rows());
  if (ids.empty()) return;
  RowSet wanted;
  wanted.reset(state_.table().rows());
  for (const int64_t id : ids) {
    const size_t row = state_.row_of(id);
    if (row != SIZE_MAX) wanted.set(static_cast<RowIndex>(row), true);
  }
  for (const RowIndex row : state_.view->order) {
    if (wanted.has(row)) state_.selection.set(row, true);
  }
}

void Session::show_order(std::vector<RowIndex> order, Selected selected) {
  if (!state_.view) return;
  state_.by_likeness = false;
  std::vector<int64_t> kept;
  if (selected == Selected::kKept) {
    kept = selected_ids();
    kept.insert(kept.end(), selected_before_answer_.begin(), selected_before_answer_.end());
  }
  selected_before_answer_.clear();
  const ViewAnswer& now = *state_.view;
  state_.view = std::make_shared<ViewAnswer>(ViewAnswer{std::move(order), now.total, now.elapsed_ms,
                                                        now.facets, now.histograms, now.side,
                                                        now.bases, now.classes});
  const size_t row = place_before_reload_ == 0 ? SIZE_MAX : state_.row_of(place_before_reload_);
  const std::vector<RowIndex>& shown = state_.view->order;
  const auto found = std::find(shown.begin(), shown.end(), static_cast<RowIndex>(row));
  state_.cursor =
      row != SIZE_MAX && found != shown.end() ? static_cast<size_t>(found - shown.begin()) : 0;
  select_shown(kept);
  state_.selection_anchor = state_.cursor;
  state_.show_cursor_wanted = true;
  recount();  // one that is under way still holds the former order
  ask_detail();
}

void Session::recount() {
  if (!state_.view) return;
  const uint64_t number = ++newest_recount_;
  const uint64_t of_view = newest_view_;
  tasks_->run(Lane::kQuery,
              [this, number, of_view, view = state_.view, samples = state_.table(),
               folds = state_.folds()]() -> Tasks::Apply {
                if (number != newest_recount_ || of_view != newest_view_) return nullptr;
                auto counted = recount_view(*view, samples, folds, query_memory_);
                return [this, number, of_view, counted = std::move(counted)] {
                  if (number == newest_recount_ && of_view == newest_view_) state_.view = counted;
                };
              });
}

void Session::ask_detail() {
  const std::optional<RowIndex> row = state_.cursor_row();
  const SampleId sample = row ? state_.snapshot.ids[*row] : 0;
  if (sample == state_.detail.sample && sample != 0) return;
  state_.detail = {};
  state_.detail.sample = sample;
  const uint64_t number = ++newest_detail_;
  if (sample == 0) return;
  const RunSummary* run = state_.active_run();
  const bool has_rows = run != nullptr && run->kind == "probabilities";
  tasks_->run(Lane::kQuery,
              [this, number, sample, run_name = has_rows ? run->name : "",
               beside = inspector_.runs_beside()]() -> Tasks::Apply {
                if (number != newest_detail_) return nullptr;
                SampleDetail detail;
                detail.sample = sample;
                detail.ready = true;
                detail.absolute_path = backend_->absolute_path(sample);
                if (!run_name.empty())
                  detail.probabilities = backend_->probabilities(run_name, sample);
                detail.by_probability = by_probability(detail.probabilities);
                for (const std::string& other : beside) {
                  RunAnswer answer{other, backend_->probabilities(other, sample), {}};
                  answer.by_probability = by_probability(answer.probabilities);
                  detail.others.push_back(std::move(answer));
                }
                return [this, number, detail = std::move(detail)] {
                  if (number == newest_detail_) state_.detail = detail;
                };
              });
}

void Session::ask_detail_again() {
  state_.detail = {};
  ask_detail();
}

void Session::move_cursor(int64_t by) {
  if (!state_.view || state_.view->order.empty()) return;
  const auto last = static_cast<int64_t>(state_.view->order.size()) - 1;
  set_cursor(
      static_cast<size_t>(std::clamp(static_cast<int64_t>(state_.cursor) + by, int64_t{0}, last)));
}

bool Session::set_cursor_on(RowIndex row) {
  if (!state_.view || state_.objects_shown()) return false;
  const std::vector<RowIndex>& order = state_.view->order;
  const auto found = std::find(order.begin(), order.end(), row);
  if (found == order.end()) return false;
  set_cursor(static_cast<size_t>(found - order.begin()));
  return true;
}

void Session::set_cursor(size_t position, SelectMode mode) {
  if (!state_.view || position >= state_.view->order.size()) return;
  const std::vector<RowIndex>& order = state_.view->order;
  if (mode == SelectMode::kOne) {
    state_.selection.clear();
    state_.selection_anchor = position;
  } else if (mode == SelectMode::kToggle) {
    // The first Ctrl+click takes the sample that was under the cursor along.
    if (state_.selection.count() == 0 && position != state_.cursor) {
      state_.selection.set(order[state_.cursor], true);
    }
    state_.selection.set(order[position], !state_.selection.has(order[position]));
    state_.selection_anchor = position;
  } else {
    state_.selection.clear();
    const auto [first, last] = std::minmax(state_.selection_anchor, position);
    for (size_t i = first; i <= std::min(last, order.size() - 1); ++i) {
      state_.selection.set(order[i], true);
    }
  }
  state_.cursor = position;
  state_.show_cursor_wanted = true;
  state_.objects.picked.reset();
  ask_detail();
}

void Session::select_all() {
  if (!state_.view) return;
  for (const RowIndex row : state_.view->order) state_.selection.set(row, true);
}

void Session::select_block(size_t grid_columns, size_t first_row, size_t last_row,
                           size_t first_column, size_t last_column, const RowSet& kept) {
  if (!state_.view) return;
  const std::vector<RowIndex>& order = state_.view->order;
  if (kept.count() == 0) {
    state_.selection.clear();
  } else {
    state_.selection = kept;
  }
  for (size_t row = first_row; row <= last_row; ++row) {
    for (size_t column = first_column; column <= last_column; ++column) {
      const size_t position = row * grid_columns + column;
      if (position < order.size()) state_.selection.set(order[position], true);
    }
  }
}

void Session::clear_selection() {
  state_.selection.clear();
}

void Session::relabel(const std::string& class_name) {
  decide_on({ReviewKind::kRelabel, class_name}, true);
}

void Session::relabel_to_suggestion() {
  const std::optional<RowIndex> row = state_.cursor_row();
  // Of many, those without a suggestion are left out when they are spelled out.
  if (state_.selection.count() > 0) return decide_on({ReviewKind::kRelabel}, true);
  if (!row) return;
  const auto suggested = suggested_label(state_.snapshot.samples, *row);
  if (suggested) relabel(std::string(*suggested));
}

void Session::relabel_to_probable(size_t k) {
  const RunSummary* run = state_.active_run();
  if (run == nullptr || k >= state_.detail.by_probability.size()) return;
  relabel(run->classes[state_.detail.by_probability[k]].name);
}

void Session::decide(ReviewKind kind) {
  decide_on({kind}, true);
}

void Session::unreview() {
  decide_on({.kind = ReviewKind::kUnreview, .with_evidence = false}, false);
}

void Session::apply(std::vector<ObjectEdit> edits, std::function<void()> then) {
  if (edits.empty()) return;
  auto change = std::make_shared<StoreChange>();
  change->object_edits = std::move(edits);
  change->then = std::move(then);
  changes_.make(std::move(change));
}

void Session::tag(const std::string& tag, bool on) {
  decide_on({on ? ReviewKind::kTag : ReviewKind::kUntag, {}, tag, false}, false);
}

void Session::decide_on(const Decision& decision, bool moves_on) {
  const Targets targets = state_.targets();
  if (targets.count() == 0) return;
  if (!decision.class_name.empty() &&
      state_.snapshot.classes.find(decision.class_name) == kNoClass) {
    throw Error(ErrorCategory::kNotFound,
                fmt::format("the project has no class \"{}\"", decision.class_name),
                "add it with `errata classes add`, or choose another");
  }
  auto change = std::make_shared<StoreChange>();
  change->edits = [decision, targets, samples = state_.snapshot.samples] {
    return spell_out(decision, targets, samples);
  };
  const SampleId first = targets.single() ? state_.snapshot.ids[*targets.cursor] : 0;
  changes_.make(std::move(change));
  if (!moves_on) return;
  if (targets.single()) {
    const bool of_objects = state_.round.active() && state_.round.objects;
    if (of_objects ? !round_.next_undecided() : !round_.move_on({&first, 1})) move_cursor(1);
    return;
  }
  // Of a round a group was decided: the next undecided one is not far.
  constexpr size_t kMostFollowed = 1000;
  if (!state_.round.active() || state_.round.objects || targets.count() > kMostFollowed) return;
  std::vector<SampleId> decided;
  for (const RowIndex row : targets.rows()) decided.push_back(state_.snapshot.ids[row]);
  state_.selection.clear();
  round_.move_on(decided);
}

void Session::apply(std::vector<ReviewEdit> edits, std::function<void()> then) {
  if (edits.empty()) return;
  auto change = std::make_shared<StoreChange>();
  change->edits = [edits = std::move(edits)] { return edits; };
  change->then = std::move(then);
  changes_.make(std::move(change));
}

void Session::take_back(std::function<EditOutcome()> other, StoreChange::Back back) {
  auto change = std::make_shared<StoreChange>();
  change->back = back;
  change->other = std::move(other);
  change->show_first_changed = true;
  changes_.make(std::move(change));
}

void Session::undo_batch(int64_t batch) {
  take_back([this, batch] { return backend_->undo_batch(batch); }, StoreChange::Back::kNone);
}

void Session::undo() {
  take_back([this] { return backend_->undo(); }, StoreChange::Back::kUndo);
}

void Session::redo() {
  take_back([this] { return backend_->redo(); }, StoreChange::Back::kRedo);
}

void Session::tell_edited(const EditOutcome& outcome, bool counts) {
  for (SessionPart* part : parts_) part->edited(outcome);
  if (counts) recount();
}

void Session::show_overlay(Overlay overlay) {
  state_.overlay = overlay;
  state_.overlay_text.clear();
  state_.overlay_choice = 0;
  if (overlay != Overlay::kAudit) return;
  state_.audit_population = round_.audit_population();
  const jobs::DrawnSamples former = jobs::drawn_samples(state_.snapshot.samples);
  state_.audit_drawn = former.rows.size();
  state_.audit_reviewed = former.reviewed;
}

void Session::show_error(const Error& error) {
  std::string text = to_valid_utf8(error.what());
  if (!error.path().empty()) text += fmt::format(" ({})", to_valid_utf8(error.path()));
  state_.message = Message{true, error.category(), std::move(text), to_valid_utf8(error.hint())};
}

void Session::show_note(std::string text, std::string hint) {
  state_.message = Message{false, ErrorCategory::kInternal, std::move(text), std::move(hint)};
}

}  // namespace errata::viewer

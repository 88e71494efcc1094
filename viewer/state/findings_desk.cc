#include "viewer/state/findings_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "jobs/find_slices_job.h"
#include "viewer/state/findings.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr double kPauseSecs = 0.15;
constexpr std::array<std::string_view, 4> kPanels{"labels", "duplicates", "quality", "slices"};

std::string_view slices_options(const StoreLists& lists) {
  const store::SavedView* view = lists.saved_view(jobs::kSlicesView);
  return view == nullptr ? std::string_view() : view->options_json;
}

// As they were made, whatever was relabelled since.
std::shared_ptr<const Column> verdicts_of(const Snapshot& snapshot) {
  for (const ScoreBasis& basis : snapshot.score_bases) {
    if (std::shared_ptr<const Column> verdicts = basis.values.shared("verdict")) return verdicts;
  }
  return nullptr;
}

// It is the one that its group of copies is to keep, or in no group.
bool stands_for_group(const AppState& state, RowIndex row) {
  const Column* kept = state.snapshot.samples.find("duplicate_kept");
  return kept == nullptr || kept->is_null(row) || kept->number(row) > 0;
}

std::string copy_of(const AppState& state, RowIndex kept) {
  const Column* path = state.snapshot.samples.find("path");
  return "copy of " + (path == nullptr ? std::string() : path->display(kept));
}

}  // namespace

void FindingsDesk::changed() {
  dirty_ = true;
  changed_secs_ = -1;
}

void FindingsDesk::snapshot_leaves() {
  const AppState& state = session_.state();
  const std::vector<SampleId>& ids = state.snapshot.ids;
  if (!state.findings.copies) return;  // another snapshot before the first was looked at
  place_ = {};
  if (const CopyGroup* group = chosen_group(state)) place_.in_group = ids[group->members.front()];
  if (const CopyPairView* pair = chosen_pair(state)) place_.pair = {ids[pair->a], ids[pair->b]};
  for (const RowIndex row : state.findings.kept) place_.kept.push_back(ids[row]);
}

void FindingsDesk::snapshot_taken() {
  FindingsState& findings = session_.state().findings;
  findings.copies = nullptr;
  findings.quality = nullptr;
  findings.labels = nullptr;
  findings.group = 0;
  findings.pair = 0;
  findings.kept.clear();
  pairs_ = nullptr;
  reviews_.reset();
  goes_to_.reset();
  asked_ = false;
  changed();
}

void FindingsDesk::view_taken() {
  AppState& state = session_.state();
  if (goes_to_ && !state.objects_shown()) {
    const size_t row = state.snapshot.row_of(*goes_to_);
    const std::vector<RowIndex>& order = state.view->order;
    const auto found = std::find(order.begin(), order.end(), static_cast<RowIndex>(row));
    if (row != SIZE_MAX && found != order.end()) {
      session_.set_cursor(static_cast<size_t>(found - order.begin()));
    }
  }
  goes_to_.reset();
  if (reviews_ && state.filter.applied == *reviews_) session_.round().start();
  reviews_.reset();
}

void FindingsDesk::frame(double now_secs) {
  AppState& state = session_.state();
  const bool open = state.layout.show_bottom && std::find(kPanels.begin(), kPanels.end(),
                                                          state.layout.bottom_tab) != kPanels.end();
  if (slices_options(state.lists.lists) != asked_slices_ && !dirty_) changed();
  if (dirty_ && changed_secs_ < 0) changed_secs_ = now_secs;
  // Once for each snapshot also while no panel is open: evidence speaks of the quality, and the
  // queue can be started with a key.
  // The tabs of the others tell how many are left.
  const bool wanted = state.view != nullptr && (state.layout.show_bottom || !asked_);
  if (wanted && dirty_ && !running_ && (!asked_ || now_secs - changed_secs_ >= kPauseSecs)) ask();
  state.findings.pending = open && state.view != nullptr && (dirty_ || running_);
}

void FindingsDesk::ask() {
  dirty_ = false;
  running_ = true;
  asked_ = true;
  const AppState& state = session_.state();
  asked_slices_ = slices_options(state.lists.lists);
  session_.tasks().run(
      Lane::kPanels,
      [this, samples = state.snapshot.samples, slices = asked_slices_, known_pairs = pairs_,
       verdicts = verdicts_of(state.snapshot), loads = state.loads]() -> Tasks::Apply {
        const auto quality = answer_quality(samples);
        const auto labels = answer_labels(samples, verdicts.get());
        const auto weak = read_slices(slices);
        const bool known = weak && weak->label_revision >= 0;
        size_t relabelled = 0;
        auto pairs = known_pairs;
        try {
          if (known) relabelled = session_.backend().relabelled_since(weak->label_revision);
          if (!pairs) {
            pairs = std::make_shared<const std::optional<std::vector<store::CopyPair>>>(
                session_.backend().copy_pairs());
          }
        } catch (const Error& error) {
          return [this, error] {
            running_ = false;
            session_.show_error(error);
          };
        }
        const auto copies = answer_copies(samples, *pairs ? &**pairs : nullptr);
        return [this, copies, pairs, quality, labels, weak, relabelled, loads] {
          running_ = false;
          if (loads != session_.state().loads) return;
          FindingsState& findings = session_.state().findings;
          pairs_ = pairs;
          findings.quality = quality;
          findings.labels = labels;
          findings.slices = weak;
          findings.slices_relabelled = relabelled;
          take_copies(copies);
        };
      });
}

// Where the samples that were chosen before the snapshot changed are now.
void FindingsDesk::return_to_place() {
  const Place place = std::exchange(place_, {});
  const AppState& state = session_.state();
  FindingsState& findings = session_.state().findings;
  const std::vector<SampleId>& ids = state.snapshot.ids;
  const std::vector<CopyGroup>& groups = findings.copies->groups;
  const std::vector<CopyPairView>& pairs = findings.copies->pairs;
  const auto group = std::find_if(groups.begin(), groups.end(), [&](const CopyGroup& each) {
    return std::any_of(each.members.begin(), each.members.end(),
                       [&](RowIndex row) { return ids[row] == place.in_group; });
  });
  const auto pair = std::find_if(pairs.begin(), pairs.end(), [&](const CopyPairView& each) {
    return std::pair(ids[each.a], ids[each.b]) == place.pair;
  });
  if (pair != pairs.end()) findings.pair = static_cast<size_t>(pair - pairs.begin());
  if (group != groups.end()) findings.group = static_cast<size_t>(group - groups.begin());
  if (findings.between) {
    choose_pair(findings.pair);
  } else {
    choose_group(findings.group);
  }
  const std::vector<RowIndex> members = chosen_copies(state);
  std::vector<RowIndex> kept;
  for (const SampleId sample : place.kept) {
    const size_t row = state.snapshot.row_of(sample);
    if (std::find(members.begin(), members.end(), row) != members.end()) {
      kept.push_back(static_cast<RowIndex>(row));
    }
  }
  if (!kept.empty()) findings.kept = std::move(kept);
}

// What was chosen keeps its place among what is left.
void FindingsDesk::take_copies(std::shared_ptr<const CopiesAnswer> copies) {
  FindingsState& findings = session_.state().findings;
  const CopyGroup* group = chosen_group(session_.state());
  const CopyPairView* pair = chosen_pair(session_.state());
  const int64_t number = group == nullptr ? -1 : group->number;
  const auto rows = pair == nullptr ? std::pair<RowIndex, RowIndex>() : std::pair(pair->a, pair->b);
  const bool had_any = findings.between ? pair != nullptr : group != nullptr;
  findings.copies = std::move(copies);
  if (findings.copies == nullptr) return;
  const std::vector<CopyGroup>& groups = findings.copies->groups;
  const std::vector<CopyPairView>& pairs = findings.copies->pairs;
  const auto same_group = std::find_if(
      groups.begin(), groups.end(), [&](const CopyGroup& each) { return each.number == number; });
  const auto same_pair = std::find_if(pairs.begin(), pairs.end(), [&](const CopyPairView& each) {
    return std::pair(each.a, each.b) == rows;
  });
  const bool group_is_left = same_group != groups.end();
  const bool pair_is_left = pair != nullptr && same_pair != pairs.end();
  findings.group = group_is_left ? static_cast<size_t>(same_group - groups.begin()) : 0;
  findings.pair = pair_is_left ? static_cast<size_t>(same_pair - pairs.begin()) : 0;
  if (had_any && (findings.between ? pair_is_left : group_is_left)) return;
  return_to_place();
}

const CopyGroup* FindingsDesk::chosen_group(const AppState& state) {
  const FindingsState& findings = state.findings;
  if (!findings.copies || findings.group >= findings.copies->groups.size()) return nullptr;
  return &findings.copies->groups[findings.group];
}

const CopyPairView* FindingsDesk::chosen_pair(const AppState& state) {
  const FindingsState& findings = state.findings;
  if (!findings.copies || findings.pair >= findings.copies->pairs.size()) return nullptr;
  return &findings.copies->pairs[findings.pair];
}

std::vector<RowIndex> FindingsDesk::chosen_copies(const AppState& state) {
  if (state.findings.between) {
    const CopyPairView* pair = chosen_pair(state);
    return pair == nullptr ? std::vector<RowIndex>() : std::vector<RowIndex>{pair->a, pair->b};
  }
  const CopyGroup* group = chosen_group(state);
  return group == nullptr ? std::vector<RowIndex>() : group->members;
}

CopyChain FindingsDesk::chosen_chain(const AppState& state) {
  if (state.findings.between) {
    const CopyPairView* pair = chosen_pair(state);
    return pair == nullptr ? CopyChain() : pair->chain;
  }
  const CopyGroup* group = chosen_group(state);
  return group == nullptr || !group->in_larger_chain() ? CopyChain() : group->chain;
}

void FindingsDesk::choose_group(size_t group) {
  FindingsState& findings = session_.state().findings;
  if (!findings.copies || group >= findings.copies->groups.size()) return;
  findings.group = group;
  findings.show_group = true;
  findings.kept =
      CopyChoice(session_.state().snapshot.samples).staying(findings.copies->groups[group]);
}

// Of a pair that one stays which its group keeps, else the first.
void FindingsDesk::choose_pair(size_t pair) {
  const AppState& state = session_.state();
  FindingsState& findings = session_.state().findings;
  if (!findings.copies || pair >= findings.copies->pairs.size()) return;
  findings.pair = pair;
  findings.show_group = true;
  const CopyPairView& chosen = findings.copies->pairs[pair];
  const CopyChoice choice(state.snapshot.samples);
  const bool other = choice.excluded(chosen.a) ||
                     (!stands_for_group(state, chosen.a) && stands_for_group(state, chosen.b));
  findings.kept = {other && !choice.excluded(chosen.b) ? chosen.b : chosen.a};
}

void FindingsDesk::show_between(bool between) {
  FindingsState& findings = session_.state().findings;
  findings.between = between;
  findings.kept.clear();
  if (between) {
    choose_pair(findings.pair);
    if (!findings.kept.empty()) session_.map().go_to(findings.kept.front());
  } else {
    choose_group(findings.group);
  }
}

void FindingsDesk::move_group(int by) {
  const FindingsState& findings = session_.state().findings;
  if (!findings.copies) return;
  const size_t count =
      findings.between ? findings.copies->pairs.size() : findings.copies->groups.size();
  if (count == 0) return;
  const auto at = static_cast<int64_t>(findings.between ? findings.pair : findings.group);
  const auto to =
      static_cast<size_t>(std::clamp<int64_t>(at + by, 0, static_cast<int64_t>(count) - 1));
  if (findings.between) {
    choose_pair(to);
    session_.map().go_to(findings.kept.front());
  } else {
    choose_group(to);
  }
}

void FindingsDesk::keep(RowIndex row, bool too) {
  FindingsState& findings = session_.state().findings;
  if (!too) {
    findings.kept = {row};
  } else if (!findings.keeps(row)) {
    findings.kept.push_back(row);
  } else if (findings.kept.size() > 1) {
    std::erase(findings.kept, row);
  }
}

void FindingsDesk::go_to(RowIndex row) {
  if (!session_.set_cursor_on(row)) show_pair(row);
}

void FindingsDesk::exclude_others() {
  const AppState& state = session_.state();
  FindingsState& findings = session_.state().findings;
  const std::vector<RowIndex> members = chosen_copies(state);
  if (members.empty()) return;
  // What was excluded since it was chosen to be kept stands for nobody: one of the others does.
  const CopyChoice choice(state.snapshot.samples);
  std::erase_if(findings.kept, [&](RowIndex row) { return choice.excluded(row); });
  if (findings.kept.empty()) {
    if (findings.between) {
      choose_pair(findings.pair);
    } else {
      choose_group(findings.group);
    }
  }
  if (findings.kept.empty()) return;
  const bool several = findings.kept.size() > 1;  // which no search suggests: a person says so
  std::vector<ReviewEdit> edits;
  for (const RowIndex row : members) {
    if (choice.excluded(row)) continue;
    const SampleId sample = state.snapshot.ids[row];
    if (!findings.keeps(row)) {
      edits.push_back(
          {sample, ReviewKind::kExclude, {}, {}, copy_of(state, findings.kept.front())});
    } else if (several && !choice.kept(row)) {
      edits.push_back({sample, ReviewKind::kKeep, {}, {}, "stays beside its copies"});
    }
  }
  session_.apply(std::move(edits));
  choose_next();
}

// The order changes with the next answer; until then the next one is the one below. Other pairs
// with a picture that has just gone are decided too.
void FindingsDesk::choose_next() {
  const FindingsState& findings = session_.state().findings;
  const CopiesAnswer& copies = *findings.copies;
  if (!findings.between) {
    const size_t next = findings.group + 1;
    if (next < copies.groups.size() && copies.groups[next].open) choose_group(next);
    return;
  }
  const CopyPairView& chosen = copies.pairs[findings.pair];
  const bool both = findings.kept.size() > 1;
  const RowIndex gone = chosen.other(findings.kept.front());
  const auto from = copies.pairs.begin() + static_cast<std::ptrdiff_t>(findings.pair) + 1;
  const auto next = std::find_if(from, copies.pairs.end(), [&](const CopyPairView& each) {
    return each.open && (both || !each.has(gone));
  });
  if (next != copies.pairs.end()) choose_pair(static_cast<size_t>(next - copies.pairs.begin()));
}

void FindingsDesk::label_as_kept() {
  const AppState& state = session_.state();
  const FindingsState& findings = state.findings;
  const Column* label = state.snapshot.samples.find("label");
  if (findings.kept.empty() || label == nullptr || label->is_null(findings.kept.front())) return;
  const RowIndex kept = findings.kept.front();
  const std::string name(label->text(kept));
  const CopyChoice choice(state.snapshot.samples);
  std::vector<ReviewEdit> edits;
  for (const RowIndex row : chosen_copies(state)) {
    if (choice.excluded(row) || (!label->is_null(row) && label->text(row) == name)) continue;
    edits.push_back(
        {state.snapshot.ids[row], ReviewKind::kRelabel, name, {}, copy_of(state, kept)});
  }
  session_.apply(std::move(edits));
}

void FindingsDesk::exclude_all_copies() {
  const AppState& state = session_.state();
  if (!state.findings.copies) return;
  const CopyChoice choice(state.snapshot.samples);
  std::vector<ReviewEdit> edits;
  for (const CopyGroup& group : state.findings.copies->groups) {
    if (!group.open || group.conflict) continue;
    const std::vector<RowIndex> going = choice.going(group);
    if (going.empty()) continue;
    const std::string why = copy_of(state, choice.staying(group).front());
    for (const RowIndex row : going) {
      edits.push_back({state.snapshot.ids[row], ReviewKind::kExclude, {}, {}, why});
    }
  }
  const size_t count = edits.size();
  session_.apply(std::move(edits), [this, count] {
    session_.show_note(fmt::format("{} copies excluded", with_thousands(count)),
                       "U takes all of it back");
  });
}

void FindingsDesk::show_rows(const std::string& filter, const SortChoice& sort) {
  AppState& state = session_.state();
  if (state.objects_shown()) session_.show_rows_of(CentreMode::kGrid);
  state.layout.tall_bottom = false;
  state.sort = sort;
  session_.set_filter(filter);
}

void FindingsDesk::show_group(size_t group) {
  choose_group(group);
  if (const CopyGroup* shown = chosen_group(session_.state())) {
    show_rows(fmt::format("duplicate_group = {}", shown->number), session_.state().sort);
  }
}

void FindingsDesk::show_pair(std::optional<RowIndex> row) {
  const AppState& state = session_.state();
  const CopyPairView* pair = chosen_pair(state);
  if (pair == nullptr) return;
  const std::vector<SampleId>& ids = state.snapshot.ids;
  if (row) goes_to_ = ids[*row];
  show_rows(fmt::format("id in ({}, {})", ids[pair->a], ids[pair->b]), state.sort);
}

void FindingsDesk::show_chain(const CopyChain& chain) {
  if (chain.number < 0) return;
  show_rows(fmt::format("{} = {}", store::kCopyChainScore, chain.number), session_.state().sort);
}

void FindingsDesk::choose_quality(const std::string& column) {
  session_.state().findings.quality_kind = column;
}

void FindingsDesk::show_quality(const QualityKindView& kind, std::optional<RowIndex> row) {
  if (row) goes_to_ = session_.state().snapshot.ids[*row];
  choose_quality(kind.column);
  show_rows(kind.filter, {kind.column, false});
}

std::string FindingsDesk::slices_outdated(const AppState& state) {
  const auto& slices = state.findings.slices;
  if (!slices || slices->label_revision < 0) return {};
  const std::vector<RunSummary>& runs = state.snapshot.runs;
  if (std::none_of(runs.begin(), runs.end(),
                   [&](const RunSummary& run) { return run.name == slices->run; })) {
    return "This run is no longer in the store";
  }
  const size_t relabelled = state.findings.slices_relabelled;
  if (relabelled == 0) return {};
  return fmt::format("{} {} relabelled since these were measured: find them again",
                     with_thousands(relabelled), relabelled == 1 ? "sample was" : "samples were");
}

void FindingsDesk::show_slice(const SliceView& slice) {
  show_rows(slice.filter, session_.state().sort);
}

void FindingsDesk::show(const LabelQueue& queue) {
  const LabelsAnswer& labels = *session_.state().findings.labels;
  show_rows(queue.filter, {labels.sort, labels.descending});
}

void FindingsDesk::review(const LabelQueue& queue) {
  session_.round().replace_by([queue](Session& session) {
    session.findings().reviews_ = queue.filter;
    session.findings().show(queue);
  });
}

}  // namespace errata::viewer

// Commands of the menu Find: each opens the form of a job that looks for something.
#include <utility>

#include "jobs/find_outliers_job.h"
#include "viewer/state/commands.h"
#include "viewer/state/find_kinds.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

void show_panel(Session& session, const char* id) {
  session.state().layout.show_bottom = true;
  session.state().layout.bottom_tab = id;
}

bool answer_is_there(const std::shared_ptr<const LabelsAnswer>& labels) {
  return labels != nullptr && !labels->queues.empty() && labels->queues.front().found > 0;
}

bool shows_copies(const AppState& state) {
  return state.layout.show_bottom && state.layout.bottom_tab == "duplicates" &&
         !FindingsDesk::chosen_copies(state).empty();
}

bool labels_differ(const AppState& state) {
  if (!shows_copies(state)) return false;
  return state.findings.between ? FindingsDesk::chosen_pair(state)->conflict
                                : FindingsDesk::chosen_group(state)->conflict;
}

std::string kept_label(const AppState& state) {
  const Column* label = state.snapshot.samples.find("label");
  const std::vector<RowIndex>& kept = state.findings.kept;
  if (kept.empty() || label == nullptr || label->is_null(kept.front())) return {};
  return std::string(label->text(kept.front()));
}

// Of the panel of duplicates.
std::vector<Command> copies_commands() {
  std::vector<Command> commands;
  commands.push_back(
      {.id = "review.keep_one",
       .title = "Exclude the others of the group",
       .menu = Menu::kFind,
       .keys = {with_shift('X')},
       .help = "Of the chosen group or pair of copies what is marked stays (Ctrl and a click mark "
               "one more: it then counts as kept); then the next one",
       .undo = Undo::kUndoable,
       .enabled = shows_copies,
       .run = [](Session& session) { session.findings().exclude_others(); },
       .title_now =
           [](const AppState& state) {
             return std::string(state.findings.between ? "Exclude the other of the pair"
                                                       : "Exclude the others of the group");
           }});
  commands.push_back(
      {.id = "review.label_as_kept",
       .title = "Label the copies as the one that stays",
       .menu = Menu::kFind,
       .keys = {with_shift('C')},
       .help = "The others of the chosen group or pair get the label of the marked one",
       .undo = Undo::kUndoable,
       .enabled =
           [](const AppState& state) { return labels_differ(state) && !kept_label(state).empty(); },
       .run = [](Session& session) { session.findings().label_as_kept(); },
       .title_now =
           [](const AppState& state) {
             const std::string name = kept_label(state);
             return name.empty() ? std::string("Label the copies as the one that stays")
                                 : "Label the copies " + name;
           }});
  commands.push_back({.id = "review.exclude_copies",
                      .title = "Exclude all copies",
                      .menu = Menu::kFind,
                      .keys = {},
                      .help = "In every group whose labels agree all but the suggested one and "
                              "what was kept; one undo "
                              "takes it back",
                      .undo = Undo::kUndoable,
                      .enabled =
                          [](const AppState& state) {
                            return state.findings.copies != nullptr &&
                                   state.findings.copies->copies > 0;
                          },
                      .run = [](Session& session) { session.findings().exclude_all_copies(); }});
  commands.push_back(
      {.id = "duplicates.between",
       .title = "Copies between groups",
       .menu = Menu::kFind,
       .keys = {with_shift('G')},
       .help = "In the panel of duplicates: pairs of copies that are in different groups, or the "
               "groups again",
       .enabled = [](const AppState& state) { return state.findings.copies != nullptr; },
       .run =
           [](Session& session) {
             const AppState& state = session.state();
             const bool there = state.layout.show_bottom && state.layout.bottom_tab == "duplicates";
             show_panel(session, "duplicates");
             session.findings().show_between(!there || !state.findings.between);
           }});
  commands.push_back(
      {.id = "duplicates.chain",
       .title = "Show the chain of copies",
       .menu = Menu::kFind,
       .keys = {},
       .help = "In the grid, all that the chosen group or pair hangs together with through copies "
               "of copies",
       .enabled =
           [](const AppState& state) {
             return shows_copies(state) && FindingsDesk::chosen_chain(state).number >= 0;
           },
       .run =
           [](Session& session) {
             session.findings().show_chain(FindingsDesk::chosen_chain(session.state()));
           }});
  commands.push_back({.id = "duplicates.next",
                      .title = "Next group of copies",
                      .menu = Menu::kFind,
                      .keys = {{Key::kPageDown, false, true}},
                      .help = "In the panel of duplicates, or the next pair where those are shown",
                      .repeats = true,
                      .enabled = shows_copies,
                      .run = [](Session& session) { session.findings().move_group(1); }});
  commands.push_back(
      {.id = "duplicates.previous",
       .title = "Previous group of copies",
       .menu = Menu::kFind,
       .keys = {{Key::kPageUp, false, true}},
       .help = "In the panel of duplicates, or the pair before where those are shown",
       .repeats = true,
       .enabled = shows_copies,
       .run = [](Session& session) { session.findings().move_group(-1); }});
  return commands;
}

}  // namespace

void CommandRegistry::add_find_commands() {
  for (const FindKind& kind : kFindKinds) {
    add({.id = "find." + std::string(kind.id),
         .title = std::string(kind.title) + " ...",
         .menu = Menu::kFind,
         .keys = {},
         .help = std::string(kind.help),
         .enabled = [](const AppState& state) { return !state.snapshot.ids.empty(); },
         .run = [form = kind.form](Session& session) { session.jobs().show_form(form); }});
  }
  add({.id = "round.labels",
       .title = "Review the label errors",
       .menu = Menu::kFind,
       .keys = {plain('Q')},
       .help = "A round over what is wrong by the verdict, label or image, worst first, with the "
               "evidence below",
       .enabled =
           [](const AppState& state) {
             return !state.round.starting && answer_is_there(state.findings.labels);
           },
       .run =
           [](Session& session) {
             show_panel(session, "labels");
             session.findings().review(session.state().findings.labels->queues.front());
           }});
  add({.id = "edit.select_alike",
       .title = "Select what looks and is labelled alike",
       .menu = Menu::kFind,
       .keys = {plain('E')},
       .help = "The next decision is then about the whole group of look-alikes",
       .enabled =
           [](const AppState& state) {
             const SampleEvidence* evidence = InspectDesk::evidence(state);
             return evidence != nullptr && !state.objects_shown() &&
                    (!evidence->alike.empty() || !evidence->copies.empty());
           },
       .run = [](Session& session) { session.inspector().select_alike(); }});
  for (Command& command : copies_commands()) add(std::move(command));
  add({.id = "view.outliers",
       .title = "Show the outliers",
       .menu = Menu::kFind,
       .keys = {},
       .help = "Pictures that look like no other, the loneliest first",
       .enabled =
           [](const AppState& state) { return state.snapshot.samples.find("outlier") != nullptr; },
       .run =
           [](Session& session) {
             if (session.state().objects_shown()) session.show_rows_of(CentreMode::kGrid);
             session.state().sort = {"outlier", false};
             const store::SavedView* told =
                 session.state().lists.lists.saved_view(jobs::kOutliersView);
             session.set_filter(told == nullptr ? "outlier is not null" : told->filter);
           }});
}

}  // namespace errata::viewer

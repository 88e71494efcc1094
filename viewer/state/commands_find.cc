// Commands of the menu Find: each opens the form of a job that looks for something.
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
         FindingsDesk::chosen_group(state) != nullptr;
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
  add({.id = "review.keep_one",
       .title = "Exclude the others of the group",
       .menu = Menu::kFind,
       .keys = {with_shift('X')},
       .help = "Of the chosen group of copies only what is marked stays; then the next group",
       .undo = Undo::kUndoable,
       .enabled = shows_copies,
       .run = [](Session& session) { session.findings().exclude_others(); }});
  add({.id = "review.exclude_copies",
       .title = "Exclude all copies",
       .menu = Menu::kFind,
       .keys = {},
       .help =
           "In every group whose labels agree all but the suggested one; one undo takes it back",
       .undo = Undo::kUndoable,
       .enabled =
           [](const AppState& state) {
             return state.findings.copies != nullptr && state.findings.copies->copies > 0;
           },
       .run = [](Session& session) { session.findings().exclude_all_copies(); }});
  add({.id = "duplicates.next",
       .title = "Next group of copies",
       .menu = Menu::kFind,
       .keys = {{Key::kPageDown, false, true}},
       .help = "In the panel of duplicates",
       .repeats = true,
       .enabled = shows_copies,
       .run = [](Session& session) { session.findings().move_group(1); }});
  add({.id = "duplicates.previous",
       .title = "Previous group of copies",
       .menu = Menu::kFind,
       .keys = {{Key::kPageUp, false, true}},
       .help = "In the panel of duplicates",
       .repeats = true,
       .enabled = shows_copies,
       .run = [](Session& session) { session.findings().move_group(-1); }});
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
             session.set_filter("outlier is not null");
           }});
}

}  // namespace errata::viewer

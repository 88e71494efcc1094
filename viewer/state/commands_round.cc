// Commands of review rounds, tags and the log.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using State = const AppState&;

bool shows_any(State state) {
  return state.view && !state.view->order.empty();
}
bool has_round(State state) {
  return state.round.phase != RoundPhase::kNone;
}

}  // namespace

void CommandRegistry::add_round_commands() {
  add({.id = "review.unreview",
       .title = "Take the decision back to unseen",
       .menu = Menu::kReview,
       .keys = {with_shift('K')},
       .help = "As if nobody had looked at it; an exclusion is taken back too",
       .undo = Undo::kUndoable,
       .enabled = [](State state) { return state.target_count() > 0; },
       .run =
           [](Session& session) {
             if (session.state().objects_addressed()) {
               return session.objects().decide(ObjectEditKind::kUnreview);
             }
             session.unreview();
           }});
  add({.id = "review.tag",
       .title = "Tags ...",
       .menu = Menu::kReview,
       .keys = {plain('T')},
       .help = "Type a tag, Enter adds it; Enter on one that is there takes it off",
       .undo = Undo::kUndoable,
       .enabled = [](State state) { return state.target_count() > 0; },
       .run = [](Session& session) { session.log().open_tags(); }});
  add({.id = "round.start",
       .title = "Start a review round",
       .menu = Menu::kReview,
       .keys = {plain('S')},
       .help = "Freezes what is shown, samples or objects, as a queue; what was decided stays out",
       .enabled = [](State state) { return shows_any(state) && !state.round.starting; },
       .run =
           [](Session& session) {
             session.round().replace_by([](Session& each) { each.round().start(); });
           }});
  add({.id = "round.next",
       .title = "Next undecided one",
       .menu = Menu::kReview,
       .keys = {plain('N')},
       .help = "Of the review round; after the last one it begins at the first",
       .enabled = [](State state) { return state.round.active() && !state.round.finished(); },
       .run = [](Session& session) { session.round().next_undecided(); }});
  add({.id = "round.resume",
       .title = "Resume the review round",
       .menu = Menu::kReview,
       .keys = {with_shift('N')},
       .help = "Goes back to the queue, to what is undecided in it",
       .enabled = [](State state) { return state.round.phase == RoundPhase::kPaused; },
       .run = [](Session& session) { session.round().resume(); }});
  add({.id = "round.refresh",
       .title = "Refresh the review round",
       .menu = Menu::kReview,
       .keys = {with_ctrl('N')},
       .help = "Makes the queue anew by its filter and order, less what is decided",
       .enabled = [](State state) { return has_round(state) && !state.round.audit; },
       .run = [](Session& session) { session.round().refresh(); }});
  add({.id = "round.audit",
       .title = "Audit a random sample ...",
       .menu = Menu::kReview,
       .keys = {with_shift('A')},
       .help = "Draws samples at random and starts a round over them: an estimate without bias",
       .undo = Undo::kUndoable,
       .enabled =
           [](State state) {
             return shows_any(state) && !state.round.starting && !state.objects_shown();
           },
       .run = [](Session& session) { session.show_overlay(Overlay::kAudit); }});
  add({.id = "round.leave",
       .title = "Leave the review round",
       .menu = Menu::kReview,
       .keys = {with_shift('S')},
       .help = "Every decision stays; the grid shows what the filter lets through again",
       .enabled = has_round,
       .run = [](Session& session) { session.round().leave(); }});
}

}  // namespace errata::viewer

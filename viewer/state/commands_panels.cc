// Commands of the panels below the grid.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

void CommandRegistry::add_panel_commands() {
  add({.id = "panel.toggle",
       .title = "Show or hide the panels below the grid",
       .menu = Menu::kView,
       .keys = {plain('P')},
       .help = "Confusion, calibration, classes, scores, versions and more",
       .run = [](Session& session) {
         session.state().layout.show_bottom = !session.state().layout.show_bottom;
       }});
  add({.id = "panel.tall",
       .title = "Panel in the grid's place, or below it",
       .menu = Menu::kView,
       .keys = {with_shift('P')},
       .help = "Room for a map or a list of groups; the same key brings the grid back",
       .run = [](Session& session) {
         LayoutState& layout = session.state().layout;
         layout.tall_bottom = !layout.tall_bottom || !layout.show_bottom;
         layout.show_bottom = true;
       }});
  const auto add_panel = [&](std::string id, std::string title, std::string help,
                             Menu menu = Menu::kView) {
    add({.id = "panel." + id,
         .title = std::move(title),
         .menu = menu,
         .keys = {},
         .help = std::move(help),
         .run = [id](Session& session) {
           session.state().layout.show_bottom = true;
           session.state().layout.bottom_tab = id;
         }});
  };
  add_panel("budget", "Error budget", "What each kind of error costs a detector, and its AP");
  add_panel("curves", "Precision and recall", "Curves of a detector, and where its F1 is best");
  add_panel("detections", "Confusion of detections",
            "Which class a detector takes each object for, with the background");
  add_panel("confusion", "Confusion matrix", "Which class is taken for which, and the accuracy");
  add_panel("calibration", "Calibration", "Does a confidence of 0.8 mean right in 8 of 10 cases?");
  add_panel("classes", "Classes", "Precision, recall and mistakes of each class");
  add_panel("scores", "Scores", "How the scores spread, right and wrong predictions apart");
  add_panel("labels", "Label errors",
            "Labels and images that are wrong by the verdict, the evidence, and the queue",
            Menu::kFind);
  add_panel("map", "Map", "All samples in the plane, those that look alike together", Menu::kFind);
  add_panel("duplicates", "Duplicates", "Groups of copies: conflicts first, then leaks",
            Menu::kFind);
  add_panel("quality", "Quality", "Dark, light, blurry and odd pictures, the worst first",
            Menu::kFind);
  add_panel("slices", "Slices", "Groups of samples on which the model is weak", Menu::kFind);
}

}  // namespace errata::viewer

// Commands of jobs, dialogs and stores.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

bool has_samples(const AppState& state) {
  return !state.snapshot.ids.empty();
}

void show_panel(Session& session, const char* id) {
  LayoutState& layout = session.state().layout;
  layout.show_bottom = true;
  layout.bottom_tab = id;
}

}  // namespace

void CommandRegistry::add_job_commands() {
  const auto form = [](Overlay which) {
    return [which](Session& session) { session.jobs().show_form(which); };
  };
  const auto panel = [](const char* id) {
    return [id](Session& session) { show_panel(session, id); };
  };
  add({.id = "file.open",
       .title = "Open a store ...",
       .menu = Menu::kFile,
       .keys = {with_ctrl('O')},
       .help = "Another project in this window; a new name begins one",
       .run = form(Overlay::kOpenStore)});
  add({.id = "file.import",
       .title = "Import images ...",
       .menu = Menu::kFile,
       .keys = {with_ctrl('I')},
       .help = "A folder of images or the file that lists them, into this store",
       .run = form(Overlay::kImport)});
  add({.id = "file.split",
       .title = "Split into train, val and test ...",
       .menu = Menu::kFile,
       .help = "Says which samples are for training and which for measuring",
       .enabled = has_samples,
       .run = form(Overlay::kSplit)});
  add({.id = "file.version",
       .title = "Make a version ...",
       .menu = Menu::kFile,
       .help = "Fixes the dataset as it is now under a name, for exports",
       .enabled = has_samples,
       .run = form(Overlay::kVersion)});
  add({.id = "file.export",
       .title = "Export ...",
       .menu = Menu::kFile,
       .keys = {with_ctrl('E')},
       .help = "Writes a version, or the dataset as it is now, as files that other tools read",
       .enabled = has_samples,
       .run = form(Overlay::kExport)});
  add({.id = "run.predictions",
       .title = "Attach predictions ...",
       .menu = Menu::kRun,
       .keys = {with_ctrl('D')},
       .help = "What a model said of these images, from a CSV, NPY or NPZ file",
       .enabled = has_samples,
       .run = form(Overlay::kPredictions)});
  add({.id = "run.infer",
       .title = "Run a model ...",
       .menu = Menu::kRun,
       .keys = {with_ctrl('M')},
       .help = "Predicts every image with a TorchScript model",
       .enabled = has_samples,
       .run = form(Overlay::kInfer)});
  add({.id = "panel.runs",
       .title = "Show the runs",
       .menu = Menu::kRun,
       .help = "Every run with its model, device and state",
       .run = panel("runs")});
  add({.id = "panel.versions",
       .title = "Show the versions",
       .menu = Menu::kView,
       .help = "Versions of the dataset, what changed since, and a way back",
       .run = panel("versions")});
  add({.id = "panel.issues",
       .title = "Show the issues",
       .menu = Menu::kView,
       .help = "What imports, predictions and models had to complain about",
       .run = panel("issues")});
  add({.id = "panel.jobs",
       .title = "Show the jobs",
       .menu = Menu::kView,
       .keys = {with_ctrl('J')},
       .help = "What runs, what waits and what was done in this window",
       .run = panel("jobs")});
}

}  // namespace errata::viewer

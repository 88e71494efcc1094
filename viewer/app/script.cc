#include "viewer/app/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "viewer/views/panel.h"

namespace errata::viewer {

namespace {

struct NamedOverlay {
  std::string_view name;
  Overlay overlay;
  std::string_view what;
};

constexpr std::array kOverlays{
    NamedOverlay{"keys", Overlay::kKeyHelp, "every key on one page"},
    NamedOverlay{"palette", Overlay::kPalette, "every command by its name"},
    NamedOverlay{"class-picker", Overlay::kClassPicker, "another class for the sample"},
    NamedOverlay{"about", Overlay::kAbout, "versions of the program and its parts"},
    NamedOverlay{"tag", Overlay::kTag, "tags of the sample"},
    NamedOverlay{"save-view", Overlay::kSaveView, "a name for the filter and order"},
    NamedOverlay{"saved-views", Overlay::kSavedViews, "filters and orders by name"},
    NamedOverlay{"audit", Overlay::kAudit, "a random sample that makes an estimate unbiased"},
    NamedOverlay{"import", Overlay::kImport, "images and labels into the store"},
    NamedOverlay{"predictions", Overlay::kPredictions, "a file of predictions into the store"},
    NamedOverlay{"infer", Overlay::kInfer, "a model over the images"},
    NamedOverlay{"split", Overlay::kSplit, "train, validation and test"},
    NamedOverlay{"version", Overlay::kVersion, "the dataset as it is now, fixed"},
    NamedOverlay{"export", Overlay::kExport, "a version as files"},
    NamedOverlay{"open", Overlay::kOpenStore, "another store"},
    NamedOverlay{"find-labels", Overlay::kFindLabels, "what to look for label errors with"},
    NamedOverlay{"find-duplicates", Overlay::kFindDuplicates, "how copies are looked for"},
    NamedOverlay{"find-quality", Overlay::kFindQuality, "which bad pictures are looked for"},
    NamedOverlay{"find-outliers", Overlay::kFindOutliers, "how outliers are looked for"},
    NamedOverlay{"find-slices", Overlay::kFindSlices, "how weak slices are looked for"},
    NamedOverlay{"find-dataset", Overlay::kFindDataset, "checks of the dataset as a whole"},
    NamedOverlay{"probe", Overlay::kProbe, "probabilities from embeddings"},
    NamedOverlay{"make-map", Overlay::kMap, "a map from embeddings"},
};

struct NamedCentre {
  std::string_view name;
  CentreMode mode;
  bool large;
  std::string_view what;
};

constexpr std::array kCentres{
    NamedCentre{"grid", CentreMode::kGrid, false, "thumbnails"},
    NamedCentre{"table", CentreMode::kTable, false, "a line for each sample"},
    NamedCentre{"objects", CentreMode::kObjects, false, "crops of the objects"},
    NamedCentre{"large", CentreMode::kGrid, true, "the image in the grid's place"},
};

constexpr std::array kMenus{Menu::kReview, Menu::kFind, Menu::kObjects, Menu::kEdit,
                            Menu::kView,   Menu::kRun,  Menu::kFile,    Menu::kHelp};

// Misspelt, or a part of the name.
std::vector<std::string> near_names(const std::string& typed,
                                    const std::vector<std::string>& names) {
  constexpr size_t kMostNames = 5;
  std::vector<std::string> near = nearest_words(typed, names);
  for (const std::string& name : names) {
    const bool inside =
        name.find(typed) != std::string::npos || typed.find(name) != std::string::npos;
    if (inside && std::find(near.begin(), near.end(), name) == near.end()) near.push_back(name);
  }
  if (near.size() > kMostNames) near.resize(kMostNames);
  return near;
}

void check_name(std::string_view kind, const std::string& typed,
                const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), typed) != names.end()) return;
  const std::vector<std::string> near =
      typed.empty() ? std::vector<std::string>() : near_names(typed, names);
  std::string hint = "errata view --list prints all of them";
  if (!near.empty()) hint = fmt::format("did you mean {}? {}", fmt::join(near, ", "), hint);
  throw Error(ErrorCategory::kUsage, fmt::format("there is no {} \"{}\"", kind, typed), hint);
}

std::vector<std::string> command_ids() {
  std::vector<std::string> ids;
  const CommandRegistry registry;
  for (const Command& command : registry.all()) ids.push_back(command.id);
  return ids;
}

std::string keys_text(const Command& command) {
  std::string text;
  for (const KeyChord& chord : command.keys) {
    text += (text.empty() ? "" : ", ") + key_text(chord);
  }
  return text;
}

}  // namespace

std::vector<std::string> view_names() {
  std::vector<std::string> names{std::string(kWelcomeView)};
  for (const NamedCentre& centre : kCentres) names.emplace_back(centre.name);
  for (const std::unique_ptr<Panel>& panel : all_panels()) names.emplace_back(panel->id());
  for (const NamedOverlay& overlay : kOverlays) names.emplace_back(overlay.name);
  return names;
}

std::string list_text() {
  std::string text = "views (--view NAME)\n";
  const auto add = [&](std::string_view name, std::string_view what) {
    text += fmt::format("  {:<24} {}\n", name, what);
  };
  add(kWelcomeView, "the first steps");
  for (const NamedCentre& centre : kCentres) add(centre.name, centre.what);
  for (const std::unique_ptr<Panel>& panel : all_panels()) {
    add(panel->id(), fmt::format("the tab {}", panel->title(AppState())));
  }
  for (const NamedOverlay& overlay : kOverlays) add(overlay.name, overlay.what);
  text += "\ncommands (--command NAME), by menu\n";
  const CommandRegistry registry;
  for (const Menu menu : kMenus) {
    text += fmt::format(" {}\n", menu_title(menu));
    for (const Command& command : registry.all()) {
      if (command.menu != menu) continue;
      text += fmt::format("  {:<24} {:<16} {}\n", command.id, keys_text(command), command.title);
    }
  }
  return text;
}

void check_script(const ViewerOptions& options) {
  for (const ScriptStep& step : options.script) {
    if (step.is_command) {
      check_name("command", step.name, command_ids());
    } else {
      check_name("view", step.name, view_names());
    }
  }
}

void show_view(Session& session, const std::string& name) {
  LayoutState& layout = session.state().layout;
  session.state().jobs.welcome = name == kWelcomeView;
  if (name == kWelcomeView) return;
  for (const NamedCentre& centre : kCentres) {
    if (centre.name != name) continue;
    if (centre.large) {
      layout.show_large = true;
    } else if (centre.mode == CentreMode::kObjects) {
      session.objects().show({});
    } else {
      session.show_rows_of(centre.mode);
    }
    return;
  }
  for (const NamedOverlay& overlay : kOverlays) {
    if (overlay.name != name) continue;
    if (overlay.overlay == Overlay::kTag) return session.log().open_tags();
    session.show_overlay(overlay.overlay);
    return;
  }
  layout.show_bottom = true;
  layout.bottom_tab = name;
}

void run_command(App& app, const std::string& id) {
  if (app.commands().run(id, app.session())) return;
  throw Error(ErrorCategory::kUsage,
              fmt::format("the command {} makes no sense now: the window would show it greyed", id),
              "it may want a sample under the cursor, a run, or another --command before it");
}

}  // namespace errata::viewer

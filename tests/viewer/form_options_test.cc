// What a person can say on the command line can be said in the window: each option of a command
// that has a form is a field of it.
#include <CLI/CLI.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "cli/commands.h"
#include "viewer/state/job_forms.h"

namespace errata::viewer {

namespace {

struct Pair {
  Overlay form;
  cli::CommandSetup setup;
  const char* child;  // of a family of commands; or nullptr
};

std::set<std::string> options_of(const CLI::App& app) {
  std::set<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    std::string name = option->get_lnames().empty() ? option->get_name() : option->get_lnames()[0];
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    names.insert(name);
  }
  return names;
}

}  // namespace

TEST_CASE("every option of a command is a field of its form") {
  const Pair pairs[] = {{Overlay::kImport, cli::setup_import, nullptr},
                        {Overlay::kPredictions, cli::setup_predictions, nullptr},
                        {Overlay::kInfer, cli::setup_infer, nullptr},
                        {Overlay::kSplit, cli::setup_split, nullptr},
                        {Overlay::kVersion, cli::setup_version, "create"},
                        {Overlay::kExport, cli::setup_export, nullptr},
                        {Overlay::kProbe, cli::setup_probe, nullptr},
                        {Overlay::kMap, cli::setup_map, nullptr},
                        {Overlay::kFindLabels, cli::setup_find, "labels"},
                        {Overlay::kFindDuplicates, cli::setup_find, "duplicates"},
                        {Overlay::kFindQuality, cli::setup_find, "quality"},
                        {Overlay::kFindOutliers, cli::setup_find, "outliers"},
                        {Overlay::kFindSlices, cli::setup_find, "slices"},
                        {Overlay::kFindDataset, cli::setup_find, "dataset"}};
  for (const Pair& pair : pairs) {
    CLI::App app;
    const cli::CommandBody body = pair.setup(app);
    const CLI::App& command = pair.child == nullptr ? app : *app.get_subcommand(pair.child);
    const std::unique_ptr<Form> form = make_form(pair.form, "none.db");
    REQUIRE(form != nullptr);
    std::set<std::string> fields;
    for (const FormField& field : form->fields()) fields.insert(field.id);
    std::set<std::string> options = options_of(command);
    options.erase("help");
    if (pair.setup == cli::setup_find) {  // of what is printed; the window shows all
      options.erase("limit");
      options.erase("format");
    }
    if (pair.form == Overlay::kFindQuality) {  // a box to tick for each issue
      CHECK(fields.contains("blurry"));
      options.erase("issue");
    }
    for (const std::string& option : options) {
      INFO(form->title(), ": ", option);
      CHECK(fields.contains(option));
    }
    CHECK(options.size() >= 3);
  }
}

}  // namespace errata::viewer

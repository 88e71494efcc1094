// What the children of `errata find` share.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"

namespace errata::cli {

// `errata find` without a kind.
void find_all(CommandContext& context);

CommandBody setup_find_boxes(CLI::App& app);
CommandBody setup_find_labels(CLI::App& app);
CommandBody setup_find_quality(CLI::App& app);
CommandBody setup_find_duplicates(CLI::App& app);
CommandBody setup_find_outliers(CLI::App& app);
CommandBody setup_find_dataset(CLI::App& app);
CommandBody setup_find_slices(CLI::App& app);

// Options of a kind of finding, how much of it is shown, and in which form.
template <typename Options>
struct FindArguments {
  Options options;
  size_t limit = 10;
  std::string format = "table";
};

// --tag, --who, --limit and --format.
struct FindHelp {
  const char* tag;
  const char* who;
  const char* limit;
};
void add_find_options(CLI::App& app, std::string& tag, std::string& who, size_t& limit,
                      std::string& format, const FindHelp& help);

// Says what was tagged and how to look at it; `more` goes behind the viewer's filter. False when
// nothing was.
bool note_tagged(CommandContext& context, const store::AppliedBatch& batch, const std::string& tag,
                 const std::string& more = {});

// Runs find(options, job) and print(context, report, arguments).
template <typename Arguments, typename Find, typename Print>
CommandBody find_body(std::shared_ptr<Arguments> arguments, Find find, Print print) {
  return [arguments, find, print](CommandContext& context) {
    arguments->options.store_path = context.store_path();
    if constexpr (requires { arguments->options.who; }) {
      if (arguments->options.who.empty()) arguments->options.who = jobs::default_who();
    }
    jobs::JobContext job = context.job();
    const auto report = find(arguments->options, job);
    context.end_progress();
    print(context, report, *arguments);
  };
}

}  // namespace errata::cli

// What the children of `errata find` share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/reports.h"
#include "jobs/edit_job.h"
#include "jobs/find_slices_job.h"

namespace errata::cli {

// What a kind found, as the overview of several kinds tells it.
struct Told {
  size_t found = 0;
  std::string what;                       // the meaning of the number
  size_t shown = 0;                       // how many of them `worst` or `text` lists
  std::optional<ResultTable> worst = {};  // at most ten, or --limit; as the kind's own command
  std::string text = {};                  // lines below the table, or in its place
  std::string next = {};                  // how to go on, besides the kind's own command
  std::vector<jobs::Lack> lacks = {};
  std::vector<std::string> done = {};      // what was tagged or excluded
  std::vector<std::string> warnings = {};  // each a sentence
  text::Json report = {};                  // what the kind's own command prints with --json
};

// A kind of finding: its command by itself, and the same told among others.
struct FindKind {
  CommandBody alone;
  std::function<Told(CommandContext&, jobs::JobContext&)> tell;
};

struct NamedFindKind {
  std::string name;
  const CLI::App* app = nullptr;
  bool first = false;  // the others read the columns that it makes
  FindKind kind;
};

// `errata find` without a kind, or with several: runs them, tells what each found with its worst,
// and says of those that cannot be run what they lack. Throws as the last thing what a kind threw
// for any other reason, when all others are told; of kinds that were asked for by name also that
// something is lacking. Error(kInterrupted) at once.
void find_several(CommandContext& context, std::span<const NamedFindKind* const> kinds, bool named);

FindKind setup_find_boxes(CLI::App& app);
FindKind setup_find_labels(CLI::App& app);
FindKind setup_find_quality(CLI::App& app);
FindKind setup_find_duplicates(CLI::App& app);
FindKind setup_find_outliers(CLI::App& app);
FindKind setup_find_dataset(CLI::App& app);
FindKind setup_find_slices(CLI::App& app);

inline constexpr size_t kWorstShown = 10;

// How many are shown, and in which form.
struct ShownArguments {
  std::optional<size_t> limit = {};  // 0: all
  std::string format = "table";

  size_t shown(size_t all, size_t unless_told = kWorstShown) const {
    const size_t most = limit.value_or(unless_told);
    return most == 0 ? all : std::min(most, all);
  }
};

template <typename Options>
struct FindArguments : ShownArguments {
  Options options;
};

// --tag, --who, --limit and --format.
struct FindHelp {
  const char* tag;
  const char* who;
  const char* limit;
};
void add_find_options(CLI::App& app, std::string& tag, std::string& who, ShownArguments& shown,
                      const FindHelp& help);

// What was tagged and how to look at it, empty when nothing was; `more` goes behind the viewer's
// filter.
std::string tagged_text(const store::AppliedBatch& batch, const std::string& tag,
                        const std::string& more = {});
// The same on stderr; false when nothing was tagged.
bool note_tagged(CommandContext& context, const store::AppliedBatch& batch, const std::string& tag,
                 const std::string& more = {});

// find(options, job), then print(context, report, arguments) for a kind by itself and
// tell(report, arguments, job.issues) for one among others.
template <typename Arguments, typename Find, typename Print, typename Tell>
FindKind find_kind(std::shared_ptr<Arguments> arguments, Find find, Print print, Tell tell) {
  const auto run = [arguments, find](CommandContext& context, jobs::JobContext& job) {
    if constexpr (requires { arguments->options.store_path; }) {
      arguments->options.store_path = context.store_path();
    } else {
      arguments->options.judge.store_path = context.store_path();
    }
    if constexpr (requires { arguments->options.who; }) {
      if (arguments->options.who.empty()) arguments->options.who = jobs::default_who();
    }
    return find(arguments->options, job);
  };
  return {[arguments, run, print](CommandContext& context) {
            jobs::JobContext job = context.job();
            const auto report = run(context, job);
            context.end_progress();
            print(context, report, *arguments);
          },
          [arguments, run, tell](CommandContext& context, jobs::JobContext& job) {
            return tell(run(context, job), *arguments, job.issues);
          }};
}

}  // namespace errata::cli

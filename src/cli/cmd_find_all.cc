// `errata find` without a kind or with several: one table of what each found, then of each that
// found something its worst, then what each lacks.
#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "base/text.h"
#include "cli/find_parts.h"
#include "jobs/loaded_state.h"

namespace errata::cli {

namespace {

constexpr size_t kTableWidth = 100;

struct Outcome {
  std::optional<Told> told;
  std::vector<jobs::Lack> lacks;
  std::string failed;        // where it could not be run for another reason, `error`
  std::exception_ptr error;  // also of what it lacks
};

Outcome run_kind(const FindKind& kind, CommandContext& context) {
  const jobs::JobContext shared = context.job();
  IssueLog issues;  // of this kind alone
  jobs::JobContext job{shared.progress, shared.cancel, issues, shared.workers, shared.say};
  Outcome outcome;
  try {
    outcome.told = kind.tell(context, job);
    outcome.lacks = outcome.told->lacks;
  } catch (const Error& error) {
    if (error.category() == ErrorCategory::kInterrupted) throw;
    if (error.category() == ErrorCategory::kNotFound) {
      outcome.lacks = {{"", fmt::format("{}. {}", error.what(), error.hint())}};
    } else {
      outcome.failed = error.what();
    }
    outcome.error = std::current_exception();
  }
  return outcome;
}

std::string command_of(const NamedFindKind& kind) {
  return "errata find " + kind.name;
}

text::Json text_or_null(const std::string& text) {
  return text.empty() ? text::Json() : text::Json(text);
}

// Sentences but for the last lose their full stop.
std::string joined(std::span<const jobs::Lack> lacks) {
  std::string text;
  for (const jobs::Lack& lack : lacks) {
    if (text.ends_with('.')) text.pop_back();
    text += (text.empty() ? "" : "; ") + lack.sentence();
  }
  return text;
}

text::Json outcome_json(const NamedFindKind& kind, const Outcome& outcome) {
  const auto& told = outcome.told;
  return text::Json::object(
      {{"kind", kind.name},
       {"found", told ? text::Json(told->found) : text::Json()},
       {"what", told ? text::Json(told->what) : text::Json()},
       {"next", told ? text::Json(command_of(kind)) : text::Json()},
       {"lacks", text_or_null(joined(outcome.lacks))},
       {"failed", text_or_null(outcome.failed)},
       {"worst", told && told->worst ? to_json_value(*told->worst) : text::Json::array()},
       {"report", told ? told->report : text::Json()}});
}

// The kind's heading, its worst and how to go on; empty where it found nothing.
std::string section(const NamedFindKind& kind, const Outcome& outcome) {
  if (!outcome.told || outcome.told->found == 0) return {};
  const Told& told = *outcome.told;
  std::string text = fmt::format("\n{}: ", kind.name);
  text += told.shown < told.found
              ? fmt::format("the worst {} of {}\n", told.shown, with_thousands(told.found))
              : fmt::format("{}\n", with_thousands(told.found));
  if (told.worst) text += told.worst->to_text(kTableWidth);
  text += told.text;
  if (!told.next.empty()) text += told.next + "\n";
  return text;
}

// A line for each kind that lacks something, and one for what several lack.
std::string lacks_text(std::span<const NamedFindKind* const> kinds,
                       std::span<const Outcome> outcomes) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_what;
  for (size_t i = 0; i < kinds.size(); ++i) {
    for (const auto& [part, what] : outcomes[i].lacks) {
      auto found = std::find_if(by_what.begin(), by_what.end(),
                                [&](const auto& each) { return each.first == what; });
      if (found == by_what.end()) found = by_what.insert(found, {what, {}});
      found->second.push_back(part.empty() ? kinds[i]->name
                                           : fmt::format("{} ({})", kinds[i]->name, part));
    }
  }
  const auto shared = [&](const jobs::Lack& lack) {
    return std::any_of(by_what.begin(), by_what.end(), [&](const auto& each) {
      return each.first == lack.what && each.second.size() > 1;
    });
  };
  std::string text;
  for (size_t i = 0; i < kinds.size(); ++i) {
    std::vector<jobs::Lack> own;
    std::copy_if(outcomes[i].lacks.begin(), outcomes[i].lacks.end(), std::back_inserter(own),
                 [&](const jobs::Lack& lack) { return !shared(lack); });
    if (!own.empty()) text += fmt::format("{} lacks: {}\n", kinds[i]->name, joined(own));
  }
  for (const auto& [what, names] : by_what) {
    if (names.size() > 1) text += fmt::format("{} lack: {}\n", join_words(names), what);
  }
  return text;
}

void print_outcomes(CommandContext& context, std::span<const NamedFindKind* const> kinds,
                    std::span<const Outcome> outcomes) {
  ResultTable table({{"kind"},
                     {"found", Align::kRight},
                     {"what", Align::kLeft, 0, 1000, 0, true},
                     {"next", Align::kLeft, 0}});
  std::string sections;
  std::string below;
  for (size_t i = 0; i < kinds.size(); ++i) {
    const NamedFindKind& kind = *kinds[i];
    const Outcome& outcome = outcomes[i];
    if (outcome.told) {
      table.add({kind.name, static_cast<int64_t>(outcome.told->found), outcome.told->what,
                 command_of(kind)});
    } else {
      table.add({kind.name, Cell{}, Cell{}, Cell{}});
    }
    sections += section(kind, outcome);
    if (!outcome.failed.empty()) below += fmt::format("{} failed: {}\n", kind.name, outcome.failed);
  }
  context.print_text(table.to_text(kTableWidth) + sections);
  below = lacks_text(kinds, outcomes) + below;
  if (!below.empty()) context.print_text("\n" + below);
}

// What was changed, and what to be careful of, on stderr.
void print_notes(CommandContext& context, std::span<const NamedFindKind* const> kinds,
                 std::span<const Outcome> outcomes) {
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (!outcomes[i].told) continue;
    for (const std::string& line : outcomes[i].told->done) {
      if (!line.empty()) context.note(line);
    }
    for (const std::string& warning : outcomes[i].told->warnings) {
      context.warn(fmt::format("{}: {}", kinds[i]->name, warning));
    }
  }
}

}  // namespace

void find_several(CommandContext& context, std::span<const NamedFindKind* const> kinds,
                  bool named) {
  // Without a store no kind can run: that is an error, not what each kind lacks.
  jobs::bring_up_to_date(context.store_path());
  std::vector<Outcome> outcomes(kinds.size());
  for (const bool first : {true, false}) {
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (kinds[i]->first == first) outcomes[i] = run_kind(kinds[i]->kind, context);
    }
  }
  context.end_progress();
  if (context.json()) {
    text::Json rows = text::Json::array();
    for (size_t i = 0; i < kinds.size(); ++i) rows.push_back(outcome_json(*kinds[i], outcomes[i]));
    context.print_json(rows);
  } else {
    print_outcomes(context, kinds, outcomes);
  }
  print_notes(context, kinds, outcomes);
  // What failed goes before what is lacking.
  for (const bool failed : {true, false}) {
    for (const Outcome& outcome : outcomes) {
      const bool counts = failed ? !outcome.failed.empty() : named;
      if (counts && outcome.error != nullptr) std::rethrow_exception(outcome.error);
    }
  }
}

}  // namespace errata::cli

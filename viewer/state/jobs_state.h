// What is shown around the jobs: the first steps, recent stores, the job whose issues are listed,
// a question that waits for an answer.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/issue_log.h"
#include "jobs/job_runner.h"

namespace errata::viewer {

class Session;

// Asked before what cannot be taken back by undo.
struct Question {
  std::string title;
  std::string text;
  std::string action;  // on the button that says yes
  std::function<void(Session&)> run;
};

struct JobsState {
  // The three steps of a newcomer fill the window: from an empty store to its first mistakes.
  bool welcome = false;
  std::vector<std::string> recent_stores;  // newest first; absolute paths
  jobs::JobId chosen = 0;                  // whose issues are listed
  std::vector<Issue> chosen_issues;
  // By run: what to know before its numbers are believed, one sentence.
  std::map<std::string, std::string> run_warnings;
  std::optional<Question> question;
};

}  // namespace errata::viewer

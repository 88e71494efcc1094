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

// What a job found, to be read as a table: the first column names the line.
struct ResultTable {
  std::string title;
  std::vector<std::string> heads;
  std::vector<std::vector<std::string>> rows;  // as many cells as heads
  std::string foot;                            // one sentence; may be empty

  bool empty() const { return rows.empty(); }
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
  std::map<jobs::JobId, ResultTable> tables;  // of jobs that are over
  jobs::JobId shown_table = 0;                // of Overlay::kResult
};

}  // namespace errata::viewer

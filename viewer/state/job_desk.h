// Starts the jobs of src/jobs on behalf of the windows: the same options structs and functions as
// the command line's. Holds the dialogs' forms.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jobs/job_runner.h"
#include "viewer/state/job_forms.h"
#include "viewer/state/job_work.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class JobDesk : public SessionPart {
 public:
  explicit JobDesk(Session& session);

  void snapshot_taken() override;

  // Queues a job. Once it is over its summary or error is shown, and the store loaded again when
  // it may have changed.
  jobs::JobId start(JobWork work);
  size_t started() const { return started_; }  // since the window opened
  void cancel(jobs::JobId id) { runner_->cancel(id); }
  const jobs::JobRunner& runner() const { return *runner_; }
  jobs::JobRunner& runner() { return *runner_; }
  // Cancels what runs and waits for it; nothing can be started afterwards.
  void close() { runner_.reset(); }
  // Shows what a finished job found as a table, unless another dialog is open.
  void show_table(jobs::JobId id);
  // Lists the issues of a finished job.
  void show_issues(jobs::JobId id);

  // The form of a dialog, with what was typed into it last; made when first asked for.
  Form& form(Overlay which);
  void show_form(Overlay which);
  // As a person types: checks, and looks at a path on a lane.
  void set(Form& form, std::string_view id, std::string value);
  // Starts the form's job and closes its dialog, or shows what is wrong.
  void submit(Form& form);

  // A folder, data set, file of predictions or store that was dropped onto the window.
  void take_dropped(const std::vector<std::string>& paths);
  // Asks first when a job runs.
  void open_store(const std::string& path);
  // True when the window may close now; otherwise a person was asked.
  bool may_quit();
  void ask(Question question);
  void answer(bool yes);

  void delete_run(const std::string& run);
  void restore_version(const std::string& version);
  void show_changes_since(const std::string& version);
  void compare_with_shown(const std::string& run);

 private:
  // The work is the job's, without its function.
  void finished(const jobs::JobStatus& status, const JobResult& result, const JobWork& work);
  void ask_run_warnings();

  Session& session_;
  std::unique_ptr<jobs::JobRunner> runner_;
  std::map<Overlay, std::unique_ptr<Form>> forms_;
  std::string note_after_load_;  // what the last job did, shown with the snapshot it made
  std::string next_after_load_;  // and the command that goes with it
  size_t started_ = 0;
  bool quit_agreed_ = false;
  uint64_t newest_look_ = 0;
  uint64_t newest_warnings_ = 0;
};

}  // namespace errata::viewer

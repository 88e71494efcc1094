#include "viewer/state/job_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "base/workers.h"
#include "importers/registry.h"
#include "jobs/loaded_state.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

enum class Dropped : uint8_t { kStore, kImages, kPredictions };

Dropped kind_of(const std::string& path) {
  if (is_directory(path)) return Dropped::kImages;
  constexpr std::string_view kSqlite = "SQLite format 3";
  const MappedFile file(path);
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()),
                               file.bytes().size());
  if (bytes.starts_with(kSqlite)) return Dropped::kStore;
  const auto claims = [&](const auto* reader) { return reader->detect(path).confidence > 0; };
  const auto readers = importers::all_prediction_readers();
  return std::any_of(readers.begin(), readers.end(), claims) ? Dropped::kPredictions
                                                             : Dropped::kImages;
}

}  // namespace

JobDesk::JobDesk(Session& session)
    : session_(session), runner_(std::make_unique<jobs::JobRunner>(hardware_threads())) {}

jobs::JobId JobDesk::start(JobWork work) {
  ++started_;
  AppState& state = session_.state();
  if (state.jobs.welcome) {
    // The first steps leave room to watch it.
    state.layout.show_bottom = true;
    state.layout.bottom_tab = "jobs";
  }
  auto result = std::make_shared<JobResult>();
  // The Tasks outlive the runner: close() ends the runner first.
  auto run = std::exchange(work.run, nullptr);
  return runner_->start(
      work.title,
      [run = std::move(run), result](jobs::JobContext& context) { return run(context, *result); },
      [this, result, work](const jobs::JobStatus& status) {
        session_.tasks().post(Lane::kPanels,
                              [this, result, work, status] { finished(status, *result, work); });
      });
}

void JobDesk::finished(const jobs::JobStatus& status, const JobResult& result,
                       const JobWork& work) {
  const bool changes_store = work.changes_store;
  note_after_load_.clear();
  if (!result.table.empty()) {
    session_.state().jobs.tables[status.id] = result.table;
    show_table(status.id);
    // It says what a note would.
    if (session_.state().overlay == Overlay::kResult) {
      return changes_store ? session_.reload() : session_.lists().refresh();
    }
  }
  if (status.state == jobs::JobState::kFailed && status.error) {
    session_.show_error(*status.error);
  } else if (status.state == jobs::JobState::kCancelled) {
    session_.show_note(status.title + ": stopped", work.after_stop);
  } else if (changes_store) {
    note_after_load_ = fmt::format("{}: {}", status.title, status.summary);
    next_after_load_ = work.next;
  } else {
    session_.show_note(fmt::format("{}: {}", status.title, status.summary));
  }
  if (!changes_store) {
    session_.lists().refresh();
  } else if (result.show_run) {
    session_.open(*result.show_run);
  } else {
    session_.reload();
  }
}

void JobDesk::show_table(jobs::JobId id) {
  AppState& state = session_.state();
  // Not in the way of what a person is at.
  if (!state.jobs.tables.contains(id) || state.overlay != Overlay::kNone) return;
  state.jobs.shown_table = id;
  session_.show_overlay(Overlay::kResult);
}

void JobDesk::snapshot_taken() {
  AppState& state = session_.state();
  if (state.snapshot.ids.empty()) state.jobs.welcome = true;
  if (!note_after_load_.empty()) {
    session_.show_note(std::exchange(note_after_load_, {}));
    if (!state.jobs.welcome) {
      const std::string next = std::exchange(next_after_load_, {});
      state.message->command = !next.empty()                   ? next
                               : state.active_run() != nullptr ? "view.mistakes"
                                                               : "run.predictions";
    }
  }
  for (const auto& [which, form] : forms_) {
    form->refresh(state);
    form->check(state.snapshot.samples);
  }
  ask_run_warnings();
}

void JobDesk::ask_run_warnings() {
  const AppState& state = session_.state();
  session_.state().jobs.run_warnings.clear();
  const uint64_t number = ++newest_warnings_;
  std::vector<RunSummary> runs;
  for (const RunSummary& run : state.snapshot.runs) {
    if (!run.trained_on.empty()) runs.push_back(run);
  }
  if (runs.empty()) return;
  session_.tasks().run(
      Lane::kQuery,
      [this, number, runs = std::move(runs), samples = state.snapshot.samples]() -> Tasks::Apply {
        std::map<std::string, std::string> warnings;
        Snapshot snapshot;
        snapshot.samples = samples;
        const query::Selection all = query::Selection::all(samples.rows());
        for (const RunSummary& run : runs) {
          std::string warning = jobs::trained_on_warning(snapshot, run, all);
          if (!warning.empty()) warnings[run.name] = std::move(warning);
        }
        return [this, number, warnings = std::move(warnings)] {
          if (number == newest_warnings_) session_.state().jobs.run_warnings = warnings;
        };
      });
}

void JobDesk::show_issues(jobs::JobId id) {
  session_.state().jobs.chosen = id;
  session_.state().jobs.chosen_issues = runner_->issues_of(id);
}

Form& JobDesk::form(Overlay which) {
  std::unique_ptr<Form>& form = forms_[which];
  if (!form) {
    form = make_form(which, session_.backend().store_path());
    form->sign(session_.backend().who());
    form->refresh(session_.state());
    form->check(session_.state().snapshot.samples);
  }
  return *form;
}

void JobDesk::show_form(Overlay which) {
  Form& shown = form(which);
  shown.refresh(session_.state());
  shown.check(session_.state().snapshot.samples);
  session_.show_overlay(which);
}

void JobDesk::set(Form& form, std::string_view id, std::string value) {
  form.set(id, std::move(value), session_.state().snapshot.samples);
  const FormField& field = form.field(id);
  if (!is_path(field.kind)) return;
  const uint64_t number = ++newest_look_;
  session_.tasks().run(Lane::kPanels,
                       [this, number, which = form.overlay(), field]() -> Tasks::Apply {
                         PathLook look = look_at(field, field.value);
                         return [this, number, which, id = field.id, look = std::move(look)] {
                           const auto found = forms_.find(which);
                           if (number != newest_look_ || found == forms_.end()) return;
                           FormField& of = found->second->field(id);
                           if (of.value == look.path) of.look = look;
                         };
                       });
}

void JobDesk::submit(Form& form) {
  form.touch_all();
  form.check(session_.state().snapshot.samples);
  if (!form.ready()) return;
  const Overlay which = form.overlay();
  session_.show_overlay(Overlay::kNone);
  form.submit(session_);
  if (!form.only_tries()) forms_.erase(which);  // the next one begins with the defaults
}

void JobDesk::take_dropped(const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  // What is dropped onto an open form is for its first path.
  const auto open = forms_.find(session_.state().overlay);
  if (open != forms_.end()) {
    for (const FormField& field : open->second->fields()) {
      if (is_path(field.kind)) return set(*open->second, std::string(field.id), paths[0]);
    }
  }
  session_.tasks().run(Lane::kPanels, [this, path = paths[0]]() -> Tasks::Apply {
    const Dropped kind = kind_of(path);
    return [this, path, kind] {
      if (kind == Dropped::kStore) return open_store(path);
      // A CSV may be either: once there are samples, it speaks of them.
      const bool predictions =
          kind == Dropped::kPredictions && !session_.state().snapshot.ids.empty();
      const Overlay which = predictions ? Overlay::kPredictions : Overlay::kImport;
      show_form(which);
      set(form(which), predictions ? "file" : "source", path);
    };
  });
}

void JobDesk::ask(Question question) {
  session_.state().jobs.question = std::move(question);
  session_.show_overlay(Overlay::kQuestion);
}

void JobDesk::answer(bool yes) {
  std::optional<Question> question = std::exchange(session_.state().jobs.question, std::nullopt);
  session_.show_overlay(Overlay::kNone);
  if (yes && question) question->run(session_);
}

void JobDesk::open_store(const std::string& path) {
  if (!runner_->busy()) {
    session_.state().open_wanted = path;
    return;
  }
  ask({"Stop what runs?",
       "A job is running in this store. It stops when another store is opened; started again, it "
       "goes on where it was.",
       "Stop and open", [path](Session& session) { session.state().open_wanted = path; }});
}

bool JobDesk::may_quit() {
  if (quit_agreed_ || !runner_->busy()) return true;
  session_.state().quit_wanted = false;
  ask({"Stop what runs and quit?",
       "A job is running. It stops when the window closes; started again, it goes on where it was.",
       "Stop and quit", [this](Session& session) {
         quit_agreed_ = true;
         session.state().quit_wanted = true;
       }});
  return false;
}

void JobDesk::delete_run(const std::string& run) {
  const bool shown = run == session_.state().snapshot.samples.active_run;
  ask({fmt::format("Delete run {}?", to_valid_utf8(run)),
       "Its predictions, embeddings and scores are deleted; the model and the labels are left "
       "alone. This cannot be undone.",
       "Delete", [run, shown](Session& session) {
         session.jobs().start(delete_run_work(session.backend().store_path(), run, shown));
       }});
}

void JobDesk::restore_version(const std::string& version) {
  ask({fmt::format("Restore version {}?", to_valid_utf8(version)),
       "Labels, exclusions, splits and boxes become those of the version, as one change of the "
       "log. Undo takes it back.",
       "Restore", [version](Session& session) {
         jobs::VersionJobOptions options;
         options.store_path = session.backend().store_path();
         options.name = version;
         options.who = session.backend().who();
         session.jobs().start(restore_work(options));
       }});
}

void JobDesk::show_changes_since(const std::string& version) {
  start(diff_work(session_.backend().store_path(), version, {}));
}

void JobDesk::compare_with_shown(const std::string& run) {
  start(compare_work(session_.backend().store_path(), session_.state().snapshot.samples.active_run,
                     run));
}

}  // namespace errata::viewer

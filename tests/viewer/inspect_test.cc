// What the inspector needs of the session: history, the other runs' answers, path and folder.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/error.h"
#include "base/files.h"
#include "tests/support/temp_dir.h"
#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/commands.h"
#include "viewer/state/desktop.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

struct Opened {
  explicit Opened(std::vector<std::string> more_runs = {}) {
    auto made = std::make_unique<test::SyntheticBackend>(40);
    made->more_runs_ = std::move(more_runs);
    backend = made.get();
    session = std::make_unique<Session>(std::move(made), nullptr, 2);
    session->open();
    session->tasks().finish_all();
  }

  // The cursor stays where it is for a while.
  void rest() {
    for (int i = 0; i < 3; ++i) {
      now_secs += 1;
      session->frame(now_secs);
      session->tasks().finish_all();
    }
  }
  const AppState& state() const { return session->state(); }
  SampleId sample() const { return state().snapshot.ids[*state().cursor_row()]; }

  test::SyntheticBackend* backend = nullptr;
  std::unique_ptr<Session> session;
  double now_secs = 0;
};

// An xdg-open of our own in front of the PATH, which writes down what it was asked for.
class FakeDesktop {
 public:
  explicit FakeDesktop(const std::string& script) {
    const std::string program = folder_ / "xdg-open";
    write_file_atomic(program, "#!/bin/sh\n" + script + "\n");
    chmod(program.c_str(), 0755);
    path_ = std::getenv("PATH");
    setenv("PATH", (folder_.path() + ":" + path_).c_str(), 1);
  }
  ~FakeDesktop() { setenv("PATH", path_.c_str(), 1); }
  FakeDesktop(const FakeDesktop&) = delete;
  FakeDesktop& operator=(const FakeDesktop&) = delete;

  std::string file(const char* name) const { return folder_ / name; }

 private:
  test::TempDir folder_;
  std::string path_;
};

}  // namespace

TEST_CASE("the history of the sample that the cursor rests on is read, and again after an edit") {
  Opened opened;
  CHECK(opened.state().inspect.history.sample == 0);
  opened.rest();
  const SampleId sample = opened.sample();
  CHECK(opened.state().inspect.history.sample == sample);
  CHECK(opened.state().inspect.history.entries.empty());
  opened.session->decide(ReviewKind::kKeep);
  opened.session->tasks().finish_all();
  opened.session->undo();
  opened.session->tasks().finish_all();
  REQUIRE(opened.sample() == sample);
  opened.rest();
  const SampleHistory& history = opened.state().inspect.history;
  CHECK(history.sample == sample);
  REQUIRE(history.entries.size() == 2);
  CHECK(history.entries[0].batch_kind == "undo");
  CHECK(history.entries[1].what == "kept");
  CHECK(opened.session->inspector().complete());
}

TEST_CASE("a sample that the filter hides is visited beside the one that was looked at") {
  Opened opened;
  const AppState& state = opened.state();
  const std::vector<RowIndex> all = state.view->order;
  REQUIRE(all.size() > 6);
  opened.session->set_filter("id != " + std::to_string(state.snapshot.ids[all[1]]));
  opened.session->tasks().finish_all();
  opened.session->set_cursor(3);
  const RowIndex before = *state.cursor_row();
  opened.session->inspector().visit(state.view->order[5]);
  CHECK(state.cursor == 5);
  CHECK(state.view->order.size() == all.size() - 1);
  opened.session->set_cursor(3);
  opened.session->inspector().visit(all[1]);
  CHECK(*state.cursor_row() == all[1]);
  CHECK(state.view->order.size() == all.size());
  opened.session->move_cursor(1);
  CHECK(*state.cursor_row() == before);
  opened.session->refresh();
  opened.session->tasks().finish_all();
  CHECK(state.view->order.size() == all.size() - 1);
  CHECK(*state.cursor_row() == before);
}

TEST_CASE("a cursor on its way asks for no history") {
  Opened opened;
  opened.rest();
  const SampleId before = opened.sample();
  opened.session->move_cursor(1);
  opened.session->tasks().finish_all();
  opened.session->frame(opened.now_secs);
  opened.session->frame(opened.now_secs + 0.01);
  opened.session->tasks().finish_all();
  CHECK(opened.state().inspect.history.sample == before);
  CHECK_FALSE(opened.session->inspector().complete());
}

TEST_CASE("at most three other runs stand beside the active one, by name, and can be chosen") {
  Opened opened({"d", "b", "a", "c"});
  const auto names = [&] {
    std::vector<std::string> beside;
    for (const RunAnswer& answer : opened.state().detail.others) beside.push_back(answer.run);
    return beside;
  };
  REQUIRE(opened.state().detail.ready);
  CHECK(names() == std::vector<std::string>{"a", "b", "c"});
  const RunAnswer& first = opened.state().detail.others[0];
  REQUIRE(first.probabilities.size() == test::SyntheticBackend::kClasses);
  for (size_t k = 1; k < first.by_probability.size(); ++k) {
    CHECK(first.probabilities[static_cast<size_t>(first.by_probability[k - 1])] >=
          first.probabilities[static_cast<size_t>(first.by_probability[k])]);
  }
  opened.session->inspector().show_run_beside("b", false);
  opened.session->tasks().finish_all();
  CHECK(names() == std::vector<std::string>{"a", "c", "d"});
  opened.session->inspector().show_run_beside("b", true);
  opened.session->tasks().finish_all();
  CHECK(names() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("the path goes to the clipboard, the folder to the desktop") {
  Opened opened;
  const CommandRegistry commands;
  REQUIRE(commands.run("edit.copy_path", *opened.session));
  CHECK(opened.state().inspect.clipboard == opened.state().detail.absolute_path);
  CHECK_FALSE(opened.state().inspect.clipboard.empty());
  // The synthetic images lie nowhere.
  REQUIRE(commands.run("file.open_folder", *opened.session));
  opened.session->tasks().finish_all();
  REQUIRE(opened.state().message.has_value());
  CHECK(opened.state().message->is_error);
  CHECK(opened.state().message->text.find("the folder is not there") != std::string::npos);
  CHECK(opened.state().message->hint.find("errata root set") != std::string::npos);
}

TEST_CASE("a folder with any name reaches xdg-open as it is, without a shell") {
  const FakeDesktop desktop("printf '%s' \"$1\" > \"$(dirname \"$0\")/asked\"");
  test::TempDir folder;
  const std::string odd = folder / "it's $HOME; `x` 猫";
  make_directories(odd);
  open_in_file_manager(odd);
  CHECK(read_text_file(desktop.file("asked")) == odd);
}

TEST_CASE("a desktop that cannot open folders says so") {
  const FakeDesktop desktop("exit 3");
  test::TempDir folder;
  try {
    open_in_file_manager(folder.path());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUnsupported);
    CHECK(error.hint().find("xdg-utils") != std::string::npos);
  }
}

}  // namespace errata::viewer

#include "viewer/state/commands.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr size_t kSamples = 300;

struct Opened {
  explicit Opened(size_t samples = kSamples)
      : backend(new test::SyntheticBackend(samples)),
        session(std::unique_ptr<Backend>(backend), nullptr, 1) {
    session.open();
    session.tasks().finish_all();
  }

  test::SyntheticBackend* backend;  // the session's
  Session session;
  CommandRegistry commands;
};

}  // namespace

TEST_CASE("every command has a name, a menu, a place in the palette, help and keys or none") {
  const CommandRegistry commands;
  std::set<std::string> ids;
  std::set<std::string> titles;
  CHECK(commands.all().size() > 30);
  for (const Command& command : commands.all()) {
    CAPTURE(command.id);
    CHECK(ids.insert(command.id).second);
    CHECK(titles.insert(command.title).second);
    CHECK_FALSE(command.title.empty());
    CHECK_FALSE(menu_title(command.menu).empty());
    CHECK(command.help.size() > 5);
    CHECK(command.enabled != nullptr);
    CHECK(command.run != nullptr);
    for (const KeyChord& chord : command.keys) CHECK_FALSE(key_text(chord).empty());
    // The palette finds it by its whole title.
    const std::vector<const Command*> found = commands.search(command.title);
    CHECK(std::find(found.begin(), found.end(), &command) != found.end());
    // What the person decides can be taken back; the rest says that there is nothing to take back.
    const bool decides = command.id.starts_with("review.") || command.id == "round.audit" ||
                         (command.id.starts_with("object.") && command.id != "object.draw");
    CHECK((command.undo == Undo::kUndoable) == decides);
    // Only what a person seldom does may lack a key; each panel has a tab to click as well.
    const std::set<std::string> seldom{"help.about", "file.split", "file.version"};
    if (command.keys.empty()) {
      CHECK((seldom.contains(command.id) || command.id.starts_with("panel.") ||
             command.menu == Menu::kFind));
    }
  }
}

TEST_CASE("no key means two things") {
  const CommandRegistry commands;
  std::set<std::string> keys;
  for (const Command& command : commands.all()) {
    for (const KeyChord& chord : command.keys) {
      CAPTURE(key_text(chord));
      CHECK(keys.insert(key_text(chord)).second);
      CHECK(commands.for_key(chord) == &command);
    }
  }
  CHECK(commands.for_key(with_ctrl('Y')) == nullptr);
}

TEST_CASE("the palette ranks starts of words first and wants every word") {
  const CommandRegistry commands;
  REQUIRE_FALSE(commands.search("keep").empty());
  CHECK(commands.search("keep")[0]->id == "review.keep");
  CHECK(commands.search("LABEL keep")[0]->id == "review.keep");
  CHECK(commands.search("no such command").empty());
  CHECK(commands.search("").size() == commands.all().size());
}

TEST_CASE("every command that changes the store is undone by undo") {
  const CommandRegistry all;
  for (const Command& command : all.all()) {
    if (command.undo != Undo::kUndoable || command.id.starts_with("object.")) continue;
    // These do not decide, or about groups of copies; see round_test.cc and findings_test.cc.
    if (command.id == "review.tag" || command.id == "review.unreview" ||
        command.id == "round.audit" || command.menu == Menu::kFind) {
      continue;
    }
    CAPTURE(command.id);
    Opened opened(kSamples);
    opened.session.tasks().finish_all();
    const SampleId sample = 2;
    const std::string label = opened.backend->label_of(sample);
    opened.session.set_cursor(static_cast<size_t>(
        std::find(opened.session.state().view->order.begin(),
                  opened.session.state().view->order.end(), static_cast<RowIndex>(sample - 1)) -
        opened.session.state().view->order.begin()));
    opened.session.tasks().finish_all();
    REQUIRE(opened.commands.run(command.id, opened.session));
    if (opened.session.state().overlay == Overlay::kClassPicker) opened.session.relabel("truck");
    opened.session.tasks().finish_all();
    CHECK(opened.backend->review_of(sample) != "unseen");
    CHECK_FALSE(opened.session.state().message.has_value());
    REQUIRE(opened.commands.run("edit.undo", opened.session));
    opened.session.tasks().finish_all();
    CHECK(opened.backend->review_of(sample) == "unseen");
    CHECK(opened.backend->label_of(sample) == label);
  }
}

TEST_CASE("what goes wrong in a command is shown, with what to do") {
  Opened opened;
  opened.backend->fail_edits_ = true;
  REQUIRE(opened.commands.run("review.keep", opened.session));
  opened.session.tasks().finish_all();
  REQUIRE(opened.session.state().message.has_value());
  CHECK(opened.session.state().message->is_error);
  CHECK(opened.session.state().message->text.find("disk is full") != std::string::npos);
  CHECK_FALSE(opened.session.state().message->hint.empty());
  CHECK(opened.session.state().saves_pending == 0);
}

TEST_CASE("a command that makes no sense now does not run") {
  Opened opened(0);
  CHECK_FALSE(opened.commands.run("review.keep", opened.session));
  CHECK_FALSE(opened.commands.run("move.next", opened.session));
  CHECK_FALSE(opened.commands.run("no.such", opened.session));
  CHECK_FALSE(opened.commands.run("edit.undo", opened.session));
}

}  // namespace errata::viewer

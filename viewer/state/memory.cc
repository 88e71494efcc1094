#include "viewer/state/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "viewer/state/memory_files.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using text::Json;

constexpr double kEverySecs = 0.5;
constexpr size_t kMostRecent = 10;

UnsavedEdits spelled_out(const std::vector<std::shared_ptr<const StoreChange>>& changes) {
  UnsavedEdits edits;
  for (const std::shared_ptr<const StoreChange>& change : changes) {
    edits.push_back(
        {change->edits ? change->edits() : std::vector<ReviewEdit>(), change->object_edits});
  }
  return edits;
}

Json recent_json(const std::vector<std::string>& recent) {
  Json::Array array;
  for (const std::string& path : recent) {
    if (is_valid_utf8(path)) array.emplace_back(path);
  }
  return Json(std::move(array));
}

}  // namespace

std::string Memory::default_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return join_path(state, "errata");
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return join_path(home, ".local/state/errata");
}

std::string Memory::store_file() const {
  return join_path(folder_, fmt::format("{:016x}.json", xxh3_64(session_.backend().store_path())));
}

std::string Memory::round_file() const {
  return join_path(folder_,
                   fmt::format("{:016x}.round.json", xxh3_64(session_.backend().store_path())));
}

std::string Memory::unsaved_file() const {
  return join_path(folder_,
                   fmt::format("{:016x}.unsaved.json", xxh3_64(session_.backend().store_path())));
}

std::string Memory::shared_file() const {
  return join_path(folder_, "viewer.json");
}

void Memory::use_folder(const std::string& folder) {
  if (folder.empty() || session_.backend().store_path().empty()) return;
  folder_ = folder;
  for (const auto& [path, read] :
       {std::pair<std::string, std::function<void()>>{shared_file(), [this] { read_shared(); }},
        {store_file(), [this] { read_store(); }}}) {
    if (!file_exists(path)) continue;
    try {
      read();
    } catch (const Error& error) {
      session_.show_note(
          fmt::format("What was remembered could not be read: {}", to_valid_utf8(error.what())),
          "the window begins as new; no decision is lost");
    }
  }
  const std::string& own = session_.backend().store_path();
  std::erase(recent_, own);
  recent_.insert(recent_.begin(), own);
  if (recent_.size() > kMostRecent) recent_.resize(kMostRecent);
  session_.state().jobs.recent_stores = recent_;
}

void Memory::read_shared() {
  const Json json = read_memory_file(shared_file());
  known_shared_ = json;
  session_.state().theme =
      json.get_string("theme") == "light" ? ThemeName::kLight : ThemeName::kDark;
  const Json* recent = json.find("recent");
  if (recent == nullptr) return;
  for (const Json& path : recent->as_array()) {
    if (file_exists(path.as_string())) recent_.push_back(path.as_string());
  }
}

void Memory::read_store() {
  const Json json = read_memory_file(store_file());
  AppState& state = session_.state();
  const SortChoice sort = sort_of(json.at("sort"));
  const std::string filter = json.at("filter").as_string();
  take_layout(json.at("layout"), state.layout);
  state.sort = sort;
  state.filter.draft = filter;
  if (const Json* other = json.find("other")) {
    state.objects.other.filter = other->at("filter").as_string();
    state.objects.other.sort = sort_of(other->at("sort"));
  }
  run_ = json.get_string("run");
  place_ = json.get_int("sample");
  place_of_object_ = state.objects_shown();
  const std::string round = json.get_string("round");
  known_store_ = json;
  // Another window may have begun it: its file tells that there is one.
  has_round_ = file_exists(round_file());
  round_was_active_ = round == "active";
}

void Memory::view_taken() {
  if (folder_.empty() || std::exchange(shown_, true)) return;
  // Without a file, what this window begins with is nobody's wish.
  if (known_store_.is_null()) known_store_ = describe();
  if (known_shared_.is_null()) known_shared_ = describe_shared();
  go_back();
  save_what_waited();
}

void Memory::save_what_waited() {
  session_.tasks().run(Lane::kPanels, [this, path = unsaved_file()]() -> Tasks::Apply {
    if (!file_exists(path)) return nullptr;
    auto changes = std::make_shared<UnsavedEdits>(unsaved_of(read_memory_file(path)));
    return [this, path, changes] {
      size_t decisions = 0;
      for (const UnsavedChange& change : *changes) {
        decisions += change.edits.size() + change.object_edits.size();
      }
      const auto all_saved = [this, path, decisions] {
        session_.tasks().run(Lane::kPanels, [path]() -> Tasks::Apply {
          if (file_exists(path)) remove_all(path);
          return nullptr;
        });
        session_.show_note(
            decisions == 1 ? std::string("A decision that waited when the window closed is saved")
                           : fmt::format("{} decisions that waited when the window closed are "
                                         "saved",
                                         with_thousands(decisions)),
            "another program had locked the store; U takes them back");
      };
      for (size_t i = 0; i < changes->size(); ++i) {
        const UnsavedChange& change = (*changes)[i];
        const std::function<void()> then =
            i + 1 == changes->size() ? std::function<void()>(all_saved) : nullptr;
        session_.apply(change.edits, then);
        session_.apply(change.object_edits, then);
      }
    };
  });
}

// A store may have lost its objects, and opens at its samples then.
int64_t Memory::known_place() const {
  return place_of_object_ == session_.state().objects_shown() ? place_ : 0;
}

void Memory::go_back() {
  const AppState& state = session_.state();
  const size_t row = known_place() == 0 ? SIZE_MAX : state.row_of(known_place());
  if (row != SIZE_MAX) {
    const std::vector<RowIndex>& order = state.view->order;
    const auto found = std::find(order.begin(), order.end(), static_cast<RowIndex>(row));
    if (found != order.end()) session_.set_cursor(static_cast<size_t>(found - order.begin()));
  }
  if (!has_round_) return;
  session_.tasks().run(Lane::kPanels, [this, path = round_file()]() -> Tasks::Apply {
    try {
      auto round = std::make_shared<RoundState>(round_of(read_memory_file(path)));
      return [this, round] {
        // A round that was begun meanwhile is the one that counts.
        if (session_.state().round.phase != RoundPhase::kNone) return;
        session_.round().put_back(std::move(*round), round_was_active_);
        written_round_ = session_.state().round.number;
        written_round_id_ = session_.state().round.id;
      };
    } catch (const Error&) {
      return [this] {
        session_.show_note("The review round could not be resumed: its queue is gone",
                           "start a new one; what was decided stays decided");
      };
    }
  });
  has_round_ = false;
}

Json Memory::describe() const {
  const AppState& state = session_.state();
  const bool has_place = state.view && state.cursor < state.view->order.size();
  const int64_t place = has_place ? state.id_of(state.view->order[state.cursor]) : known_place();
  const RoundState& round = state.round;
  return Json::object({{"store", to_valid_utf8(session_.backend().store_path())},
                       {"filter", state.filter.applied},
                       {"sort", sort_json(state.sort)},
                       {"run", state.snapshot.samples.active_run},
                       {"sample", place},
                       {"other", Json::object({{"filter", state.objects.other.filter},
                                               {"sort", sort_json(state.objects.other.sort)}})},
                       {"round", round.phase == RoundPhase::kActive   ? "active"
                                 : round.phase == RoundPhase::kPaused ? "paused"
                                                                      : "none"},
                       {"layout", layout_json(state.layout)}});
}

Json Memory::describe_shared() const {
  const bool light = session_.state().theme == ThemeName::kLight;
  return Json::object({{"theme", light ? "light" : "dark"}, {"recent", recent_json(recent_)}});
}

void Memory::save_now(const std::vector<std::shared_ptr<const StoreChange>>& unsaved) {
  if (folder_.empty()) {
    if (!unsaved.empty()) log_warning("{} changes could not be saved", unsaved.size());
    return;
  }
  const AppState& state = session_.state();
  try {
    if (!unsaved.empty()) {
      write_memory_file(unsaved_file(), unsaved_json(spelled_out(unsaved)));
    } else if (noted_saves_ > 0 && file_exists(unsaved_file())) {
      remove_all(unsaved_file());
    }
    if (!shown_) return;
    if (state.round.number != written_round_) {
      write_round_file(round_file(), state.round, written_round_id_);
    }
    merge_memory_file(store_file(), known_store_, describe());
  } catch (const Error& error) {
    // There is no window any more to tell it in.
    log_warning("what was to be remembered could not be written: {}", error.what());
  }
}

void Memory::write(std::function<void()> work) {
  session_.tasks().run(Lane::kPanels, [work = std::move(work)]() -> Tasks::Apply {
    work();
    return nullptr;
  });
}

// Decisions that wait for another program's lock, so that they outlive a crash of this one.
void Memory::note_unsaved() {
  const AppState& state = session_.state();
  const bool waits = !state.save_waits_for.empty();
  const size_t wanted = waits ? state.saves_pending : state.saves_pending == 0 ? 0 : noted_saves_;
  if (wanted == noted_saves_) return;
  noted_saves_ = wanted;
  write([path = unsaved_file(), changes = session_.changes().unsaved(), waits] {
    if (waits && !changes.empty()) {
      write_memory_file(path, unsaved_json(spelled_out(changes)));
    } else if (!waits && file_exists(path)) {
      remove_all(path);
    }
  });
}

void Memory::frame(double now_secs) {
  if (!shown_ || now_secs < next_secs_) return;
  next_secs_ = now_secs + kEverySecs;
  const AppState& state = session_.state();
  note_unsaved();
  if (state.round.number != written_round_) {
    write([path = round_file(), round = state.round, left = written_round_id_] {
      write_round_file(path, round, left);
    });
    written_round_ = state.round.number;
    written_round_id_ = state.round.id;
  }
  const auto follow = [&](const std::string& path, Json now, Json& known, std::string& written) {
    std::string text = now.dump();
    if (text == written) return;
    write([path, known, now] { merge_memory_file(path, known, now); });
    known = std::move(now);
    written = std::move(text);
  };
  follow(store_file(), describe(), known_store_, written_store_);
  follow(shared_file(), describe_shared(), known_shared_, written_shared_);
}

}  // namespace errata::viewer

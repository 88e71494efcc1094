#include "viewer/state/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "text/json.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using text::Json;

constexpr int kVersion = 1;
constexpr double kEverySecs = 0.5;
constexpr size_t kMostRecent = 10;

Json read_version(const std::string& path) {
  Json json = text::read_json_file(path);
  if (json.get_int("version") != kVersion) {
    throw Error(ErrorCategory::kBadInput, "it is of another version", {}, path);
  }
  return json;
}

Json ids_json(const std::vector<SampleId>& ids) {
  Json::Array array;
  array.reserve(ids.size());
  for (const SampleId id : ids) array.emplace_back(id);
  return Json(std::move(array));
}

std::vector<SampleId> ids_of(const Json& array) {
  std::vector<SampleId> ids;
  ids.reserve(array.size());
  for (const Json& id : array.as_array()) ids.push_back(id.as_int());
  return ids;
}

Json sort_json(const SortChoice& sort) {
  return Json::object({{"column", sort.column}, {"descending", sort.descending}});
}

SortChoice sort_of(const Json& json) {
  return {json.at("column").as_string(), json.at("descending").as_bool()};
}

Json names_json(const std::set<std::string>& names) {
  Json::Array array;
  for (const std::string& name : names) array.emplace_back(to_valid_utf8(name));
  return Json(std::move(array));
}

std::set<std::string> names_of(const Json& json, std::string_view key) {
  std::set<std::string> names;
  if (const Json* found = json.find(key)) {
    for (const Json& name : found->as_array()) names.insert(name.as_string());
  }
  return names;
}

Json layout_json(const LayoutState& layout) {
  return Json::object({{"left_width", layout.left_width},
                       {"right_width", layout.right_width},
                       {"bottom_height", layout.bottom_height},
                       {"show_bottom", layout.show_bottom},
                       {"bottom_tab", layout.bottom_tab},
                       {"table", layout.centre == CentreMode::kTable},
                       {"tile_width", layout.tile_width},
                       {"folded", names_json(layout.folded_facets)},
                       {"opened", names_json(layout.opened_facets)}});
}

void take_layout(const Json& json, LayoutState& layout) {
  const auto length = [&](const char* key, float& value, double least, double most) {
    value = static_cast<float>(
        std::clamp(json.get_double(key, static_cast<double>(value)), least, most));
  };
  length("left_width", layout.left_width, 100, 2000);
  length("right_width", layout.right_width, 100, 2000);
  length("bottom_height", layout.bottom_height, 60, 2000);
  length("tile_width", layout.tile_width, 60, 480);
  layout.show_bottom = json.get_bool("show_bottom", layout.show_bottom);
  layout.bottom_tab = json.get_string("bottom_tab", layout.bottom_tab);
  layout.folded_facets = names_of(json, "folded");
  layout.opened_facets = names_of(json, "opened");
  layout.centre = json.get_bool("table") ? CentreMode::kTable : CentreMode::kGrid;
}

Json round_json(const RoundState& round) {
  return Json::object({{"version", kVersion},
                       {"filter", round.filter},
                       {"sort", sort_json(round.sort)},
                       {"audit", round.audit},
                       {"returned", ids_json(round.returned)},
                       {"queue", ids_json(round.queue)}});
}

RoundState round_of(const Json& json) {
  RoundState round;
  round.filter = json.at("filter").as_string();
  round.sort = sort_of(json.at("sort"));
  round.audit = json.get_bool("audit");
  round.returned = ids_of(json.at("returned"));
  round.queue = ids_of(json.at("queue"));
  return round;
}

void write(const std::string& path, const std::string& text) {
  make_directories(std::string(parent_path(path)));
  write_file_atomic(path, text);
}

// An empty queue: there is no round any more.
void write_round(const std::string& path, const RoundState& round) {
  if (round.queue.empty()) {
    if (file_exists(path)) remove_all(path);
  } else {
    write(path, round_json(round).dump());
  }
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
  const Json json = read_version(shared_file());
  session_.state().theme =
      json.get_string("theme") == "light" ? ThemeName::kLight : ThemeName::kDark;
  const Json* recent = json.find("recent");
  if (recent == nullptr) return;
  for (const Json& path : recent->as_array()) {
    if (file_exists(path.as_string())) recent_.push_back(path.as_string());
  }
}

void Memory::read_store() {
  const Json json = read_version(store_file());
  AppState& state = session_.state();
  const SortChoice sort = sort_of(json.at("sort"));
  const std::string filter = json.at("filter").as_string();
  take_layout(json.at("layout"), state.layout);
  state.sort = sort;
  state.filter.draft = filter;
  run_ = json.get_string("run");
  place_ = json.get_int("sample");
  const std::string round = json.get_string("round");
  has_round_ = round == "active" || round == "paused";
  round_was_active_ = round == "active";
}

void Memory::view_taken() {
  if (folder_.empty() || std::exchange(shown_, true)) return;
  go_back();
}

void Memory::go_back() {
  const AppState& state = session_.state();
  const size_t row = place_ == 0 ? SIZE_MAX : state.snapshot.row_of(place_);
  if (row != SIZE_MAX) {
    const std::vector<RowIndex>& order = state.view->order;
    const auto found = std::find(order.begin(), order.end(), static_cast<RowIndex>(row));
    if (found != order.end()) session_.set_cursor(static_cast<size_t>(found - order.begin()));
  }
  if (!has_round_) return;
  session_.tasks().run(Lane::kPanels, [this, path = round_file()]() -> Tasks::Apply {
    try {
      auto round = std::make_shared<RoundState>(round_of(read_version(path)));
      return [this, round] {
        // A round that was begun meanwhile is the one that counts.
        if (session_.state().round.phase != RoundPhase::kNone) return;
        session_.round().put_back(std::move(*round), round_was_active_);
        written_round_ = session_.state().round.number;
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
  const std::optional<RowIndex> row = state.cursor_row();
  const RoundState& round = state.round;
  return Json::object({{"version", kVersion},
                       {"store", to_valid_utf8(session_.backend().store_path())},
                       {"filter", state.filter.applied},
                       {"sort", sort_json(state.sort)},
                       {"run", state.snapshot.samples.active_run},
                       {"sample", row ? state.snapshot.ids[*row] : place_},
                       {"round", round.phase == RoundPhase::kActive   ? "active"
                                 : round.phase == RoundPhase::kPaused ? "paused"
                                                                      : "none"},
                       {"layout", layout_json(state.layout)}});
}

void Memory::save_now() {
  if (!shown_) return;
  const AppState& state = session_.state();
  try {
    if (state.round.number != written_round_) write_round(round_file(), state.round);
    write(store_file(), describe().dump(2));
  } catch (const Error&) {
    // There is no window any more to tell it in, and no decision is lost.
  }
}

void Memory::frame(double now_secs) {
  if (!shown_ || now_secs < next_secs_) return;
  next_secs_ = now_secs + kEverySecs;
  const AppState& state = session_.state();
  if (state.round.number != written_round_) {
    written_round_ = state.round.number;
    session_.tasks().run(Lane::kPanels,
                         [path = round_file(), round = state.round]() -> Tasks::Apply {
                           write_round(path, round);
                           return nullptr;
                         });
  }
  std::string store = describe().dump(2);
  if (store != written_store_) {
    written_store_ = store;
    session_.tasks().run(Lane::kPanels,
                         [path = store_file(), text = std::move(store)]() -> Tasks::Apply {
                           write(path, text);
                           return nullptr;
                         });
  }
  Json::Array recent;
  for (const std::string& path : recent_) {
    if (is_valid_utf8(path)) recent.emplace_back(path);
  }
  std::string shared = Json::object({{"version", kVersion},
                                     {"theme", state.theme == ThemeName::kLight ? "light" : "dark"},
                                     {"recent", Json(std::move(recent))}})
                           .dump(2);
  if (shared == written_shared_) return;
  written_shared_ = shared;
  session_.tasks().run(Lane::kPanels,
                       [path = shared_file(), text = std::move(shared)]() -> Tasks::Apply {
                         write(path, text);
                         return nullptr;
                       });
}

}  // namespace errata::viewer

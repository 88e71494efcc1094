#include "importers/path_matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <mutex>
#include <unordered_map>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"

namespace errata::importers {

namespace {

constexpr uint32_t kSeveral = UINT32_MAX;  // more than one sample has this text

// Hash of a text to the one sample that has it. The text itself is compared by the caller. Open
// addressing: a node per entry costs a cache miss per look-up.
class UniqueIndex {
 public:
  void reserve(size_t n) {
    if (n * 2 > slots_.size()) grow(std::bit_ceil(n * 2));
  }
  void add(uint64_t hash, uint32_t row) {
    if ((count_ + 1) * 2 > slots_.size()) grow(std::max<size_t>(64, slots_.size() * 2));
    Slot& slot = slots_[place_of(hash)];
    if (slot.row == kFree) {
      slot = {hash, row};
      ++count_;
    } else if (slot.row != row) {
      slot.row = kSeveral;
    }
  }
  // The row, kSeveral, or nothing.
  const uint32_t* find(uint64_t hash) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place_of(hash)];
    return slot.row == kFree ? nullptr : &slot.row;
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX - 1;
  struct Slot {
    uint64_t hash = 0;
    uint32_t row = kFree;
  };

  // Of the slot with this hash, or of the free one where it belongs.
  size_t place_of(uint64_t hash) const {
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    while (slots_[at].row != kFree && slots_[at].hash != hash) at = (at + 1) & mask;
    return at;
  }
  void grow(size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.row != kFree) slots_[place_of(slot.hash)] = slot;
    }
  }

  std::vector<Slot> slots_;
  size_t count_ = 0;
};

// Orders texts by their reversed bytes.
bool reversed_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  if (y == b.rend()) return false;
  return x == a.rend() || static_cast<uint8_t>(*x) < static_cast<uint8_t>(*y);
}

// The last eight bytes as a number that orders as the reversed texts do; shorter texts come first.
uint64_t last_bytes(std::string_view text) {
  uint64_t value = 0;
  const size_t n = std::min(text.size(), sizeof value);
  for (size_t i = 0; i < n; ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(text[text.size() - 1 - i])) << (56 - 8 * i);
  }
  return value;
}

// The path part and the member of "path#17"; member -1 when there is none.
std::pair<std::string_view, int64_t> split_member(std::string_view key) {
  const size_t mark = key.rfind('#');
  if (mark == std::string_view::npos || mark + 1 == key.size()) return {key, -1};
  int64_t member = 0;
  const char* end = key.data() + key.size();
  const auto result = std::from_chars(key.data() + mark + 1, end, member);
  if (result.ptr != end || member < 0) return {key, -1};
  return {key.substr(0, mark), member};
}

}  // namespace

void MatchCounts::add(MatchMethod method) {
  switch (method) {
    case MatchMethod::kNone: ++missing; break;
    case MatchMethod::kExact: ++exact; break;
    case MatchMethod::kSuffix: ++suffix; break;
    case MatchMethod::kStem: ++stem; break;
    case MatchMethod::kAmbiguous: ++ambiguous; break;
  }
}

std::string MatchCounts::to_text() const {
  std::string text;
  const auto part = [&](uint64_t n, std::string_view what) {
    if (n == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", with_thousands(n), what);
  };
  part(exact, "by exact path");
  part(suffix, "by unique suffix");
  part(stem, "by unique stem");
  part(ambiguous, "ambiguous");
  part(missing, "not found");
  return text.empty() ? "nothing to match" : text;
}

std::string_view file_stem(std::string_view path) {
  const std::string_view name = base_name(path);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string locator_text(std::string_view path, int64_t member) {
  return member < 0 ? std::string(path) : fmt::format("{}#{}", path, member);
}

struct PathMatcher::State {
  // All locators one after the other; sample i has [starts[i], starts[i + 1]).
  std::string heap;
  std::vector<uint64_t> starts = {0};
  std::vector<uint32_t> root_of;
  std::vector<std::string> roots;
  std::unordered_map<std::string, uint32_t> root_index;
  UniqueIndex by_locator;
  UniqueIndex by_raw_id;
  std::vector<std::string> raw_ids;  // empty until the first sample that has one

  mutable std::once_flag reversed_once;
  mutable std::vector<uint64_t> reversed_last_bytes;  // last_bytes() of each, so rising
  mutable std::vector<uint32_t> reversed;  // rows by the reversed bytes of their locators
  mutable std::once_flag stems_once;
  mutable UniqueIndex by_stem;

  size_t size() const { return starts.size() - 1; }
  std::string_view locator(size_t row) const {
    return std::string_view(heap).substr(starts[row], starts[row + 1] - starts[row]);
  }

  void build_reversed() const {
    std::vector<std::pair<uint64_t, uint32_t>> order(size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = {last_bytes(locator(i)), i};
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      return reversed_less(locator(a.second), locator(b.second));
    });
    reversed.resize(order.size());
    reversed_last_bytes.resize(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      reversed_last_bytes[i] = order[i].first;
      reversed[i] = order[i].second;
    }
  }

  void build_stems() const {
    by_stem.reserve(size());
    for (uint32_t i = 0; i < size(); ++i) by_stem.add(xxh3_64(file_stem(locator(i))), i);
  }

  // True, with the match set, when the key is settled by this step.
  bool find_exact(std::string_view key, Match& match) const {
    if (const uint32_t* row = by_locator.find(xxh3_64(key))) {
      // The same locator below several roots.
      if (*row == kSeveral) return settle(kSeveral, MatchMethod::kAmbiguous, match);
      if (locator(*row) == key) return settle(*row, MatchMethod::kExact, match);
    }
    if (!raw_ids.empty()) {
      if (const uint32_t* row = by_raw_id.find(xxh3_64(key))) {
        if (*row == kSeveral) return settle(kSeveral, MatchMethod::kAmbiguous, match);
        if (raw_ids[*row] == key) return settle(*row, MatchMethod::kExact, match);
      }
    }
    return find_absolute(key, match);
  }

  bool find_absolute(std::string_view key, Match& match) const {
    if (key.empty() || key.front() != '/') return false;
    for (uint32_t r = 0; r < roots.size(); ++r) {
      const std::string& root = roots[r];
      if (key.size() <= root.size() + 1 || !key.starts_with(root) || key[root.size()] != '/') {
        continue;
      }
      const std::string_view below = key.substr(root.size() + 1);
      const uint32_t* row = by_locator.find(xxh3_64(below));
      if (row == nullptr) continue;
      if (*row != kSeveral && root_of[*row] == r && locator(*row) == below) {
        return settle(*row, MatchMethod::kExact, match);
      }
      if (*row == kSeveral && settle_in_root(below, r, match)) return true;
    }
    return false;
  }

  // Several roots hold this locator: the one in root `r`, looked up the slow way.
  bool settle_in_root(std::string_view below, uint32_t r, Match& match) const {
    const auto [first, last] = range_ending_in(below);
    for (size_t i = first; i < last; ++i) {
      const uint32_t row = reversed[i];
      if (root_of[row] == r && locator(row) == below) {
        return settle(row, MatchMethod::kExact, match);
      }
    }
    return false;
  }

  static bool settle(uint32_t row, MatchMethod method, Match& match) {
    match.method = method;
    match.index = row == kSeveral ? SIZE_MAX : row;
    return true;
  }

  // Rows of `reversed` whose locator ends in `suffix`, in bytes.
  std::pair<size_t, size_t> range_ending_in(std::string_view suffix) const {
    std::call_once(reversed_once, [&] { build_reversed(); });
    const auto tail = [&](uint32_t row) {
      const std::string_view text = locator(row);
      return text.substr(text.size() - std::min(text.size(), suffix.size()));
    };
    auto from = reversed.begin();
    auto to = reversed.end();
    if (suffix.size() >= sizeof(uint64_t)) {
      const auto [low, high] = std::equal_range(reversed_last_bytes.begin(),
                                                reversed_last_bytes.end(), last_bytes(suffix));
      from += low - reversed_last_bytes.begin();
      to = reversed.begin() + (high - reversed_last_bytes.begin());
    }
    const auto first = std::partition_point(
        from, to, [&](uint32_t row) { return reversed_less(tail(row), suffix); });
    const auto last = std::partition_point(
        first, to, [&](uint32_t row) { return !reversed_less(suffix, tail(row)); });
    return {static_cast<size_t>(first - reversed.begin()),
            static_cast<size_t>(last - reversed.begin())};
  }

  bool find_suffix(std::string_view key, Match& match) const {
    // The key is a part of a locator: more of the path would only be said by the locator. All
    // locators that end in "/key" lie together.
    const std::string with_slash = "/" + std::string(key);
    const auto [first, last] = range_ending_in(with_slash);
    if (last - first > 1) return settle(kSeveral, MatchMethod::kAmbiguous, match);
    if (last - first == 1) return settle(reversed[first], MatchMethod::kSuffix, match);
    // A locator is a part of the key: drop leading folders one by one, the longest first.
    std::string_view rest = key;
    while (true) {
      const size_t slash = rest.find('/');
      if (slash == std::string_view::npos) break;
      rest.remove_prefix(slash + 1);
      if (rest.empty()) break;
      const uint32_t* row = by_locator.find(xxh3_64(rest));
      if (row == nullptr) continue;
      if (*row == kSeveral) return find_by_root_tail(key, rest, match);
      if (locator(*row) == rest) return settle(*row, MatchMethod::kSuffix, match);
    }
    return find_root_and_locator(key, match);
  }

  // The key holds a locator that several roots have: the root whose name stands before it decides.
  bool find_by_root_tail(std::string_view key, std::string_view rest, Match& match) const {
    const std::string_view folders = key.substr(0, key.size() - rest.size() - 1);
    const auto [first, last] = range_ending_in(rest);
    uint32_t best = kSeveral;
    size_t best_parts = 0;
    bool tie = true;
    for (size_t i = first; i < last; ++i) {
      if (locator(reversed[i]) != rest) continue;
      const size_t parts = common_tail_parts(folders, roots[root_of[reversed[i]]]);
      if (parts == best_parts) tie = true;
      if (parts > best_parts) {
        best = reversed[i];
        best_parts = parts;
        tie = false;
      }
    }
    return tie ? settle(kSeveral, MatchMethod::kAmbiguous, match)
               : settle(best, MatchMethod::kSuffix, match);
  }

  static size_t common_tail_parts(std::string_view a, std::string_view b) {
    size_t parts = 0;
    while (!a.empty() && !b.empty() && base_name(a) == base_name(b)) {
      ++parts;
      const size_t cut_a = a.rfind('/');
      const size_t cut_b = b.rfind('/');
      if (cut_a == std::string_view::npos || cut_b == std::string_view::npos) break;
      a = a.substr(0, cut_a);
      b = b.substr(0, cut_b);
    }
    return parts;
  }

  // The key begins within a root's own folders: "photos/cat/1.jpg" with the root "/data/photos".
  bool find_root_and_locator(std::string_view key, Match& match) const {
    uint32_t found = kSeveral;
    size_t count = 0;
    for (uint32_t r = 0; r < roots.size(); ++r) {
      for (size_t slash = key.find('/'); slash != std::string_view::npos;
           slash = key.find('/', slash + 1)) {
        if (slash == 0 || !roots[r].ends_with(key.substr(0, slash))) continue;
        if (roots[r].size() > slash && roots[r][roots[r].size() - slash - 1] != '/') continue;
        const uint32_t* row = by_locator.find(xxh3_64(key.substr(slash + 1)));
        if (row == nullptr || *row == kSeveral || root_of[*row] != r) continue;
        if (locator(*row) != key.substr(slash + 1)) continue;
        found = *row;
        ++count;
      }
    }
    if (count == 0) return false;
    return settle(count == 1 ? found : kSeveral,
                  count == 1 ? MatchMethod::kSuffix : MatchMethod::kAmbiguous, match);
  }

  bool find_stem(std::string_view key, Match& match) const {
    std::call_once(stems_once, [&] { build_stems(); });
    // The last component may itself be a stem with a dot in it: "img.v2" for "img.v2.jpg".
    const std::string_view name = base_name(key);
    return find_one_stem(name, match) || find_one_stem(file_stem(name), match);
  }

  bool find_one_stem(std::string_view stem, Match& match) const {
    const uint32_t* row = stem.empty() ? nullptr : by_stem.find(xxh3_64(stem));
    if (row == nullptr) return false;
    if (*row == kSeveral) return settle(kSeveral, MatchMethod::kAmbiguous, match);
    if (file_stem(locator(*row)) != stem) return false;
    return settle(*row, MatchMethod::kStem, match);
  }
};

PathMatcher::PathMatcher() : state_(std::make_unique<State>()) {}
PathMatcher::~PathMatcher() = default;
PathMatcher::PathMatcher(PathMatcher&&) noexcept = default;
PathMatcher& PathMatcher::operator=(PathMatcher&&) noexcept = default;

size_t PathMatcher::size() const {
  return state_->size();
}

size_t PathMatcher::add(std::string_view root, std::string_view path, int64_t member,
                        std::string_view raw_id) {
  State& s = *state_;
  const auto row = static_cast<uint32_t>(s.size());
  const size_t start = s.heap.size();
  s.heap += path;
  if (member >= 0) s.heap += fmt::format("#{}", member);
  s.starts.push_back(s.heap.size());
  if (s.root_of.empty() || s.roots[s.root_of.back()] != root) {
    const auto [found, added] =
        s.root_index.emplace(std::string(root), static_cast<uint32_t>(s.roots.size()));
    if (added) s.roots.emplace_back(root);
    s.root_of.push_back(found->second);
  } else {
    s.root_of.push_back(s.root_of.back());
  }
  s.by_locator.add(xxh3_64(std::string_view(s.heap).substr(start)), row);
  if (!raw_id.empty()) {
    s.raw_ids.resize(row + 1);
    s.raw_ids[row] = raw_id;
    s.by_raw_id.add(xxh3_64(raw_id), row);
  }
  return row;
}

Match PathMatcher::find(std::string_view key) const {
  const State& s = *state_;
  while (key.starts_with("./")) key.remove_prefix(2);
  Match match;
  if (key.empty() || s.size() == 0) return match;
  if (s.find_exact(key, match)) return match;
  std::string forward;
  if (key.find('\\') != std::string_view::npos) {
    forward = key;
    std::replace(forward.begin(), forward.end(), '\\', '/');
    key = forward;
    while (key.starts_with("./")) key.remove_prefix(2);
    if (s.find_exact(key, match)) return match;
  }
  if (s.find_suffix(key, match)) return match;
  // An image inside a container has no stem of its own.
  if (split_member(key).second >= 0) return match;
  s.find_stem(key, match);
  return match;
}

}  // namespace errata::importers

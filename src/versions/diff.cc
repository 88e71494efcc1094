#include "versions/diff.h"

#include <algorithm>

namespace errata::versions {

namespace {

constexpr size_t kNone = SIZE_MAX;

std::string label_text(const DatasetState& state, size_t row) {
  std::string text;
  for (const int32_t code : state.labels[row]) {
    if (!text.empty()) text += ", ";
    text += state.class_names[static_cast<size_t>(code)];
  }
  return text;
}

std::string_view split_text(const DatasetState& state, size_t row) {
  const int32_t code = state.splits[row];
  return code < 0 ? std::string_view() : state.split_names[static_cast<size_t>(code)];
}

std::string path_of(const DatasetState& state, size_t row) {
  return state.paths.empty() ? std::string() : state.paths[row];
}

SampleId id_of(const DatasetState& state, size_t row) {
  return state.samples.empty() ? 0 : state.samples[row];
}

// Rows sorted by content, equal ones in order. The first bytes of a hash decide nearly always, and
// lie beside the row instead of somewhere in memory.
std::vector<size_t> by_content(const DatasetState& state) {
  struct Key {
    uint64_t first;
    size_t row;
  };
  std::vector<Key> keys(state.rows());
  for (size_t row = 0; row < keys.size(); ++row) {
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof(first); ++i) first = first << 8 | state.content[row][i];
    keys[row] = {first, row};
  }
  std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
    if (a.first != b.first) return a.first < b.first;
    const auto order = state.content[a.row] <=> state.content[b.row];
    return order != 0 ? order < 0 : a.row < b.row;
  });
  std::vector<size_t> rows(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) rows[i] = keys[i].row;
  return rows;
}

// Whether both states name their classes alike: then codes can be compared instead of texts.
class Differ {
 public:
  Differ(const DatasetState& from, const DatasetState& to)
      : from_(from),
        to_(to),
        partner_(to.rows(), kNone),
        same_classes_(from.class_names == to.class_names),
        same_splits_(from.split_names == to.split_names) {}

  StateDiff run() {
    pair_all();
    StateDiff diff;
    std::vector<uint8_t> kept(from_.rows(), 0);
    for (size_t row = 0; row < to_.rows(); ++row) {
      if (partner_[row] == kNone) {
        diff.added.push_back({id_of(to_, row), path_of(to_, row), "", label_text(to_, row)});
        continue;
      }
      kept[partner_[row]] = 1;
      compare(partner_[row], row, diff);
    }
    for (size_t row = 0; row < from_.rows(); ++row) {
      if (kept[row] != 0) continue;
      diff.removed.push_back({id_of(from_, row), path_of(from_, row), label_text(from_, row), ""});
    }
    compare_classes(diff);
    return diff;
  }

 private:
  bool same_label(size_t a, size_t b) const {
    if (same_classes_) return from_.labels[a] == to_.labels[b];
    return label_text(from_, a) == label_text(to_, b);
  }
  bool same_split(size_t a, size_t b) const {
    if (same_splits_) return from_.splits[a] == to_.splits[b];
    return split_text(from_, a) == split_text(to_, b);
  }

  void pair_all() {
    const std::vector<size_t> a = by_content(from_);
    const std::vector<size_t> b = by_content(to_);
    for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
      const Sha256Digest& content = from_.content[a[i]];
      if (content != to_.content[b[j]]) {
        content < to_.content[b[j]] ? ++i : ++j;
        continue;
      }
      size_t i_end = i;
      size_t j_end = j;
      while (i_end < a.size() && from_.content[a[i_end]] == content) ++i_end;
      while (j_end < b.size() && to_.content[b[j_end]] == content) ++j_end;
      pair_equal_contents({a.begin() + ptrdiff_t(i), a.begin() + ptrdiff_t(i_end)},
                          {b.begin() + ptrdiff_t(j), b.begin() + ptrdiff_t(j_end)});
      i = i_end;
      j = j_end;
    }
  }

  void pair_equal_contents(std::vector<size_t> a, std::vector<size_t> b) {
    const auto pair_where = [&](auto&& matches) {
      for (size_t& row_b : b) {
        for (size_t& row_a : a) {
          if (row_a == kNone || !matches(row_a, row_b)) continue;
          partner_[row_b] = row_a;
          row_a = kNone;
          row_b = kNone;
          break;
        }
      }
      std::erase(a, kNone);
      std::erase(b, kNone);
    };
    if (a.size() == 1 && b.size() == 1) {
      partner_[b[0]] = a[0];
      return;
    }
    pair_where([&](size_t x, size_t y) {
      return id_of(from_, x) != 0 && id_of(from_, x) == id_of(to_, y);
    });
    pair_where([&](size_t x, size_t y) { return same_label(x, y) && same_split(x, y); });
    pair_where([&](size_t x, size_t y) { return same_label(x, y); });
    pair_where([](size_t, size_t) { return true; });
  }

  // "3 objects", of what hash.h has of them.
  static std::string count_text(std::string_view boxes) {
    uint32_t count = 0;
    if (boxes.size() >= sizeof(count)) __builtin_memcpy(&count, boxes.data(), sizeof(count));
    return std::to_string(count) + (count == 1 ? " object" : " objects");
  }

  void compare(size_t a, size_t b, StateDiff& diff) const {
    const bool label = same_label(a, b);
    const bool split = same_split(a, b);
    const auto boxes_of = [](const DatasetState& state, size_t row) {
      return state.boxes.empty() ? std::string_view() : std::string_view(state.boxes[row]);
    };
    const bool boxes = same_objects(boxes_of(from_, a), boxes_of(to_, b));
    if (!boxes) {
      diff.redrawn.push_back({id_of(to_, b), path_of(to_, b), count_text(boxes_of(from_, a)),
                              count_text(boxes_of(to_, b))});
    }
    if (label && split) {
      diff.unchanged += boxes ? 1 : 0;
      return;
    }
    const auto note = [&](std::vector<DiffEntry>& entries, auto& pairs, std::string from,
                          std::string to) {
      ++pairs[{from, to}];
      entries.push_back({id_of(to_, b), path_of(to_, b), std::move(from), std::move(to)});
    };
    if (!label) {
      note(diff.relabelled, diff.relabelled_by_pair, label_text(from_, a), label_text(to_, b));
    }
    if (!split) {
      note(diff.moved, diff.moved_by_pair, std::string(split_text(from_, a)),
           std::string(split_text(to_, b)));
    }
  }

  void compare_classes(StateDiff& diff) const {
    const auto missing_in = [](const std::vector<std::string>& some,
                               const std::vector<std::string>& all) {
      std::vector<std::string> missing;
      for (const std::string& name : some) {
        if (std::find(all.begin(), all.end(), name) == all.end()) missing.push_back(name);
      }
      return missing;
    };
    if (same_classes_) return;
    diff.classes_added = missing_in(to_.class_names, from_.class_names);
    diff.classes_removed = missing_in(from_.class_names, to_.class_names);
  }

  const DatasetState& from_;
  const DatasetState& to_;
  std::vector<size_t> partner_;  // per row of `to`, its row of `from`
  const bool same_classes_;
  const bool same_splits_;
};

}  // namespace

bool same_objects(std::string_view a, std::string_view b) {
  const auto plain = [](std::string_view boxes) {
    return boxes.size() <= sizeof(uint32_t) ? std::string_view() : boxes;
  };
  return plain(a) == plain(b);
}

StateDiff diff_states(const DatasetState& from, const DatasetState& to) {
  return Differ(from, to).run();
}

}  // namespace errata::versions

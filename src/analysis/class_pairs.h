// Counts of pairs of classes, [given][true], of which only those that are not 0 take memory: of
// 20,000 classes a whole matrix would take gigabytes, where samples make a few thousand pairs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "model/ids.h"

namespace errata::analysis {

class ClassPairs {
 public:
  struct Entry {
    ClassIndex truth = 0;
    int64_t count = 0;
  };

  size_t classes() const { return begins_.size() - 1; }
  size_t pairs() const { return entries_.size(); }

  // Of one given class, by the true one, rising.
  std::span<const Entry> of(size_t given) const {
    return std::span(entries_).subspan(begins_[given], begins_[given + 1] - begins_[given]);
  }

  int64_t at(size_t given, size_t truth) const {
    const std::span<const Entry> row = of(given);
    const auto wanted = static_cast<ClassIndex>(truth);
    const auto found =
        std::lower_bound(row.begin(), row.end(), wanted,
                         [](const Entry& entry, ClassIndex at) { return entry.truth < at; });
    return found != row.end() && found->truth == wanted ? found->count : 0;
  }

  // A count of the given class that is being filled; those of one class come by rising true class.
  void add(ClassIndex truth, int64_t count) {
    if (count != 0) entries_.push_back({truth, count});
  }
  // The next given class follows.
  void end_row() { begins_.push_back(entries_.size()); }

  // [true][given].
  ClassPairs transposed() const {
    ClassPairs result;
    result.begins_.assign(classes() + 1, 0);
    for (const Entry& entry : entries_) ++result.begins_[static_cast<size_t>(entry.truth) + 1];
    for (size_t k = 0; k < classes(); ++k) result.begins_[k + 1] += result.begins_[k];
    result.entries_.resize(entries_.size());
    std::vector<size_t> next(result.begins_.begin(), result.begins_.end() - 1);
    for (size_t given = 0; given < classes(); ++given) {
      for (const Entry& entry : of(given)) {
        result.entries_[next[static_cast<size_t>(entry.truth)]++] = {static_cast<ClassIndex>(given),
                                                                     entry.count};
      }
    }
    return result;
  }

 private:
  std::vector<Entry> entries_;
  std::vector<size_t> begins_{0};
};

}  // namespace errata::analysis

// Which class was taken for which.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/columns.h"
#include "query/selection.h"

namespace errata::query {

// counts[given * classes.size() + predicted], over the rows that have both.
struct ConfusionMatrix {
  std::vector<std::string>
      classes;  // given's dictionary in its order, then what only predicted has
  std::vector<uint64_t> counts;
  uint64_t without_given = 0;      // rows with no given label
  uint64_t without_predicted = 0;  // rows with a given label and no prediction

  uint64_t at(size_t given, size_t predicted) const {
    return counts[given * classes.size() + predicted];
  }
};

// Both kCategory; throws Error(kInternal) for others. Memory: 8 bytes for each pair of classes.
ConfusionMatrix confusion(const Column& given, const Column& predicted, const Selection& selection);

}  // namespace errata::query

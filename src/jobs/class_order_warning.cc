#include "jobs/class_order_warning.h"

#include <fmt/format.h>

#include <utility>

namespace errata::jobs {

namespace {

constexpr size_t kMostNamed = 3;

}  // namespace

std::string class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                                const std::vector<std::string>& names) {
  const analysis::ClassOrder order = analysis::find_class_order(pairs, names.size());
  if (!order.doubtful) return {};
  std::string examples;
  size_t named = 0;
  for (size_t k = 0; k < order.label_of.size() && named < kMostNamed; ++k) {
    const int32_t label = order.label_of[k];
    if (label < 0 || static_cast<size_t>(label) == k) continue;
    examples += fmt::format("{}'{}' where the label is '{}'", named++ == 0 ? "" : ", ", names[k],
                            names[static_cast<size_t>(label)]);
  }
  return fmt::format(
      "the model's classes seem to stand in another order than their names: it says {}; {:.0f} % "
      "agree so, {:.0f} % as named. Attach its predictions again with the class names in the "
      "model's "
      "own order (--class-map FILE)",
      examples, order.as_found * 100, order.as_named * 100);
}

void add_class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                             const std::vector<std::string>& names,
                             std::vector<std::string>& warnings) {
  std::string warning = class_order_warning(pairs, names);
  if (!warning.empty()) warnings.push_back(std::move(warning));
}

}  // namespace errata::jobs

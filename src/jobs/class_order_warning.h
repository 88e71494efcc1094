// What to tell a person whose model's classes stand in another order than their names say.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/class_order.h"

namespace errata::jobs {

// Empty when the classes agree as they are named. `names`: of the classes that `pairs` count.
std::string class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                                const std::vector<std::string>& names);
void add_class_order_warning(std::span<const analysis::ClassPairCount> pairs,
                             const std::vector<std::string>& names,
                             std::vector<std::string>& warnings);

}  // namespace errata::jobs

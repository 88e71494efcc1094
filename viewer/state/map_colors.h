// The colours of the map. Told apart by the colour-blind too: right and wrong are blue and orange,
// a number's colours rise in lightness, the classes' are of schemes made for that.
#pragma once

#include <cstddef>
#include <string_view>

#include "viewer/state/map_state.h"

namespace errata::viewer {

// Of the k-th by name of the most frequent classes. Below kMapClassColors.
inline constexpr size_t kMapClassColors = 10;
Rgb map_class_color(size_t k, bool dark);

// Of the values of columns whose values mean something (outcome, verdict, review); nullopt for
// other columns. `rank`: the higher is drawn over the lower.
struct MapMeaning {
  Rgb color{};
  int rank = 0;
};
std::optional<MapMeaning> map_meaning(std::string_view column, std::string_view value, bool dark);

// From the best value, 0, to the worst, 1: the worst stands out most.
Rgb map_scale_color(double share, bool dark);

}  // namespace errata::viewer

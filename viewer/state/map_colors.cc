#include "viewer/state/map_colors.h"

#include <algorithm>

namespace errata::viewer {

namespace {

constexpr Rgb rgb(unsigned value) {
  return {static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 8 & 0xFF),
          static_cast<uint8_t>(value & 0xFF)};
}

// Paul Tol's schemes "light" and "muted" (personal.sron.nl/~pault), with a violet in the one and
// darker pale colours in the other.
constexpr std::array<Rgb, kMapClassColors> kOnDark{
    rgb(0x77AADD), rgb(0xEE8866), rgb(0x44BB99), rgb(0xEEDD88), rgb(0xB48EEA),
    rgb(0xFFAABB), rgb(0xBBCC33), rgb(0x99DDFF), rgb(0xAAAA00), rgb(0xDDDDDD)};
constexpr std::array<Rgb, kMapClassColors> kOnLight{
    rgb(0x332288), rgb(0xCC6677), rgb(0x117733), rgb(0xB8963A), rgb(0x3F97C9),
    rgb(0xAA4499), rgb(0x2F9688), rgb(0x882255), rgb(0x7F7F2A), rgb(0x4A4A4A)};

struct Meaning {
  std::string_view column;
  std::string_view value_begins;
  unsigned on_dark;
  unsigned on_light;
  int rank;
};

constexpr std::array kMeanings{
    Meaning{"outcome", "right", 0x4F7FC4, 0x6B97CF, 0},
    Meaning{"outcome", "wrong", 0xFF9248, 0xBF4B00, 1},
    Meaning{"verdict", "right", 0x46586F, 0xA3B2C4, 0},
    Meaning{"verdict", "model", 0xF2C14E, 0xA87400, 1},
    Meaning{"verdict", "ambiguous", 0xBA97F7, 0x6B3FC0, 2},
    Meaning{"verdict", "not", 0x6FD3D9, 0x137C86, 3},
    Meaning{"verdict", "label", 0xFF7A5C, 0xB93226, 4},
    Meaning{"review", "unseen", 0x46586F, 0xA3B2C4, 0},
    Meaning{"review", "kept", 0x5FC9A0, 0x1A7238, 1},
    Meaning{"review", "ambiguous", 0xBA97F7, 0x6B3FC0, 2},
    Meaning{"review", "relabelled", 0x6CA6FF, 0x1C5FCB, 3},
    Meaning{"review", "excluded", 0xFF7A5C, 0xB93226, 4},
};

using Stop = std::array<double, 3>;
constexpr std::array<Stop, 4> kScaleOnDark{
    {{0.27, 0.24, 0.55}, {0.16, 0.49, 0.58}, {0.36, 0.76, 0.44}, {0.99, 0.90, 0.24}}};
constexpr std::array<Stop, 4> kScaleOnLight{
    {{0.66, 0.76, 0.62}, {0.30, 0.62, 0.55}, {0.15, 0.40, 0.55}, {0.25, 0.08, 0.42}}};

}  // namespace

Rgb map_class_color(size_t k, bool dark) {
  return (dark ? kOnDark : kOnLight)[k];
}

std::optional<MapMeaning> map_meaning(std::string_view column, std::string_view value, bool dark) {
  for (const Meaning& each : kMeanings) {
    if (each.column == column && value.starts_with(each.value_begins)) {
      return MapMeaning{rgb(dark ? each.on_dark : each.on_light), each.rank};
    }
  }
  return std::nullopt;
}

Rgb map_scale_color(double share, bool dark) {
  const std::array<Stop, 4>& stops = dark ? kScaleOnDark : kScaleOnLight;
  const double at = std::clamp(share, 0.0, 1.0) * (stops.size() - 1);
  const auto low = std::min(static_cast<size_t>(at), stops.size() - 2);
  Rgb color;
  for (size_t c = 0; c < 3; ++c) {
    const double value =
        stops[low][c] + (at - static_cast<double>(low)) * (stops[low + 1][c] - stops[low][c]);
    color[c] = static_cast<uint8_t>(std::clamp(value, 0.0, 1.0) * 255 + 0.5);
  }
  return color;
}

}  // namespace errata::viewer

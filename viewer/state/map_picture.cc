#include "viewer/state/map_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "model/scores.h"
#include "viewer/state/map_colors.h"

namespace errata::viewer {

namespace {

constexpr double kRoom = 1.08;    // of that which all points take
constexpr double kMargin = 0.25;  // of the canvas, on each side
constexpr size_t kScaleColors = 24;

// What a row is coloured with, and what is drawn over what.
class Colors {
 public:
  static constexpr size_t kRanks = 16;

  Colors(const MapQuestion& question, const std::vector<RowIndex>& shown,
         const std::vector<RowIndex>& others)
      : question_(question), column_(question.samples.find(question.color)) {
    if (column_ == nullptr) return;
    if (column_->type == ColumnType::kCategory) {
      read_categories(shown, others);
    } else {
      read_range(shown);
    }
  }

  Rgb of(RowIndex row) const {
    if (column_ == nullptr) return map_class_color(0, question_.dark);
    if (column_->is_null(row)) return question_.faint;
    if (!scale_) return of_code_[static_cast<size_t>(column_->codes[row])];
    const auto step = static_cast<size_t>(share(row) * (kScaleColors - 1) + 0.5);
    return scale_->colors[step];
  }
  // Below kRanks.
  size_t rank(RowIndex row) const {
    if (column_ == nullptr || column_->is_null(row)) return 0;
    if (!scale_) return rank_of_code_[static_cast<size_t>(column_->codes[row])];
    return 1 + static_cast<size_t>(share(row) * (kRanks - 2));
  }

  void describe(MapPicture& picture) {
    picture.legend = std::move(legend_);
    picture.scale = scale_;
  }

 private:
  double share(RowIndex row) const {
    const double value = (column_->number(row) - scale_->best) / (scale_->worst - scale_->best);
    return value > 0 ? std::min(value, 1.0) : 0;  // 0 where all values are one
  }

  std::vector<size_t> count(const std::vector<RowIndex>& rows) const {
    std::vector<size_t> counts(column_->dictionary->size(), 0);
    for (const RowIndex row : rows) {
      if (column_->codes[row] >= 0) ++counts[static_cast<size_t>(column_->codes[row])];
    }
    return counts;
  }

  void read_categories(const std::vector<RowIndex>& shown, const std::vector<RowIndex>& others) {
    const Dictionary& names = *column_->dictionary;
    const std::vector<size_t> counts = count(shown);
    // A class keeps its colour whatever the filter shows.
    std::vector<size_t> all = count(others);
    for (size_t code = 0; code < all.size(); ++code) all[code] += counts[code];
    std::vector<size_t> by_count(all.size());
    std::iota(by_count.begin(), by_count.end(), size_t{0});
    std::stable_sort(by_count.begin(), by_count.end(),
                     [&](size_t a, size_t b) { return all[a] > all[b]; });
    of_code_.assign(all.size(), question_.faint);
    rank_of_code_.assign(all.size(), 1);
    // Of those with most, which has which colour is a matter of names: an edit does not swap them.
    std::vector<size_t> coloured(
        by_count.begin(),
        by_count.begin() + static_cast<std::ptrdiff_t>(std::min(by_count.size(), kMapClassColors)));
    std::sort(coloured.begin(), coloured.end(), [&](size_t a, size_t b) {
      return names[static_cast<int32_t>(a)] < names[static_cast<int32_t>(b)];
    });
    for (size_t k = 0; k < coloured.size(); ++k) {
      of_code_[coloured[k]] = map_class_color(k, question_.dark);
    }
    size_t rest = 0;
    size_t rest_count = 0;
    for (size_t k = 0; k < by_count.size(); ++k) {
      const size_t code = by_count[k];
      if (all[code] == 0) continue;
      const std::string& name = names[static_cast<int32_t>(code)];
      if (const auto meaning = map_meaning(question_.color, name, question_.dark)) {
        of_code_[code] = meaning->color;
        rank_of_code_[code] = static_cast<size_t>(1 + meaning->rank);
      } else if (k >= kMapClassColors) {
        ++rest;
        rest_count += counts[code];
        continue;
      }
      legend_.push_back({name, of_code_[code], counts[code], true});
    }
    if (rest > 0) legend_.push_back({fmt::format("{} others", rest), question_.faint, rest_count});
    const auto without = static_cast<size_t>(std::count_if(
        shown.begin(), shown.end(), [&](RowIndex row) { return column_->is_null(row); }));
    if (without > 0) legend_.push_back({"none", question_.faint, without});
  }

  void read_range(const std::vector<RowIndex>& shown) {
    std::vector<double> values;
    for (const RowIndex row : shown) {
      if (!column_->is_null(row)) values.push_back(column_->number(row));
    }
    MapScale scale;
    if (!values.empty()) {
      const auto at = [&](double share) {
        const auto nth = values.begin() + static_cast<std::ptrdiff_t>(
                                              share * static_cast<double>(values.size() - 1));
        std::nth_element(values.begin(), nth, values.end());
        return *nth;
      };
      scale.best = at(0.01);
      scale.worst = at(0.99);
    }
    const ScoreInfo* score = find_score(question_.color);
    if (score != nullptr && score->worst == Worst::kLow) std::swap(scale.best, scale.worst);
    for (size_t i = 0; i < kScaleColors; ++i) {
      scale.colors.push_back(map_scale_color(
          static_cast<double>(i) / static_cast<double>(kScaleColors - 1), question_.dark));
    }
    scale_ = std::move(scale);
  }

  const MapQuestion& question_;
  const Column* column_;
  std::vector<Rgb> of_code_;
  std::vector<size_t> rank_of_code_;
  std::vector<MapLegend> legend_;
  std::optional<MapScale> scale_;
};

struct Columns {
  const Column* x = nullptr;
  const Column* y = nullptr;

  explicit Columns(const Table& samples) : x(samples.find("map_x")), y(samples.find("map_y")) {}
  bool usable() const {
    return x != nullptr && y != nullptr && x->type == ColumnType::kFloat &&
           y->type == ColumnType::kFloat;
  }
  bool has(RowIndex row) const {
    return std::isfinite(x->floats[row]) && std::isfinite(y->floats[row]);
  }
};

// A dot with a soft edge: how much of each pixel around its middle it covers.
class Dot {
 public:
  explicit Dot(double diameter_px) : reach_(static_cast<int>(diameter_px / 2 + 0.5)) {
    if (diameter_px <= 1) reach_ = 0;
    for (int y = -reach_; y <= reach_; ++y) {
      for (int x = -reach_; x <= reach_; ++x) {
        const double covered = diameter_px / 2 + 0.5 - std::hypot(x, y);
        weights_.push_back(static_cast<unsigned>(std::clamp(covered, 0.0, 1.0) * 256));
      }
    }
    if (reach_ == 0) weights_ = {256};
  }

  void draw(MapPicture& picture, int left, int top, const Rgb& color, unsigned opacity,
            RowIndex row) const {
    size_t at_weight = 0;
    for (int y = top - reach_; y <= top + reach_; ++y) {
      for (int x = left - reach_; x <= left + reach_; ++x) {
        const unsigned covered = weights_[at_weight++];
        if (covered == 0 || y < 0 || x < 0 || y >= picture.height_px || x >= picture.width_px) {
          continue;
        }
        const unsigned weight = covered * opacity >> 8;
        const size_t at =
            static_cast<size_t>(y) * static_cast<size_t>(picture.width_px) + static_cast<size_t>(x);
        for (size_t c = 0; c < 3; ++c) {
          uint8_t& to = picture.rgb[at * 3 + c];
          to = static_cast<uint8_t>((to * (256 - weight) + color[c] * weight) >> 8);
        }
        if (covered > 64) picture.row_at[at] = row;
      }
    }
  }

 private:
  int reach_;
  std::vector<unsigned> weights_;  // of 256
};

class Drawing {
 public:
  explicit Drawing(const MapQuestion& question) : question_(question), columns_(question.samples) {}

  std::shared_ptr<MapPicture> make() {
    auto picture = std::make_shared<MapPicture>();
    picture->width_px = question_.width_px + 2 * static_cast<int>(question_.width_px * kMargin);
    picture->height_px = question_.height_px + 2 * static_cast<int>(question_.height_px * kMargin);
    split_rows(*picture);
    picture->view = view_of_all_or_chosen();
    const auto pixels =
        static_cast<size_t>(picture->width_px) * static_cast<size_t>(picture->height_px);
    picture->rgb.resize(pixels * 3);
    for (size_t i = 0; i < pixels * 3; ++i) picture->rgb[i] = question_.background[i % 3];
    picture->row_at.assign(pixels, MapPicture::kNoRow);
    Colors colors(question_, shown_, others_);
    draw_points(*picture, colors);
    colors.describe(*picture);
    return picture;
  }

 private:
  void split_rows(MapPicture& picture) {
    const size_t rows = question_.samples.rows();
    std::vector<uint8_t> in(rows, question_.view == nullptr ? 1 : 0);
    if (question_.view != nullptr) {
      for (const RowIndex row : question_.view->order) {
        if (row < rows) in[row] = 1;
      }
    }
    for (RowIndex row = 0; row < rows; ++row) {
      if (!columns_.has(row)) continue;
      (in[row] != 0 ? shown_ : others_).push_back(row);
    }
    picture.shown = shown_.size();
    picture.placed = shown_.size() + others_.size();
  }

  MapView view_of_all_or_chosen() const {
    if (question_.place.units_per_px > 0) return question_.place;
    double left = INFINITY, right = -INFINITY, bottom = INFINITY, top = -INFINITY;
    for (const std::vector<RowIndex>* rows : {&shown_, &others_}) {
      for (const RowIndex row : *rows) {
        left = std::min(left, double{columns_.x->floats[row]});
        right = std::max(right, double{columns_.x->floats[row]});
        bottom = std::min(bottom, double{columns_.y->floats[row]});
        top = std::max(top, double{columns_.y->floats[row]});
      }
    }
    MapView view;
    if (left > right) return {{0, 0}, 1};
    view.middle = {(left + right) / 2, (bottom + top) / 2};
    view.units_per_px = std::max({kRoom * (right - left) / question_.width_px,
                                  kRoom * (top - bottom) / question_.height_px, 1e-6});
    return view;
  }

  // Points with room around them are drawn larger: by the share of the squares they fall into.
  double dot_size(const MapPicture& picture) const {
    constexpr int kSquare = 12;
    const int across = picture.width_px / kSquare + 1;
    std::vector<uint8_t> taken(static_cast<size_t>(across) *
                               static_cast<size_t>(picture.height_px / kSquare + 1));
    size_t inside = 0;
    for (const RowIndex row : shown_) {
      const auto [x, y] = pixel_of(picture, row);
      if (x < 0 || y < 0 || x >= picture.width_px || y >= picture.height_px) continue;
      ++inside;
      taken[static_cast<size_t>(y / kSquare * across + x / kSquare)] = 1;
    }
    const auto squares = static_cast<double>(std::count(taken.begin(), taken.end(), 1));
    const double per_point = squares * kSquare * kSquare /
                             (question_.pixel_scale * question_.pixel_scale) /
                             static_cast<double>(std::max<size_t>(1, inside));
    const double size = per_point > 90    ? 6
                        : per_point > 30  ? 5
                        : per_point > 12  ? 4
                        : per_point > 3   ? 3
                        : per_point > 0.3 ? 2
                                          : 1;
    return size * question_.pixel_scale;
  }

  std::pair<int, int> pixel_of(const MapPicture& picture, RowIndex row) const {
    constexpr double kFar = 1e8;
    const MapPixel at = picture.view.pixel_of({columns_.x->floats[row], columns_.y->floats[row]},
                                              picture.width_px, picture.height_px);
    return {static_cast<int>(std::floor(std::clamp(at.x, -kFar, kFar))),
            static_cast<int>(std::floor(std::clamp(at.y, -kFar, kFar)))};
  }

  // Without an order of their own points come as by chance: rows are often sorted by class, and the
  // last class would lie over all others.
  std::vector<RowIndex> drawing_order(const Colors& colors) const {
    const size_t n = shown_.size();
    std::array<size_t, Colors::kRanks + 1> begins{};
    for (const RowIndex row : shown_) ++begins[colors.rank(row) + 1];
    for (size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
    std::vector<RowIndex> order(n);
    size_t step = std::max<size_t>(1, static_cast<size_t>(static_cast<double>(n) * 0.6180339887));
    while (std::gcd(step, n) > 1) ++step;
    for (size_t i = 0, at = 0; i < n; ++i, at = (at + step) % n) {
      order[begins[colors.rank(shown_[at])]++] = shown_[at];
    }
    return order;
  }

  void draw_points(MapPicture& picture, const Colors& colors) const {
    constexpr unsigned kClear = 218;  // of 256
    constexpr unsigned kBack = 90;
    const double size = dot_size(picture);
    const Dot dot(size);
    const Dot small(std::max(1.0, size - question_.pixel_scale));
    for (const RowIndex row : others_) {
      const auto [x, y] = pixel_of(picture, row);
      small.draw(picture, x, y, question_.faint, kBack, row);
    }
    const bool some_selected = question_.selection.count() > 0;
    const std::vector<RowIndex> order = drawing_order(colors);
    for (const RowIndex row : order) {
      if (some_selected && question_.selection.has(row)) continue;
      const auto [x, y] = pixel_of(picture, row);
      dot.draw(picture, x, y, colors.of(row), some_selected ? kBack : kClear, row);
    }
    if (!some_selected) return;
    for (const RowIndex row : order) {
      if (!question_.selection.has(row)) continue;
      const auto [x, y] = pixel_of(picture, row);
      dot.draw(picture, x, y, colors.of(row), 256, row);
    }
  }

  const MapQuestion& question_;
  Columns columns_;
  std::vector<RowIndex> shown_;
  std::vector<RowIndex> others_;
};

}  // namespace

bool has_map(const Table& samples) {
  return Columns(samples).usable();
}

std::shared_ptr<MapPicture> draw_map(const MapQuestion& question) {
  if (!has_map(question.samples) || question.width_px < 1 || question.height_px < 1) return nullptr;
  const auto begin = std::chrono::steady_clock::now();
  std::shared_ptr<MapPicture> picture = Drawing(question).make();
  picture->elapsed_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return picture;
}

std::vector<std::string> map_colors(const Table& samples) {
  std::vector<std::string> names;
  for (const char* name :
       {"label", "prediction", "outcome", "verdict", "suggested", "review", "split", "source"}) {
    const Column* column = samples.find(name);
    if (column != nullptr && column->type == ColumnType::kCategory) names.emplace_back(name);
  }
  for (const ScoreInfo& score : all_scores()) {
    const Column* column = samples.find(score.name);
    if (column == nullptr || score.name.starts_with("map_")) continue;
    if (column->type == ColumnType::kFloat) names.emplace_back(score.name);
  }
  return names;
}

bool is_inside(const std::vector<MapPlace>& polygon, MapPlace place) {
  bool inside = false;
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const MapPlace& a = polygon[i];
    const MapPlace& b = polygon[j];
    if ((a.y > place.y) == (b.y > place.y)) continue;
    if (place.x < (b.x - a.x) * (place.y - a.y) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

}  // namespace errata::viewer

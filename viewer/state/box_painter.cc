#include "viewer/state/box_painter.h"

namespace errata::viewer {

namespace {

// Of the view on each side, so that one who drags does not see the picture's edge.
constexpr double kMargin = 0.125;

BoxPlace with_margin(const BoxPlace& view) {
  const int x = static_cast<int>(view.width_px * kMargin);
  const int y = static_cast<int>(view.height_px * kMargin);
  BoxPlace place = view;
  place.width_px += 2 * x;
  place.height_px += 2 * y;
  place.corner_x += x;
  place.corner_y += y;
  return place;
}

}  // namespace

void BoxPainter::want(Tasks& tasks, const BoxSceneKey& key, const BoxPlace& place,
                      const BoxPen& pen, const std::function<BoxScene()>& scene) {
  if (key_ != key) {
    scene_ = std::make_shared<BoxScene>(scene());
    key_ = key;
    asked_.reset();
  }
  if (drawn_->running || (asked_ == place && pen == pen_)) return;
  asked_ = place;
  pen_ = pen;
  drawn_->running = true;
  const uint64_t number = ++pictures_;
  tasks.run(Lane::kImages,
            [drawn = drawn_, shown = scene_, key, number, place = with_margin(place),
             pen]() -> Tasks::Apply {
              auto picture = std::make_shared<BoxPicture>(draw_scene(*shown, place, pen));
              return [drawn, picture, key, number] {
                picture->number = number;
                drawn->picture = std::move(*picture);
                drawn->of = key;
                drawn->running = false;
              };
            });
}

const BoxPicture* BoxPainter::picture() const {
  const bool fits = key_ && drawn_->picture.number > 0 && drawn_->of.sample == key_->sample;
  return fits ? &drawn_->picture : nullptr;
}

void BoxPainter::forget() {
  if (!key_) return;
  scene_ = nullptr;
  key_.reset();
  asked_.reset();
  drawn_ = std::make_shared<Drawn>();  // what a lane still draws goes into the one before
}

}  // namespace errata::viewer

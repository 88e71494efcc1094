#include "viewer/state/crop_queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "media/resize.h"

namespace errata::viewer {

namespace {

constexpr uint64_t kKeptBytes = uint64_t{96} << 20;
// Crops cut in one go: the first come to the screen before the last are cut.
constexpr size_t kMostAtOnce = 48;

}  // namespace

media::Image cut_crop(const media::Image& image, const Box& part, int32_t max_side_px) {
  const int32_t left = std::clamp(static_cast<int32_t>(std::floor(part.x)), 0, image.width_px);
  const int32_t top = std::clamp(static_cast<int32_t>(std::floor(part.y)), 0, image.height_px);
  const int32_t right =
      std::clamp(static_cast<int32_t>(std::ceil(part.x + part.width)), 0, image.width_px);
  const int32_t bottom =
      std::clamp(static_cast<int32_t>(std::ceil(part.y + part.height)), 0, image.height_px);
  if (right <= left || bottom <= top) return {};
  media::Image cut = media::crop(image, left, top, {right - left, bottom - top});
  const int32_t longer = std::max(cut.width_px, cut.height_px);
  if (longer <= max_side_px) return cut;
  const double share = static_cast<double>(max_side_px) / longer;
  const auto side = [&](int32_t px) {
    return std::clamp(static_cast<int32_t>(std::lround(px * share)), 1, max_side_px);
  };
  return media::resize(cut, side(cut.width_px), side(cut.height_px), media::Filter::kBilinear);
}

CropQueue::CropQueue(Tasks& tasks, Backend& backend, int32_t max_side_px, Ready ready)
    : tasks_(tasks),
      backend_(backend),
      max_side_px_(max_side_px),
      ready_(std::move(ready)),
      shared_(std::make_shared<Shared>()) {}

size_t CropQueue::decoded() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->decoded;
}

void CropQueue::forget() {
  const std::lock_guard lock(shared_->mutex);
  shared_->kept.clear();
}

void CropQueue::want(std::vector<CropWish> wishes) {
  size_t waiting = 0;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->wanted = std::move(wishes);
    waiting = shared_->wanted.size();
  }
  while (running_ < tasks_.image_threads() && running_ < waiting) start_one();
}

std::vector<CropWish> CropQueue::take_next() {
  const std::lock_guard lock(shared_->mutex);
  std::vector<CropWish>& wanted = shared_->wanted;
  const auto free = std::find_if(wanted.begin(), wanted.end(), [&](const CropWish& wish) {
    return !shared_->busy.contains(wish.sample);
  });
  std::vector<CropWish> taken;
  if (free == wanted.end()) return taken;
  const SampleId sample = free->sample;
  shared_->busy.insert(sample);
  std::erase_if(wanted, [&](const CropWish& wish) {
    if (wish.sample != sample || taken.size() == kMostAtOnce) return false;
    taken.push_back(wish);
    return true;
  });
  return taken;
}

std::shared_ptr<const Picture> CropQueue::picture_of(SampleId sample) {
  {
    const std::lock_guard lock(shared_->mutex);
    for (auto it = shared_->kept.begin(); it != shared_->kept.end(); ++it) {
      if (it->sample != sample) continue;
      shared_->kept.splice(shared_->kept.begin(), shared_->kept, it);
      return it->picture;
    }
  }
  auto picture = std::make_shared<Picture>();
  try {
    *picture = backend_.picture(sample);
  } catch (const Error& error) {
    picture->problem = error.what();
  }
  const std::lock_guard lock(shared_->mutex);
  ++shared_->decoded;
  shared_->kept.push_front({sample, picture});
  uint64_t bytes = 0;
  for (auto it = shared_->kept.begin(); it != shared_->kept.end();) {
    bytes += it->picture->image.pixels.size();
    it =
        bytes > kKeptBytes && it != shared_->kept.begin() ? shared_->kept.erase(it) : std::next(it);
  }
  return picture;
}

void CropQueue::start_one() {
  ++running_;
  tasks_.run(Lane::kImages, [this, shared = shared_]() -> Tasks::Apply {
    const std::vector<CropWish> wishes = take_next();
    if (wishes.empty()) {
      return [this] { --running_; };
    }
    const std::shared_ptr<const Picture> picture = picture_of(wishes[0].sample);
    auto crops = std::make_shared<std::vector<Picture>>();
    for (const CropWish& wish : wishes) {
      Picture crop{{}, picture->problem, picture->is_gone};
      if (crop.problem.empty()) crop.image = cut_crop(picture->image, wish.part, max_side_px_);
      crops->push_back(std::move(crop));
    }
    return [this, shared, wishes, crops] {
      bool more = false;
      {
        const std::lock_guard lock(shared->mutex);
        shared->busy.erase(wishes[0].sample);
        more = !shared->wanted.empty();
      }
      --running_;
      for (size_t i = 0; i < wishes.size(); ++i) ready_(wishes[i], std::move((*crops)[i]));
      if (more) start_one();
    };
  });
}

}  // namespace errata::viewer

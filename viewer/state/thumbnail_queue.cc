#include "viewer/state/thumbnail_queue.h"

#include <chrono>
#include <utility>

namespace errata::viewer {

ThumbnailQueue::ThumbnailQueue(Tasks& tasks, Backend& backend, int32_t max_side_px, Ready ready)
    : tasks_(tasks),
      backend_(backend),
      max_side_px_(max_side_px),
      ready_(std::move(ready)),
      shared_(std::make_shared<Shared>()) {}

void ThumbnailQueue::want(std::vector<SampleId> samples) {
  size_t waiting = 0;
  {
    std::lock_guard lock(shared_->mutex);
    shared_->wanted = std::move(samples);
    shared_->next = 0;
    waiting = shared_->wanted.size();
  }
  while (running_ < tasks_.image_threads() && running_ < waiting) start_one();
}

std::optional<SampleId> ThumbnailQueue::take_next() {
  std::lock_guard lock(shared_->mutex);
  while (shared_->next < shared_->wanted.size()) {
    const SampleId sample = shared_->wanted[shared_->next++];
    if (shared_->decoding.insert(sample).second) return sample;
  }
  return std::nullopt;
}

Picture ThumbnailQueue::make(SampleId sample) const {
  try {
    return backend_.thumbnail(sample, max_side_px_);
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

void ThumbnailQueue::start_one() {
  // Long enough that small images do not wait for a frame each; short enough that a whole image
  // that is asked for meanwhile is decoded soon.
  static constexpr std::chrono::milliseconds kStretch(8);
  ++running_;
  tasks_.run(Lane::kImages, [this, shared = shared_]() -> Tasks::Apply {
    const auto began = std::chrono::steady_clock::now();
    do {
      const std::optional<SampleId> sample = take_next();
      if (!sample) break;
      auto picture = std::make_shared<Picture>(make(*sample));
      tasks_.post(Lane::kImages, [this, shared, sample = *sample, picture] {
        {
          const std::lock_guard lock(shared->mutex);
          shared->decoding.erase(sample);
        }
        ready_(sample, std::move(*picture));
      });
    } while (std::chrono::steady_clock::now() - began < kStretch);
    return [this, shared] {
      bool more = false;
      {
        const std::lock_guard lock(shared->mutex);
        more = shared->next < shared->wanted.size();
      }
      --running_;
      if (more) start_one();
    };
  });
}

}  // namespace errata::viewer

#include "viewer/state/thumbnail_queue.h"

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

void ThumbnailQueue::start_one() {
  ++running_;
  tasks_.run(Lane::kImages, [this, shared = shared_]() -> Tasks::Apply {
    const std::optional<SampleId> sample = take_next();
    if (!sample) {
      return [this] { --running_; };
    }
    auto picture = std::make_shared<Picture>();
    try {
      *picture = backend_.thumbnail(*sample, max_side_px_);
    } catch (const Error& error) {
      picture->problem = error.what();
    }
    return [this, shared, sample = *sample, picture] {
      bool more = false;
      {
        std::lock_guard lock(shared->mutex);
        shared->decoding.erase(sample);
        more = shared->next < shared->wanted.size();
      }
      --running_;
      ready_(sample, std::move(*picture));
      if (more) start_one();
    };
  });
}

}  // namespace errata::viewer

// Decides which thumbnails are decoded next: always those that the newest frame wants, in its
// order, never a backlog of what was scrolled past.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "viewer/state/backend.h"
#include "viewer/state/tasks.h"

namespace errata::viewer {

class ThumbnailQueue {
 public:
  using Ready = std::function<void(SampleId, Picture)>;  // window's thread

  // `ready` gets each result out of Tasks::drain. Both referenced objects outlive this one's jobs:
  // Tasks is destroyed first.
  ThumbnailQueue(Tasks& tasks, Backend& backend, int32_t max_side_px, Ready ready);

  // Window's thread. Replaces the wishes of the last call; what is being decoded goes on.
  void want(std::vector<SampleId> samples);
  bool idle() const { return running_ == 0; }

 private:
  struct Shared {
    std::mutex mutex;
    std::vector<SampleId> wanted;  // first is next
    size_t next = 0;
    std::unordered_set<SampleId> decoding;
  };

  std::optional<SampleId> take_next();
  Picture make(SampleId sample) const;
  void start_one();

  Tasks& tasks_;
  Backend& backend_;
  int32_t max_side_px_;
  Ready ready_;
  std::shared_ptr<Shared> shared_;
  size_t running_ = 0;  // jobs on the lane
};

}  // namespace errata::viewer

// Cuts objects out of their images: like ThumbnailQueue, but all that is wanted of one image is cut
// from it while it is decoded, and the images decoded last are kept.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "viewer/state/backend.h"
#include "viewer/state/box_edit.h"
#include "viewer/state/tasks.h"

namespace errata::viewer {

struct CropWish {
  ObjectId object = 0;
  SampleId sample = 0;
  Box part;  // of the image, in its pixels
  bool operator==(const CropWish& other) const {
    return object == other.object && part.x == other.part.x && part.y == other.part.y &&
           part.width == other.part.width && part.height == other.part.height;
  }
};

// At most max_side_px on each side; never enlarged. Empty for a part outside of the image.
media::Image cut_crop(const media::Image& image, const Box& part, int32_t max_side_px);

class CropQueue {
 public:
  using Ready = std::function<void(const CropWish&, Picture)>;  // window's thread

  // As of ThumbnailQueue.
  CropQueue(Tasks& tasks, Backend& backend, int32_t max_side_px, Ready ready);

  // Window's thread. Replaces the wishes of the last call; what is being cut goes on.
  void want(std::vector<CropWish> wishes);
  bool idle() const { return running_ == 0; }
  // Images decoded so far, for tests.
  size_t decoded() const;
  // After a reload: files may have changed.
  void forget();

 private:
  struct Kept {
    SampleId sample = 0;
    std::shared_ptr<const Picture> picture;
  };
  struct Shared {
    std::mutex mutex;
    std::vector<CropWish> wanted;  // first is next
    std::unordered_set<SampleId> busy;
    std::list<Kept> kept;  // most recently used first
    size_t decoded = 0;
  };

  // All wishes for one image.
  std::vector<CropWish> take_next();
  std::shared_ptr<const Picture> picture_of(SampleId sample);
  void start_one();

  Tasks& tasks_;
  Backend& backend_;
  int32_t max_side_px_;
  Ready ready_;
  std::shared_ptr<Shared> shared_;
  size_t running_ = 0;  // jobs on the lane
};

}  // namespace errata::viewer

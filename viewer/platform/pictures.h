// Thumbnails and whole images on their way from the backend to the screen. A view asks for what it
// is about to draw; what is not there yet is wished for, decoded in the background, and there in a
// later frame.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "viewer/platform/texture.h"
#include "viewer/state/crop_queue.h"
#include "viewer/state/session.h"
#include "viewer/state/thumbnail_queue.h"

namespace errata::viewer {

class Pictures {
 public:
  Pictures(Session& session, float scale);

  // Call order, each frame: begin_frame, asking, end_frame.
  void begin_frame();
  void end_frame();

  // A thumbnail that is not there is wished for, after those asked for before it.
  std::optional<TextureRegion> thumbnail(SampleId sample);
  // Wished for after all that this frame draws.
  void thumbnail_soon(SampleId sample);
  // Why there is no picture; nullptr when it may still come.
  const std::string* problem(SampleId sample) const;
  // The problem is that there is no such file.
  bool is_gone(SampleId sample) const { return gone_.contains(sample); }

  // The whole images of up to kImages samples in a frame; nullptr while one is being decoded.
  static constexpr size_t kImages = 3;
  const TextureRegion* image(SampleId sample);
  // Its pixels, for as long as this frame; nullptr while image() gives none.
  const media::Image* pixels(SampleId sample) const;
  // A part of a sample's image with an object in it, and which part it is: until a part that was
  // asked for is there, the one before it.
  struct Crop {
    TextureRegion region;
    Box part;
  };
  std::optional<Crop> crop(const CropWish& wish);
  void crop_soon(const CropWish& wish);

  ImTextureID dashes(int dash_px, int gap_px) { return dashes_.get(dash_px, gap_px); }

  // Decoded ahead, for when the cursor gets there.
  void image_soon(SampleId sample);

  // Nothing that was asked for in the last frame is missing or under way.
  bool complete() const;
  // After a reload: files may have changed.
  void forget_problems();

 private:
  struct Decoded {
    SampleId sample;
    std::shared_ptr<Picture> picture;  // null while it is being decoded
  };

  std::shared_ptr<Picture> find_decoded(SampleId sample);
  void decode(SampleId sample);
  void trim_decoded();
  void note_problem(SampleId sample, const Picture& picture);

  Session& session_;
  ThumbnailAtlas atlas_;
  ThumbnailQueue queue_;
  ThumbnailAtlas crops_;
  CropQueue crop_queue_;
  DashTexture dashes_;
  struct Shown {
    ImageTexture texture;
    uint64_t frame = 0;  // that it was last asked for in
  };
  std::array<Shown, kImages> images_;
  uint64_t frame_ = 0;
  std::vector<SampleId> wanted_;
  std::vector<SampleId> wanted_soon_;
  std::vector<SampleId> asked_;                   // the last wishes sent to the queue
  std::unordered_map<ObjectId, Box> crop_parts_;  // of those in crops_, and of some that were
  std::vector<CropWish> wanted_crops_;
  std::vector<CropWish> wanted_crops_soon_;
  std::vector<CropWish> asked_crops_;
  bool image_missing_ = false;
  std::unordered_map<SampleId, std::string> problems_;
  std::unordered_set<SampleId> gone_;
  std::list<Decoded> decoded_;  // most recently used first
};

}  // namespace errata::viewer

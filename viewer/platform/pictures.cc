#include "viewer/platform/pictures.h"

#include <algorithm>
#include <utility>

namespace errata::viewer {

namespace {

constexpr float kCellPx = 192;
constexpr uint64_t kAtlasBytes = uint64_t{256} << 20;
constexpr uint64_t kCropBytes = uint64_t{128} << 20;
// Whole images decoded ahead and kept for going back.
constexpr uint64_t kDecodedBytes = uint64_t{192} << 20;
constexpr size_t kDecodedLeast = 4;
constexpr size_t kDecodedMost = 64;

int cell_size(float scale) {
  return std::clamp(static_cast<int>(kCellPx * scale), 128, 512);
}

}  // namespace

Pictures::Pictures(Session& session, float scale)
    : session_(session),
      atlas_(cell_size(scale), kAtlasBytes),
      queue_(session.tasks(), session.backend(), cell_size(scale),
             [this](SampleId sample, Picture picture) {
               if (!picture.problem.empty()) {
                 note_problem(sample, picture);
               } else {
                 atlas_.upload(sample, picture.image, frame_);
               }
             }),
      crops_(cell_size(scale), kCropBytes),
      crop_queue_(session.tasks(), session.backend(), cell_size(scale),
                  [this](const CropWish& wish, const Picture& picture) {
                    if (!picture.problem.empty()) {
                      note_problem(wish.sample, picture);
                      return;
                    }
                    crops_.forget(wish.object);
                    crops_.upload(wish.object, picture.image, frame_);
                    crop_parts_[wish.object] = wish.part;
                  }) {}

void Pictures::begin_frame() {
  ++frame_;
  wanted_.clear();
  wanted_soon_.clear();
  wanted_crops_.clear();
  wanted_crops_soon_.clear();
  image_missing_ = false;
}

void Pictures::end_frame() {
  // The one asked for last stays, as large ones take long to upload.
  const uint64_t newest =
      std::max_element(images_.begin(), images_.end(), [](const Shown& a, const Shown& b) {
        return a.frame < b.frame;
      })->frame;
  for (Shown& each : images_) {
    if (each.frame < newest) each.texture.clear();
  }
  std::vector<CropWish> crops = wanted_crops_;
  crops.insert(crops.end(), wanted_crops_soon_.begin(), wanted_crops_soon_.end());
  if (!crops.empty() || !asked_crops_.empty()) {
    if (crops != asked_crops_ || crop_queue_.idle()) {
      asked_crops_ = crops;
      crop_queue_.want(std::move(crops));
    }
  }
  std::vector<SampleId> wishes = wanted_;
  wishes.insert(wishes.end(), wanted_soon_.begin(), wanted_soon_.end());
  if (wishes.empty() && asked_.empty()) return;
  if (wishes == asked_ && !queue_.idle()) return;
  asked_ = wishes;
  queue_.want(std::move(wishes));
}

std::optional<TextureRegion> Pictures::thumbnail(SampleId sample) {
  std::optional<TextureRegion> region = atlas_.find(sample, frame_);
  if (!region && !problems_.contains(sample)) wanted_.push_back(sample);
  return region;
}

void Pictures::thumbnail_soon(SampleId sample) {
  if (!atlas_.holds(sample) && !problems_.contains(sample)) wanted_soon_.push_back(sample);
}

std::optional<Pictures::Crop> Pictures::crop(const CropWish& wish) {
  const std::optional<TextureRegion> region = crops_.find(wish.object, frame_);
  const auto part = crop_parts_.find(wish.object);
  const bool known = region && part != crop_parts_.end();
  const bool same = known && CropWish{wish.object, wish.sample, part->second} == wish;
  if (!same && !problems_.contains(wish.sample)) wanted_crops_.push_back(wish);
  if (!known) return std::nullopt;
  return Crop{*region, part->second};
}

void Pictures::crop_soon(const CropWish& wish) {
  if (!crops_.holds(wish.object) && !problems_.contains(wish.sample)) {
    wanted_crops_soon_.push_back(wish);
  }
}

void Pictures::note_problem(SampleId sample, const Picture& picture) {
  problems_[sample] = picture.problem;
  if (picture.is_gone) gone_.insert(sample);
}

void Pictures::forget_problems() {
  problems_.clear();
  gone_.clear();
  crop_queue_.forget();
  std::erase_if(decoded_, [](const Decoded& each) {
    return each.picture != nullptr && !each.picture->problem.empty();
  });
}

const std::string* Pictures::problem(SampleId sample) const {
  const auto found = problems_.find(sample);
  return found == problems_.end() ? nullptr : &found->second;
}

std::shared_ptr<Picture> Pictures::find_decoded(SampleId sample) {
  for (auto it = decoded_.begin(); it != decoded_.end(); ++it) {
    if (it->sample != sample) continue;
    decoded_.splice(decoded_.begin(), decoded_, it);
    return decoded_.front().picture;
  }
  return nullptr;
}

const TextureRegion* Pictures::image(SampleId sample) {
  for (Shown& each : images_) {
    if (each.texture.sample() != sample) continue;
    each.frame = frame_;
    return &each.texture.region();
  }
  decode(sample);
  const std::shared_ptr<Picture> picture = find_decoded(sample);
  if (!picture) {
    image_missing_ = true;
    return nullptr;
  }
  if (!picture->problem.empty()) {
    note_problem(sample, *picture);
    return nullptr;
  }
  Shown& oldest =
      *std::min_element(images_.begin(), images_.end(),
                        [](const Shown& a, const Shown& b) { return a.frame < b.frame; });
  oldest.texture.upload(sample, picture->image);
  oldest.frame = frame_;
  return &oldest.texture.region();
}

const media::Image* Pictures::pixels(SampleId sample) const {
  for (const Decoded& each : decoded_) {
    if (each.sample == sample) return each.picture ? &each.picture->image : nullptr;
  }
  return nullptr;
}

void Pictures::image_soon(SampleId sample) {
  decode(sample);
}

void Pictures::decode(SampleId sample) {
  const bool known = std::any_of(decoded_.begin(), decoded_.end(),
                                 [&](const Decoded& each) { return each.sample == sample; });
  if (known) return;
  decoded_.push_front({sample, nullptr});
  Backend& backend = session_.backend();
  session_.tasks().run(Lane::kImages, [this, &backend, sample]() -> Tasks::Apply {
    auto picture = std::make_shared<Picture>();
    try {
      *picture = backend.picture(sample);
    } catch (const Error& error) {
      picture->problem = error.what();
    }
    return [this, sample, picture] {
      for (Decoded& each : decoded_) {
        if (each.sample == sample) each.picture = picture;
      }
      trim_decoded();
    };
  });
}

void Pictures::trim_decoded() {
  uint64_t bytes = 0;
  size_t kept = 0;
  for (auto it = decoded_.begin(); it != decoded_.end();) {
    if (it->picture) bytes += it->picture->image.pixels.size();
    ++kept;
    const bool too_much = bytes > kDecodedBytes || kept > kDecodedMost;
    const bool drop = it->picture && kept > kDecodedLeast && too_much;
    it = drop ? decoded_.erase(it) : std::next(it);
  }
}

bool Pictures::complete() const {
  return wanted_.empty() && wanted_crops_.empty() && !image_missing_;
}

}  // namespace errata::viewer

#include "jobs/picture_space.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "jobs/embeddings.h"
#include "jobs/image_pass.h"
#include "media/resize.h"
#include "store/sample_files.h"

namespace errata::jobs {

std::optional<analysis::EmbeddingSpace> picture_space(LoadedState& state,
                                                      std::span<const RowIndex> rows,
                                                      JobContext& context,
                                                      std::vector<std::string>& notes) {
  constexpr auto kSide = static_cast<int32_t>(analysis::kPictureSide);
  std::vector<SampleId> ids;
  for (const RowIndex row : rows) ids.push_back(state.snapshot.ids[row]);
  std::vector<uint8_t> pictures(rows.size() * analysis::kPictureBytes);
  std::vector<uint8_t> known(rows.size(), 0);
  media::DecodeOptions decode;
  decode.apply_orientation = true;
  decode.jpeg_min_side_px = kSide;
  const std::vector<Issue> unreadable = pass_over_images(
      store::sample_files(state.store, ids), "looking at pictures", decode, context,
      [&](const PassedImage& image) {
        if (!image.decoded.ok()) return;
        const media::Image small =
            media::resize(image.decoded.image, kSide, kSide, media::Filter::kBilinear);
        std::copy(small.pixels.begin(), small.pixels.end(),
                  pictures.begin() + static_cast<ptrdiff_t>(image.index * analysis::kPictureBytes));
        known[image.index] = 1;
      });
  const bool most = 2 * unreadable.size() < rows.size();
  if (!unreadable.empty()) {
    notes.push_back(fmt::format(
        "{} could not be read ({}: {}): {}", plural(unreadable.size(), "picture"),
        unreadable.front().file, unreadable.front().message,
        most ? "their embeddings speak for them" : "only embeddings speak of pictures"));
  }
  if (!most) return std::nullopt;
  const ParallelFor parallel_for = watched(context, "comparing pictures");
  return analysis::make_picture_space(pictures, known, 1, parallel_for,
                                      [&] { context.cancel.check(); });
}

}  // namespace errata::jobs

#include "media/thumbnail.h"

#include <algorithm>
#include <cmath>

#include "media/resize.h"

namespace errata::media {
namespace {

// The longer side at most `max_side`, at least one pixel each.
Size fitting_size(const Image& image, int32_t max_side) {
  const int32_t longer = std::max(image.width_px, image.height_px);
  if (longer <= max_side) return {image.width_px, image.height_px};
  const auto scaled = [&](int32_t side) {
    const double exact = static_cast<double>(side) * max_side / longer;
    return std::max(1, static_cast<int32_t>(std::lround(exact)));
  };
  return {scaled(image.width_px), scaled(image.height_px)};
}

void shrink(Decoded& decoded, int32_t max_side_px) {
  if (!decoded.ok()) return;
  const Size size = fitting_size(decoded.image, max_side_px);
  decoded.image = resize(decoded.image, size.width_px, size.height_px, Filter::kBilinear);
}

}  // namespace

Decoded make_thumbnail(std::span<const uint8_t> bytes, int32_t max_side_px) {
  max_side_px = std::max(max_side_px, 1);
  Probe probe;
  const ProbeStatus status = probe_image(bytes, probe);
  DecodeOptions options;
  if (status == ProbeStatus::kOk && probe.format == ImageFormat::kJpeg) {
    // The shorter side the result will have: scaled decoding stays above it, so that the last step
    // still shrinks.
    const int64_t shorter = std::min(probe.width_px, probe.height_px);
    const int64_t longer = std::max(probe.width_px, probe.height_px);
    options.jpeg_min_side_px = static_cast<int32_t>(
        std::max<int64_t>(1, longer <= max_side_px ? shorter : shorter * max_side_px / longer + 1));
  }
  Decoded decoded = decode_rgb(bytes, options);
  shrink(decoded, max_side_px);
  // Turning the small picture costs less than turning the large one; Pillow turned TIFF already.
  if (decoded.ok() && decoded.format != ImageFormat::kTiff) {
    decoded.image = apply_orientation(std::move(decoded.image), probe.orientation);
  }
  return decoded;
}

Decoded make_thumbnail(const SampleReader& reader, const std::string& absolute_path, int64_t member,
                       int32_t max_side_px) {
  if (member >= 0) {
    Decoded decoded = reader.read(absolute_path, member);
    shrink(decoded, std::max(max_side_px, 1));
    return decoded;
  }
  const RawSample sample = reader.read_bytes(absolute_path, member);
  if (sample.ok()) return make_thumbnail(sample.bytes, max_side_px);
  Decoded decoded;
  decoded.status = sample.status;
  decoded.message = sample.message;
  return decoded;
}

}  // namespace errata::media

#include "jobs/member_reader.h"

#include <memory>

#include "media/reader.h"

namespace errata::jobs {

versions::MemberReader make_member_reader() {
  auto reader = std::make_shared<media::SampleReader>();
  return [reader](const std::string& path, int64_t member, versions::RawImage& image,
                  std::string& why_not) {
    media::RawSample raw = reader->read_bytes(path, member);
    if (!raw.ok()) {
      why_not = raw.message;
      return false;
    }
    image.width_px = raw.width_px;
    image.height_px = raw.height_px;
    image.channels = raw.channels;
    image.pixels = std::move(raw.bytes);
    return true;
  };
}

}  // namespace errata::jobs

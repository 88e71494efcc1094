// One PNG for given pixels: the same bytes on every machine and with every library version. Members
// of containers (IDX, CIFAR) are exported as these files and identified by the SHA-256 of these
// bytes, so that an export that is imported again has the same content by itself.
//
// Layout: signature; IHDR (8 bits, colour type 0 grey or 2 RGB, no interlace); one IDAT; IEND.
// IDAT holds a zlib stream with header 78 01: each row is filter byte 0 and the pixels; the rows
// lie in stored deflate blocks of 65,535 bytes, the last one shorter and marked final; Adler-32.
// Nothing is compressed: such images are small, and a compressor's output changes with its version.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace errata::versions {

// Row-major, interleaved, 8 bits a channel.
struct RawImage {
  int32_t width_px = 0;
  int32_t height_px = 0;
  int channels = 1;  // 1 grey, 3 RGB
  std::vector<uint8_t> pixels;
};

// Reads image `member` of the container at `path` as it is stored; false and a sentence when it
// cannot. Called from several threads. Handed in by whoever can decode.
using MemberReader = std::function<bool(const std::string& path, int64_t member, RawImage& image,
                                        std::string& why_not)>;

// Replaces `png` (capacity is kept). Throws Error(kInternal) for sizes that do not fit the pixels
// and for images above 1 GiB.
void write_canonical_png(const RawImage& image, std::vector<uint8_t>& png);

}  // namespace errata::versions

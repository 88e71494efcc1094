// Reads samples wherever they live: image files and members of container files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "media/container.h"
#include "media/decode.h"
#include "media/image.h"

namespace errata::media {

struct ReaderLimits {
  size_t max_open_containers = 16;
  // Inflated bytes of all cached containers together; the one in use is kept whatever its size.
  uint64_t max_cached_bytes = uint64_t{1} << 30;
  // A file above this is not read (kTooLarge): an image of kMaxPixels is smaller.
  uint64_t max_file_bytes = uint64_t{2} << 30;
  ContainerLimits container;
};

// A sample's bytes as they are: a file's content, or a member's pixels with their shape.
struct RawSample {
  DecodeStatus status = DecodeStatus::kUnreadable;
  std::string message;  // one sentence when status is not kOk
  std::vector<uint8_t> bytes;
  bool is_member = false;  // then `bytes` are interleaved pixels of this shape
  int32_t width_px = 0;
  int32_t height_px = 0;
  int32_t channels = 0;  // 1 (IDX grey) or 3

  bool ok() const { return status == DecodeStatus::kOk; }
};

// Callable from any number of threads. Containers stay open in a cache with limits; a container
// whose file changed (size or time) is opened anew. `member` below 0 means the file itself.
class SampleReader {
 public:
  explicit SampleReader(const ReaderLimits& limits = {});
  ~SampleReader();
  SampleReader(const SampleReader&) = delete;
  SampleReader& operator=(const SampleReader&) = delete;

  // Never throws for bad or missing files: status and message say what is wrong.
  Decoded read(const std::string& absolute_path, int64_t member,
               const DecodeOptions& options = {}) const;
  RawSample read_bytes(const std::string& absolute_path, int64_t member) const;
  // What read() gives for bytes that read_bytes() gave: for those who want both.
  static Decoded decode(const RawSample& sample, const DecodeOptions& options = {});

  // The container, from the cache or opened. Throws as Container::open does.
  std::shared_ptr<const Container> container(const std::string& absolute_path) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// An 8-bit RGB or grey PNG, lossless and deterministic for one libpng and zlib. `level` is zlib's,
// 1..9. Throws Error(kInternal) for an empty image.
std::vector<uint8_t> encode_png(const Image& image, int level = 6);
// A baseline JPEG, 4:2:0, quality 1..100.
std::vector<uint8_t> encode_jpeg(const Image& image, int quality = 90);

}  // namespace errata::media

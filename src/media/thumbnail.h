// Small pictures for the viewer, and a cache of them on disk that may be deleted at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "media/decode.h"
#include "media/image.h"
#include "media/reader.h"

namespace errata::media {

// Upright (EXIF applied), its longer side at most max_side_px, never enlarged, at least 1x1. JPEGs
// are decoded scaled down. Quick rather than exact: not for measuring.
Decoded make_thumbnail(std::span<const uint8_t> bytes, int32_t max_side_px);
Decoded make_thumbnail(const SampleReader& reader, const std::string& absolute_path, int64_t member,
                       int32_t max_side_px);

struct ThumbnailKey {
  uint64_t content_xxh3 = 0;  // of the file's bytes; of the raw pixels for a container member
  uint64_t content_bytes = 0;
  int32_t max_side_px = 0;
  uint8_t orientation = 1;
  bool operator==(const ThumbnailKey&) const = default;
};

struct ThumbnailCacheStats {
  uint64_t entries = 0;
  uint64_t bytes = 0;  // on disk
};

// Thumbnails in a few append-only files under one folder (`*.pack` with `*.index` beside it), JPEG
// compressed. Each entry carries a checksum: one that does not match is discarded and counts as
// absent. When the limit is passed, the oldest files go as wholes. Several processes may share the
// folder: each writes files of its own. Callable from any thread. A folder that cannot be written
// makes put() do nothing; the cache never fails its caller.
class ThumbnailCache {
 public:
  ThumbnailCache(std::string directory, uint64_t byte_limit);
  ~ThumbnailCache();
  ThumbnailCache(const ThumbnailCache&) = delete;
  ThumbnailCache& operator=(const ThumbnailCache&) = delete;

  std::optional<Image> get(const ThumbnailKey& key) const;
  void put(const ThumbnailKey& key, const Image& image);
  ThumbnailCacheStats stats() const;
  // Deletes every entry of this cache from disk.
  void clear();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace errata::media

// On disk: pairs of files. NAME.pack holds encoded pictures one after the other; NAME.index begins
// with kMagic and holds one IndexRecord per picture, appended after the picture itself. Names begin
// with the time of creation, so that their order is their age. Nothing is ever changed in place: a
// crash leaves at most bytes that no record names or a record that its checksum disowns.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "media/thumbnail.h"

namespace errata::media {
namespace {

constexpr std::string_view kMagic = "ERTHUMB1";
// One pack is an eighth of the limit, so that making room costs an eighth, within these bounds.
constexpr uint64_t kMinPackBytes = 256 << 10;
constexpr uint64_t kMaxPackBytes = 64 << 20;
// Up to here pictures are kept lossless: they are shown enlarged.
constexpr size_t kLosslessPixels = 64 * 64;
constexpr int kJpegQuality = 90;

struct IndexRecord {
  uint64_t content_xxh3;
  uint64_t content_bytes;
  int32_t max_side_px;
  uint32_t orientation;
  uint64_t offset;
  uint64_t length;
  uint64_t payload_xxh3;
  uint64_t record_xxh3;  // of the fields above
};
static_assert(sizeof(IndexRecord) == 56);

uint64_t record_hash(const IndexRecord& record) {
  return xxh3_64(
      std::string_view(reinterpret_cast<const char*>(&record), offsetof(IndexRecord, record_xxh3)));
}

struct KeyHash {
  size_t operator()(const ThumbnailKey& key) const {
    uint64_t h = key.content_xxh3;
    for (uint64_t part :
         {key.content_bytes, static_cast<uint64_t>(key.max_side_px), uint64_t{key.orientation}}) {
      h = (h ^ part) * 0x9E3779B97F4A7C15u;
    }
    return static_cast<size_t>(h ^ (h >> 32));
  }
};

struct Descriptor {
  int fd = -1;
  explicit Descriptor(int descriptor) : fd(descriptor) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

struct Pack {
  std::string stem;  // path without .pack or .index
  std::shared_ptr<Descriptor> file;
  std::shared_ptr<Descriptor> index;  // only of the pack this process writes
  uint64_t pack_bytes = 0;
  uint64_t index_bytes = 0;
  uint64_t total_bytes() const { return pack_bytes + index_bytes; }
};

struct Place {
  std::shared_ptr<Descriptor> file;
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t payload_xxh3 = 0;
};

bool write_all(int fd, const void* data, size_t n) {
  const auto* at = static_cast<const uint8_t*>(data);
  while (n > 0) {
    const ssize_t written = ::write(fd, at, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    n -= static_cast<size_t>(written);
  }
  return true;
}

bool read_at(int fd, uint64_t offset, std::vector<uint8_t>& bytes) {
  size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t n =
        ::pread(fd, bytes.data() + got, bytes.size() - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    got += static_cast<size_t>(n);
  }
  return true;
}

// Stems of all packs in a folder, oldest first.
std::vector<std::string> list_stems(const std::string& directory) {
  std::vector<std::string> stems;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return stems;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name.starts_with("thumbs-") && name.ends_with(".index")) {
      stems.push_back(join_path(directory, name.substr(0, name.size() - 6)));
    }
  }
  ::closedir(dir);
  std::sort(stems.begin(), stems.end());
  return stems;
}

std::vector<uint8_t> encode(const Image& image) {
  const size_t pixels = static_cast<size_t>(image.width_px) * static_cast<size_t>(image.height_px);
  return pixels <= kLosslessPixels ? encode_png(image, 1) : encode_jpeg(image, kJpegQuality);
}

}  // namespace

struct ThumbnailCache::State {
  std::string directory;
  uint64_t byte_limit = 0;
  std::mutex mutex;
  bool loaded = false;
  bool writable = true;
  uint64_t serial = 0;
  std::deque<Pack> packs;  // oldest first
  std::unordered_map<ThumbnailKey, Place, KeyHash> places;

  uint64_t total_bytes() const {
    uint64_t sum = 0;
    for (const Pack& pack : packs) sum += pack.total_bytes();
    return sum;
  }

  // Reads every index once, on the first use.
  void load() {
    if (loaded) return;
    loaded = true;
    for (const std::string& stem : list_stems(directory)) load_pack(stem);
    make_room(0);
  }

  void load_pack(const std::string& stem) {
    Pack pack;
    pack.stem = stem;
    pack.file =
        std::make_shared<Descriptor>(::open((stem + ".pack").c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<uint8_t> bytes;
    FileStat stat;
    const bool whole = pack.file->fd >= 0 && stat_file(stem + ".pack", stat) &&
                       read_file_into(stem + ".index", bytes) && bytes.size() >= kMagic.size() &&
                       std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
    if (!whole) {
      ::unlink((stem + ".pack").c_str());
      ::unlink((stem + ".index").c_str());
      return;
    }
    pack.pack_bytes = stat.size_bytes;
    pack.index_bytes = bytes.size();
    for (size_t at = kMagic.size(); at + sizeof(IndexRecord) <= bytes.size();
         at += sizeof(IndexRecord)) {
      IndexRecord record;
      std::memcpy(&record, bytes.data() + at, sizeof record);
      if (record.record_xxh3 != record_hash(record) || record.offset > pack.pack_bytes ||
          record.length > pack.pack_bytes - record.offset) {
        continue;
      }
      places[{record.content_xxh3, record.content_bytes, record.max_side_px,
              static_cast<uint8_t>(record.orientation)}] = {pack.file, record.offset, record.length,
                                                            record.payload_xxh3};
    }
    packs.push_back(std::move(pack));
  }

  void drop_oldest() {
    const Pack pack = std::move(packs.front());
    packs.pop_front();
    std::erase_if(places, [&](const auto& entry) { return entry.second.file == pack.file; });
    ::unlink((pack.stem + ".index").c_str());
    ::unlink((pack.stem + ".pack").c_str());
  }

  void make_room(uint64_t for_bytes) {
    while (!packs.empty() && total_bytes() + for_bytes > byte_limit) drop_oldest();
  }

  uint64_t pack_limit() const { return std::clamp(byte_limit / 8, kMinPackBytes, kMaxPackBytes); }

  // The pack this process appends to; nullptr when none can be made.
  Pack* writing_pack() {
    if (!packs.empty() && packs.back().index != nullptr && packs.back().pack_bytes < pack_limit()) {
      return &packs.back();
    }
    if (!packs.empty()) packs.back().index.reset();
    try {
      make_directories(directory);
    } catch (const Error&) {
      return nullptr;
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    Pack pack;
    pack.stem =
        join_path(directory, fmt::format("thumbs-{:016x}-{}-{}", static_cast<uint64_t>(nanoseconds),
                                         ::getpid(), serial++));
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
    pack.file = std::make_shared<Descriptor>(::open((pack.stem + ".pack").c_str(), kFlags, 0644));
    pack.index = std::make_shared<Descriptor>(::open((pack.stem + ".index").c_str(), kFlags, 0644));
    if (pack.file->fd < 0 || pack.index->fd < 0 ||
        !write_all(pack.index->fd, kMagic.data(), kMagic.size())) {
      ::unlink((pack.stem + ".pack").c_str());
      ::unlink((pack.stem + ".index").c_str());
      return nullptr;
    }
    pack.index_bytes = kMagic.size();
    packs.push_back(std::move(pack));
    return &packs.back();
  }

  bool append(const ThumbnailKey& key, const std::vector<uint8_t>& payload) {
    make_room(payload.size() + sizeof(IndexRecord));
    Pack* pack = writing_pack();
    if (pack == nullptr) return false;
    IndexRecord record{key.content_xxh3,
                       key.content_bytes,
                       key.max_side_px,
                       key.orientation,
                       pack->pack_bytes,
                       payload.size(),
                       xxh3_64(std::span(payload)),
                       0};
    record.record_xxh3 = record_hash(record);
    if (!write_all(pack->file->fd, payload.data(), payload.size())) return false;
    pack->pack_bytes += payload.size();
    if (!write_all(pack->index->fd, &record, sizeof record)) return false;
    pack->index_bytes += sizeof record;
    places[key] = {pack->file, record.offset, record.length, record.payload_xxh3};
    return true;
  }
};

ThumbnailCache::ThumbnailCache(std::string directory, uint64_t byte_limit)
    : state_(std::make_unique<State>()) {
  state_->directory = std::move(directory);
  state_->byte_limit = byte_limit;
}

ThumbnailCache::~ThumbnailCache() = default;

std::optional<Image> ThumbnailCache::get(const ThumbnailKey& key) const {
  Place place;
  {
    std::lock_guard lock(state_->mutex);
    state_->load();
    const auto found = state_->places.find(key);
    if (found == state_->places.end()) return std::nullopt;
    place = found->second;
  }
  std::vector<uint8_t> payload(place.length);
  if (read_at(place.file->fd, place.offset, payload) &&
      xxh3_64(std::span(payload)) == place.payload_xxh3) {
    Decoded decoded = decode_rgb(payload);
    if (decoded.ok()) return std::move(decoded.image);
  }
  std::lock_guard lock(state_->mutex);
  const auto found = state_->places.find(key);
  if (found != state_->places.end() && found->second.file == place.file &&
      found->second.offset == place.offset) {
    state_->places.erase(found);
  }
  return std::nullopt;
}

void ThumbnailCache::put(const ThumbnailKey& key, const Image& image) {
  if (image.empty()) return;
  const std::vector<uint8_t> payload = encode(image);
  std::lock_guard lock(state_->mutex);
  state_->load();
  if (!state_->writable || state_->places.contains(key) ||
      payload.size() + sizeof(IndexRecord) + kMagic.size() > state_->byte_limit) {
    return;
  }
  if (!state_->append(key, payload)) {
    state_->writable = false;
    log_warning("thumbnails are not kept: cannot write to {}", state_->directory);
  }
}

ThumbnailCacheStats ThumbnailCache::stats() const {
  std::lock_guard lock(state_->mutex);
  state_->load();
  return {state_->places.size(), state_->total_bytes()};
}

void ThumbnailCache::clear() {
  std::lock_guard lock(state_->mutex);
  state_->load();
  while (!state_->packs.empty()) state_->drop_oldest();
}

}  // namespace errata::media

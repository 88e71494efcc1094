#include "media/reader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace errata::media {
namespace {

struct OpenContainer {
  std::string path;
  FileStat stat;
  std::shared_ptr<const Container> container;
};

bool same_file(const FileStat& a, const FileStat& b) {
  return a.size_bytes == b.size_bytes && a.mtime_ns == b.mtime_ns;
}

DecodeStatus status_of(const Error& error) {
  switch (error.category()) {
    case ErrorCategory::kBadInput: return DecodeStatus::kCorrupt;
    case ErrorCategory::kUnsupported: return DecodeStatus::kUnsupported;
    default: return DecodeStatus::kUnreadable;
  }
}

}  // namespace

struct SampleReader::State {
  ReaderLimits limits;
  std::mutex mutex;
  std::list<OpenContainer> open;  // most recently used first

  uint64_t cached_bytes() const {
    uint64_t sum = 0;
    for (const OpenContainer& entry : open) sum += entry.container->resident_bytes();
    return sum;
  }

  void trim() {
    while (open.size() > 1 &&
           (open.size() > limits.max_open_containers || cached_bytes() > limits.max_cached_bytes)) {
      open.pop_back();
    }
  }
};

SampleReader::SampleReader(const ReaderLimits& limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
}

SampleReader::~SampleReader() = default;

std::shared_ptr<const Container> SampleReader::container(const std::string& absolute_path) const {
  FileStat stat;
  const bool there = stat_file(absolute_path, stat);
  // Held while opening: whoever wants the same container next must not inflate it a second time.
  std::lock_guard lock(state_->mutex);
  for (auto it = state_->open.begin(); it != state_->open.end(); ++it) {
    if (it->path != absolute_path) continue;
    if (!there || !same_file(it->stat, stat)) {
      state_->open.erase(it);
      break;
    }
    state_->open.splice(state_->open.begin(), state_->open, it);
    return state_->open.front().container;
  }
  auto opened = Container::open(absolute_path, state_->limits.container);
  state_->open.push_front({absolute_path, stat, opened});
  state_->trim();
  return opened;
}

RawSample SampleReader::read_bytes(const std::string& absolute_path, int64_t member) const {
  RawSample sample;
  if (member >= 0) {
    try {
      const auto source = container(absolute_path);
      Image image = source->pixels(member);
      sample.is_member = true;
      sample.width_px = image.width_px;
      sample.height_px = image.height_px;
      sample.channels = image.channels;
      sample.bytes = std::move(image.pixels);
      sample.status = DecodeStatus::kOk;
    } catch (const Error& error) {
      sample.status = status_of(error);
      sample.message = error.what();
    }
    return sample;
  }
  FileStat stat;
  if (stat_file(absolute_path, stat)) {
    if (stat.is_directory) {
      sample.message = "this is a folder, not a file";
      return sample;
    }
    if (stat.size_bytes > state_->limits.max_file_bytes) {
      sample.status = DecodeStatus::kTooLarge;
      sample.message = fmt::format("the file is above the limit of {}",
                                   human_bytes(state_->limits.max_file_bytes));
      return sample;
    }
  }
  if (!read_file_into(absolute_path, sample.bytes)) {
    sample.message = fmt::format("cannot read the file: {}", std::strerror(errno));
    sample.bytes.clear();
    return sample;
  }
  sample.status = DecodeStatus::kOk;
  return sample;
}

Decoded SampleReader::read(const std::string& absolute_path, int64_t member,
                           const DecodeOptions& options) const {
  return decode(read_bytes(absolute_path, member), options);
}

Decoded SampleReader::decode(const RawSample& sample, const DecodeOptions& options) {
  if (sample.ok() && !sample.is_member) return decode_rgb(sample.bytes, options);
  Decoded decoded;
  decoded.status = sample.status;
  decoded.message = sample.message;
  if (!sample.ok()) return decoded;
  decoded.image = Image(sample.width_px, sample.height_px, 3);
  decoded.stored_width_px = sample.width_px;
  decoded.stored_height_px = sample.height_px;
  decoded.stored_grey = sample.channels == 1;
  if (!decoded.stored_grey) {
    decoded.image.pixels = sample.bytes;
    return decoded;
  }
  uint8_t* out = decoded.image.pixels.data();
  for (const uint8_t value : sample.bytes) {
    for (int c = 0; c < 3; ++c) *out++ = value;
  }
  return decoded;
}

}  // namespace errata::media

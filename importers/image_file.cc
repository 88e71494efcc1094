#include "importers/image_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "media/probe.h"

namespace errata::importers {

namespace {

// Larger files are hashed piece by piece; their header lies in the first piece.
constexpr size_t kBufferBytes = 1 << 20;
// How far from the end the end marker may stand: cameras append data of their own.
constexpr size_t kTailBytes = 64 * 1024;

// A header of more than this is taken as broken.
constexpr uint64_t kMostHeaderBytes = 64ULL << 20;

void add(std::vector<Issue>& issues, IssueSeverity severity, std::string_view kind,
         const std::string& path, std::string text, std::string message, std::string fix) {
  issues.push_back(
      {severity, std::string(kind), path, {}, std::move(text), std::move(message), std::move(fix)});
}

bool read_piece(int fd, uint8_t* to, size_t capacity, size_t& got) {
  got = 0;
  while (got < capacity) {
    const ssize_t n = ::read(fd, to + got, capacity - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  return true;
}

media::ImageFormat promised_format(std::string_view path) {
  const std::string_view name = base_name(path);
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return media::ImageFormat::kUnknown;
  // Lower-cased in place: this runs for every file.
  char lower[8];
  const std::string_view suffix = name.substr(dot);
  if (suffix.size() > sizeof lower) return media::ImageFormat::kUnknown;
  for (size_t i = 0; i < suffix.size(); ++i) {
    lower[i] = suffix[i] >= 'A' && suffix[i] <= 'Z' ? static_cast<char>(suffix[i] + 32) : suffix[i];
  }
  return media::format_of_extension({lower, suffix.size()});
}

bool lacks_end_marker(media::ImageFormat format, std::string_view tail) {
  if (format == media::ImageFormat::kJpeg) return tail.rfind("\xFF\xD9") == std::string_view::npos;
  if (format == media::ImageFormat::kPng) return tail.rfind("IEND") == std::string_view::npos;
  return false;
}

void reject_probe(media::ProbeStatus status, const media::Probe& probe, const std::string& path,
                  std::string_view start, std::vector<Issue>& issues) {
  const auto reject = [&](std::string_view kind, std::string text, std::string message,
                          std::string fix) {
    add(issues, IssueSeverity::kRejected, kind, path, std::move(text), std::move(message),
        std::move(fix));
  };
  switch (status) {
    case media::ProbeStatus::kEmpty:
      return reject("empty-file", "", "the file has no bytes", "copy it again or delete it");
    case media::ProbeStatus::kUnknownFormat:
      return reject("not-an-image", escape_bytes(start.substr(0, 16)),
                    "the content is of no image format that is read here",
                    "open it with another program, convert it to PNG, or delete it");
    case media::ProbeStatus::kTruncated:
      return reject("truncated-image", std::string(media::format_name(probe.format)),
                    "the file ends before its header does", "copy it again or delete it");
    case media::ProbeStatus::kTooLarge:
      return reject("image-too-large", fmt::format("{} x {}", probe.width_px, probe.height_px),
                    fmt::format("the header claims {} x {} pixels, the limit is {} pixels",
                                probe.width_px, probe.height_px, with_thousands(media::kMaxPixels)),
                    "scale the image down, or delete the file if the header lies");
    default:
      return reject("corrupt-image", std::string(media::format_name(probe.format)),
                    "the header contradicts its own format", "copy it again or delete it");
  }
}

}  // namespace

bool has_image_suffix(std::string_view path) {
  constexpr std::array<std::string_view, 9> kSuffixes = {".jpg", ".jpeg", ".png",  ".ppm", ".bmp",
                                                         ".pgm", ".tif",  ".tiff", ".webp"};
  const std::string end =
      to_lower_ascii(path.substr(path.size() - std::min<size_t>(5, path.size())));
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view suffix) { return end.ends_with(suffix); });
}

// The first piece stays in buffer_; of what follows only the hash and the tail are kept.
bool ImageFileReader::read_bytes(int fd, uint64_t size_bytes, SampleRecord& record,
                                 int& error_number) {
  if (buffer_.empty()) buffer_.resize(kBufferBytes);
  tail_.clear();
  // One byte more than the file has, so that most files need one call of read().
  const size_t capacity = static_cast<size_t>(std::min<uint64_t>(size_bytes + 1, kBufferBytes));
  const ssize_t first = ::read(fd, buffer_.data(), capacity);
  filled_ = static_cast<size_t>(std::max<ssize_t>(0, first));
  if (first >= 0 && static_cast<uint64_t>(first) == size_bytes) {
    record.xxh3 = xxh3_64(std::span<const uint8_t>(buffer_.data(), filled_));
    return true;
  }
  size_t more = 0;
  if ((first < 0 && errno != EINTR) ||
      !read_piece(fd, buffer_.data() + filled_, kBufferBytes - filled_, more)) {
    error_number = errno;
    return false;
  }
  filled_ += more;
  Xxh3 hash;
  hash.update(buffer_.data(), filled_);
  record.size_bytes = filled_;
  std::vector<uint8_t> piece(filled_ == kBufferBytes ? kBufferBytes : 0);
  if (!piece.empty()) {
    tail_.assign(reinterpret_cast<const char*>(buffer_.data()) + filled_ - kTailBytes, kTailBytes);
  }
  while (!piece.empty()) {
    size_t got = 0;
    if (!read_piece(fd, piece.data(), piece.size(), got)) {
      error_number = errno;
      return false;
    }
    hash.update(piece.data(), got);
    record.size_bytes += got;
    tail_.append(reinterpret_cast<const char*>(piece.data()), got);
    if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    if (got < piece.size()) break;
  }
  record.xxh3 = hash.digest();
  return true;
}

bool ImageFileReader::read(int folder_fd, const char* name, const std::string& root,
                           SampleRecord& record, std::vector<Issue>& issues) {
  const auto unreadable = [&](std::string_view doing, int error_number) {
    add(issues, IssueSeverity::kRejected, "unreadable-file", join_path(root, record.path), "",
        fmt::format("{}: {}", doing, std::strerror(error_number)),
        "check the permissions and, if it is a link, its target");
    return false;
  };
  // O_NONBLOCK: a pipe that somebody named x.jpg must not stop us for ever.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  const Fd fd(folder_fd >= 0 ? ::openat(folder_fd, name, kFlags)
                             : ::open(join_path(root, record.path).c_str(), kFlags));
  struct stat st {};
  if (fd.value < 0 || ::fstat(fd.value, &st) != 0) return unreadable("cannot be opened", errno);
  if (!S_ISREG(st.st_mode)) {
    add(issues, IssueSeverity::kRejected, "unreadable-file", join_path(root, record.path), "",
        "is not a regular file", "remove it");
    return false;
  }
  record.size_bytes = static_cast<uint64_t>(st.st_size);
  record.mtime_ns = mtime_ns_of(st);
  int error_number = 0;
  if (!read_bytes(fd.value, record.size_bytes, record, error_number)) {
    return unreadable("cannot be read", error_number);
  }
  return probe(fd.value, root, record, issues);
}

bool ImageFileReader::probe(int fd, const std::string& root, SampleRecord& record,
                            std::vector<Issue>& issues) {
  media::Probe probe;
  media::ProbeStatus status = media::probe_image({buffer_.data(), filled_}, probe);
  if (status == media::ProbeStatus::kTruncated && record.size_bytes > filled_) {
    // A header longer than the buffer: thumbnails and colour profiles may stand before the size.
    std::vector<uint8_t> whole(std::min(record.size_bytes, kMostHeaderBytes));
    size_t got = 0;
    if (::lseek(fd, 0, SEEK_SET) == 0 && read_piece(fd, whole.data(), whole.size(), got)) {
      status = media::probe_image({whole.data(), got}, probe);
    }
  }
  const std::string_view start(reinterpret_cast<const char*>(buffer_.data()), filled_);
  if (status != media::ProbeStatus::kOk) {
    reject_probe(status, probe, join_path(root, record.path), start, issues);
    return false;
  }
  record.width_px = probe.width_px;
  record.height_px = probe.height_px;
  record.orientation = probe.orientation;

  const media::ImageFormat promised = promised_format(record.path);
  if (promised != media::ImageFormat::kUnknown && promised != probe.format) {
    add(issues, IssueSeverity::kWarning, "mislabelled-image", join_path(root, record.path),
        std::string(media::format_name(probe.format)),
        fmt::format("the name promises {}, the content is {}", media::format_name(promised),
                    media::format_name(probe.format)),
        "rename it; it is read by its content");
  }
  const std::string_view end =
      tail_.empty() ? start.substr(start.size() - std::min(start.size(), kTailBytes)) : tail_;
  if (lacks_end_marker(probe.format, end)) {
    add(issues, IssueSeverity::kWarning, "truncated-image", join_path(root, record.path),
        std::string(media::format_name(probe.format)),
        "the file lacks its end marker: pixels at the bottom may be missing",
        "copy it again, or look at it and exclude it");
  }
  return true;
}

}  // namespace errata::importers

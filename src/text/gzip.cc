#include "text/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace errata::text {

namespace {

constexpr int kGzipWindow = 15 + 16;  // largest window, gzip wrapper

Error broken(const std::string& name, std::string_view what) {
  return Error(ErrorCategory::kBadInput, "broken gzip data: " + std::string(what),
               "copy or download the file again", name);
}

class GzipSource : public ByteSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> packed, std::string name)
      : packed_(std::move(packed)), name_(std::move(name)) {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) {
      throw Error(ErrorCategory::kInternal, "zlib did not start", {}, name_);
    }
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  size_t read(char* to, size_t capacity) override {
    size_t total = 0;
    while (total < capacity && !done_) {
      if (stream_.avail_in == 0) refill();
      if (done_) break;
      constexpr size_t kMaxPiece = 1u << 30;  // zlib counts in 32 bits
      const size_t piece = std::min(capacity - total, kMaxPiece);
      stream_.next_out = reinterpret_cast<Bytef*>(to + total);
      stream_.avail_out = static_cast<uInt>(piece);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      total += piece - stream_.avail_out;
      if (result == Z_STREAM_END) {
        in_member_ = false;
        start_next_member();
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw broken(name_, stream_.msg == nullptr ? "not gzip" : stream_.msg);
      }
    }
    return total;
  }

 private:
  void refill() {
    const size_t got = packed_->read(buffer_.data(), buffer_.size());
    if (got == 0 && in_member_) throw broken(name_, "it ends too early");
    if (got == 0) done_ = true;
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(got);
  }

  // Another member, or whatever stands behind the last one and is not ours.
  void start_next_member() {
    while (stream_.avail_in < 2) {
      const size_t kept = stream_.avail_in;
      if (kept == 1) buffer_[0] = static_cast<char>(*stream_.next_in);
      const size_t got = packed_->read(buffer_.data() + kept, buffer_.size() - kept);
      stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_in = static_cast<uInt>(kept + got);
      if (got == 0) break;
    }
    if (!is_gzip({stream_.next_in, stream_.avail_in})) {
      done_ = true;
      return;
    }
    inflateReset(&stream_);
    in_member_ = true;
  }

  std::unique_ptr<ByteSource> packed_;
  std::string name_;
  z_stream stream_{};
  std::array<char, 64 * 1024> buffer_;
  bool in_member_ = true;
  bool done_ = false;
};

}  // namespace

bool is_gzip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

std::unique_ptr<ByteSource> gzip_byte_source(std::unique_ptr<ByteSource> packed, std::string name) {
  return std::make_unique<GzipSource>(std::move(packed), std::move(name));
}

std::vector<uint8_t> gunzip(std::span<const uint8_t> packed, const std::string& name,
                            uint64_t max_bytes) {
  const std::string_view view(reinterpret_cast<const char*>(packed.data()), packed.size());
  GzipSource source(memory_byte_source(view), name);
  std::vector<uint8_t> bytes;
  // The last four bytes hold the size of the last member modulo 2^32: a first guess, no more.
  size_t guess = packed.size() * 4 + 64;
  if (packed.size() >= 18) {
    uint32_t said = 0;
    std::memcpy(&said, packed.data() + packed.size() - 4, 4);
    if (said / 1100 <= packed.size()) guess = static_cast<size_t>(said) + 1;
  }
  size_t filled = 0;
  while (true) {
    bytes.resize(std::max(guess, filled + filled / 2 + 64));
    filled += source.read(reinterpret_cast<char*>(bytes.data()) + filled, bytes.size() - filled);
    if (filled > max_bytes) {
      throw Error(ErrorCategory::kBadInput, "unpacks to more than " + human_bytes(max_bytes), {},
                  name);
    }
    if (filled < bytes.size()) break;
  }
  bytes.resize(filled);
  return bytes;
}

std::vector<uint8_t> read_file_gunzipped(const std::string& path, uint64_t max_bytes) {
  std::vector<uint8_t> bytes = read_file(path);
  if (is_gzip(bytes)) return gunzip(bytes, path, max_bytes);
  if (bytes.size() > max_bytes) {
    throw Error(ErrorCategory::kBadInput, "the file is larger than " + human_bytes(max_bytes), {},
                path);
  }
  return bytes;
}

}  // namespace errata::text

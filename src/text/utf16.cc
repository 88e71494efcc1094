#include <algorithm>
#include <cstdint>
#include <cstring>

#include "text/byte_source.h"

namespace errata::text {

namespace {

void append_utf8(std::string& to, uint32_t code) {
  if (code < 0x80) {
    to += static_cast<char>(code);
  } else if (code < 0x800) {
    to += static_cast<char>(0xC0 | (code >> 6));
    to += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    to += static_cast<char>(0xE0 | (code >> 12));
    to += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    to += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    to += static_cast<char>(0xF0 | (code >> 18));
    to += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    to += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    to += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Looks for a mark at the first read, then passes or converts.
class Utf8Source : public ByteSource {
 public:
  explicit Utf8Source(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  size_t read(char* to, size_t capacity) override {
    if (mode_ == Mode::kUnknown) look_for_mark();
    size_t total = 0;
    while (total < capacity) {
      if (position_ == ready_.size() && !refill(to + total, capacity - total, total)) break;
      const size_t n = std::min(capacity - total, ready_.size() - position_);
      std::memcpy(to + total, ready_.data() + position_, n);
      position_ += n;
      total += n;
    }
    return total;
  }

 private:
  enum class Mode { kUnknown, kPass, kLittle, kBig };

  void look_for_mark() {
    char mark[3];
    const size_t got = source_->read(mark, sizeof mark);
    const std::string_view start(mark, got);
    if (start == "\xEF\xBB\xBF") {
      mode_ = Mode::kPass;
    } else if (start.substr(0, 2) == "\xFF\xFE") {
      mode_ = Mode::kLittle;
      raw_ = start.substr(2);
    } else if (start.substr(0, 2) == "\xFE\xFF") {
      mode_ = Mode::kBig;
      raw_ = start.substr(2);
    } else {
      mode_ = Mode::kPass;
      ready_ = start;
    }
  }

  // False at the end. In pass mode what is read goes straight to the caller's buffer.
  bool refill(char* to, size_t capacity, size_t& total) {
    ready_.clear();
    position_ = 0;
    if (mode_ == Mode::kPass) {
      const size_t got = source_->read(to, capacity);
      total += got;
      return got == capacity && got > 0;
    }
    constexpr size_t kPiece = 64 * 1024;
    while (ready_.empty()) {
      const size_t had = raw_.size();
      raw_.resize(had + kPiece);
      const size_t got = source_->read(raw_.data() + had, kPiece);
      raw_.resize(had + got);
      convert(got == 0);
      if (got == 0) return !ready_.empty();
    }
    return true;
  }

  uint32_t unit(size_t at) const {
    const auto byte = [&](size_t i) {
      return static_cast<uint32_t>(static_cast<uint8_t>(raw_[i]));
    };
    return mode_ == Mode::kLittle ? byte(at) | (byte(at + 1) << 8) : (byte(at) << 8) | byte(at + 1);
  }

  // Moves whole characters from raw_ to ready_; at the end also what is left of one, as U+FFFD.
  void convert(bool at_end) {
    size_t at = 0;
    while (at + 2 <= raw_.size()) {
      uint32_t code = unit(at);
      const bool high = code >= 0xD800 && code < 0xDC00;
      if (high && at + 4 > raw_.size() && !at_end) break;
      if (high && at + 4 <= raw_.size() && unit(at + 2) >= 0xDC00 && unit(at + 2) < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
        at += 2;
      } else if (code >= 0xD800 && code < 0xE000) {
        code = 0xFFFD;
      }
      at += 2;
      append_utf8(ready_, code);
    }
    raw_.erase(0, at);
    if (at_end && !raw_.empty()) {
      append_utf8(ready_, 0xFFFD);
      raw_.clear();
    }
  }

  std::unique_ptr<ByteSource> source_;
  Mode mode_ = Mode::kUnknown;
  std::string raw_;    // UTF-16 not converted yet
  std::string ready_;  // UTF-8 not handed out yet
  size_t position_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> decode_to_utf8(std::unique_ptr<ByteSource> source) {
  return std::make_unique<Utf8Source>(std::move(source));
}

}  // namespace errata::text

#include "media/imgcodecs_module.h"

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace {

thread_local bool decoding = false;

// OpenCV's imdecode writes what it catches to std::cerr. Standing before the real buffer, this
// swallows what a thread writes while it decodes and passes on everything else.
class QuietBuffer : public std::streambuf {
 public:
  explicit QuietBuffer(std::streambuf* real) : real_(real) {}

 protected:
  int_type overflow(int_type c) override {
    return decoding || traits_type::eq_int_type(c, traits_type::eof())
               ? traits_type::not_eof(c)
               : real_->sputc(traits_type::to_char_type(c));
  }
  std::streamsize xsputn(const char* text, std::streamsize n) override {
    return decoding ? n : real_->sputn(text, n);
  }
  int sync() override { return decoding ? 0 : real_->pubsync(); }

 private:
  std::streambuf* real_;
};

// Once; the module stays open until the program ends, and the buffer outlives std::cerr's last use.
void quiet_opencv() {
  static const bool done = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    std::cerr.rdbuf(new QuietBuffer(std::cerr.rdbuf()));
    return true;
  }();
  static_cast<void>(done);
}

struct DecodingHere {
  DecodingHere() { decoding = true; }
  ~DecodingHere() { decoding = false; }
};

int fail(ErrataImgcodecsResult* result, const char* message) {
  std::snprintf(result->message, sizeof result->message, "%s", message);
  return 0;
}

uint8_t to_8_bits(const cv::Mat& mat, int y, int x, int channel, bool grey16_saturates) {
  if (mat.depth() == CV_8U) {
    return mat.ptr<uint8_t>(y)[x * mat.channels() + channel];
  }
  const uint16_t value = mat.ptr<uint16_t>(y)[x * mat.channels() + channel];
  if (mat.channels() == 1 && grey16_saturates) {
    return static_cast<uint8_t>(value > 255 ? 255 : value);
  }
  return static_cast<uint8_t>(value >> 8);
}

void copy_rgb(const cv::Mat& mat, bool grey16_saturates, uint8_t* out) {
  const bool grey = mat.channels() < 3;
  for (int y = 0; y < mat.rows; ++y) {
    for (int x = 0; x < mat.cols; ++x, out += 3) {
      for (int c = 0; c < 3; ++c) {
        out[c] = to_8_bits(mat, y, x, grey ? 0 : 2 - c, grey16_saturates);
      }
    }
  }
}

}  // namespace

extern "C" {

int errata_imgcodecs_abi(void) {
  return ERRATA_IMGCODECS_ABI;
}

int errata_imgcodecs_decode(const uint8_t* bytes, size_t size_bytes, int grey16_saturates,
                            ErrataImgcodecsResult* result) {
  std::memset(result, 0, sizeof *result);
  try {
    quiet_opencv();
    const DecodingHere here;
    if (size_bytes > INT32_MAX) return fail(result, "the file is above 2 GiB");
    const cv::Mat encoded(1, static_cast<int>(size_bytes), CV_8U, const_cast<uint8_t*>(bytes));
    const cv::Mat mat = cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
    if (mat.empty()) return fail(result, "the decoder found broken data or an unknown variant");
    if (mat.depth() != CV_8U && mat.depth() != CV_16U) {
      return fail(result, "only 8 and 16 bits per sample are read");
    }
    const size_t n = static_cast<size_t>(mat.rows) * static_cast<size_t>(mat.cols) * 3;
    result->pixels = static_cast<uint8_t*>(std::malloc(n));
    if (result->pixels == nullptr) return fail(result, "out of memory");
    result->width_px = mat.cols;
    result->height_px = mat.rows;
    copy_rgb(mat, grey16_saturates != 0, result->pixels);
    return 1;
  } catch (const std::exception& e) {
    return fail(result, e.what());
  } catch (...) {
    return fail(result, "the decoder failed");
  }
}

void errata_imgcodecs_free(ErrataImgcodecsResult* result) {
  std::free(result->pixels);
  result->pixels = nullptr;
}

}  // extern "C"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "media/decoders.h"
#include "media/libjpeg.h"

namespace errata::media::internal {
namespace {

// A progressive file may repeat scans without end, each costing a full pass.
constexpr int kMaxScans = 500;

struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf escape;
  DecodeStatus status = DecodeStatus::kOk;
  char message[JMSG_LENGTH_MAX] = {};
};

ErrorManager& manager_of(j_common_ptr common) {
  return *reinterpret_cast<ErrorManager*>(common->err);
}

[[noreturn]] void fail(j_common_ptr common, DecodeStatus status) {
  ErrorManager& manager = manager_of(common);
  manager.status = status;
  manager.base.format_message(common, manager.message);
  std::longjmp(manager.escape, 1);
}

void on_error(j_common_ptr common) {
  switch (common->err->msg_code) {
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF: fail(common, DecodeStatus::kTruncated);
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOT_COMPILED: fail(common, DecodeStatus::kUnsupported);
    case JERR_OUT_OF_MEMORY: fail(common, DecodeStatus::kTooLarge);
    default: fail(common, DecodeStatus::kCorrupt);
  }
}

// libjpeg goes on after a warning and paints what is missing grey. These are the warnings after
// which pixels are wrong; the others (stray bytes between segments, odd JFIF versions, ...) leave
// the picture whole.
void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_JPEG_EOF: fail(common, DecodeStatus::kTruncated);
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL: fail(common, DecodeStatus::kCorrupt);
    default: ++common->err->num_warnings;
  }
}

void print_nothing(j_common_ptr) {}

void on_progress(j_common_ptr common) {
  if (!common->is_decompressor) return;
  const auto* decompress = reinterpret_cast<const jpeg_decompress_struct*>(common);
  if (decompress->input_scan_number <= kMaxScans) return;
  ErrorManager& manager = manager_of(common);
  manager.status = DecodeStatus::kCorrupt;
  std::snprintf(manager.message, sizeof manager.message, "more than %d scans", kMaxScans);
  std::longjmp(manager.escape, 1);
}

// Owns libjpeg's state. After a longjmp only the destructor touches it.
struct Decompressor {
  jpeg_decompress_struct info;
  jpeg_progress_mgr progress{};
  ErrorManager errors;

  Decompressor() {
    std::memset(&info, 0, sizeof info);
    info.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = on_error;
    errors.base.emit_message = on_message;
    errors.base.output_message = print_nothing;
    progress.progress_monitor = on_progress;
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
};

// For thumbnails: the smallest of 1/8, 1/4, 1/2, 1 whose shorter side is still enough, and the
// quick ways of the later stages.
void scale_down(jpeg_decompress_struct& info, int32_t min_side_px) {
  const JDIMENSION shorter = std::min(info.image_width, info.image_height);
  info.scale_denom = 8;
  info.scale_num = 8;
  for (unsigned eighths : {1u, 2u, 4u}) {
    if (shorter * eighths / 8 >= static_cast<JDIMENSION>(min_side_px)) {
      info.scale_num = eighths;
      break;
    }
  }
  info.do_fancy_upsampling = FALSE;
  info.dct_method = JDCT_IFAST;
}

// Every function of libjpeg may longjmp out of this one: no objects with destructors here.
bool read_pixels(Decompressor& jpeg, Bytes bytes, const DecodeOptions& options, Image& image,
                 std::vector<uint8_t>& cmyk_row) {
  jpeg_decompress_struct& info = jpeg.info;
  if (setjmp(jpeg.errors.escape) != 0) return false;
  jpeg_create_decompress(&info);
  info.progress = &jpeg.progress;
  jpeg_mem_src(&info, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&info, TRUE);
  const bool cmyk = info.num_components == 4;
  if (info.num_components != 1 && info.num_components != 3 && !cmyk) {
    ERREXIT(&info, JERR_CONVERSION_NOTIMPL);
  }
  info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  if (options.jpeg_min_side_px > 0) scale_down(info, options.jpeg_min_side_px);
  jpeg_start_decompress(&info);
  image =
      Image(static_cast<int32_t>(info.output_width), static_cast<int32_t>(info.output_height), 3);
  if (cmyk) cmyk_row.resize(size_t{info.output_width} * 4);
  while (info.output_scanline < info.output_height) {
    if (cmyk) {
      JSAMPROW row = cmyk_row.data();
      const auto y = static_cast<int32_t>(info.output_scanline);
      jpeg_read_scanlines(&info, &row, 1);
      cmyk_to_rgb(row, info.output_width, image.row(y));
    } else {
      JSAMPROW rows[8];
      const JDIMENSION count = std::min<JDIMENSION>(8, info.output_height - info.output_scanline);
      for (JDIMENSION i = 0; i < count; ++i) {
        rows[i] = image.row(static_cast<int32_t>(info.output_scanline + i));
      }
      jpeg_read_scanlines(&info, rows, count);
    }
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

DecodeStatus decode_jpeg(Bytes bytes, const DecodeOptions& options, Decoded& decoded) {
  Decompressor jpeg;
  std::vector<uint8_t> cmyk_row;
  if (read_pixels(jpeg, bytes, options, decoded.image, cmyk_row)) return DecodeStatus::kOk;
  decoded.message = std::string("JPEG: ") + jpeg.errors.message;
  return jpeg.errors.status;
}

}  // namespace errata::media::internal

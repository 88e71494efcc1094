#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "media/libjpeg.h"
#include "media/reader.h"

namespace errata::media {
namespace {

void check_encodable(const Image& image) {
  if (image.empty() || (image.channels != 1 && image.channels != 3)) {
    throw Error(ErrorCategory::kInternal, "only grey and RGB images are encoded");
  }
}

void on_png_error(png_structp png, png_const_charp) {
  png_longjmp(png, 1);
}
void on_png_warning(png_structp, png_const_charp) {}
void on_png_flush(png_structp) {}

void on_png_write(png_structp png, png_bytep data, size_t n) {
  auto& out = *static_cast<std::vector<uint8_t>*>(png_get_io_ptr(png));
  out.insert(out.end(), data, data + n);
}

bool write_png(png_structp png, png_infop info, const Image& image, int level,
               std::vector<uint8_t>& out) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_write_fn(png, &out, on_png_write, on_png_flush);
  png_set_compression_level(png, level);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width_px),
               static_cast<png_uint_32>(image.height_px), 8,
               image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int32_t y = 0; y < image.height_px; ++y) png_write_row(png, image.row(y));
  png_write_end(png, info);
  return true;
}

struct JpegErrors {
  jpeg_error_mgr base;
  std::jmp_buf escape;
};

void on_jpeg_error(j_common_ptr common) {
  std::longjmp(reinterpret_cast<JpegErrors*>(common->err)->escape, 1);
}
void on_jpeg_message(j_common_ptr) {}

struct JpegTarget {
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  ~JpegTarget() { std::free(bytes); }
};

bool write_jpeg(const Image& image, int quality, JpegTarget& target) {
  jpeg_compress_struct info;
  JpegErrors errors;
  std::memset(&info, 0, sizeof info);
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = on_jpeg_error;
  errors.base.output_message = on_jpeg_message;
  if (setjmp(errors.escape) != 0) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &target.bytes, &target.size);
  info.image_width = static_cast<JDIMENSION>(image.width_px);
  info.image_height = static_cast<JDIMENSION>(image.height_px);
  info.input_components = image.channels;
  info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(image.row(static_cast<int32_t>(info.next_scanline)));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

std::vector<uint8_t> encode_png(const Image& image, int level) {
  check_encodable(image);
  std::vector<uint8_t> out;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_png_error, on_png_warning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  const bool done = info != nullptr && write_png(png, info, image, level, out);
  png_destroy_write_struct(&png, &info);
  if (!done) throw Error(ErrorCategory::kInternal, "libpng could not encode an image");
  return out;
}

std::vector<uint8_t> encode_jpeg(const Image& image, int quality) {
  check_encodable(image);
  JpegTarget target;
  if (!write_jpeg(image, quality, target)) {
    throw Error(ErrorCategory::kInternal, "libjpeg could not encode an image");
  }
  return {target.bytes, target.bytes + target.size};
}

}  // namespace errata::media

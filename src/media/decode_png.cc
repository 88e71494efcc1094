#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "media/decoders.h"

namespace errata::media::internal {
namespace {

struct PngState {
  Bytes bytes;
  size_t at = 8;  // behind the signature
  bool ended = false;
  char message[160] = {};
  // What one row of libpng's output is turned into RGB with.
  int color_type = 0;
  int bit_depth = 0;
  int passes = 1;
  png_color palette[256];
};

void on_error(png_structp png, png_const_charp message) {
  auto& state = *static_cast<PngState*>(png_get_error_ptr(png));
  if (state.message[0] == 0) std::snprintf(state.message, sizeof state.message, "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, size_t n) {
  auto& state = *static_cast<PngState*>(png_get_io_ptr(png));
  if (state.bytes.size() - state.at < n) {
    state.ended = true;
    png_error(png, "the file ends before its image does");
  }
  std::memcpy(out, state.bytes.data() + state.at, n);
  state.at += n;
}

struct PngHandles {
  png_structp png = nullptr;
  png_infop info = nullptr;

  explicit PngHandles(PngState* state)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, state, on_error, on_warning)) {
    if (png != nullptr) info = png_create_info_struct(png);
  }
  ~PngHandles() { png_destroy_read_struct(&png, &info, nullptr); }
  PngHandles(const PngHandles&) = delete;
  PngHandles& operator=(const PngHandles&) = delete;
};

// Chunks that cost time or memory and do not touch the pixels.
void skip_ancillary(png_structp png) {
  static constexpr png_byte kSkipped[] =
      "iCCP\0iTXt\0tEXt\0zTXt\0eXIf\0tIME\0sPLT\0hIST\0pCAL\0sCAL\0oFFs\0pHYs\0gAMA\0cHRM\0sRGB"
      "\0sBIT\0bKGD";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, kSkipped, sizeof kSkipped / 5);
}

// What a short palette leaves open is black, as in Pillow.
void take_palette(png_structp png, png_infop info, PngState& state) {
  std::fill(std::begin(state.palette), std::end(state.palette), png_color{0, 0, 0});
  png_colorp palette = nullptr;
  int entries = 0;
  if (png_get_PLTE(png, info, &palette, &entries) == PNG_INFO_PLTE) {
    std::copy_n(palette, std::clamp(entries, 0, 256), state.palette);
  }
}

// Rows come out as 8-bit samples (16-bit for grey without alpha) in their own channels.
void start(png_structp png, png_infop info, PngState& state) {
  png_set_sig_bytes(png, 8);
  png_read_info(png, info);
  state.color_type = png_get_color_type(png, info);
  state.bit_depth = png_get_bit_depth(png, info);
  if (state.color_type == PNG_COLOR_TYPE_PALETTE) {
    take_palette(png, info, state);
    png_set_packing(png);
  } else if (state.color_type == PNG_COLOR_TYPE_GRAY && state.bit_depth < 8) {
    png_set_expand_gray_1_2_4_to_8(png);
  } else if (state.bit_depth == 16 && state.color_type != PNG_COLOR_TYPE_GRAY) {
    png_set_strip_16(png);  // the high byte
  }
  state.passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

void row_to_rgb(const PngState& state, const uint8_t* in, int32_t pixels, uint8_t* out) {
  const bool wide_grey = state.color_type == PNG_COLOR_TYPE_GRAY && state.bit_depth == 16;
  for (int32_t x = 0; x < pixels; ++x, out += 3) {
    switch (state.color_type) {
      case PNG_COLOR_TYPE_PALETTE: {
        const png_color& color = state.palette[in[x]];
        out[0] = color.red;
        out[1] = color.green;
        out[2] = color.blue;
        break;
      }
      case PNG_COLOR_TYPE_GRAY: {
        // Pillow's I;16 saturates: anything above 255 is white.
        const uint8_t grey = wide_grey ? (in[2 * x] != 0 ? uint8_t{255} : in[2 * x + 1]) : in[x];
        out[0] = out[1] = out[2] = grey;
        break;
      }
      case PNG_COLOR_TYPE_GRAY_ALPHA: out[0] = out[1] = out[2] = in[2 * x]; break;
      default: std::memcpy(out, in + 4 * x, 3); break;  // RGBA: alpha dropped
    }
  }
}

// libpng longjmps out of here: no objects with destructors.
bool read_pixels(png_structp png, png_infop info, PngState& state, Image& image,
                 std::vector<uint8_t>& rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, &state, on_read);
  skip_ancillary(png);
  start(png, info, state);
  const auto width = static_cast<int32_t>(png_get_image_width(png, info));
  const auto height = static_cast<int32_t>(png_get_image_height(png, info));
  const size_t row_bytes = png_get_rowbytes(png, info);
  image = Image(width, height, 3);
  if (state.color_type == PNG_COLOR_TYPE_RGB) {
    for (int pass = 0; pass < state.passes; ++pass) {
      for (int32_t y = 0; y < height; ++y) png_read_row(png, image.row(y), nullptr);
    }
    return true;
  }
  const bool interlaced = state.passes > 1;
  rows.resize(row_bytes * (interlaced ? static_cast<size_t>(height) : 1));
  for (int pass = 0; pass < state.passes; ++pass) {
    for (int32_t y = 0; y < height; ++y) {
      uint8_t* row = rows.data() + (interlaced ? row_bytes * static_cast<size_t>(y) : 0);
      png_read_row(png, row, nullptr);
      if (pass == state.passes - 1) row_to_rgb(state, row, width, image.row(y));
    }
  }
  return true;
}

}  // namespace

DecodeStatus decode_png(Bytes bytes, Decoded& decoded) {
  PngState state;
  state.bytes = bytes;
  const PngHandles handles(&state);
  if (handles.info == nullptr) {
    decoded.message = "PNG: libpng could not start";
    return DecodeStatus::kUnsupported;
  }
  std::vector<uint8_t> rows;
  if (read_pixels(handles.png, handles.info, state, decoded.image, rows)) return DecodeStatus::kOk;
  decoded.message = std::string("PNG: ") + state.message;
  return state.ended ? DecodeStatus::kTruncated : DecodeStatus::kCorrupt;
}

}  // namespace errata::media::internal

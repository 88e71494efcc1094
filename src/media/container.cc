#include "media/container.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "media/probe_internal.h"

namespace errata::media {
namespace {

using internal::be32;

constexpr size_t kCifarSide = 32;
constexpr size_t kCifarPixels = 3 * kCifarSide * kCifarSide;

struct IdxHeader {
  uint8_t type = 0;
  std::vector<uint32_t> dims;
  size_t data_at = 0;
};

[[noreturn]] void bad(const std::string& path, std::string message, std::string hint = {}) {
  throw Error(ErrorCategory::kBadInput, std::move(message), std::move(hint), path);
}

bool is_gzip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

size_t idx_type_bytes(uint8_t type) {
  switch (type) {
    case 0x08:
    case 0x09: return 1;
    case 0x0B: return 2;
    case 0x0C:
    case 0x0D: return 4;
    case 0x0E: return 8;
    default: return 0;
  }
}

// False when the bytes do not begin like an IDX file.
bool read_idx_header(std::span<const uint8_t> bytes, IdxHeader& header) {
  if (bytes.size() < 8 || bytes[0] != 0 || bytes[1] != 0) return false;
  header.type = bytes[2];
  const size_t dims = bytes[3];
  if (idx_type_bytes(header.type) == 0 || dims == 0 || dims > 8) return false;
  if (bytes.size() < 4 + 4 * dims) return false;
  header.dims.clear();
  for (size_t i = 0; i < dims; ++i) header.dims.push_back(be32(bytes.data() + 4 + 4 * i));
  header.data_at = 4 + 4 * dims;
  return true;
}

std::string dims_text(const std::vector<uint32_t>& dims) {
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

class Inflater {
 public:
  explicit Inflater(std::span<const uint8_t> bytes) {
    stream_.next_in = const_cast<Bytef*>(bytes.data());
    rest_ = bytes.size();
    ok_ = inflateInit2(&stream_, 15 + 16) == Z_OK;
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Fills as much of `out` as the stream gives; false on broken data. `done` at the stream's end.
  bool read(std::span<uint8_t> out, size_t& got, bool& done) {
    got = 0;
    done = false;
    while (ok_ && got < out.size() && !done) {
      if (stream_.avail_in == 0) {
        const size_t step = std::min<size_t>(rest_, size_t{1} << 30);
        stream_.avail_in = static_cast<uInt>(step);
        rest_ -= step;
        if (step == 0) return false;
      }
      const size_t want = std::min<size_t>(out.size() - got, size_t{1} << 30);
      stream_.next_out = out.data() + got;
      stream_.avail_out = static_cast<uInt>(want);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      got += want - stream_.avail_out;
      if (result == Z_STREAM_END) {
        done = !next_member();
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        ok_ = false;
      }
    }
    return ok_;
  }

 private:
  // gzip files may be several streams one after the other.
  bool next_member() {
    if (stream_.avail_in + rest_ < 18 || stream_.avail_in < 2) return false;
    if (stream_.next_in[0] != 0x1F || stream_.next_in[1] != 0x8B) return false;
    return inflateReset(&stream_) == Z_OK;
  }

  z_stream stream_{};
  size_t rest_ = 0;
  bool ok_ = false;
};

std::vector<uint8_t> inflate_prefix(std::span<const uint8_t> bytes, size_t max_bytes) {
  Inflater inflater(bytes);
  std::vector<uint8_t> out(max_bytes);
  size_t got = 0;
  bool done = false;
  inflater.read(out, got, done);
  out.resize(got);
  return out;
}

std::vector<uint8_t> inflate_all(const std::string& path, std::span<const uint8_t> bytes,
                                 uint64_t max_bytes) {
  Inflater inflater(bytes);
  std::vector<uint8_t> out;
  size_t filled = 0;
  bool done = false;
  while (!done) {
    if (filled > max_bytes) {
      throw Error(ErrorCategory::kUnsupported,
                  fmt::format("the gzipped file holds more than {}", human_bytes(max_bytes)),
                  "unpack it with gunzip: an unpacked file needs no memory of its own", path);
    }
    const size_t step = std::max<size_t>(size_t{1} << 20, filled / 2);
    out.resize(std::min<uint64_t>(filled + step, max_bytes + 1));
    size_t got = 0;
    if (!inflater.read(std::span(out).subspan(filled), got, done)) {
      bad(path,
          fmt::format("the gzip data is broken or cut after {} unpacked bytes",
                      with_thousands(filled + got)),
          "fetch the file again");
    }
    filled += got;
  }
  out.resize(filled);
  out.shrink_to_fit();
  return out;
}

bool labels_stay_below(std::span<const uint8_t> bytes, size_t record_bytes, size_t at, int limit) {
  const size_t records = std::min<size_t>(bytes.size() / record_bytes, 10'000);
  for (size_t i = 0; i < records; ++i) {
    if (bytes[i * record_bytes + at] >= limit) return false;
  }
  return true;
}

// CIFAR files have no signature: the extension, the length and the labels decide.
ContainerKind detect_cifar(const std::string& path, std::span<const uint8_t> bytes) {
  if (extension(path) != ".bin" || bytes.empty()) return ContainerKind::kNone;
  const size_t ten = kCifarPixels + 1;
  const size_t hundred = kCifarPixels + 2;
  if (bytes.size() % ten == 0 && labels_stay_below(bytes, ten, 0, 10)) {
    return ContainerKind::kCifar10;
  }
  if (bytes.size() % hundred == 0 && labels_stay_below(bytes, hundred, 0, 20) &&
      labels_stay_below(bytes, hundred, 1, 100)) {
    return ContainerKind::kCifar100;
  }
  return ContainerKind::kNone;
}

ContainerKind detect_bytes(const std::string& path, std::span<const uint8_t> bytes) {
  std::vector<uint8_t> head;
  std::span<const uint8_t> start = bytes;
  if (is_gzip(bytes)) {
    head = inflate_prefix(bytes, 64);
    start = head;
  }
  IdxHeader header;
  if (read_idx_header(start, header)) {
    return header.dims.size() == 1 ? ContainerKind::kIdxLabels : ContainerKind::kIdxImages;
  }
  return is_gzip(bytes) ? ContainerKind::kNone : detect_cifar(path, bytes);
}

std::span<const uint8_t> load(const std::string& path, const ContainerLimits& limits,
                              std::unique_ptr<MappedFile>& map, std::vector<uint8_t>& inflated) {
  map = std::make_unique<MappedFile>(path);
  if (!is_gzip(map->bytes())) return map->bytes();
  inflated = inflate_all(path, map->bytes(), limits.max_inflated_bytes);
  map.reset();
  return inflated;
}

}  // namespace

ContainerKind detect_container(const std::string& path) {
  const MappedFile map(path);
  return detect_bytes(path, map.bytes());
}

std::string_view container_name(ContainerKind kind) {
  switch (kind) {
    case ContainerKind::kIdxImages: return "IDX images";
    case ContainerKind::kIdxLabels: return "IDX labels";
    case ContainerKind::kCifar10: return "CIFAR-10";
    case ContainerKind::kCifar100: return "CIFAR-100";
    case ContainerKind::kNone: break;
  }
  return "no container";
}

std::shared_ptr<const Container> Container::open(const std::string& path,
                                                 const ContainerLimits& limits) {
  std::shared_ptr<Container> container(new Container);
  container->path_ = path;
  container->bytes_ = load(path, limits, container->map_, container->inflated_);
  const std::span<const uint8_t> bytes = container->bytes_;
  if (bytes.empty()) bad(path, "the file is empty");
  IdxHeader header;
  if (read_idx_header(bytes, header)) {
    container->open_idx(path);
    return container;
  }
  if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && idx_type_bytes(bytes[2]) != 0 &&
      bytes[3] >= 1 && bytes[3] <= 8) {
    bad(path, "the file ends inside its IDX header", "fetch the file again");
  }
  const ContainerKind kind = detect_cifar(path, bytes);
  if (kind == ContainerKind::kNone) {
    bad(path, "this is neither an IDX file nor a CIFAR binary file",
        "CIFAR's binary files end in .bin and hold whole records of 3,073 or 3,074 bytes");
  }
  container->open_cifar(path, kind);
  return container;
}

void Container::open_idx(const std::string& path) {
  IdxHeader header;
  read_idx_header(bytes_, header);
  const std::vector<uint32_t>& dims = header.dims;
  if (dims.size() == 1) {
    bad(path, "this IDX file holds labels, not images",
        "give the images file; the labels file beside it is found by its name");
  }
  if (header.type != 0x08) {
    bad(path, fmt::format("IDX element type 0x{:02x} is not supported for images", header.type),
        "images must be unsigned bytes (type 0x08)");
  }
  const bool with_channels = dims.size() == 4 && (dims[3] == 1 || dims[3] == 3);
  if (dims.size() != 3 && !with_channels) {
    bad(path, fmt::format("IDX sizes {} are not images", dims_text(dims)),
        "expected [count, height, width] or [count, height, width, 1 or 3]");
  }
  const uint64_t channels = with_channels ? dims[3] : 1;
  const uint64_t pixels = uint64_t{dims[1]} * dims[2];
  if (pixels == 0 || pixels > (uint64_t{1} << 28) || dims[1] > INT32_MAX || dims[2] > INT32_MAX) {
    bad(path, fmt::format("IDX sizes {} are not images", dims_text(dims)));
  }
  const uint64_t have = bytes_.size() - header.data_at;
  const uint64_t record = pixels * channels;
  // dims[0] < 2^32 and record < 2^30: no overflow.
  if (have != dims[0] * record) {
    bad(path,
        fmt::format("the header promises {} images of {} bytes, but {} bytes of pixels are there",
                    with_thousands(dims[0]), with_thousands(record), with_thousands(have)),
        have < dims[0] * record ? "the file is cut; fetch it again" : "");
  }
  kind_ = ContainerKind::kIdxImages;
  count_ = dims[0];
  height_px_ = static_cast<int32_t>(dims[1]);
  width_px_ = static_cast<int32_t>(dims[2]);
  channels_ = static_cast<int32_t>(channels);
  first_record_ = header.data_at;
  record_bytes_ = record;
}

void Container::open_cifar(const std::string&, ContainerKind kind) {
  kind_ = kind;
  label_bytes_ = kind == ContainerKind::kCifar10 ? 1 : 2;
  record_bytes_ = label_bytes_ + kCifarPixels;
  count_ = static_cast<int64_t>(bytes_.size() / record_bytes_);
  width_px_ = height_px_ = static_cast<int32_t>(kCifarSide);
  channels_ = 3;
  planar_ = true;
}

size_t Container::record_offset(int64_t i) const {
  if (i < 0 || i >= count_) {
    throw Error(ErrorCategory::kNotFound,
                fmt::format("image {} is not in this file, which holds {}", i,
                            with_thousands(static_cast<uint64_t>(count_))),
                "import the source again if the file was replaced", path_);
  }
  return first_record_ + static_cast<size_t>(i) * record_bytes_;
}

std::span<const uint8_t> Container::raw(int64_t i) const {
  return bytes_.subspan(record_offset(i) + label_bytes_, record_bytes_ - label_bytes_);
}

Image Container::pixels(int64_t i) const {
  const std::span<const uint8_t> source = raw(i);
  Image image(width_px_, height_px_, channels_);
  if (!planar_) {
    std::memcpy(image.pixels.data(), source.data(), source.size());
    return image;
  }
  const size_t plane = source.size() / 3;
  for (size_t p = 0; p < plane; ++p) {
    for (size_t c = 0; c < 3; ++c) image.pixels[3 * p + c] = source[c * plane + p];
  }
  return image;
}

Image Container::rgb(int64_t i) const {
  if (channels_ == 3) return pixels(i);
  const std::span<const uint8_t> grey = raw(i);
  Image image(width_px_, height_px_, 3);
  for (size_t p = 0; p < grey.size(); ++p) {
    std::memset(image.pixels.data() + 3 * p, grey[p], 3);
  }
  return image;
}

int32_t Container::label(int64_t i) const {
  if (label_bytes_ == 0) return -1;
  return bytes_[record_offset(i) + label_bytes_ - 1];
}

int32_t Container::coarse_label(int64_t i) const {
  return label_bytes_ == 2 ? bytes_[record_offset(i)] : -1;
}

std::vector<int32_t> read_idx_labels(const std::string& path, const ContainerLimits& limits) {
  std::unique_ptr<MappedFile> map;
  std::vector<uint8_t> inflated;
  const std::span<const uint8_t> bytes = load(path, limits, map, inflated);
  IdxHeader header;
  if (!read_idx_header(bytes, header)) bad(path, "this is not an IDX file");
  if (header.dims.size() != 1) {
    bad(path, fmt::format("IDX sizes {} are not labels", dims_text(header.dims)),
        "a labels file has one dimension");
  }
  if (header.type == 0x0D || header.type == 0x0E) bad(path, "IDX labels must be integers");
  const size_t width = idx_type_bytes(header.type);
  const uint64_t have = bytes.size() - header.data_at;
  if (have != uint64_t{header.dims[0]} * width) {
    bad(path, fmt::format("the header promises {} labels, but {} bytes are there",
                          with_thousands(header.dims[0]), with_thousands(have)));
  }
  std::vector<int32_t> labels(header.dims[0]);
  const uint8_t* at = bytes.data() + header.data_at;
  for (size_t i = 0; i < labels.size(); ++i, at += width) {
    switch (header.type) {
      case 0x08: labels[i] = *at; break;
      case 0x09: labels[i] = static_cast<int8_t>(*at); break;
      case 0x0B: labels[i] = static_cast<int16_t>(internal::be16(at)); break;
      default: labels[i] = static_cast<int32_t>(be32(at)); break;
    }
  }
  return labels;
}

}  // namespace errata::media

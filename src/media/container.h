// Files that hold many images: IDX (MNIST and its kin, gzipped or not) and CIFAR's binary version.
// Images are addressed inside the file; nothing is unpacked to disk.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "media/image.h"

namespace errata::media {

enum class ContainerKind : uint8_t {
  kNone,
  kIdxImages,  // u8, [n, h, w] or [n, h, w, 1|3]
  kIdxLabels,  // u8 or i32, [n]
  kCifar10,    // records of label + 3072 bytes
  kCifar100    // records of coarse label + fine label + 3072 bytes
};

struct ContainerLimits {
  // A gzipped container is inflated once into memory; more than this is refused. A plain one is
  // mapped and costs no memory of its own.
  uint64_t max_inflated_bytes = uint64_t{2} << 30;
};

// Looks at the header (and, for CIFAR, size and name). kNone when it is no container. Throws
// Error(kNotFound, kIo) only when the file cannot be read.
ContainerKind detect_container(const std::string& path);
std::string_view container_name(ContainerKind kind);  // "IDX images", ...

// Immutable once open, so any number of threads may read from it.
class Container {
 public:
  // Opens an image container. Throws Error(kNotFound, kIo), Error(kBadInput) with what is wrong
  // with the header (not a container, labels instead of images, other element types, sizes that do
  // not match the file's length), Error(kUnsupported) above the limit.
  static std::shared_ptr<const Container> open(const std::string& path,
                                               const ContainerLimits& limits = {});
  ~Container() = default;
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  ContainerKind kind() const { return kind_; }
  int64_t count() const { return count_; }
  int32_t width_px() const { return width_px_; }
  int32_t height_px() const { return height_px_; }
  int32_t channels() const { return channels_; }  // 1 or 3
  // True when the channels of raw() are planes one after the other (CIFAR).
  bool planar() const { return planar_; }

  // The pixels of image i as stored, without label bytes; valid as long as the container. i must
  // be in [0, count()): Error(kNotFound) otherwise.
  std::span<const uint8_t> raw(int64_t i) const;
  // Interleaved, with channels() channels.
  Image pixels(int64_t i) const;
  // Three interleaved channels; grey is repeated.
  Image rgb(int64_t i) const;

  // Label stored with the image: CIFAR's label (the fine one of CIFAR-100); -1 for IDX.
  int32_t label(int64_t i) const;
  // CIFAR-100 only; -1 otherwise.
  int32_t coarse_label(int64_t i) const;

  // Memory this holds besides maps: the inflated bytes.
  uint64_t resident_bytes() const { return inflated_.size(); }

 private:
  Container() = default;
  void open_idx(const std::string& path);
  void open_cifar(const std::string& path, ContainerKind kind);
  size_t record_offset(int64_t i) const;

  ContainerKind kind_ = ContainerKind::kNone;
  int64_t count_ = 0;
  int32_t width_px_ = 0;
  int32_t height_px_ = 0;
  int32_t channels_ = 0;
  bool planar_ = false;
  size_t first_record_ = 0;  // offset of record 0
  size_t record_bytes_ = 0;  // label bytes + pixels
  size_t label_bytes_ = 0;   // before the pixels of a record
  std::string path_;
  std::unique_ptr<MappedFile> map_;
  std::vector<uint8_t> inflated_;
  std::span<const uint8_t> bytes_;
};

// Labels of an IDX label file (u8, i8, i16 or i32; gzipped or not). Throws as Container::open does.
std::vector<int32_t> read_idx_labels(const std::string& path, const ContainerLimits& limits = {});

}  // namespace errata::media

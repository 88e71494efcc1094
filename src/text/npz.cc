#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "base/files.h"
#include "text/npy.h"
#include "text/zip.h"

namespace errata::text {

namespace {

constexpr std::string_view kSuffix = ".npy";

}  // namespace

NpzFile NpzFile::open(const std::string& path) {
  NpzFile file;
  file.path_ = path;
  const ZipReader zip(path);
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(kSuffix)) continue;
    file.names_.push_back(entry.name.substr(0, entry.name.size() - kSuffix.size()));
  }
  return file;
}

bool NpzFile::has(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

NpyArray NpzFile::read(std::string_view name) const {
  const ZipReader zip(path_);
  const size_t index = zip.find(std::string(name) + std::string(kSuffix));
  if (index == SIZE_MAX) {
    throw Error(ErrorCategory::kNotFound, fmt::format("the archive has no array '{}'", name),
                fmt::format("it has: {}", fmt::join(names_, ", ")), path_);
  }
  return NpyArray::from_bytes(zip.read(index), path_ + ":" + std::string(name));
}

std::string npy_header_bytes(std::string_view descr, std::span<const uint64_t> shape) {
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 descr, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr size_t kPrefix = 10;
  constexpr size_t kAlign = 64;
  const size_t unpadded = kPrefix + dict.size() + 1;
  dict.append((kAlign - unpadded % kAlign) % kAlign, ' ');
  dict += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(dict.size() & 0xFF);
  bytes += static_cast<char>(dict.size() >> 8);
  return bytes + dict;
}

namespace {

template <typename Value>
std::string whole_npy(std::string_view descr, std::span<const Value> values,
                      std::span<const uint64_t> shape) {
  static_assert(std::endian::native == std::endian::little, "values are copied as they are");
  uint64_t count = 1;
  for (const uint64_t size : shape) count *= size;
  if (count != values.size()) {
    throw Error(ErrorCategory::kInternal, "an NPY shape that is not that of its values");
  }
  std::string bytes = npy_header_bytes(descr, shape);
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return bytes;
}

}  // namespace

std::string npy_bytes(std::span<const float> values, std::span<const uint64_t> shape) {
  return whole_npy("<f4", values, shape);
}

std::string npy_bytes(std::span<const int64_t> values, std::span<const uint64_t> shape) {
  return whole_npy("<i8", values, shape);
}

void write_npy(const std::string& path, std::span<const float> values,
               std::span<const uint64_t> shape) {
  write_file_atomic(path, npy_bytes(values, shape));
}

}  // namespace errata::text

// NumPy's NPY files (versions 1 to 3, any byte order, C and Fortran order) and NPZ archives. Source
// of the layout: NumPy's documentation of the format. Pickled arrays (dtype object) are refused.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace errata::text {

enum class NpyKind : uint8_t {
  kBool,     // b1
  kInt,      // i1 i2 i4 i8
  kUint,     // u1 u2 u4 u8
  kFloat,    // f2 f4 f8 f16 (long double: read when x86's 80 bits)
  kComplex,  // c8 c16
  kBytes,    // S<n>
  kText,     // U<n>
  kVoid      // V<n>: raw bytes; |V2 is how bfloat16 is saved
};

struct NpyHeader {
  NpyKind kind = NpyKind::kFloat;
  size_t item_bytes = 0;
  bool big_endian = false;
  bool fortran_order = false;
  std::string descr;            // as written: "<f4"
  std::vector<uint64_t> shape;  // empty: one scalar
  size_t data_offset = 0;       // of the first element

  uint64_t count() const;  // product of shape
  // Number of dimensions, rows (first dimension; 1 for a scalar) and values per row (product of the
  // others).
  size_t dims() const { return shape.size(); }
  uint64_t rows() const;
  uint64_t columns() const;
  // "float32 (2000, 10)"
  std::string describe() const;
};

// `bytes` is the start of an NPY. Throws Error(kBadInput) with `name` as path and a hint: not an
// NPY, truncated header, dtype object, structured dtype, a header that is not the expected dict.
NpyHeader parse_npy_header(std::span<const uint8_t> bytes, const std::string& name);
bool is_npy(std::span<const uint8_t> bytes);

// An array whose bytes are mapped from a file or held in memory. Cheap to copy, safe to read from
// several threads.
class NpyArray {
 public:
  // Maps the file. Throws Error(kNotFound, kIo, kBadInput); the last also when the file is shorter
  // than its shape says.
  static NpyArray open(const std::string& path);
  static NpyArray from_bytes(std::vector<uint8_t> bytes, const std::string& name);

  const NpyHeader& header() const { return header_; }
  const std::string& name() const { return name_; }
  bool is_numeric() const;  // bool, int, uint, float, or |V2 read as bfloat16
  bool is_text() const { return header_.kind == NpyKind::kBytes || header_.kind == NpyKind::kText; }

  // Rows [first, first + count) as floats, row-major, whatever the order and type in the file.
  // Throws Error(kBadInput) when not numeric, Error(kInternal) when out of range.
  void read_rows(uint64_t first, uint64_t count, float* to) const;
  // One element by its position in C order. Throws Error(kBadInput) when of another kind.
  double number(uint64_t index) const;
  int64_t integer(uint64_t index) const;   // for kBool, kInt, kUint (u8 above INT64_MAX wraps)
  std::string text(uint64_t index) const;  // UTF-8, or the bytes of S<n>, without trailing NULs

 private:
  const uint8_t* element(uint64_t c_order_index) const;

  NpyHeader header_;
  std::string name_;
  std::shared_ptr<const void> owner_;  // keeps the map or the bytes
  const uint8_t* data_ = nullptr;
};

// The arrays of an NPZ, by the names they were saved under (without ".npy").
class NpzFile {
 public:
  // Throws Error(kNotFound, kIo, kBadInput).
  static NpzFile open(const std::string& path);

  const std::vector<std::string>& names() const { return names_; }
  bool has(std::string_view name) const;
  // Unpacks into memory. Throws Error(kNotFound) naming the members there are, Error(kBadInput).
  NpyArray read(std::string_view name) const;

 private:
  std::string path_;
  std::vector<std::string> names_;
};

// The whole of an NPY file, version 1.0, little-endian, C order. `values` is row-major and as long
// as the product of `shape`.
std::string npy_bytes(std::span<const float> values, std::span<const uint64_t> shape);
std::string npy_bytes(std::span<const int64_t> values, std::span<const uint64_t> shape);
// The header alone, for writers that stream the values after it. `descr`: "<f4", "<i8".
std::string npy_header_bytes(std::string_view descr, std::span<const uint64_t> shape);
// As npy_bytes, through write_file_atomic(). Throws Error(kIo).
void write_npy(const std::string& path, std::span<const float> values,
               std::span<const uint64_t> shape);

}  // namespace errata::text

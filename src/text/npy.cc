#include "text/npy.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/files.h"

namespace errata::text {

namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxHeaderBytes = 1 << 20;

Error bad(const std::string& name, const std::string& message, const std::string& hint = {}) {
  return Error(ErrorCategory::kBadInput, message, hint, name);
}

// Reads the Python dict literal of the header: quoted keys; values are a text, True, False, a tuple
// of integers, or (structured dtypes, told apart and refused) a list.
class DictParser {
 public:
  DictParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  void parse(NpyHeader& header) {
    expect('{');
    bool have[3] = {};
    while (peek() != '}') {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        if (peek() == '[') {
          throw bad(name_, "the array has several named fields per row (a structured dtype)",
                    "save the field you mean as an array of its own");
        }
        header.descr = quoted();
        have[0] = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        have[1] = true;
      } else if (key == "shape") {
        header.shape = tuple();
        have[2] = true;
      } else {
        fail("an unknown key '" + key + "'");
      }
      if (peek() == ',') ++at_;
    }
    if (!have[0] || !have[1] || !have[2]) fail("descr, fortran_order or shape missing");
  }

 private:
  [[noreturn]] void fail(const std::string& what) {
    throw bad(name_, "broken NPY header: " + what, "write the file again with numpy.save");
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void expect(char c) {
    if (peek() != c) fail(fmt::format("'{}' expected at byte {}", c, at_));
    ++at_;
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail(fmt::format("a text expected at byte {}", at_));
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a text without end");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    fail("True or False expected");
  }
  std::vector<uint64_t> tuple() {
    std::vector<uint64_t> values;
    expect('(');
    while (peek() != ')') {
      uint64_t value = 0;
      const char* first = text_.data() + at_;
      const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
      if (error != std::errc()) fail("a shape that is not of whole numbers");
      at_ += static_cast<size_t>(end - first);
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2's long
      values.push_back(value);
      if (peek() == ',') ++at_;
    }
    ++at_;
    return values;
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
};

void check_item(const NpyHeader& header, const std::string& name) {
  const size_t n = header.item_bytes;
  bool ok = false;
  switch (header.kind) {
    case NpyKind::kBool: ok = n == 1; break;
    case NpyKind::kInt:
    case NpyKind::kUint: ok = n == 1 || n == 2 || n == 4 || n == 8; break;
    case NpyKind::kFloat: ok = n == 2 || n == 4 || n == 8 || n == 16; break;
    case NpyKind::kComplex: ok = n == 8 || n == 16 || n == 32; break;
    case NpyKind::kText: ok = n % 4 == 0; break;
    case NpyKind::kBytes:
    case NpyKind::kVoid: ok = true; break;
  }
  if (!ok) throw bad(name, "an NPY of unknown dtype '" + header.descr + "'");
}

void parse_descr(NpyHeader& header, const std::string& name) {
  std::string_view text = header.descr;
  header.big_endian = !text.empty() && text.front() == '>';
  if (!text.empty() && std::string_view("<>=|").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  const char letter = text.empty() ? '\0' : text.front();
  if (letter == 'O') {
    throw bad(name, "the array holds Python objects (dtype object, a pickle), which are not read",
              "save numbers with a numeric dtype, and names with "
              "numpy.save(path, numpy.array(names, dtype=str))");
  }
  if (letter == 'M' || letter == 'm') {
    throw bad(name, "the array holds dates (dtype " + header.descr + "), which are not read",
              "save it as int64 with .astype('int64')");
  }
  constexpr std::string_view kLetters = "biufcSUV";
  const size_t kind = letter == '?' ? 0 : kLetters.find(letter);
  if (letter == '\0' || kind == std::string_view::npos) {
    throw bad(name, "an NPY of unknown dtype '" + header.descr + "'");
  }
  header.kind = static_cast<NpyKind>(kind);
  text.remove_prefix(1);
  size_t size = letter == '?' ? 1 : 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool whole = end == text.data() + text.size();
  if ((!text.empty() && (error != std::errc() || !whole)) || size > (1u << 30)) {
    throw bad(name, "an NPY of unknown dtype '" + header.descr + "'");
  }
  header.item_bytes = letter == 'U' ? size * 4 : size;
  check_item(header, name);
}

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1Fu;
  const uint32_t mantissa = half & 0x3FFu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | (mantissa << 13));
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign == 0 ? magnitude : -magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

template <typename Value>
Value load(const uint8_t* from, bool swap) {
  uint8_t bytes[sizeof(Value)];
  for (size_t i = 0; i < sizeof(Value); ++i) bytes[i] = from[swap ? sizeof(Value) - 1 - i : i];
  Value value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

double load_float(const uint8_t* from, size_t item_bytes, bool swap) {
  switch (item_bytes) {
    case 2: return half_to_float(load<uint16_t>(from, swap));
    case 4: return load<float>(from, swap);
    case 8: return load<double>(from, swap);
    default: return static_cast<double>(load<long double>(from, swap));
  }
}

int64_t load_int(const uint8_t* from, size_t item_bytes, bool is_signed, bool swap) {
  switch (item_bytes) {
    case 1: return is_signed ? static_cast<int64_t>(static_cast<int8_t>(*from)) : *from;
    case 2: {
      const auto value = load<uint16_t>(from, swap);
      return is_signed ? static_cast<int64_t>(static_cast<int16_t>(value)) : value;
    }
    case 4: {
      const auto value = load<uint32_t>(from, swap);
      return is_signed ? static_cast<int64_t>(static_cast<int32_t>(value)) : value;
    }
    default: return load<int64_t>(from, swap);
  }
}

void append_utf8(std::string& to, uint32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
  if (code < 0x80) {
    to += static_cast<char>(code);
    return;
  }
  const int tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint8_t kLeads[] = {0, 0xC0, 0xE0, 0xF0};
  to += static_cast<char>(kLeads[tails] | (code >> (6 * tails)));
  for (int i = tails - 1; i >= 0; --i) to += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
}

}  // namespace

uint64_t NpyHeader::count() const {
  uint64_t n = 1;
  for (const uint64_t size : shape) n *= size;
  return n;
}

uint64_t NpyHeader::rows() const {
  return shape.empty() ? 1 : shape.front();
}

uint64_t NpyHeader::columns() const {
  uint64_t n = 1;
  for (size_t i = 1; i < shape.size(); ++i) n *= shape[i];
  return n;
}

std::string NpyHeader::describe() const {
  constexpr std::string_view kNames[] = {"bool",    "int",   "uint", "float",
                                         "complex", "bytes", "text", "void"};
  std::string text(kNames[static_cast<size_t>(kind)]);
  if (kind != NpyKind::kBool && kind != NpyKind::kText && kind != NpyKind::kBytes) {
    text += std::to_string(item_bytes * 8);
  }
  return fmt::format("{} ({}{}){}", text, fmt::join(shape, ", "), shape.size() == 1 ? "," : "",
                     fortran_order && shape.size() > 1 ? " in Fortran order" : "");
}

bool is_npy(std::span<const uint8_t> bytes) {
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

NpyHeader parse_npy_header(std::span<const uint8_t> bytes, const std::string& name) {
  if (!is_npy(bytes)) throw bad(name, "not an NPY file");
  const Error truncated = bad(name, "the NPY file ends within its header", "write it again");
  if (bytes.size() < 10) throw truncated;
  const int major = bytes[6];
  if (major < 1 || major > 3) {
    throw bad(name, fmt::format("an NPY of unknown format version {}", major));
  }
  const size_t prefix = major == 1 ? 10 : 12;
  if (bytes.size() < prefix) throw truncated;
  const size_t length = major == 1 ? load<uint16_t>(bytes.data() + 8, false)
                                   : load<uint32_t>(bytes.data() + 8, false);
  if (length > kMaxHeaderBytes) throw bad(name, "the NPY header claims to be very long");
  if (bytes.size() < prefix + length) throw truncated;
  NpyHeader header;
  header.data_offset = prefix + length;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + prefix, length);
  DictParser(text, name).parse(header);
  parse_descr(header, name);
  // The product must fit, with the item size, into 63 bits.
  uint64_t total = header.item_bytes;
  for (const uint64_t size : header.shape) {
    if (size != 0 && total > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / size) {
      throw bad(name, "the NPY header claims an impossible shape");
    }
    total *= size;
  }
  return header;
}

NpyArray NpyArray::open(const std::string& path) {
  auto map = std::make_shared<MappedFile>(path);
  NpyArray array;
  array.header_ = parse_npy_header(map->bytes(), path);
  array.name_ = path;
  array.data_ = map->bytes().data() + array.header_.data_offset;
  const uint64_t needed = array.header_.count() * array.header_.item_bytes;
  const uint64_t present = map->bytes().size() - array.header_.data_offset;
  if (present < needed) {
    throw bad(path,
              fmt::format("the NPY file is cut short: {} need {} bytes, {} are there",
                          array.header_.describe(), needed, present),
              "copy or write the file again");
  }
  array.owner_ = std::move(map);
  return array;
}

NpyArray NpyArray::from_bytes(std::vector<uint8_t> bytes, const std::string& name) {
  auto held = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  NpyArray array;
  array.header_ = parse_npy_header(*held, name);
  array.name_ = name;
  array.data_ = held->data() + array.header_.data_offset;
  if (held->size() - array.header_.data_offset < array.header_.count() * array.header_.item_bytes) {
    throw bad(name, "the NPY data is cut short", "copy or write the file again");
  }
  array.owner_ = std::move(held);
  return array;
}

bool NpyArray::is_numeric() const {
  switch (header_.kind) {
    case NpyKind::kBool:
    case NpyKind::kInt:
    case NpyKind::kUint:
    case NpyKind::kFloat: return true;
    case NpyKind::kVoid: return header_.item_bytes == 2;  // bfloat16
    default: return false;
  }
}

const uint8_t* NpyArray::element(uint64_t c_order_index) const {
  if (c_order_index >= header_.count()) {
    throw Error(ErrorCategory::kInternal, "NPY element out of range", {}, name_);
  }
  uint64_t place = c_order_index;
  if (header_.fortran_order && header_.shape.size() > 1) {
    place = 0;
    uint64_t rest = c_order_index;
    uint64_t inner = header_.count();  // elements below each position of the dimension at hand
    uint64_t stride = 1;
    for (const uint64_t size : header_.shape) {
      inner /= size;
      place += rest / inner * stride;
      rest %= inner;
      stride *= size;
    }
  }
  return data_ + place * header_.item_bytes;
}

double NpyArray::number(uint64_t index) const {
  const bool swap = header_.big_endian;
  const uint8_t* from = element(index);
  switch (header_.kind) {
    case NpyKind::kFloat: return load_float(from, header_.item_bytes, swap);
    case NpyKind::kBool: return *from != 0 ? 1 : 0;
    case NpyKind::kInt: return static_cast<double>(load_int(from, header_.item_bytes, true, swap));
    case NpyKind::kUint:
      if (header_.item_bytes == 8) return static_cast<double>(load<uint64_t>(from, swap));
      return static_cast<double>(load_int(from, header_.item_bytes, false, swap));
    case NpyKind::kVoid:
      if (header_.item_bytes == 2) {
        return std::bit_cast<float>(static_cast<uint32_t>(load<uint16_t>(from, swap)) << 16);
      }
      [[fallthrough]];
    default:
      throw bad(name_, "numbers are needed, the array is " + header_.describe(),
                "save it with .astype('float32')");
  }
}

int64_t NpyArray::integer(uint64_t index) const {
  switch (header_.kind) {
    case NpyKind::kBool: return *element(index) != 0 ? 1 : 0;
    case NpyKind::kInt:
    case NpyKind::kUint:
      return load_int(element(index), header_.item_bytes, header_.kind == NpyKind::kInt,
                      header_.big_endian);
    default:
      throw bad(name_, "whole numbers are needed, the array is " + header_.describe(),
                "save it with .astype('int64')");
  }
}

std::string NpyArray::text(uint64_t index) const {
  const uint8_t* from = element(index);
  std::string text;
  if (header_.kind == NpyKind::kBytes) {
    text.assign(reinterpret_cast<const char*>(from), header_.item_bytes);
    while (!text.empty() && text.back() == '\0') text.pop_back();
    return text;
  }
  if (header_.kind != NpyKind::kText) {
    throw bad(name_, "texts are needed, the array is " + header_.describe());
  }
  size_t length = header_.item_bytes / 4;
  const auto code = [&](size_t i) { return load<uint32_t>(from + 4 * i, header_.big_endian); };
  while (length > 0 && code(length - 1) == 0) --length;
  for (size_t i = 0; i < length; ++i) append_utf8(text, code(i));
  return text;
}

void NpyArray::read_rows(uint64_t first, uint64_t count, float* to) const {
  const uint64_t columns = header_.columns();
  if (first + count > header_.rows()) {
    throw Error(ErrorCategory::kInternal, "NPY rows out of range", {}, name_);
  }
  if (count * columns == 0) return;
  const bool plain_order = !header_.fortran_order || header_.shape.size() < 2;
  if (header_.kind == NpyKind::kFloat && header_.item_bytes == 4 && !header_.big_endian &&
      plain_order) {
    std::memcpy(to, data_ + first * columns * 4, count * columns * 4);
    return;
  }
  if (header_.kind == NpyKind::kFloat && plain_order) {
    const size_t item = header_.item_bytes;
    const uint8_t* from = data_ + first * columns * item;
    for (uint64_t i = 0; i < count * columns; ++i) {
      to[i] = static_cast<float>(load_float(from + i * item, item, header_.big_endian));
    }
    return;
  }
  for (uint64_t i = 0; i < count * columns; ++i) {
    to[i] = static_cast<float>(number(first * columns + i));
  }
}

}  // namespace errata::text

#include "model/shape.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace errata {

namespace {

// Bytes: for each part that is there, its tag and content. Numbers are variable-length integers,
// low seven bits first.
constexpr char kPolygons = 1;
constexpr char kMask = 2;
constexpr char kCorners = 3;
constexpr char kKeypoints = 4;
// Of a list of numbers: decimals 0..6 when each is an integer over a power of ten, else 7.
constexpr int kMostDecimals = 6;
constexpr char kPlainDoubles = 7;
constexpr double kPowersOfTen[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
constexpr double kLargestExact = 9e15;  // below 2^53

[[noreturn]] void corrupt() {
  throw Error(ErrorCategory::kCorrupt, "the outline of an object is damaged",
              "run `errata doctor`");
}

void put_varint(std::string& bytes, uint64_t value) {
  while (value >= 0x80) {
    bytes += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes += static_cast<char>(value);
}

uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  char byte() {
    if (rest_.empty()) corrupt();
    const char value = rest_.front();
    rest_.remove_prefix(1);
    return value;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto part = static_cast<uint8_t>(byte());
      value |= static_cast<uint64_t>(part & 0x7F) << shift;
      if (part < 0x80) return value;
    }
    corrupt();
  }
  // A number of things that each take at least one byte.
  size_t count() {
    const uint64_t value = varint();
    if (value > rest_.size()) corrupt();
    return static_cast<size_t>(value);
  }
  double plain_double() {
    double value = 0;
    if (rest_.size() < sizeof(value)) corrupt();
    std::memcpy(&value, rest_.data(), sizeof(value));
    rest_.remove_prefix(sizeof(value));
    return value;
  }

 private:
  std::string_view rest_;
};

bool has_decimals(double value, double scale) {
  const double scaled = std::nearbyint(value * scale);
  return std::abs(scaled) < kLargestExact && scaled / scale == value &&
         !(value == 0 && std::signbit(value));
}

int decimals_of(const std::vector<double>& values) {
  int decimals = 0;
  for (const double value : values) {
    while (!has_decimals(value, kPowersOfTen[decimals])) {
      if (++decimals > kMostDecimals) return decimals;
    }
  }
  // A larger power is not exact for each number that a smaller one fitted.
  for (const double value : values) {
    if (!has_decimals(value, kPowersOfTen[decimals])) return kMostDecimals + 1;
  }
  return decimals;
}

// Each number as its difference from the one `stride` before.
void put_numbers(std::string& bytes, const std::vector<double>& values, size_t stride) {
  put_varint(bytes, values.size());
  const int decimals = decimals_of(values);
  if (decimals > kMostDecimals) {
    bytes += kPlainDoubles;
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
    return;
  }
  bytes += static_cast<char>(decimals);
  int64_t earlier[3] = {0, 0, 0};
  for (size_t i = 0; i < values.size(); ++i) {
    const auto scaled = static_cast<int64_t>(std::nearbyint(values[i] * kPowersOfTen[decimals]));
    put_varint(bytes, zigzag(scaled - earlier[i % stride]));
    earlier[i % stride] = scaled;
  }
}

std::vector<double> get_numbers(Reader& reader, size_t stride) {
  std::vector<double> values(reader.count());
  const char decimals = reader.byte();
  if (decimals == kPlainDoubles) {
    for (double& value : values) value = reader.plain_double();
    return values;
  }
  if (decimals < 0 || decimals > kMostDecimals) corrupt();
  int64_t earlier[3] = {0, 0, 0};
  for (size_t i = 0; i < values.size(); ++i) {
    earlier[i % stride] += unzigzag(reader.varint());
    values[i] = static_cast<double>(earlier[i % stride]) / kPowersOfTen[static_cast<int>(decimals)];
  }
  return values;
}

void widen(ShapeBounds& bounds, bool& any, double x0, double y0, double x1, double y1) {
  if (!any) {
    bounds = {x0, y0, x1, y1};  // as corners until the end
    any = true;
    return;
  }
  bounds.x = std::min(bounds.x, x0);
  bounds.y = std::min(bounds.y, y0);
  bounds.width = std::max(bounds.width, x1);
  bounds.height = std::max(bounds.height, y1);
}

void widen_by_mask(ShapeBounds& bounds, bool& any, const MaskRuns& mask) {
  const auto height = static_cast<uint64_t>(mask.height_px);
  if (height == 0) return;
  uint64_t at = 0;
  for (size_t i = 0; i < mask.counts.size(); ++i) {
    const uint64_t count = mask.counts[i];
    if (i % 2 == 1 && count > 0) {
      const uint64_t last = at + count - 1;
      const uint64_t column = at / height;
      const uint64_t last_column = last / height;
      const bool one_column = column == last_column;
      const uint64_t top = one_column ? at % height : 0;
      const uint64_t bottom = one_column ? last % height : height - 1;
      widen(bounds, any, static_cast<double>(column), static_cast<double>(top),
            static_cast<double>(last_column + 1), static_cast<double>(bottom + 1));
    }
    at += count;
  }
}

}  // namespace

std::string encode_shape(const Shape& shape) {
  std::string bytes;
  if (!shape.polygons.empty()) {
    bytes += kPolygons;
    put_varint(bytes, shape.polygons.size());
    for (const std::vector<double>& polygon : shape.polygons) put_numbers(bytes, polygon, 2);
  }
  if (!shape.mask.counts.empty()) {
    bytes += kMask;
    put_varint(bytes, static_cast<uint64_t>(shape.mask.height_px));
    put_varint(bytes, static_cast<uint64_t>(shape.mask.width_px));
    put_varint(bytes, shape.mask.counts.size());
    for (const uint32_t count : shape.mask.counts) put_varint(bytes, count);
  }
  if (!shape.corners.empty()) {
    bytes += kCorners;
    put_numbers(bytes, shape.corners, 2);
  }
  if (!shape.keypoints.empty()) {
    bytes += kKeypoints;
    put_numbers(bytes, shape.keypoints, 3);
  }
  return bytes;
}

Shape decode_shape(std::string_view bytes) {
  Shape shape;
  Reader reader(bytes);
  while (!reader.at_end()) {
    switch (reader.byte()) {
      case kPolygons: {
        shape.polygons.resize(reader.count());
        for (std::vector<double>& polygon : shape.polygons) polygon = get_numbers(reader, 2);
        break;
      }
      case kMask: {
        shape.mask.height_px = static_cast<int32_t>(reader.varint());
        shape.mask.width_px = static_cast<int32_t>(reader.varint());
        shape.mask.counts.resize(reader.count());
        for (uint32_t& count : shape.mask.counts) count = static_cast<uint32_t>(reader.varint());
        break;
      }
      case kCorners: shape.corners = get_numbers(reader, 2); break;
      case kKeypoints: shape.keypoints = get_numbers(reader, 3); break;
      default: corrupt();
    }
  }
  return shape;
}

std::optional<std::array<int32_t, 2>> mask_size_of(std::string_view bytes) {
  MaskRuns mask;
  Reader reader(bytes);
  if (!reader.at_end() && reader.byte() == kMask) {
    mask.height_px = static_cast<int32_t>(reader.varint());
    mask.width_px = static_cast<int32_t>(reader.varint());
  } else {
    mask = decode_shape(bytes).mask;
  }
  if (mask.height_px == 0) return std::nullopt;
  return std::array{mask.width_px, mask.height_px};
}

uint64_t mask_area(const MaskRuns& mask) {
  uint64_t area = 0;
  for (size_t i = 1; i < mask.counts.size(); i += 2) area += mask.counts[i];
  return area;
}

std::string rle_to_string(const MaskRuns& mask) {
  std::string text;
  for (size_t i = 0; i < mask.counts.size(); ++i) {
    int64_t rest = mask.counts[i];
    if (i > 2) rest -= mask.counts[i - 2];
    bool more = true;
    while (more) {
      auto bits = static_cast<int>(rest & 0x1F);
      rest >>= 5;
      more = (bits & 0x10) != 0 ? rest != -1 : rest != 0;
      if (more) bits |= 0x20;
      text += static_cast<char>(bits + 48);
    }
  }
  return text;
}

bool rle_from_string(std::string_view text, MaskRuns& mask) {
  mask.counts.clear();
  uint64_t total = 0;
  size_t at = 0;
  while (at < text.size()) {
    int64_t value = 0;
    int shift = 0;
    bool more = true;
    while (more) {
      if (at >= text.size() || shift > 35) return false;
      const int bits = text[at++] - 48;
      if (bits < 0 || bits > 63) return false;
      value |= static_cast<int64_t>(bits & 0x1F) << shift;
      shift += 5;
      more = (bits & 0x20) != 0;
      if (!more && (bits & 0x10) != 0) value |= -(int64_t{1} << shift);
    }
    if (mask.counts.size() > 2) value += mask.counts[mask.counts.size() - 2];
    if (value < 0 || value > UINT32_MAX) return false;
    mask.counts.push_back(static_cast<uint32_t>(value));
    total += static_cast<uint64_t>(value);
  }
  return total == static_cast<uint64_t>(mask.height_px) * static_cast<uint64_t>(mask.width_px);
}

ShapeBounds bounds_of(const Shape& shape) {
  ShapeBounds bounds;
  bool any = false;
  const auto widen_by_points = [&](const std::vector<double>& numbers) {
    for (size_t i = 0; i + 1 < numbers.size(); i += 2) {
      widen(bounds, any, numbers[i], numbers[i + 1], numbers[i], numbers[i + 1]);
    }
  };
  for (const std::vector<double>& polygon : shape.polygons) widen_by_points(polygon);
  widen_by_points(shape.corners);
  widen_by_mask(bounds, any, shape.mask);
  bounds.width -= bounds.x;
  bounds.height -= bounds.y;
  return bounds;
}

}  // namespace errata

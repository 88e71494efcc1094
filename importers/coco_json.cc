#include "importers/coco_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "text/csv.h"
#include "text/json.h"

namespace errata::importers {

namespace {

using text::JsonCursor;

bool is_whole(double value) {
  return value == std::floor(value) && std::abs(value) < 9e15;
}

bool read_numbers(JsonCursor& cursor, std::vector<double>& numbers) {
  return cursor.array([&] {
    double value = 0;
    if (!cursor.number(value)) return false;
    numbers.push_back(value);
    return true;
  });
}

void note(CocoObject& object, const char* kind) {
  if (std::find(object.oddities.begin(), object.oddities.end(), kind) == object.oddities.end()) {
    object.oddities.emplace_back(kind);
  }
}

// A list of polygons, each flat; in the wild also one flat polygon, or lists of pairs.
bool read_polygons(JsonCursor& cursor, CocoObject& object) {
  std::vector<double> flat;
  bool readable = cursor.array([&] {
    double value = 0;
    if (cursor.peek() != '[') {
      if (!cursor.number(value)) return false;
      flat.push_back(value);
      return true;
    }
    std::vector<double> polygon;
    const bool good = cursor.array([&] {
      if (cursor.peek() == '[') {
        note(object, "nested-polygon");
        return read_numbers(cursor, polygon);
      }
      if (!cursor.number(value)) return false;
      polygon.push_back(value);
      return true;
    });
    if (!good) return false;
    if (polygon.size() == 2) {
      // [[x, y], [x, y], ...]: pairs where polygons were due.
      flat.insert(flat.end(), polygon.begin(), polygon.end());
    } else {
      object.shape.polygons.push_back(std::move(polygon));
    }
    return true;
  });
  if (!flat.empty()) {
    note(object, "nested-polygon");
    object.shape.polygons.push_back(std::move(flat));
  }
  auto& polygons = object.shape.polygons;
  const auto bad = [](const std::vector<double>& polygon) {
    return polygon.size() < 6 || polygon.size() % 2 != 0;
  };
  if (std::any_of(polygons.begin(), polygons.end(), bad)) {
    note(object, "bad-polygon");
    std::erase_if(polygons, bad);
  }
  return readable;
}

bool read_runs(JsonCursor& cursor, CocoObject& object) {
  MaskRuns mask;
  std::string storage;
  std::string_view compressed;
  std::string compressed_text;
  std::vector<double> counts;
  bool has_text = false;
  const bool readable = cursor.object([&](std::string_view key) {
    if (key == "size") {
      std::vector<double> size;
      if (!read_numbers(cursor, size)) return false;
      if (size.size() == 2 && size[0] >= 0 && size[1] >= 0 && size[0] < 1e6 && size[1] < 1e6) {
        mask.height_px = static_cast<int32_t>(size[0]);
        mask.width_px = static_cast<int32_t>(size[1]);
      }
      return true;
    }
    if (key != "counts") {
      std::string_view raw;
      return cursor.skip(raw);
    }
    if (cursor.peek() == '[') return read_numbers(cursor, counts);
    if (!cursor.string(compressed, storage)) return false;
    compressed_text = compressed;
    has_text = true;
    return true;
  });
  if (!readable) return false;
  bool good = mask.height_px > 0 && mask.width_px > 0;
  if (has_text) {
    // Python's bytes written as text.
    std::string_view text = compressed_text;
    if (text.size() >= 3 && text.starts_with("b'") && text.ends_with("'")) {
      text = text.substr(2, text.size() - 3);
      note(object, "bytes-as-text");
    }
    good = good && rle_from_string(text, mask);
  } else {
    double total = 0;
    for (const double count : counts) {
      good = good && is_whole(count) && count >= 0 && count < UINT32_MAX;
      total += count;
      mask.counts.push_back(good ? static_cast<uint32_t>(count) : 0);
    }
    good = good && total == static_cast<double>(mask.height_px) * mask.width_px;
  }
  if (!good) {
    note(object, "bad-mask");
    return true;
  }
  object.shape.mask = std::move(mask);
  return true;
}

bool read_box(JsonCursor& cursor, CocoObject& object) {
  std::vector<double> numbers;
  std::string_view raw;
  JsonCursor before = cursor;
  if (!read_numbers(cursor, numbers)) {
    cursor = before;
    if (!cursor.skip(raw)) return false;
    // null is an absent box; NaN and texts are none.
    if (raw == "null") return true;
    if (object.problem.empty()) object.problem = "bad-box";
    return true;
  }
  if (numbers.empty()) return true;
  const bool finite = std::all_of(numbers.begin(), numbers.end(),
                                  [](double value) { return std::isfinite(value); });
  if (numbers.size() != 4 || !finite) {
    object.problem = "bad-box";
    return true;
  }
  std::copy_n(numbers.begin(), 4, object.box.begin());
  object.has_box = true;
  if (numbers[2] < 0 || numbers[3] < 0) object.problem = "negative-box";
  return true;
}

// A number, also written as a text.
bool read_loose_number(JsonCursor& cursor, std::optional<double>& value) {
  double number = 0;
  if (cursor.number(number)) {
    value = number;
    return true;
  }
  std::string storage;
  std::string_view word;
  if (cursor.string(word, storage)) {
    if (text::parse_double(word, number) && std::isfinite(number)) value = number;
    return true;
  }
  return cursor.skip(word);
}

bool read_flag(JsonCursor& cursor, bool& flag) {
  if (cursor.literal("true")) {
    flag = true;
    return true;
  }
  std::optional<double> value;
  if (!read_loose_number(cursor, value)) return false;
  flag = value.value_or(0) != 0;
  return true;
}

bool read_member(JsonCursor& cursor, std::string_view key, CocoObject& object) {
  std::string_view raw;
  if (key == "bbox") return read_box(cursor, object);
  if (key == "image_id") return read_coco_id(cursor, object.image_id, object.odd_id);
  if (key == "category_id") return read_coco_id(cursor, object.category_id, object.odd_id);
  if (key == "id") return read_coco_id(cursor, object.id, object.odd_id);
  if (key == "area") return read_loose_number(cursor, object.area);
  if (key == "score") return read_loose_number(cursor, object.score);
  if (key == "iscrowd") return read_flag(cursor, object.crowd);
  if (key == "segmentation") {
    if (cursor.peek() == '[') return read_polygons(cursor, object);
    if (cursor.peek() == '{') return read_runs(cursor, object);
    return cursor.skip(raw);
  }
  if (key == "keypoints") {
    if (cursor.peek() != '[') return cursor.skip(raw);
    if (!read_numbers(cursor, object.shape.keypoints)) return false;
    if (object.shape.keypoints.size() % 3 != 0) {
      note(object, "bad-keypoints");
      object.shape.keypoints.clear();
    }
    return true;
  }
  if (key == "file_name") {
    std::string storage;
    if (!cursor.string(raw, storage)) return cursor.skip(raw);
    object.file_name = raw;
    return true;
  }
  return cursor.skip(raw);
}

// How much larger a span is once it is read: records, raw texts and outlines beside the text.
constexpr uint64_t kReadTimes = 6;

}  // namespace

size_t coco_span_bytes(uint64_t memory_bytes) {
  constexpr uint64_t kLeast = 16 << 10;
  constexpr uint64_t kMost = 256 << 10;
  return std::clamp(memory_bytes / (4 * kReadTimes), kLeast, kMost);
}

size_t coco_window(uint64_t memory_bytes) {
  const uint64_t spans = memory_bytes / (kReadTimes * coco_span_bytes(memory_bytes));
  return std::clamp<uint64_t>(spans, 1, kCocoWindowSpans);
}

bool read_coco_id(JsonCursor& cursor, std::string& id, bool& odd) {
  double number = 0;
  std::string storage;
  std::string_view word;
  const JsonCursor before = cursor;
  if (cursor.number(number)) {
    JsonCursor again = before;
    again.skip(word);
    if (is_whole(number)) {
      const bool digits = word.find_first_not_of("-0123456789") == std::string_view::npos;
      odd = odd || !digits;
      id = digits ? std::string(word) : fmt::format("{:.0f}", number);
    } else {
      odd = true;
      id = word;
    }
    return true;
  }
  if (!cursor.string(word, storage)) return cursor.skip(word);
  odd = true;
  id = word;
  return true;
}

std::string coco_oddity_text(std::string_view kind) {
  if (kind == "nested-polygon") return "points written as pairs were taken as a polygon";
  if (kind == "bytes-as-text") return "counts in Python's b'...' were taken as what is inside";
  if (kind == "bad-mask") {
    return "the mask was left out: its counts are none, or not as many pixels as its size";
  }
  return "a polygon was left out: it has less than three points, or a number without a partner";
}

bool read_coco_object(JsonCursor& cursor, CocoObject& object) {
  return cursor.object([&](std::string_view key) { return read_member(cursor, key, object); });
}

void settle_coco_box(CocoObject& object) {
  if (!object.problem.empty()) return;
  if (!object.has_box) {
    if (object.shape.polygons.empty() && object.shape.mask.counts.empty()) {
      object.problem = "missing-box";
      return;
    }
    const ShapeBounds bounds = bounds_of(object.shape);
    object.box = {bounds.x, bounds.y, bounds.width, bounds.height};
  }
  constexpr double kFarthestPx = 1e7;  // no picture is so large
  if (!std::isfinite(object.box[2] * object.box[3]) ||
      std::any_of(object.box.begin(), object.box.end(),
                  [](double value) { return std::abs(value) > kFarthestPx; })) {
    object.problem = "bad-box";
  }
}

Issue coco_mask_size_issue(const std::string& file, const std::string& place,
                           const std::array<int32_t, 2>& mask_size,
                           const std::array<int32_t, 2>& image_size, bool needed) {
  return {needed ? IssueSeverity::kRejected : IssueSeverity::kWarning,
          "mask-size",
          file,
          place,
          fmt::format("{} x {}", mask_size[0], mask_size[1]),
          fmt::format("{}: its image has {} x {} pixels",
                      needed ? "there is no box, and the mask is none of this image"
                             : "the mask was left out",
                      image_size[0], image_size[1]),
          "the size of a mask is [height, width] of its image"};
}

std::optional<std::string> read_json_head(const std::string& path, size_t bytes) {
  std::FILE* stream = std::fopen(path.c_str(), "rb");
  if (stream == nullptr) return std::nullopt;
  std::string head(bytes, '\0');
  head.resize(std::fread(head.data(), 1, head.size(), stream));
  std::fclose(stream);
  head.erase(0, head.find_first_not_of(" \t\r\n\xEF\xBB\xBF"));
  return head;
}

ClassMap read_coco_categories(std::string_view text, const std::string& file, IssueLog& issues) {
  struct Category {
    std::string id;
    std::string name;
  };
  std::vector<Category> categories;
  JsonCursor cursor(text);
  const bool good = cursor.array([&] {
    Category category;
    bool odd = false;
    const bool read = cursor.object([&](std::string_view key) {
      std::string_view raw;
      std::string storage;
      if (key == "id") return read_coco_id(cursor, category.id, odd);
      if (key != "name") return cursor.skip(raw);
      if (!cursor.string(raw, storage)) return read_coco_id(cursor, category.name, odd);
      category.name = raw;
      return true;
    });
    categories.push_back(std::move(category));
    return read;
  });
  if (!good) {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("the categories cannot be read at byte {} of them", cursor.position()),
                "each is {\"id\": 1, \"name\": \"cat\"}", file);
  }
  const auto number_of = [](const Category& category) {
    double value = 0;
    return text::parse_double(category.id, value) ? value : std::nan("");
  };
  std::stable_sort(categories.begin(), categories.end(), [&](const Category& a, const Category& b) {
    const double x = number_of(a);
    const double y = number_of(b);
    if (std::isnan(x) || std::isnan(y)) return std::isnan(y) && !std::isnan(x);
    return x < y;
  });
  ClassMap classes;
  for (Category& category : categories) {
    const auto warn = [&](const char* kind, const char* message) {
      issues.warn(kind, file, fmt::format("category {}", category.id), category.name, message, "");
    };
    if (category.name.empty()) {
      category.name = fmt::format("category_{}", category.id);
      warn("unnamed-category", "a category without a name is called by its id");
    }
    if (trim(category.name) != category.name) {
      warn("blank-in-category", "the name of a category begins or ends with a blank");
    }
    if (classes.find_raw_id(category.id) != kNoClass) {
      warn("duplicate-category", "an earlier category has the same id; that one counts");
      continue;
    }
    if (classes.find(category.name) != kNoClass) {
      warn("duplicate-category", "two categories have the same name: they are one class here");
    }
    classes.add(to_valid_utf8(category.name), category.id);
  }
  return classes;
}

}  // namespace errata::importers

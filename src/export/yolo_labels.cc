#include "export/yolo_labels.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "export/yolo_object.h"
#include "text/csv.h"

namespace errata::exports {

namespace {

constexpr char kMark = SourceHeader::kObjectsMark;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_no_file(std::string_view raw) {
  return raw.size() == 1 && raw.front() == SourceHeader::kNoFileMark;
}

// Lines as the importer has them (importers/yolo_rows.h): with their end, which may be missing.
struct Line {
  std::string_view content;
  std::string_view end;
};

// Takes the first line off `text`.
Line take_line(std::string_view& text) {
  const size_t end = std::min(text.find_first_of("\r\n"), text.size());
  size_t next = std::min(end + 1, text.size());
  if (text.substr(end).starts_with("\r\n")) next = end + 2;
  const Line line{text.substr(0, end), text.substr(end, next - end)};
  text.remove_prefix(next);
  return line;
}

// A row of the source for which there is no object.
bool is_rejected_row(std::string_view line) {
  const std::vector<std::string_view> words = yolo_words(line);
  return !words.empty() && words.front().front() != '#' &&
         line.find(kMark) == std::string_view::npos;
}

bool has_rejected_rows(std::string_view raw) {
  if (raw.starts_with(kByteOrderMark)) raw.remove_prefix(kByteOrderMark.size());
  while (!raw.empty()) {
    if (is_rejected_row(take_line(raw).content)) return true;
  }
  return false;
}

// As the importer compares rows; empty where a word is no number.
std::vector<float> values_of(std::string_view row) {
  std::vector<float> values;
  for (const std::string_view word : yolo_words(row)) {
    double value = 0;
    if (!text::parse_double(word, value)) return {};
    values.push_back(static_cast<float>(value));
  }
  return values;
}

class Repeats {
 public:
  explicit Repeats(const std::vector<std::string_view>& rows) : rows_(rows) {}
  bool contains(std::string_view row) {
    if (values_.empty()) {
      for (const std::string_view each : rows_) values_.insert(values_of(each));
    }
    const std::vector<float> values = values_of(row);
    return !values.empty() && values_.contains(values);
  }

 private:
  const std::vector<std::string_view>& rows_;
  std::set<std::vector<float>> values_;  // made when it is first asked for
};

void drop_line_end(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

}  // namespace

YoloLabels::YoloLabels(const ExportInput& input, const YoloDataset& dataset)
    : input_(input), dataset_(dataset), texts_(texts_by_item(input, "yolo")) {}

std::string YoloLabels::row(const ExportObject& object) const {
  if (object.crowd) return {};
  const size_t class_index = dataset_.class_of(object);
  if (dataset_.keeps_numbers(object)) return mended_yolo_row(object.raw_text, class_index, {});
  const YoloNumbers numbers =
      yolo_numbers(object, dataset_.form_of(object), dataset_.pose(), dataset_.frame_of(object));
  if (numbers.values.empty()) return {};
  return mended_yolo_row(object.raw_text, class_index, numbers.values);
}

std::vector<float> YoloLabels::values(const ExportObject& object) const {
  if (object.crowd) return {};
  const auto class_index = static_cast<float>(dataset_.class_of(object));
  if (dataset_.keeps_numbers(object)) {
    std::vector<float> values = values_of(object.raw_text);
    if (!values.empty()) values.front() = class_index;
    return values;
  }
  const YoloNumbers numbers =
      yolo_numbers(object, dataset_.form_of(object), dataset_.pose(), dataset_.frame_of(object));
  if (numbers.values.empty()) return {};
  std::vector<float> values{class_index};
  for (const double number : numbers.values) values.push_back(static_cast<float>(number));
  return values;
}

std::vector<ObjectId> YoloLabels::repeats(size_t item) const {
  std::vector<ObjectId> ids;
  const auto& objects = texts_.objects[item];
  if (objects.size() < 2) return ids;
  std::set<std::vector<float>> known;
  for (const uint32_t i : objects) {
    const ExportObject& object = input_.objects.objects[i];
    std::vector<float> row = values(object);
    if (!row.empty() && !known.insert(std::move(row)).second) ids.push_back(object.id);
  }
  return ids;
}

std::string_view YoloLabels::source_text(size_t item) const {
  const int32_t image = texts_.image[item];
  if (image < 0) return {};
  return input_.objects.images[static_cast<size_t>(image)].raw_text;
}

YoloLabels::Rows YoloLabels::rows_of(size_t item, std::string_view raw) const {
  Rows rows;
  rows.marks = static_cast<size_t>(std::count(raw.begin(), raw.end(), kMark));
  rows.at_mark.resize(rows.marks);
  for (const uint32_t i : texts_.objects[item]) {
    const ExportObject& object = input_.objects.objects[i];
    std::string made = row(object);
    if (made.empty()) continue;
    const auto place = static_cast<size_t>(object.place);
    if (!stands_at_mark(object, texts_.image[item]) || place >= rows.marks) {
      rows.others.push_back(std::move(made));
      continue;
    }
    if (made == object.raw_text) rows.as_before.push_back(object.raw_text);
    rows.at_mark[place] = std::move(made);
  }
  return rows;
}

bool YoloLabels::keeps_rejected_rows(size_t item, const Rows& rows) const {
  const SourceImage& image = input_.objects.images[static_cast<size_t>(texts_.image[item])];
  return rows.all_as_before() && dataset_.has_classes_of(image.source);
}

bool YoloLabels::mend(std::string_view raw, const Rows& rows, bool keep_rejected,
                      std::string& text) const {
  bool dropped = false;
  Repeats repeats(rows.as_before);
  if (raw.starts_with(kByteOrderMark)) {
    text += kByteOrderMark;
    raw.remove_prefix(kByteOrderMark.size());
  }
  for (size_t marks = 0; !raw.empty();) {
    const Line line = take_line(raw);
    const size_t mark = line.content.find(kMark);
    bool keep = true;
    if (mark != std::string_view::npos) {
      const std::string& made = rows.at_mark[marks++];
      keep = !made.empty();
      if (keep) {
        text += line.content.substr(0, mark);
        text += made;
        text += line.content.substr(mark + 1);
      }
    } else {
      keep = keep_rejected || !is_rejected_row(line.content) || repeats.contains(line.content);
      dropped = dropped || !keep;
      if (keep) text += line.content;
    }
    if (keep) {
      text += line.end;
    } else if (line.end.empty()) {
      drop_line_end(text);
    }
  }
  return dropped;
}

bool YoloLabels::text(size_t item, std::string& text) const {
  text.clear();
  std::string_view raw = source_text(item);
  const bool no_file = is_no_file(raw);
  if (no_file) raw = {};
  const Rows rows = rows_of(item, raw);
  if (!raw.empty()) mend(raw, rows, keeps_rejected_rows(item, rows), text);
  for (const std::string& made : rows.others) {
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += made + "\n";
  }
  return !no_file || !text.empty();
}

bool YoloLabels::drops_rejected_rows(size_t item) const {
  const std::string_view raw = source_text(item);
  if (raw.empty() || is_no_file(raw) || !has_rejected_rows(raw)) return false;
  const Rows rows = rows_of(item, raw);
  std::string unused;
  return mend(raw, rows, keeps_rejected_rows(item, rows), unused);
}

}  // namespace errata::exports

#include "cli/result_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "text/csv.h"

namespace errata::cli {

namespace {

struct CodeRange {
  uint32_t first;
  uint32_t last;
};

// Unicode 15 blocks of combining and of wide characters, as coarse as a terminal needs them.
constexpr CodeRange kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
constexpr CodeRange kWide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t N>
bool in_ranges(uint32_t code, const CodeRange (&ranges)[N]) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

// Length in bytes of the character that starts at text[i]; `code` is its code point. The text is
// valid UTF-8.
size_t read_character(std::string_view text, size_t i, uint32_t& code) {
  const auto first = static_cast<unsigned char>(text[i]);
  size_t length = 1;
  code = first;
  if (first >= 0xF0) {
    length = 4;
    code = first & 0x07u;
  } else if (first >= 0xE0) {
    length = 3;
    code = first & 0x0Fu;
  } else if (first >= 0xC0) {
    length = 2;
    code = first & 0x1Fu;
  }
  for (size_t k = 1; k < length && i + k < text.size(); ++k) {
    code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
  }
  return std::min(length, text.size() - i);
}

size_t code_width(uint32_t code) {
  if (code < 0x300) return 1;
  if (in_ranges(code, kZeroWidth)) return 0;
  return in_ranges(code, kWide) ? 2 : 1;
}

bool is_null(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return true;
  const double* number = std::get_if<double>(&cell);
  return number != nullptr && std::isnan(*number);
}

// Keeps both ends: of a path, the file name says more than the middle.
std::string shorten_middle(const std::string& text, size_t max_width) {
  if (display_width(text) <= max_width) return text;
  const size_t head_width = max_width / 3;
  const size_t tail_width = max_width - head_width - 1;
  size_t width = 0;
  size_t head_end = 0;
  uint32_t code = 0;
  while (head_end < text.size()) {
    const size_t length = read_character(text, head_end, code);
    if (width + code_width(code) > head_width) break;
    width += code_width(code);
    head_end += length;
  }
  size_t rest = display_width(std::string_view(text).substr(head_end));
  size_t tail_begin = head_end;
  while (tail_begin < text.size() && rest > tail_width) {
    const size_t length = read_character(text, tail_begin, code);
    rest -= code_width(code);
    tail_begin += length;
  }
  return text.substr(0, head_end) + "…" + text.substr(tail_begin);
}

std::string signed_with_thousands(int64_t value) {
  const auto magnitude =
      value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  return (value < 0 ? "-" : "") + with_thousands(magnitude);
}

std::string shown(const Cell& cell, const ResultColumn& column) {
  if (is_null(cell)) return {};
  if (const bool* value = std::get_if<bool>(&cell)) return *value ? "yes" : "no";
  if (const int64_t* value = std::get_if<int64_t>(&cell)) return signed_with_thousands(*value);
  if (const double* value = std::get_if<double>(&cell)) {
    constexpr double kMostWrittenOut = 1e15;
    if (std::abs(*value) >= kMostWrittenOut) return fmt::format("{:.6g}", *value);
    std::string text = fmt::format("{:.{}f}", *value, column.decimals);
    const bool is_zero = text.find_first_not_of("-0.") == std::string::npos;
    if (is_zero && text.starts_with('-')) text.erase(0, 1);  // a difference of -1e-9 is no minus
    if (is_zero && column.never_zero) {
      text.back() = '1';
      text.insert(0, "<");
    }
    return text;
  }
  return shorten_middle(printable(std::get<std::string>(cell)), column.max_width);
}

std::string plain_text(const Cell& cell) {
  if (is_null(cell)) return {};
  if (const bool* value = std::get_if<bool>(&cell)) return *value ? "true" : "false";
  if (const int64_t* value = std::get_if<int64_t>(&cell)) return fmt::format("{}", *value);
  if (const double* value = std::get_if<double>(&cell)) return fmt::format("{}", *value);
  return to_valid_utf8(std::get<std::string>(cell));
}

text::Json json_of(const Cell& cell) {
  if (is_null(cell)) return nullptr;
  if (const bool* value = std::get_if<bool>(&cell)) return *value;
  if (const int64_t* value = std::get_if<int64_t>(&cell)) return *value;
  if (const double* value = std::get_if<double>(&cell)) return *value;
  return std::get<std::string>(cell);
}

text::Json json_of(const std::vector<ResultColumn>& columns, const std::vector<Cell>& row) {
  text::Json object = text::Json::object();
  for (size_t i = 0; i < columns.size(); ++i) object[columns[i].name] = json_of(row[i]);
  return object;
}

void append_padded(std::string& line, const std::string& text, size_t width, Align align) {
  const std::string padding(width - std::min(width, display_width(text)), ' ');
  line += align == Align::kRight ? padding + text : text + padding;
}

// Lines of at most `width`, broken at spaces; a longer word loses its middle.
std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  for (const std::string_view word : split_view(text, ' ')) {
    const std::string part = shorten_middle(std::string(word), width);
    if (!lines.empty() && display_width(lines.back()) + 1 + display_width(part) <= width) {
      lines.back() += ' ' + part;
    } else {
      lines.push_back(part);
    }
  }
  return lines;
}

// The cells as text, and how wide each column is shown.
class TextLayout {
 public:
  TextLayout(const std::vector<ResultColumn>& columns, const std::vector<std::vector<Cell>>& rows)
      : columns_(columns) {
    for (const ResultColumn& column : columns) widths_.push_back(display_width(column.name));
    for (const auto& row : rows) {
      std::vector<std::string> line;
      for (size_t i = 0; i < columns.size(); ++i) {
        line.push_back(shown(row[i], columns[i]));
        widths_[i] = std::max(widths_[i], display_width(line.back()));
      }
      lines_.push_back(std::move(line));
    }
    for (size_t i = 0; i < columns.size(); ++i) order_.push_back(i);
  }

  void fit(size_t width) {
    const std::vector<size_t> whole = widths_;
    while (!shrink(width, kLeastWidth)) {
      const auto spare = std::max_element(order_.rbegin(), order_.rend(), [&](size_t a, size_t b) {
        return columns_[a].spare < columns_[b].spare;
      });
      if (columns_[*spare].spare == 0) {
        shrink(width, 1);
        return;
      }
      order_.erase(std::next(spare).base());
      widths_ = whole;
    }
  }

  std::string text() const {
    std::string out = line_of([&](size_t i) { return columns_[i].name; });
    for (const auto& line : lines_) {
      std::vector<std::vector<std::string>> parts(columns_.size());
      size_t height = 1;
      for (const size_t i : order_) {
        parts[i] = columns_[i].wraps ? wrapped(line[i], widths_[i])
                                     : std::vector{shorten_middle(line[i], widths_[i])};
        height = std::max(height, parts[i].size());
      }
      for (size_t k = 0; k < height; ++k) {
        out += line_of([&](size_t i) { return k < parts[i].size() ? parts[i][k] : std::string(); });
      }
    }
    return out;
  }

 private:
  static constexpr size_t kLeastWidth = 20;

  size_t total() const {
    size_t sum = order_.empty() ? 0 : 2 * (order_.size() - 1);
    for (const size_t i : order_) sum += widths_[i];
    return sum;
  }

  // Takes from the widest columns of text until all fit or none is wider than `least`.
  bool shrink(size_t width, size_t least) {
    for (size_t all = total(); all > width; --all) {
      size_t* widest = nullptr;
      for (const size_t i : order_) {
        if (columns_[i].align == Align::kRight) continue;
        if (widths_[i] <= std::max(least, display_width(columns_[i].name))) continue;
        if (widest == nullptr || widths_[i] > *widest) widest = &widths_[i];
      }
      if (widest == nullptr) return false;
      --*widest;
    }
    return true;
  }

  template <typename TextOf>
  std::string line_of(const TextOf& text_of) const {
    std::string line;
    for (const size_t i : order_) {
      if (i != order_.front()) line += "  ";
      append_padded(line, text_of(i), widths_[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + '\n';
  }

  const std::vector<ResultColumn>& columns_;
  std::vector<std::vector<std::string>> lines_;
  std::vector<size_t> widths_;
  std::vector<size_t> order_;  // of the columns that are shown
};

}  // namespace

size_t display_width(std::string_view text) {
  size_t width = 0;
  uint32_t code = 0;
  for (size_t i = 0; i < text.size();) {
    i += read_character(text, i, code);
    width += code_width(code);
  }
  return width;
}

std::string printable(std::string_view text) {
  const bool clean = is_valid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
                       return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
                     });
  if (clean) return std::string(text);
  std::string escaped;
  for (const char c : to_valid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string ResultTable::to_text(size_t width) const {
  TextLayout layout(columns_, rows_);
  if (width > 0) layout.fit(width);
  return layout.text();
}

std::string ResultTable::to_csv() const {
  std::vector<std::string> fields;
  for (const ResultColumn& column : columns_) fields.push_back(column.name);
  std::string out = text::csv_line(fields);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < columns_.size(); ++i) fields[i] = plain_text(row[i]);
    out += text::csv_line(fields);
  }
  return out;
}

std::string ResultTable::to_json_lines() const {
  std::string out;
  for (const auto& row : rows_) text::append_json_line(out, json_of(columns_, row));
  return out;
}

std::string ResultTable::to_json() const {
  return to_json_value(*this).dump(2) + '\n';
}

TableFormat parse_table_format(std::string_view name) {
  if (name == "table") return TableFormat::kTable;
  if (name == "csv") return TableFormat::kCsv;
  if (name == "jsonl") return TableFormat::kJsonLines;
  if (name == "json") return TableFormat::kJson;
  throw Error(ErrorCategory::kUsage, fmt::format("there is no output format '{}'", name),
              "Use --format table, csv, jsonl or json.");
}

std::string render(const ResultTable& table, TableFormat format) {
  switch (format) {
    case TableFormat::kTable: return table.to_text();
    case TableFormat::kCsv: return table.to_csv();
    case TableFormat::kJsonLines: return table.to_json_lines();
    case TableFormat::kJson: return table.to_json();
  }
  return {};
}

text::Json to_json_value(const ResultTable& table) {
  text::Json array = text::Json::array();
  for (const auto& row : table.cells()) array.push_back(json_of(table.columns(), row));
  return array;
}

}  // namespace errata::cli

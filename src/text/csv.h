// CSV by RFC 4180: quoted fields with doubled quotes and line breaks inside, CRLF or LF, a UTF-8 or
// UTF-16 mark, gzip. Streaming: memory holds one buffer and one record.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_source.h"

namespace errata::text {

struct CsvOptions {
  char delimiter = '\0';                    // '\0': sniffed from the first record: , ; tab or |
  uint64_t max_record_bytes = 64ULL << 20;  // a lost quote must not read a whole file as one field
};

class CsvReader {
 public:
  // Throws Error(kNotFound, kIo).
  explicit CsvReader(const std::string& path, CsvOptions options = {});
  // `name` is for messages; `source` may be memory_byte_source().
  CsvReader(std::unique_ptr<ByteSource> source, std::string name, CsvOptions options = {});
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;

  // Moves to the next record; false at the end. Lines without any byte are skipped. Throws
  // Error(kBadInput) with the line for a quote that is never closed and for a record above the
  // limit. Text after a closing quote ("a"b) is taken as it stands and told by malformed().
  bool next();

  // Of the present record; valid until next(). Unquoted and unescaped; not trimmed.
  std::span<const std::string_view> fields() const;
  // Its number, counting records from 1, so the header is 1: the row a spreadsheet shows.
  uint64_t row() const;
  // The line its first byte stands on, from 1.
  uint64_t line() const;
  // "row 12", and "row 12 (line 15)" once quoted line breaks made the two differ.
  std::string place() const;
  bool malformed() const;
  char delimiter() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One field as it must stand in a CSV of that delimiter: quoted when it holds the delimiter, a
// quote, a line break, or a blank at an end.
std::string csv_field(std::string_view text, char delimiter = ',');
// Fields joined, with "\n" at the end.
std::string csv_line(std::span<const std::string> fields, char delimiter = ',');

// The whole of `text` (blanks at the ends allowed) as a number: "0.25", "1e-3", "inf", "nan", "+1".
// False when it is none. Independent of the locale.
bool parse_double(std::string_view text, double& value);
bool parse_float(std::string_view text, float& value);
bool parse_int(std::string_view text, int64_t& value);

}  // namespace errata::text

#include "text/csv.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/text.h"

namespace errata::text {

namespace {

constexpr size_t kPieceBytes = 256 * 1024;

// A field lies in the buffer as it stands, or, when quotes had to be undone, in `unquoted`.
struct FieldPlace {
  size_t begin = 0;
  size_t length = 0;
  bool in_unquoted = false;
};

// The delimiter of the first record: the candidate that occurs most often outside quotes. A tie
// goes to the one named first, and none at all means a single column.
char sniff_delimiter(std::string_view text) {
  constexpr std::array<char, 4> kCandidates = {',', ';', '\t', '|'};
  std::array<size_t, 4> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') {
      bool any = false;
      for (const size_t count : counts) any = any || count > 0;
      if (any) break;
    }
    for (size_t i = 0; i < kCandidates.size(); ++i) counts[i] += c == kCandidates[i] ? 1 : 0;
  }
  size_t best = 0;
  for (size_t i = 1; i < counts.size(); ++i) {
    if (counts[i] > counts[best]) best = i;
  }
  return kCandidates[best];
}

}  // namespace

struct CsvReader::State {
  std::unique_ptr<ByteSource> source;
  std::string name;
  CsvOptions options;

  std::string buffer;  // bytes [at, buffer.size()) are still to be read
  size_t at = 0;
  bool source_ended = false;
  std::string unquoted;
  std::vector<FieldPlace> places;
  std::vector<std::string_view> fields;
  std::array<bool, 256> stops{};  // delimiter, quote, CR, LF

  uint64_t row = 0;
  uint64_t line = 0;
  uint64_t next_line = 1;
  bool malformed = false;

  void start() {
    refill();
    if (options.delimiter == '\0') {
      options.delimiter = sniff_delimiter(std::string_view(buffer).substr(0, 64 * 1024));
    }
    for (const char c : {options.delimiter, '"', '\n', '\r'}) stops[static_cast<uint8_t>(c)] = true;
  }

  // Drops what was read and reads on. False when the source has ended.
  bool refill() {
    if (source_ended) return false;
    buffer.erase(0, at);
    at = 0;
    const size_t had = buffer.size();
    if (had > options.max_record_bytes) {
      throw Error(ErrorCategory::kBadInput,
                  "the record that starts on line " + std::to_string(next_line) +
                      " is longer than " + human_bytes(options.max_record_bytes),
                  "look for a quote that is never closed on that line", name);
    }
    const size_t piece = std::max(kPieceBytes, had);
    buffer.resize(had + piece);
    const size_t got = source->read(buffer.data() + had, piece);
    buffer.resize(had + got);
    if (got < piece) source_ended = true;
    return got > 0;
  }

  // Reads one record from `at`. False when the buffer ends before the record does.
  bool parse_record(size_t& end, uint64_t& lines) {
    places.clear();
    unquoted.clear();
    malformed = false;
    lines = 0;
    size_t p = at;
    while (true) {
      if (p < buffer.size() && buffer[p] == '"') {
        if (!parse_quoted(p, lines)) return false;
      } else if (!parse_plain(p)) {
        return false;
      }
      if (p == buffer.size()) {
        end = p;
        return true;
      }
      if (buffer[p] == options.delimiter) {
        ++p;
        continue;
      }
      return end_line(p, end, lines);
    }
  }

  bool end_line(size_t p, size_t& end, uint64_t& lines) {
    ++lines;
    if (buffer[p] == '\r') {
      if (p + 1 == buffer.size() && !source_ended) return false;
      if (p + 1 < buffer.size() && buffer[p + 1] == '\n') ++p;
    }
    end = p + 1;
    return true;
  }

  bool parse_plain(size_t& p) {
    const size_t begin = p;
    while (true) {
      while (p < buffer.size() && !stops[static_cast<uint8_t>(buffer[p])]) ++p;
      if (p == buffer.size()) {
        if (!source_ended) return false;
        break;
      }
      if (buffer[p] != '"') break;
      malformed = true;  // a quote inside an unquoted field: taken as it stands
      ++p;
    }
    places.push_back({begin, p - begin, false});
    return true;
  }

  bool parse_quoted(size_t& p, uint64_t& lines) {
    const size_t begin_unquoted = unquoted.size();
    ++p;
    while (true) {
      const void* found =
          p < buffer.size() ? std::memchr(buffer.data() + p, '"', buffer.size() - p) : nullptr;
      if (found == nullptr) {
        if (!source_ended) return false;
        throw Error(ErrorCategory::kBadInput,
                    "the quote in the record that starts on line " + std::to_string(next_line) +
                        " is never closed",
                    "close it, or double a quote that is part of the text", name);
      }
      const auto quote = static_cast<size_t>(static_cast<const char*>(found) - buffer.data());
      unquoted.append(buffer, p, quote - p);
      p = quote + 1;
      if (p == buffer.size() && !source_ended) return false;
      if (p < buffer.size() && buffer[p] == '"') {
        unquoted += '"';
        ++p;
        continue;
      }
      break;
    }
    if (!take_tail(p)) return false;
    const std::string_view text = std::string_view(unquoted).substr(begin_unquoted);
    for (const char c : text) lines += c == '\n' ? 1 : 0;
    places.push_back({begin_unquoted, text.size(), true});
    return true;
  }

  // What stands between a closing quote and the delimiter: nothing, in a good file.
  bool take_tail(size_t& p) {
    while (p < buffer.size() && buffer[p] != options.delimiter && buffer[p] != '\n' &&
           buffer[p] != '\r') {
      malformed = true;
      unquoted += buffer[p++];
    }
    return p < buffer.size() || source_ended;
  }

  void publish_fields() {
    fields.clear();
    for (const FieldPlace& place : places) {
      const std::string& from = place.in_unquoted ? unquoted : buffer;
      fields.emplace_back(from.data() + place.begin, place.length);
    }
  }
};

CsvReader::CsvReader(const std::string& path, CsvOptions options)
    : CsvReader(open_byte_source(path), path, options) {}

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, std::string name, CsvOptions options)
    : state_(std::make_unique<State>()) {
  state_->source = decode_to_utf8(std::move(source));
  state_->name = std::move(name);
  state_->options = options;
  state_->start();
}

CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;

bool CsvReader::next() {
  State& s = *state_;
  while (true) {
    if (s.at == s.buffer.size() && !s.refill()) return false;
    size_t end = 0;
    uint64_t lines = 0;
    while (!s.parse_record(end, lines)) s.refill();
    const bool empty = s.places.size() == 1 && s.places[0].length == 0 && !s.places[0].in_unquoted;
    s.publish_fields();
    s.at = end;
    s.line = s.next_line;
    s.next_line += lines;
    if (empty) continue;
    ++s.row;
    return true;
  }
}

std::span<const std::string_view> CsvReader::fields() const {
  return state_->fields;
}
uint64_t CsvReader::row() const {
  return state_->row;
}
uint64_t CsvReader::line() const {
  return state_->line;
}
bool CsvReader::malformed() const {
  return state_->malformed;
}
char CsvReader::delimiter() const {
  return state_->options.delimiter;
}

std::string CsvReader::place() const {
  std::string text = "row " + std::to_string(row());
  if (line() != row()) text += " (line " + std::to_string(line()) + ")";
  return text;
}

std::string csv_field(std::string_view text, char delimiter) {
  const bool blank_end = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  const char special[] = {delimiter, '"', '\n', '\r', '\0'};
  if (!blank_end && text.find_first_of(special) == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_line(std::span<const std::string> fields, char delimiter) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += delimiter;
    line += csv_field(fields[i], delimiter);
  }
  line += '\n';
  return line;
}

}  // namespace errata::text

// A JSON file of any size as an outline: where its large arrays are and where each of their
// elements begins, so that they can be read in pieces, by several threads, without a tree in
// memory. simdjson reads documents of up to 4 GB and wants bytes behind each; here the file is a
// map.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace errata::text {

// Elements of an array that lie together, some hundred kilobytes of them.
struct JsonSpan {
  uint64_t begin = 0;  // byte where the element before ends (or behind the bracket)
  std::vector<uint32_t> element_begin;  // from `begin`
  std::vector<uint32_t> element_end;
  size_t size() const { return element_begin.size(); }
};

struct JsonArrayOutline {
  std::string key;     // of the object that is the file; empty: the file is an array
  uint64_t begin = 0;  // behind the opening bracket
  uint64_t elements = 0;
  std::vector<JsonSpan> spans;
  uint64_t spans_end() const;  // where the last element ends; `begin` when there is none
};

struct JsonMemberOutline {
  std::string key;
  uint64_t begin = 0;  // of the value
  uint64_t end = 0;
};

struct JsonOutline {
  bool is_array = false;
  std::vector<JsonArrayOutline> arrays;    // those asked for, and the whole when it is an array
  std::vector<JsonMemberOutline> members;  // of the object, all
  const JsonArrayOutline* array(std::string_view key) const;
  const JsonMemberOutline* member(std::string_view key) const;
};

// Brackets, strings and commas are checked; what stands between them is not. Throws
// Error(kBadInput) with the byte offset: the file ends too early, is no JSON object or array, or
// has one of `arrays` twice.
JsonOutline outline_json(std::string_view text, std::span<const std::string_view> arrays,
                         const std::string& name, size_t span_bytes = size_t{256} << 10);

// Reads one value after the other out of a text. Each function gives false when something else
// stands there; position() then is where.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : begin_(text.data()), rest_(text) {}

  char peek();  // first character of the next value or mark; 0 at the end
  bool accept(char mark);
  bool number(double& value);
  // Of a text without escapes a view into the file; else `storage` holds it.
  bool string(std::string_view& value, std::string& storage);
  bool skip(std::string_view& raw);  // any value; its text
  bool literal(std::string_view word);
  size_t position() const { return static_cast<size_t>(rest_.data() - begin_); }

  // fn(key) for each member, which must read the value and give false where it cannot.
  template <typename Fn>
  bool object(Fn fn) {
    if (!accept('{')) return false;
    if (accept('}')) return true;
    std::string storage;
    do {
      std::string_view key;
      if (!string(key, storage) || !accept(':') || !fn(key)) return false;
    } while (accept(','));
    return accept('}');
  }
  // fn() for each element, as above.
  template <typename Fn>
  bool array(Fn fn) {
    if (!accept('[')) return false;
    if (accept(']')) return true;
    do {
      if (!fn()) return false;
    } while (accept(','));
    return accept(']');
  }
  bool at_end() { return peek() == 0; }

 private:
  const char* begin_;
  std::string_view rest_;
};

}  // namespace errata::text

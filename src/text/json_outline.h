// A JSON file of any size as an outline: where its large arrays are and where they can be cut into
// pieces of whole elements, so that several threads can read it with no more than some pieces in
// memory. simdjson reads documents of up to 4 GB and wants bytes behind each; here the file is a
// map.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace errata::text {

// Elements of an array that lie together.
struct JsonSpan {
  uint64_t begin = 0;  // byte where the element before ends (or behind the bracket)
  uint64_t end = 0;    // behind the last element
  uint64_t elements = 0;
};

// An array to be cut into spans, each ended at the first element that brings it to one of these.
struct JsonCut {
  std::string_view key;  // empty: of a file that is an array
  size_t span_bytes = size_t{256} << 10;
  size_t span_elements = SIZE_MAX;
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

// Brackets, strings and commas are checked; what stands between them is not. `passed`, where there
// is one, is called with the end of each span. Throws Error(kBadInput) with the byte offset: the
// file ends too early, is no JSON object or array, or has one of `arrays` twice.
JsonOutline outline_json(std::string_view text, std::span<const JsonCut> arrays,
                         const std::string& name, const std::function<void(uint64_t)>& passed = {});

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

// The elements of a span, one after the other; all places are from the span's begin.
class JsonElements {
 public:
  explicit JsonElements(std::string_view span) : span_(span), cursor_(span) {}

  // False at the end. read(cursor) reads one element and gives false where it cannot; that is
  // passed over then.
  template <typename Read>
  bool next(Read read) {
    cursor_.accept(',');
    if (cursor_.at_end()) return false;
    raw_begin_ = end_;
    begin_ = cursor_.position();
    JsonCursor at = cursor_;
    good_ = read(at);
    stopped_ = at.position();
    if (good_) {
      cursor_ = at;
    } else {
      std::string_view passed;
      if (!cursor_.skip(passed)) return false;
    }
    end_ = cursor_.position();
    return true;
  }
  bool good() const { return good_; }
  size_t begin() const { return begin_; }
  size_t stopped() const { return stopped_; }  // where read() came to
  std::string_view text() const { return span_.substr(begin_, end_ - begin_); }
  // With what separates it from the one before.
  std::string_view raw() const { return span_.substr(raw_begin_, end_ - raw_begin_); }

 private:
  std::string_view span_;
  JsonCursor cursor_;
  size_t raw_begin_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t stopped_ = 0;
  bool good_ = false;
};

}  // namespace errata::text

// Changes single members of a JSON object and leaves every other byte as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace errata::exports {

// The members of one JSON object as spans of its text. The text must outlive it.
class JsonMembers {
 public:
  // Of what is no object that can be read there are no members, and changed() gives it back.
  explicit JsonMembers(std::string_view text);

  bool readable() const { return readable_; }
  // The value as it is written, quotes included; empty when there is none. The last of equal keys.
  std::string_view value(std::string_view key) const;
  // The same as text where it is a string without or with escapes; otherwise its own text.
  std::string text(std::string_view key) const;
  std::vector<std::string_view> keys() const;

  // Takes the place of the member's value; a new member comes last, set apart as the others are.
  void set(std::string_view key, std::string value);
  bool is_changed() const { return !changes_.empty() || !added_.empty(); }
  std::string changed() const;

 private:
  struct Member {
    std::string key;
    size_t key_begin = 0;
    size_t begin = 0;  // of the value
    size_t end = 0;
  };
  struct Change {
    size_t begin = 0;
    size_t end = 0;
    std::string value;
  };
  const Member* find(std::string_view key) const;

  std::string_view text_;
  bool readable_ = false;
  std::vector<Member> members_;
  std::vector<Change> changes_;  // of members that are there
  std::vector<std::pair<std::string, std::string>> added_;
};

// Where each element of the array `text` stands in it; empty when it is none.
struct JsonElement {
  size_t begin = 0;
  size_t end = 0;
};
std::vector<JsonElement> json_elements(std::string_view text);

// The array `text` with these numbers: those that have the same value keep their digits. A new
// array where it is none of as many numbers.
std::string json_numbers(std::string_view text, const double* values, size_t count);
std::string json_number(double value);  // the shortest that gives the value back

}  // namespace errata::exports

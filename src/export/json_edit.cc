#include "export/json_edit.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/manifest.h"
#include "text/csv.h"
#include "text/json_outline.h"

namespace errata::exports {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

JsonMembers::JsonMembers(std::string_view text) : text_(text) {
  text::JsonCursor cursor(text);
  size_t last = text.find('{') + 1;
  readable_ = cursor.object([&](std::string_view key) {
    std::string name(key);
    std::string_view raw;
    if (!cursor.skip(raw)) return false;
    const auto begin = static_cast<size_t>(raw.data() - text.data());
    const size_t key_begin = text.find('"', last);
    members_.push_back({std::move(name), key_begin, begin, begin + raw.size()});
    last = begin + raw.size();
    return true;
  });
}

const JsonMembers::Member* JsonMembers::find(std::string_view key) const {
  const auto found = std::find_if(members_.rbegin(), members_.rend(),
                                  [&](const Member& member) { return member.key == key; });
  return found == members_.rend() ? nullptr : &*found;
}

std::string_view JsonMembers::value(std::string_view key) const {
  const Member* member = find(key);
  return member == nullptr ? std::string_view()
                           : text_.substr(member->begin, member->end - member->begin);
}

std::string JsonMembers::text(std::string_view key) const {
  const std::string_view raw = value(key);
  text::JsonCursor cursor(raw);
  std::string storage;
  std::string_view text;
  return cursor.string(text, storage) ? std::string(text) : std::string(raw);
}

std::vector<std::string_view> JsonMembers::keys() const {
  std::vector<std::string_view> keys;
  for (const Member& member : members_) keys.push_back(member.key);
  return keys;
}

void JsonMembers::set(std::string_view key, std::string value) {
  if (const Member* member = find(key); member != nullptr) {
    changes_.push_back({member->begin, member->end, std::move(value)});
  } else {
    added_.emplace_back(key, std::move(value));
  }
}

std::string JsonMembers::changed() const {
  if (!readable_ || (changes_.empty() && added_.empty())) return std::string(text_);
  std::vector<Change> changes = changes_;
  if (!added_.empty()) {
    // As the last two members are set apart, and the last key from its value.
    std::string before = members_.empty() ? "" : ", ";
    std::string colon = ": ";
    size_t at = text_.find('{') + 1;
    if (!members_.empty()) {
      const Member& last = members_.back();
      at = last.end;
      size_t mark = last.begin;
      while (mark > 0 && is_space(text_[mark - 1])) --mark;
      colon = text_.substr(mark - 1, last.begin - mark + 1);
      if (members_.size() > 1) {
        const size_t end = members_[members_.size() - 2].end;
        before = text_.substr(end, last.key_begin - end);
      }
    }
    std::string text;
    for (const auto& [key, value] : added_) {
      text += text.empty() && members_.empty() ? std::string()
              : before.empty()                 ? std::string(", ")
                                               : before;
      append_json_string(text, key);
      text += colon + value;
    }
    changes.push_back({at, at, std::move(text)});
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.begin < b.begin; });
  std::string result;
  size_t at = 0;
  for (const Change& change : changes) {
    result += text_.substr(at, change.begin - at);
    result += change.value;
    at = change.end;
  }
  result += text_.substr(at);
  return result;
}

std::vector<JsonElement> json_elements(std::string_view text) {
  std::vector<JsonElement> elements;
  text::JsonCursor cursor(text);
  const bool good = cursor.array([&] {
    std::string_view raw;
    if (!cursor.skip(raw)) return false;
    const auto begin = static_cast<size_t>(raw.data() - text.data());
    elements.push_back({begin, begin + raw.size()});
    return true;
  });
  if (!good) elements.clear();
  return elements;
}

std::string json_number(double value) {
  return fmt::format("{}", value);
}

std::string json_numbers(std::string_view text, const double* values, size_t count) {
  const std::vector<JsonElement> elements = json_elements(text);
  std::string result;
  if (elements.size() != count || text.find('[') == std::string_view::npos) {
    result = "[";
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) result += ", ";
      result += json_number(values[i]);
    }
    return result + "]";
  }
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto& [begin, end] = elements[i];
    double old = 0;
    const std::string_view digits = text.substr(begin, end - begin);
    const bool same = text::parse_double(digits, old) && old == values[i];
    result += text.substr(at, begin - at);
    result += same ? std::string(digits) : json_number(values[i]);
    at = end;
  }
  result += text.substr(at);
  return result;
}

}  // namespace errata::exports

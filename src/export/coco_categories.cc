#include "export/coco_categories.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "export/json_edit.h"
#include "export/manifest.h"
#include "text/csv.h"

namespace errata::exports {

namespace {

// An id as importers keep it: a whole number by its digits, else its text.
std::string plain_id(const JsonMembers& members) {
  std::string id = members.text("id");
  double number = 0;
  if (!members.value("id").starts_with('"') && text::parse_double(id, number) &&
      number == std::floor(number) && std::abs(number) < 9e15) {
    id = fmt::format("{:.0f}", number);
  }
  return id;
}

}  // namespace

CocoCategories::CocoCategories(std::string_view document, std::span<const SourceClass> classes,
                               std::span<const std::string> class_names)
    : class_names_(class_names) {
  std::string plain(document);
  std::replace(plain.begin(), plain.end(), SourceHeader::kImagesMark, ' ');
  std::replace(plain.begin(), plain.end(), SourceHeader::kObjectsMark, ' ');
  const size_t brace = std::min(plain.find('{'), plain.size());
  const std::string_view object = std::string_view(plain).substr(brace);
  const JsonMembers members(object);
  const std::string_view list = members.value("categories");
  if (!list.starts_with('[')) return;
  list_begin_ = static_cast<size_t>(list.data() - plain.data());
  list_end_ = list_begin_ + list.size();
  for (const JsonElement& element : json_elements(list)) {
    Category category = read(list.substr(element.begin, element.end - element.begin), classes);
    category.begin = list_begin_ + element.begin;
    category.end = list_begin_ + element.end;
    double number = 0;
    if (text::parse_double(category.id, number) && std::abs(number) < 9e15) {
      highest_id_ = std::max(highest_id_, static_cast<int64_t>(number));
    }
    categories_.push_back(std::move(category));
  }
}

CocoCategories::Category CocoCategories::read(std::string_view element,
                                              std::span<const SourceClass> classes) const {
  JsonMembers members(element);
  Category category;
  category.id = members.value("id");
  const std::string id = plain_id(members);
  std::string name = to_valid_utf8(members.text("name"));
  if (name.empty()) name = fmt::format("category_{}", id);
  const auto find = [&](bool by_id) {
    return std::find_if(classes.begin(), classes.end(), [&](const SourceClass& each) {
      return each.name == name && (!by_id || each.raw_id == id);
    });
  };
  auto known = find(true);
  if (known == classes.end()) known = find(false);
  if (known == classes.end() || known->label == kNoClass) return category;
  category.dropped = known->merged_away;
  category.label = known->label;
  const std::string& now = class_names_[static_cast<size_t>(known->label)];
  if (!category.dropped && now != name) {
    std::string quoted;
    append_json_string(quoted, now);
    members.set("name", std::move(quoted));
    category.renamed = members.changed();
  }
  return category;
}

void CocoCategories::require(ClassIndex label) {
  const auto has = [&](const Category& each) { return !each.dropped && each.label == label; };
  if (std::any_of(categories_.begin(), categories_.end(), has) ||
      std::any_of(added_.begin(), added_.end(), has)) {
    return;
  }
  Category category;
  category.label = label;
  category.id = std::to_string(++highest_id_);
  category.renamed = "{\"id\": " + category.id + ", \"name\": ";
  append_json_string(category.renamed, class_names_[static_cast<size_t>(label)]);
  category.renamed += "}";
  added_.push_back(std::move(category));
}

const std::string& CocoCategories::id_of(ClassIndex label) const {
  for (const auto* list : {&categories_, &added_}) {
    for (const Category& category : *list) {
      if (!category.dropped && category.label == label) return category.id;
    }
  }
  static const std::string kNone = "0";
  return kNone;
}

std::string CocoCategories::apply(std::string_view document) const {
  const bool as_it_was =
      added_.empty() && std::none_of(categories_.begin(), categories_.end(), [](const auto& each) {
        return each.dropped || !each.renamed.empty();
      });
  if (as_it_was) return std::string(document);
  JsonList list;
  size_t at = list_begin_ + 1;
  for (const Category& category : categories_) {
    const std::string_view before = document.substr(at, category.begin - at);
    at = category.end;
    if (category.dropped) continue;
    list.add_raw(before, category.renamed.empty()
                             ? document.substr(category.begin, category.end - category.begin)
                             : std::string_view(category.renamed));
  }
  for (const Category& category : added_) list.add(category.renamed);
  if (list_end_ == 0) {
    // A document of images alone.
    const size_t end = document.rfind('}');
    std::string text(document.substr(0, end));
    text += ", \"categories\": [" + list.take() + "]";
    return text + std::string(document.substr(end));
  }
  std::string text(document.substr(0, list_begin_ + 1));
  text += list.take();
  text += document.substr(at);
  return text;
}

void JsonList::add_raw(std::string_view before, std::string_view element) {
  const size_t comma = before.find(',');
  if (comma != std::string_view::npos && !seen_separator_) {
    separator_ = before;
    seen_separator_ = true;
  }
  if (!std::exchange(any_, true)) {
    // The first element: the blanks before it, without the comma.
    text_ += before.substr(0, std::min(comma, before.size()));
    if (comma != std::string_view::npos) text_ += before.substr(comma + 1);
  } else {
    text_ += comma == std::string_view::npos ? std::string_view(separator_) : before;
  }
  text_ += element;
}

}  // namespace errata::exports

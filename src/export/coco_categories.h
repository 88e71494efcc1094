// The list of categories in a COCO document, as it stands and as an export has it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "export/exporter.h"

namespace errata::exports {

class CocoCategories {
 public:
  // `document` is SourceHeader::Document::text of a source with these classes.
  CocoCategories(std::string_view document, std::span<const SourceClass> classes,
                 std::span<const std::string> class_names);

  // Adds a category for a class of the export that has none.
  void require(ClassIndex label);
  // The id as JSON; require() was called.
  const std::string& id_of(ClassIndex label) const;
  // `document` with the list as the export has it; the same bytes when nothing changed.
  std::string apply(std::string_view document) const;

 private:
  struct Category {
    size_t begin = 0;  // in the document
    size_t end = 0;
    std::string id;  // as JSON
    ClassIndex label = kNoClass;
    bool dropped = false;
    std::string renamed;  // the whole element; empty: as it was
  };
  Category read(std::string_view element, std::span<const SourceClass> classes) const;

  std::span<const std::string> class_names_;
  size_t list_begin_ = 0;  // of the array; 0: the document has none
  size_t list_end_ = 0;
  std::vector<Category> categories_;
  std::vector<Category> added_;
  int64_t highest_id_ = 0;
};

// One list of a document as it is written: elements set apart as their source has it.
class JsonList {
 public:
  explicit JsonList(std::string usual_separator = ", ") : separator_(std::move(usual_separator)) {}
  // An element with what separates it from the one before it in its source.
  void add_raw(std::string_view before, std::string_view element);
  void add(std::string_view element) { add_raw({}, element); }
  // What was added since the last call; a list may be taken in pieces.
  std::string take() { return std::exchange(text_, {}); }
  size_t size() const { return text_.size(); }  // of what take() would give

 private:
  std::string separator_;
  bool seen_separator_ = false;
  bool any_ = false;
  std::string text_;
};

}  // namespace errata::exports

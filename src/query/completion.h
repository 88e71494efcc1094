// What may stand at a cursor of the filter bar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"

namespace errata::query {

enum class CompletionKind : uint8_t { kColumn, kOperator, kValue, kWord };

struct CompletionItem {
  std::string text;  // what to insert, quoted as the language wants it
  CompletionKind kind;
  std::string detail;  // a column's meaning or type; empty for others
};

struct Completion {
  size_t begin = 0;  // the bytes [begin, end) of the text are what an item replaces
  size_t end = 0;
  std::vector<CompletionItem> items;  // best first: prefix matches, then matches inside
};

// Never throws, whatever the text. `cursor` is a byte offset, clamped to the text.
Completion complete_filter(std::string_view text, size_t cursor, const Table& table,
                           size_t limit = 50);

}  // namespace errata::query

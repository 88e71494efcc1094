#include <algorithm>

#include "query/bind.h"

namespace errata::query {

namespace {

void evaluate_range(const Predicate& predicate, size_t begin, size_t end, Selection& out) {
  EvalContext context;
  Truths truths;
  for (size_t first = begin; first < end; first += kBlockRows) {
    const RowRange range{first, std::min(kBlockRows, end - first)};
    predicate.eval(range, context, truths);
    std::copy_n(truths.is_true, range.words(),
                out.mutable_words().begin() + static_cast<std::ptrdiff_t>(first / 64));
  }
}

}  // namespace

Selection evaluate(const Filter& filter, const Table& table, const ParallelFor* parallel) {
  if (filter.passes_all()) return Selection::all(table.rows());
  const PredicatePtr predicate = bind_filter(filter, table, nullptr);
  Selection selection(table.rows());
  if (parallel == nullptr) {
    evaluate_range(*predicate, 0, table.rows(), selection);
    return selection;
  }
  constexpr size_t kGrainBlocks = 16;
  const size_t blocks = (table.rows() + kBlockRows - 1) / kBlockRows;
  (*parallel)(blocks, kGrainBlocks, [&](size_t begin, size_t end) {
    evaluate_range(*predicate, begin * kBlockRows, std::min(end * kBlockRows, table.rows()),
                   selection);
  });
  return selection;
}

std::vector<FilterNote> check_filter(const Filter& filter, const Table& table) {
  std::vector<FilterNote> notes;
  bind_filter(filter, table, &notes);
  return notes;
}

Filter parse_typed_filter(std::string_view text, const Table& table) {
  Filter filter = parse_filter(text);
  for (const FilterNote& note : check_filter(filter, table)) {
    if (note.suggestions.empty() && note.advice.empty()) continue;
    throw FilterError(note.message, filter.text(), note.begin, note.end, note.suggestions,
                      note.advice);
  }
  return filter;
}

}  // namespace errata::query

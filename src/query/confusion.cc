#include "query/confusion.h"

#include "base/error.h"

namespace errata::query {

ConfusionMatrix confusion(const Column& given, const Column& predicted,
                          const Selection& selection) {
  if (given.type != ColumnType::kCategory || predicted.type != ColumnType::kCategory) {
    throw Error(ErrorCategory::kInternal, "a confusion matrix is made of two category columns");
  }
  require_rows(selection, given.rows);
  require_rows(selection, predicted.rows);
  ConfusionMatrix matrix;
  Dictionary classes;
  for (const Column* column : {&given, &predicted}) {
    if (column->dictionary == nullptr) continue;
    for (const std::string& text : column->dictionary->texts()) classes.add(text);
  }
  matrix.classes = classes.texts();
  const size_t n = classes.size();
  std::vector<uint32_t> counts(n * n, 0);  // half the memory to walk at random
  // given's codes are the classes' own: its dictionary was added first.
  std::vector<uint32_t> class_of_predicted;
  if (predicted.dictionary != nullptr) {
    for (const std::string& text : predicted.dictionary->texts()) {
      class_of_predicted.push_back(static_cast<uint32_t>(classes.find(text)));
    }
  }
  const bool has_words = !given.validity.empty() || !predicted.validity.empty();
  selection.for_each([&](RowIndex row) {
    const bool no_given = has_words ? given.is_null(row) : given.codes[row] < 0;
    const bool no_predicted = has_words ? predicted.is_null(row) : predicted.codes[row] < 0;
    if (no_given) {
      ++matrix.without_given;
    } else if (no_predicted) {
      ++matrix.without_predicted;
    } else {
      ++counts[static_cast<size_t>(given.codes[row]) * n +
               class_of_predicted[static_cast<size_t>(predicted.codes[row])]];
    }
  });
  matrix.counts.assign(counts.begin(), counts.end());
  return matrix;
}

}  // namespace errata::query

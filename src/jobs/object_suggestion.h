// What a model would have of the labels of objects: what one key of the viewer and `errata edit
// accept` do about one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/objects.h"
#include "store/objects.h"

namespace errata::jobs {

enum class SuggestionKind : uint8_t {
  kNone,
  kAdd,       // the detection becomes an annotation
  kSetClass,  // the annotation gets the detection's class
  kSetBox     // the annotation gets the detection's box
};

struct Suggestion {
  SuggestionKind kind = SuggestionKind::kNone;
  RowIndex given = 0;  // not of kAdd
  RowIndex predicted = 0;
};

// Columns of an ObjectTable. `error` and what follows are null where nothing was matched: then
// every detection is suggested as an annotation.
struct SuggestionColumns {
  const Column* kind = nullptr;
  const Column* label = nullptr;
  const Column* error = nullptr;
  const Column* match = nullptr;
  const Column* iou = nullptr;
  const Column* confidence = nullptr;

  SuggestionColumns() = default;
  explicit SuggestionColumns(const Table& objects);
};

// `classes`: how many labels are the project's; others cannot be set.
Suggestion suggest(const SuggestionColumns& objects, RowIndex row, size_t classes);
// Of several rows, in their order, without those that have none: no annotation is changed twice,
// the surest detection has it.
std::vector<Suggestion> suggest(const SuggestionColumns& objects, std::span<const RowIndex> rows,
                                size_t classes);

// As an edit, but for the class, which is the caller's to find by its name, that of the predicted
// row's label. `why` names the run and its confidence. The outline goes along where `objects` has
// shapes.
store::ObjectEdit edit_of(const ObjectTable& objects, const std::vector<SampleId>& samples,
                          const Suggestion& suggestion);

}  // namespace errata::jobs

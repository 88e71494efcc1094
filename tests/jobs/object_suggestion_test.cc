#include "jobs/object_suggestion.h"

#include <doctest/doctest.h>

using namespace errata;
using namespace errata::jobs;

TEST_CASE("a label that is right, or that another detection mends, is not changed by accepting") {
  // Rows 0 to 2 are labels: right by detection 3, badly placed by detection 5, missed.
  constexpr int32_t kGiven = static_cast<int32_t>(ObjectKind::kGiven);
  constexpr int32_t kPredicted = static_cast<int32_t>(ObjectKind::kPredicted);
  constexpr int32_t kTrue = static_cast<int32_t>(ObjectError::kTrue);
  constexpr int32_t kPlace = static_cast<int32_t>(ObjectError::kLocalisation);
  constexpr int32_t kClass = static_cast<int32_t>(ObjectError::kClass);
  constexpr int32_t kMissed = static_cast<int32_t>(ObjectError::kMissed);
  const auto names = std::make_shared<Dictionary>();
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) names->add(name);
  Table table(8);
  table.add(make_category_column(
      "kind", {kGiven, kGiven, kGiven, kPredicted, kPredicted, kPredicted, kPredicted, kPredicted},
      names));
  table.add(make_category_column("label", {0, 0, 0, 0, 0, 0, 0, 1}, names));
  table.add(make_category_column(
      "error", {kTrue, kPlace, kMissed, kTrue, kPlace, kPlace, kPlace, kClass}, names));
  table.add(make_double_column("confidence", {0, 0, 0, 0.9, 0.8, 0.7, 0.6, 0.5}));
  Column match = make_int_column("match", {3, 5, 0, 0, 0, 1, 1, 0});
  match.set_null(2);
  table.add(std::move(match));
  table.add(make_double_column("iou", std::vector<double>(8, 0.4)));
  const SuggestionColumns columns(table);
  CHECK(suggest(columns, 4, 2).kind == SuggestionKind::kNone);  // on a label that is right
  CHECK(suggest(columns, 7, 2).kind == SuggestionKind::kNone);  // the same of another class
  CHECK(suggest(columns, 6, 2).kind == SuggestionKind::kNone);  // detection 5 is the label's own
  const Suggestion own = suggest(columns, 5, 2);
  CHECK(own.kind == SuggestionKind::kSetBox);
  CHECK(own.given == 1);
  // Label and detection chosen both: one change.
  const std::vector<Suggestion> both = suggest(columns, std::vector<RowIndex>{0, 1, 5, 6}, 2);
  REQUIRE(both.size() == 1);
  CHECK(both[0].predicted == 5);
  // Two that are for one label: the surest, wherever it stands.
  Column open = *table.find("match");
  open.set_null(1);
  table.add(std::move(open));
  const SuggestionColumns without(table);
  for (const auto& rows : {std::vector<RowIndex>{5, 6}, std::vector<RowIndex>{6, 5}}) {
    const std::vector<Suggestion> surest = suggest(without, rows, 2);
    REQUIRE(surest.size() == 1);
    CHECK(surest[0].predicted == 5);
  }
}

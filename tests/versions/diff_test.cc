#include "versions/diff.h"

#include <doctest/doctest.h>

using namespace errata;
using namespace errata::versions;

namespace {

struct Row {
  SampleId id;
  const char* content;
  std::vector<int32_t> labels;
  int32_t split;
};

DatasetState state(const std::vector<Row>& rows,
                   std::vector<std::string> classes = {"cat", "dog", "bird"}) {
  DatasetState made;
  made.class_names = std::move(classes);
  made.split_names = {"train", "test"};
  for (const Row& row : rows) {
    made.samples.push_back(row.id);
    made.content.push_back(sha256(row.content));
    made.labels.push_back(row.labels);
    made.splits.push_back(row.split);
    made.paths.push_back("p" + std::to_string(row.id));
  }
  return made;
}

}  // namespace

TEST_CASE("added, removed, relabelled, moved") {
  const StateDiff diff = diff_states(
      state({{1, "a", {0}, 0}, {2, "b", {0}, 0}, {3, "c", {1}, 1}, {4, "d", {}, -1}}),
      state({{1, "a", {1}, 0}, {3, "c", {1}, 0}, {4, "d", {2}, 1}, {5, "e", {0, 1}, 0}}));
  REQUIRE(diff.added.size() == 1);
  CHECK(diff.added[0].to == "cat, dog");
  REQUIRE(diff.removed.size() == 1);
  CHECK(diff.removed[0].sample == 2);
  REQUIRE(diff.relabelled.size() == 2);
  CHECK(diff.relabelled_by_pair.at({"cat", "dog"}) == 1);
  CHECK(diff.relabelled_by_pair.at({"", "bird"}) == 1);
  REQUIRE(diff.moved.size() == 2);
  CHECK(diff.moved_by_pair.at({"test", "train"}) == 1);
  CHECK(diff.moved_by_pair.at({"", "test"}) == 1);
  CHECK(diff.unchanged == 0);
}

TEST_CASE("equal states in another order, under other ids and paths, do not differ") {
  const StateDiff diff =
      diff_states(state({{1, "a", {0}, 0}, {2, "b", {1}, 1}, {3, "b", {1}, 1}}),
                  state({{7, "b", {0}, 1}, {8, "a", {1}, 0}, {9, "b", {0}, 1}}, {"dog", "cat"}));
  CHECK(diff.empty());
  CHECK(diff.unchanged == 3);
  CHECK(diff.classes_removed == std::vector<std::string>{"bird"});
}

TEST_CASE("equal contents: the same sample first, then the same label, then any") {
  // Two copies of one image with different labels swap places in the list: nothing changed.
  const StateDiff swapped = diff_states(state({{1, "x", {0}, 0}, {2, "x", {1}, 0}}),
                                        state({{2, "x", {1}, 0}, {1, "x", {0}, 0}}));
  CHECK(swapped.empty());
  // By id, one was relabelled, though the multiset of labels is the same.
  const StateDiff by_id = diff_states(state({{1, "x", {0}, 0}, {2, "x", {1}, 0}}),
                                      state({{1, "x", {1}, 0}, {2, "x", {0}, 0}}));
  CHECK(by_id.relabelled.size() == 2);
  // Ids of another store: paired by label.
  const StateDiff other =
      diff_states(state({{1, "x", {0}, 0}, {2, "x", {1}, 0}}),
                  state({{11, "x", {1}, 0}, {12, "x", {0}, 0}, {13, "x", {0}, 0}}));
  CHECK(other.relabelled.empty());
  CHECK(other.added.size() == 1);
}

TEST_CASE("from nothing and to nothing") {
  const DatasetState some = state({{1, "a", {0}, 0}});
  CHECK(diff_states({}, some).added.size() == 1);
  CHECK(diff_states(some, {}).removed.size() == 1);
  CHECK(diff_states({}, {}).empty());
}

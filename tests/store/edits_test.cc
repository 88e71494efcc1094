#include "store/edits.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "store/classes.h"
#include "store/snapshot_loader.h"
#include "store/splits.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;
using store::EditKind;
using store::Review;

namespace {

struct Project {
  TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
  Project() { import_records(store, make_records(12, 3), make_classes(3)); }

  store::AppliedBatch apply(const std::vector<store::Edit>& edits) {
    return store::apply_edits(store, edits, "me", "why");
  }
  store::SampleState state(SampleId id) {
    return store::read_states(store, std::span(&id, 1)).front();
  }
};

}  // namespace

TEST_CASE("each edit changes what it says and the review with it") {
  Project project;
  project.apply({set_label(1, {2})});
  CHECK(project.state(1).labels == std::vector<ClassId>{2});
  CHECK(project.state(1).review == Review::kRelabelled);
  project.apply({set_label(1, {1})});
  CHECK(project.state(1).review == Review::kKept);
  project.apply({make_edit(2, EditKind::kExclude)});
  CHECK(project.state(2).review == Review::kExcluded);
  project.apply({make_edit(2, EditKind::kInclude)});
  CHECK(project.state(2).review == Review::kUnseen);
  project.apply({make_edit(3, EditKind::kAmbiguous), make_edit(3, EditKind::kTag, "b"),
                 make_edit(3, EditKind::kTag, "a"), make_edit(3, EditKind::kTag, "b")});
  CHECK(project.state(3).review == Review::kAmbiguous);
  CHECK(project.state(3).tags == std::vector<std::string>{"a", "b"});
  project.apply({make_edit(3, EditKind::kUntag, "a"), make_edit(3, EditKind::kUnreview)});
  CHECK(project.state(3).tags == std::vector<std::string>{"b"});
  CHECK(project.state(3).review == Review::kUnseen);
  project.apply({make_edit(4, EditKind::kSetSplit, "holdout")});
  CHECK(project.state(4).split == "holdout");
  project.apply({make_edit(4, EditKind::kSetSplit, "")});
  CHECK(project.state(4).split.empty());
  project.apply({set_label(5, {3, 1, 3})});
  CHECK(project.state(5).labels == std::vector<ClassId>{1, 3});
}

TEST_CASE("an edit that changes nothing writes nothing") {
  Project project;
  const auto batch =
      project.apply({make_edit(1, EditKind::kUntag, "never"), make_edit(1, EditKind::kInclude)});
  CHECK(batch.batch == 0);
  CHECK_FALSE(store::undo_state(project.store).can_undo);
}

TEST_CASE("a bad edit changes nothing of its batch") {
  Project project;
  CHECK_THROWS_AS(project.apply({set_label(1, {2}), set_label(99, {1})}), Error);
  CHECK_THROWS_AS(project.apply({set_label(1, {2}), set_label(2, {99})}), Error);
  CHECK_THROWS_AS(project.apply({set_label(1, {2}), make_edit(2, EditKind::kTag, " ")}), Error);
  CHECK(project.state(1).labels == std::vector<ClassId>{1});
  CHECK_FALSE(store::undo_state(project.store).can_undo);
}

TEST_CASE("undo and redo go step by step, across openings, until a new edit") {
  Project project;
  project.apply({set_label(1, {2})});
  project.apply({set_label(1, {3}), make_edit(2, EditKind::kTag, "t")});
  project.apply({make_edit(1, EditKind::kSetSplit, "s")});
  const std::string path = project.store.path();
  project.store.close();
  project.store = store::Store::open(path, store::Access::kWrite);
  store::undo(project.store, "u");
  store::undo(project.store, "u");
  CHECK(project.state(1).labels == std::vector<ClassId>{2});
  CHECK(project.state(2).tags.empty());
  store::undo(project.store, "u");
  CHECK(project.state(1).labels == std::vector<ClassId>{1});
  CHECK(project.state(1).review == Review::kUnseen);
  CHECK_THROWS_AS(store::undo(project.store, "u"), Error);
  store::redo(project.store, "u");
  store::redo(project.store, "u");
  CHECK(project.state(1).labels == std::vector<ClassId>{3});
  CHECK(project.state(2).tags.size() == 1);
  store::undo(project.store, "u");
  CHECK(project.state(1).labels == std::vector<ClassId>{2});
  CHECK(store::undo_state(project.store).can_redo);
  project.apply({make_edit(9, EditKind::kKeep)});
  CHECK_FALSE(store::undo_state(project.store).can_redo);
  CHECK_THROWS_AS(store::redo(project.store, "u"), Error);
}

TEST_CASE("one batch among others is taken back when nothing later stands in its way") {
  Project project;
  const int64_t first = project.apply({set_label(1, {2})}).batch;
  const int64_t second = project.apply({set_label(2, {3})}).batch;
  project.apply({set_label(1, {3})});
  try {
    store::undo_batch(project.store, first, "u");
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kConflict);
  }
  store::undo_batch(project.store, second, "u");
  CHECK(project.state(2).labels == std::vector<ClassId>{2});
  CHECK(project.state(1).labels == std::vector<ClassId>{3});
  CHECK_THROWS_AS(store::undo_batch(project.store, second, "u"), Error);
  CHECK_THROWS_AS(store::undo_batch(project.store, 1, "u"), Error);  // the import
}

TEST_CASE("classes are added, renamed and merged; a merge is taken back") {
  Project project;
  store::add_class(project.store, "owl", "me");
  CHECK_THROWS_AS(store::add_class(project.store, "owl", "me"), Error);
  CHECK_THROWS_AS(store::add_class(project.store, "  ", "me"), Error);
  store::rename_class(project.store, "owl", "eagle owl", "me");
  CHECK(store::list_classes(project.store).back().name == "eagle owl");
  CHECK_THROWS_AS(store::require_class(project.store, "owl"), Error);
  const auto merged = store::merge_class(project.store, "class 1", "class 0", "me", "the same");
  CHECK(merged.edits.size() == 4);
  CHECK(merged.classes_changed);
  CHECK(store::list_classes(project.store).size() == 3);
  CHECK(store::list_classes(project.store, store::ClassCounts::kCount)[0].samples == 8);
  CHECK(store::load_snapshot(project.store).classes.size() == 3);
  // The source's class now means what it was merged into.
  const auto report = import_records(project.store, make_records(13, 3), make_classes(3));
  CHECK(report.new_classes.empty());
  const auto undone = store::undo(project.store, "me");
  CHECK(undone.classes_changed);
  CHECK(store::list_classes(project.store).size() == 4);
  store::redo(project.store, "me");
  CHECK(store::list_classes(project.store).size() == 3);
}

TEST_CASE("splits are assigned as one batch with their recipe") {
  Project project;
  const std::vector<SampleId> samples{1, 2, 3};
  const std::vector<int32_t> codes{0, 1, -1};
  store::assign_splits(project.store, samples, codes, {"train", "holdout"}, R"({"seed":1})", "me",
                       "");
  CHECK(project.state(2).split == "holdout");
  CHECK(project.state(3).split.empty());
  CHECK(store::read_split_recipe(project.store) == R"({"seed":1})");
  store::assign_splits(project.store, samples, std::vector<int32_t>{1, 1, 1}, {"train", "holdout"},
                       R"({"seed":2})", "me", "");
  CHECK(store::read_split_recipe(project.store) == R"({"seed":2})");
  store::undo(project.store, "me");
  CHECK(store::read_split_recipe(project.store) == R"({"seed":1})");
  store::redo(project.store, "me");
  CHECK(store::read_split_recipe(project.store) == R"({"seed":2})");
  for (const auto& split : store::list_splits(project.store)) {
    if (split.name == "holdout") CHECK(split.samples == 3);
  }
}

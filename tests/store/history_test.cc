#include "store/history.h"

#include <doctest/doctest.h>

#include <array>

#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;
using store::EditKind;

namespace {

struct Project {
  TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
  Project() { import_records(store, make_records(12, 3), make_classes(3)); }

  void decide(SampleId sample, EditKind kind, const std::string& why) {
    store::Edit edit = make_edit(sample, kind);
    edit.why = why;
    store::apply_edits(store, std::span(&edit, 1), "me", "review");
  }
  std::string why(SampleId sample) {
    const auto decisions = store::newest_decisions(store, std::array{sample});
    return decisions.empty() ? "none" : decisions[0].why;
  }
};

}  // namespace

TEST_CASE("the newest decision that stands says why, through undo and redo") {
  Project project;
  CHECK(project.why(1) == "none");
  CHECK(store::newest_decisions(project.store, {}).empty());
  project.decide(1, EditKind::kKeep, "first");
  project.decide(1, EditKind::kAmbiguous, "second");
  CHECK(project.why(1) == "second");
  store::undo(project.store, "me");
  CHECK(project.why(1) == "first");
  store::redo(project.store, "me");
  CHECK(project.why(1) == "second");
  store::undo(project.store, "me");
  store::undo(project.store, "me");
  CHECK(project.why(1) == "none");
  // Tags are no decisions; without a reason of its own it is the batch's.
  store::Edit tag = make_edit(2, EditKind::kTag, "blurred");
  store::apply_edits(project.store, std::span(&tag, 1), "me", "why");
  CHECK(project.why(2) == "none");
  project.decide(3, EditKind::kExclude, "");
  CHECK(project.why(3) == "review");
  project.decide(2, EditKind::kKeep, "kept");
  const auto all = store::newest_decisions(project.store, {});
  REQUIRE(all.size() == 2);
  CHECK(all[0].sample == 2);
  CHECK(all[1].sample == 3);
}

TEST_CASE("a batch is one entry, whatever its size, newest first and by pages") {
  Project project;
  const std::vector<store::Edit> edits{set_label(1, {2}), set_label(4, {2}),
                                       make_edit(5, EditKind::kExclude)};
  const store::AppliedBatch applied = store::apply_edits(project.store, edits, "ann", "by hand");
  const store::AppliedBatch undone = store::undo(project.store, "bob");
  const std::vector<store::LogBatch> batches = store::read_batches(project.store, 0, 10);
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].kind == "undo");
  CHECK(batches[0].who == "bob");
  CHECK(batches[0].undoes == applied.batch);
  CHECK(batches[1].batch == applied.batch);
  CHECK(batches[1].who == "ann");
  CHECK(batches[1].why == "by hand");
  CHECK(batches[1].undone_by == undone.batch);
  REQUIRE(batches[1].changes.size() == 2);
  CHECK(batches[1].changes[0].what == "exclude");
  CHECK(batches[1].changes[0].count == 1);
  CHECK(batches[1].changes[1].what == "label");
  CHECK(batches[1].changes[1].count == 2);
  CHECK(batches[1].changes[1].to.size() == 1);
  CHECK(batches[2].kind == "import");
  CHECK(store::read_batches(project.store, batches[1].batch, 10).size() == 1);
  CHECK(store::read_batches(project.store, 0, 1).size() == 1);
  CHECK(store::batch_samples(project.store, applied.batch) == std::vector<SampleId>{1, 4, 5});
}

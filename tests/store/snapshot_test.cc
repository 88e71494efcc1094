#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "base/error.h"
#include "model/scores.h"
#include "store/classes.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;

TEST_CASE("a snapshot has the documented columns with what was imported") {
  const TempDir dir;
  auto store = store::Store::create(dir / "errata.db");
  std::vector<SampleRecord> records = make_records(40, 4);
  records[3].labels.clear();
  records[5].member = 7;
  records[6].width_px = 0;
  records[7].split.clear();
  import_records(store, records, make_classes(4));
  const Snapshot snapshot = store::load_snapshot(store);
  const Table& table = snapshot.samples;
  REQUIRE(table.rows() == 40);
  for (const ColumnInfo& column : sample_columns()) {
    if (column.per_run || !column.made_by.empty()) continue;
    CAPTURE(column.name);
    REQUIRE(table.find(column.name) != nullptr);
    CHECK(table.find(column.name)->type == column.type);
  }
  CHECK(snapshot.classes.size() == 4);
  CHECK(table.find("path")->text(0) == "class 0/0000000.png");
  CHECK(table.find("path")->text(5) == "class 1/0000005.png#7");
  CHECK(table.find("label")->text(1) == "class 1");
  CHECK(table.find("label_given")->text(1) == "class 1");
  CHECK(table.find("label")->is_null(3));
  CHECK(table.find("width")->is_null(6));
  CHECK(table.find("width")->number(1) == 29);
  CHECK(table.find("split")->is_null(7));
  CHECK(table.find("split")->text(8) == "test");
  CHECK(table.find("source")->text(0) == "data");
  CHECK(table.find("review")->text(0) == "unseen");
  CHECK(table.find("excluded")->number(0) == 0);
  CHECK(table.find("size_bytes")->number(2) == 1002);
  CHECK(snapshot.ids.front() == 1);
  CHECK(snapshot.row_of(40) == 39);
}

TEST_CASE("attributes keep their types, and mixed ones become text") {
  const TempDir dir;
  auto store = store::Store::create(dir / "errata.db");
  std::vector<SampleRecord> records = make_records(5, 2);
  records[0].attributes = {{"angle", 1.5}, {"camera", std::string("a \"b\"\n")}, {"n", int64_t{3}}};
  records[1].attributes = {{"angle", int64_t{2}}, {"night", true}, {"mixed", int64_t{1}}};
  records[2].attributes = {{"mixed", std::string("x")}, {"camera", std::monostate()}};
  import_records(store, records, make_classes(2));
  const std::string fresh = snapshot_text(store::load_snapshot(store));
  const Snapshot snapshot = store::load_snapshot(store);
  const Table& table = snapshot.samples;
  CHECK(table.find("attr.angle")->number(0) == 1.5);
  CHECK(table.find("attr.angle")->number(1) == 2);
  CHECK(table.find("attr.angle")->is_null(2));
  CHECK(table.find("attr.camera")->text(0) == "a \"b\"\n");
  CHECK(table.find("attr.camera")->is_null(2));
  CHECK(table.find("attr.n")->type == ColumnType::kInt);
  CHECK(table.find("attr.night")->type == ColumnType::kBool);
  CHECK(table.find("attr.night")->number(1) == 1);
  CHECK(table.find("attr.mixed")->text(1) == "1");
  CHECK(table.find("attr.mixed")->text(2) == "x");
  // Blocks written back from the rows say the same.
  records = make_records(5, 2);
  records[0].attributes = {{"angle", 1.5}, {"camera", std::string("a \"b\"\n")}, {"n", int64_t{3}}};
  records[1].attributes = {{"angle", int64_t{2}}, {"night", true}, {"mixed", int64_t{1}}};
  records[2].attributes = {{"mixed", std::string("x")}, {"camera", std::monostate()}};
  records[4].mtime_ns += 1;
  CHECK(import_records(store, records, make_classes(2)).unchanged == 5);
  CHECK(snapshot_text(store::load_snapshot(store)) == fresh);
}

TEST_CASE("a run brings predictions, outcomes and scores; classes the project lacks stay apart") {
  const TempDir dir;
  auto store = store::Store::create(dir / "errata.db");
  import_records(store, make_records(40, 4), make_classes(4));
  store::RunSpec spec;
  spec.name = "r";
  spec.kind = "probabilities";
  spec.classes = ClassMap({"class 0", "zebra"});
  spec.batch_size = 2;
  {
    store::RunWriter writer(store, spec, {1, 2, 5}, store::OnExistingRun::kRefuse);
    const float rows[] = {0.75F, 0.25F, 0.4F, 0.6F, 0.5F, 0.5F};
    store::RunRows first;
    first.probabilities = std::span(rows).first(4);
    writer.write(0, first);
    store::RunRows second;
    second.probabilities = std::span(rows).subspan(4);
    writer.write(2, second);
    CHECK(writer.finish().predicted == 3);
  }
  const Snapshot snapshot = store::load_snapshot(store);
  const Table& table = snapshot.samples;
  CHECK(table.active_run == "r");
  CHECK(table.find("prediction")->text(0) == "class 0");
  CHECK(table.find("prediction")->text(1) == "zebra");
  CHECK(table.find("prediction")->is_null(2));
  CHECK(table.find("prediction")->dictionary == table.find("label")->dictionary);
  CHECK(table.find("outcome")->text(0) == "right");
  CHECK(table.find("outcome")->text(1) == "wrong");
  CHECK(table.find("confident_mistake")->is_null(0));
  CHECK(table.find("confident_mistake")->number(1) == doctest::Approx(0.6));
  CHECK(table.find("margin", "r")->number(0) == doctest::Approx(0.5));
  CHECK(table.find("entropy", "r")->number(4) == doctest::Approx(0.693147));
  CHECK(table.find("prediction")->text(4) == "class 0");  // a tie: the lower class
  CHECK(snapshot.runs.front().predicted_samples == 3);
  CHECK_THROWS_AS(store::load_snapshot(store, {.active_run = "q"}), Error);
}

namespace {

// One random edit; label sets may be empty or of two classes.
store::Edit random_edit(std::mt19937_64& random, int64_t samples, size_t classes) {
  const auto sample = static_cast<SampleId>(random() % static_cast<uint64_t>(samples)) + 1;
  static const std::vector<std::string> kTexts{"a", "b", "näh", "train", "extra"};
  const std::string& text = kTexts[random() % kTexts.size()];
  switch (random() % 9) {
    case 0:
    case 1: {
      std::vector<ClassId> labels;
      const size_t count = random() % 8 == 0 ? random() % 3 : 1;
      for (size_t i = 0; i < count; ++i) {
        labels.push_back(static_cast<ClassId>(random() % classes) + 1);
      }
      return set_label(sample, labels);
    }
    case 2: return make_edit(sample, store::EditKind::kExclude);
    case 3: return make_edit(sample, store::EditKind::kInclude);
    case 4: return make_edit(sample, store::EditKind::kKeep);
    case 5: return make_edit(sample, store::EditKind::kAmbiguous);
    case 6: return make_edit(sample, store::EditKind::kTag, text);
    case 7: return make_edit(sample, store::EditKind::kUntag, text);
    default: return make_edit(sample, store::EditKind::kSetSplit, random() % 4 == 0 ? "" : text);
  }
}

}  // namespace

TEST_CASE("several threads load what one does, with vanished samples, edits and runs") {
  const TempDir dir;
  auto store = store::Store::create(dir / "errata.db");
  std::vector<SampleRecord> records = make_records(40'000, 4);  // several blocks
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].attributes = {{"n", static_cast<int64_t>(i % 7)},
                             {"name", fmt::format("each {}", i)}};
  }
  import_records(store, records, make_classes(4));
  const Snapshot all = store::load_snapshot(store);
  make_run(store, "whole", all.ids, 4, 1);
  make_run(store, "part", {all.ids.begin() + 100, all.ids.begin() + 20'000}, 4, 2);
  records.erase(records.begin(), records.begin() + 500);  // these vanish
  import_records(store, records, make_classes(4));
  store::apply_edits(store,
                     std::vector{make_edit(700, store::EditKind::kExclude), set_label(39'000, {1})},
                     "ann", "");
  WorkerGroup workers(3);
  store::SnapshotOptions options;
  const std::string alone = snapshot_text(store::load_snapshot(store, options));
  options.parallel = workers.as_parallel_for();
  const Snapshot together = store::load_snapshot(store, options);
  CHECK(together.samples.rows() == 39'500);
  CHECK(snapshot_text(together) == alone);
  CHECK(all.samples.find("attr.name")->type == ColumnType::kText);
  CHECK(all.samples.find("attr.name")->text(39'999) == "each 39999");
}

TEST_CASE("edits applied to a loaded snapshot equal loading it again") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  auto store = store::Store::create(path);
  constexpr int64_t kSamples = 60;
  constexpr size_t kClasses = 5;
  import_records(store, make_records(kSamples, kClasses), make_classes(kClasses));
  std::vector<SampleId> plan;
  for (int64_t i = 1; i <= kSamples; i += 2) plan.push_back(i);
  const RunId run = make_run(store, "one", plan, kClasses, 1);
  make_run(store, "two", plan, kClasses + 1, 2);
  Snapshot snapshot = store::load_snapshot(store);
  store::put_score_column(
      store, {run, "loss", plan, std::vector<float>(plan.size(), 1.5F), snapshot.label_revision});
  snapshot = store::load_snapshot(store);
  std::mt19937_64 random(7);
  for (int step = 0; step < 300; ++step) {
    store::AppliedBatch batch;
    const uint64_t action = random() % 10;
    const store::UndoState possible = store::undo_state(store);
    if (action == 0 && possible.can_undo) {
      batch = store::undo(store, "u");
    } else if (action == 1 && possible.can_redo) {
      batch = store::redo(store, "r");
    } else {
      std::vector<store::Edit> edits;
      for (uint64_t n = random() % 6 + 1; n > 0; --n) {
        edits.push_back(random_edit(random, kSamples, kClasses));
      }
      batch = store::apply_edits(store, edits, "me", "because");
    }
    REQUIRE(store::apply_to_snapshot(snapshot, batch));
    if (step == 150) {
      store.close();
      store = store::Store::open(path, store::Access::kWrite);
    }
    const std::string reloaded = snapshot_text(store::load_snapshot(store));
    REQUIRE(snapshot_text(snapshot) == reloaded);
  }
}

TEST_CASE("a snapshot of another class list is told to be loaded again") {
  const TempDir dir;
  auto store = store::Store::create(dir / "errata.db");
  import_records(store, make_records(10, 2), make_classes(2));
  Snapshot snapshot = store::load_snapshot(store);
  const ClassId id = store::add_class(store, "new", "me");
  const store::Edit edit = set_label(1, {id});
  const auto batch = store::apply_edits(store, {&edit, 1}, "me", "");
  const std::string before = snapshot_text(snapshot);
  CHECK_FALSE(store::apply_to_snapshot(snapshot, batch));
  CHECK(snapshot_text(snapshot) == before);
}

TEST_CASE("many edits are folded into the blocks when the store is closed") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  auto store = store::Store::create(path);
  import_records(store, make_records(6000, 3), make_classes(3));
  std::vector<store::Edit> edits;
  for (SampleId id = 1; id <= 5500; ++id) edits.push_back(set_label(id, {id % 3 + 1}));
  store::apply_edits(store, edits, "me", "");
  const std::string before = snapshot_text(store::load_snapshot(store));
  store.close();
  store = store::Store::open(path, store::Access::kRead);
  CHECK(snapshot_text(store::load_snapshot(store)) == before);
}

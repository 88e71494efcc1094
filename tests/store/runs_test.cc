#include "store/runs.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "store/classes.h"
#include "store/history.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;
using store::OnExistingRun;

namespace {

struct Project {
  TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
  std::vector<SampleId> plan;

  explicit Project(int64_t samples) : plan(static_cast<size_t>(samples)) {
    import_records(store, make_records(samples, 3), make_classes(3));
    std::iota(plan.begin(), plan.end(), 1);
  }
};

store::RunSpec make_spec(size_t classes, int64_t batch, size_t embedding, size_t stages = 0) {
  store::RunSpec spec;
  spec.name = "r";
  spec.kind = "probabilities";
  spec.classes = make_classes(classes);
  spec.batch_size = batch;
  spec.embedding_columns = embedding;
  spec.stage_columns = stages;
  return spec;
}

// Values that tell row and column.
std::vector<float> numbered(size_t first, size_t rows, size_t columns) {
  std::vector<float> values(rows * columns);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(first) + static_cast<float>(i / columns) +
                static_cast<float>(i % columns) / static_cast<float>(columns);
  }
  return values;
}

void write_rows(store::RunWriter& writer, const store::RunSpec& spec, size_t first, size_t rows) {
  const std::vector<float> p = numbered(first, rows, spec.classes.size());
  const std::vector<float> e = numbered(first, rows, spec.embedding_columns);
  const std::vector<float> s = numbered(first + 0x10000, rows, spec.stage_columns);
  store::RunRows batch;
  batch.probabilities = p;
  batch.embeddings = e;
  batch.stages = s;
  writer.write(first, batch);
}

void check_rows(store::Store& store, RunId run, const std::vector<SampleId>& plan,
                const store::RunSpec& spec) {
  size_t next = 0;
  store::for_each_probability_chunk(
      store, run, [&](std::span<const SampleId> ids, std::span<const float> rows, size_t columns) {
        REQUIRE(columns == spec.classes.size());
        REQUIRE(rows.size() == ids.size() * columns);
        CHECK(rows.size_bytes() <= (1U << 20));
        REQUIRE(
            std::equal(ids.begin(), ids.end(), plan.begin() + static_cast<std::ptrdiff_t>(next)));
        const std::vector<float> wanted = numbered(next, ids.size(), columns);
        REQUIRE(std::equal(rows.begin(), rows.end(), wanted.begin(), wanted.end()));
        next += ids.size();
      });
  CHECK(next == plan.size());
  next = 0;
  store::for_each_embedding_chunk(
      store, run, [&](std::span<const SampleId> ids, std::span<const float> rows, size_t columns) {
        const std::vector<float> wanted = numbered(next, ids.size(), columns);
        REQUIRE(std::equal(rows.begin(), rows.end(), wanted.begin(), wanted.end()));
        next += ids.size();
      });
  CHECK(next == (spec.embedding_columns == 0 ? 0 : plan.size()));
  next = 0;
  store::for_each_stage_chunk(
      store, run, [&](std::span<const SampleId> ids, std::span<const float> rows, size_t columns) {
        REQUIRE(columns == spec.stage_columns);
        REQUIRE(
            std::equal(ids.begin(), ids.end(), plan.begin() + static_cast<std::ptrdiff_t>(next)));
        const std::vector<float> wanted = numbered(next + 0x10000, ids.size(), columns);
        REQUIRE(std::equal(rows.begin(), rows.end(), wanted.begin(), wanted.end()));
        next += ids.size();
      });
  CHECK(next == (spec.stage_columns == 0 ? 0 : plan.size()));
  for (const size_t row : {size_t{0}, plan.size() / 2, plan.size() - 1}) {
    CHECK(store::read_probability_row(store, run, plan[row]) ==
          numbered(row, 1, spec.classes.size()));
    if (spec.embedding_columns > 0) {
      CHECK(store::read_embedding_row(store, run, plan[row]) ==
            numbered(row, 1, spec.embedding_columns));
    }
  }
}

}  // namespace

TEST_CASE("rows come back as written, whatever their size, batch and order") {
  struct Case {
    size_t classes;
    int64_t batch;
    size_t embedding;
    size_t stages;
  };
  for (const Case& test : {Case{3, 16, 0, 0}, Case{1000, 7, 4, 9}, Case{3000, 100, 5000, 1},
                           Case{3, 1, 70'000, 3}, Case{100'000, 4, 0, 0}}) {
    CAPTURE(test.classes);
    Project project(230);
    std::reverse(project.plan.begin() + 50, project.plan.end());
    const store::RunSpec spec = make_spec(test.classes, test.batch, test.embedding, test.stages);
    RunId run = 0;
    {
      store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kRefuse);
      const auto batch = static_cast<size_t>(test.batch);
      for (size_t first = 0; first < 230; first += batch) {
        write_rows(writer, spec, first, std::min(batch, 230 - first));
        if (first % 5 == 0) writer.flush();
      }
      run = writer.finish().id;
    }
    check_rows(project.store, run, project.plan, spec);
  }
}

TEST_CASE("a run goes on where it stopped, only as the same run") {
  Project project(100);
  store::RunSpec spec = make_spec(5, 8, 3);
  {
    store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kRefuse);
    write_rows(writer, spec, 0, 8);
    write_rows(writer, spec, 8, 16);
    CHECK_THROWS_AS(write_rows(writer, spec, 8, 8), Error);   // not where it stopped
    CHECK_THROWS_AS(write_rows(writer, spec, 24, 3), Error);  // not a whole batch
    CHECK_THROWS_AS(writer.finish(), Error);
  }
  CHECK(store::read_run(project.store, "r").summary.state == RunState::kInterrupted);
  CHECK(store::read_run(project.store, "r").rows == 24);
  CHECK_THROWS_AS(store::RunWriter(project.store, spec, project.plan, OnExistingRun::kRefuse),
                  Error);
  store::RunSpec other = spec;
  other.batch_size = 4;
  CHECK_THROWS_AS(store::RunWriter(project.store, other, project.plan, OnExistingRun::kResume),
                  Error);
  std::vector<SampleId> other_plan = project.plan;
  other_plan.pop_back();
  CHECK_THROWS_AS(store::RunWriter(project.store, spec, other_plan, OnExistingRun::kResume), Error);
  RunId run = 0;
  {
    store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kResume);
    REQUIRE(writer.rows_done() == 24);
    for (size_t first = 24; first < 100; first += 8) {
      write_rows(writer, spec, first, std::min<size_t>(8, 100 - first));
    }
    const auto report = writer.finish();
    run = report.id;
    CHECK(report.resumed);
    CHECK(report.rows == 100);
  }
  check_rows(project.store, run, project.plan, spec);
  {
    store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kResume);
    CHECK(writer.rows_done() == 100);
    writer.finish();
  }
  CHECK(store::read_run(project.store, "r").summary.state == RunState::kComplete);
  store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kReplace);
  CHECK(writer.rows_done() == 0);
  CHECK(writer.id() != run);
  CHECK(store::read_run(project.store, "r").summary.state == RunState::kRunning);
}

TEST_CASE("a run goes on with the stages it began with, or without") {
  Project project(40);
  const auto begin = [&](const std::string& name, size_t stages) {
    store::RunSpec spec = make_spec(5, 8, 3, stages);
    spec.name = name;
    store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kRefuse);
    write_rows(writer, spec, 0, 16);
    return spec;
  };
  const auto go_on = [&](const store::RunSpec& spec) {
    store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kResume);
    CHECK(writer.rows_done() == 16);
    write_rows(writer, spec, 16, 24);
    return writer.finish().id;
  };
  store::RunSpec with = begin("with", 7);
  check_rows(project.store, go_on(with), project.plan, with);
  store::RunSpec cut = begin("cut", 7);
  cut.stage_columns = 6;
  CHECK_THROWS_AS(store::RunWriter(project.store, cut, project.plan, OnExistingRun::kResume),
                  Error);
  // As one begun before stages were kept.
  store::RunSpec older = begin("older", 0);
  older.stage_columns = 7;
  const RunId run = go_on(older);
  CHECK(store::read_run(project.store, "older").spec.stage_columns == 0);
  older.stage_columns = 0;
  check_rows(project.store, run, project.plan, older);
}

TEST_CASE("outputs that are no numbers are counted and predict nothing") {
  Project project(4);
  store::RunSpec spec = make_spec(2, 4, 0);
  {
    store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kRefuse);
    constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
    const float rows[] = {0.9F, 0.1F, kNaN, 0.1F,
                          0,    0,    0.5F, std::numeric_limits<float>::infinity()};
    const store::RowStatus status[] = {store::RowStatus::kOk, store::RowStatus::kOk,
                                       store::RowStatus::kUnreadable, store::RowStatus::kOk};
    store::RunRows batch;
    batch.probabilities = rows;
    batch.status = status;
    writer.write(0, batch);
    const auto report = writer.finish();
    CHECK(report.predicted == 1);
    CHECK(report.not_finite == 2);
    CHECK(report.unreadable == 1);
  }
  const Snapshot snapshot = store::load_snapshot(project.store);
  CHECK_FALSE(snapshot.samples.find("prediction")->is_null(0));
  for (RowIndex row = 1; row < 4; ++row) {
    CHECK(snapshot.samples.find("prediction")->is_null(row));
    CHECK(snapshot.samples.find("entropy")->is_null(row));
  }
}

TEST_CASE("predictions of one class each have a confidence or none") {
  Project project(3);
  store::RunSpec spec = make_spec(3, 0, 0);
  spec.kind = "top_one";
  const ClassIndex top[] = {2, kNoClass, 0};
  const float confidence[] = {0.5F, std::nanf(""), std::nanf("")};
  {
    store::RunWriter writer(project.store, spec, project.plan, OnExistingRun::kRefuse);
    store::RunRows rows;
    rows.top = top;
    rows.confidence = confidence;
    writer.write(0, rows);
    CHECK(writer.finish().predicted == 2);
  }
  const Snapshot snapshot = store::load_snapshot(project.store);
  CHECK(snapshot.samples.find("prediction")->text(0) == "class 2");
  CHECK(snapshot.samples.find("confidence")->number(0) == 0.5);
  CHECK(snapshot.samples.find("confidence")->is_null(2));
  CHECK(snapshot.samples.find("margin") == nullptr);
  CHECK(store::read_probability_row(project.store, snapshot.runs.front().id, 1).empty());
}

TEST_CASE("a deleted run gives its space back") {
  Project project(2000);
  const std::string path = project.store.path();
  project.store.close();
  project.store = store::Store::open(path, store::Access::kWrite);
  const uint64_t before = store::read_info(project.store).file_bytes;
  const RunId run = make_run(project.store, "big", project.plan, 800, 3);
  store::put_score_column(project.store, {run, "loss", {1, 2}, {1, 2}, 0});
  CHECK(store::read_info(project.store).file_bytes > before + 6'000'000);
  const uint64_t stored = store::read_run(project.store, "big", true).stored_bytes;
  CHECK(stored > 6'000'000);
  CHECK(stored < 8'000'000);
  CHECK(store::list_runs(project.store, true).at(0).stored_bytes == stored);
  CHECK_THROWS_AS(store::delete_run(project.store, ""), Error);
  store::delete_run(project.store, "big");
  CHECK(store::read_info(project.store).file_bytes < before + 600'000);
  CHECK(store::list_runs(project.store).empty());
  CHECK(store::list_score_columns(project.store).empty());
  CHECK_THROWS_AS(store::delete_run(project.store, "big"), Error);
}

TEST_CASE("stored scores go stale with the labels they were made for") {
  Project project(6);
  const RunId run = make_run(project.store, "r", project.plan, 3, 1);
  Snapshot snapshot = store::load_snapshot(project.store);
  store::put_score_column(project.store,
                          {run, "loss", {1, 2, 3}, {1, 2, 3}, snapshot.label_revision});
  store::put_score_column(project.store, {0, "sharpness", {1, 2}, {5, 6}, 0});
  CHECK_FALSE(store::list_score_columns(project.store)[1].stale);
  const auto edit = set_label(2, {3});
  store::apply_edits(project.store, std::span(&edit, 1), "me", "");
  snapshot = store::load_snapshot(project.store);
  CHECK(snapshot.samples.find("loss")->number(0) == 1);
  CHECK(snapshot.samples.find("loss")->is_null(1));
  CHECK(snapshot.samples.find("sharpness")->number(1) == 6);
  CHECK(snapshot.runs.front().scores_stale);
  CHECK(store::list_score_columns(project.store)[1].stale);
  CHECK(store::relabelled_since(project.store, 1) == std::vector<SampleId>{2});
  // Taken back, they are of the labels that there are, though the log has grown.
  REQUIRE(store::apply_to_snapshot(snapshot, store::undo(project.store, "me")));
  const Snapshot anew = store::load_snapshot(project.store);
  for (const Snapshot* each : {&std::as_const(snapshot), &anew}) {
    CHECK(each->samples.find("loss")->number(1) == 2);
    CHECK_FALSE(each->runs.front().scores_stale);
  }
  CHECK_FALSE(store::list_score_columns(project.store)[1].stale);
  CHECK(store::relabelled_since(project.store, 1).empty());
  CHECK(store::relabelled_since(project.store, 0).empty());  // imported since, not relabelled
  REQUIRE(store::apply_to_snapshot(snapshot, store::redo(project.store, "me")));
  CHECK(snapshot.runs.front().scores_stale);
  CHECK_THROWS_AS(store::put_score_column(project.store, {run, "label", {1}, {1}, 0}), Error);
  CHECK_THROWS_AS(store::put_score_column(project.store, {run, "x y", {1}, {1}, 0}), Error);
}

TEST_CASE("of several scores that are put together all are kept or none") {
  Project project(3);
  const std::vector<store::ScoreColumn> columns{{0, "sharpness", {1, 2}, {5, 6}, 0},
                                                {77, "loss", {1, 2}, {1, 2}, 0}};  // of no run
  CHECK_THROWS_AS(store::put_score_columns(project.store, columns), Error);
  CHECK(store::list_score_columns(project.store).empty());
}

TEST_CASE("what is found of some samples leaves the others, each with the labels it was made for") {
  Project project(6);
  const auto revision = [&] { return store::label_revision(project.store); };
  const auto relabel = [&](SampleId sample, ClassId label) {
    const auto edit = set_label(sample, {label});
    store::apply_edits(project.store, std::span(&edit, 1), "me", "");
  };
  const auto update = [&](std::vector<SampleId> samples, std::vector<float> values, int64_t made) {
    store::update_score_columns(project.store,
                                {{0, "label_error", std::move(samples), std::move(values), made}});
  };
  // As a snapshot shows them, 0 for none; edited in place it is the same.
  Snapshot followed;
  const auto shown = [&] {
    const Snapshot anew = store::load_snapshot(project.store);
    std::vector<float> values;
    for (const float value : anew.samples.find("label_error")->floats) {
      values.push_back(std::isnan(value) ? 0 : value);
    }
    return values;
  };
  using Values = std::vector<float>;
  const int64_t first = revision();
  update({1, 2, 3, 4, 5}, {.1F, .2F, .3F, .4F, .5F}, first);
  relabel(2, 3);
  relabel(4, 3);
  const int64_t second = revision();
  update({4, 6}, {.44F, .66F}, second);
  CHECK(shown() == Values{.1F, 0, .3F, .44F, .5F, .66F});
  CHECK(store::list_score_columns(project.store)[0].stale);
  followed = store::load_snapshot(project.store);
  // The old label of 2 again, and of 4, whose newer finding was of the other.
  const int64_t batch = store::read_log(project.store, {})[0].batch;
  REQUIRE(store::apply_to_snapshot(followed, store::undo_batch(project.store, batch, "me")));
  REQUIRE(store::apply_to_snapshot(followed, store::undo_batch(project.store, batch - 1, "me")));
  CHECK(shown() == Values{.1F, .2F, .3F, 0, .5F, .66F});
  CHECK(snapshot_text(followed) == snapshot_text(store::load_snapshot(project.store)));
  // A search that began with the labels of before and ends now: it knows as much of the labels
  // that are as they were then, and nothing of the others.
  relabel(1, 2);
  update({1}, {.11F}, revision());
  update({1, 2, 3}, {.7F, .8F, .9F}, second);
  CHECK(shown() == Values{.11F, .2F, .9F, 0, .5F, .66F});
  relabel(4, 3);
  CHECK(shown() == Values{.11F, .2F, .9F, .44F, .5F, .66F});
  CHECK_FALSE(store::list_score_columns(project.store)[0].stale);
}

TEST_CASE("suggested labels and verdicts are stored as numbers and read as what they mean") {
  Project project(4);
  Snapshot snapshot = store::load_snapshot(project.store);
  const auto second = static_cast<float>(snapshot.class_ids[1]);
  const float none = std::nanf("");
  const int64_t revision = snapshot.label_revision;
  store::put_score_column(project.store,
                          {0, "suggested", {1, 2, 3, 4}, {second, second, none, 9999}, revision});
  store::put_score_column(project.store, {0, "verdict", {1, 2, 3, 4}, {0, 3, none, 17}, revision});
  snapshot = store::load_snapshot(project.store);
  const Table& table = snapshot.samples;
  REQUIRE(table.find("suggested")->type == ColumnType::kCategory);
  CHECK(table.find("suggested")->text(0) == snapshot.classes[1].name);
  CHECK(table.find("suggested")->is_null(2));
  CHECK(table.find("suggested")->is_null(3));
  CHECK(table.find("verdict")->text(0) == "label wrong");
  CHECK(table.find("verdict")->text(1) == "not a valid image");
  CHECK(table.find("verdict")->is_null(2));
  CHECK(table.find("verdict")->is_null(3));
  // A relabel makes them say nothing of the sample, in place and when loaded anew.
  const auto edit = set_label(2, {3});
  const store::AppliedBatch batch =
      store::apply_edits(project.store, std::span(&edit, 1), "me", "");
  REQUIRE(store::apply_to_snapshot(snapshot, batch));
  const Snapshot anew = store::load_snapshot(project.store);
  for (const Snapshot* each : {&std::as_const(snapshot), &anew}) {
    CHECK(each->samples.find("verdict")->text(0) == "label wrong");
    CHECK(each->samples.find("verdict")->is_null(1));
    CHECK(each->samples.find("suggested")->is_null(1));
  }
  // Taken back, the label is the one that they were made for: in place, when loaded anew, and in a
  // snapshot that was loaded in between.
  Snapshot between = store::load_snapshot(project.store);
  const store::AppliedBatch back = store::undo(project.store, "me");
  REQUIRE(store::apply_to_snapshot(snapshot, back));
  REQUIRE(store::apply_to_snapshot(between, back));
  const Snapshot after = store::load_snapshot(project.store);
  for (const Snapshot* each : {&std::as_const(snapshot), &std::as_const(between), &after}) {
    CHECK(each->samples.find("verdict")->text(1) == "not a valid image");
    CHECK(each->samples.find("suggested")->text(1) == each->classes[1].name);
  }
}

TEST_CASE("a score holds for the labels that it was made for, however often they change") {
  Project project(4);
  Snapshot snapshot = store::load_snapshot(project.store);
  const std::vector<ClassId> ids = snapshot.class_ids;
  const std::vector<store::Edit> many = {set_label(3, {ids[0], ids[2]})};
  store::apply_edits(project.store, many, "me", "");
  snapshot = store::load_snapshot(project.store);
  store::put_score_column(
      project.store,
      {0, "label_error", {1, 2, 3, 4}, {.1F, .2F, .3F, .4F}, snapshot.label_revision});
  snapshot = store::load_snapshot(project.store);
  const auto check = [&](size_t row, bool holds, std::vector<ClassId> labels) {
    const auto edit = set_label(static_cast<SampleId>(row) + 1, std::move(labels));
    const store::AppliedBatch batch =
        store::apply_edits(project.store, std::span(&edit, 1), "me", "");
    REQUIRE(store::apply_to_snapshot(snapshot, batch));
    const Snapshot anew = store::load_snapshot(project.store);
    CHECK(snapshot_text(snapshot) == snapshot_text(anew));
    CHECK(snapshot.samples.find("label_error")->is_null(static_cast<RowIndex>(row)) == !holds);
    return batch.batch;
  };
  check(2, false, {ids[0]});
  check(2, false, {ids[0], ids[1]});
  check(2, true, {ids[2], ids[0]});
  check(2, false, {});
  const int64_t second = check(1, false, {ids[0], ids[1], ids[2]});
  check(2, true, {ids[0], ids[2]});
  // Scores of a later revision beside those of an earlier one.
  store::put_score_column(project.store,
                          {0, "newer", {1, 2, 3, 4}, {1, 2, 3, 4}, snapshot.label_revision});
  snapshot = store::load_snapshot(project.store);
  CHECK(snapshot.samples.find("label_error")->is_null(1));
  CHECK(snapshot.samples.find("newer")->number(1) == 2);
  const store::AppliedBatch back = store::undo_batch(project.store, second, "me");
  REQUIRE(store::apply_to_snapshot(snapshot, back));
  CHECK_FALSE(snapshot.samples.find("label_error")->is_null(1));
  CHECK(snapshot.samples.find("newer")->is_null(1));
}

TEST_CASE("a score for a class is not one for what the class was merged into") {
  Project project(4);
  Snapshot snapshot = store::load_snapshot(project.store);
  const std::vector<store::Edit> edits = {set_label(1, {snapshot.class_ids[0]}),
                                          set_label(2, {snapshot.class_ids[1]})};
  store::apply_edits(project.store, edits, "me", "");
  snapshot = store::load_snapshot(project.store);
  store::put_score_column(project.store,
                          {0, "label_error", {1, 2}, {.9F, .8F}, snapshot.label_revision});
  store::merge_class(project.store, snapshot.classes[0].name, snapshot.classes[1].name, "me", "");
  snapshot = store::load_snapshot(project.store);
  CHECK(snapshot.samples.find("label")->text(0) == snapshot.samples.find("label")->text(1));
  CHECK(snapshot.samples.find("label_error")->is_null(0));
  CHECK_FALSE(snapshot.samples.find("label_error")->is_null(1));
  store::undo(project.store, "me");
  snapshot = store::load_snapshot(project.store);
  CHECK_FALSE(snapshot.samples.find("label_error")->is_null(0));
}

TEST_CASE("names of runs are checked") {
  Project project(2);
  for (const char* name : {"", "a@b", " a", "a/b", "a\n"}) {
    store::RunSpec spec = make_spec(2, 1, 0);
    spec.name = name;
    CHECK_THROWS_AS(store::RunWriter(project.store, spec, project.plan, OnExistingRun::kRefuse),
                    Error);
  }
  make_run(project.store, "resnet", project.plan, 2, 1);
  try {
    store::read_run(project.store, "resnte");
    FAIL("found");
  } catch (const Error& error) {
    CHECK(error.hint().find("resnet") != std::string::npos);
  }
}

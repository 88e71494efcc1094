#include "jobs/label_evidence.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/random.h"
#include "jobs/find_labels_job.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "tests/jobs/job_parts.h"
#include "tests/store/raw_sql.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

namespace errata::jobs {

namespace {

constexpr size_t kClasses = 3;
constexpr size_t kColumns = 8;

std::vector<SampleId> ids(SampleId first, SampleId last) {
  std::vector<SampleId> all(static_cast<size_t>(last - first + 1));
  std::iota(all.begin(), all.end(), first);
  return all;
}

// 120 samples, each third of one class; sample 120 has a wrong label, its picture is of class 0.
struct Project : JobParts {
  Project() : JobParts(1) {
    store::Store store = store::Store::create(path);
    test::import_records(store, test::make_records(120, kClasses), test::make_classes(kClasses));
  }

  static size_t truth(SampleId sample) {
    return sample == 120 ? 0 : static_cast<size_t>(sample - 1) % kClasses;
  }

  store::RunSpec spec(const std::string& name, const std::string& kind) const {
    store::RunSpec made;
    made.name = name;
    made.kind = kind;
    made.batch_size = 16;
    return made;
  }

  void write(const store::RunSpec& run, const std::vector<SampleId>& plan,
             const store::RunRows& rows) {
    store::Store store = store::Store::open(path, store::Access::kWrite);
    store::RunWriter writer(store, run, plan, store::OnExistingRun::kRefuse);
    const size_t classes = run.classes.size();
    for (size_t first = 0; first < plan.size(); first += 16) {
      const size_t count = std::min<size_t>(16, plan.size() - first);
      store::RunRows batch;
      if (!rows.probabilities.empty()) {
        batch.probabilities = rows.probabilities.subspan(first * classes, count * classes);
      }
      if (!rows.embeddings.empty()) {
        batch.embeddings = rows.embeddings.subspan(first * kColumns, count * kColumns);
      }
      if (!rows.stages.empty()) {
        batch.stages = rows.stages.subspan(first * run.stage_columns, count * run.stage_columns);
      }
      writer.write(first, batch);
    }
    writer.finish();
  }

  // Of each sample it says says(sample), with 0.94.
  void add_run(const std::string& name, const std::vector<SampleId>& plan,
               const std::function<size_t(SampleId)>& says = truth, bool zebra = false,
               const std::string& options_json = {}) {
    store::RunSpec run = spec(name, "probabilities");
    run.classes = test::make_classes(kClasses);
    if (zebra) run.classes.add("zebra");
    run.options_json = options_json;
    std::vector<float> rows(plan.size() * run.classes.size(), 0.02f);
    for (size_t i = 0; i < plan.size(); ++i) {
      rows[i * run.classes.size() + says(plan[i])] = zebra ? 0.94f : 0.96f;
    }
    store::RunRows all;
    all.probabilities = rows;
    write(run, plan, all);
  }

  // The embeddings tell classes 1 and 2 from class 0 alone, the stages tell all, by a column that
  // varies a thousandth of another.
  void add_model(const std::string& name, const std::vector<SampleId>& plan) {
    store::RunSpec run = spec(name, "embedding");
    run.embedding_columns = kColumns;
    run.stage_columns = 2;
    Rng rng(4);
    std::vector<float> rows;
    std::vector<float> stages;
    for (const SampleId sample : plan) {
      for (size_t k = 0; k < kColumns; ++k) {
        const bool own = std::min<size_t>(truth(sample), 1) == k;
        rows.push_back(static_cast<float>(own ? 2 + rng.uniform() : rng.uniform()));
      }
      stages.push_back(static_cast<float>(1000 * rng.uniform()));
      stages.push_back(static_cast<float>(static_cast<double>(truth(sample)) + rng.uniform() / 2));
    }
    std::fill_n(stages.begin() + 8, 2, std::nanf(""));
    store::RunRows all;
    all.embeddings = rows;
    all.stages = stages;
    write(run, plan, all);
  }

  void add_embeddings(const std::string& name, const std::vector<SampleId>& plan) {
    store::RunSpec run = spec(name, "embedding");
    run.embedding_columns = kColumns;
    Rng rng(4);
    std::vector<float> rows(plan.size() * kColumns);
    for (size_t i = 0; i < rows.size(); ++i) {
      const bool own = i % kColumns == truth(plan[i / kColumns]);
      rows[i] = static_cast<float>(own ? 2 + rng.uniform() : rng.uniform());
    }
    store::RunRows all;
    all.embeddings = rows;
    write(run, plan, all);
  }

  FindLabelsOptions options(const std::string& run = {}, const std::string& where = {}) const {
    FindLabelsOptions made;
    made.store_path = path;
    made.run = run;
    made.where = where;
    return made;
  }
  FindLabelsReport find(const FindLabelsOptions& options) {
    JobContext context = job();
    return find_labels(options, context);
  }
  void edit(const std::vector<store::Edit>& edits) {
    store::Store store = store::Store::open(path, store::Access::kWrite);
    store::apply_edits(store, edits, "me", "");
  }
  std::vector<float> column(const std::string& name) {
    store::Store store = store::Store::open(path, store::Access::kRead);
    return store::read_score_column(store, 0, name).values;
  }
  // As a snapshot shows it, with the label that each sample has.
  std::vector<float> shown(const std::string& name) {
    store::Store store = store::Store::open(path, store::Access::kRead);
    const Snapshot snapshot = store::load_snapshot(store);
    const Column& column = *snapshot.samples.find(name);
    if (column.type == ColumnType::kFloat) return column.floats;
    std::vector<float> values;
    for (const int32_t code : column.codes) {
      values.push_back(code < 0 ? std::nanf("") : static_cast<float>(code));
    }
    return values;
  }
  Error refusal(const FindLabelsOptions& options) {
    try {
      find(options);
    } catch (const Error& error) {
      return error;
    }
    return {ErrorCategory::kInternal, "it was not refused"};
  }

  test::TempDir dir;
  std::string path = dir / "s.db";
};

bool has_text(const std::vector<std::string>& texts, std::string_view part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& each) { return each.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("a run that is named judges, a probe too, or is refused") {
  Project project;
  project.add_embeddings("emb", ids(1, 120));
  project.add_run("probe", ids(1, 120), Project::truth, false, R"({"probe":true})");
  CHECK(
      project.find(project.options()).runs.empty());  // the rounds begin with a probe of their own
  CHECK(project.find(project.options("probe")).runs == std::vector<std::string>{"probe"});
  const Error refused = project.refusal(project.options("emb"));
  CHECK(refused.category() == ErrorCategory::kNotFound);
  CHECK(std::string(refused.what()) == "run 'emb' holds no probabilities");
  CHECK(refused.hint().find("--run") != std::string::npos);
}

TEST_CASE("a model's earlier stages take part where they tell more than its embeddings") {
  Project project;
  project.edit({test::set_label(8, {3}), test::set_label(9, {2})});  // each the other's
  project.add_model("model", ids(1, 120));
  const FindLabelsReport report = project.find(project.options());
  CHECK(report.by_stages);
  std::vector<RowIndex> rows;
  for (const LabelSuspect& suspect : report.suspects) rows.push_back(suspect.row);
  std::sort(rows.begin(), rows.end());
  CHECK(rows == std::vector<RowIndex>{7, 8, 119});
  CHECK(report.runs.empty());
  // Nor is a run of other classes a witness.
  store::RunSpec backbone = project.spec("backbone", "probabilities");
  backbone.classes.add("zebra");
  const std::vector<float> sure(120, 1.0F);
  store::RunRows all;
  all.probabilities = sure;
  project.write(backbone, ids(1, 120), all);
  const FindLabelsReport beside = project.find(project.options());
  CHECK(beside.runs.empty());
  CHECK(has_text(beside.warnings,
                 "run 'backbone' is left out: it knows none of the project's classes"));
  // Without them, nothing tells these two classes apart.
  project.add_embeddings("emb", ids(1, 120));
  CHECK_FALSE(project.find(project.options()).by_stages);
}

TEST_CASE("where all labels are alike the runs judge; the embeddings cannot tell them apart") {
  Project project;
  project.add_embeddings("emb", ids(1, 120));
  std::vector<store::Edit> edits;
  for (SampleId sample = 1; sample <= 120; ++sample) edits.push_back(test::set_label(sample, {3}));
  project.edit(edits);
  const Error refused = project.refusal(project.options());
  CHECK(refused.category() == ErrorCategory::kNotFound);
  CHECK(refused.hint().find("label 'class 2'") != std::string::npos);
  CHECK(refused.hint().find("mport") == std::string::npos);
  project.add_run("model", ids(1, 120),
                  [](SampleId sample) -> size_t { return sample <= 20 ? 0 : 2; });
  const FindLabelsReport report = project.find(project.options());
  CHECK(report.looked_at == 120);
  CHECK(report.embeddings.empty());
  CHECK(report.runs == std::vector<std::string>{"model"});
  CHECK(report.lacks.find("label 'class 2'") != std::string::npos);
  // Of the 20 that the run contradicts 6 were of class 2 before: to set it was to keep it.
  REQUIRE(report.suspects.size() == 14);
  CHECK(report.suspects[0].suggested == 0);
  // The model may err in all of them, and the largest class having all labels is no news.
  CHECK(report.estimated_interval.low == 0);
  CHECK(report.warnings.empty());
  // What a person kept is no suspect any more: it is the model that errs.
  const SampleId kept = report.state.snapshot.ids[report.suspects[0].row];
  project.edit({store::Edit{kept, store::EditKind::kKeep, {}, {}, {}}});
  const FindLabelsReport again = project.find(project.options());
  CHECK(again.suspects.size() == 13);
  for (const LabelSuspect& each : again.suspects) {
    CHECK(again.state.snapshot.ids[each.row] != kept);
  }
  CHECK(again.verdicts[static_cast<size_t>(Verdict::kModelWrong)] ==
        report.verdicts[static_cast<size_t>(Verdict::kModelWrong)] + 1);
}

TEST_CASE("samples are judged as they are in the whole set, whichever are looked at") {
  Project project;
  project.add_embeddings("emb", ids(1, 120));
  // It takes three of class 2 for class 1, and one of class 1 for class 2.
  project.add_run("model", ids(1, 120), [](SampleId sample) -> size_t {
    if (sample == 3 || sample == 6 || sample == 9) return 1;
    return sample == 5 ? 2 : Project::truth(sample);
  });
  FindLabelsReport whole = project.find(project.options());
  const std::vector<float> before = project.column("label_error");
  CHECK(whole.judged == 120);
  for (const char* where : {"label = 'class 2'", "id > 100", "label = 'class 0'"}) {
    CAPTURE(where);
    const FindLabelsReport part = project.find(project.options("", where));
    CHECK(part.judged == 120);
    CHECK(part.embeddings == "emb");
    CHECK(part.lacks.empty());
    CHECK(part.warnings == whole.warnings);
    CHECK(project.column("label_error") == before);
    std::vector<RowIndex> expected;
    for (const LabelSuspect& suspect : whole.suspects) {
      if (part.state.selection.test(suspect.row)) expected.push_back(suspect.row);
    }
    std::vector<RowIndex> found;
    for (const LabelSuspect& suspect : part.suspects) found.push_back(suspect.row);
    CHECK(found == expected);
    CHECK(part.estimated <= whole.estimated);
    CHECK(part.estimated_interval.low <= static_cast<double>(expected.size()));
    CHECK(part.estimated_interval.high >= static_cast<double>(expected.size()));
  }
  FindLabelsReport part = project.find(project.options("", "label = 'class 2'"));
  CHECK(part.looked_at == 40);
  CHECK(part.suspects.size() == 1);
  CHECK(part.estimated >= 1);
  CHECK(part.estimated <= 3);
  CHECK(std::accumulate(part.verdicts.begin(), part.verdicts.end(), size_t{0}) < 10);
  // What a person excluded teaches nothing, unless it is asked about.
  project.edit({test::make_edit(2, store::EditKind::kExclude)});
  part = project.find(project.options("", "label = 'class 2'"));
  CHECK(part.judged == 119);
  CHECK(part.excluded == 0);
  part = project.find(project.options("", "label = 'class 1'"));
  CHECK(part.looked_at == 39);
  CHECK(part.excluded == 1);
  part = project.find(project.options("", "excluded"));
  CHECK(part.looked_at == 1);
  CHECK(part.judged == 120);
}

TEST_CASE("a search among some samples leaves what was found of the others") {
  Project project;
  project.add_run("model", ids(1, 120), [](SampleId sample) -> size_t {
    return sample == 50 ? 0 : Project::truth(sample);
  });
  project.find(project.options());
  const std::vector<std::string> names{"label_error", "p_suggested", "suggested", "verdict"};
  std::vector<std::vector<float>> before;
  for (const std::string& name : names) before.push_back(project.shown(name));
  REQUIRE(before[3][119] == 0);
  REQUIRE(before[3][49] >= 0);
  // One of the others has another label now: what was found was of the old one.
  project.edit({test::set_label(120, {1}), test::set_label(1, {3})});
  project.find(project.options("", "id <= 10"));
  for (size_t i = 0; i < names.size(); ++i) {
    CAPTURE(names[i]);
    const std::vector<float> after = project.shown(names[i]);
    CHECK(std::isnan(after[119]));
    for (size_t row = 10; row < 119; ++row) {
      CHECK(
          (after[row] == before[i][row] || (std::isnan(after[row]) && std::isnan(before[i][row]))));
    }
  }
  CHECK(project.shown("label_error")[0] > 0.5f);  // looked at with its new label
  CHECK(project.shown("suggested")[0] == 0);
  // The old label again: what was found of it is too.
  project.edit({test::set_label(120, {3})});
  for (size_t i = 0; i < names.size(); ++i) {
    CHECK(project.shown(names[i])[119] == before[i][119]);
  }
  // A sample imported since has nothing yet.
  store::Store store = store::Store::open(project.path, store::Access::kWrite);
  test::import_records(store, test::make_records(121, kClasses), test::make_classes(kClasses));
  store.close();
  project.find(project.options("", "id <= 20"));
  CHECK(project.shown("label_error").size() == 121);
  CHECK(std::isnan(project.shown("label_error")[120]));
  CHECK(project.shown("label_error")[49] == before[0][49]);
  CHECK(project.shown("label_error")[119] == before[0][119]);
}

TEST_CASE("labels that nothing knows are counted and told, and a search of them stores nothing") {
  Project project;
  store::RunSpec spec = project.spec("pair", "probabilities");
  spec.classes = test::make_classes(2);
  std::vector<float> rows;
  for (SampleId sample = 1; sample <= 100; ++sample) {
    const float first = Project::truth(sample) == 0 ? 0.9f : 0.1f;
    rows.insert(rows.end(), {first, 1 - first});
  }
  store::RunRows all;
  all.probabilities = rows;
  project.write(spec, ids(1, 100), all);
  FindLabelsReport report = project.find(project.options());
  CHECK(report.looked_at == 67);
  CHECK(has_text(report.warnings,
                 "53 samples with a label are not judged: 40 of them have a label that run 'pair' "
                 "does not know ('class 2'), no run that knows the label predicts 13 of them"));
  const std::vector<float> before = project.column("label_error");
  report = project.find(project.options("", "label = 'class 2'"));
  CHECK(report.looked_at == 0);
  CHECK(report.suspects.empty());
  CHECK(has_text(report.warnings,
                 "40 samples with a label are not judged: they have a label that run 'pair' does "
                 "not know ('class 2')"));
  const std::vector<float> after = project.column("label_error");
  CHECK(std::equal(before.begin(), before.end(), after.begin(), after.end(),
                   [](float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }));
  CHECK_FALSE(std::isnan(after[0]));
  project.add_embeddings("emb", ids(1, 110));
  report = project.find(project.options());
  CHECK(report.looked_at == 110);
  CHECK(has_text(
      report.warnings,
      "10 samples with a label are not judged: they have no embedding, 4 of them have a label that "
      "run 'pair' does not know ('class 2'), no run that knows the label predicts 6 of them"));
}

TEST_CASE("samples without an embedding are judged by the runs that predict them") {
  Project project;
  project.add_embeddings("emb", ids(1, 60));
  FindLabelsReport report = project.find(project.options());
  CHECK(report.looked_at == 60);
  CHECK(has_text(report.warnings, "60 samples have no embedding and are not judged"));
  project.add_run("model", ids(21, 120));
  report = project.find(project.options());
  CHECK(report.looked_at == 120);
  CHECK(report.embeddings == "emb");
  CHECK(has_text(report.warnings, "60 samples have no embedding: runs alone judge them"));
  LoadedState state = load_state({project.path, "", "", false});
  JobContext context = project.job();
  const JudgedLabels judged = judge_labels(state, state.selection, "", {}, context);
  REQUIRE(state.snapshot.ids[judged.rows[119]] == 120);
  CHECK(judged.errors.score[119] > 0.9f);
  CHECK(judged.errors.suggested[119] == 0);
  CHECK(judged.neighbours[119].shown == 0);
  CHECK(judged.runs_known[119] == 1);
  CHECK(judged.runs_for_given[119] == 0);
  report = project.find(project.options("", "id > 10 and id <= 20 or id > 60"));
  CHECK(report.looked_at == 70);
  report = project.find(project.options("", "id > 60"));
  CHECK(report.looked_at == 60);
  CHECK(report.embeddings == "emb");  // the others are judged by them
  CHECK(has_text(report.warnings, "60 samples have no embedding: runs alone judge them"));
}

TEST_CASE("of samples that neither an embedding nor a run knows it says that they are not judged") {
  Project project;
  project.add_embeddings("emb", ids(1, 60));
  project.add_run("model", ids(1, 100));
  const FindLabelsReport report = project.find(project.options());
  CHECK(report.looked_at == 100);
  CHECK(has_text(report.warnings, "60 samples have no embedding: runs alone judge 40 of them"));
  CHECK(has_text(report.warnings,
                 "20 samples with a label are not judged: they have no embedding, no run that "
                 "knows the label predicts them"));
}

TEST_CASE("a run that predicts a class which the project lacks speaks for no label") {
  Project project;
  project.add_run(
      "zebra", ids(1, 120), [](SampleId sample) { return sample > 60 ? 3 : 0; }, true);
  LoadedState state = load_state({project.path, "", "", false});
  JobContext context = project.job();
  const JudgedLabels judged = judge_labels(state, state.selection, "", {}, context);
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    CAPTURE(i);
    CHECK(judged.runs_known[i] == 1);
    CHECK(judged.runs_for_given[i] == (i < 60 && judged.labels[i] == 0 ? 1 : 0));
  }
}

TEST_CASE("which of several embeddings are asked is said without an option that is not there") {
  Project project;
  project.add_embeddings("old", ids(1, 120));
  project.add_embeddings("new", ids(1, 120));
  const FindLabelsReport report = project.find(project.options());
  CHECK(has_text(report.warnings, "embeddings of run 'new', the newest of 2"));
  CHECK_FALSE(has_text(report.warnings, "--embeddings"));
}

TEST_CASE("what was judged is kept whole or not at all") {
  Project project;
  project.add_run("model", ids(1, 120));
  project.find(project.options());
  store::Store store = store::Store::open(project.path, store::Access::kWrite);
  const auto edit = test::set_label(7, {2});
  store::apply_edits(store, std::span(&edit, 1), "me", "");
  const auto revisions = [&] {
    std::vector<int64_t> found;
    for (const auto& each : store::list_score_columns(store)) {
      if (each.run == 0) found.push_back(each.label_revision);
    }
    return found;
  };
  const std::vector<int64_t> before = revisions();
  REQUIRE(before == std::vector<int64_t>(4, before.front()));
  store.close();
  // The third of four cannot be written.
  test::raw_sql(project.path,
                "CREATE TRIGGER full BEFORE INSERT ON score WHEN new.name = 'suggested' BEGIN "
                "SELECT RAISE(ABORT, 'disk full'); END");
  CHECK_THROWS_AS(project.find(project.options()), Error);
  store = store::Store::open(project.path, store::Access::kRead);
  CHECK(revisions() == before);
  store.close();
  test::raw_sql(project.path, "DROP TRIGGER full");
  project.find(project.options());
  store = store::Store::open(project.path, store::Access::kRead);
  CHECK(revisions() == std::vector<int64_t>(4, before.front() + 1));
}

TEST_CASE("more than can be weighed at once is refused where one run cannot judge instead") {
  Project project;
  project.add_embeddings("emb", ids(1, 120));
  FindLabelsOptions options = project.options();
  options.most_values = 100;
  Error refused = project.refusal(options);
  CHECK(refused.category() == ErrorCategory::kUsage);
  CHECK(std::string(refused.what()) ==
        "120 samples of 3 classes are more than can be weighed at once");
  CHECK(refused.hint() == "Narrow them with --where.");
  project.add_run("model", ids(1, 120));
  const FindLabelsReport report = project.find(options);
  CHECK_FALSE(report.all_evidence);
  CHECK(has_text(report.warnings, "by confident learning; --where narrows it"));
  options.method = "evidence";
  refused = project.refusal(options);
  CHECK(refused.category() == ErrorCategory::kUsage);
  CHECK(refused.hint().find("--where") != std::string::npos);
  options.where = "id <= 30";
  const FindLabelsReport narrowed = project.find(options);
  CHECK(narrowed.all_evidence);
  CHECK(narrowed.looked_at == 30);
  // As many of the others as there is room for: 33 rows of 3 classes are below 100.
  CHECK(narrowed.judged == 33);
  CHECK(has_text(narrowed.warnings, "3 of the 90 other samples, drawn at random, are weighed"));
}

}  // namespace errata::jobs

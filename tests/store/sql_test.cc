#include "store/sql.h"

#include <doctest/doctest.h>

#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "store/history.h"
#include "store/saved_views.h"
#include "store/score_columns.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;

namespace {

struct Project {
  TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
  std::vector<SampleId> plan{1, 2, 3, 4, 5, 6};

  Project() {
    std::vector<SampleRecord> records = make_records(6, 3);
    records[2].member = 5;
    records[4].attributes = {{"angle", 2.5}};
    import_records(store, records, make_classes(3));
    make_run(store, "r", plan, 3, 1, 2);
    store::apply_edits(
        store,
        std::vector<store::Edit>{set_label(1, {2}), make_edit(2, store::EditKind::kTag, "odd"),
                                 make_edit(3, store::EditKind::kExclude)},
        "me", "looked");
  }

  std::string one(const std::string& sql) {
    const store::SqlResult result = store::query_sql(store, sql);
    REQUIRE(result.rows.size() == 1);
    REQUIRE(result.rows[0].size() == 1);
    return store::display(result.rows[0][0]);
  }
};

}  // namespace

TEST_CASE("the views say what is documented of them, column by column") {
  Project project;
  std::map<std::string, std::vector<std::string>> documented;
  for (const store::ViewColumnDoc& doc : store::public_view_docs()) {
    CHECK_FALSE(doc.sentence.empty());
    documented[std::string(doc.view)].emplace_back(doc.column);
  }
  std::set<std::string> views;
  for (const auto& row :
       store::query_sql(project.store, "SELECT name FROM sqlite_schema WHERE type = 'view'").rows) {
    views.insert(store::display(row[0]));
  }
  for (const std::string& view : views) CHECK(documented.contains(view));
  for (const auto& [view, columns] : documented) {
    CAPTURE(view);
    std::string source = view;
    if (view == "predictions(run)" || view == "probabilities(run)" || view == "embeddings(run)") {
      source = view.substr(0, view.find('(')) + "('r')";
    } else if (view.find('(') != std::string::npos) {
      continue;
    } else {
      CHECK(views.contains(view));
    }
    CHECK(store::query_sql(project.store, "SELECT * FROM " + source + " LIMIT 1").columns ==
          columns);
  }
}

TEST_CASE("the views show samples, edits, classes and runs as they are") {
  Project project;
  CHECK(project.one("SELECT label FROM v_samples WHERE id = 1") == "class 1");
  CHECK(project.one("SELECT label_given FROM v_samples WHERE id = 1") == "class 0");
  CHECK(project.one("SELECT path FROM v_samples WHERE id = 3") == "class 2/0000002.png#5");
  CHECK(project.one("SELECT tags FROM v_samples WHERE id = 2") == R"(["odd"])");
  CHECK(project.one("SELECT sum(excluded) FROM v_samples") == "1");
  CHECK(project.one("SELECT attributes ->> 'angle' FROM v_samples WHERE id = 5") == "2.5");
  CHECK(project.one("SELECT count(*) FROM v_annotations WHERE given = 1") == "6");
  CHECK(project.one("SELECT \"from\" || '>' || \"to\" || who || why FROM v_edits "
                    "WHERE what = 'label'") == "class 0>class 1melooked");
  CHECK(project.one("SELECT samples FROM v_classes WHERE name = 'class 1'") == "3");
  CHECK(project.one("SELECT predicted FROM v_runs") == "6");
  CHECK(project.one("SELECT group_concat(class) FROM v_run_classes") == "class 0,class 1,class 2");
  CHECK(project.one("SELECT report ->> 'added' FROM v_imports") == "6");
  CHECK(project.one("SELECT format FROM v_sources") == "imagefolder");
}

TEST_CASE("table functions read the chunks") {
  Project project;
  CHECK(project.one("SELECT count(*) FROM predictions('r')") == "6");
  CHECK(
      project.one("SELECT count(*) FROM predictions('r') p JOIN v_samples s ON s.id = p.sample_id "
                  "WHERE p.class = s.label_given") >= "4");
  CHECK(project.one("SELECT count(*) FROM probabilities('r')") == "18");
  CHECK(project.one("SELECT round(sum(probability), 4) FROM probabilities('r') "
                    "WHERE sample_id = 2") == "1");
  CHECK(project.one("SELECT length(embedding) FROM embeddings('r') LIMIT 1") == "8");
  CHECK(project.one("SELECT count(*) FROM predictions") == "6");  // the newest run
  store::put_score_column(project.store, {0, "sharpness", {1, 3}, {2, 4}, 0});
  store::put_score_column(project.store, {1, "loss", {1}, {7}, 1});
  CHECK(project.one("SELECT sum(value) FROM scores('sharpness')") == "6");
  CHECK(project.one("SELECT value FROM scores('loss', 'r')") == "7");
  CHECK_THROWS_AS(project.one("SELECT count(*) FROM predictions('none')"), Error);
  CHECK_THROWS_AS(project.one("SELECT count(*) FROM scores"), Error);
}

TEST_CASE("only one reading statement is taken") {
  Project project;
  for (const char* sql :
       {"DELETE FROM sample", "UPDATE run SET name = 'x'", "CREATE TABLE t(a)", "DROP TABLE sample",
        "ATTACH 'x.db' AS x", "PRAGMA journal_mode = DELETE", "PRAGMA user_version = 5",
        "SELECT 1; SELECT 2", "", "  -- nothing", "SELEC 1", "SELECT * FROM nowhere", "BEGIN",
        "VACUUM", "INSERT INTO v_samples(id) VALUES (1)", "SELECT ?1"}) {
    CAPTURE(sql);
    try {
      store::query_sql(project.store, sql);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.category() == ErrorCategory::kUsage);
    }
  }
  CHECK(project.one("SELECT 1; -- done") == "1");
  const store::SqlValue three = int64_t{3};
  CHECK(store::query_sql(project.store, "SELECT path FROM v_samples WHERE id < ?1",
                         std::span(&three, 1))
            .rows.size() == 2);
  CHECK(store::query_sql(project.store, "PRAGMA table_info(v_samples)").rows.size() > 10);
}

TEST_CASE("the log is read newest first, by sample, by person and by batch") {
  Project project;
  store::undo(project.store, "you");
  store::LogFilter filter;
  auto entries = store::read_log(project.store, filter);
  REQUIRE(entries.size() == 7);
  CHECK(entries.back().what == "import");
  CHECK(entries.back().path == "data");
  CHECK(entries[0].batch_kind == "undo");
  CHECK(entries[0].who == "you");
  filter.sample = 1;
  entries = store::read_log(project.store, filter);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].from == std::vector<std::string>{"class 1"});
  CHECK(entries[1].to == std::vector<std::string>{"class 1"});
  CHECK(entries[1].undone_by == entries[0].batch);
  CHECK(entries[2].what == "import");
  CHECK(entries[2].to == std::vector<std::string>{"class 0"});
  CHECK(entries[2].content_hash.size() == 16);
  filter = {};
  filter.standing_only = true;
  CHECK(store::read_log(project.store, filter).size() == 1);
  filter = {};
  filter.who = "me";
  filter.limit = 2;
  entries = store::read_log(project.store, filter);
  REQUIRE(entries.size() == 2);
  filter.before_event = entries.back().event;
  CHECK(store::read_log(project.store, filter).size() == 1);
}

TEST_CASE("saved views are kept by name") {
  Project project;
  store::put_saved_view(project.store, {"mine", "label = 'cat'", "-confidence", "{}"});
  store::put_saved_view(project.store, {"mine", "label = 'dog'", "", "{}"});
  REQUIRE(store::list_saved_views(project.store).size() == 1);
  CHECK(store::list_saved_views(project.store)[0].filter == "label = 'dog'");
  store::delete_saved_view(project.store, "mine");
  CHECK_THROWS_AS(store::delete_saved_view(project.store, "mine"), Error);
}

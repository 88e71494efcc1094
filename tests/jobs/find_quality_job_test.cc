#include "jobs/find_quality_job.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "jobs/import_job.h"
#include "store/issues.h"
#include "store/score_columns.h"
#include "tests/jobs/job_parts.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

using text::Json;

// A store with a folder of pictures.
struct Pictures : JobParts {
  explicit Pictures(const std::string& folder) : JobParts(2) {
    ImportJobOptions options;
    options.store_path = store;
    options.input_path = folder;
    JobContext context = job();
    run_import(options, context);
  }
  FindQualityReport find(const std::string& tag = {}, const std::vector<std::string>& kinds = {},
                         const std::string& where = {}) {
    FindQualityOptions options;
    options.store_path = store;
    options.where = where;
    options.issues = kinds;
    options.tag = tag;
    options.who = "tester";
    JobContext context = job();
    return find_quality(options, context);
  }

  test::TempDir dir;
  std::string store = dir / "s.db";
};

std::string path_of(const FindQualityReport& report, size_t row) {
  return report.state.snapshot.samples.find("path")->display(static_cast<RowIndex>(row));
}

const QualityKind& kind_of(const FindQualityReport& report, std::string_view name) {
  return *std::find_if(report.kinds.begin(), report.kinds.end(),
                       [&](const QualityKind& kind) { return kind.info->name == name; });
}

}  // namespace

TEST_CASE("scores and findings are CleanVision's, on pictures of every kind") {
  const std::string data = test::source_dir() + "/tests/jobs/data";
  const Json expected = text::read_json_file(data + "/cleanvision.json");
  REQUIRE(expected.size() >= 15);
  Pictures pictures(data + "/quality");
  const FindQualityReport report = pictures.find();
  CHECK(report.looked_at == expected.size());
  CHECK(report.unreadable == 0);
  store::Store store = store::Store::open(pictures.store, store::Access::kRead);
  for (const QualityKind& kind : report.kinds) {
    const std::string name(kind.info->name);
    CAPTURE(name);
    const store::ScoreColumn column = store::read_score_column(store, 0, name);
    REQUIRE(column.values.size() == expected.size());
    for (size_t row = 0; row < column.values.size(); ++row) {
      const std::string path = path_of(report, row);
      CAPTURE(path);
      const Json& reference = expected.at(path);
      CHECK(std::abs(column.values[row] - reference.at("scores").at(name).as_double()) < 1e-6);
      bool listed = false;
      for (const Json& issue : reference.at("issues").as_array())
        listed |= issue.as_string() == name;
      // Grey stored as RGB is found here and not there.
      const bool found = std::any_of(kind.found.begin(), kind.found.end(),
                                     [&](const QualityFinding& each) { return each.row == row; });
      CHECK(found == listed);
    }
  }
}

TEST_CASE("a file that cannot be decoded is an issue, and the others keep their scores") {
  const std::string data = test::source_dir() + "/tests/jobs/data/quality/";
  test::TempDir folder;
  for (const char* name : {"plain.jpg", "dark.png", "flat.png"}) {
    folder.write(name, read_text_file(data + name));
  }
  // Grey, and stored as RGB: equal channels in a PPM.
  folder.write("grey_rgb.ppm", "P6 40 30 255\n" + std::string(40 * 30 * 3, '\x60'));
  const std::string cut = read_text_file(data + "tall.jpg");
  folder.write("cut.jpg", cut.substr(0, cut.size() / 2));
  Pictures pictures(folder.path());
  const FindQualityReport report = pictures.find("bad");
  CHECK(report.looked_at == 4);
  CHECK(report.unreadable == 1);
  CHECK(report.grey_as_rgb == 1);
  REQUIRE(kind_of(report, "grayscale").found.size() == 1);
  CHECK(path_of(report, kind_of(report, "grayscale").found[0].row) == "grey_rgb.ppm");

  store::Store store = store::Store::open(pictures.store, store::Access::kRead);
  store::IssueFilter filter;
  filter.job = "find quality";
  const std::vector<store::StoredIssue> listed = store::list_issues(store, filter);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].issue.kind == "truncated-image");
  CHECK(listed[0].issue.file == "cut.jpg");
  const store::ScoreColumn dark = store::read_score_column(store, 0, "dark");
  size_t without = 0;
  for (size_t row = 0; row < dark.values.size(); ++row) {
    if (!std::isnan(dark.values[row])) continue;
    ++without;
    CHECK(path_of(report, row) == "cut.jpg");
  }
  CHECK(without == 1);
  CHECK(report.tagged.edits.size() == 3);  // all but the plain one and the broken one

  SUBCASE("a second look at some leaves the scores of the others") {
    pictures.find("", {"dark"}, "path = 'flat.png'");
    const store::ScoreColumn again = store::read_score_column(store, 0, "dark");
    for (size_t row = 0; row < dark.values.size(); ++row) {
      CHECK((again.values[row] == dark.values[row] || std::isnan(dark.values[row])));
    }
  }
  SUBCASE("what was cancelled stores nothing and says so") {
    store::Store writer = store::Store::open(pictures.store, store::Access::kWrite);
    store::delete_score_column(writer, 0, "dark");
    pictures.cancel.cancel();
    CHECK_THROWS_AS(pictures.find(), Error);
    CHECK_THROWS_AS(store::read_score_column(store, 0, "dark"), Error);
  }
}

TEST_CASE("what most pictures have is counted, and neither tagged nor taken for a fault") {
  test::TempDir folder;
  for (const char* name : {"a.pgm", "b.pgm", "c.pgm"}) {
    std::string pixels;
    for (int i = 0; i < 40 * 30; ++i) pixels += static_cast<char>((i * 37 + name[0]) % 256);
    folder.write(name, "P5 40 30 255\n" + pixels);
  }
  Pictures pictures(folder.path());
  const FindQualityReport report = pictures.find("bad");
  CHECK(kind_of(report, "grayscale").found.size() == 3);
  CHECK(kind_of(report, "grayscale").common);
  CHECK(report.tagged.edits.empty());
  CHECK(pictures.find("bad", {"grayscale"}).tagged.edits.size() == 3);
}

TEST_CASE("an unknown issue is refused") {
  FindQualityOptions options;
  options.issues = {"bluury"};
  CHECK_THROWS_AS(options.check(), Error);
}

}  // namespace errata::jobs

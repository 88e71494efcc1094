#include "base/issue_log.h"

#include <doctest/doctest.h>

using namespace errata;

TEST_CASE("an issue log counts all and keeps a bounded number of each kind") {
  IssueLog log(2);
  for (int i = 0; i < 5; ++i) log.reject("truncated-image", "a.jpg", "", "", "broken");
  log.warn("odd", "b\xFF", "row 1", std::string(1000, 'x'), "odd");
  CHECK(log.rejected() == 5);
  CHECK(log.warned() == 1);
  CHECK(log.issues().size() == 3);
  CHECK(log.count_by_kind().at("truncated-image") == 5);
  CHECK(log.issues().back().text.size() < 300);
  CHECK(log.issues().back().file == "b\xEF\xBF\xBD");
}

TEST_CASE("what was rejected is counted and kept apart from warnings of the same kind") {
  IssueLog log(2);
  for (int i = 0; i < 5; ++i) log.warn("truncated-image", "a.jpg", "", "", "lacks its end");
  log.reject("truncated-image", "b.jpg", "", "", "lacks its header");
  CHECK(log.count_by_kind().at("truncated-image") == 6);
  CHECK(log.counts().at({"truncated-image", IssueSeverity::kWarning}) == 5);
  CHECK(log.counts().at({"truncated-image", IssueSeverity::kRejected}) == 1);
  CHECK(log.issues().size() == 3);
  CHECK(log.issues().back().file == "b.jpg");
}

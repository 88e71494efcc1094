// What imports, predictions and passes had to say: kept with the store, in place of what the same
// origin said last time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/issue_log.h"
#include "store/store.h"

namespace errata::store {

struct StoredIssue {
  int64_t id = 0;
  std::string job;     // "import", "predictions", "infer", "export", ...
  std::string origin;  // name of the source, run or version
  Issue issue;
};

// Replaces the issues of (job, origin).
void put_issues(Store& store, const std::string& job, const std::string& origin,
                const std::vector<Issue>& issues);

struct IssueFilter {
  std::string job;  // empty: all
  std::string origin;
  std::string kind;
  size_t limit = 1000;
};
std::vector<StoredIssue> list_issues(Store& store, const IssueFilter& filter);
std::map<std::string, uint64_t> count_issues_by_kind(Store& store);

}  // namespace errata::store

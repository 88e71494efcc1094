#include "store/issues.h"

#include <fmt/format.h>

#include "base/text.h"
#include "store/issue_rows.h"

namespace errata::store {

void put_issue_rows(Connection& db, const std::string& job, const std::string& origin,
                    const std::vector<Issue>& issues) {
  db.prepare("DELETE FROM issue WHERE job = ?1 AND origin = ?2").bind(1, job).bind(2, origin).run();
  Statement& insert = db.cached(
      "INSERT INTO issue(job, origin, severity, kind, file, place, text, message, fix) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  const auto shown = [](const std::string& text) {
    return is_valid_utf8(text) ? text : escape_bytes(text);
  };
  for (const Issue& issue : issues) {
    const std::string texts[] = {shown(issue.file), shown(issue.place), shown(issue.text),
                                 shown(issue.message), shown(issue.fix)};
    insert.bind(1, job).bind(2, origin).bind(3, static_cast<int64_t>(issue.severity));
    insert.bind(4, issue.kind);
    for (int i = 0; i < 5; ++i) insert.bind(5 + i, texts[i]);
    insert.run();
  }
  insert.reset();
}

void put_issues(Store& store, const std::string& job, const std::string& origin,
                const std::vector<Issue>& issues) {
  Transaction transaction(store.db(), Transaction::Kind::kWrite);
  put_issue_rows(store.db(), job, origin, issues);
  transaction.commit();
}

std::vector<StoredIssue> list_issues(Store& store, const IssueFilter& filter) {
  Statement read = store.db().prepare(
      "SELECT id, job, origin, severity, kind, file, place, text, message, fix FROM issue "
      "WHERE (?1 = '' OR job = ?1) AND (?2 = '' OR origin = ?2) AND (?3 = '' OR kind = ?3) "
      "ORDER BY id LIMIT ?4");
  read.bind(1, filter.job).bind(2, filter.origin).bind(3, filter.kind);
  read.bind(4, static_cast<int64_t>(filter.limit));
  std::vector<StoredIssue> issues;
  while (read.step()) {
    Issue issue{static_cast<IssueSeverity>(read.integer(3)),
                read.string(4),
                read.string(5),
                read.string(6),
                read.string(7),
                read.string(8),
                read.string(9)};
    issues.push_back({read.integer(0), read.string(1), read.string(2), std::move(issue)});
  }
  return issues;
}

std::map<std::string, uint64_t> count_issues_by_kind(Store& store) {
  std::map<std::string, uint64_t> counts;
  Statement read = store.db().prepare("SELECT kind, count(*) FROM issue GROUP BY kind");
  while (read.step()) counts[read.string(0)] = static_cast<uint64_t>(read.integer(1));
  return counts;
}

}  // namespace errata::store

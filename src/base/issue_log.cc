#include "base/issue_log.h"

#include "base/text.h"

namespace errata {

namespace {
constexpr size_t kMaxOffendingText = 200;
}

void IssueLog::add(Issue issue) {
  issue.text = shorten_utf8(to_valid_utf8(issue.text), kMaxOffendingText);
  issue.file = to_valid_utf8(issue.file);
  issue.message = to_valid_utf8(issue.message);
  std::lock_guard lock(mutex_);
  ++(issue.severity == IssueSeverity::kRejected ? rejected_ : warned_);
  if (++counts_[{issue.kind, issue.severity}] <= keep_per_kind_)
    issues_.push_back(std::move(issue));
}

void IssueLog::reject(std::string kind, std::string file, std::string place, std::string text,
                      std::string message, std::string fix) {
  add({IssueSeverity::kRejected, std::move(kind), std::move(file), std::move(place),
       std::move(text), std::move(message), std::move(fix)});
}

void IssueLog::warn(std::string kind, std::string file, std::string place, std::string text,
                    std::string message, std::string fix) {
  add({IssueSeverity::kWarning, std::move(kind), std::move(file), std::move(place), std::move(text),
       std::move(message), std::move(fix)});
}

uint64_t IssueLog::rejected() const {
  std::lock_guard lock(mutex_);
  return rejected_;
}

uint64_t IssueLog::warned() const {
  std::lock_guard lock(mutex_);
  return warned_;
}

std::map<std::string, uint64_t> IssueLog::count_by_kind() const {
  std::map<std::string, uint64_t> counts;
  for (const auto& [key, count] : this->counts()) counts[key.first] += count;
  return counts;
}

std::map<std::pair<std::string, IssueSeverity>, uint64_t> IssueLog::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<Issue> IssueLog::issues() const {
  std::lock_guard lock(mutex_);
  return issues_;
}

}  // namespace errata

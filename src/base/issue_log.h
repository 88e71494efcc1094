// Partial failures are values: whoever reads many things notes what was wrong with one of them and
// goes on. Issues land in the store's `issue` table and the import's last line counts them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace errata {

enum class IssueSeverity : uint8_t {
  kRejected,  // the thing was not taken
  kWarning    // it was taken, and a person should know this
};

struct Issue {
  IssueSeverity severity = IssueSeverity::kWarning;
  std::string kind;     // stable kebab-case name, e.g. "truncated-image", "unknown-class"
  std::string file;     // the file it was found in, as the user named it
  std::string place;    // where in it, by which the row can be found again: "row 12", "byte 4096"
  std::string text;     // the offending text, shortened
  std::string message;  // one sentence
  std::string fix;      // what to do, or empty
};

// Collects issues from any thread. Keeps the first `keep_per_kind` of each kind and severity whole
// and counts all of them, so that memory stays bounded whatever the input holds.
class IssueLog {
 public:
  explicit IssueLog(size_t keep_per_kind = 10'000) : keep_per_kind_(keep_per_kind) {}

  void add(Issue issue);
  void reject(std::string kind, std::string file, std::string place, std::string text,
              std::string message, std::string fix = {});
  void warn(std::string kind, std::string file, std::string place, std::string text,
            std::string message, std::string fix = {});

  uint64_t rejected() const;
  uint64_t warned() const;
  std::map<std::string, uint64_t> count_by_kind() const;
  // The same kind may be a reason to reject one thing and to warn about another.
  std::map<std::pair<std::string, IssueSeverity>, uint64_t> counts() const;
  // The kept ones, in the order they were added.
  std::vector<Issue> issues() const;

 private:
  mutable std::mutex mutex_;
  size_t keep_per_kind_;
  uint64_t rejected_ = 0;
  uint64_t warned_ = 0;
  std::map<std::pair<std::string, IssueSeverity>, uint64_t> counts_;
  std::vector<Issue> issues_;
};

}  // namespace errata

// What the store holds besides samples: short lists that the panels and menus show.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/history.h"
#include "store/issues.h"
#include "store/runs.h"
#include "store/saved_views.h"
#include "store/versions.h"

namespace errata::viewer {

struct StoreLists {
  std::vector<store::RunInfo> runs;              // oldest first
  std::vector<store::VersionInfo> versions;      // oldest first
  std::vector<store::SavedView> saved_views;     // by name
  std::vector<store::StoredIssue> issues;        // at most kMostIssues
  std::map<std::string, uint64_t> issue_counts;  // by kind, of all

  // Null where there is none of that name.
  const store::SavedView* saved_view(std::string_view name) const {
    const auto found =
        std::find_if(saved_views.begin(), saved_views.end(),
                     [&](const store::SavedView& each) { return each.name == name; });
    return found == saved_views.end() ? nullptr : &*found;
  }

  static constexpr size_t kMostIssues = 20'000;
  uint64_t issue_count() const {
    uint64_t count = 0;
    for (const auto& [kind, of_kind] : issue_counts) count += of_kind;
    return count;
  }
};

struct ListsState {
  bool ready = false;  // the first answer is here
  StoreLists lists;
  std::string issue_kind;              // only these are shown; empty: all
  std::vector<uint32_t> shown_issues;  // indices into lists.issues
};

}  // namespace errata::viewer

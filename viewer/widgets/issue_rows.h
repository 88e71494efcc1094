// Issues as lines: how bad, which kind, where, what, and what to do.
#pragma once

#include <functional>
#include <string>

#include "base/issue_log.h"
#include "viewer/platform/theme.h"

namespace errata::viewer {

// Only the lines in sight are drawn.
void draw_issues(const Theme& theme, size_t count,
                 const std::function<const Issue&(size_t)>& issue_at);

// A small button that is one of several in a line; the next one follows on the same line or, where
// it does not fit before `right`, on the next.
bool pill(const Theme& theme, const char* id, const std::string& text, bool chosen, float right);

}  // namespace errata::viewer

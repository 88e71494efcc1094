// Issues within the caller's transaction. Internal to this folder.
#pragma once

#include <string>
#include <vector>

#include "base/issue_log.h"
#include "store/connection.h"

namespace errata::store {

void put_issue_rows(Connection& db, const std::string& job, const std::string& origin,
                    const std::vector<Issue>& issues);

}  // namespace errata::store

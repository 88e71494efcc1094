// Which column a name means, and which names there are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"

namespace errata::query {

// The column that a name means; nullptr when there is none. As Table::find, and where that finds
// nothing, the one column whose name differs by the case of A-Z only.
const Column* find_column(const Table& table, std::string_view name);
const Column* find_column(const Table& table, std::string_view name, std::string_view run);

// Names for "did you mean": those of the table; a run's column also by its bare name.
std::vector<std::string> column_candidates(const Table& table);
std::vector<std::string> run_names(const Table& table);

}  // namespace errata::query

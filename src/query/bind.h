// From a parsed filter to predicates over the columns of one table.
#pragma once

#include <string_view>
#include <vector>

#include "model/columns.h"
#include "query/filter.h"
#include "query/predicate.h"

namespace errata::query {

// The column that a name means; nullptr when there is none. As Table::find, and where that finds
// nothing, the one column whose name differs by the case of A-Z only.
const Column* find_column(const Table& table, std::string_view name);
const Column* find_column(const Table& table, std::string_view name, std::string_view run);

// Names for "did you mean": those of the table; a run's column also by its bare name.
std::vector<std::string> column_candidates(const Table& table);
std::vector<std::string> run_names(const Table& table);

// Throws FilterError. The table outlives the predicate. `notes` receives what check_filter returns,
// when it is not null.
PredicatePtr bind_filter(const Filter& filter, const Table& table, std::vector<FilterNote>* notes);

}  // namespace errata::query

// From a parsed filter to predicates over the columns of one table.
#pragma once

#include <vector>

#include "model/columns.h"
#include "query/filter.h"
#include "query/predicate.h"

namespace errata::query {

// Throws FilterError. The table outlives the predicate. `notes` receives what check_filter returns,
// when it is not null.
PredicatePtr bind_filter(const Filter& filter, const Table& table, std::vector<FilterNote>* notes);

}  // namespace errata::query

// The table functions of public SQL: predictions(run) and the like. Internal to this folder.
#pragma once

#include "store/connection.h"
#include "store/store.h"

namespace errata::store {

// Makes them known to the store's connection. `store` must stay where it is while a statement that
// uses them runs.
void register_table_functions(Store& store);

}  // namespace errata::store

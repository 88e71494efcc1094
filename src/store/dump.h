// The logical content of a store as text: no times, hosts, file sizes or positions of chunks. Two
// stores with equal dumps mean the same. For tests, `errata doctor` and bug reports.
#pragma once

#include <string>

#include "store/store.h"

namespace errata::store {

std::string dump_store(Store& store);

}  // namespace errata::store

// A job that makes a run asks before its work, not after it, whether there is one of that name.
#pragma once

#include <string>

#include "store/store.h"

namespace errata::jobs {

// Whether the job can go on with a run that did not end.
enum class Resumable { kNo, kYes };

// Throws Error(kConflict), in the words of store::RunWriter, when the store has a run of the name.
void refuse_existing_run(store::Store& store, const std::string& name, Resumable resumable);

// Throws Error(kNotFound) when the store has no run of the name; the hint lists those it has, near
// names first.
void refuse_absent_run(store::Store& store, const std::string& name);

}  // namespace errata::jobs

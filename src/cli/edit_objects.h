// The children of `errata edit` that are about annotations.
#pragma once

#include "cli/command.h"
#include "jobs/object_edit_job.h"

namespace errata::cli {

// "3 samples", "2 objects", or both.
std::string changed_text(const store::AppliedBatch& batch);

void add_object_edits(CommandFamily& family);
// Does it and prints what came of it.
void run_object_edit(CommandContext& context, jobs::ObjectEditOptions& options);

}  // namespace errata::cli

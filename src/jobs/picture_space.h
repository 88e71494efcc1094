// What the pictures of samples look like, beside their embeddings.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/picture_features.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"

namespace errata::jobs {

// What the pictures of the samples at `rows` look like (analysis/picture_features.h); nullopt where
// most cannot be read. Adds to `notes` how many could not. Memory: 3 KB a sample and the
// coordinates.
std::optional<analysis::EmbeddingSpace> picture_space(LoadedState& state,
                                                      std::span<const RowIndex> rows,
                                                      JobContext& context,
                                                      std::vector<std::string>& notes);

}  // namespace errata::jobs

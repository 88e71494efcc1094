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

// `space`, of the samples at `rows`, joined with what their pictures look like
// (analysis/picture_features.h); nullopt where most pictures cannot be read. Adds to `notes` how
// many could not. Memory: 3 KB a sample and the coordinates.
std::optional<analysis::EmbeddingSpace> join_pictures(LoadedState& state,
                                                      std::span<const RowIndex> rows,
                                                      const analysis::EmbeddingSpace& space,
                                                      JobContext& context,
                                                      std::vector<std::string>& notes);

}  // namespace errata::jobs

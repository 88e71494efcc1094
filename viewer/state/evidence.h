// What was known of a sample when a person decided about it, as kept in the log's "why":
// "resnet20 says ship 0.983"; of a label that the evidence of `errata find labels` suggests against
// the run, "the evidence suggests boat 0.871; resnet20 says ship 0.983".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/columns.h"
#include "viewer/state/backend.h"

namespace errata::viewer {

// Empty when there is no run or it says nothing about the sample.
std::string evidence(const Table& samples, RowIndex row);
// The class within such a text; nullopt for a text of another making.
std::optional<std::string> evidence_class(std::string_view why);

// The edits as they are to be written: each with its evidence. A sample that is kept or ambiguous
// already and is decided so again gets a decision of its own in the log, with today's evidence.
// rows[i] is the row of edits[i].
std::vector<ReviewEdit> with_evidence(std::span<const ReviewEdit> edits,
                                      std::span<const RowIndex> rows, const Table& samples);

// Kept and ambiguous samples about which the active run now says another class than when they were
// decided. `ids` rise.
std::unordered_set<SampleId> outdated_decisions(std::span<const store::StandingDecision> decisions,
                                                const Table& samples,
                                                std::span<const SampleId> ids);

}  // namespace errata::viewer

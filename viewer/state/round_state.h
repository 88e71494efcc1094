// A review round: a queue that was frozen when it began, and what was decided in it. Whether a
// sample of it is decided is read from the snapshot, so that losing this loses no decision.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "model/ids.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

enum class RoundPhase : uint8_t {
  kNone,
  kActive,  // the grid shows the queue
  kPaused   // another filter or order is looked at; the queue waits
};

struct RoundCounts {
  size_t kept = 0;
  size_t relabelled = 0;
  size_t excluded = 0;
  size_t ambiguous = 0;

  size_t decided() const { return kept + relabelled + excluded + ambiguous; }
};

struct RoundState {
  RoundPhase phase = RoundPhase::kNone;
  bool starting = false;        // the queue is being picked
  bool audit = false;           // a random sample, in random order
  std::vector<SampleId> queue;  // in the order frozen at the start
  // Decided before the round on evidence that was another then: to be decided again.
  std::vector<SampleId> returned;
  std::unordered_set<SampleId> to_decide_again;  // those of `returned` that still wait
  std::string filter;                            // how the queue was chosen
  SortChoice sort;
  RoundCounts counts;
  uint64_t number = 0;  // another with each round started

  bool active() const { return phase == RoundPhase::kActive; }
  bool finished() const { return !queue.empty() && counts.decided() >= queue.size(); }
};

}  // namespace errata::viewer

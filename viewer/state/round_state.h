// A review round: a queue of samples or of objects that was frozen when it began, and what was
// decided in it. Whether one of it is decided is read from the snapshot, so that losing this loses
// no decision.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "model/ids.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

enum class RoundPhase : uint8_t {
  kNone,
  kActive,  // the grid shows the queue
  kPaused   // another filter or order is looked at; the queue waits
};

// Samples, or objects, that never change once they are chosen: cheap to copy, read by any thread.
class SampleList {
 public:
  SampleList() : ids_(std::make_shared<const std::vector<SampleId>>()) {}
  SampleList(std::vector<SampleId> ids)  // NOLINT(google-explicit-constructor)
      : ids_(std::make_shared<const std::vector<SampleId>>(std::move(ids))) {}

  const std::vector<SampleId>& ids() const { return *ids_; }
  size_t size() const { return ids_->size(); }
  bool empty() const { return ids_->empty(); }
  SampleId operator[](size_t at) const { return (*ids_)[at]; }
  auto begin() const { return ids_->begin(); }
  auto end() const { return ids_->end(); }
  bool operator==(const SampleList& other) const { return *ids_ == *other.ids_; }

 private:
  std::shared_ptr<const std::vector<SampleId>> ids_;
};

// Of one: not in the queue, to be decided, or what was decided.
enum class RoundMark : uint8_t {
  kOutside,
  kOpen,
  kKept,
  kRelabelled,  // of an object: its class, box or a mark was changed
  kExcluded,
  kAmbiguous,
  kAdded,   // a detection that became a label
  kDeleted  // an object that is gone
};

struct RoundCounts {
  size_t kept = 0;
  size_t relabelled = 0;
  size_t excluded = 0;
  size_t ambiguous = 0;
  size_t added = 0;
  size_t deleted = 0;

  size_t decided() const { return kept + relabelled + excluded + ambiguous + added + deleted; }
  void count(RoundMark mark, bool in) {
    const size_t by = in ? 1 : size_t{0} - 1;
    switch (mark) {
      case RoundMark::kKept: kept += by; break;
      case RoundMark::kRelabelled: relabelled += by; break;
      case RoundMark::kExcluded: excluded += by; break;
      case RoundMark::kAmbiguous: ambiguous += by; break;
      case RoundMark::kAdded: added += by; break;
      case RoundMark::kDeleted: deleted += by; break;
      case RoundMark::kOutside:
      case RoundMark::kOpen: break;
    }
  }
};

struct RoundState {
  RoundPhase phase = RoundPhase::kNone;
  bool starting = false;  // the queue is being picked
  bool audit = false;     // a random sample, in random order
  bool objects = false;   // the queue is of objects, and what its filter and order are about
  std::string id;         // of its own, between windows and starts
  SampleList queue;       // in the order frozen at the start
  // Decided before the round on evidence that was another then: to be decided again.
  SampleList returned;
  std::unordered_set<SampleId> to_decide_again;  // those of `returned` that still wait
  std::string filter;                            // how the queue was chosen
  SortChoice sort;
  RoundCounts counts;
  uint64_t number = 0;  // another with each round started

  bool active() const { return phase == RoundPhase::kActive; }
  bool finished() const { return !queue.empty() && counts.decided() >= queue.size(); }
};

}  // namespace errata::viewer

// The annotations that a batch touches: as they were, and as they are so far. Internal to this
// folder.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "store/event_log.h"
#include "store/object_sets.h"

namespace errata::store {

class ObjectChanges {
 public:
  explicit ObjectChanges(Connection& db) : states_(db) {}
  struct Now {
    SourceId source = 0;
    std::optional<ObjectState> before;
    std::optional<ObjectState> state;
  };
  // Reads many at once, in the order in which they lie: each block of the chunks once.
  void load(std::vector<ObjectId> objects);
  Now& at(ObjectId object);
  // False when the object is not as the event expects it.
  bool apply_event(const Event& event);
  // Writes what changed and lists it in `batch`.
  void write(AppliedBatch& batch);

 private:
  ObjectStates states_;
  std::map<ObjectId, Now> now_;
};

}  // namespace errata::store

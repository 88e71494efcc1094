// The project's class list. Edits name class ids, so that renaming never touches a label.
#pragma once

#include <string>
#include <vector>

#include "model/class_map.h"
#include "store/edits.h"
#include "store/store.h"

namespace errata::store {

struct ProjectClass {
  ClassId id = 0;
  std::string name;
  uint64_t samples = 0;  // present samples that carry it now; 0 unless asked for
};

enum class ClassCounts : bool { kLeaveOut, kCount };  // counting reads every label

// In order of id: the project's training order. A class that became empty keeps its place; one that
// was merged away is not listed.
std::vector<ProjectClass> list_classes(Store& store, ClassCounts counts = ClassCounts::kLeaveOut);
// Their names in that order.
// With the id that the first source which has any gives a class.
ClassMap project_classes(Store& store);

// Error: kConflict when the name exists; kUsage when it is empty, holds control characters or is
// not UTF-8. Returns the new id.
ClassId add_class(Store& store, const std::string& name, const std::string& who);
// Error: kNotFound, kConflict as above. Listed by read_log().
void rename_class(Store& store, const std::string& name, const std::string& new_name,
                  const std::string& who);
// Relabels every sample of `name` to `into` as one batch that undo() takes back, and retires
// `name`.
AppliedBatch merge_class(Store& store, const std::string& name, const std::string& into,
                         const std::string& who, const std::string& why);
// kNotFound with the nearest names as hint.
ClassId require_class(Store& store, const std::string& name);

}  // namespace errata::store

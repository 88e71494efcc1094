// Roots: the registered folders that sample paths are relative to; and the sources imported from
// them. Image bytes stay where they are; a root can be re-pointed when they move.
#pragma once

#include <string>
#include <vector>

#include "model/class_map.h"
#include "store/store.h"

namespace errata::store {

struct RootInfo {
  int64_t id = 0;
  std::string path;  // absolute; any bytes
  uint64_t samples = 0;
};

// Oldest first.
std::vector<RootInfo> list_roots(Store& store);
// Folders of roots that hold samples and are not there. Cheap: counts nothing.
std::vector<std::string> missing_roots(Store& store);
// Points root `id` to another folder, and the sources that were imported from inside it to theirs
// there, so that importing them again is a re-import. Looks for up to 100 of its files, spread over
// all. Error: kNotFound (root, the folder, or none of the files is there), kConflict when another
// root is there already.
struct RootCheck {
  size_t looked_for = 0;
  size_t there = 0;
  std::string first_missing;  // below the root; empty when none is
};
RootCheck set_root(Store& store, int64_t id, const std::string& new_path);

struct SourceInfo {
  SourceId id = 0;
  std::string name;
  std::string format;      // importer's registry name
  std::string root;        // absolute folder
  std::string input_path;  // what the user named
  uint64_t samples = 0;    // present ones
  bool has_objects = false;
  uint64_t objects = 0;            // as its last import had them
  std::string imported_at;         // ISO 8601 UTC, of the last import that ended
  bool interrupted = false;        // the last import did not end; importing again goes on with it
  ClassMap classes;                // the source's own
  std::vector<ClassId> class_ids;  // of each of them, in the project
};

std::vector<SourceInfo> list_sources(Store& store);

}  // namespace errata::store

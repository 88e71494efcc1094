// What changed between two states of a dataset, told by content, not by path.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "model/ids.h"

namespace errata::versions {

// One state of a dataset as plain columns.
struct DatasetState {
  std::vector<std::string> class_names;  // project order, empty classes too
  std::vector<std::string> split_names;
  std::vector<SampleId> samples;
  std::vector<Sha256Digest> content;
  std::vector<std::vector<int32_t>> labels;  // rising codes into class_names; empty: unlabelled
  std::vector<int32_t> splits;               // code into split_names, -1 none
  std::vector<std::string> paths;            // for people; may be empty
  std::vector<std::string> boxes;            // objects as hash.h has them; empty: none anywhere
  size_t rows() const { return content.size(); }
};

struct DiffEntry {
  SampleId sample = 0;  // of the newer state, of the older one for a removed sample
  std::string path;
  std::string from;  // class or split name; "" is none
  std::string to;
};

struct StateDiff {
  std::vector<DiffEntry> added;       // to = class
  std::vector<DiffEntry> removed;     // from = class
  std::vector<DiffEntry> relabelled;  // from, to = class
  std::vector<DiffEntry> moved;       // from, to = split
  std::vector<DiffEntry> redrawn;     // other objects
  uint64_t unchanged = 0;
  std::map<std::pair<std::string, std::string>, uint64_t> relabelled_by_pair;
  std::map<std::pair<std::string, std::string>, uint64_t> moved_by_pair;
  std::vector<std::string> classes_added;
  std::vector<std::string> classes_removed;
  bool empty() const {
    return added.empty() && removed.empty() && relabelled.empty() && moved.empty() &&
           redrawn.empty();
  }
};

// Samples of equal content are paired: first the same sample id, then the same class and split,
// then the same class, then in order. A sample may be both relabelled and moved. Entries are in
// order of the newer state (removed: of the older).
StateDiff diff_states(const DatasetState& from, const DatasetState& to);

// Whether two samples' objects, as DatasetState::boxes has them, are the same; a count of 0 is
// none.
bool same_objects(std::string_view a, std::string_view b);

}  // namespace errata::versions

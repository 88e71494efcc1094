// The rows of one sample that edits change, in the store's own ids. Internal to this folder.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/connection.h"
#include "store/edits.h"

namespace errata::store {

// Names and ids of a small table (split, tag), read once and added to as needed.
class NameTable {
 public:
  // `table` is "split" or "tag".
  NameTable(Connection& db, std::string_view table);
  int64_t require(const std::string& name);  // 0 for the empty name; inserted when new
  const std::string& name(int64_t id);       // empty for 0
  std::vector<std::pair<int64_t, std::string>> all() const;  // rising by id

 private:
  Connection& db_;
  std::string table_;
  std::map<int64_t, std::string> names_;
  std::unordered_map<std::string, int64_t> ids_;
};

// What a person may change, and what the source says.
struct StoredState {
  SampleState state;
  std::vector<ClassId> given;  // rising
};

// Reads and writes the rows of single samples within the caller's transaction.
class StateRows {
 public:
  explicit StateRows(Connection& db);
  // Error(kNotFound).
  StoredState read(SampleId sample);
  void write(SampleId sample, const SampleState& before, const SampleState& after);
  NameTable& splits() { return splits_; }
  NameTable& tags() { return tags_; }

 private:
  void write_labels(SampleId sample, const SampleState& before, const SampleState& after);
  void write_tags(SampleId sample, const SampleState& before, const SampleState& after);

  Connection& db_;
  NameTable splits_;
  NameTable tags_;
};

// "[3,5]" and back. Error(kCorrupt) for other text.
std::string ids_to_json(const std::vector<ClassId>& ids);
std::vector<ClassId> ids_from_json(std::string_view json);

}  // namespace errata::store

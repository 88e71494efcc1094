// An ordered list of class names: the classes of a source, of a model, or of the project.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/ids.h"

namespace errata {

struct ClassEntry {
  std::string name;
  std::string raw_id;  // the source's own id, as text; empty when it has none
};

class ClassMap {
 public:
  ClassMap() = default;
  explicit ClassMap(const std::vector<std::string>& names);

  // Appends and returns the index. Two entries may share a name; find() gives the first.
  ClassIndex add(std::string name, std::string raw_id = {});
  ClassIndex find(std::string_view name) const;           // kNoClass when absent
  ClassIndex find_raw_id(std::string_view raw_id) const;  // kNoClass when absent
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const ClassEntry& operator[](ClassIndex index) const {
    return entries_[static_cast<size_t>(index)];
  }
  const std::vector<ClassEntry>& entries() const { return entries_; }
  std::vector<std::string> names() const;

 private:
  std::vector<ClassEntry> entries_;
  std::unordered_map<std::string, ClassIndex> by_name_;
  std::unordered_map<std::string, ClassIndex> by_raw_id_;
};

}  // namespace errata

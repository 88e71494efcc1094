#include "model/class_map.h"

namespace errata {

ClassMap::ClassMap(const std::vector<std::string>& names) {
  for (const std::string& name : names) add(name);
}

ClassIndex ClassMap::add(std::string name, std::string raw_id) {
  const auto index = static_cast<ClassIndex>(entries_.size());
  by_name_.emplace(name, index);
  if (!raw_id.empty()) by_raw_id_.emplace(raw_id, index);
  entries_.push_back({std::move(name), std::move(raw_id)});
  return index;
}

ClassIndex ClassMap::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? kNoClass : found->second;
}

ClassIndex ClassMap::find_raw_id(std::string_view raw_id) const {
  const auto found = by_raw_id_.find(std::string(raw_id));
  return found == by_raw_id_.end() ? kNoClass : found->second;
}

std::vector<std::string> ClassMap::names() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const ClassEntry& entry : entries_) names.push_back(entry.name);
  return names;
}

}  // namespace errata

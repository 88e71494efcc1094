// Looks for what is wrong inside a store and between it and the disk. Changes nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/workers.h"
#include "store/store.h"

namespace errata::store {

enum class FindingSeverity : uint8_t { kDamage, kWarning };

struct Finding {
  FindingSeverity severity = FindingSeverity::kDamage;
  std::string_view check;  // stable kebab-case name; see all_checks()
  std::string where;       // sample path, run, version, chunk
  std::string message;     // one sentence
  std::string fix;         // what to do
};

struct CheckInfo {
  std::string_view name;
  std::string_view sentence;
};
// Every check by name, in the order they run.
std::vector<CheckInfo> all_checks();

enum class DoctorLevel {
  kStore,   // the store alone
  kFiles,   // and whether each file is there with its size, and its XXH3 where the time differs
  kContent  // and whether every file still has its XXH3
};

struct DoctorOptions {
  DoctorLevel level = DoctorLevel::kFiles;
  size_t keep_per_check = 20;  // further findings of a check are counted in its last one
};

std::vector<Finding> check_store(Store& store, const DoctorOptions& options,
                                 const ParallelFor& parallel_for, Progress& progress,
                                 const CancelToken& cancel);

}  // namespace errata::store

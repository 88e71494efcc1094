// Edits on many samples at once: which samples are meant is said by names or by a filter.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "store/edits.h"

namespace errata::jobs {

struct EditJobOptions {
  std::string store_path = "errata.db";
  store::EditKind kind = store::EditKind::kKeep;
  std::vector<std::string> classes;  // kSetLabel: class names; the label becomes this set
  std::string text;                  // kTag, kUntag, kSetSplit
  std::vector<std::string> samples;  // paths, unique endings of paths, source ids, or "id:17"
  std::string where;                 // or a filter
  std::string run;                   // the run that the filter's prediction columns mean
  std::string who;
  std::string why;

  // Throws Error(kUsage): neither samples nor filter, or both; a class or text that is missing.
  void check() const;
};

struct EditJobReport {
  size_t selected = 0;                // samples meant
  std::vector<std::string> warnings;  // of the filter: legal, and surely not what was meant
  store::AppliedBatch batch;
};

// All or nothing, as one batch that one undo takes back. Throws Error(kNotFound) for a sample or
// class that is not there and Error(kConflict) for a name that fits several samples.
EditJobReport run_edit(const EditJobOptions& options);

// The samples meant by names as EditJobOptions::samples takes them.
std::vector<SampleId> find_samples(store::Store& store, const std::vector<std::string>& names);

// Tags samples as one batch that one undo takes back. Nothing for an empty tag or no rows.
store::AppliedBatch tag_rows(store::Store& store, const Snapshot& snapshot,
                             std::span<const RowIndex> rows, const std::string& tag,
                             const std::string& who, const std::string& why);

// Who edits when nobody said: $ERRATA_WHO, $USER, $LOGNAME, the account's name, or "unknown".
std::string default_who();

}  // namespace errata::jobs

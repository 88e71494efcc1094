// Versions of a dataset: immutable, named, with a hash that is the same on every machine.
//
// A version holds every present sample that is not excluded, with its labels, objects and split as
// corrected.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/issue_log.h"
#include "base/progress.h"
#include "base/workers.h"
#include "store/edits.h"
#include "store/store.h"
#include "store/versions.h"
#include "versions/content_hash.h"
#include "versions/diff.h"

namespace errata::versions {

struct VersionContext {
  ParallelFor parallel_for;
  Progress& progress;
  const CancelToken& cancel;
  IssueLog& issues;
  MemberReader read_member;  // needed when the store has samples in containers
};

// Makes sure that every sample in `samples` has a content hash in the store; what is hashed is kept
// every 10,000 samples, so that a stopped run goes on where it was. Needs a store opened to write
// when something is missing. Returns the hashes in the order asked for, nullopt where an issue says
// why there is none.
std::vector<std::optional<Sha256Digest>> ensure_content_hashes(store::Store& store,
                                                               std::span<const SampleId> samples,
                                                               const VersionContext& context);

// The store as it is now, as a version would hold it. Error(kBadInput) when a content cannot be
// read: a version with holes would be none; the issues name the files.
struct WorkingState {
  DatasetState state;
  std::vector<ClassId> class_ids;
  std::vector<std::string> raw_ids;
  std::vector<int32_t> sources;
  std::vector<std::string> source_names;
  uint64_t excluded = 0;
  std::string recipe_json;
  int64_t label_revision = 0;
  int64_t object_revision = 0;
};
WorkingState read_working_state(store::Store& store, const VersionContext& context);

struct CreateVersionOptions {
  std::string name;
  std::string message;
  std::string who;
  std::string parent;  // name; empty: the newest version, none for the first
};
struct CreatedVersion {
  store::VersionInfo info;
  uint64_t excluded = 0;  // samples left out by decision
  uint64_t unlabelled = 0;
  std::vector<std::string> same_content;  // older versions with the same hash
};
// Error: kConflict when the name exists, kUsage for a name or a parent that cannot be (control
// characters, empty, longer than 200 bytes), kNotFound for the parent, kBadInput as above.
CreatedVersion create_version(store::Store& store, const CreateVersionOptions& options,
                              const VersionContext& context);

DatasetState state_of(const store::VersionInfo& info, store::VersionColumns columns);
// The stored columns hashed again: equal to info.hash unless the store is damaged.
std::string hash_of(const DatasetState& state, const ParallelFor& parallel_for);

// Samples per class and split, for `version show`.
struct VersionSummary {
  std::vector<std::string> split_names;       // "" last, when some are in none
  std::vector<std::string> class_names;       // "" last, when some have no label
  std::vector<std::vector<uint64_t>> counts;  // [class][split]; a sample of two classes counts
                                              // in both
  std::vector<uint64_t> split_totals;         // samples
  uint64_t samples = 0;
};
VersionSummary summarise(const DatasetState& state);

// Between two versions; an empty name means the store as it is now.
StateDiff diff_versions(store::Store& store, const std::string& from, const std::string& to,
                        const VersionContext& context);

// Brings labels, exclusions, splits and objects of the store back to those of a version, as one
// batch of edits that undo takes back. Samples are found by id and content, else by content alone;
// objects by id, else by class, box, marks and outline, and what is neither is brought back or
// deleted. Classes are found by their id, so that a renaming stands; a class the project lacks is
// added. Error: kNotFound for the version; kConflict when a class it uses was merged away since:
// take the merge back first.
struct RestoreReport {
  store::AppliedBatch batch;  // batch.batch 0: everything was so already
  uint64_t relabelled = 0;
  uint64_t moved = 0;
  uint64_t excluded = 0;  // samples the version does not have
  uint64_t included = 0;
  uint64_t missing = 0;          // of the version, with no such content in the store: an issue each
  uint64_t objects_changed = 0;  // to what they are in the version
  uint64_t objects_returned = 0;  // those that the store no longer had
  uint64_t objects_deleted = 0;   // those that the version does not have
  std::vector<std::string> classes_added;
};
RestoreReport restore_version(store::Store& store, const std::string& name, const std::string& who,
                              const std::string& why, const VersionContext& context);

}  // namespace errata::versions

// Duplicates: pictures that are there more than once, be it the file, the pixels or the motif.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "analysis/duplicate_groups.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"
#include "store/edits.h"

namespace errata::jobs {

struct FindDuplicatesOptions {
  std::string store_path = "errata.db";
  std::string where;       // only these samples are compared; empty: all
  int radius = 6;          // bits in which two perceptual hashes may differ
  bool exact = false;      // equal bytes and equal pixels only: no perceptual hashes
  std::string embeddings;  // run whose embeddings find near ones too; empty: none
  std::string tag;         // tags every member of a group; empty: none
  bool exclude = false;    // excludes all but those to keep, in groups whose labels agree
  std::string who;

  // Throws Error(kUsage) for a radius that is not in [0, analysis::kMaxHashRadius].
  void check() const;
};

struct FindDuplicatesReport {
  LoadedState state;
  std::vector<RowIndex> rows = {};  // of the snapshot, of each picture that the groups name
  std::vector<analysis::DuplicateGroup> groups = {};
  size_t looked_at = 0;
  size_t unreadable = 0;            // could not be decoded: compared by their bytes only
  size_t excluded = 0;              // left out because a person excluded them before
  size_t flat = 0;                  // without contrast: not compared by perceptual hash
  std::array<size_t, 3> by_kind{};  // groups, by DuplicateKind
  size_t conflicts = 0;             // groups
  size_t leaks = 0;
  // Copies that no group has together since it stands for another one: none is left once the copies
  // of all groups are gone.
  std::vector<analysis::PicturePair> between = {};
  size_t conflicts_between = 0;  // of those: with different labels
  size_t leaks_between = 0;
  size_t copies = 0;             // pictures that are not to be kept
  size_t embedded_pairs = 0;     // near by embeddings
  size_t without_embedding = 0;  // with --embeddings
  double usual_distance = 0;     // between pictures that are no copies, by embeddings
  std::vector<std::string> warnings = {};
  store::AppliedBatch tagged = {};
  store::AppliedBatch dropped = {};  // --exclude
};

// Reads and decodes every picture once. Files are equal when size and XXH3 in the store and SHA-256
// of the bytes read now are; pixels, upright by EXIF, when shape and a 128-bit hash are; near ones
// by analysis::perceptual_hash and is_copied, and by analysis::find_near_copies. Stores the number
// of each sample's group as the column "duplicate_group", whether it is the one to keep as
// "duplicate_kept", and the number of its chain of copies of copies as "duplicate_chain", by which
// a split keeps every two copies together; beside that the pairs that lie between groups
// (store/copy_pairs.h). Throws what load_state and load_embeddings throw.
// Memory: some 1.6 KB a sample and its embedding, and one picture a thread.
FindDuplicatesReport find_duplicates(const FindDuplicatesOptions& options, JobContext& context);

}  // namespace errata::jobs
